/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/cms.h - the signature of a bundle and its envelope (CMS, RFC 5652) */
#pragma once

#include "bundle-tools/format/keyring.h"
#include "bundle-tools/source/byte-source.h"

#include <glib.h>
#include <stdint.h>

/* Functions without state; any thread. They take the DER bytes as they lie in the bundle. */

typedef enum {
	BSC_CMS_DETACHED,  /* signed data over content that lies elsewhere: plain */
	BSC_CMS_ATTACHED,  /* signed data with the manifest in it: verity and crypt */
	BSC_CMS_ENVELOPED, /* encrypted for recipients; holds one of the others */
	BSC_CMS_N,
} BscCmsKind;

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

/* How to sign; zero everywhere is a good start. */
typedef struct {
	gint64 signing_time_usec; /* since 1970; 0 = now */
	gboolean pss;		  /* RSA keys sign by RSASSA-PSS instead of PKCS#1 v1.5 */
} BscCmsSignOptions;

/**
 * BscCmsChunkFunc:
 * @data: (array length=len): the next bytes of the content, in order
 * @len: their number, at most %BSC_CMS_CHUNK_BYTES, less only at the end
 * @user: what was given
 * @error: return location
 *
 * Sees every byte of a detached content in the same pass that feeds the signature.
 *
 * Returns: %FALSE with @error set to stop
 */
typedef gboolean (*BscCmsChunkFunc)(const uint8_t *data, size_t len, gpointer user, GError **error);

#define BSC_CMS_CHUNK_BYTES 262144

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
 * bsc_cms_read_recipients:
 * @der: (array length=len): an enveloped CMS
 * @len: its length in bytes
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_SIGNATURE or %BSC_BUNDLE_ERROR_FORMAT if it is no envelope.
 *
 * Returns: (transfer full) (nullable): one line per recipient: key kind, issuer and serial number
 */
char **bsc_cms_read_recipients(const uint8_t *der, size_t len, GError **error);

/**
 * bsc_cms_sign_attached:
 * @content: what to sign; goes into the CMS
 * @key: who signs
 * @options: (nullable): how
 * @error: return location
 *
 * With an explicit signing time and RSA PKCS#1 v1.5 the result is the same bytes each time.
 *
 * Errors: %BSC_BUNDLE_ERROR_UNTRUSTED if an explicit signing time is not within the certificate's
 * validity, %BSC_BUNDLE_ERROR_SIGNATURE if OpenSSL or the token fails,
 * %BSC_BUNDLE_ERROR_UNSUPPORTED if PSS is asked of a key that is not RSA.
 *
 * Returns: (transfer full) (nullable): the CMS in DER, or %NULL on failure
 */
GBytes *bsc_cms_sign_attached(GBytes *content, const BscSigningKey *key,
			      const BscCmsSignOptions *options, GError **error);

/**
 * bsc_cms_sign_detached:
 * @content: what to sign; read once, in constant memory
 * @key: who signs
 * @options: (nullable): how
 * @error: return location
 *
 * Errors: as bsc_cms_sign_attached(), and what @content reports.
 *
 * Returns: (transfer full) (nullable): the CMS in DER, or %NULL on failure
 */
GBytes *bsc_cms_sign_detached(BscByteSource *content, const BscSigningKey *key,
			      const BscCmsSignOptions *options, GError **error);

/**
 * bsc_cms_append_signer:
 * @der: (array length=len): a signature, attached or detached
 * @len: its length in bytes
 * @key: who signs as well
 * @options: (nullable): how
 * @error: return location
 *
 * Adds a signer to those that are there, by their digest of the content: whoever calls has
 * verified the signature first. Two signers are not accepted by verification yet.
 *
 * Errors: as bsc_cms_sign_attached(); %BSC_BUNDLE_ERROR_SIGNATURE also if @der is no signature.
 *
 * Returns: (transfer full) (nullable): the CMS in DER, or %NULL on failure
 */
GBytes *bsc_cms_append_signer(const uint8_t *der, size_t len, const BscSigningKey *key,
			      const BscCmsSignOptions *options, GError **error);

/**
 * bsc_cms_envelope:
 * @signed_der: a signature
 * @recipient_pems: (array zero-terminated=1): PEM files with one or more certificates each
 * @error: return location
 *
 * Encrypts for all the certificates: AES-256-CBC, the key by RSA PKCS#1 v1.5 or ECDH.
 *
 * Errors: %G_IO_ERROR_INVALID_DATA if a file holds no certificate, %G_IO_ERROR_INVALID_ARGUMENT if
 * no file is named, %BSC_BUNDLE_ERROR_UNSUPPORTED if a certificate's key cannot receive.
 *
 * Returns: (transfer full) (nullable): the CMS in DER, or %NULL on failure
 */
GBytes *bsc_cms_envelope(GBytes *signed_der, const char *const *recipient_pems, GError **error);

/**
 * bsc_cms_open_envelope:
 * @der: (array length=len): an enveloped CMS
 * @len: its length in bytes
 * @key: our key
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_DECRYPT if it is not for this key or broken,
 * %BSC_BUNDLE_ERROR_SIGNATURE or %BSC_BUNDLE_ERROR_FORMAT if it is no envelope.
 *
 * Returns: (transfer full) (nullable): the signature in DER (a well-formed one, not verified)
 */
GBytes *bsc_cms_open_envelope(const uint8_t *der, size_t len, const BscDecryptionKey *key,
			      GError **error);

/**
 * bsc_cms_signer_info_free:
 * @info: (transfer full) (nullable): what was told about a signer
 */
void bsc_cms_signer_info_free(BscCmsSignerInfo *info);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscCmsSignerInfo, bsc_cms_signer_info_free)
