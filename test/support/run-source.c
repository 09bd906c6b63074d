/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "test/support/run-source.h"

#include <string.h>

typedef struct {
	BscByteSource base;
	uint8_t *data; /* owned */
	GMutex lock;
	uint64_t read_bytes;
} RunSource;

static gboolean
run_read_at(BscByteSource *base, uint64_t offset, void *buf, size_t len, GError **error)
{
	RunSource *self = (RunSource *)base;

	memcpy(buf, self->data + offset, len);
	g_mutex_lock(&self->lock);
	self->read_bytes += len;
	g_mutex_unlock(&self->lock);
	return TRUE;
}

static gboolean
is_zero_block(const RunSource *self, uint64_t offset)
{
	uint64_t end = MIN(offset + self->base.block_bytes, self->base.size_bytes);

	for (; offset < end; offset++)
		if (self->data[offset] != 0)
			return FALSE;
	return TRUE;
}

static gboolean
run_get_run(BscByteSource *base, uint64_t offset, uint64_t *out_len, gboolean *out_is_zero,
	    GError **error)
{
	RunSource *self = (RunSource *)base;
	uint64_t block = offset / base->block_bytes * base->block_bytes;
	uint64_t end = block;

	*out_is_zero = is_zero_block(self, block);
	while (end < base->size_bytes && is_zero_block(self, end) == *out_is_zero)
		end += base->block_bytes;
	*out_len = MIN(end, base->size_bytes) - offset;
	return TRUE;
}

static void
run_free(BscByteSource *base)
{
	RunSource *self = (RunSource *)base;

	g_mutex_clear(&self->lock);
	g_free(self->data);
	g_free(self);
}

static const BscByteSourceOps run_ops = {
	.name = "run",
	.read_at = run_read_at,
	.get_run = run_get_run,
	.free = run_free,
};

BscByteSource *
test_run_source_new(const void *data, size_t len, uint32_t block_bytes)
{
	RunSource *self = g_new0(RunSource, 1);

	self->data = g_memdup2(data, len);
	g_mutex_init(&self->lock);
	bsc_byte_source_init(&self->base, &run_ops, len);
	self->base.block_bytes = block_bytes;
	return &self->base;
}

uint64_t
test_run_source_get_read_bytes(BscByteSource *source)
{
	return ((RunSource *)source)->read_bytes;
}
