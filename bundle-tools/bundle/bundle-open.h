/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/bundle/bundle-open.h - source → trailer → CMS → manifest → stack of layers */
#pragma once

#include "bundle-tools/bundle/bundle.h"
#include "bundle-tools/format/keyring.h"

/* Zero everywhere but the keyring is a good start. All pointers are borrowed for the call. */
typedef struct {
	const BscKeyring *keyring; /* whom to trust; %NULL only with no_verify */
	gboolean no_verify;	   /* believe everything: only to show what a bundle says */
	const BscDecryptionKey *decryption_key; /* for encrypted bundles; %NULL = none */
	gboolean require_encryption;		/* refuse crypt bundles whose key lies open */
	uint32_t max_cms_bytes;			/* 0 = BSC_TRAILER_MAX_CMS_BYTES */
	uint64_t memory_bytes;			/* for caches and decoders; 0 = 8 MiB */
	const char *const *allowed_formats;	/* `plain`, …; %NULL-terminated; %NULL = all */
} BscBundleOpenOptions;

/**
 * bsc_bundle_open:
 * @source: the bundle file; a reference is taken
 * @options: whom to trust and what to accept
 * @on_progress: (nullable): told about bytes of a plain payload, which is read whole
 * @user: for @on_progress
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Checks the signature and opens the content. Before the signature is checked only trailer
 * arithmetic and OpenSSL see the file's bytes. A plain payload is read once from end to end and
 * pinned by a digest per chunk (1 MiB of memory for each GiB, 2 MiB at most); of the other formats
 * nothing but the signature and what is asked for later is read.
 *
 * Errors: %BSC_BUNDLE_ERROR_FORMAT, %BSC_BUNDLE_ERROR_SIGNATURE, %BSC_BUNDLE_ERROR_UNTRUSTED,
 * %BSC_BUNDLE_ERROR_CORRUPT, %BSC_BUNDLE_ERROR_DECRYPT, %BSC_BUNDLE_ERROR_UNSUPPORTED (also for a
 * format that is not allowed), %BSC_BUNDLE_ERROR_CHANGED, %G_IO_ERROR_CANCELLED, and what the
 * source reports
 *
 * Returns: (transfer full) (nullable): the bundle, or %NULL on failure
 */
BscBundle *bsc_bundle_open(BscByteSource *source, const BscBundleOpenOptions *options,
			   BscBundleProgressFunc on_progress, gpointer user,
			   GCancellable *cancellable, GError **error);

/**
 * bsc_bundle_open_path:
 * @path: a local file
 * @options: whom to trust and what to accept
 * @on_progress: (nullable): as for bsc_bundle_open()
 * @user: for @on_progress
 * @cancellable: (nullable): ends the work early
 * @error: return location, prefixed with @path
 *
 * bsc_bundle_open() for a file.
 *
 * Returns: (transfer full) (nullable): the bundle, or %NULL on failure
 */
BscBundle *bsc_bundle_open_path(const char *path, const BscBundleOpenOptions *options,
				BscBundleProgressFunc on_progress, gpointer user,
				GCancellable *cancellable, GError **error);
