/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/bundle/bundle.h - an open bundle: manifest, signer, and images as byte sources */
#pragma once

#include "bundle-tools/format/cms.h"
#include "bundle-tools/format/manifest.h"
#include "bundle-tools/source/byte-source.h"

#include <gio/gio.h>
#include <stdint.h>

typedef struct _BscSquashfs BscSquashfs;

/*
 * Made by bsc_bundle_open(). Immutable and atomically reference counted; any number of threads may
 * read from it at once. What the images hand up has been checked against the signature, unless the
 * bundle was opened with no_verify.
 */
typedef struct {
	gatomicrefcount ref_count;
	BscManifest *manifest; /* owned, as all pointers here */
	GBytes *manifest_text; /* its bytes as they were signed */
	char *manifest_hash;   /* SHA-256 of these bytes, lower case hex */
	BscBundleFormat format;
	gboolean was_encrypted;	  /* the signature came in an envelope, which we could open */
	uint64_t file_bytes;	  /* size of the whole file */
	uint64_t payload_bytes;	  /* squashfs and hash tree */
	uint64_t data_bytes;	  /* squashfs alone, with its padding */
	GBytes *cms;		  /* the signature in DER, out of its envelope */
	GBytes *envelope;	  /* the envelope in DER; %NULL if there is none */
	BscCmsSignerInfo *signer; /* %NULL with no_verify */
	BscByteSource *payload;	  /* payload as it lies in the file, not checked */
	BscByteSource *checked;	  /* the squashfs as it lies in the file (encrypted in format
				   * crypt), checked on its way up; plain with no_verify: not */
	BscSquashfs *squashfs;	  /* clear and checked content */
} BscBundle;

/**
 * BscBundleProgressFunc:
 * @done: bytes done
 * @total: all bytes
 * @user: what was given
 *
 * May be called from any thread, but never from two at once; @done only grows.
 */
typedef void (*BscBundleProgressFunc)(uint64_t done, uint64_t total, gpointer user);

/**
 * bsc_bundle_ref:
 * @self: a bundle
 *
 * Returns: (transfer full): @self
 */
BscBundle *bsc_bundle_ref(BscBundle *self);

/**
 * bsc_bundle_unref:
 * @self: (transfer full) (nullable): a bundle
 */
void bsc_bundle_unref(BscBundle *self);

/**
 * bsc_bundle_open_image:
 * @self: a bundle
 * @image: one of its manifest's images
 * @error: return location
 *
 * The file of @image as a source. A symbolic link to a file beside it is followed.
 *
 * Errors: %BSC_BUNDLE_ERROR_FORMAT if the file is missing, no regular file, or its size is not
 * what the manifest says; %G_IO_ERROR_INVALID_ARGUMENT if @image has no file (emptyfs); and what
 * reading reports.
 *
 * Returns: (transfer full) (nullable): the source, which keeps what it needs alive, or %NULL
 */
BscByteSource *bsc_bundle_open_image(BscBundle *self, const BscManifestImage *image,
				     GError **error);

/**
 * bsc_bundle_check_payload:
 * @self: a bundle
 * @on_progress: (nullable): told about bytes
 * @user: for @on_progress
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Reads every block of a verity or crypt payload on all cores, so that damage is found before
 * anything is written. A plain payload was read whole when the bundle was opened: nothing to do.
 *
 * Errors: %BSC_BUNDLE_ERROR_CORRUPT, %G_IO_ERROR_CANCELLED, and what reading reports
 *
 * Returns: %TRUE if the payload is whole
 */
gboolean bsc_bundle_check_payload(BscBundle *self, BscBundleProgressFunc on_progress, gpointer user,
				  GCancellable *cancellable, GError **error);

/**
 * bsc_bundle_check_images:
 * @self: a bundle
 * @on_progress: (nullable): told about bytes of all images
 * @user: for @on_progress
 * @cancellable: (nullable): ends the work early
 * @error: return location, prefixed with the image's name
 *
 * Reads every image and compares size and SHA-256 with the manifest.
 *
 * Errors: as bsc_bundle_open_image(); %BSC_BUNDLE_ERROR_CORRUPT if a digest differs
 *
 * Returns: %TRUE if each image is what the manifest says
 */
gboolean bsc_bundle_check_images(BscBundle *self, BscBundleProgressFunc on_progress, gpointer user,
				 GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscBundle, bsc_bundle_unref)
