/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/layer/block-cache.h - a bounded table of checked blocks */
#pragma once

#include <glib.h>
#include <stdint.h>

/*
 * Direct-mapped: block n lives at place n modulo the number of places, and a newer block throws
 * out the older one. Where there are as many places as blocks, nothing is ever thrown out.
 * Several threads may use it at once.
 */
typedef struct _BscBlockCache BscBlockCache;

/**
 * bsc_block_cache_new:
 * @n_places: number of blocks it holds at most, at least 1
 * @block_bytes: size of a block
 *
 * Memory is taken from the system only for places that were filled.
 *
 * Returns: (transfer full): an empty table; free with bsc_block_cache_free()
 */
BscBlockCache *bsc_block_cache_new(size_t n_places, size_t block_bytes);

/**
 * bsc_block_cache_free:
 * @self: (transfer full) (nullable): a table
 */
void bsc_block_cache_free(BscBlockCache *self);

/**
 * bsc_block_cache_find:
 * @self: a table
 * @block: number of the block
 * @offset: first byte wanted within the block
 * @out: (out caller-allocates): @len bytes; not touched when the block is not there
 * @len: number of bytes; `@offset + @len` is at most the size of a block
 *
 * Returns: whether the block was there
 */
gboolean bsc_block_cache_find(BscBlockCache *self, uint64_t block, size_t offset, void *out,
			      size_t len);

/**
 * bsc_block_cache_store:
 * @self: a table
 * @block: number of the block
 * @data: its bytes
 * @len: their number, at most the size of a block
 */
void bsc_block_cache_store(BscBlockCache *self, uint64_t block, const void *data, size_t len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscBlockCache, bsc_block_cache_free)
