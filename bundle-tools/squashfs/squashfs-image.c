/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/squashfs/squashfs-image.h"

#include "bundle-tools/source/bundle-error.h"
#include "bundle-tools/squashfs/squashfs-cache.h"
#include "bundle-tools/squashfs/squashfs-pool.h"
#include "common/error.h"

#include <gio/gio.h>
#include <string.h>

/* Sizes and flags of the format, see the kernel's Documentation/filesystems/squashfs.rst. */
#define MAGIC		   0x73717368
#define MAGIC_BIG_ENDIAN   0x68737173
#define SUPER_BYTES	   96
#define META_BYTES	   8192
#define META_HEADER_BYTES  2
#define META_STORED	   0x8000 /* in the header: not compressed */
#define BLOCK_STORED	   (1U << 24)
#define MIN_BLOCK_LOG	   12
#define MAX_BLOCK_LOG	   20
#define IDS_PER_META	   (META_BYTES / 4)
#define MAX_ID_METAS	   (65536 / IDS_PER_META)
#define FRAGMENTS_PER_META (META_BYTES / 16)

/* Metadata blocks kept; inodes and directories are mostly read in order. */
#define META_SLOTS     16
#define MAX_DATA_SLOTS 4

struct _BscSquashfsImage {
	gatomicrefcount ref_count;
	BscByteSource *source; /* owned */
	BscSquashfsSuper super;
	uint8_t id_index[MAX_ID_METAS][8]; /* positions of the metadata blocks with the ids */
	BscSquashfsPool *pool;
	BscSquashfsCache *meta_cache; /* extra = position of the next metadata block */
	BscSquashfsCache *data_cache; /* fragments, and blocks of which a part was wanted */
};

gboolean
bsc_squashfs_image_set_broken(GError **error, const char *what, uint64_t value)
{
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			     "The squashfs breaks its own rules: %s (%" G_GUINT64_FORMAT ")", what,
			     value);
}

static gboolean
check_identity(const uint8_t *raw, GError **error)
{
	uint32_t magic = bsc_squashfs_image_get32(raw);

	if (magic == MAGIC_BIG_ENDIAN)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
				     "The squashfs is a big-endian one of before version 4.0");
	if (magic != MAGIC)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "This is no squashfs: it begins with %08x instead of %08x",
				     magic, MAGIC);
	if (bsc_squashfs_image_get16(raw + 28) != 4 || bsc_squashfs_image_get16(raw + 30) != 0)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
				     "The squashfs has version %u.%u, only 4.0 can be read",
				     bsc_squashfs_image_get16(raw + 28),
				     bsc_squashfs_image_get16(raw + 30));
	return TRUE;
}

static void
parse_super(const uint8_t *raw, BscSquashfsSuper *out)
{
	*out = (BscSquashfsSuper){
		.n_inodes = bsc_squashfs_image_get32(raw + 4),
		.block_bytes = bsc_squashfs_image_get32(raw + 12),
		.n_fragments = bsc_squashfs_image_get32(raw + 16),
		.codec_id = bsc_squashfs_image_get16(raw + 20),
		.n_ids = bsc_squashfs_image_get16(raw + 26),
		.root_ref = bsc_squashfs_image_get64(raw + 32),
		.bytes_used = bsc_squashfs_image_get64(raw + 40),
		.ids_at = bsc_squashfs_image_get64(raw + 48),
		.inodes_at = bsc_squashfs_image_get64(raw + 64),
		.dirs_at = bsc_squashfs_image_get64(raw + 72),
		.fragments_at = bsc_squashfs_image_get64(raw + 80),
	};
}

/* An index of 8-byte positions stands at @at, one for each metadata block of the table. */
static gboolean
check_index(const BscSquashfsSuper *super, uint64_t at, uint64_t n_blocks, const char *what,
	    GError **error)
{
	if (at < super->dirs_at || at > super->bytes_used ||
	    n_blocks > (super->bytes_used - at) / 8)
		return bsc_squashfs_image_set_broken(error, what, at);
	return TRUE;
}

static gboolean
check_tables(const BscSquashfsSuper *super, GError **error)
{
	if (super->inodes_at < SUPER_BYTES || super->inodes_at >= super->dirs_at)
		return bsc_squashfs_image_set_broken(error, "wrong place of the inode table",
						     super->inodes_at);
	if (super->dirs_at > super->bytes_used)
		return bsc_squashfs_image_set_broken(error, "wrong place of the directory table",
						     super->dirs_at);
	if (super->n_ids == 0)
		return bsc_squashfs_image_set_broken(error, "no users and groups", 0);
	if (!check_index(super, super->ids_at, (super->n_ids - 1) / IDS_PER_META + 1,
			 "wrong place of the id table", error))
		return FALSE;
	return super->n_fragments == 0 ||
	       check_index(super, super->fragments_at,
			   (super->n_fragments - 1) / FRAGMENTS_PER_META + 1,
			   "wrong place of the fragment table", error);
}

