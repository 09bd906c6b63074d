/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/squashfs/squashfs-cache.h - a few decompressed blocks, shared by threads */
#pragma once

#include <glib.h>
#include <stdint.h>

/*
 * A fixed number of slots of one size. A slot that is taken stays as it is until it is released;
 * a thread that finds all slots taken waits, so a thread must never take a second one while it
 * holds one.
 */
typedef struct _BscSquashfsCache BscSquashfsCache;

/* What a block is known by; the same place read with another expectation is another block. */
typedef struct {
	uint64_t position; /* in the image, in bytes */
	uint32_t word;	   /* stored size and flag as the image tells them */
	uint32_t want_bytes;
} BscSquashfsCacheKey;

typedef struct {
	BscSquashfsCacheKey key;
	uint8_t *data;
	size_t len;	/* of the content at data */
	uint64_t extra; /* what the loader wants to remember */
} BscSquashfsCacheBlock;

/* Fills block->data (room for slot_bytes), len and extra by block->key; without any lock held. */
typedef gboolean (*BscSquashfsCacheLoad)(gpointer owner, BscSquashfsCacheBlock *block,
					 GError **error);

/**
 * bsc_squashfs_cache_new:
 * @n_slots: number of blocks kept
 * @slot_bytes: room of each in bytes; taken when a slot is first used
 * @load: reads a block that is not there
 * @owner: for @load
 *
 * Returns: (transfer full): an empty cache
 */
BscSquashfsCache *bsc_squashfs_cache_new(size_t n_slots, size_t slot_bytes,
					 BscSquashfsCacheLoad load, gpointer owner);

/**
 * bsc_squashfs_cache_free:
 * @self: (transfer full) (nullable): a cache of which no block is taken
 */
void bsc_squashfs_cache_free(BscSquashfsCache *self);

/**
 * bsc_squashfs_cache_take:
 * @self: a cache
 * @key: which block
 * @error: return location
 *
 * Finds or loads a block. Two threads that want the same block load it once. Errors: what the
 * loader reports; a failure is not remembered.
 *
 * Returns: (transfer none) (nullable): the block, to be given back with
 *   bsc_squashfs_cache_release(), or %NULL on failure
 */
const BscSquashfsCacheBlock *
bsc_squashfs_cache_take(BscSquashfsCache *self, const BscSquashfsCacheKey *key, GError **error);

/**
 * bsc_squashfs_cache_release:
 * @self: a cache
 * @block: what bsc_squashfs_cache_take() returned
 */
void bsc_squashfs_cache_release(BscSquashfsCache *self, const BscSquashfsCacheBlock *block);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSquashfsCache, bsc_squashfs_cache_free)
