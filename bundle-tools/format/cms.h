/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/cms.h - judge the signature of a bundle (CMS, RFC 5652) */
#pragma once

#include "bundle-tools/format/cms-bytes.h"
#include "bundle-tools/format/keyring.h"
#include "bundle-tools/source/byte-source.h"

#include <glib.h>
#include <stdint.h>

/* Functions without state; any thread. They take the DER bytes as they lie in the bundle. */

/* What is told about one certificate. */
typedef struct {
	char *subject; /* RFC 2253 form: `CN=…,O=…` */
	char *issuer;
	char *serial_hex;
	char *spki_hash; /* SHA-256 of the public key: upper case hex pairs with `:` between */
	char *pem;
	gint64 not_before_usec; /* since 1970 */
	gint64 not_after_usec;
} BscCmsCert;

typedef struct {
	guint n_signers;	  /* in the whole CMS */
	gint64 signing_time_usec; /* since 1970; 0 = not said */
	GPtrArray *chain;   /* of BscCmsCert, the signer's own first; never empty if verified */
	char **spki_hashes; /* of the chain, in the same order */
} BscCmsSignerInfo;

/**
 * bsc_cms_inspect:
 * @der: (array length=len): a CMS
 * @len: its length in bytes
 * @out: (out): what it is
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_SIGNATURE if it is no CMS or bytes follow it,
 * %BSC_BUNDLE_ERROR_FORMAT if it is a CMS of another kind.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_cms_inspect(const uint8_t *der, size_t len, BscCmsKind *out, GError **error);

/**
 * bsc_cms_verify_attached:
 * @der: (array length=len): a CMS
 * @len: its length in bytes
 * @keyring: whom to trust
 * @out_content: (out) (transfer full): the signed content
 * @out_info: (out) (optional) (transfer full): who signed
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_SIGNATURE if it is no attached signature, has not exactly one signer,
 * uses a weak digest, or does not fit the content; %BSC_BUNDLE_ERROR_UNTRUSTED as
 * bsc_keyring_check_chain().
 *
 * Returns: %TRUE if the content is what a trusted signer signed
 */
gboolean bsc_cms_verify_attached(const uint8_t *der, size_t len, const BscKeyring *keyring,
				 GBytes **out_content, BscCmsSignerInfo **out_info, GError **error);

/**
 * bsc_cms_verify_detached:
 * @der: (array length=len): a CMS
 * @len: its length in bytes
 * @content: what was signed; read once from first byte to last, in constant memory
 * @tee: (nullable) (scope call): sees each chunk after it was read
 * @user: for @tee
 * @keyring: whom to trust
 * @out_info: (out) (optional) (transfer full): who signed
 * @error: return location
 *
 * The signer is judged first, so that a foreign bundle is refused before its content is read.
 * What @tee has seen counts only when this returns %TRUE.
 *
 * Errors: as bsc_cms_verify_attached(), what @content reports and what @tee sets.
 *
 * Returns: %TRUE if the content is what a trusted signer signed
 */
gboolean bsc_cms_verify_detached(const uint8_t *der, size_t len, BscByteSource *content,
				 BscCmsChunkFunc tee, gpointer user, const BscKeyring *keyring,
				 BscCmsSignerInfo **out_info, GError **error);

/**
 * bsc_cms_read_attached_unverified:
 * @der: (array length=len): a CMS
 * @len: its length in bytes
 * @error: return location
 *
 * For `info --no-verify`: the content of an attached signature, believed by nobody.
 *
 * Errors: %BSC_BUNDLE_ERROR_SIGNATURE if it is no attached signature.
 *
 * Returns: (transfer full) (nullable): the content, or %NULL on failure
 */
GBytes *bsc_cms_read_attached_unverified(const uint8_t *der, size_t len, GError **error);

/**
 * bsc_cms_read_signers_unverified:
 * @der: (array length=len): a CMS
 * @len: its length in bytes
 * @error: return location
 *
 * What the signers say about themselves; the chain is the signer's certificate, if it is there,
 * and then the others that came along.
 *
 * Errors: %BSC_BUNDLE_ERROR_SIGNATURE if it is no signature.
 *
 * Returns: (transfer full) (element-type BscCmsSignerInfo) (nullable): the signers, or %NULL
 */
GPtrArray *bsc_cms_read_signers_unverified(const uint8_t *der, size_t len, GError **error);

/**
 * bsc_cms_signer_info_free:
 * @info: (transfer full) (nullable): what was told about a signer
 */
void bsc_cms_signer_info_free(BscCmsSignerInfo *info);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscCmsSignerInfo, bsc_cms_signer_info_free)