static gboolean
check_super(const BscSquashfsSuper *super, const uint8_t *raw, uint64_t source_bytes,
	    GError **error)
{
	uint16_t block_log = bsc_squashfs_image_get16(raw + 22);

	if (block_log < MIN_BLOCK_LOG || block_log > MAX_BLOCK_LOG ||
	    super->block_bytes != 1U << block_log)
		return bsc_squashfs_image_set_broken(error, "impossible block size",
						     super->block_bytes);
	if (super->bytes_used > source_bytes)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "The squashfs is cut off: it has %" G_GUINT64_FORMAT
				     " bytes, of which %" G_GUINT64_FORMAT " are there",
				     super->bytes_used, source_bytes);
	return check_tables(super, error);
}

static gboolean
read_super(BscSquashfsImage *self, GError **error)
{
	uint64_t source_bytes = bsc_byte_source_get_size(self->source);
	uint8_t raw[SUPER_BYTES];

	if (source_bytes < SUPER_BYTES)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "This is no squashfs: it has only %" G_GUINT64_FORMAT " bytes",
				     source_bytes);
	if (!bsc_byte_source_read_at(self->source, 0, raw, sizeof raw, error) ||
	    !check_identity(raw, error))
		return FALSE;
	parse_super(raw, &self->super);
	return check_super(&self->super, raw, source_bytes, error);
}

/* Every inode names two ids, so their index is kept: 256 bytes at most. */
static gboolean
read_id_index(BscSquashfsImage *self, GError **error)
{
	size_t n = (size_t)(self->super.n_ids - 1) / IDS_PER_META + 1;

	return bsc_byte_source_read_at(self->source, self->super.ids_at, self->id_index,
				       n * sizeof self->id_index[0], error);
}

static gboolean
decode_into(BscSquashfsImage *self, const uint8_t *in, size_t in_len, BscSquashfsCacheBlock *block,
	    GError **error)
{
	BscSquashfsCodec *codec = bsc_squashfs_pool_take(self->pool, error);
	gboolean is_done;

	if (codec == NULL)
		return FALSE;
	is_done = bsc_squashfs_codec_decode(codec, in, in_len, block->data, META_BYTES, &block->len,
					    error);
	bsc_squashfs_pool_release(self->pool, codec);
	return is_done;
}

/* key.want_bytes is how many bytes the block may take in the image, header included. */
static gboolean
load_meta(gpointer owner, BscSquashfsCacheBlock *block, GError **error)
{
	BscSquashfsImage *self = owner;
	uint8_t raw[META_HEADER_BYTES + META_BYTES];
	size_t raw_len = MIN(block->key.want_bytes, sizeof raw);
	uint16_t header;
	size_t stored;

	if (raw_len <= META_HEADER_BYTES)
		return bsc_squashfs_image_set_broken(error, "metadata ends early",
						     block->key.position);
	if (!bsc_byte_source_read_at(self->source, block->key.position, raw, raw_len, error))
		return FALSE;
	header = bsc_squashfs_image_get16(raw);
	stored = header & ~META_STORED;
	if (stored == 0 || stored > raw_len - META_HEADER_BYTES)
		return bsc_squashfs_image_set_broken(error, "impossible size of metadata",
						     block->key.position);
	block->extra = block->key.position + META_HEADER_BYTES + stored;
	if ((header & META_STORED) == 0)
		return decode_into(self, raw + META_HEADER_BYTES, stored, block, error);
	memcpy(block->data, raw + META_HEADER_BYTES, stored);
	block->len = stored;
	return TRUE;
}

static gboolean
decode_at(BscSquashfsImage *self, const BscSquashfsBlock *block, uint8_t *buf, size_t *out_len,
	  GError **error)
{
	BscSquashfsCodec *codec = bsc_squashfs_pool_take(self->pool, error);
	gboolean is_done;

	if (codec == NULL)
		return FALSE;
	is_done = bsc_squashfs_codec_decode_at(codec, self->source, block->position,
					       bsc_squashfs_image_get_stored_bytes(block->word),
					       buf, block->want_bytes, out_len, error);
	bsc_squashfs_pool_release(self->pool, codec);
	return is_done;
}

