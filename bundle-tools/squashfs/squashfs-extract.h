/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/squashfs/squashfs-extract.h - write files of a squashfs into a directory, safely */
#pragma once

#include "bundle-tools/squashfs/squashfs.h"

#include <gio/gio.h>

/**
 * BscSquashfsExtractProgressFunc:
 * @done: bytes of files that are written, holes included
 * @data: what was given
 *
 * Called in the thread that extracts.
 */
typedef void (*BscSquashfsExtractProgressFunc)(uint64_t done, gpointer data);

/**
 * bsc_squashfs_extract:
 * @self: an image
 * @path: a file, a link, or a directory whose content is wanted; "" and "/" are the whole image
 * @dest_dir: an existing directory that nobody else can write
 * @cancellable: (nullable): looked at between blocks
 * @error: return location
 *
 * Writes the content of the directory @path, or the one file @path under its own name, into
 * @dest_dir. Directories are made 0700 and files 0600, or 0700 if their owner may execute them;
 * they belong to the caller and keep their modification time. Sparse blocks become holes, links
 * are made as they are, hard links become separate files; devices, FIFOs and sockets are left
 * out. No link is followed while writing and nothing that exists is overwritten. Nothing is
 * synced; on failure what was written stays.
 *
 * Errors: as bsc_squashfs_lookup(); %G_IO_ERROR_EXISTS; %G_IO_ERROR_CANCELLED;
 * %BSC_BUNDLE_ERROR_FORMAT also for a directory that contains itself; what writing reports.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_extract(BscSquashfs *self, const char *path, const char *dest_dir,
			      GCancellable *cancellable, GError **error);

/**
 * bsc_squashfs_extract_with_progress:
 * @self: an image
 * @path: as for bsc_squashfs_extract()
 * @dest_dir: as for bsc_squashfs_extract()
 * @on_progress: (nullable): told about bytes
 * @data: for @on_progress
 * @cancellable: (nullable): looked at between blocks
 * @error: return location
 *
 * bsc_squashfs_extract() for those who watch.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_squashfs_extract_with_progress(BscSquashfs *self, const char *path,
					    const char *dest_dir,
					    BscSquashfsExtractProgressFunc on_progress,
					    gpointer data, GCancellable *cancellable,
					    GError **error);
