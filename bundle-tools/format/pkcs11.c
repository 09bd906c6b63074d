/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#define OPENSSL_SUPPRESS_DEPRECATED /* engines: still the usual way to a token with OpenSSL 3.0 */
#include "config.h"

#include "bundle-tools/format/pkcs11.h"

#include "bundle-tools/format/certificate.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"
#include "common/openssl-autoptr.h"

#include <openssl/err.h>
#include <openssl/ui.h>
#include <string.h>

#ifndef OPENSSL_NO_ENGINE
#include <openssl/engine.h>
#endif

#define SCHEME "pkcs11:"

gboolean
bsc_pkcs11_is_uri(const char *text)
{
	return g_str_has_prefix(text, SCHEME);
}

/* What a token is asked for: one of the two pointers is set. */
typedef struct {
	X509 **cert;
	EVP_PKEY **key;
} TokenWant;

static gboolean
has_wanted(const TokenWant *want)
{
	return want->cert != NULL ? *want->cert != NULL : *want->key != NULL;
}

static int
give_pin(char *buf, int size, int rwflag, void *user)
{
	const BscPkcs11Token *token = user;
	size_t len = token->pin != NULL ? strlen(token->pin) : 0;

	if (len == 0 || len > (size_t)size)
		return -1;
	memcpy(buf, token->pin, len);
	return (int)len;
}

/* By a provider: whatever OpenSSL's configuration has for the scheme `pkcs11`. */
static void
load_from_store(const BscPkcs11Token *token, const TokenWant *want)
{
	UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(give_pin, 0);
	g_autoptr(OSSL_STORE_CTX) ctx =
		OSSL_STORE_open(token->uri, ui, (gpointer)token, NULL, NULL);

	while (ctx != NULL && !has_wanted(want) && !OSSL_STORE_eof(ctx)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(ctx);

		if (info == NULL)
			break;
		if (want->cert != NULL && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_CERT)
			*want->cert = OSSL_STORE_INFO_get1_CERT(info);
		if (want->key != NULL && OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			*want->key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	UI_destroy_method(ui);
}

#ifndef OPENSSL_NO_ENGINE
/* Loaded once and kept: an engine that is unloaded leaves what it allocated behind. */
static ENGINE *
get_engine(void)
{
	static gsize is_loaded;
	static ENGINE *engine;

	if (g_once_init_enter(&is_loaded)) {
		engine = ENGINE_by_id("pkcs11");
		g_once_init_leave(&is_loaded, 1);
	}
	return engine;
}

static gboolean
prepare_engine(ENGINE *engine, const BscPkcs11Token *token)
{
	/* It would print the URI, which may hold a PIN, to stderr. */
	ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 1);
	if (token->module != NULL &&
	    ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", token->module, 0) != 1)
		return FALSE;
	if (ENGINE_init(engine) != 1)
		return FALSE;
	if (token->pin == NULL || ENGINE_ctrl_cmd_string(engine, "PIN", token->pin, 0) == 1)
		return TRUE;
	ENGINE_finish(engine);
	return FALSE;
}

static void
load_from_engine(const BscPkcs11Token *token, const TokenWant *want)
{
	ENGINE *engine = get_engine();
	struct { /* the engine's own convention for this command */
		const char *id;
		X509 *cert;
	} params = {.id = token->uri};

	if (engine == NULL || !prepare_engine(engine, token))
		return;
	if (want->key != NULL)
		*want->key = ENGINE_load_private_key(engine, token->uri, NULL, NULL);
	else if (ENGINE_ctrl_cmd(engine, "LOAD_CERT_CTRL", 0, &params, NULL, 1) == 1)
		*want->cert = params.cert;
	ENGINE_finish(engine);
}
#else
static void
load_from_engine(const BscPkcs11Token *token, const TokenWant *want)
{
}
#endif

static gboolean
load_from_token(const BscPkcs11Token *token, const TokenWant *want, GError **error)
{
	g_autofree char *reason = NULL;

	ERR_clear_error();
	load_from_store(token, want);
	if (!has_wanted(want))
		load_from_engine(token, want);
	if (has_wanted(want)) {
		ERR_clear_error();
		return TRUE;
	}
	reason = bsc_certificate_take_reason();
	/* The URI may hold a PIN: it is not repeated. */
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
			     "No %s came from the PKCS#11 URI: %s; a provider or the engine "
			     "'pkcs11' must be installed and find the token, and the PIN must fit",
			     want->cert != NULL ? "certificate" : "private key", reason);
}

X509 *
bsc_pkcs11_load_cert(const BscPkcs11Token *token, GError **error)
{
	X509 *cert = NULL;

	load_from_token(token, &(TokenWant){.cert = &cert}, error);
	return cert;
}

EVP_PKEY *
bsc_pkcs11_load_key(const BscPkcs11Token *token, GError **error)
{
	EVP_PKEY *key = NULL;

	load_from_token(token, &(TokenWant){.key = &key}, error);
	return key;
}
