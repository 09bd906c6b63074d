/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/squashfs/squashfs-write.h - make a squashfs of a directory (runs mksquashfs) */
#pragma once

#include <gio/gio.h>
#include <stdint.h>

typedef void (*BscSquashfsWriteProgressFunc)(unsigned percent, gpointer data);

/* Start from BSC_SQUASHFS_WRITE_OPTIONS_INIT. */
typedef struct {
	const char *codec;	       /* gzip, xz, zstd, lz4; %NULL = zstd */
	const char *const *extra_args; /* for mksquashfs, after ours; %NULL-terminated; or %NULL */
	gint64 source_date_epoch;      /* time of the image and of all files, seconds since 1970;
					* -1 = the files keep theirs and the image has the time of now */
	unsigned processors;  /* threads; 0 = all cores. The output does not depend on it */
	gboolean keep_xattrs; /* extended attributes are left out unless this is set */
	gboolean keep_owners; /* all belongs to root unless this is set */
	BscSquashfsWriteProgressFunc on_progress; /* called from another thread; rises to 100 */
	gpointer progress_data;
} BscSquashfsWriteOptions;

#define BSC_SQUASHFS_WRITE_OPTIONS_INIT ((BscSquashfsWriteOptions){.source_date_epoch = -1})

/**
 * bsc_squashfs_write:
 * @dir: directory whose content becomes the image
 * @out_path: file to make; must not exist
 * @options: how
 * @cancellable: (nullable): stops mksquashfs
 * @error: return location
 *
 * Runs mksquashfs with arguments that make the same image of the same files on every machine with
 * the same mksquashfs, if source_date_epoch is set. On failure @out_path is removed.
 *
 * Errors: %G_IO_ERROR_EXISTS, %G_IO_ERROR_NOT_FOUND if mksquashfs or @dir is missing,
 * %G_IO_ERROR_CANCELLED, and %G_IO_ERROR_FAILED with mksquashfs's own last words.
 *
 * Returns: %TRUE if the image is complete
 */
gboolean bsc_squashfs_write(const char *dir, const char *out_path,
			    const BscSquashfsWriteOptions *options, GCancellable *cancellable,
			    GError **error);

/**
 * bsc_squashfs_write_sources:
 * @sources: (array zero-terminated=1): files, links and directories that lie in the top directory
 *   of the image under their own names, wherever they come from; no two of the same name
 * @out_path: file to make; must not exist
 * @options: how
 * @cancellable: (nullable): stops mksquashfs
 * @error: return location
 *
 * As bsc_squashfs_write(), without a directory that holds everything.
 *
 * Returns: %TRUE if the image is complete
 */
gboolean bsc_squashfs_write_sources(const char *const *sources, const char *out_path,
				    const BscSquashfsWriteOptions *options,
				    GCancellable *cancellable, GError **error);
