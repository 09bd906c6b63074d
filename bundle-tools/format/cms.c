/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/cms.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/openssl-autoptr.h"

#include <gio/gio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define SIGN_FLAGS (CMS_BINARY | CMS_NOSMIMECAP | CMS_PARTIAL)

/* Sets @error with OpenSSL's reason behind @words. */
static gboolean
refuse(GError **error, BscBundleError code, const char *words)
{
	g_autofree char *reason = bsc_keyring_take_reason();

	return bsc_error_set(error, BSC_BUNDLE_ERROR, (int)code, "%s: %s", words, reason);
}

static gboolean
refuse_signature(GError **error, const char *words)
{
	ERR_clear_error();
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_SIGNATURE, "%s", words);
}

/* ---- parsing ------------------------------------------------------------------------------ */

/* Nothing may follow: what no signature covers has no business there. */
static CMS_ContentInfo *
parse_der(const uint8_t *der, size_t len, GError **error)
{
	const unsigned char *end = der;
	g_autoptr(CMS_ContentInfo) cms = NULL;

	ERR_clear_error();
	if (len <= G_MAXINT)
		cms = d2i_CMS_ContentInfo(NULL, &end, (long)len);
	if (cms == NULL) {
		refuse(error, BSC_BUNDLE_ERROR_SIGNATURE, "The signature is not a CMS in DER");
		return NULL;
	}
	if (end != der + len) {
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_SIGNATURE,
			      "%zu bytes follow the CMS of the signature",
			      (size_t)(der + len - end));
		return NULL;
	}
	return g_steal_pointer(&cms);
}

static gboolean
get_kind(CMS_ContentInfo *cms, BscCmsKind *out, GError **error)
{
	const ASN1_OBJECT *type = CMS_get0_type(cms);
	const char *name;

	switch (OBJ_obj2nid(type)) {
	case NID_pkcs7_signed:
		*out = CMS_is_detached(cms) != 0 ? BSC_CMS_DETACHED : BSC_CMS_ATTACHED;
		ERR_clear_error();
		return TRUE;
	case NID_pkcs7_enveloped:
		*out = BSC_CMS_ENVELOPED;
		return TRUE;
	default:
		name = OBJ_nid2sn(OBJ_obj2nid(type));
		return bsc_error_set(
			error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			"The signature is a CMS of type '%s'; signed or enveloped data "
			"is wanted",
			name != NULL ? name : "?");
	}
}

gboolean
bsc_cms_inspect(const uint8_t *der, size_t len, BscCmsKind *out, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = parse_der(der, len, error);

	return cms != NULL && get_kind(cms, out, error);
}

static CMS_ContentInfo *
parse_kind(const uint8_t *der, size_t len, BscCmsKind want, GError **error)
{
	static const char *const words[BSC_CMS_N] = {
		"The signature holds its content, one over content outside of it is wanted",
		"The signature does not hold its content",
		"The CMS is not encrypted",
	};
	g_autoptr(CMS_ContentInfo) cms = parse_der(der, len, error);
	BscCmsKind kind;

	if (cms == NULL || !get_kind(cms, &kind, error))
		return NULL;
	if (kind == want)
		return g_steal_pointer(&cms);
	refuse_signature(error,
			 kind == BSC_CMS_ENVELOPED ? "The signature is encrypted" : words[want]);
	return NULL;
}

static CMS_ContentInfo *
parse_signed(const uint8_t *der, size_t len, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = parse_der(der, len, error);
	BscCmsKind kind;

	if (cms == NULL || !get_kind(cms, &kind, error))
		return NULL;
	if (kind != BSC_CMS_ENVELOPED)
		return g_steal_pointer(&cms);
	refuse_signature(error, "The signature is encrypted");
	return NULL;
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
	g_autoptr(CMS_ContentInfo) cms = parse_kind(der, len, BSC_CMS_ATTACHED, error);

	return cms != NULL ? copy_content(cms) : NULL;
}

