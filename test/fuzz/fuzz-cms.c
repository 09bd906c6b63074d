/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/fuzz/fuzz-cms.c - signatures and envelopes; nothing forged may pass */
#include "config.h"

#include "bundle-tools/format/cms-envelope.h"
#include "bundle-tools/format/cms.h"
#include "common/clock.h"
#include "common/io.h"
#include "test/fuzz/fuzz-target.h"
#include "test/support/memory-source.h"

#include <glib/gstdio.h>
#include <string.h>

#define YEAR_2026 (G_GINT64_CONSTANT(1767225600) * G_USEC_PER_SEC)

/* What every file of the corpus signs; the keys are gone. */
#define TEXT "[update]\ncompatible=x\n"

/* Issuer of the corpus' signers, made by test/support/pki.sh. */
static const char ca_pem[] = "-----BEGIN CERTIFICATE-----\n"
			     "MIIBejCCASCgAwIBAgICEAAwCgYIKoZIzj0EAwIwJDEVMBMGA1UECgwMQmFzY3Vs\n"
			     "ZSB0ZXN0MQswCQYDVQQDDAJjYTAeFw0yMDAxMDEwMDAwMDBaFw00OTEyMzEyMzU5\n"
			     "NTlaMCQxFTATBgNVBAoMDEJhc2N1bGUgdGVzdDELMAkGA1UEAwwCY2EwWTATBgcq\n"
			     "hkjOPQIBBggqhkjOPQMBBwNCAASOq8eWkWaMqvqCQjbX8mOy0vh1QQFlaWuD90jO\n"
			     "2sYxWCXASUEhhEm1UXLeTklxojLZL9DKonz81UXRDk65hbcuo0IwQDAPBgNVHRMB\n"
			     "Af8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUAwZvTAi25DX7Kfad\n"
			     "8IVSame6NAswCgYIKoZIzj0EAwIDSAAwRQIgegmi67h9iyn+xNh4UJjQhSe0ndbC\n"
			     "TaqfGIbwRG5h1qwCIQCXWn7K+Tucy+WbZUfomvSZdwWfIkCQPoNuV+xtdhMK8A==\n"
			     "-----END CERTIFICATE-----\n";

/* Key of one of its recipients; it protects nothing. */
static const char recipient_key[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgArNe4F4n3bcjTRu+\n"
	"52il5F3I2o6AVSSa7Es2ZZzTll6hRANCAAQduJB/GIbLQB/g/MKTpd8Fkir5X41T\n"
	"AgQJE/5+k4mPqFlEYgZ/seb57TUmz2cWgIZ+7/Dr6iOhK4HCFOkWSVFT\n"
	"-----END PRIVATE KEY-----\n";

static BscKeyring *keyring;
static BscDecryptionKey *decryption_key;

static char *
write_temp(const char *text)
{
	g_autoptr(GError) error = NULL;
	char *path = NULL;
	BSC_AUTO_FD int fd = g_file_open_tmp("fuzz-cms-XXXXXX", &path, &error);

	g_assert_no_error(error);
	g_assert_true(bsc_io_write_all(fd, text, strlen(text), NULL));
	return path;
}

static void
load_keys(void)
{
	g_autofree char *ca = write_temp(ca_pem);
	g_autofree char *key = write_temp(recipient_key);
	BscKeyringOptions options = {.path = ca};
	BscKeyringKeyOptions key_options = {.key = key};
	g_autoptr(GError) error = NULL;

	keyring = bsc_keyring_load(&options, &error);
	g_assert_no_error(error);
	decryption_key = bsc_keyring_load_decryption_key(&key_options, &error);
	g_assert_no_error(error);
	g_assert_cmpint(g_unlink(ca), ==, 0);
	g_assert_cmpint(g_unlink(key), ==, 0);
	bsc_clock_set_for_test(YEAR_2026);
}

static void
read_all(const uint8_t *data, size_t size)
{
	g_autoptr(GPtrArray) signers = bsc_cms_read_signers_unverified(data, size, NULL);
	g_autoptr(GBytes) content = bsc_cms_read_attached_unverified(data, size, NULL);
	g_auto(GStrv) recipients = bsc_cms_envelope_list_recipients(data, size, NULL);

	g_assert_true(signers == NULL || recipients == NULL);
	g_assert_true(content == NULL || signers != NULL);
}

static void
verify(const uint8_t *data, size_t size)
{
	g_autoptr(BscByteSource) source = test_memory_source_new("something else", 14);
	g_autoptr(BscCmsSignerInfo) info = NULL;
	g_autoptr(GBytes) content = NULL;
	g_autoptr(GError) error = NULL;

	if (bsc_cms_verify_attached(data, size, keyring, &content, &info, &error)) {
		g_assert_cmpmem(g_bytes_get_data(content, NULL), g_bytes_get_size(content), TEXT,
				strlen(TEXT));
		g_assert_cmpuint(info->chain->len, >=, 2);
	} else {
		g_assert_nonnull(error);
	}
	g_assert_false(
		bsc_cms_verify_detached(data, size, source, NULL, NULL, keyring, NULL, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) opened = NULL;
	BscCmsKind kind;

	if (keyring == NULL)
		load_keys();
	g_assert_true(bsc_cms_inspect(data, size, &kind, &error) == (error == NULL));
	if (error != NULL)
		return 0;
	read_all(data, size);
	verify(data, size);
	opened = bsc_cms_envelope_open(data, size, decryption_key, NULL);
	g_assert_true(opened == NULL || kind == BSC_CMS_ENVELOPED);
	return 0;
}
