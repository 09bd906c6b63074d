/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/cms-sign.h - sign a bundle, or sign it once more */
#pragma once

#include "bundle-tools/format/keyring.h"
#include "bundle-tools/source/byte-source.h"

/* Functions without state; any thread. */

/* How to sign; zero everywhere is a good start. */
typedef struct {
	gint64 signing_time_usec; /* since 1970; 0 = now */
	gboolean pss;		  /* RSA keys sign by RSASSA-PSS instead of PKCS#1 v1.5 */
} BscCmsSignOptions;

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
 * bsc_cms_sign_append:
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
GBytes *bsc_cms_sign_append(const uint8_t *der, size_t len, const BscSigningKey *key,
			    const BscCmsSignOptions *options, GError **error);
