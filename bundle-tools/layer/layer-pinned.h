/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/layer/layer-pinned.h - what was read in the signature pass is what is read later */
#pragma once

#include "bundle-tools/source/byte-source.h"

/*
 * A plain bundle is read once as a whole to check its signature. In that pass a builder takes a
 * digest of each chunk, and the layer made from it compares every later read with them: whoever
 * owns or changes the file, only bytes that were signed are seen above.
 *
 * Digests cost 1 MiB of memory for each GiB of payload, and 2 MiB at most: a payload of more than
 * 2 GiB has larger chunks.
 */
#define BSC_LAYER_PINNED_CHUNK_BYTES (32 * 1024)
#define BSC_LAYER_PINNED_MAX_CHUNKS  65536

typedef struct _BscLayerPinnedBuilder BscLayerPinnedBuilder;

/**
 * bsc_layer_pinned_get_chunk_bytes:
 * @size_bytes: size of a payload
 *
 * Returns: bytes of a chunk: the smallest power of two from %BSC_LAYER_PINNED_CHUNK_BYTES on that
 *   makes at most %BSC_LAYER_PINNED_MAX_CHUNKS of it
 */
size_t bsc_layer_pinned_get_chunk_bytes(uint64_t size_bytes);

/**
 * bsc_layer_pinned_builder_new:
 * @size_bytes: size of what will be fed
 *
 * Returns: (transfer full): a builder; free with bsc_layer_pinned_builder_free()
 */
BscLayerPinnedBuilder *bsc_layer_pinned_builder_new(uint64_t size_bytes);

/**
 * bsc_layer_pinned_builder_free:
 * @self: (transfer full) (nullable): a builder
 */
void bsc_layer_pinned_builder_free(BscLayerPinnedBuilder *self);

/**
 * bsc_layer_pinned_builder_feed:
 * @data: the next bytes
 * @len: their number; any
 * @builder: a #BscLayerPinnedBuilder
 * @error: return location
 *
 * Takes bytes in order from the first to the last; fits the tee of bsc_cms_verify_detached().
 * One thread at a time. Errors: %G_IO_ERROR_INVALID_ARGUMENT beyond the announced size.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_layer_pinned_builder_feed(const uint8_t *data, size_t len, gpointer builder,
				       GError **error);

/**
 * bsc_layer_pinned_new:
 * @lower: the source that was fed to @builder; a reference is taken
 * @builder: (transfer full): fed with all of @lower; freed also on failure
 * @cache_bytes: memory for chunks of which a part was read; at least two chunks are kept
 * @error: return location
 *
 * Errors: %G_IO_ERROR_INVALID_ARGUMENT if @builder was not fed with all of @lower. Reads:
 * %BSC_BUNDLE_ERROR_CHANGED where bytes are others than in the first pass.
 *
 * Returns: (transfer full) (nullable): the source, or %NULL on failure
 */
BscByteSource *bsc_layer_pinned_new(BscByteSource *lower, BscLayerPinnedBuilder *builder,
				    size_t cache_bytes, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscLayerPinnedBuilder, bsc_layer_pinned_builder_free)
