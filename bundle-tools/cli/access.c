/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/cli/access.h"

#include "common/error.h"

#include <gio/gio.h>

void
bsc_access_clear(BscAccess *self)
{
	g_free(self->cert);
	g_free(self->key);
	g_strfreev(self->intermediates);
	g_free(self->keyring);
	g_free(self->signing_keyring);
	g_free(self->check_purpose);
	g_strfreev(self->signer_cns);
	g_free(self->signing_time);
}

void
bsc_access_add_signing(BscAccess *self, GOptionContext *context)
{
	const GOptionEntry entries[] = {
		{"cert", 0, 0, G_OPTION_ARG_STRING, &self->cert, "certificate of who signs",
		 "PEM|PKCS11-URI"},
		{"key", 0, 0, G_OPTION_ARG_STRING, &self->key, "private key of who signs",
		 "PEM|PKCS11-URI"},
		{"intermediate", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->intermediates,
		 "certificate to put into the signature; may be repeated", "PEM"},
		{"signing-keyring", 0, 0, G_OPTION_ARG_STRING, &self->signing_keyring,
		 "verify the result against this keyring", "PEM|DIR"},
		{"signing-time", 0, 0, G_OPTION_ARG_STRING, &self->signing_time,
		 "sign as of this time instead of now (ISO 8601 or @SECONDS)", "TIME"},
		{"pss", 0, 0, G_OPTION_ARG_NONE, &self->pss, "sign by RSASSA-PSS", NULL},
		{NULL},
	};

	g_option_context_add_main_entries(context, entries, NULL);
}

void
bsc_access_add_decryption(BscAccess *self, GOptionContext *context)
{
	const GOptionEntry entries[] = {
		{"key", 0, 0, G_OPTION_ARG_STRING, &self->key,
		 "private key that opens an encrypted bundle", "PEM|PKCS11-URI"},
		{"cert", 0, 0, G_OPTION_ARG_STRING, &self->cert,
		 "its certificate, to find the right recipient", "PEM|PKCS11-URI"},
		{"max-signature-size", 0, 0, G_OPTION_ARG_INT, &self->max_signature_bytes,
		 "largest signature to accept (default 65536, as devices do)", "BYTES"},
		{NULL},
	};

	g_option_context_add_main_entries(context, entries, NULL);
}

void
bsc_access_add_trust(BscAccess *self, GOptionContext *context)
{
	const GOptionEntry entries[] = {
		{"keyring", 0, 0, G_OPTION_ARG_STRING, &self->keyring,
		 "trusted certificates and CRLs", "PEM|DIR"},
		{"no-verify", 0, 0, G_OPTION_ARG_NONE, &self->no_verify,
		 "believe the bundle without looking at its signature", NULL},
		{"no-check-time", 0, 0, G_OPTION_ARG_NONE, &self->no_check_time,
		 "certificates may be expired or not valid yet", NULL},
		{"use-signing-time", 0, 0, G_OPTION_ARG_NONE, &self->use_signing_time,
		 "judge certificates at the time of signing", NULL},
		{"check-purpose", 0, 0, G_OPTION_ARG_STRING, &self->check_purpose,
		 "what the signer's certificate must be for (default smimesign)", "PURPOSE"},
		{"check-crl", 0, 0, G_OPTION_ARG_NONE, &self->check_crl,
		 "ask for a CRL for each certificate of the chain", NULL},
		{"allow-partial-chain", 0, 0, G_OPTION_ARG_NONE, &self->partial_chain,
		 "a trusted certificate need not be self-signed", NULL},
		{"allowed-signer-cn", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->signer_cns,
		 "common name that may sign; may be repeated", "CN"},
		{"trust-environment", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE,
		 &self->trust_environment, NULL, NULL},
		{NULL},
	};

	g_option_context_add_main_entries(context, entries, NULL);
}