static gboolean
fetch_block(BscSquashfsImage *self, const BscSquashfsBlock *block, uint8_t *buf, size_t *out_len,
	    GError **error)
{
	uint32_t stored = bsc_squashfs_image_get_stored_bytes(block->word);

	if (stored > self->super.block_bytes || block->position > self->super.bytes_used ||
	    stored > self->super.bytes_used - block->position)
		return bsc_squashfs_image_set_broken(error, "a block outside of the image",
						     block->position);
	if ((block->word & BLOCK_STORED) == 0)
		return decode_at(self, block, buf, out_len, error);
	if (stored > block->want_bytes)
		return bsc_squashfs_image_set_broken(error, "a block larger than it may be",
						     stored);
	*out_len = stored;
	return bsc_byte_source_read_at(self->source, block->position, buf, stored, error);
}

static gboolean
check_content(const BscSquashfsBlock *block, size_t len, GError **error)
{
	if (block->is_fragment || len == block->want_bytes)
		return TRUE;
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT,
			     "A squashfs block is damaged: it holds %zu bytes instead of %u", len,
			     block->want_bytes);
}

static gboolean
load_data(gpointer owner, BscSquashfsCacheBlock *block, GError **error)
{
	BscSquashfsBlock at = {
		.position = block->key.position,
		.word = block->key.word,
		.want_bytes = block->key.want_bytes,
	};

	return fetch_block(owner, &at, block->data, &block->len, error);
}

static gboolean
make_parts(BscSquashfsImage *self, uint64_t memory_bytes, GError **error)
{
	uint64_t n_slots = memory_bytes / 8 / self->super.block_bytes;
	uint64_t cache_bytes;

	n_slots = CLAMP(n_slots, 1, MAX_DATA_SLOTS);
	cache_bytes = n_slots * self->super.block_bytes + META_SLOTS * META_BYTES;
	self->pool = bsc_squashfs_pool_new(self->super.codec_id, self->super.block_bytes,
					   memory_bytes - MIN(memory_bytes, cache_bytes), error);
	if (self->pool == NULL)
		return FALSE;
	self->meta_cache = bsc_squashfs_cache_new(META_SLOTS, META_BYTES, load_meta, self);
	self->data_cache =
		bsc_squashfs_cache_new(n_slots, self->super.block_bytes, load_data, self);
	return TRUE;
}

