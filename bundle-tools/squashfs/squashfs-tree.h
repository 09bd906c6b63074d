/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/squashfs/squashfs-tree.h - inodes and directories of a squashfs */
#pragma once

#include "bundle-tools/squashfs/squashfs-image.h"

#define BSC_SQUASHFS_TREE_MAX_NAME 256

typedef struct {
	uint64_t ref;
	uint32_t mode; /* as st_mode: type and permission bits */
	uint32_t uid;
	uint32_t gid;
	uint32_t mtime_sec;
	uint64_t size_bytes; /* of a file, a link's target or a directory's listing */
	/* where the block list of a file, the target of a link or the listing of a directory is */
	BscSquashfsCursor cursor;
	uint64_t data_at;  /* of a file: position of its first block in the image */
	uint32_t fragment; /* of a file: number of its fragment block, or none */
	uint32_t fragment_offset;
} BscSquashfsInode;

/* Goes through a directory in the order of the image. */
typedef struct {
	BscSquashfsImage *image; /* not owned */
	BscSquashfsCursor cursor;
	uint64_t left_bytes;
	uint32_t left_in_group; /* entries that share the current header */
	uint32_t inode_block;
	uint64_t ref;				   /* of the entry */
	char name[BSC_SQUASHFS_TREE_MAX_NAME + 1]; /* of the entry; no "/" in it, not "." or ".." */
} BscSquashfsTreeIter;

/**
 * bsc_squashfs_tree_read_inode:
 * @image: an image
 * @ref: reference of the inode
 * @out_inode: (out): the inode
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_FORMAT, %BSC_BUNDLE_ERROR_CORRUPT, and what the source reports.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_tree_read_inode(BscSquashfsImage *image, uint64_t ref,
				      BscSquashfsInode *out_inode, GError **error);

/**
 * bsc_squashfs_tree_read_target:
 * @image: an image
 * @inode: a symbolic link
 * @error: return location
 *
 * Returns: (transfer full) (nullable): where the link points to, or %NULL on failure
 */
char *bsc_squashfs_tree_read_target(BscSquashfsImage *image, const BscSquashfsInode *inode,
				    GError **error);

/**
 * bsc_squashfs_tree_iter_init:
 * @iter: (out): stands before the first entry
 * @image: (transfer none): an image, which outlives @iter
 * @dir: a directory
 */
void bsc_squashfs_tree_iter_init(BscSquashfsTreeIter *iter, BscSquashfsImage *image,
				 const BscSquashfsInode *dir);

/**
 * bsc_squashfs_tree_iter_next:
 * @iter: an iterator; its name and ref become those of the next entry
 * @out_is_end: (out): whether there is no further entry
 * @error: return location
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_tree_iter_next(BscSquashfsTreeIter *iter, gboolean *out_is_end,
				     GError **error);

/**
 * bsc_squashfs_tree_find:
 * @image: an image
 * @path: names separated by "/"
 * @out_inode: (out): the inode
 * @error: return location
 *
 * Errors: %G_IO_ERROR_NOT_FOUND, and as bsc_squashfs_tree_read_inode().
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_tree_find(BscSquashfsImage *image, const char *path,
				BscSquashfsInode *out_inode, GError **error);
