/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/layer/verity-tree.h - hash tree over a payload: geometry and building */
#pragma once

#include "bundle-tools/source/byte-source.h"
#include "common/parallel.h"

#include <gio/gio.h>

/*
 * The tree has the shape of dm-verity's hash type 1 without a superblock: SHA-256(salt ‖ block)
 * over blocks of 4096 bytes, 128 digests a tree block, the last one of a level filled with zeros.
 * The top level, a single block, is stored first, the leaf level last. The root hash is the hash
 * of the top block.
 */
#define BSC_VERITY_TREE_BLOCK_BYTES 4096
#define BSC_VERITY_TREE_FANOUT	    128
#define BSC_VERITY_TREE_MAX_LEVELS  8 /* 2^56 data blocks */

/* Where things lie. Level 0 = leaf level, hashes of data blocks. */
typedef struct {
	uint64_t data_blocks;
	uint64_t tree_blocks;				   /* of all levels */
	unsigned n_levels;				   /* at least 1 */
	uint64_t level_blocks[BSC_VERITY_TREE_MAX_LEVELS]; /* number of blocks of a level */
	uint64_t level_first[BSC_VERITY_TREE_MAX_LEVELS];  /* its first block within the tree */
} BscVerityTree;

/**
 * bsc_verity_tree_init:
 * @self: (out caller-allocates): the geometry; not touched on failure
 * @data_bytes: size of what is hashed
 * @error: return location
 *
 * Pure arithmetic. Errors: %BSC_BUNDLE_ERROR_FORMAT if @data_bytes is no multiple of 4096, not
 * above 4096 or absurdly large.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_verity_tree_init(BscVerityTree *self, uint64_t data_bytes, GError **error);

/**
 * bsc_verity_tree_build:
 * @data: what to hash
 * @salt: (array fixed-size=32): goes in front of each block
 * @out_root: (out caller-allocates): 32 bytes, the root hash
 * @on_progress: (nullable): told about pieces of 1 MiB of @data
 * @progress_data: for @on_progress
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Computes the tree on all cores. It is held in memory whole: 8 MiB for each GiB of data.
 *
 * Errors: as bsc_verity_tree_init(), and what reading @data reports
 *
 * Returns: (transfer full) (nullable): the tree as it is stored, or %NULL on failure
 */
GBytes *bsc_verity_tree_build(BscByteSource *data, const uint8_t *salt, uint8_t *out_root,
			      BscParallelProgress on_progress, gpointer progress_data,
			      GCancellable *cancellable, GError **error);
