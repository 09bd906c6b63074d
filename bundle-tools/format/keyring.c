/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/keyring.h"

#include "bundle-tools/format/certificate.h"
#include "bundle-tools/format/pkcs11.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/io.h"
#include "common/keyfile.h"
#include "common/openssl-autoptr.h"

#include <gio/gio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#define CODESIGN "codesign"

struct _BscKeyring {
	gatomicrefcount ref_count;
	X509_STORE *store; /* owned; does its own locking */
	gboolean check_crl;
	gboolean allow_partial_chain;
	gboolean use_bundle_signing_time;
	gboolean no_check_time;
	gboolean has_crls;
	gboolean is_codesign; /* our own check; OpenSSL before 3.2 has none */
	int purpose;	      /* X509_PURPOSE_*; 0 with is_codesign */
	char **allowed_signer_cns;
	gint64 time_floor_usec;
};

/* What a passphrase callback is asked with. */
typedef struct {
	const char *passphrase; /* (nullable) */
	gboolean was_asked;
} Passphrase;

static char *
format_time(const ASN1_TIME *time)
{
	return bsc_clock_format_utc(bsc_certificate_read_time(time));
}

char **
bsc_keyring_list_expired(const char *path, gint64 now_usec, GError **error)
{
	g_autoptr(BscX509Stack) certs = bsc_certificate_load_file(path, error);
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();

	if (certs == NULL)
		return NULL;
	for (int i = 0; i < sk_X509_num(certs); i++) {
		const X509 *cert = sk_X509_value(certs, i);
		g_autofree char *name = bsc_certificate_format_name(X509_get_subject_name(cert));
		g_autofree char *from = format_time(X509_get0_notBefore(cert));
		g_autofree char *to = format_time(X509_get0_notAfter(cert));
		g_autofree char *line = NULL;

		if (now_usec >= bsc_certificate_read_time(X509_get0_notBefore(cert)) &&
		    now_usec <= bsc_certificate_read_time(X509_get0_notAfter(cert)))
			continue;
		line = g_strdup_printf("certificate '%s' is valid from %s to %s", name, from, to);
		g_strv_builder_add(words, line);
	}
	return g_strv_builder_end(words);
}

static gboolean
load_file(BscKeyring *self, const char *path, GError **error)
{
	g_autoptr(BscX509InfoStack) infos = bsc_certificate_read_pem(path, error);
	int n_certs = 0;

	if (infos == NULL)
		return FALSE;
	for (int i = 0; i < sk_X509_INFO_num(infos); i++) {
		X509_INFO *info = sk_X509_INFO_value(infos, i);

		if (info->x509 != NULL && X509_STORE_add_cert(self->store, info->x509) == 1)
			n_certs++;
		if (info->crl != NULL && X509_STORE_add_crl(self->store, info->crl) == 1)
			self->has_crls = TRUE;
	}
	ERR_clear_error();
	if (n_certs == 0)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				     "Keyring '%s' holds no certificate", path);
	return TRUE;
}

static gboolean
load_directory(BscKeyring *self, const char *path, GError **error)
{
	X509_LOOKUP *lookup;

	if (!g_file_test(path, G_FILE_TEST_IS_DIR))
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY,
				     "Keyring directory '%s' does not exist or is no directory",
				     path);
	lookup = X509_STORE_add_lookup(self->store, X509_LOOKUP_hash_dir());
	if (lookup == NULL || X509_LOOKUP_add_dir(lookup, path, X509_FILETYPE_PEM) != 1) {
		g_autofree char *reason = bsc_certificate_take_reason();

		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_FAILED,
				     "Failed to use keyring directory '%s': %s", path, reason);
	}
	return TRUE;
}

static gboolean
store_purpose(BscKeyring *self, const char *word, GError **error)
{
	int index;

	self->is_codesign = g_strcmp0(word, CODESIGN) == 0;
	self->purpose = self->is_codesign ? 0 : X509_PURPOSE_SMIME_SIGN;
	if (word == NULL || self->is_codesign)
		return TRUE;
	index = X509_PURPOSE_get_by_sname(word);
	if (index < 0)
		return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE,
				     "check-purpose: '%s' is not known; smimesign, " CODESIGN
				     ", any and OpenSSL's other short names are",
				     word);
	self->purpose = X509_PURPOSE_get_id(X509_PURPOSE_get0(index));
	return TRUE;
}

