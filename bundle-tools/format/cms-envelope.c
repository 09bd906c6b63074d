/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/cms-envelope.h"

#include "bundle-tools/format/certificate.h"
#include "bundle-tools/format/cms-bytes.h"
#include "common/error.h"
#include "common/openssl-autoptr.h"

#include <gio/gio.h>
#include <openssl/err.h>

static gboolean
check_recipient(X509 *cert, const char *path, GError **error)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	g_autofree char *subject = NULL;

	if (key != NULL && (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "EC")))
		return TRUE;
	ERR_clear_error();
	subject = bsc_certificate_format_name(X509_get_subject_name(cert));
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
			     "Cannot encrypt for '%s' of '%s': its key is of type %s, RSA or EC is "
			     "wanted",
			     subject, path, key != NULL ? EVP_PKEY_get0_type_name(key) : "?");
}

static BscX509Stack *
load_recipients(const char *const *paths, GError **error)
{
	g_autoptr(BscX509Stack) all = sk_X509_new_null();

	for (size_t i = 0; paths[i] != NULL; i++) {
		g_autoptr(BscX509Stack) certs = bsc_certificate_load_file(paths[i], error);

		if (certs == NULL)
			return NULL;
		while (sk_X509_num(certs) > 0) {
			X509 *cert = sk_X509_shift(certs);

			sk_X509_push(all, cert);
			if (!check_recipient(cert, paths[i], error))
				return NULL;
		}
	}
	if (sk_X509_num(all) > 0)
		return g_steal_pointer(&all);
	bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
		      "To encrypt, at least one recipient's certificate is needed");
	return NULL;
}

GBytes *
bsc_cms_envelope_seal(GBytes *signed_der, const char *const *recipient_pems, GError **error)
{
	g_autoptr(BscX509Stack) recipients = load_recipients(recipient_pems, error);
	g_autoptr(CMS_ContentInfo) cms = NULL;
	g_autoptr(BIO) bio = NULL;
	gsize len;
	const void *data = g_bytes_get_data(signed_der, &len);

	if (recipients == NULL)
		return NULL;
	ERR_clear_error();
	bio = BIO_new_mem_buf(data, (int)len);
	cms = CMS_encrypt(recipients, bio, EVP_aes_256_cbc(), CMS_BINARY);
	if (cms == NULL) {
		bsc_cms_bytes_refuse(error, BSC_BUNDLE_ERROR_UNSUPPORTED,
				     "Failed to encrypt the signature");
		return NULL;
	}
	return bsc_cms_bytes_encode(cms, error);
}

static char *
format_recipient(const char *kind, const X509_NAME *issuer, const ASN1_INTEGER *serial)
{
	g_autofree char *name = NULL;
	g_autofree char *number = NULL;

	if (issuer == NULL || serial == NULL)
		return g_strdup_printf("%s key identifier", kind);
	name = bsc_certificate_format_name(issuer);
	number = bsc_cms_bytes_format_serial(serial);
	return g_strdup_printf("%s issuer='%s' serial=%s", kind, name, number);
}

static void
add_agree_recipients(GStrvBuilder *lines, CMS_RecipientInfo *ri)
{
	STACK_OF(CMS_RecipientEncryptedKey) *keys = CMS_RecipientInfo_kari_get0_reks(ri);

	for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); i++) {
		CMS_RecipientEncryptedKey *key = sk_CMS_RecipientEncryptedKey_value(keys, i);
		g_autofree char *line = NULL;
		X509_NAME *issuer = NULL;
		ASN1_INTEGER *serial = NULL;

		CMS_RecipientEncryptedKey_get0_id(key, NULL, NULL, NULL, &issuer, &serial);
		line = format_recipient("EC", issuer, serial);
		g_strv_builder_add(lines, line);
	}
}

static void
add_recipient(GStrvBuilder *lines, CMS_RecipientInfo *ri)
{
	g_autofree char *line = NULL;
	X509_NAME *issuer = NULL;
	ASN1_INTEGER *serial = NULL;

	switch (CMS_RecipientInfo_type(ri)) {
	case CMS_RECIPINFO_TRANS:
		CMS_RecipientInfo_ktri_get0_signer_id(ri, NULL, &issuer, &serial);
		line = format_recipient("RSA", issuer, serial);
		g_strv_builder_add(lines, line);
		break;
	case CMS_RECIPINFO_AGREE:
		add_agree_recipients(lines, ri);
		break;
	default:
		g_strv_builder_add(lines, "unknown kind of recipient");
		break;
	}
}

char **
bsc_cms_envelope_list_recipients(const uint8_t *der, size_t len, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms =
		bsc_cms_bytes_parse_kind(der, len, BSC_CMS_ENVELOPED, error);
	g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
	STACK_OF(CMS_RecipientInfo) * infos;

	if (cms == NULL)
		return NULL;
	infos = CMS_get0_RecipientInfos(cms);
	for (int i = 0; i < sk_CMS_RecipientInfo_num(infos); i++)
		add_recipient(lines, sk_CMS_RecipientInfo_value(infos, i));
	return g_strv_builder_end(lines);
}

/*
 * OpenSSL goes on with a random key where no recipient fits, so that an attacker cannot tell the
 * difference; then the content comes out as noise, which is found out here.
 */
static gboolean
is_signature(const uint8_t *der, size_t len)
{
	g_autoptr(CMS_ContentInfo) cms = bsc_cms_bytes_parse_signed(der, len, NULL);

	return cms != NULL;
}

static gboolean
refuse_envelope(CMS_ContentInfo *cms, GError **error)
{
	int n_recipients = sk_CMS_RecipientInfo_num(CMS_get0_RecipientInfos(cms));
	g_autofree char *reason = bsc_certificate_take_reason();

	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_DECRYPT,
			     "Failed to decrypt the signature: wrong key, the bundle is encrypted "
			     "for %d other recipient(s) (%s)",
			     MAX(n_recipients, 0), reason);
}

GBytes *
bsc_cms_envelope_open(const uint8_t *der, size_t len, const BscDecryptionKey *key, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms =
		bsc_cms_bytes_parse_kind(der, len, BSC_CMS_ENVELOPED, error);
	g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
	uint8_t *data = NULL;
	long data_len;

	if (cms == NULL)
		return NULL;
	if (CMS_decrypt(cms, key->key, key->cert, NULL, bio, CMS_BINARY) != 1) {
		refuse_envelope(cms, error);
		return NULL;
	}
	data_len = BIO_get_mem_data(bio, &data);
	if (data_len <= 0 || !is_signature(data, (size_t)data_len)) {
		refuse_envelope(cms, error);
		return NULL;
	}
	return g_bytes_new(data, (gsize)data_len);
}
