/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/cms.h"

#include "bundle-tools/format/certificate.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/openssl-autoptr.h"

#include <openssl/err.h>
#include <openssl/pem.h>

gboolean
bsc_cms_inspect(const uint8_t *der, size_t len, BscCmsKind *out, GError **error)
{
	return bsc_cms_bytes_inspect(der, len, out, error);
}

static GBytes *
copy_content(CMS_ContentInfo *cms)
{
	ASN1_OCTET_STRING **content = CMS_get0_content(cms);

	return g_bytes_new(ASN1_STRING_get0_data(*content), (gsize)ASN1_STRING_length(*content));
}

GBytes *
bsc_cms_read_attached_unverified(const uint8_t *der, size_t len, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms =
		bsc_cms_bytes_parse_kind(der, len, BSC_CMS_ATTACHED, error);

	return cms != NULL ? copy_content(cms) : NULL;
}

static void
cert_free(BscCmsCert *cert)
{
	g_free(cert->subject);
	g_free(cert->issuer);
	g_free(cert->serial_hex);
	g_free(cert->spki_hash);
	g_free(cert->pem);
	g_free(cert);
}

void
bsc_cms_signer_info_free(BscCmsSignerInfo *info)
{
	if (info == NULL)
		return;
	g_ptr_array_unref(info->chain);
	g_strfreev(info->spki_hashes);
	g_free(info);
}

static char *
format_spki_hash(X509 *cert)
{
	g_autoptr(GString) text = g_string_new(NULL);
	unsigned char *der = NULL;
	uint8_t digest[BSC_DIGEST_LEN];
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	if (len < 0)
		return g_strdup("?");
	bsc_digest_compute(der, (size_t)len, digest);
	OPENSSL_free(der);
	for (size_t i = 0; i < sizeof(digest); i++)
		g_string_append_printf(text, "%s%02X", i > 0 ? ":" : "", digest[i]);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *
format_pem(X509 *cert)
{
	g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	long len;

	PEM_write_bio_X509(bio, cert);
	len = BIO_get_mem_data(bio, &data);
	return g_strndup(data != NULL ? data : "", (size_t)len);
}

static BscCmsCert *
describe_cert(X509 *x509)
{
	BscCmsCert *cert = g_new0(BscCmsCert, 1);

	cert->subject = bsc_certificate_format_name(X509_get_subject_name(x509));
	cert->issuer = bsc_certificate_format_name(X509_get_issuer_name(x509));
	cert->serial_hex = bsc_cms_bytes_format_serial(X509_get0_serialNumber(x509));
	cert->spki_hash = format_spki_hash(x509);
	cert->pem = format_pem(x509);
	cert->not_before_usec = bsc_certificate_read_time(X509_get0_notBefore(x509));
	cert->not_after_usec = bsc_certificate_read_time(X509_get0_notAfter(x509));
	return cert;
}

static gint64
read_signing_time(CMS_SignerInfo *si)
{
	const ASN1_OBJECT *attr = OBJ_nid2obj(NID_pkcs9_signingTime);
	const ASN1_TIME *time = CMS_signed_get0_data_by_OBJ(si, attr, -3, V_ASN1_UTCTIME);

	if (time == NULL)
		time = CMS_signed_get0_data_by_OBJ(si, attr, -3, V_ASN1_GENERALIZEDTIME);
	ERR_clear_error();
	return bsc_certificate_read_time(time);
}

/* @chain: may be %NULL */
static BscCmsSignerInfo *
describe_signer(CMS_ContentInfo *cms, CMS_SignerInfo *si, BscX509Stack *chain)
{
	BscCmsSignerInfo *info = g_new0(BscCmsSignerInfo, 1);
	g_autoptr(GStrvBuilder) hashes = g_strv_builder_new();

	info->n_signers = (guint)sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms));
	info->signing_time_usec = read_signing_time(si);
	info->chain = g_ptr_array_new_with_free_func((GDestroyNotify)cert_free);
	for (int i = 0; chain != NULL && i < sk_X509_num(chain); i++) {
		BscCmsCert *cert = describe_cert(sk_X509_value(chain, i));

		g_ptr_array_add(info->chain, cert);
		g_strv_builder_add(hashes, cert->spki_hash);
	}
	info->spki_hashes = g_strv_builder_end(hashes);
	return info;
}

