/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/cms-sign.h"

#include "bundle-tools/format/certificate.h"
#include "bundle-tools/format/cms-bytes.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/openssl-autoptr.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#define SIGN_FLAGS (CMS_BINARY | CMS_NOSMIMECAP | CMS_PARTIAL)

static gboolean
refuse_signing(GError **error)
{
	return bsc_cms_bytes_refuse(error, BSC_BUNDLE_ERROR_SIGNATURE, "Failed to sign");
}

/* OpenSSL refuses a certificate that is there already. */
static gboolean
add_cert(CMS_ContentInfo *cms, X509 *cert)
{
	g_autoptr(BscX509Stack) certs = CMS_get1_certs(cms);

	for (int i = 0; i < sk_X509_num(certs); i++) {
		if (X509_cmp(sk_X509_value(certs, i), cert) == 0)
			return TRUE;
	}
	return CMS_add1_cert(cms, cert) == 1;
}

static gboolean
add_certs(CMS_ContentInfo *cms, const BscSigningKey *key)
{
	if (!add_cert(cms, key->cert))
		return FALSE;
	for (int i = 0; i < sk_X509_num(key->intermediates); i++) {
		if (!add_cert(cms, sk_X509_value(key->intermediates, i)))
			return FALSE;
	}
	return TRUE;
}

static gboolean
choose_signing_time(X509 *cert, gint64 asked_usec, gint64 *out, GError **error)
{
	gint64 not_before = bsc_certificate_read_time(X509_get0_notBefore(cert));
	gint64 not_after = bsc_certificate_read_time(X509_get0_notAfter(cert));
	g_autofree char *asked = NULL;
	g_autofree char *from = NULL;
	g_autofree char *to = NULL;

	*out = asked_usec != 0 ? asked_usec : bsc_clock_now_usec();
	if (asked_usec == 0 || (asked_usec >= not_before && asked_usec <= not_after))
		return TRUE;
	asked = bsc_clock_format_utc(asked_usec);
	from = bsc_clock_format_utc(not_before);
	to = bsc_clock_format_utc(not_after);
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNTRUSTED,
			     "The signing time %s is not within the validity of the signer's "
			     "certificate, %s to %s",
			     asked, from, to);
}

/* Set by us, else OpenSSL takes the system clock. The type follows RFC 5652 section 11.3. */
static gboolean
add_signing_time(CMS_SignerInfo *si, gint64 time_usec)
{
	ASN1_TIME *time = ASN1_TIME_set(NULL, (time_t)(time_usec / G_USEC_PER_SEC));
	gboolean good;

	good = time != NULL && CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime,
							   ASN1_STRING_type(time), time, -1) == 1;
	ASN1_TIME_free(time);
	return good;
}

/* Asked for in words also with a key for PSS only: else OpenSSL 3.0 writes rsaEncryption. */
static gboolean
set_pss(CMS_SignerInfo *si)
{
	EVP_PKEY_CTX *ctx = CMS_SignerInfo_get0_pkey_ctx(si);

	return ctx != NULL && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* Returns: (transfer none) (nullable): the new signer, all attributes but the digest set */
static CMS_SignerInfo *
add_signer(CMS_ContentInfo *cms, const BscSigningKey *key, const BscCmsSignOptions *options,
	   unsigned flags, GError **error)
{
	gboolean is_pss_key = EVP_PKEY_is_a(key->key, "RSA-PSS");
	gboolean pss = is_pss_key || (options != NULL && options->pss);
	CMS_SignerInfo *si;
	gint64 time_usec;

	if (pss && !is_pss_key && !EVP_PKEY_is_a(key->key, "RSA")) {
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
			      "RSASSA-PSS is asked for, but the key is of type %s",
			      EVP_PKEY_get0_type_name(key->key));
		return NULL;
	}
	if (!choose_signing_time(key->cert, options != NULL ? options->signing_time_usec : 0,
				 &time_usec, error))
		return NULL;
	if (pss)
		flags |= CMS_KEY_PARAM;
	si = CMS_add1_signer(cms, key->cert, key->key, EVP_sha256(),
			     flags | SIGN_FLAGS | CMS_NOCERTS);
	if (si == NULL || (pss && !set_pss(si)) || !add_signing_time(si, time_usec) ||
	    !add_certs(cms, key)) {
		refuse_signing(error);
		return NULL;
	}
	return si;
}

static CMS_ContentInfo *
new_signed(const BscSigningKey *key, const BscCmsSignOptions *options, unsigned flags,
	   GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = NULL;

	ERR_clear_error();
	cms = CMS_sign(NULL, NULL, NULL, NULL, SIGN_FLAGS | flags);
	if (cms == NULL) {
		refuse_signing(error);
		return NULL;
	}
	if (add_signer(cms, key, options, flags, error) == NULL)
		return NULL;
	return g_steal_pointer(&cms);
}

static GBytes *
finish_signed(CMS_ContentInfo *cms, BIO *bio, GError **error)
{
	if (BIO_flush(bio) != 1 || CMS_dataFinal(cms, bio) != 1) {
		refuse_signing(error);
		return NULL;
	}
	return bsc_cms_bytes_encode(cms, error);
}

GBytes *
bsc_cms_sign_attached(GBytes *content, const BscSigningKey *key, const BscCmsSignOptions *options,
		      GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = new_signed(key, options, 0, error);
	g_autoptr(BIO) bio = NULL;
	const uint8_t *data;
	gsize len;

	if (cms == NULL)
		return NULL;
	bio = CMS_dataInit(cms, NULL);
	if (bio == NULL) {
		refuse_signing(error);
		return NULL;
	}
	data = g_bytes_get_data(content, &len);
	if (!bsc_cms_bytes_write(bio, data, len, error))
		return NULL;
	return finish_signed(cms, bio, error);
}

GBytes *
bsc_cms_sign_detached(BscByteSource *content, const BscSigningKey *key,
		      const BscCmsSignOptions *options, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = new_signed(key, options, CMS_DETACHED, error);
	g_autoptr(BIO) bio = NULL;

	if (cms == NULL)
		return NULL;
	bio = CMS_dataInit(cms, NULL);
	if (bio == NULL) {
		refuse_signing(error);
		return NULL;
	}
	if (!bsc_cms_bytes_pump(content, bio, NULL, NULL, error))
		return NULL;
	return finish_signed(cms, bio, error);
}

GBytes *
bsc_cms_sign_append(const uint8_t *der, size_t len, const BscSigningKey *key,
		    const BscCmsSignOptions *options, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = bsc_cms_bytes_parse_signed(der, len, error);
	CMS_SignerInfo *si;

	if (cms == NULL)
		return NULL;
	si = add_signer(cms, key, options, CMS_REUSE_DIGEST, error);
	if (si == NULL)
		return NULL;
	if (CMS_SignerInfo_sign(si) != 1) {
		refuse_signing(error);
		return NULL;
	}
	return bsc_cms_bytes_encode(cms, error);
}
