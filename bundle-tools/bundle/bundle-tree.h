/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/bundle/bundle-tree.h - puts what hooks and handlers need into a private directory */
#pragma once

#include "bundle-tools/bundle/bundle.h"

typedef enum {
	BSC_BUNDLE_TREE_ALL,	     /* the whole content */
	BSC_BUNDLE_TREE_SMALL_FILES, /* all but the files that the manifest names as images, their
				      * hash indexes, and files above 4 MiB */
} BscBundleTreeFlags;

/**
 * bsc_bundle_tree_extract:
 * @bundle: a bundle
 * @dir: an existing directory that only the caller can write (0700)
 * @flags: what to put there
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Writes the content of @bundle as real files into @dir; nothing that exists there is overwritten.
 * On failure what was written stays.
 *
 * Errors: %G_IO_ERROR_EXISTS, %G_IO_ERROR_CANCELLED, what reading and writing report
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bundle_tree_extract(BscBundle *bundle, const char *dir, BscBundleTreeFlags flags,
				 GCancellable *cancellable, GError **error);

/**
 * bsc_bundle_tree_extract_all:
 * @bundle: a bundle
 * @dir: as for bsc_bundle_tree_extract()
 * @on_progress: (nullable): told about bytes of images
 * @user: for @on_progress
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * bsc_bundle_tree_extract() with %BSC_BUNDLE_TREE_ALL, for those who watch.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bundle_tree_extract_all(BscBundle *bundle, const char *dir,
				     BscBundleProgressFunc on_progress, gpointer user,
				     GCancellable *cancellable, GError **error);
