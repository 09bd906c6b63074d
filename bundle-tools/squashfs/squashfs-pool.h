/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/squashfs/squashfs-pool.h - decoders for as many threads as memory allows */
#pragma once

#include "bundle-tools/squashfs/squashfs-codec.h"

/* Makes a decoder when one is wanted and none is idle; a thread beyond the limit waits. */
typedef struct _BscSquashfsPool BscSquashfsPool;

/**
 * bsc_squashfs_pool_new:
 * @codec_id: the superblock's number of the compression
 * @block_bytes: the largest block there is
 * @memory_bytes: what all decoders together may hold; one is always allowed
 * @error: return location
 *
 * Errors: as bsc_squashfs_codec_new().
 *
 * Returns: (transfer full) (nullable): a pool with one idle decoder, or %NULL on failure
 */
BscSquashfsPool *bsc_squashfs_pool_new(uint16_t codec_id, uint32_t block_bytes,
				       uint64_t memory_bytes, GError **error);

/**
 * bsc_squashfs_pool_free:
 * @self: (transfer full) (nullable): a pool of which no decoder is taken
 */
void bsc_squashfs_pool_free(BscSquashfsPool *self);

/**
 * bsc_squashfs_pool_take:
 * @self: a pool
 * @error: return location
 *
 * May wait for another thread; never take two.
 *
 * Returns: (transfer none) (nullable): a decoder, to be given back with
 *   bsc_squashfs_pool_release(), or %NULL on failure
 */
BscSquashfsCodec *bsc_squashfs_pool_take(BscSquashfsPool *self, GError **error);

/**
 * bsc_squashfs_pool_release:
 * @self: a pool
 * @codec: what bsc_squashfs_pool_take() returned
 */
void bsc_squashfs_pool_release(BscSquashfsPool *self, BscSquashfsCodec *codec);

/**
 * bsc_squashfs_pool_get_name:
 * @self: a pool
 *
 * Returns: name of the compression
 */
const char *bsc_squashfs_pool_get_name(const BscSquashfsPool *self);

/**
 * bsc_squashfs_pool_get_codec_bytes:
 * @self: a pool
 *
 * Returns: the most memory one decoder holds, in bytes
 */
uint64_t bsc_squashfs_pool_get_codec_bytes(const BscSquashfsPool *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSquashfsPool, bsc_squashfs_pool_free)
