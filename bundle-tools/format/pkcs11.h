/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/pkcs11.h - keys and certificates on tokens, named by `pkcs11:` URIs */
#pragma once

#include <glib.h>

/* For keyring.c. OpenSSL's types by their struct names. */
struct evp_pkey_st;
struct x509_st;

/* Strings are borrowed for the call. */
typedef struct {
	const char *uri;    /* RFC 7512 */
	const char *module; /* for the engine `pkcs11`; %NULL = its own default */
	const char *pin;    /* %NULL = none, or in the URI */
} BscPkcs11Token;

/**
 * bsc_pkcs11_is_uri:
 * @text: a file name or URI
 *
 * Returns: whether it names something on a token
 */
gboolean bsc_pkcs11_is_uri(const char *text);

/**
 * bsc_pkcs11_load_cert:
 * @token: where it is
 * @error: return location
 *
 * Asks a provider for the scheme `pkcs11`, then the engine of that name.
 *
 * Errors: %BSC_BUNDLE_ERROR_UNSUPPORTED if neither finds it.
 *
 * Returns: (transfer full) (nullable): the certificate, or %NULL on failure
 */
struct x509_st *bsc_pkcs11_load_cert(const BscPkcs11Token *token, GError **error);

/**
 * bsc_pkcs11_load_key:
 * @token: where it is
 * @error: return location
 *
 * Errors: as bsc_pkcs11_load_cert().
 *
 * Returns: (transfer full) (nullable): the private key, or %NULL on failure
 */
struct evp_pkey_st *bsc_pkcs11_load_key(const BscPkcs11Token *token, GError **error);
