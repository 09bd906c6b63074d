/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/layer/layer-verity.h"

#include "bundle-tools/layer/block-cache.h"
#include "bundle-tools/layer/block-hash.h"
#include "bundle-tools/layer/verity-tree.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"

#include <string.h>

#define BLOCK_BYTES	BSC_VERITY_TREE_BLOCK_BYTES
#define FANOUT		BSC_VERITY_TREE_FANOUT
#define MIN_CACHE_BYTES (64 * 1024)

typedef struct {
	BscByteSource base;
	BscByteSource *lower; /* owned */
	BscVerityTree tree;
	uint8_t root[BSC_DIGEST_LEN];
	uint8_t salt[BSC_DIGEST_LEN];
	BscBlockCache *upper;  /* tree blocks above the leaf level, by number within the tree */
	BscBlockCache *leaves; /* tree blocks of the leaf level, by number within the tree */
	BscBlockCache *parts; /* data blocks that were read in part, since the rest often follows */
} LayerVerity;

static gboolean check_tree_block(LayerVerity *self, unsigned level, uint64_t index,
				 const uint8_t *block, GError **error);

/* Copies @n digests of level @level from @first on; they all lie in one tree block. */
static gboolean
get_digests(LayerVerity *self, unsigned level, uint64_t first, size_t n, uint8_t *out,
	    GError **error)
{
	BscBlockCache *cache = level == 0 ? self->leaves : self->upper;
	uint64_t index = first / FANOUT;
	uint64_t number = self->tree.level_first[level] + index;
	size_t offset = (size_t)(first % FANOUT) * BSC_DIGEST_LEN;
	uint8_t block[BLOCK_BYTES];

	if (bsc_block_cache_find(cache, number, offset, out, n * BSC_DIGEST_LEN))
		return TRUE;
	if (!bsc_byte_source_read_at(self->lower, (self->tree.data_blocks + number) * BLOCK_BYTES,
				     block, BLOCK_BYTES, error) ||
	    !check_tree_block(self, level, index, block, error))
		return FALSE;
	bsc_block_cache_store(cache, number, block, BLOCK_BYTES);
	memcpy(out, block + offset, n * BSC_DIGEST_LEN);
	return TRUE;
}

/* Goes up until a checked block or the root says what the digest must be. */
static gboolean
check_tree_block(LayerVerity *self, unsigned level, uint64_t index, const uint8_t *block,
		 GError **error)
{
	uint8_t expected[BSC_DIGEST_LEN];
	uint8_t found[BSC_DIGEST_LEN];

	if (level + 1 == self->tree.n_levels)
		memcpy(expected, self->root, sizeof(expected));
	else if (!get_digests(self, level + 1, index, 1, expected, error))
		return FALSE;
	bsc_block_hash_compute(self->salt, block, found);
	if (memcmp(expected, found, sizeof(found)) != 0)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT,
				     "Hash tree block %" G_GUINT64_FORMAT
				     " differs from what was signed: the bundle is damaged, get a "
				     "fresh copy",
				     self->tree.level_first[level] + index);
	return TRUE;
}

/* Checks @n data blocks that share a leaf. */
static gboolean
check_data_blocks(LayerVerity *self, uint64_t first, size_t n, const uint8_t *data, GError **error)
{
	uint8_t expected[FANOUT * BSC_DIGEST_LEN];
	uint8_t found[BSC_DIGEST_LEN];

	if (!get_digests(self, 0, first, n, expected, error))
		return FALSE;
	for (size_t i = 0; i < n; i++) {
		bsc_block_hash_compute(self->salt, data + i * BLOCK_BYTES, found);
		if (memcmp(expected + i * BSC_DIGEST_LEN, found, sizeof(found)) != 0)
			return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT,
					     "Payload block %" G_GUINT64_FORMAT
					     " differs from what was signed: the bundle is "
					     "damaged, get a fresh copy",
					     first + i);
	}
	return TRUE;
}

/* Reads @n whole blocks, half a megabyte at most at a time so that they are hashed from cache. */
static gboolean
read_blocks(LayerVerity *self, uint64_t first, uint64_t n, uint8_t *buf, GError **error)
{
	while (n > 0) {
		size_t step = (size_t)MIN(n, FANOUT - first % FANOUT);

		if (!bsc_byte_source_read_at(self->lower, first * BLOCK_BYTES, buf,
					     step * BLOCK_BYTES, error) ||
		    !check_data_blocks(self, first, step, buf, error))
			return FALSE;
		first += step;
		n -= step;
		buf += step * BLOCK_BYTES;
	}
	return TRUE;
}

