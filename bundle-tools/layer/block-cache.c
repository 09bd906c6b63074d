/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/layer/block-cache.h"

#include <string.h>

struct _BscBlockCache {
	GMutex lock;
	size_t n_places;
	size_t block_bytes;
	uint64_t *numbers; /* block number + 1 at each place; 0 = empty */
	uint8_t *data;
};

BscBlockCache *
bsc_block_cache_new(size_t n_places, size_t block_bytes)
{
	BscBlockCache *self = g_new0(BscBlockCache, 1);

	g_mutex_init(&self->lock);
	self->n_places = n_places;
	self->block_bytes = block_bytes;
	self->numbers = g_new0(uint64_t, n_places);
	self->data = g_malloc_n(n_places, block_bytes);
	return self;
}

void
bsc_block_cache_free(BscBlockCache *self)
{
	if (self == NULL)
		return;
	g_mutex_clear(&self->lock);
	g_free(self->numbers);
	g_free(self->data);
	g_free(self);
}

gboolean
bsc_block_cache_find(BscBlockCache *self, uint64_t block, size_t offset, void *out, size_t len)
{
	size_t place = (size_t)(block % self->n_places);
	g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);

	if (self->numbers[place] != block + 1)
		return FALSE;
	memcpy(out, self->data + place * self->block_bytes + offset, len);
	return TRUE;
}

void
bsc_block_cache_store(BscBlockCache *self, uint64_t block, const void *data, size_t len)
{
	size_t place = (size_t)(block % self->n_places);
	g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);

	g_return_if_fail(len <= self->block_bytes);
	memcpy(self->data + place * self->block_bytes, data, len);
	self->numbers[place] = block + 1;
}
