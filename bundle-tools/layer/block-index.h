/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/layer/block-index.h - per-block hash index of an image, for adaptive updates */
#pragma once

#include "bundle-tools/source/byte-source.h"

#include <gio/gio.h>

#define BSC_BLOCK_INDEX_SUFFIX	   ".block-hash-index"
#define BSC_BLOCK_INDEX_MAX_BLOCKS UINT64_C(0x7ffffff)

/**
 * bsc_block_index_compute:
 * @image: the image
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Computes the index of @image: the unsalted SHA-256 of each block of 4096 bytes, 32 bytes each,
 * without a header. All cores work on it.
 *
 * Errors: %BSC_BUNDLE_ERROR_UNSUPPORTED if the size is 0, no multiple of 4096 or above
 * %BSC_BLOCK_INDEX_MAX_BLOCKS blocks.
 *
 * Returns: (transfer full) (nullable): the index, or %NULL on failure
 */
GBytes *bsc_block_index_compute(BscByteSource *image, GCancellable *cancellable, GError **error);
