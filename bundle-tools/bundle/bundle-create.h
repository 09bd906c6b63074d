/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/bundle/bundle-create.h - content directory → signed bundle */
#pragma once

#include "bundle-tools/bundle/bundle-seal.h"
#include "bundle-tools/bundle/bundle.h"
#include "bundle-tools/format/cms-sign.h"

/* Zero everywhere but @key is a good start. All pointers are borrowed for the call. */
typedef struct {
	const BscSigningKey *key;	/* who signs */
	BscCmsSignOptions sign;		/* how */
	const BscKeyring *keyring;	/* the result is verified against; %NULL = not verified */
	BscBundleFormat default_format; /* where the manifest names none */
	const char *compression;	/* gzip, xz, zstd, lz4; %NULL = zstd */
	const char *const *mksquashfs_args; /* more arguments; %NULL-terminated; or %NULL */
	const uint8_t *verity_salt;	    /* 32 bytes; %NULL = SHA-256 of the squashfs for
					     * verity, random for crypt */
	gint64 source_date_epoch; /* seconds since 1970; negative = files keep their times */
	BscBundlePhaseFunc on_progress;
	BscBundleNoticeFunc on_notice;
	gpointer user; /* for the two above */
} BscBundleCreateOptions;

/**
 * bsc_bundle_create:
 * @dir: directory with manifest.raucm and the files it names
 * @out_path: the bundle; must not exist
 * @options: how
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Makes a bundle: checks the content, fills digests and sizes into the manifest, makes hash
 * indexes, packs, adds the hash tree, encrypts where the format is crypt, signs, and opens the
 * result as a device would. Images are read where they lie, not copied. @out_path appears only
 * when all that went well.
 *
 * The same content with the same @source_date_epoch gives the same payload and manifest, but for
 * format crypt, whose key and salt are random.
 *
 * Errors: as bsc_bundle_input_load(), bsc_squashfs_write(), bsc_cms_sign_attached() and
 * bsc_bundle_open(); %G_IO_ERROR_EXISTS, %G_IO_ERROR_CANCELLED
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bundle_create(const char *dir, const char *out_path,
			   const BscBundleCreateOptions *options, GCancellable *cancellable,
			   GError **error);
