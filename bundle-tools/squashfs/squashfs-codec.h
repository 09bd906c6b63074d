/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/squashfs/squashfs-codec.h - decompress one squashfs block: gzip, xz, zstd, lz4 */
#pragma once

#include "bundle-tools/source/byte-source.h"

/*
 * A decoder with all it needs to decompress one block after another: the library's state and a
 * buffer for compressed bytes. Used by one thread at a time.
 */
typedef struct _BscSquashfsCodec BscSquashfsCodec;

/**
 * bsc_squashfs_codec_new:
 * @id: the superblock's number of the compression
 * @block_bytes: the largest block there is, compressed and decompressed
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_UNSUPPORTED for a compression that this build does not read,
 * %BSC_BUNDLE_ERROR_FORMAT for a number that means nothing.
 *
 * Returns: (transfer full) (nullable): a decoder, or %NULL on failure
 */
BscSquashfsCodec *bsc_squashfs_codec_new(uint16_t id, uint32_t block_bytes, GError **error);

/**
 * bsc_squashfs_codec_free:
 * @self: (transfer full) (nullable): a decoder
 */
void bsc_squashfs_codec_free(BscSquashfsCodec *self);

/**
 * bsc_squashfs_codec_get_name:
 * @self: a decoder
 *
 * Returns: "gzip", "xz", "zstd" or "lz4"
 */
const char *bsc_squashfs_codec_get_name(const BscSquashfsCodec *self);

/**
 * bsc_squashfs_codec_get_bytes:
 * @self: a decoder
 *
 * Returns: the most memory @self will ever hold, in bytes
 */
uint64_t bsc_squashfs_codec_get_bytes(const BscSquashfsCodec *self);

/**
 * bsc_squashfs_codec_decode:
 * @self: a decoder
 * @in: (array length=in_len): one compressed block
 * @in_len: its length in bytes
 * @out: (out caller-allocates): where the content goes
 * @out_capacity: room at @out in bytes
 * @out_len: (out): length of the content in bytes
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_CORRUPT if the block is damaged or holds more than @out_capacity.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_codec_decode(BscSquashfsCodec *self, const uint8_t *in, size_t in_len,
				   uint8_t *out, size_t out_capacity, size_t *out_len,
				   GError **error);

/**
 * bsc_squashfs_codec_decode_at:
 * @self: a decoder
 * @source: where the compressed block lies
 * @offset: its first byte in @source
 * @len: its length, at most the block size given to bsc_squashfs_codec_new()
 * @out: (out caller-allocates): where the content goes
 * @out_capacity: room at @out in bytes
 * @out_len: (out): length of the content in bytes
 * @error: return location
 *
 * As bsc_squashfs_codec_decode(), and reads the block itself: a large one in pieces where the
 * compression allows it, so that @self stays small. Errors also as bsc_byte_source_read_at().
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_codec_decode_at(BscSquashfsCodec *self, BscByteSource *source,
				      uint64_t offset, size_t len, uint8_t *out,
				      size_t out_capacity, size_t *out_len, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSquashfsCodec, bsc_squashfs_codec_free)
