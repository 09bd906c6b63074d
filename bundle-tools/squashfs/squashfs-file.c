/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/squashfs/squashfs-file.h"

#include "bundle-tools/source/bundle-error.h"

#include <string.h>

/*
 * The block list of a file is one stored size after another, somewhere in metadata. To find block
 * n one must add up all sizes before it. The list is cut into segments; a mark remembers where
 * each begins, and the last used segments stay in memory: 8 KiB each, 128 KiB at most, so that
 * 4 GiB in blocks of 128 KiB are held whole and larger files cost no more.
 */
#define SEGMENT_BLOCKS 2048
#define MAX_SEGMENTS   16

#define META_BYTES	8192
#define META_MIN_STORED 3 /* header and one byte: no metadata block takes less of the image */

typedef struct {
	BscSquashfsCursor cursor; /* of the first size */
	uint64_t data_at;	  /* of the first block */
} Mark;

typedef struct {
	uint64_t index;
	uint64_t last_use; /* 0 = empty */
	uint32_t *words;   /* owned */
} Segment;

typedef struct {
	BscByteSource base;
	BscSquashfsImage *image; /* owned */
	uint64_t n_blocks;	 /* in the block list; a tail in a fragment comes after them */
	gboolean has_tail;
	BscSquashfsBlock tail;
	uint32_t tail_skip; /* where the tail begins in its fragment block */

	GMutex lock;   /* guards what follows */
	GArray *marks; /* of Mark; grows as the list is read */
	uint64_t clock;
	Segment segments[MAX_SEGMENTS];
} SquashfsFile;

static size_t
get_segment_len(const SquashfsFile *self, uint64_t index)
{
	return MIN(self->n_blocks - index * SEGMENT_BLOCKS, SEGMENT_BLOCKS);
}

/* Checks the sizes and adds them up; all blocks lie within the image. */
static gboolean
check_words(SquashfsFile *self, uint32_t *words, size_t n, uint64_t data_at, uint64_t *out_end,
	    GError **error)
{
	uint64_t end = bsc_squashfs_image_get_super(self->image)->bytes_used;

	for (size_t i = 0; i < n; i++) {
		uint32_t stored;

		words[i] = GUINT32_FROM_LE(words[i]);
		if (!bsc_squashfs_image_check_word(self->image, words[i], error))
			return FALSE;
		stored = bsc_squashfs_image_get_stored_bytes(words[i]);
		if (stored != 0 && (data_at > end || stored > end - data_at))
			return bsc_squashfs_image_set_broken(
				error, "a file has a block outside of the image", data_at);
		data_at += stored;
	}
	*out_end = data_at;
	return TRUE;
}

static gboolean
fill_segment(SquashfsFile *self, Segment *segment, uint64_t index, GError **error)
{
	Mark mark = g_array_index(self->marks, Mark, index);
	size_t n = get_segment_len(self, index);

	if (segment->words == NULL)
		segment->words = g_new(uint32_t, MIN(self->n_blocks, SEGMENT_BLOCKS));
	segment->last_use = 0;
	if (!bsc_squashfs_image_read_meta(self->image, &mark.cursor, segment->words,
					  n * sizeof(uint32_t), error) ||
	    !check_words(self, segment->words, n, mark.data_at, &mark.data_at, error))
		return FALSE;
	if (index + 1 == self->marks->len)
		g_array_append_val(self->marks, mark);
	segment->index = index;
	segment->last_use = ++self->clock;
	return TRUE;
}

/* The segment if it is in memory, else the one to be replaced. */
static Segment *
find_segment(SquashfsFile *self, uint64_t index)
{
	Segment *oldest = &self->segments[0];

	for (size_t i = 0; i < MAX_SEGMENTS; i++) {
		Segment *segment = &self->segments[i];

		if (segment->last_use != 0 && segment->index == index)
			return segment;
		if (segment->last_use < oldest->last_use)
			oldest = segment;
	}
	return oldest;
}

