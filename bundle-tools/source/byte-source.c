/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/source/byte-source.h"

#include "common/error.h"

#include <gio/gio.h>

void
bsc_byte_source_init(BscByteSource *self, const BscByteSourceOps *ops, uint64_t size_bytes)
{
	self->ops = ops;
	self->size_bytes = size_bytes;
	g_atomic_ref_count_init(&self->ref_count);
}

BscByteSource *
bsc_byte_source_ref(BscByteSource *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void
bsc_byte_source_unref(BscByteSource *self)
{
	if (self != NULL && g_atomic_ref_count_dec(&self->ref_count))
		self->ops->free(self);
}

uint64_t
bsc_byte_source_get_size(const BscByteSource *self)
{
	return self->size_bytes;
}

uint32_t
bsc_byte_source_get_block(const BscByteSource *self)
{
	return MAX(self->block_bytes, 1);
}

/* Never `offset + len > size`: the sum can wrap around. */
static gboolean
check_range(BscByteSource *self, uint64_t offset, uint64_t len, GError **error)
{
	if (offset > self->size_bytes || len > self->size_bytes - offset)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
				     "%s: %" G_GUINT64_FORMAT " bytes at %" G_GUINT64_FORMAT
				     " are not within %" G_GUINT64_FORMAT " bytes",
				     self->ops->name, len, offset, self->size_bytes);
	return TRUE;
}

gboolean
bsc_byte_source_read_at(BscByteSource *self, uint64_t offset, void *buf, size_t len, GError **error)
{
	if (!check_range(self, offset, len, error))
		return FALSE;
	return len == 0 || self->ops->read_at(self, offset, buf, len, error);
}

void
bsc_byte_source_advise(BscByteSource *self, uint64_t offset, uint64_t len)
{
	if (self->ops->advise == NULL || offset >= self->size_bytes)
		return;
	self->ops->advise(self, offset, MIN(len, self->size_bytes - offset));
}

gboolean
bsc_byte_source_get_run(BscByteSource *self, uint64_t offset, uint64_t *out_len,
			gboolean *out_is_zero, GError **error)
{
	if (!check_range(self, offset, 1, error))
		return FALSE;
	if (self->ops->get_run != NULL)
		return self->ops->get_run(self, offset, out_len, out_is_zero, error);
	*out_len = self->size_bytes - offset;
	*out_is_zero = FALSE;
	return TRUE;
}