BscKeyring *
bsc_keyring_load(const BscKeyringOptions *options, GError **error)
{
	g_autoptr(BscKeyring) self = g_new0(BscKeyring, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->store = X509_STORE_new();
	self->check_crl = options->check_crl;
	self->allow_partial_chain = options->allow_partial_chain;
	self->use_bundle_signing_time = options->use_bundle_signing_time;
	self->no_check_time = options->no_check_time;
	self->time_floor_usec = options->time_floor_usec;
	self->allowed_signer_cns = g_strdupv((char **)options->allowed_signer_cns);
	if (options->path == NULL && options->directory == NULL) {
		bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE,
			      "No keyring is given: a file (path) or a directory with trusted "
			      "certificates is needed");
		return NULL;
	}
	if (!store_purpose(self, options->check_purpose, error) ||
	    (options->path != NULL && !load_file(self, options->path, error)) ||
	    (options->directory != NULL && !load_directory(self, options->directory, error)))
		return NULL;
	return g_steal_pointer(&self);
}

BscKeyring *
bsc_keyring_ref(BscKeyring *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void
bsc_keyring_unref(BscKeyring *self)
{
	if (self == NULL || !g_atomic_ref_count_dec(&self->ref_count))
		return;
	X509_STORE_free(self->store);
	g_strfreev(self->allowed_signer_cns);
	g_free(self);
}

gboolean
bsc_keyring_has_ignored_crls(const BscKeyring *self)
{
	return self->has_crls && !self->check_crl;
}

gint64
bsc_keyring_get_now(const BscKeyring *self, gboolean *out_is_floor)
{
	gint64 now = bsc_clock_now_usec();

	if (out_is_floor != NULL)
		*out_is_floor = now < self->time_floor_usec;
	return MAX(now, self->time_floor_usec);
}

static gboolean
untrusted(GError **error, const char *what, X509 *cert, const char *advice)
{
	g_autofree char *subject =
		cert != NULL ? bsc_certificate_format_name(X509_get_subject_name(cert))
			     : g_strdup("?");

	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNTRUSTED,
			     "signature verification failed: %s ('%s')%s%s", what, subject,
			     advice[0] != '\0' ? ": " : "", advice);
}

/* The trap that most people meet: a code signing certificate, judged as one for e-mail. */
static const char *
advise_purpose(X509 *cert)
{
	gboolean has_limits = X509_get_extension_flags(cert) & EXFLAG_XKUSAGE;
	uint32_t usages = X509_get_extended_key_usage(cert);

	if (!has_limits || usages & XKU_SMIME)
		return "its key usages do not allow what check-purpose asks for";
	if (usages & XKU_CODE_SIGN)
		return "it is for code signing, and without check-purpose the extended key usage "
		       "emailProtection is wanted; set check-purpose=" CODESIGN " in [keyring]";
	return "it has extended key usages, but not emailProtection, which is wanted where "
	       "check-purpose says nothing else; leave the extension out, or see check-purpose in "
	       "[keyring]";
}

/* What to do about the failures that people meet; the words before are OpenSSL's. */
static char *
advise(int code, X509 *cert, gint64 time_usec)
{
	g_autofree char *judged = bsc_clock_format_utc(time_usec);
	g_autofree char *other = NULL;

	switch (code) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		other = format_time(X509_get0_notAfter(cert));
		return g_strdup_printf("valid until %s, judged at %s; sign with a valid "
				       "certificate, or see use-bundle-signing-time",
				       other, judged);
	case X509_V_ERR_CERT_NOT_YET_VALID:
		other = format_time(X509_get0_notBefore(cert));
		return g_strdup_printf("valid from %s, judged at %s; is the clock right?", other,
				       judged);
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
		other = bsc_certificate_format_name(X509_get_issuer_name(cert));
		return g_strdup_printf("its issuer '%s' is neither in the keyring nor among the "
				       "bundle's intermediates",
				       other);
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return g_strdup("it is not in the keyring");
	case X509_V_ERR_INVALID_PURPOSE:
		return g_strdup(advise_purpose(cert));
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		other = bsc_certificate_format_name(X509_get_issuer_name(cert));
		return g_strdup_printf("check-crl is on and the keyring holds no CRL of '%s'",
				       other);
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
		return g_strdup_printf("judged at %s; put a fresh CRL into the keyring", judged);
	default:
		return g_strdup("");
	}
}

