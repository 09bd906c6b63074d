/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/cms-bytes.h"

#include "bundle-tools/format/certificate.h"
#include "common/error.h"
#include "common/openssl-autoptr.h"

#include <openssl/err.h>

gboolean
bsc_cms_bytes_refuse(GError **error, BscBundleError code, const char *words)
{
	g_autofree char *reason = bsc_certificate_take_reason();

	return bsc_error_set(error, BSC_BUNDLE_ERROR, (int)code, "%s: %s", words, reason);
}

gboolean
bsc_cms_bytes_refuse_plainly(GError **error, const char *words)
{
	ERR_clear_error();
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_SIGNATURE, "%s", words);
}

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
		bsc_cms_bytes_refuse(error, BSC_BUNDLE_ERROR_SIGNATURE,
				     "The signature is not a CMS in DER");
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
bsc_cms_bytes_inspect(const uint8_t *der, size_t len, BscCmsKind *out, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = parse_der(der, len, error);

	return cms != NULL && get_kind(cms, out, error);
}

CMS_ContentInfo *
bsc_cms_bytes_parse_kind(const uint8_t *der, size_t len, BscCmsKind want, GError **error)
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
	bsc_cms_bytes_refuse_plainly(error, kind == BSC_CMS_ENVELOPED ? "The signature is encrypted"
								      : words[want]);
	return NULL;
}

CMS_ContentInfo *
bsc_cms_bytes_parse_signed(const uint8_t *der, size_t len, GError **error)
{
	g_autoptr(CMS_ContentInfo) cms = parse_der(der, len, error);
	BscCmsKind kind;

	if (cms == NULL || !get_kind(cms, &kind, error))
		return NULL;
	if (kind != BSC_CMS_ENVELOPED)
		return g_steal_pointer(&cms);
	bsc_cms_bytes_refuse_plainly(error, "The signature is encrypted");
	return NULL;
}

GBytes *
bsc_cms_bytes_encode(CMS_ContentInfo *cms, GError **error)
{
	unsigned char *der = NULL;
	int len = i2d_CMS_ContentInfo(cms, &der);
	GBytes *bytes;

	if (len < 0) {
		bsc_cms_bytes_refuse(error, BSC_BUNDLE_ERROR_SIGNATURE, "Failed to write the CMS");
		return NULL;
	}
	bytes = g_bytes_new(der, (gsize)len);
	OPENSSL_free(der);
	return bytes;
}

char *
bsc_cms_bytes_format_serial(const ASN1_INTEGER *serial)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = number != NULL ? BN_bn2hex(number) : NULL;
	char *text = g_strdup(hex != NULL ? hex : "?");

	OPENSSL_free(hex);
	BN_free(number);
	return text;
}

gboolean
bsc_cms_bytes_write(BIO *bio, const uint8_t *data, size_t len, GError **error)
{
	size_t written = 0;

	if (len == 0 || (BIO_write_ex(bio, data, len, &written) == 1 && written == len))
		return TRUE;
	return bsc_cms_bytes_refuse(error, BSC_BUNDLE_ERROR_SIGNATURE,
				    "Failed to compute the digest");
}

/* Feeds all of @content to @bio and @tee, one chunk after the other. */
gboolean
bsc_cms_bytes_pump(BscByteSource *content, BIO *bio, BscCmsChunkFunc tee, gpointer user,
		   GError **error)
{
	g_autofree uint8_t *chunk = g_malloc(BSC_CMS_CHUNK_BYTES);
	uint64_t size = bsc_byte_source_get_size(content);

	for (uint64_t done = 0; done < size;) {
		size_t len = (size_t)MIN(size - done, BSC_CMS_CHUNK_BYTES);

		if (!bsc_byte_source_read_at(content, done, chunk, len, error))
			return FALSE;
		done += len;
		bsc_byte_source_advise(content, done, BSC_CMS_CHUNK_BYTES);
		if (!bsc_cms_bytes_write(bio, chunk, len, error))
			return FALSE;
		if (tee != NULL && !tee(chunk, len, user, error))
			return FALSE;
	}
	return TRUE;
}
