/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/cms-bytes.h - CMS structures from and to bytes; content through a digest */
#pragma once

#include "bundle-tools/source/bundle-error.h"
#include "bundle-tools/source/byte-source.h"

/* What cms.c, cms-sign.c and cms-envelope.c share; OpenSSL's types by their struct names. */
struct CMS_ContentInfo_st;
struct asn1_string_st;
struct bio_st;

typedef enum {
	BSC_CMS_DETACHED,  /* signed data over content that lies elsewhere: plain */
	BSC_CMS_ATTACHED,  /* signed data with the manifest in it: verity and crypt */
	BSC_CMS_ENVELOPED, /* encrypted for recipients; holds one of the others */
	BSC_CMS_N,
} BscCmsKind;

/**
 * BscCmsChunkFunc:
 * @data: (array length=len): the next bytes of the content, in order
 * @len: their number, at most %BSC_CMS_CHUNK_BYTES, less only at the end
 * @user: what was given
 * @error: return location
 *
 * Sees every byte of a detached content in the same pass that feeds the signature.
 *
 * Returns: %FALSE with @error set to stop
 */
typedef gboolean (*BscCmsChunkFunc)(const uint8_t *data, size_t len, gpointer user, GError **error);

#define BSC_CMS_CHUNK_BYTES 262144

/**
 * bsc_cms_bytes_refuse:
 * @error: return location
 * @code: code in %BSC_BUNDLE_ERROR
 * @words: what failed
 *
 * Sets @error to @words and OpenSSL's reason.
 *
 * Returns: always %FALSE
 */
gboolean bsc_cms_bytes_refuse(GError **error, BscBundleError code, const char *words);

/**
 * bsc_cms_bytes_refuse_plainly:
 * @error: return location
 * @words: what is wrong with the signature
 *
 * Sets %BSC_BUNDLE_ERROR_SIGNATURE; OpenSSL's reason does not matter.
 *
 * Returns: always %FALSE
 */
gboolean bsc_cms_bytes_refuse_plainly(GError **error, const char *words);

/**
 * bsc_cms_bytes_inspect:
 * @der: (array length=len): a CMS
 * @len: its length in bytes
 * @out: (out): what it is
 * @error: return location
 *
 * See bsc_cms_inspect().
 *
 * Returns: %TRUE on success
 */
gboolean bsc_cms_bytes_inspect(const uint8_t *der, size_t len, BscCmsKind *out, GError **error);

/**
 * bsc_cms_bytes_parse_kind:
 * @der: (array length=len): a CMS
 * @len: its length in bytes
 * @want: what it must be
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_SIGNATURE, %BSC_BUNDLE_ERROR_FORMAT.
 *
 * Returns: (transfer full) (nullable): the structure, or %NULL on failure
 */
struct CMS_ContentInfo_st *bsc_cms_bytes_parse_kind(const uint8_t *der, size_t len, BscCmsKind want,
						    GError **error);

/**
 * bsc_cms_bytes_parse_signed:
 * @der: (array length=len): a CMS
 * @len: its length in bytes
 * @error: return location
 *
 * Errors: as bsc_cms_bytes_parse_kind().
 *
 * Returns: (transfer full) (nullable): an attached or detached signature, or %NULL on failure
 */
struct CMS_ContentInfo_st *bsc_cms_bytes_parse_signed(const uint8_t *der, size_t len,
						      GError **error);

/**
 * bsc_cms_bytes_encode:
 * @cms: a structure
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_SIGNATURE.
 *
 * Returns: (transfer full) (nullable): its DER, or %NULL on failure
 */
GBytes *bsc_cms_bytes_encode(struct CMS_ContentInfo_st *cms, GError **error);

/**
 * bsc_cms_bytes_format_serial:
 * @serial: a serial number
 *
 * Returns: (transfer full): it in hex
 */
char *bsc_cms_bytes_format_serial(const struct asn1_string_st *serial);

/**
 * bsc_cms_bytes_write:
 * @bio: what computes the digests
 * @data: (array length=len): the next bytes
 * @len: their number
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_SIGNATURE.
 *
 * Returns: %TRUE if all bytes were taken
 */
gboolean bsc_cms_bytes_write(struct bio_st *bio, const uint8_t *data, size_t len, GError **error);

/**
 * bsc_cms_bytes_pump:
 * @content: what to read, once, from first byte to last
 * @bio: what computes the digests
 * @tee: (nullable) (scope call): sees each chunk as well
 * @user: for @tee
 * @error: return location
 *
 * Returns: %TRUE at the end of @content
 */
gboolean bsc_cms_bytes_pump(BscByteSource *content, struct bio_st *bio, BscCmsChunkFunc tee,
			    gpointer user, GError **error);
