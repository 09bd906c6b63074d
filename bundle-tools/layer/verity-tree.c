/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/layer/verity-tree.h"

#include "bundle-tools/layer/block-hash.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"

#include <string.h>

#define MAX_DATA_BYTES (UINT64_C(1) << 56)

gboolean
bsc_verity_tree_init(BscVerityTree *self, uint64_t data_bytes, GError **error)
{
	BscVerityTree tree = {.data_blocks = data_bytes / BSC_VERITY_TREE_BLOCK_BYTES};
	uint64_t n = tree.data_blocks;

	if (data_bytes % BSC_VERITY_TREE_BLOCK_BYTES != 0 || n < 2 || data_bytes > MAX_DATA_BYTES)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "A hash tree over %" G_GUINT64_FORMAT
				     " bytes is impossible: the size must be a multiple of 4096 "
				     "and larger than 4096",
				     data_bytes);
	do {
		n = n / BSC_VERITY_TREE_FANOUT + (n % BSC_VERITY_TREE_FANOUT != 0);
		tree.level_blocks[tree.n_levels++] = n;
	} while (n > 1);
	for (unsigned level = tree.n_levels; level-- > 0;) {
		tree.level_first[level] = tree.tree_blocks;
		tree.tree_blocks += tree.level_blocks[level];
	}
	*self = tree;
	return TRUE;
}

GBytes *
bsc_verity_tree_build(BscByteSource *data, const uint8_t *salt, uint8_t *out_root,
		      BscParallelProgress on_progress, gpointer progress_data,
		      GCancellable *cancellable, GError **error)
{
	BscVerityTree tree;
	g_autofree uint8_t *blocks = NULL;
	size_t len;

	if (!bsc_verity_tree_init(&tree, bsc_byte_source_get_size(data), error))
		return NULL;
	len = (size_t)tree.tree_blocks * BSC_VERITY_TREE_BLOCK_BYTES;
	blocks = g_malloc0(len);
	if (!bsc_block_hash_source(data, salt,
				   blocks + tree.level_first[0] * BSC_VERITY_TREE_BLOCK_BYTES,
				   on_progress, progress_data, cancellable, error))
		return NULL;
	for (unsigned level = 1; level < tree.n_levels; level++) {
		uint8_t *out = blocks + tree.level_first[level] * BSC_VERITY_TREE_BLOCK_BYTES;
		uint8_t *in = blocks + tree.level_first[level - 1] * BSC_VERITY_TREE_BLOCK_BYTES;

		for (uint64_t i = 0; i < tree.level_blocks[level - 1]; i++)
			bsc_block_hash_compute(salt, in + i * BSC_VERITY_TREE_BLOCK_BYTES,
					       out + i * BSC_DIGEST_LEN);
	}
	bsc_block_hash_compute(salt, blocks, out_root);
	return g_bytes_new_take(g_steal_pointer(&blocks), len);
}