static gboolean
refuse_chain(X509_STORE_CTX *ctx, gint64 time_usec, GError **error)
{
	int code = X509_STORE_CTX_get_error(ctx);
	X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	g_autofree char *advice =
		advise(code, cert != NULL ? cert : X509_STORE_CTX_get0_cert(ctx), time_usec);

	ERR_clear_error();
	return untrusted(error, X509_verify_cert_error_string(code), cert, advice);
}

static void
set_rules(const BscKeyring *self, X509_STORE_CTX *ctx, gint64 time_usec)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	unsigned long flags = 0;

	if (self->check_crl)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
			 X509_V_FLAG_EXTENDED_CRL_SUPPORT;
	if (self->allow_partial_chain)
		flags |= X509_V_FLAG_PARTIAL_CHAIN;
	if (self->no_check_time)
		flags |= X509_V_FLAG_NO_CHECK_TIME;
	X509_VERIFY_PARAM_set_flags(param, flags);
	if (!self->no_check_time) /* a time that is set beats the flag */
		X509_VERIFY_PARAM_set_time(param, (time_t)(time_usec / G_USEC_PER_SEC));
	if (self->purpose != 0)
		X509_STORE_CTX_set_purpose(ctx, self->purpose);
}

static gboolean
has_code_signing(X509 *cert)
{
	return (X509_get_extended_key_usage(cert) & XKU_CODE_SIGN) != 0;
}

/*
 * RAUC's rule for `codesign`: the leaf must carry the extended key usage codeSigning, and may not
 * have a key usage without digitalSignature; a CA that limits its extended key usages must name
 * codeSigning. Without the extension OpenSSL answers with all bits set.
 */
static gboolean
check_codesign(BscX509Stack *chain, GError **error)
{
	const char *what = X509_verify_cert_error_string(X509_V_ERR_INVALID_PURPOSE);
	X509 *leaf = sk_X509_value(chain, 0);

	if (!(X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) || !has_code_signing(leaf))
		return untrusted(error, what, leaf,
				 "check-purpose=" CODESIGN
				 " wants the extended key usage codeSigning");
	if (!(X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE))
		return untrusted(error, what, leaf,
				 "check-purpose=" CODESIGN
				 " wants digitalSignature among the key usages");
	for (int i = 1; i < sk_X509_num(chain); i++) {
		if (!has_code_signing(sk_X509_value(chain, i)))
			return untrusted(error, what, sk_X509_value(chain, i),
					 "this CA's extended key usage does not allow codeSigning");
	}
	return TRUE;
}

/* Returns: (transfer full) (nullable): the one CN; a NUL in it would hide what comes behind */
static char *
read_common_name(X509 *cert)
{
	X509_NAME *name = X509_get_subject_name(cert);
	int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	unsigned char *utf8 = NULL;
	char *text = NULL;
	int len;

	if (index < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, index) >= 0)
		return NULL;
	len = ASN1_STRING_to_UTF8(&utf8,
				  X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
	if (len >= 0 && memchr(utf8, '\0', (size_t)len) == NULL)
		text = g_strndup((const char *)utf8, (size_t)len);
	OPENSSL_free(utf8);
	return text;
}

static gboolean
check_common_name(const BscKeyring *self, X509 *leaf, GError **error)
{
	g_autofree char *name = NULL;

	if (self->allowed_signer_cns == NULL || self->allowed_signer_cns[0] == NULL)
		return TRUE;
	name = read_common_name(leaf);
	if (name == NULL)
		return untrusted(error, "the signer has no usable common name", leaf,
				 "allowed-signer-cns wants exactly one, without NUL in it");
	if (!g_strv_contains((const char *const *)self->allowed_signer_cns, name))
		return untrusted(error, "the signer is not among the allowed ones", leaf,
				 "its common name is not listed in allowed-signer-cns");
	return TRUE;
}