/* With the lock held. A first look at a far block reads the list up to there. */
static const uint32_t *
load_segment(SquashfsFile *self, uint64_t index, GError **error)
{
	Segment *segment = find_segment(self, index);

	if (segment->last_use != 0 && segment->index == index) {
		segment->last_use = ++self->clock;
		return segment->words;
	}
	while (self->marks->len <= index)
		if (!fill_segment(self, segment, self->marks->len - 1, error))
			return NULL;
	return fill_segment(self, segment, index, error) ? segment->words : NULL;
}

static uint32_t
get_content_bytes(const SquashfsFile *self, uint64_t block)
{
	return (uint32_t)MIN(self->base.block_bytes,
			     self->base.size_bytes - block * self->base.block_bytes);
}

static gboolean
find_block(SquashfsFile *self, uint64_t block, BscSquashfsBlock *out, GError **error)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);
	const uint32_t *words = load_segment(self, block / SEGMENT_BLOCKS, error);
	uint64_t position;

	if (words == NULL)
		return FALSE;
	position = g_array_index(self->marks, Mark, block / SEGMENT_BLOCKS).data_at;
	for (size_t i = 0; i < block % SEGMENT_BLOCKS; i++)
		position += bsc_squashfs_image_get_stored_bytes(words[i]);
	*out = (BscSquashfsBlock){
		.position = position,
		.word = words[block % SEGMENT_BLOCKS],
		.want_bytes = get_content_bytes(self, block),
	};
	return TRUE;
}

/* Reads @len bytes at @skip of one block; a whole block is not copied. */
static gboolean
read_from_block(SquashfsFile *self, uint64_t block, uint32_t skip, uint8_t *buf, size_t len,
		GError **error)
{
	BscSquashfsBlock at;

	if (block >= self->n_blocks)
		return bsc_squashfs_image_read_part(self->image, &self->tail,
						    self->tail_skip + skip, buf, len, error);
	if (!find_block(self, block, &at, error))
		return FALSE;
	if (bsc_squashfs_image_get_stored_bytes(at.word) == 0) {
		memset(buf, 0, len);
		return TRUE;
	}
	if (len == at.want_bytes)
		return bsc_squashfs_image_read_block(self->image, &at, buf, error);
	return bsc_squashfs_image_read_part(self->image, &at, skip, buf, len, error);
}

static gboolean
file_read_at(BscByteSource *base, uint64_t offset, void *buf, size_t len, GError **error)
{
	SquashfsFile *self = (SquashfsFile *)base;

	for (size_t done = 0, n; done < len; done += n) {
		uint64_t block = (offset + done) / base->block_bytes;
		uint32_t skip = (uint32_t)((offset + done) % base->block_bytes);

		n = MIN(len - done, get_content_bytes(self, block) - skip);
		if (!read_from_block(self, block, skip, (uint8_t *)buf + done, n, error))
			return FALSE;
	}
	return TRUE;
}

/* Blocks of one segment lie one behind the other; the hint goes no further. */
static void
file_advise(BscByteSource *base, uint64_t offset, uint64_t len)
{
	SquashfsFile *self = (SquashfsFile *)base;
	uint64_t first = offset / base->block_bytes;
	uint64_t last = (offset + MAX(len, 1) - 1) / base->block_bytes;
	BscSquashfsBlock from, to;

	if (first >= self->n_blocks)
		return;
	last = MIN(last, MIN(self->n_blocks - 1, first | (SEGMENT_BLOCKS - 1)));
	if (!find_block(self, first, &from, NULL) || !find_block(self, last, &to, NULL))
		return;
	bsc_squashfs_image_advise(self->image, from.position,
				  to.position - from.position +
					  bsc_squashfs_image_get_stored_bytes(to.word));
}

static gboolean
is_hole(uint32_t word)
{
	return bsc_squashfs_image_get_stored_bytes(word) == 0;
}

