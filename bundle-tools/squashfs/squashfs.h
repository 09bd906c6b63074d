/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/squashfs/squashfs.h - read a squashfs over a byte source; files in it are sources */
#pragma once

#include "bundle-tools/source/byte-source.h"

/*
 * A squashfs 4.0 image is opened over any byte source; every file inside is again a byte source,
 * whose block_bytes is the block size of the image. Reading one whole aligned block decompresses
 * it straight into the caller's buffer, so that several threads which read different blocks of a
 * file share the work and nothing is copied.
 *
 * After bsc_squashfs_open() everything may be used by several threads at once. Nothing in the
 * image is trusted: each length and offset is checked before use.
 *
 * Memory: the caches (metadata, fragments, blocks of which only a part was wanted) and the
 * decoders stay within BscSquashfsOptions.memory_bytes as long as one decoder and one block fit;
 * readers beyond that wait for each other. An open file costs at most 128 KiB for its block list
 * plus 32 bytes for each 2048 blocks, however large it is.
 */
typedef struct _BscSquashfs BscSquashfs;

typedef enum {
	BSC_SQUASHFS_FILE,
	BSC_SQUASHFS_DIR,
	BSC_SQUASHFS_SYMLINK,
	BSC_SQUASHFS_OTHER, /* device, FIFO or socket */
	BSC_SQUASHFS_N,
} BscSquashfsType;

typedef struct {
	char *name; /* last part of the path; empty for the root; owned */
	BscSquashfsType type;
	uint32_t mode; /* as st_mode: type and permission bits */
	uint32_t uid;
	uint32_t gid;
	gint64 mtime_sec;    /* since 1970 */
	uint64_t size_bytes; /* of a file's content or a link's target; 0 for others */
	char *link_target;   /* of a symbolic link, never empty; else %NULL; owned */
	uint64_t inode_ref;  /* equal for hard links of one file */
} BscSquashfsEntry;

typedef struct {
	uint64_t memory_bytes; /* budget of caches and decoders; 0 = 8 MiB */
} BscSquashfsOptions;

/**
 * bsc_squashfs_open:
 * @source: (transfer none): where the image begins at offset 0; may be longer than the image
 * @options: (nullable): how to use it
 * @error: return location
 *
 * Reads and checks the superblock. Errors: %BSC_BUNDLE_ERROR_FORMAT if it is no squashfs or breaks
 * the rules, %BSC_BUNDLE_ERROR_UNSUPPORTED for another version or compression.
 *
 * Returns: (transfer full) (nullable): the image, or %NULL on failure
 */
BscSquashfs *bsc_squashfs_open(BscByteSource *source, const BscSquashfsOptions *options,
			       GError **error);

/**
 * bsc_squashfs_ref:
 * @self: an image
 *
 * Returns: (transfer full): @self
 */
BscSquashfs *bsc_squashfs_ref(BscSquashfs *self);

/**
 * bsc_squashfs_unref:
 * @self: (transfer full) (nullable): an image; open files in it stay usable
 */
void bsc_squashfs_unref(BscSquashfs *self);

/**
 * bsc_squashfs_entry_free:
 * @entry: (transfer full) (nullable): an entry
 */
void bsc_squashfs_entry_free(BscSquashfsEntry *entry);

/**
 * bsc_squashfs_list:
 * @self: an image
 * @dir_path: a directory; "" and "/" are the root
 * @error: return location
 *
 * Errors: as bsc_squashfs_lookup(), and %G_IO_ERROR_NOT_DIRECTORY.
 *
 * Returns: (transfer container) (element-type BscSquashfsEntry) (nullable): what is in it, sorted
 *   by name as bytes, without "." and ".."; or %NULL on failure
 */
GPtrArray *bsc_squashfs_list(BscSquashfs *self, const char *dir_path, GError **error);

/**
 * bsc_squashfs_list_entry:
 * @self: an image
 * @dir: a directory of it
 * @error: return location
 *
 * As bsc_squashfs_list(), without the way from the root.
 *
 * Returns: (transfer container) (element-type BscSquashfsEntry) (nullable): what is in @dir, or
 *   %NULL on failure
 */
GPtrArray *bsc_squashfs_list_entry(BscSquashfs *self, const BscSquashfsEntry *dir, GError **error);

/**
 * bsc_squashfs_lookup:
 * @self: an image
 * @path: names separated by "/"; a leading one may be left out; links are not followed and ".."
 *   is a name like any other, so it is never found
 * @error: return location
 *
 * Errors: %G_IO_ERROR_NOT_FOUND if there is nothing by that name, %BSC_BUNDLE_ERROR_FORMAT and
 * %BSC_BUNDLE_ERROR_CORRUPT for a damaged image, and what reading the source reports.
 *
 * Returns: (transfer full) (nullable): the entry, or %NULL on failure
 */
BscSquashfsEntry *bsc_squashfs_lookup(BscSquashfs *self, const char *path, GError **error);

/**
 * bsc_squashfs_open_file:
 * @self: an image
 * @path: a regular file, as for bsc_squashfs_lookup()
 * @error: return location
 *
 * The file as a source, which keeps the image alive. bsc_byte_source_get_run() tells its sparse
 * blocks from the block list, without reading data. A damaged block fails the read that touches it
 * with %BSC_BUNDLE_ERROR_CORRUPT or %BSC_BUNDLE_ERROR_FORMAT.
 *
 * Errors: as bsc_squashfs_lookup(), and %G_IO_ERROR_NOT_REGULAR_FILE.
 *
 * Returns: (transfer full) (nullable): the source, or %NULL on failure
 */
BscByteSource *bsc_squashfs_open_file(BscSquashfs *self, const char *path, GError **error);

/**
 * bsc_squashfs_open_entry:
 * @self: an image
 * @file: a regular file of it
 * @error: return location
 *
 * As bsc_squashfs_open_file(), without the way from the root.
 *
 * Returns: (transfer full) (nullable): the source, or %NULL on failure
 */
BscByteSource *bsc_squashfs_open_entry(BscSquashfs *self, const BscSquashfsEntry *file,
				       GError **error);

/**
 * bsc_squashfs_get_codec_name:
 * @self: an image
 *
 * Returns: "gzip", "xz", "zstd" or "lz4"; what compressed blocks are compressed with
 */
const char *bsc_squashfs_get_codec_name(const BscSquashfs *self);

/**
 * bsc_squashfs_get_block_bytes:
 * @self: an image
 *
 * Returns: size of a data block in bytes, 4096 to 1 MiB, a power of two
 */
uint32_t bsc_squashfs_get_block_bytes(const BscSquashfs *self);

/**
 * bsc_squashfs_get_worker_bytes:
 * @self: an image
 *
 * What one more thread that reads at the same time costs: its decoder and buffer for compressed
 * bytes, without the caller's own buffer.
 *
 * Returns: bytes, an upper limit
 */
uint64_t bsc_squashfs_get_worker_bytes(const BscSquashfs *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSquashfs, bsc_squashfs_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSquashfsEntry, bsc_squashfs_entry_free)
