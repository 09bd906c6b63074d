/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/layer/block-index.h"

#include "bundle-tools/layer/block-hash.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"

static gboolean
check_size(uint64_t size_bytes, GError **error)
{
	uint64_t blocks = size_bytes / BSC_BLOCK_HASH_BLOCK_BYTES;

	if (size_bytes == 0 || size_bytes % BSC_BLOCK_HASH_BLOCK_BYTES != 0)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
				     "Size %" G_GUINT64_FORMAT " is not a multiple of 4096 bytes",
				     size_bytes);
	if (blocks > BSC_BLOCK_INDEX_MAX_BLOCKS)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
				     "%" G_GUINT64_FORMAT " blocks are more than an index holds",
				     blocks);
	return TRUE;
}

GBytes *
bsc_block_index_compute(BscByteSource *image, GCancellable *cancellable, GError **error)
{
	uint64_t size = bsc_byte_source_get_size(image);
	g_autofree uint8_t *digests = NULL;
	size_t len;

	if (!check_size(size, error))
		return NULL;
	len = (size_t)(size / BSC_BLOCK_HASH_BLOCK_BYTES) * BSC_DIGEST_LEN;
	digests = g_malloc(len);
	if (!bsc_block_hash_source(image, NULL, digests, NULL, NULL, cancellable, error))
		return NULL;
	return g_bytes_new_take(g_steal_pointer(&digests), len);
}
