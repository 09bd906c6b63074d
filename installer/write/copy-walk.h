/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/copy-walk.h - an image as a row of items: its first unit, chunks, zero ranges */
#pragma once

#include "bundle-tools/source/byte-source.h"

typedef struct {
	uint64_t index;	  /* 0 is the first unit of the image, alone */
	uint64_t offset;  /* in bytes, a multiple of the device's unit */
	uint64_t len;	  /* in bytes */
	gboolean is_zero; /* known without reading; then offset and len are multiples of the unit */
} BscCopyItem;

/* Where a walk is; on the stack, nothing to free. The same source always gives the same items. */
typedef struct {
	BscByteSource *image; /* borrowed */
	uint32_t unit_bytes;
	uint32_t chunk_bytes;
	uint64_t offset;
	uint64_t index;
} BscCopyWalk;

/**
 * bsc_copy_walk_init:
 * @self: (out caller-allocates): a walk
 * @image: (transfer none): source to walk along; outlives @self
 * @unit_bytes: unit of the device
 * @chunk_bytes: longest item with data, a multiple of @unit_bytes; items end at its multiples
 */
void bsc_copy_walk_init(BscCopyWalk *self, BscByteSource *image, uint32_t unit_bytes,
			uint32_t chunk_bytes);

/**
 * bsc_copy_walk_next:
 * @self: a walk
 * @out_item: (out): the next item; a length of 0 says that the image ends here
 * @error: return location
 *
 * Errors: what bsc_byte_source_get_run() reports. One thread at a time.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_copy_walk_next(BscCopyWalk *self, BscCopyItem *out_item, GError **error);
