/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/bundle/bundle-rewrite.h - new signature or envelope around the same payload */
#pragma once

#include "bundle-tools/bundle/bundle-seal.h"
#include "bundle-tools/format/cms-sign.h"

/* How the input is judged. Zero everywhere but @keyring is a good start; pointers are borrowed. */
typedef struct {
	const BscKeyring *keyring;		/* the input is verified against */
	gboolean no_verify;			/* the input is believed */
	const BscDecryptionKey *decryption_key; /* for encrypted input; %NULL = none */
	const BscKeyring *out_keyring;		/* the result is verified against; %NULL = not */
	BscBundlePhaseFunc on_progress;		/* (nullable) */
	BscBundleNoticeFunc on_notice;		/* (nullable) */
	gpointer user;				/* for the two above */
} BscBundleRewriteOptions;

/**
 * bsc_bundle_rewrite_resign:
 * @in_path: a bundle
 * @out_path: the bundle to make; must not exist
 * @key: who signs
 * @sign: (nullable): how
 * @append: keep the signers that are there; such a bundle cannot be verified yet
 * @options: how the input is judged
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * The payload stays as it is, shared with @in_path where the file system can; the signed manifest
 * stays the same bytes, so that the manifest hash stays too. An encrypted bundle becomes an
 * unencrypted one.
 *
 * Errors: as bsc_bundle_open() and bsc_cms_sign_attached(); %G_IO_ERROR_EXISTS
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bundle_rewrite_resign(const char *in_path, const char *out_path,
				   const BscSigningKey *key, const BscCmsSignOptions *sign,
				   gboolean append, const BscBundleRewriteOptions *options,
				   GCancellable *cancellable, GError **error);

/**
 * bsc_bundle_rewrite_replace_signature:
 * @in_path: a bundle
 * @signature_path: a signature in DER, over the same manifest (verity, crypt) or payload (plain)
 * @out_path: the bundle to make; must not exist
 * @options: how the input is judged
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * For signatures made elsewhere. Errors: as bsc_bundle_open(); %BSC_BUNDLE_ERROR_SIGNATURE if the
 * signature is of the wrong kind or over another manifest; %G_IO_ERROR_EXISTS
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bundle_rewrite_replace_signature(const char *in_path, const char *signature_path,
					      const char *out_path,
					      const BscBundleRewriteOptions *options,
					      GCancellable *cancellable, GError **error);

/**
 * bsc_bundle_rewrite_extract_signature:
 * @in_path: a bundle
 * @out_path: file for the signature in DER, out of its envelope; must not exist
 * @options: how the input is judged
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Errors: as bsc_bundle_open(); %G_IO_ERROR_EXISTS
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bundle_rewrite_extract_signature(const char *in_path, const char *out_path,
					      const BscBundleRewriteOptions *options,
					      GCancellable *cancellable, GError **error);

/**
 * bsc_bundle_rewrite_encrypt:
 * @in_path: a bundle of format crypt
 * @out_path: the bundle to make; must not exist
 * @recipient_pems: (array zero-terminated=1): files with the recipients' certificates
 * @options: how the input is judged
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Puts the signature into an envelope for the recipients. The payload is encrypted already.
 *
 * Errors: as bsc_bundle_open() and bsc_cms_envelope_seal(); %BSC_BUNDLE_ERROR_UNSUPPORTED if the
 * format is not crypt; %G_IO_ERROR_EXISTS
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bundle_rewrite_encrypt(const char *in_path, const char *out_path,
				    const char *const *recipient_pems,
				    const BscBundleRewriteOptions *options,
				    GCancellable *cancellable, GError **error);
