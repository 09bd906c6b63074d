/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/certificate.h - read and describe certificates; what OpenSSL complains of */
#pragma once

#include <glib.h>

/* For this room. OpenSSL's types by their struct names; any thread. */
struct X509_name_st;
struct asn1_string_st;
struct stack_st_X509;
struct stack_st_X509_INFO;

#define BSC_CERTIFICATE_MAX_PEM_BYTES (16 * 1024 * 1024)

/**
 * bsc_certificate_read_pem:
 * @path: a PEM file
 * @error: return location
 *
 * All certificates and CRLs of a file; keys in it are passed over.
 *
 * Errors: %G_IO_ERROR_INVALID_DATA if one is broken, and what reading reports.
 *
 * Returns: (transfer full) (nullable): what the file holds, maybe nothing, or %NULL on failure
 */
struct stack_st_X509_INFO *bsc_certificate_read_pem(const char *path, GError **error);

/**
 * bsc_certificate_load_file:
 * @path: a PEM file
 * @error: return location
 *
 * All certificates of a file, at least one.
 *
 * Errors: %G_IO_ERROR_INVALID_DATA if there is none or one is broken, and what reading reports.
 *
 * Returns: (transfer full) (nullable): the certificates, or %NULL on failure
 */
struct stack_st_X509 *bsc_certificate_load_file(const char *path, GError **error);

/**
 * bsc_certificate_take_reason:
 *
 * What OpenSSL last complained about in this thread; empties its error queue.
 *
 * Returns: (transfer full): the words, never empty
 */
char *bsc_certificate_take_reason(void);

/**
 * bsc_certificate_format_name:
 * @name: a subject or issuer
 *
 * Returns: (transfer full): RFC 2253 form in valid UTF-8: `CN=Alice,O=Example`
 */
char *bsc_certificate_format_name(const struct X509_name_st *name);

/**
 * bsc_certificate_read_time:
 * @time: (nullable): an ASN.1 time
 *
 * Returns: microseconds since 1970, or 0 if it cannot be read
 */
gint64 bsc_certificate_read_time(const struct asn1_string_st *time);
