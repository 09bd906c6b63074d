/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/certificate.h"

#include "common/error.h"
#include "common/io.h"
#include "common/openssl-autoptr.h"

#include <gio/gio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

char *
bsc_certificate_take_reason(void)
{
	const char *data = NULL;
	int flags = 0;
	unsigned long code = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	const char *reason = ERR_reason_error_string(code);
	gboolean has_data = flags & ERR_TXT_STRING && data != NULL && data[0] != '\0';
	char *text;

	text = g_strdup_printf("%s%s%s%s", reason != NULL ? reason : "no reason given",
			       has_data ? " (" : "", has_data ? data : "", has_data ? ")" : "");
	ERR_clear_error();
	return text;
}

char *
bsc_certificate_format_name(const X509_NAME *name)
{
	g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	long len;

	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	len = BIO_get_mem_data(bio, &data);
	return g_utf8_make_valid(data != NULL ? data : "", len);
}

gint64
bsc_certificate_read_time(const ASN1_TIME *time)
{
	struct tm tm;

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return 0;
	return (gint64)timegm(&tm) * G_USEC_PER_SEC;
}

static int
refuse_passphrase(char *buf, int size, int rwflag, void *user)
{
	return -1;
}

BscX509InfoStack *
bsc_certificate_read_pem(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = bsc_io_read_file(path, BSC_CERTIFICATE_MAX_PEM_BYTES, error);
	g_autoptr(BIO) bio = NULL;
	BscX509InfoStack *infos;

	if (bytes == NULL)
		return NULL;
	bio = BIO_new_mem_buf(g_bytes_get_data(bytes, NULL), (int)g_bytes_get_size(bytes));
	infos = bio != NULL ? PEM_X509_INFO_read_bio(bio, NULL, refuse_passphrase, NULL) : NULL;
	if (infos == NULL) {
		g_autofree char *reason = bsc_certificate_take_reason();

		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			      "'%s' is not a PEM file with certificates: %s", path, reason);
	}
	ERR_clear_error();
	return infos;
}

BscX509Stack *
bsc_certificate_load_file(const char *path, GError **error)
{
	g_autoptr(BscX509InfoStack) infos = bsc_certificate_read_pem(path, error);
	g_autoptr(BscX509Stack) certs = sk_X509_new_null();

	if (infos == NULL)
		return NULL;
	for (int i = 0; i < sk_X509_INFO_num(infos); i++) {
		X509 *cert = sk_X509_INFO_value(infos, i)->x509;

		if (cert != NULL && X509_up_ref(cert))
			sk_X509_push(certs, cert);
	}
	if (sk_X509_num(certs) > 0)
		return g_steal_pointer(&certs);
	bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "'%s' holds no certificate",
		      path);
	return NULL;
}
