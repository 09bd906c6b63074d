/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/bundle/bundle-input.h - the directory a bundle is made of: check, measure */
#pragma once

#include "bundle-tools/bundle/bundle.h"

#include <gio/gio.h>

/* What lies in the input directory, checked. Plain data; free with bsc_bundle_input_free(). */
typedef struct {
	char *dir;		/* absolute */
	BscManifest *manifest;	/* of the input; digests are filled in by ..._measure() */
	GPtrArray *names;	/* of char *: what goes into the bundle as it is, sorted */
	uint64_t content_bytes; /* of all regular files together */
	GPtrArray *stamps;	/* private: how the images looked when they were measured */
} BscBundleInput;

/**
 * bsc_bundle_input_load:
 * @dir: directory with manifest.raucm and the files it names
 * @default_format: format of the bundle where the manifest names none
 * @error: return location
 *
 * Refuses what must not be in a bundle: absolute symbolic links and those that contain `/`, hidden
 * directories at the top, anything but files, links and directories; and a manifest that names
 * files which are not there.
 *
 * Errors: %BSC_BUNDLE_ERROR_FORMAT, %BSC_BUNDLE_ERROR_UNSUPPORTED for artifacts that have to be
 * converted, %G_IO_ERROR_NOT_FOUND without a manifest, and what reading reports.
 *
 * Returns: (transfer full) (nullable): the input, or %NULL on failure
 */
BscBundleInput *bsc_bundle_input_load(const char *dir, BscBundleFormat default_format,
				      GError **error);

/**
 * bsc_bundle_input_free:
 * @self: (transfer full) (nullable): an input
 */
void bsc_bundle_input_free(BscBundleInput *self);

/**
 * bsc_bundle_input_measure:
 * @self: an input
 * @out_dir: directory for the hash indexes of images with `adaptive=block-hash-index`
 * @on_progress: (nullable): told about bytes
 * @user: for @on_progress
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Fills SHA-256 and size of each image into the manifest, several images at a time.
 *
 * Errors: %BSC_BUNDLE_ERROR_UNSUPPORTED if an image cannot have the index it asks for,
 * %G_IO_ERROR_CANCELLED, and what reading and writing report.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bundle_input_measure(BscBundleInput *self, const char *out_dir,
				  BscBundleProgressFunc on_progress, gpointer user,
				  GCancellable *cancellable, GError **error);

/**
 * bsc_bundle_input_check_unchanged:
 * @self: a measured input
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_CHANGED if an image is not the file any more that was measured.
 *
 * Returns: %TRUE if nothing changed
 */
gboolean bsc_bundle_input_check_unchanged(BscBundleInput *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscBundleInput, bsc_bundle_input_free)