/* ---- who signed --------------------------------------------------------------------------- */

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
format_serial(const ASN1_INTEGER *serial)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = number != NULL ? BN_bn2hex(number) : NULL;
	char *text = g_strdup(hex != NULL ? hex : "?");

	OPENSSL_free(hex);
	BN_free(number);
	return text;
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

	cert->subject = bsc_keyring_format_name(X509_get_subject_name(x509));
	cert->issuer = bsc_keyring_format_name(X509_get_issuer_name(x509));
	cert->serial_hex = format_serial(X509_get0_serialNumber(x509));
	cert->spki_hash = format_spki_hash(x509);
	cert->pem = format_pem(x509);
	cert->not_before_usec = bsc_keyring_read_time(X509_get0_notBefore(x509));
	cert->not_after_usec = bsc_keyring_read_time(X509_get0_notAfter(x509));
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
	return bsc_keyring_read_time(time);
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
	g_autoptr(CMS_ContentInfo) cms = parse_signed(der, len, error);
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

/* ---- verifying ---------------------------------------------------------------------------- */

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
		return refuse_signature(error, "signature verification failed: the content is not "
					       "of type id-data");
	if (CMS_signed_get_attr_count(si) < 0)
		return TRUE;
	type = CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(NID_pkcs9_contentType), -3,
					   V_ASN1_OBJECT);
	if (type == NULL || OBJ_obj2nid(type) != NID_pkcs7_data)
		return refuse_signature(error, "signature verification failed: the signed content "
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
		return refuse(error, BSC_BUNDLE_ERROR_SIGNATURE,
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
	refuse(error, BSC_BUNDLE_ERROR_SIGNATURE, "signature verification failed");
	return NULL;
}

static gboolean
write_bio(BIO *bio, const uint8_t *data, size_t len, GError **error)
{
	size_t written = 0;

	if (len == 0 || (BIO_write_ex(bio, data, len, &written) == 1 && written == len))
		return TRUE;
	return refuse(error, BSC_BUNDLE_ERROR_SIGNATURE, "Failed to compute the digest");
}

static gboolean
check_digest_of_content(CMS_SignerInfo *si, BIO *bio, GError **error)
{
	if (CMS_SignerInfo_verify_content(si, bio) == 1)
		return TRUE;
	return refuse(error, BSC_BUNDLE_ERROR_SIGNATURE,
		      "signature verification failed: the content is not what was signed");
}

gboolean
bsc_cms_verify_attached(const uint8_t *der, size_t len, const BscKeyring *keyring,
			GBytes **out_content, BscCmsSignerInfo **out_info, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = parse_kind(der, len, BSC_CMS_ATTACHED, error);
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
	if (!write_bio(bio, data, content_len, error) || !check_digest_of_content(si, bio, error))
		return FALSE;
	*out_content = g_steal_pointer(&content);
	if (out_info != NULL)
		*out_info = g_steal_pointer(&info);
	return TRUE;
}

/* Feeds all of @content to @bio and @tee, one chunk after the other. */
static gboolean
pump_content(BscByteSource *content, BIO *bio, BscCmsChunkFunc tee, gpointer user, GError **error)
{
	g_autofree uint8_t *chunk = g_malloc(BSC_CMS_CHUNK_BYTES);
	uint64_t size = bsc_byte_source_get_size(content);

	for (uint64_t done = 0; done < size;) {
		size_t len = (size_t)MIN(size - done, BSC_CMS_CHUNK_BYTES);

		if (!bsc_byte_source_read_at(content, done, chunk, len, error))
			return FALSE;
		done += len;
		bsc_byte_source_advise(content, done, BSC_CMS_CHUNK_BYTES);
		if (!write_bio(bio, chunk, len, error))
			return FALSE;
		if (tee != NULL && !tee(chunk, len, user, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
bsc_cms_verify_detached(const uint8_t *der, size_t len, BscByteSource *content, BscCmsChunkFunc tee,
			gpointer user, const BscKeyring *keyring, BscCmsSignerInfo **out_info,
			GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = parse_kind(der, len, BSC_CMS_DETACHED, error);
	g_autoptr(BscCmsSignerInfo) info = NULL;
	g_autoptr(BIO) bio = NULL;
	CMS_SignerInfo *si = NULL;

	if (cms == NULL || !check_signer(cms, keyring, &si, &info, error))
		return FALSE;
	bio = open_digest(cms, error);
	if (bio == NULL || !pump_content(content, bio, tee, user, error) ||
	    !check_digest_of_content(si, bio, error))
		return FALSE;
	if (out_info != NULL)
		*out_info = g_steal_pointer(&info);
	return TRUE;
}

/* ---- signing ------------------------------------------------------------------------------ */

static gboolean
refuse_signing(GError **error)
{
	return refuse(error, BSC_BUNDLE_ERROR_SIGNATURE, "Failed to sign");
}

static GBytes *
encode(CMS_ContentInfo *cms, GError **error)
{
	unsigned char *der = NULL;
	int len = i2d_CMS_ContentInfo(cms, &der);
	GBytes *bytes;

	if (len < 0) {
		refuse_signing(error);
		return NULL;
	}
	bytes = g_bytes_new(der, (gsize)len);
	OPENSSL_free(der);
	return bytes;
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
	gint64 not_before = bsc_keyring_read_time(X509_get0_notBefore(cert));
	gint64 not_after = bsc_keyring_read_time(X509_get0_notAfter(cert));
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
	return encode(cms, error);
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
	if (!write_bio(bio, data, len, error))
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
	if (!pump_content(content, bio, NULL, NULL, error))
		return NULL;
	return finish_signed(cms, bio, error);
}

GBytes *
bsc_cms_append_signer(const uint8_t *der, size_t len, const BscSigningKey *key,
		      const BscCmsSignOptions *options, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = parse_signed(der, len, error);
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
	return encode(cms, error);
}

/* ---- the envelope ------------------------------------------------------------------------- */

static gboolean
check_recipient(X509 *cert, const char *path, GError **error)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	g_autofree char *subject = NULL;

	if (key != NULL && (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "EC")))
		return TRUE;
	ERR_clear_error();
	subject = bsc_keyring_format_name(X509_get_subject_name(cert));
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
		g_autoptr(BscX509Stack) certs = bsc_keyring_load_certs(paths[i], error);

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
bsc_cms_envelope(GBytes *signed_der, const char *const *recipient_pems, GError **error)
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
		refuse(error, BSC_BUNDLE_ERROR_UNSUPPORTED, "Failed to encrypt the signature");
		return NULL;
	}
	return encode(cms, error);
}

static char *
format_recipient(const char *kind, const X509_NAME *issuer, const ASN1_INTEGER *serial)
{
	g_autofree char *name = NULL;
	g_autofree char *number = NULL;

	if (issuer == NULL || serial == NULL)
		return g_strdup_printf("%s key identifier", kind);
	name = bsc_keyring_format_name(issuer);
	number = format_serial(serial);
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
bsc_cms_read_recipients(const uint8_t *der, size_t len, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = parse_kind(der, len, BSC_CMS_ENVELOPED, error);
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
	g_autoptr(CMS_ContentInfo) cms = parse_signed(der, len, NULL);

	return cms != NULL;
}

static gboolean
refuse_envelope(CMS_ContentInfo *cms, GError **error)
{
	int n_recipients = sk_CMS_RecipientInfo_num(CMS_get0_RecipientInfos(cms));
	g_autofree char *reason = bsc_keyring_take_reason();

	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_DECRYPT,
			     "Failed to decrypt the signature: wrong key, the bundle is encrypted "
			     "for %d other recipient(s) (%s)",
			     MAX(n_recipients, 0), reason);
}

GBytes *
bsc_cms_open_envelope(const uint8_t *der, size_t len, const BscDecryptionKey *key, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = parse_kind(der, len, BSC_CMS_ENVELOPED, error);
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