static BscKeyring *
load_keyring(const BscAccess *self, const char *path, GError **error)
{
	gboolean is_dir = g_file_test(path, G_FILE_TEST_IS_DIR);
	BscKeyringOptions options = {
		.path = is_dir ? NULL : path,
		.directory = is_dir ? path : NULL,
		.check_crl = self->check_crl,
		.allow_partial_chain = self->partial_chain,
		.use_bundle_signing_time = self->use_signing_time,
		.no_check_time = self->no_check_time,
		.check_purpose = self->check_purpose,
		.allowed_signer_cns = (const char *const *)self->signer_cns,
	};

	return bsc_keyring_load(&options, error);
}

gboolean
bsc_access_load_input_keyring(const BscAccess *self, BscKeyring **out, GError **error)
{
	*out = NULL;
	if (self->no_verify)
		return TRUE;
	if (self->keyring == NULL)
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "No keyring given: name whom to trust with --keyring=, or "
				     "believe the bundle with --no-verify");
	*out = load_keyring(self, self->keyring, error);
	return *out != NULL;
}

gboolean
bsc_access_load_output_keyring(const BscAccess *self, BscKeyring **out, GError **error)
{
	const char *path = self->signing_keyring != NULL ? self->signing_keyring : self->keyring;

	*out = NULL;
	if (path == NULL)
		return TRUE;
	*out = load_keyring(self, path, error);
	return *out != NULL;
}

/* Ours first, then the name that build scripts for RAUC set. */
static const char *
get_env(const char *name)
{
	g_autofree char *ours = g_strconcat("BASCULE_", name, NULL);
	g_autofree char *theirs = g_strconcat("RAUC_", name, NULL);
	const char *value = g_getenv(ours);

	return value != NULL ? value : g_getenv(theirs);
}

static BscKeyringKeyOptions
get_key_options(const BscAccess *self)
{
	return (BscKeyringKeyOptions){
		.cert = self->cert,
		.key = self->key,
		.intermediates = (const char *const *)self->intermediates,
		.passphrase = get_env("KEY_PASSPHRASE"),
		.pkcs11_module = get_env("PKCS11_MODULE"),
		.pkcs11_pin = get_env("PKCS11_PIN"),
	};
}

static gboolean
parse_time(const char *text, gint64 *out_usec, GError **error)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autoptr(GDateTime) time = NULL;
	gint64 seconds;

	if (text[0] == '@' &&
	    g_ascii_string_to_signed(text + 1, 10, 1, G_MAXUINT32, &seconds, NULL))
		time = g_date_time_new_from_unix_utc(seconds);
	else
		time = g_date_time_new_from_iso8601(text, utc);
	if (time == NULL)
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "--signing-time=%s is neither like 2026-11-23T08:15:00Z nor "
				     "@SECONDS",
				     text);
	*out_usec = g_date_time_to_unix(time) * G_USEC_PER_SEC;
	return TRUE;
}

BscSigningKey *
bsc_access_load_signer(const BscAccess *self, BscCmsSignOptions *out_sign, GError **error)
{
	BscKeyringKeyOptions options = get_key_options(self);
	BscCmsSignOptions sign = {.pss = self->pss};

	if (self->cert == NULL || self->key == NULL) {
		bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			      "No %s given: signing needs --cert= and --key=",
			      self->cert == NULL ? "certificate" : "key");
		return NULL;
	}
	if (self->signing_time != NULL &&
	    !parse_time(self->signing_time, &sign.signing_time_usec, error))
		return NULL;
	*out_sign = sign;
	return bsc_keyring_load_signer(&options, error);
}

gboolean
bsc_access_load_decryption_key(const BscAccess *self, BscDecryptionKey **out, GError **error)
{
	BscKeyringKeyOptions options = get_key_options(self);

	*out = NULL;
	if (self->key == NULL)
		return TRUE;
	*out = bsc_keyring_load_decryption_key(&options, error);
	return *out != NULL;
}
