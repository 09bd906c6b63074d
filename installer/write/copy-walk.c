/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/copy-walk.h"

/* Long enough to be cheap, short enough to share among threads. */
#define MAX_ZERO_BYTES (8 * 1024 * 1024)

void
bsc_copy_walk_init(BscCopyWalk *self, BscByteSource *image, uint32_t unit_bytes,
		   uint32_t chunk_bytes)
{
	*self = (BscCopyWalk){
		.image = image,
		.unit_bytes = unit_bytes,
		.chunk_bytes = chunk_bytes,
	};
}

/* Whole units of zeros from @offset on, up to a limit; 0 = there is data in the first one. */
static gboolean
measure_zeros(BscCopyWalk *self, uint64_t offset, uint64_t *out_len, GError **error)
{
	uint64_t size = bsc_byte_source_get_size(self->image);
	uint64_t end = offset;
	gboolean is_zero = TRUE;

	while (is_zero && end < size && end - offset < MAX_ZERO_BYTES) {
		uint64_t len = 0;

		if (!bsc_byte_source_get_run(self->image, end, &len, &is_zero, error))
			return FALSE;
		end += is_zero ? len : 0;
	}
	end = MIN(end, offset + MAX_ZERO_BYTES);
	*out_len = (end - offset) / self->unit_bytes * self->unit_bytes;
	return TRUE;
}

/* Bytes of data from @offset on: to the end of the chunk, or to where whole units are zeros. */
static gboolean
measure_data(BscCopyWalk *self, uint64_t offset, uint64_t *out_len, GError **error)
{
	uint64_t limit = MIN((offset / self->chunk_bytes + 1) * self->chunk_bytes,
			     bsc_byte_source_get_size(self->image));
	uint64_t end = offset + self->unit_bytes;

	while (end < limit) {
		uint64_t len = 0;
		gboolean is_zero = FALSE;

		if (!bsc_byte_source_get_run(self->image, end, &len, &is_zero, error))
			return FALSE;
		if (is_zero && len >= self->unit_bytes)
			break;
		/* Items begin at units; a run that ends within one makes the whole unit data. */
		end += (MIN(len, limit - end) + self->unit_bytes - 1) / self->unit_bytes *
		       self->unit_bytes;
	}
	*out_len = MIN(end, limit) - offset;
	return TRUE;
}

gboolean
bsc_copy_walk_next(BscCopyWalk *self, BscCopyItem *out_item, GError **error)
{
	uint64_t size = bsc_byte_source_get_size(self->image);
	BscCopyItem item = {.index = self->index, .offset = self->offset};

	if (self->offset < size && self->index == 0) {
		item.len = MIN(self->unit_bytes, size);
	} else if (self->offset < size) {
		if (!measure_zeros(self, self->offset, &item.len, error))
			return FALSE;
		item.is_zero = item.len > 0;
		if (!item.is_zero && !measure_data(self, self->offset, &item.len, error))
			return FALSE;
	}
	self->offset += item.len;
	self->index++;
	*out_item = item;
	return TRUE;
}