static gboolean
choose_time(const BscKeyring *self, gint64 signing_time_usec, gint64 *out, GError **error)
{
	*out = bsc_keyring_get_now(self, NULL);
	if (!self->use_bundle_signing_time || self->no_check_time)
		return TRUE;
	if (signing_time_usec == 0)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNTRUSTED,
				     "signature verification failed: the signature does not tell "
				     "its signing time, and use-bundle-signing-time is on");
	*out = signing_time_usec;
	return TRUE;
}

gboolean
bsc_keyring_check_chain(const BscKeyring *self, X509 *leaf, BscX509Stack *untrusted_certs,
			gint64 signing_time_usec, BscX509Stack **out_chain, GError **error)
{
	g_autoptr(X509_STORE_CTX) ctx = X509_STORE_CTX_new();
	g_autoptr(BscX509Stack) chain = NULL;
	gint64 time_usec;

	if (!choose_time(self, signing_time_usec, &time_usec, error))
		return FALSE;
	if (ctx == NULL || X509_STORE_CTX_init(ctx, self->store, leaf, untrusted_certs) != 1) {
		g_autofree char *reason = bsc_certificate_take_reason();

		return untrusted(error, reason, leaf, "");
	}
	set_rules(self, ctx, time_usec);
	if (X509_verify_cert(ctx) != 1)
		return refuse_chain(ctx, time_usec, error);
	chain = X509_STORE_CTX_get1_chain(ctx);
	if ((self->is_codesign && !check_codesign(chain, error)) ||
	    !check_common_name(self, leaf, error))
		return FALSE;
	if (out_chain != NULL)
		*out_chain = g_steal_pointer(&chain);
	return TRUE;
}

static int
give_passphrase(char *buf, int size, int rwflag, void *user)
{
	Passphrase *passphrase = user;
	size_t len;

	passphrase->was_asked = TRUE;
	if (passphrase->passphrase == NULL)
		return -1;
	len = strlen(passphrase->passphrase);
	if (len > (size_t)size)
		return -1;
	memcpy(buf, passphrase->passphrase, len);
	return (int)len;
}

static void
wipe_bytes(GBytes *bytes)
{
	size_t len;
	g_autofree char *data = g_bytes_unref_to_data(bytes, &len);

	explicit_bzero(data, len);
}

static EVP_PKEY *
refuse_key_file(const char *path, const Passphrase *passphrase, GError **error)
{
	g_autofree char *reason = bsc_certificate_take_reason();

	if (passphrase->was_asked && passphrase->passphrase == NULL)
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
			      "Key '%s' is encrypted, and no passphrase is given", path);
	else if (passphrase->was_asked)
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
			      "Failed to decrypt key '%s': wrong passphrase? (%s)", path, reason);
	else
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			      "'%s' is not a PEM file with a private key: %s", path, reason);
	return NULL;
}

static EVP_PKEY *
load_key_file(const char *path, const char *text, GError **error)
{
	Passphrase passphrase = {.passphrase = text};
	GBytes *bytes = bsc_io_read_file(path, BSC_CERTIFICATE_MAX_PEM_BYTES, error);
	g_autoptr(BIO) bio = NULL;
	EVP_PKEY *key = NULL;

	if (bytes == NULL)
		return NULL;
	ERR_clear_error();
	bio = BIO_new_mem_buf(g_bytes_get_data(bytes, NULL), (int)g_bytes_get_size(bytes));
	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &passphrase);
	wipe_bytes(bytes);
	return key != NULL ? key : refuse_key_file(path, &passphrase, error);
}

static BscPkcs11Token
get_token(const char *uri, const BscKeyringKeyOptions *options)
{
	return (BscPkcs11Token){
		.uri = uri,
		.module = options->pkcs11_module,
		.pin = options->pkcs11_pin,
	};
}

