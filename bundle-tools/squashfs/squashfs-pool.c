/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/squashfs/squashfs-pool.h"

struct _BscSquashfsPool {
	uint16_t codec_id;
	uint32_t block_bytes;
	const char *name;
	uint64_t codec_bytes;
	size_t n_max;

	GMutex lock; /* guards what follows */
	GCond released;
	size_t n_made;
	GPtrArray *idle; /* of BscSquashfsCodec; owned */
};

BscSquashfsPool *
bsc_squashfs_pool_new(uint16_t codec_id, uint32_t block_bytes, uint64_t memory_bytes,
		      GError **error)
{
	BscSquashfsCodec *first = bsc_squashfs_codec_new(codec_id, block_bytes, error);
	BscSquashfsPool *self;

	if (first == NULL)
		return NULL;
	self = g_new0(BscSquashfsPool, 1);
	g_mutex_init(&self->lock);
	g_cond_init(&self->released);
	self->codec_id = codec_id;
	self->block_bytes = block_bytes;
	self->name = bsc_squashfs_codec_get_name(first);
	self->codec_bytes = bsc_squashfs_codec_get_bytes(first);
	self->n_max = MAX(1, memory_bytes / self->codec_bytes);
	self->n_made = 1;
	self->idle = g_ptr_array_new_with_free_func((GDestroyNotify)bsc_squashfs_codec_free);
	g_ptr_array_add(self->idle, first);
	return self;
}

void
bsc_squashfs_pool_free(BscSquashfsPool *self)
{
	if (self == NULL)
		return;
	g_ptr_array_unref(self->idle);
	g_cond_clear(&self->released);
	g_mutex_clear(&self->lock);
	g_free(self);
}

/* An idle decoder, or %NULL: then the caller makes one, which is already counted. */
static BscSquashfsCodec *
take_idle(BscSquashfsPool *self)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);

	while (self->idle->len == 0 && self->n_made >= self->n_max)
		g_cond_wait(&self->released, &self->lock);
	if (self->idle->len > 0)
		return g_ptr_array_steal_index_fast(self->idle, self->idle->len - 1);
	self->n_made++;
	return NULL;
}

static void
count_failed(BscSquashfsPool *self)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);

	self->n_made--;
	g_cond_signal(&self->released);
}

BscSquashfsCodec *
bsc_squashfs_pool_take(BscSquashfsPool *self, GError **error)
{
	BscSquashfsCodec *codec = take_idle(self);

	if (codec != NULL)
		return codec;
	codec = bsc_squashfs_codec_new(self->codec_id, self->block_bytes, error);
	if (codec == NULL)
		count_failed(self);
	return codec;
}

void
bsc_squashfs_pool_release(BscSquashfsPool *self, BscSquashfsCodec *codec)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);

	g_ptr_array_add(self->idle, codec);
	g_cond_signal(&self->released);
}

const char *
bsc_squashfs_pool_get_name(const BscSquashfsPool *self)
{
	return self->name;
}

uint64_t
bsc_squashfs_pool_get_codec_bytes(const BscSquashfsPool *self)
{
	return self->codec_bytes;
}