/* The signer's certificate first, if it came along. */
static BscX509Stack *
collect_certs(CMS_ContentInfo *cms, CMS_SignerInfo *si)
{
	BscX509Stack *certs = CMS_get1_certs(cms);

	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		if (CMS_SignerInfo_cert_cmp(si, cert) != 0)
			continue;
		sk_X509_delete(certs, i);
		sk_X509_unshift(certs, cert);
		break;
	}
	return certs;
}

GPtrArray *
bsc_cms_read_signers_unverified(const uint8_t *der, size_t len, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = bsc_cms_bytes_parse_signed(der, len, error);
	STACK_OF(CMS_SignerInfo) * infos;
	GPtrArray *signers;

	if (cms == NULL)
		return NULL;
	infos = CMS_get0_SignerInfos(cms);
	signers = g_ptr_array_new_with_free_func((GDestroyNotify)bsc_cms_signer_info_free);
	for (int i = 0; i < sk_CMS_SignerInfo_num(infos); i++) {
		CMS_SignerInfo *si = sk_CMS_SignerInfo_value(infos, i);
		g_autoptr(BscX509Stack) certs = collect_certs(cms, si);

		g_ptr_array_add(signers, describe_signer(cms, si, certs));
	}
	return signers;
}

static gboolean
check_digest(CMS_SignerInfo *si, GError **error)
{
	static const int strong[] = {NID_sha256,   NID_sha384,	 NID_sha512,  NID_sha512_256,
				     NID_sha3_256, NID_sha3_384, NID_sha3_512};
	const ASN1_OBJECT *object = NULL;
	X509_ALGOR *algorithm = NULL;
	const char *name;
	int nid;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &algorithm, NULL);
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	nid = OBJ_obj2nid(object);
	for (size_t i = 0; i < G_N_ELEMENTS(strong); i++) {
		if (nid == strong[i])
			return TRUE;
	}
	name = OBJ_nid2sn(nid);
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_SIGNATURE,
			     "signature verification failed: digest '%s' is too weak or unknown; "
			     "sign with SHA-256",
			     name != NULL ? name : "?");
}

/*
 * RFC 5652 section 11.1: with signed attributes there must be one content type, the same as that
 * of the content. OpenSSL counts it, but does not compare.
 */
static gboolean
check_content_type(CMS_ContentInfo *cms, CMS_SignerInfo *si, GError **error)
{
	const ASN1_OBJECT *type;

	if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return bsc_cms_bytes_refuse_plainly(
			error, "signature verification failed: the content is not "
			       "of type id-data");
	if (CMS_signed_get_attr_count(si) < 0)
		return TRUE;
	type = CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(NID_pkcs9_contentType), -3,
					   V_ASN1_OBJECT);
	if (type == NULL || OBJ_obj2nid(type) != NID_pkcs7_data)
		return bsc_cms_bytes_refuse_plainly(
			error, "signature verification failed: the signed content "
			       "type is not id-data");
	return TRUE;
}

/* Returns: (transfer none) (nullable): the only signer, its certificate found and set */
static CMS_SignerInfo *
find_signer(CMS_ContentInfo *cms, X509 **out_cert, GError **error)
{
	STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
	int n_signers = MAX(sk_CMS_SignerInfo_num(infos), 0);
	CMS_SignerInfo *si;

	if (n_signers != 1) {
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_SIGNATURE,
			      "Unsupported number of signers: %d", n_signers);
		return NULL;
	}
	si = sk_CMS_SignerInfo_value(infos, 0);
	if (!check_content_type(cms, si, error) || !check_digest(si, error))
		return NULL;
	CMS_set1_signers_certs(cms, NULL, 0);
	CMS_SignerInfo_get0_algs(si, NULL, out_cert, NULL, NULL);
	ERR_clear_error();
	if (*out_cert != NULL)
		return si;
	bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNTRUSTED,
		      "signature verification failed: the signer's certificate did not come along");
	return NULL;
}