static EVP_PKEY *
load_key(const BscKeyringKeyOptions *options, GError **error)
{
	BscPkcs11Token token = get_token(options->key, options);

	if (bsc_pkcs11_is_uri(options->key))
		return bsc_pkcs11_load_key(&token, error);
	return load_key_file(options->key, options->passphrase, error);
}

static X509 *
load_cert(const BscKeyringKeyOptions *options, GError **error)
{
	BscPkcs11Token token = get_token(options->cert, options);
	g_autoptr(BscX509Stack) certs = NULL;

	if (bsc_pkcs11_is_uri(options->cert))
		return bsc_pkcs11_load_cert(&token, error);
	certs = bsc_certificate_load_file(options->cert, error);
	return certs != NULL ? sk_X509_shift(certs) : NULL;
}

static gboolean
check_pair(X509 *cert, EVP_PKEY *key, GError **error)
{
	g_autofree char *subject = NULL;

	if (X509_check_private_key(cert, key) == 1)
		return TRUE;
	ERR_clear_error();
	subject = bsc_certificate_format_name(X509_get_subject_name(cert));
	return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			     "The private key does not belong to the certificate of '%s'", subject);
}

/* RSA and EC are known to work; what else there is must prove it on one byte. */
static gboolean
check_can_sign(X509 *cert, EVP_PKEY *key, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = NULL;
	g_autoptr(BIO) bio = NULL;

	if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS") || EVP_PKEY_is_a(key, "EC"))
		return TRUE;
	bio = BIO_new_mem_buf("x", 1);
	cms = CMS_sign(cert, key, NULL, bio, CMS_BINARY | CMS_NOSMIMECAP | CMS_DETACHED);
	ERR_clear_error();
	if (cms != NULL)
		return TRUE;
	return bsc_error_set(
		error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
		"%s cannot make a CMS signature with a key of type %s; use RSA or ECDSA",
		OpenSSL_version(OPENSSL_VERSION), EVP_PKEY_get0_type_name(key));
}

static gboolean
load_intermediates(BscSigningKey *self, const char *const *paths, GError **error)
{
	for (size_t i = 0; paths != NULL && paths[i] != NULL; i++) {
		g_autoptr(BscX509Stack) certs = bsc_certificate_load_file(paths[i], error);

		if (certs == NULL)
			return FALSE;
		while (sk_X509_num(certs) > 0)
			sk_X509_push(self->intermediates, sk_X509_shift(certs));
	}
	return TRUE;
}

BscSigningKey *
bsc_keyring_load_signer(const BscKeyringKeyOptions *options, GError **error)
{
	g_autoptr(BscSigningKey) self = g_new0(BscSigningKey, 1);

	if (options->cert == NULL || options->key == NULL) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			      "To sign, both a certificate and a private key are needed");
		return NULL;
	}
	self->intermediates = sk_X509_new_null();
	self->cert = load_cert(options, error);
	if (self->cert == NULL)
		return NULL;
	self->key = load_key(options, error);
	if (self->key == NULL || !check_pair(self->cert, self->key, error) ||
	    !check_can_sign(self->cert, self->key, error) ||
	    !load_intermediates(self, options->intermediates, error))
		return NULL;
	return g_steal_pointer(&self);
}

void
bsc_keyring_free_signer(BscSigningKey *key)
{
	if (key == NULL)
		return;
	X509_free(key->cert);
	EVP_PKEY_free(key->key);
	sk_X509_pop_free(key->intermediates, X509_free);
	g_free(key);
}

BscDecryptionKey *
bsc_keyring_load_decryption_key(const BscKeyringKeyOptions *options, GError **error)
{
	g_autoptr(BscDecryptionKey) self = g_new0(BscDecryptionKey, 1);

	if (options->key == NULL) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			      "To decrypt, a private key is needed");
		return NULL;
	}
	self->key = load_key(options, error);
	if (self->key == NULL)
		return NULL;
	if (options->cert == NULL)
		return g_steal_pointer(&self);
	self->cert = load_cert(options, error);
	if (self->cert == NULL || !check_pair(self->cert, self->key, error))
		return NULL;
	return g_steal_pointer(&self);
}

void
bsc_keyring_free_decryption_key(BscDecryptionKey *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->key);
	X509_free(key->cert);
	g_free(key);
}
