/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/layer/layer-verity.h - hands up only blocks whose hash path reaches the root hash */
#pragma once

#include "bundle-tools/source/byte-source.h"

/**
 * bsc_layer_verity_new:
 * @lower: data and, right behind it, its hash tree, nothing else; a reference is taken
 * @data_bytes: size of the data
 * @root: (array fixed-size=32): the root hash, from a place that is trusted
 * @salt: (array fixed-size=32): the salt
 * @cache_bytes: memory for checked blocks: of the tree, and those data blocks of which a part was
 *   read; at least 64 KiB are used
 * @error: return location
 *
 * The source is the data. Each block of 4096 bytes is checked against the tree on its way up,
 * each tree block against the one above; what does not reach @root is never seen above. Levels
 * above the leaves stay in memory as far as half of @cache_bytes goes (1 MiB: enough for 32 GiB).
 * A read that is aligned to 4096 bytes goes straight into the caller's buffer.
 *
 * Errors: %BSC_BUNDLE_ERROR_FORMAT if the sizes do not belong together. Reads:
 * %BSC_BUNDLE_ERROR_CORRUPT where data or tree differ from what @root stands for.
 *
 * Returns: (transfer full) (nullable): the source, or %NULL on failure
 */
BscByteSource *bsc_layer_verity_new(BscByteSource *lower, uint64_t data_bytes, const uint8_t *root,
				    const uint8_t *salt, size_t cache_bytes, GError **error);