static gboolean
read_part(LayerVerity *self, uint64_t offset, uint8_t *buf, size_t len, GError **error)
{
	uint64_t number = offset / BLOCK_BYTES;
	size_t skip = (size_t)(offset % BLOCK_BYTES);
	uint8_t block[BLOCK_BYTES];

	if (bsc_block_cache_find(self->parts, number, skip, buf, len))
		return TRUE;
	if (!read_blocks(self, number, 1, block, error))
		return FALSE;
	bsc_block_cache_store(self->parts, number, block, BLOCK_BYTES);
	memcpy(buf, block + skip, len);
	return TRUE;
}

static gboolean
verity_read_at(BscByteSource *base, uint64_t offset, void *buf, size_t len, GError **error)
{
	LayerVerity *self = (LayerVerity *)base;
	uint8_t *out = buf;

	while (len > 0) {
		size_t skip = (size_t)(offset % BLOCK_BYTES);
		gboolean whole = skip == 0 && len >= BLOCK_BYTES;
		size_t step = whole ? len - len % BLOCK_BYTES : MIN(len, BLOCK_BYTES - skip);

		if (whole ? !read_blocks(self, offset / BLOCK_BYTES, step / BLOCK_BYTES, out, error)
			  : !read_part(self, offset, out, step, error))
			return FALSE;
		offset += step;
		out += step;
		len -= step;
	}
	return TRUE;
}

static void
verity_advise(BscByteSource *base, uint64_t offset, uint64_t len)
{
	LayerVerity *self = (LayerVerity *)base;

	bsc_byte_source_advise(self->lower, offset, len);
}

static void
verity_free(BscByteSource *base)
{
	LayerVerity *self = (LayerVerity *)base;

	bsc_byte_source_unref(self->lower);
	bsc_block_cache_free(self->upper);
	bsc_block_cache_free(self->leaves);
	bsc_block_cache_free(self->parts);
	g_free(self);
}

static const BscByteSourceOps verity_ops = {
	.name = "verity",
	.read_at = verity_read_at,
	.advise = verity_advise,
	.free = verity_free,
};

/* Half for the upper levels, which every path needs, the rest for leaves and parts of blocks. */
static void
make_caches(LayerVerity *self, size_t cache_bytes)
{
	const BscVerityTree *tree = &self->tree;
	size_t places = MAX(cache_bytes, MIN_CACHE_BYTES) / BLOCK_BYTES;
	uint64_t n_upper = tree->tree_blocks - tree->level_blocks[0];
	size_t upper = (size_t)CLAMP(n_upper, 1, places / 2);
	size_t leaves = (size_t)MIN((places - upper) / 2, tree->level_blocks[0]);

	self->upper = bsc_block_cache_new(upper, BLOCK_BYTES);
	self->leaves = bsc_block_cache_new(leaves, BLOCK_BYTES);
	self->parts = bsc_block_cache_new(places - upper - leaves, BLOCK_BYTES);
}

BscByteSource *
bsc_layer_verity_new(BscByteSource *lower, uint64_t data_bytes, const uint8_t *root,
		     const uint8_t *salt, size_t cache_bytes, GError **error)
{
	uint64_t lower_bytes = bsc_byte_source_get_size(lower);
	LayerVerity *self;
	BscVerityTree tree;

	if (!bsc_verity_tree_init(&tree, data_bytes, error))
		return NULL;
	if (lower_bytes < data_bytes ||
	    lower_bytes - data_bytes != tree.tree_blocks * BSC_VERITY_TREE_BLOCK_BYTES) {
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			      "The hash tree over %" G_GUINT64_FORMAT
			      " bytes must take %" G_GUINT64_FORMAT
			      " bytes of a payload of %" G_GUINT64_FORMAT " bytes",
			      data_bytes, tree.tree_blocks * BSC_VERITY_TREE_BLOCK_BYTES,
			      lower_bytes);
		return NULL;
	}
	self = g_new0(LayerVerity, 1);
	self->lower = bsc_byte_source_ref(lower);
	self->tree = tree;
	memcpy(self->root, root, sizeof(self->root));
	memcpy(self->salt, salt, sizeof(self->salt));
	make_caches(self, cache_bytes);
	bsc_byte_source_init(&self->base, &verity_ops, data_bytes);
	self->base.block_bytes = BLOCK_BYTES;
	return &self->base;
}