/*
 * CRLs that came along are not looked at: a signer whose certificate was revoked could bring an
 * old one that does not know it yet, and OpenSSL asks those first.
 */
static gboolean
check_signer(CMS_ContentInfo *cms, const BscKeyring *keyring, CMS_SignerInfo **out_si,
	     BscCmsSignerInfo **out_info, GError **error)
{
	g_autoptr(BscX509Stack) certs = CMS_get1_certs(cms);
	g_autoptr(BscX509Stack) chain = NULL;
	X509 *cert = NULL;
	CMS_SignerInfo *si = find_signer(cms, &cert, error);

	if (si == NULL)
		return FALSE;
	if (!bsc_keyring_check_chain(keyring, cert, certs, read_signing_time(si), &chain, error))
		return FALSE;
	if (CMS_signed_get_attr_count(si) >= 0 && CMS_SignerInfo_verify(si) != 1)
		return bsc_cms_bytes_refuse(
			error, BSC_BUNDLE_ERROR_SIGNATURE,
			"signature verification failed: the signature does not fit");
	*out_si = si;
	*out_info = describe_signer(cms, si, chain);
	return TRUE;
}

/* A BIO that only computes the digests of what is written to it. */
static BIO *
open_digest(CMS_ContentInfo *cms, GError **error)
{
	BIO *sink = BIO_new(BIO_s_null());
	BIO *bio = CMS_dataInit(cms, sink);

	if (bio != NULL)
		return bio;
	BIO_free(sink);
	bsc_cms_bytes_refuse(error, BSC_BUNDLE_ERROR_SIGNATURE, "signature verification failed");
	return NULL;
}

static gboolean
check_digest_of_content(CMS_SignerInfo *si, BIO *bio, GError **error)
{
	if (CMS_SignerInfo_verify_content(si, bio) == 1)
		return TRUE;
	return bsc_cms_bytes_refuse(
		error, BSC_BUNDLE_ERROR_SIGNATURE,
		"signature verification failed: the content is not what was signed");
}

gboolean
bsc_cms_verify_attached(const uint8_t *der, size_t len, const BscKeyring *keyring,
			GBytes **out_content, BscCmsSignerInfo **out_info, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms =
		bsc_cms_bytes_parse_kind(der, len, BSC_CMS_ATTACHED, error);
	g_autoptr(BscCmsSignerInfo) info = NULL;
	g_autoptr(GBytes) content = NULL;
	g_autoptr(BIO) bio = NULL;
	CMS_SignerInfo *si = NULL;
	const uint8_t *data;
	gsize content_len;

	if (cms == NULL || !check_signer(cms, keyring, &si, &info, error))
		return FALSE;
	bio = open_digest(cms, error);
	if (bio == NULL)
		return FALSE;
	content = copy_content(cms);
	data = g_bytes_get_data(content, &content_len);
	if (!bsc_cms_bytes_write(bio, data, content_len, error) ||
	    !check_digest_of_content(si, bio, error))
		return FALSE;
	*out_content = g_steal_pointer(&content);
	if (out_info != NULL)
		*out_info = g_steal_pointer(&info);
	return TRUE;
}

gboolean
bsc_cms_verify_detached(const uint8_t *der, size_t len, BscByteSource *content, BscCmsChunkFunc tee,
			gpointer user, const BscKeyring *keyring, BscCmsSignerInfo **out_info,
			GError **error)
{
	g_autoptr(CMS_ContentInfo) cms =
		bsc_cms_bytes_parse_kind(der, len, BSC_CMS_DETACHED, error);
	g_autoptr(BscCmsSignerInfo) info = NULL;
	g_autoptr(BIO) bio = NULL;
	CMS_SignerInfo *si = NULL;

	if (cms == NULL || !check_signer(cms, keyring, &si, &info, error))
		return FALSE;
	bio = open_digest(cms, error);
	if (bio == NULL || !bsc_cms_bytes_pump(content, bio, tee, user, error) ||
	    !check_digest_of_content(si, bio, error))
		return FALSE;
	if (out_info != NULL)
		*out_info = g_steal_pointer(&info);
	return TRUE;
}
