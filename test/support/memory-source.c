/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "test/support/memory-source.h"

#include "common/error.h"

#include <gio/gio.h>
#include <string.h>

typedef struct {
	BscByteSource base;
	uint8_t *data; /* owned */
	uint64_t fail_at;
} MemorySource;

static gboolean
memory_read_at(BscByteSource *base, uint64_t offset, void *buf, size_t len, GError **error)
{
	MemorySource *self = (MemorySource *)base;

	if (self->fail_at >= offset && self->fail_at - offset < len)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_FAILED, "planned fault");
	memcpy(buf, self->data + offset, len);
	return TRUE;
}

static void
memory_free(BscByteSource *base)
{
	MemorySource *self = (MemorySource *)base;

	g_free(self->data);
	g_free(self);
}

static const BscByteSourceOps memory_ops = {
	.name = "memory",
	.read_at = memory_read_at,
	.free = memory_free,
};

BscByteSource *
test_memory_source_new(const void *data, size_t len)
{
	MemorySource *self = g_new0(MemorySource, 1);

	self->data = g_memdup2(data, len);
	self->fail_at = G_MAXUINT64;
	bsc_byte_source_init(&self->base, &memory_ops, len);
	return &self->base;
}

uint8_t *
test_memory_source_peek(BscByteSource *source)
{
	return ((MemorySource *)source)->data;
}

void
test_memory_source_fail_at(BscByteSource *source, uint64_t offset)
{
	((MemorySource *)source)->fail_at = offset;
}
