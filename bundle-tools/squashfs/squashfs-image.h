/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/squashfs/squashfs-image.h - superblock, metadata, ids, fragments and data blocks */
#pragma once

#include "bundle-tools/source/byte-source.h"

/* The image as its parts see it: thread-safe, reference counted, knows no paths. */
typedef struct _BscSquashfsImage BscSquashfsImage;

/* The superblock, checked: the tables lie in this order and within bytes_used. */
typedef struct {
	uint32_t n_inodes;
	uint32_t block_bytes;
	uint32_t n_fragments;
	uint16_t codec_id;
	uint16_t n_ids;
	uint64_t root_ref;
	uint64_t bytes_used;
	/* positions in bytes from the start of the image */
	uint64_t ids_at;
	uint64_t inodes_at;
	uint64_t dirs_at;
	uint64_t fragments_at;
} BscSquashfsSuper;

/* A place in metadata: reading goes on over the ends of metadata blocks. */
typedef struct {
	uint64_t position; /* of the metadata block in the image, in bytes */
	uint64_t limit;	   /* metadata blocks lie before this position */
	uint32_t offset;   /* in the decompressed block */
} BscSquashfsCursor;

/* A data or fragment block. */
typedef struct {
	uint64_t position;
	uint32_t word;	     /* as stored: length in bytes, and the flag of uncompressed blocks */
	uint32_t want_bytes; /* content it must have; of a fragment block: may have at most */
	gboolean is_fragment;
} BscSquashfsBlock;

/**
 * bsc_squashfs_image_get16:
 * @at: two bytes
 *
 * Returns: the little-endian number there
 */
static inline uint16_t
bsc_squashfs_image_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

/**
 * bsc_squashfs_image_get32:
 * @at: four bytes
 *
 * Returns: the little-endian number there
 */
static inline uint32_t
bsc_squashfs_image_get32(const uint8_t *at)
{
	return bsc_squashfs_image_get16(at) | (uint32_t)bsc_squashfs_image_get16(at + 2) << 16;
}

/**
 * bsc_squashfs_image_get64:
 * @at: eight bytes
 *
 * Returns: the little-endian number there
 */
static inline uint64_t
bsc_squashfs_image_get64(const uint8_t *at)
{
	return bsc_squashfs_image_get32(at) | (uint64_t)bsc_squashfs_image_get32(at + 4) << 32;
}

/**
 * bsc_squashfs_image_set_broken:
 * @error: return location
 * @what: words for the broken rule
 * @value: the number that breaks it
 *
 * Sets %BSC_BUNDLE_ERROR_FORMAT.
 *
 * Returns: always %FALSE
 */
gboolean bsc_squashfs_image_set_broken(GError **error, const char *what, uint64_t value);

/* Stands for "no fragment" in inodes. */
#define BSC_SQUASHFS_IMAGE_NO_FRAGMENT G_MAXUINT32

/**
 * bsc_squashfs_image_open:
 * @source: (transfer none): where the image begins at offset 0
 * @memory_bytes: budget of caches and decoders
 * @error: return location
 *
 * Errors: as bsc_squashfs_open().
 *
 * Returns: (transfer full) (nullable): the image, or %NULL on failure
 */
BscSquashfsImage *bsc_squashfs_image_open(BscByteSource *source, uint64_t memory_bytes,
					  GError **error);

/**
 * bsc_squashfs_image_ref:
 * @self: an image
 *
 * Returns: (transfer full): @self
 */
BscSquashfsImage *bsc_squashfs_image_ref(BscSquashfsImage *self);

/**
 * bsc_squashfs_image_unref:
 * @self: (transfer full) (nullable): an image
 */
void bsc_squashfs_image_unref(BscSquashfsImage *self);

/**
 * bsc_squashfs_image_get_super:
 * @self: an image
 *
 * Returns: (transfer none): its superblock
 */
const BscSquashfsSuper *bsc_squashfs_image_get_super(const BscSquashfsImage *self);

/**
 * bsc_squashfs_image_get_codec_name:
 * @self: an image
 *
 * Returns: name of the compression
 */
const char *bsc_squashfs_image_get_codec_name(const BscSquashfsImage *self);

/**
 * bsc_squashfs_image_get_codec_bytes:
 * @self: an image
 *
 * Returns: the most memory one decoder holds, in bytes
 */
uint64_t bsc_squashfs_image_get_codec_bytes(const BscSquashfsImage *self);

/**
 * bsc_squashfs_image_read_meta:
 * @self: an image
 * @cursor: (inout): where to begin; moved behind what was read
 * @buf: (out caller-allocates): where @len bytes go
 * @len: number of bytes
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_FORMAT outside of the cursor's table, %BSC_BUNDLE_ERROR_CORRUPT.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_image_read_meta(BscSquashfsImage *self, BscSquashfsCursor *cursor, void *buf,
				      size_t len, GError **error);

/**
 * bsc_squashfs_image_read_id:
 * @self: an image
 * @index: number in the table of users and groups
 * @out_id: (out): the user or group
 * @error: return location
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_image_read_id(BscSquashfsImage *self, uint16_t index, uint32_t *out_id,
				    GError **error);

/**
 * bsc_squashfs_image_read_fragment:
 * @self: an image
 * @index: number of a fragment block
 * @out_block: (out): where it lies
 * @error: return location
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_image_read_fragment(BscSquashfsImage *self, uint32_t index,
					  BscSquashfsBlock *out_block, GError **error);

/**
 * bsc_squashfs_image_check_word:
 * @self: an image
 * @word: size of a block as stored
 * @error: return location
 *
 * Returns: %TRUE if a block may have this size
 */
gboolean bsc_squashfs_image_check_word(const BscSquashfsImage *self, uint32_t word, GError **error);

/**
 * bsc_squashfs_image_get_stored_bytes:
 * @word: size of a block as stored
 *
 * Returns: its length in the image in bytes; 0 for a block of zeros that is not stored
 */
uint32_t bsc_squashfs_image_get_stored_bytes(uint32_t word);

/**
 * bsc_squashfs_image_read_block:
 * @self: an image
 * @block: a data block
 * @buf: (out caller-allocates): where block->want_bytes go
 * @error: return location
 *
 * Decompresses straight into @buf, past the cache. Errors: %BSC_BUNDLE_ERROR_CORRUPT also if the
 * content has another length.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_image_read_block(BscSquashfsImage *self, const BscSquashfsBlock *block,
				       uint8_t *buf, GError **error);

/**
 * bsc_squashfs_image_read_part:
 * @self: an image
 * @block: a data or fragment block
 * @skip: first byte wanted of its content
 * @buf: (out caller-allocates): where @len bytes go
 * @len: number of bytes
 * @error: return location
 *
 * Takes the block from the cache or into it. Errors: as bsc_squashfs_image_read_block(),
 * %BSC_BUNDLE_ERROR_FORMAT if the content is too short.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_image_read_part(BscSquashfsImage *self, const BscSquashfsBlock *block,
				      uint32_t skip, void *buf, size_t len, GError **error);

/**
 * bsc_squashfs_image_advise:
 * @self: an image
 * @position: first byte
 * @len: number of bytes
 *
 * Says that this part of the image will be read soon.
 */
void bsc_squashfs_image_advise(BscSquashfsImage *self, uint64_t position, uint64_t len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSquashfsImage, bsc_squashfs_image_unref)
