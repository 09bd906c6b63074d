/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/cms-envelope.h - encrypt a signature for recipients, and open it again */
#pragma once

#include "bundle-tools/format/keyring.h"

#include <stdint.h>

/* Functions without state; any thread. */

/**
 * bsc_cms_envelope_seal:
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
GBytes *bsc_cms_envelope_seal(GBytes *signed_der, const char *const *recipient_pems,
			      GError **error);

/**
 * bsc_cms_envelope_open:
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
GBytes *bsc_cms_envelope_open(const uint8_t *der, size_t len, const BscDecryptionKey *key,
			      GError **error);

/**
 * bsc_cms_envelope_list_recipients:
 * @der: (array length=len): an enveloped CMS
 * @len: its length in bytes
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_SIGNATURE or %BSC_BUNDLE_ERROR_FORMAT if it is no envelope.
 *
 * Returns: (transfer full) (nullable): one line per recipient: key kind, issuer and serial number
 */
char **bsc_cms_envelope_list_recipients(const uint8_t *der, size_t len, GError **error);