/* Number of blocks from @block on that are alike, to the end of its segment at most. */
static gboolean
count_alike(SquashfsFile *self, uint64_t block, uint64_t *out_n, gboolean *out_is_zero,
	    GError **error)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);
	const uint32_t *words = load_segment(self, block / SEGMENT_BLOCKS, error);
	size_t first = block % SEGMENT_BLOCKS;
	size_t end = get_segment_len(self, block / SEGMENT_BLOCKS);
	size_t i = first;

	if (words == NULL)
		return FALSE;
	while (i < end && is_hole(words[i]) == is_hole(words[first]))
		i++;
	*out_is_zero = is_hole(words[first]);
	*out_n = i - first;
	return TRUE;
}

static gboolean
file_get_run(BscByteSource *base, uint64_t offset, uint64_t *out_len, gboolean *out_is_zero,
	     GError **error)
{
	SquashfsFile *self = (SquashfsFile *)base;
	uint64_t block = offset / base->block_bytes;
	uint64_t n = 1;
	gboolean is_zero = FALSE;

	if (block < self->n_blocks && !count_alike(self, block, &n, &is_zero, error))
		return FALSE;
	*out_len = MIN((block + n) * base->block_bytes, base->size_bytes) - offset;
	*out_is_zero = is_zero;
	return TRUE;
}

static void
file_free(BscByteSource *base)
{
	SquashfsFile *self = (SquashfsFile *)base;

	for (size_t i = 0; i < MAX_SEGMENTS; i++)
		g_free(self->segments[i].words);
	g_array_unref(self->marks);
	g_mutex_clear(&self->lock);
	bsc_squashfs_image_unref(self->image);
	g_free(self);
}

static const BscByteSourceOps file_ops = {
	.name = "squashfs file",
	.read_at = file_read_at,
	.advise = file_advise,
	.get_run = file_get_run,
	.free = file_free,
};

/* A list longer than its table can hold is refused before anything is read of it. */
static gboolean
check_list(const BscSquashfsSuper *super, uint64_t n_blocks, GError **error)
{
	uint64_t table_bytes = super->dirs_at - super->inodes_at;
	uint64_t most_metas = table_bytes / META_MIN_STORED + 1;

	if (n_blocks / (META_BYTES / 4) > most_metas)
		return bsc_squashfs_image_set_broken(
			error, "a file has more blocks than the inode table could list", n_blocks);
	return TRUE;
}

static gboolean
init_tail(SquashfsFile *self, const BscSquashfsInode *inode, GError **error)
{
	uint32_t block_bytes = self->base.block_bytes;

	self->n_blocks = inode->size_bytes / block_bytes;
	self->has_tail = inode->size_bytes % block_bytes != 0;
	if (inode->fragment == BSC_SQUASHFS_IMAGE_NO_FRAGMENT) {
		self->n_blocks += self->has_tail ? 1 : 0;
		return TRUE;
	}
	if (!self->has_tail)
		return TRUE;
	if (inode->fragment_offset >= block_bytes)
		return bsc_squashfs_image_set_broken(error, "a tail outside of its fragment",
						     inode->fragment_offset);
	self->tail_skip = inode->fragment_offset;
	return bsc_squashfs_image_read_fragment(self->image, inode->fragment, &self->tail, error);
}

BscByteSource *
bsc_squashfs_file_new(BscSquashfsImage *image, const BscSquashfsInode *inode, GError **error)
{
	const BscSquashfsSuper *super = bsc_squashfs_image_get_super(image);
	SquashfsFile *self = g_new0(SquashfsFile, 1);
	g_autoptr(BscByteSource) owner = &self->base;
	Mark first = {.cursor = inode->cursor, .data_at = inode->data_at};

	bsc_byte_source_init(&self->base, &file_ops, inode->size_bytes);
	self->base.block_bytes = super->block_bytes;
	self->image = bsc_squashfs_image_ref(image);
	self->marks = g_array_new(FALSE, FALSE, sizeof(Mark));
	g_mutex_init(&self->lock);
	g_array_append_val(self->marks, first);
	if (!init_tail(self, inode, error) || !check_list(super, self->n_blocks, error))
		return NULL;
	return g_steal_pointer(&owner);
}