BscSquashfsImage *
bsc_squashfs_image_open(BscByteSource *source, uint64_t memory_bytes, GError **error)
{
	g_autoptr(BscSquashfsImage) self = g_new0(BscSquashfsImage, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->source = bsc_byte_source_ref(source);
	if (!read_super(self, error) || !read_id_index(self, error) ||
	    !make_parts(self, memory_bytes, error))
		return NULL;
	return g_steal_pointer(&self);
}

BscSquashfsImage *
bsc_squashfs_image_ref(BscSquashfsImage *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void
bsc_squashfs_image_unref(BscSquashfsImage *self)
{
	if (self == NULL || !g_atomic_ref_count_dec(&self->ref_count))
		return;
	bsc_squashfs_cache_free(self->data_cache);
	bsc_squashfs_cache_free(self->meta_cache);
	bsc_squashfs_pool_free(self->pool);
	bsc_byte_source_unref(self->source);
	g_free(self);
}

const BscSquashfsSuper *
bsc_squashfs_image_get_super(const BscSquashfsImage *self)
{
	return &self->super;
}

const char *
bsc_squashfs_image_get_codec_name(const BscSquashfsImage *self)
{
	return bsc_squashfs_pool_get_name(self->pool);
}

uint64_t
bsc_squashfs_image_get_codec_bytes(const BscSquashfsImage *self)
{
	return bsc_squashfs_pool_get_codec_bytes(self->pool);
}

/* Copies what the cursor's block holds of the wanted bytes and moves the cursor. */
static gboolean
read_meta_piece(BscSquashfsImage *self, BscSquashfsCursor *cursor, uint8_t *buf, size_t len,
		size_t *out_n, GError **error)
{
	uint64_t room = cursor->limit - MIN(cursor->limit, cursor->position);
	BscSquashfsCacheKey key = {
		.position = cursor->position,
		.want_bytes = (uint32_t)MIN(room, META_HEADER_BYTES + META_BYTES),
	};
	const BscSquashfsCacheBlock *block = bsc_squashfs_cache_take(self->meta_cache, &key, error);
	gboolean is_inside;

	if (block == NULL)
		return FALSE;
	is_inside = cursor->offset < block->len;
	*out_n = is_inside ? MIN(len, block->len - cursor->offset) : 0;
	memcpy(buf, block->data + (is_inside ? cursor->offset : 0), *out_n);
	cursor->offset += (uint32_t)*out_n;
	if (is_inside && cursor->offset == block->len) {
		cursor->position = block->extra;
		cursor->offset = 0;
	}
	bsc_squashfs_cache_release(self->meta_cache, block);
	return is_inside || bsc_squashfs_image_set_broken(
				    error, "a reference behind the end of metadata", key.position);
}

gboolean
bsc_squashfs_image_read_meta(BscSquashfsImage *self, BscSquashfsCursor *cursor, void *buf,
			     size_t len, GError **error)
{
	for (size_t done = 0, n; done < len; done += n)
		if (!read_meta_piece(self, cursor, (uint8_t *)buf + done, len - done, &n, error))
			return FALSE;
	return TRUE;
}

/* Entry @entry of a table that has an index at @index_at and one metadata block at @position. */
static gboolean
read_entry(BscSquashfsImage *self, uint64_t index_at, uint64_t position, uint64_t entry,
	   size_t entry_bytes, void *buf, GError **error)
{
	BscSquashfsCursor cursor = {
		.position = position,
		.limit = index_at,
		.offset = (uint32_t)(entry % (META_BYTES / entry_bytes) * entry_bytes),
	};

	if (position < SUPER_BYTES || position >= index_at)
		return bsc_squashfs_image_set_broken(error, "wrong place of a table", position);
	return bsc_squashfs_image_read_meta(self, &cursor, buf, entry_bytes, error);
}

gboolean
bsc_squashfs_image_read_id(BscSquashfsImage *self, uint16_t index, uint32_t *out_id, GError **error)
{
	uint8_t raw[4];

	if (index >= self->super.n_ids)
		return bsc_squashfs_image_set_broken(
			error, "a user or group that is not in the table", index);
	if (!read_entry(self, self->super.ids_at,
			bsc_squashfs_image_get64(self->id_index[index / IDS_PER_META]), index,
			sizeof raw, raw, error))
		return FALSE;
	*out_id = bsc_squashfs_image_get32(raw);
	return TRUE;
}

gboolean
bsc_squashfs_image_read_fragment(BscSquashfsImage *self, uint32_t index,
				 BscSquashfsBlock *out_block, GError **error)
{
	uint64_t index_at = self->super.fragments_at;
	uint8_t position[8];
	uint8_t raw[16];

	if (index >= self->super.n_fragments)
		return bsc_squashfs_image_set_broken(error, "a fragment that is not in the table",
						     index);
	if (!bsc_byte_source_read_at(self->source,
				     index_at + index / FRAGMENTS_PER_META * sizeof position,
				     position, sizeof position, error) ||
	    !read_entry(self, index_at, bsc_squashfs_image_get64(position), index, sizeof raw, raw,
			error) ||
	    !bsc_squashfs_image_check_word(self, bsc_squashfs_image_get32(raw + 8), error))
		return FALSE;
	*out_block = (BscSquashfsBlock){
		.position = bsc_squashfs_image_get64(raw),
		.word = bsc_squashfs_image_get32(raw + 8),
		.want_bytes = self->super.block_bytes,
		.is_fragment = TRUE,
	};
	return TRUE;
}

gboolean
bsc_squashfs_image_check_word(const BscSquashfsImage *self, uint32_t word, GError **error)
{
	if (word >> 25 != 0 || bsc_squashfs_image_get_stored_bytes(word) > self->super.block_bytes)
		return bsc_squashfs_image_set_broken(error, "impossible size of a block", word);
	return TRUE;
}

uint32_t
bsc_squashfs_image_get_stored_bytes(uint32_t word)
{
	return word & (BLOCK_STORED - 1);
}

gboolean
bsc_squashfs_image_read_block(BscSquashfsImage *self, const BscSquashfsBlock *block, uint8_t *buf,
			      GError **error)
{
	size_t len = 0;

	return fetch_block(self, block, buf, &len, error) && check_content(block, len, error);
}

gboolean
bsc_squashfs_image_read_part(BscSquashfsImage *self, const BscSquashfsBlock *block, uint32_t skip,
			     void *buf, size_t len, GError **error)
{
	BscSquashfsCacheKey key = {block->position, block->word, block->want_bytes};
	const BscSquashfsCacheBlock *cached =
		bsc_squashfs_cache_take(self->data_cache, &key, error);
	gboolean is_inside;

	if (cached == NULL)
		return FALSE;
	is_inside = check_content(block, cached->len, error);
	if (is_inside && (skip > cached->len || len > cached->len - skip))
		is_inside = bsc_squashfs_image_set_broken(
			error, "a reference behind the end of a fragment", block->position);
	if (is_inside)
		memcpy(buf, cached->data + skip, len);
	bsc_squashfs_cache_release(self->data_cache, cached);
	return is_inside;
}

void
bsc_squashfs_image_advise(BscSquashfsImage *self, uint64_t position, uint64_t len)
{
	bsc_byte_source_advise(self->source, position, len);
}
