/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/format/test-cms.c - signatures and envelopes, ours and openssl's */
#include "config.h"

#include "bundle-tools/format/cms-envelope.h"
#include "bundle-tools/format/cms-sign.h"
#include "bundle-tools/format/cms.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/clock.h"
#include "common/digest.h"
#include "common/io.h"
#include "common/openssl-autoptr.h"
#include "common/run.h"
#include "test/support/memory-source.h"
#include "test/support/pki.h"
#include "test/support/temp-dir.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <string.h>

#define YEAR_2026 (G_GINT64_CONSTANT(1767225600) * G_USEC_PER_SEC)
#define TEXT	  "[update]\r\ncompatible=x\n"

/* A mismatch shows both texts. */
static void
assert_matches(const char *text, const char *pattern)
{
	if (!g_pattern_match_simple(pattern, text))
		g_assert_cmpstr(text, ==, pattern);
}

static void
assert_bundle_error(GError **error, BscBundleError code, const char *pattern)
{
	g_assert_error(*error, BSC_BUNDLE_ERROR, (int)code);
	assert_matches((*error)->message, pattern);
	g_clear_error(error);
}

static void
openssl(const char *const *args, char **out_stdout)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) error = NULL;

	g_ptr_array_add(argv, (gpointer) "openssl");
	for (size_t i = 0; args[i] != NULL; i++)
		g_ptr_array_add(argv, (gpointer)args[i]);
	g_ptr_array_add(argv, NULL);
	bsc_run((const char *const *)argv->pdata, NULL, out_stdout, NULL, &error);
	g_assert_no_error(error);
}

#define OPENSSL(...) openssl((const char *const[]){__VA_ARGS__, NULL}, NULL)

static GBytes *
read_file(const char *path)
{
	g_autoptr(GError) error = NULL;
	GBytes *bytes = bsc_io_read_file(path, 1 << 24, &error);

	g_assert_no_error(error);
	return bytes;
}

static char *
write_bytes(const TestTempDir *dir, const char *name, GBytes *bytes)
{
	char *path = test_temp_dir_get_path(dir, name);
	g_autoptr(GError) error = NULL;
	gsize len;
	const char *data = g_bytes_get_data(bytes, &len);

	g_file_set_contents(path, data, (gssize)len, &error);
	g_assert_no_error(error);
	return path;
}

static GBytes *
sign_text(const char *signer, const BscCmsSignOptions *options)
{
	g_autoptr(BscSigningKey) key = test_pki_load_signer(signer);
	g_autoptr(GBytes) content = g_bytes_new_static(TEXT, strlen(TEXT));
	g_autoptr(GError) error = NULL;
	GBytes *cms = bsc_cms_sign_attached(content, key, options, &error);

	g_assert_no_error(error);
	return cms;
}

static gboolean
verify(GBytes *cms, const BscKeyring *keyring, BscCmsSignerInfo **out_info, GError **error)
{
	g_autoptr(GBytes) content = NULL;
	gsize len;
	const uint8_t *der = g_bytes_get_data(cms, &len);

	if (!bsc_cms_verify_attached(der, len, keyring, &content, out_info, error))
		return FALSE;
	g_assert_cmpmem(g_bytes_get_data(content, NULL), g_bytes_get_size(content), TEXT,
			strlen(TEXT));
	return TRUE;
}

/* Refused as SIGNATURE or UNTRUSTED with words. */
static void
assert_refused(GBytes *cms, BscBundleError code, const char *pattern)
{
	g_autoptr(BscKeyring) keyring = test_pki_load_keyring("keyring.pem");
	g_autoptr(GError) error = NULL;

	g_assert_false(verify(cms, keyring, NULL, &error));
	assert_bundle_error(&error, code, pattern);
}

typedef struct {
	const char *name;
	gboolean pss;
} Signer;

static const Signer signers[] = {
	{"signer", FALSE},	 {"signer", TRUE},	 {"signer-pss", FALSE},
	{"signer-pss", TRUE},	 {"signer-p256", FALSE}, {"signer-p384", FALSE},
	{"signer-email", FALSE},
};

static void
test_round_trip(gconstpointer data)
{
	const Signer *signer = data;
	g_autoptr(BscKeyring) keyring = test_pki_load_keyring("keyring.pem");
	g_autoptr(GBytes) cms = sign_text(signer->name, &(BscCmsSignOptions){.pss = signer->pss});
	g_autofree char *subject = g_strdup_printf("CN=%s,O=Bascule test", signer->name);
	g_autoptr(BscCmsSignerInfo) info = NULL;
	g_autoptr(GError) error = NULL;
	const BscCmsCert *leaf;

	verify(cms, keyring, &info, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(info->n_signers, ==, 1);
	g_assert_cmpint(ABS(info->signing_time_usec - g_get_real_time()), <, 60 * G_USEC_PER_SEC);
	g_assert_cmpuint(info->chain->len, ==, 2);
	g_assert_cmpuint(g_strv_length(info->spki_hashes), ==, 2);
	leaf = info->chain->pdata[0];
	g_assert_cmpstr(leaf->subject, ==, subject);
	g_assert_cmpstr(leaf->issuer, ==, "CN=ca,O=Bascule test");
	g_assert_cmpuint(strlen(leaf->spki_hash), ==, 32 * 3 - 1);
	g_assert_cmpstr(leaf->spki_hash, ==, info->spki_hashes[0]);
	assert_matches(leaf->pem, "-----BEGIN CERTIFICATE-----*");
	g_assert_cmpint(leaf->not_after_usec, >, leaf->not_before_usec);
}

/* The other direction: what openssl says about ours, content and attributes. */
static void
test_openssl_verifies(gconstpointer data)
{
	const Signer *signer = data;
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autoptr(GBytes) cms = sign_text(signer->name, &(BscCmsSignOptions){.pss = signer->pss});
	g_autofree char *path = write_bytes(dir, "sig.der", cms);
	g_autofree char *out = test_temp_dir_get_path(dir, "out");
	g_autofree char *text = NULL;
	g_autofree char *print = NULL;
	const char *dump[] = {"cms", "-cmsout", "-print", "-noout", "-inform",
			      "DER", "-in",	path,	  NULL};

	OPENSSL("cms", "-verify", "-binary", "-inform", "DER", "-in", path, "-CAfile",
		test_pki_path("ca.pem"), "-out", out);
	text = test_temp_dir_read(dir, "out");
	g_assert_cmpstr(text, ==, TEXT);
	openssl(dump, &print);
	assert_matches(print, "*contentType*signingTime*messageDigest*");
	g_assert_null(strstr(print, "SMIME"));
	g_assert_nonnull(strstr(print, "sha256"));
	if (signer->pss || g_str_equal(signer->name, "signer-pss"))
		g_assert_nonnull(strstr(print, "rsassaPss"));
}

static void
test_takes_openssls(void)
{
	static const char *const names[] = {"signer", "signer-p256", "signer-p384", "signer-pss"};
	static const char *const digests[] = {"sha256", "sha384", "sha512"};
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *in = test_temp_dir_write(dir, "in", TEXT);
	g_autofree char *out = test_temp_dir_get_path(dir, "out");
	g_autoptr(BscKeyring) keyring = test_pki_load_keyring("keyring.pem");

	for (size_t i = 0; i < G_N_ELEMENTS(names) * G_N_ELEMENTS(digests); i++) {
		const char *name = names[i % G_N_ELEMENTS(names)];
		const char *digest = digests[i / G_N_ELEMENTS(names)];
		gboolean pss = i % G_N_ELEMENTS(names) == 3;
		g_autofree char *cert = g_strconcat(name, ".pem", NULL);
		g_autofree char *key = g_strconcat(name, ".key", NULL);
		g_autoptr(GBytes) cms = NULL;
		g_autoptr(GError) error = NULL;

		/* With the S/MIME capabilities that old bundles have. */
		OPENSSL("cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", in,
			"-out", out, "-md", digest, "-signer", test_pki_path(cert), "-inkey",
			test_pki_path(key), pss ? "-keyopt" : NULL, "rsa_padding_mode:pss");
		cms = read_file(out);
		verify(cms, keyring, NULL, &error);
		g_assert_no_error(error);
	}
}

/* Written as a stream the content is in pieces, and lengths come after what they count. */
static void
test_takes_streamed_signature(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *in = test_temp_dir_write(dir, "in", TEXT);
	g_autofree char *out = test_temp_dir_get_path(dir, "out");
	g_autoptr(BscKeyring) keyring = test_pki_load_keyring("keyring.pem");
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) cms = NULL;

	OPENSSL("cms", "-sign", "-binary", "-nodetach", "-stream", "-outform", "DER", "-in", in,
		"-out", out, "-signer", test_pki_path("signer.pem"), "-inkey",
		test_pki_path("signer.key"));
	cms = read_file(out);
	g_assert_cmpint(((const uint8_t *)g_bytes_get_data(cms, NULL))[1], ==, 0x80);
	verify(cms, keyring, NULL, &error);
	g_assert_no_error(error);
}

/* What openssl is told to make, and why we do not take it. */
static const struct {
	const char *what;
	const char *args[8];
	BscBundleError code;
	const char *words;
} bad_signatures[] = {
	{"sha1", {"-md", "sha1"}, BSC_BUNDLE_ERROR_SIGNATURE, "*digest 'SHA1' is too weak*"},
	{"md5", {"-md", "md5"}, BSC_BUNDLE_ERROR_SIGNATURE, "*digest 'MD5' is too weak*"},
	{"another content type",
	 {"-econtent_type", "1.2.3.4"},
	 BSC_BUNDLE_ERROR_SIGNATURE,
	 "*not of type id-data"},
	{"no certificate",
	 {"-nocerts"},
	 BSC_BUNDLE_ERROR_UNTRUSTED,
	 "*the signer's certificate did not come along"},
};

static void
test_refuses_bad_signatures(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *in = test_temp_dir_write(dir, "in", TEXT);
	g_autofree char *out = test_temp_dir_get_path(dir, "out");

	for (size_t i = 0; i < G_N_ELEMENTS(bad_signatures); i++) {
		g_autoptr(GPtrArray) args = g_ptr_array_new();
		const char *base[] = {
			"cms",	    "-sign",
			"-binary",  "-nodetach",
			"-outform", "DER",
			"-in",	    in,
			"-out",	    out,
			"-signer",  test_pki_path("signer.pem"),
			"-inkey",   test_pki_path("signer.key"),
		};
		g_autoptr(GBytes) cms = NULL;

		for (size_t j = 0; j < G_N_ELEMENTS(base); j++)
			g_ptr_array_add(args, (gpointer)base[j]);
		for (size_t j = 0; bad_signatures[i].args[j] != NULL; j++)
			g_ptr_array_add(args, (gpointer)bad_signatures[i].args[j]);
		g_ptr_array_add(args, NULL);
		openssl((const char *const *)args->pdata, NULL);
		cms = read_file(out);
		assert_refused(cms, bad_signatures[i].code, bad_signatures[i].words);
	}
}

/* Without signed attributes the signature covers the content itself. */
static void
test_takes_signature_without_attributes(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *in = test_temp_dir_write(dir, "in", TEXT);
	g_autofree char *out = test_temp_dir_get_path(dir, "out");
	g_autoptr(BscKeyring) keyring = test_pki_load_keyring("keyring.pem");
	g_autoptr(BscCmsSignerInfo) info = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) cms = NULL;

	OPENSSL("cms", "-sign", "-binary", "-nodetach", "-noattr", "-outform", "DER", "-in", in,
		"-out", out, "-signer", test_pki_path("signer.pem"), "-inkey",
		test_pki_path("signer.key"));
	cms = read_file(out);
	verify(cms, keyring, &info, &error);
	g_assert_no_error(error);
	g_assert_cmpint(info->signing_time_usec, ==, 0);
}

static void
test_refuses_strangers(void)
{
	g_autoptr(GBytes) other = sign_text("other", NULL);
	g_autoptr(GBytes) expired = sign_text("expired", NULL);
	g_autoptr(GBytes) codesign = sign_text("codesign", NULL);

	assert_refused(other, BSC_BUNDLE_ERROR_UNTRUSTED,
		       "*unable to get local issuer certificate*");
	assert_refused(expired, BSC_BUNDLE_ERROR_UNTRUSTED, "*certificate has expired*");
	assert_refused(codesign, BSC_BUNDLE_ERROR_UNTRUSTED, "*check-purpose=codesign*");
}

static void
test_brings_intermediates(void)
{
	const char *intermediates[] = {test_pki_path("intermediate.pem"),
				       test_pki_path("intermediate.pem"), NULL};
	BscKeyringKeyOptions options = {
		.cert = test_pki_path("leaf.pem"),
		.key = test_pki_path("leaf.key"),
		.intermediates = intermediates,
	};
	g_autoptr(GBytes) content = g_bytes_new_static(TEXT, strlen(TEXT));
	g_autoptr(BscKeyring) keyring = test_pki_load_keyring("keyring.pem");
	g_autoptr(BscSigningKey) key = bsc_keyring_load_signer(&options, NULL);
	g_autoptr(BscCmsSignerInfo) info = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) cms = bsc_cms_sign_attached(content, key, NULL, &error);

	g_assert_no_error(error);
	verify(cms, keyring, &info, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(info->chain->len, ==, 3);
	g_assert_cmpstr(((BscCmsCert *)info->chain->pdata[2])->subject, ==, "CN=ca,O=Bascule test");
}

static GBytes *
add_crl(GBytes *cms, const char *file)
{
	gsize len;
	const unsigned char *der = g_bytes_get_data(cms, &len);
	g_autoptr(CMS_ContentInfo) info = d2i_CMS_ContentInfo(NULL, &der, (long)len);
	g_autoptr(BIO) bio = BIO_new_file(test_pki_path(file), "r");
	g_autoptr(X509_CRL) crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
	unsigned char *out = NULL;
	int out_len;
	GBytes *bytes;

	g_assert_cmpint(CMS_add1_crl(info, crl), ==, 1);
	out_len = i2d_CMS_ContentInfo(info, &out);
	bytes = g_bytes_new(out, (gsize)out_len);
	OPENSSL_free(out);
	return bytes;
}

/* A revoked signer brings the CRL of the time before: OpenSSL would ask it before the keyring's. */
static void
test_ignores_crls_that_come_along(void)
{
	BscKeyringOptions options = {
		.path = test_pki_path("keyring-crl.pem"),
		.check_crl = TRUE,
	};
	g_autoptr(BscKeyring) keyring = bsc_keyring_load(&options, NULL);
	g_autoptr(GBytes) plain = sign_text("revoked", NULL);
	g_autoptr(GBytes) cms = add_crl(plain, "old.crl");
	g_autoptr(GError) error = NULL;

	/* Both CRLs are valid on this day. */
	bsc_clock_set_for_test(G_GINT64_CONSTANT(1579046400) * G_USEC_PER_SEC);
	g_assert_false(verify(cms, keyring, NULL, &error));
	bsc_clock_set_for_test(-1);
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_UNTRUSTED, "*certificate revoked*");
}

static void
test_finds_every_flipped_bit(void)
{
	g_autoptr(BscKeyring) keyring = test_pki_load_keyring("keyring.pem");
	g_autoptr(GBytes) cms = sign_text("signer-p256", NULL);
	gsize len;
	const uint8_t *der = g_bytes_get_data(cms, &len);
	gsize unnoticed = 0;

	for (gsize i = 0; i < len; i++) {
		g_autofree uint8_t *copy = g_memdup2(der, len);
		g_autoptr(GBytes) content = NULL;
		g_autoptr(GError) error = NULL;

		copy[i] ^= 0x01;
		if (!bsc_cms_verify_attached(copy, len, keyring, &content, NULL, &error)) {
			g_assert_true(error->domain == BSC_BUNDLE_ERROR);
			continue;
		}
		/* Some bytes carry nothing, as unused version numbers; the content never changes.
		 */
		unnoticed++;
		g_assert_cmpmem(g_bytes_get_data(content, NULL), g_bytes_get_size(content), TEXT,
				strlen(TEXT));
	}
	g_assert_cmpuint(unnoticed, <, len / 20);
}

static void
test_refuses_garbage(void)
{
	static const uint8_t noise[] = {0x30, 0x82, 0xff, 0xff, 0x06, 0x09, 0x2a};
	/* An OCTET STRING in a ContentInfo of type id-data. */
	static const uint8_t data_cms[] = {0x30, 0x10, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
					   0x0d, 0x01, 0x07, 0x01, 0xa0, 0x03, 0x04, 0x01, 0x78};
	g_autoptr(GBytes) cms = sign_text("signer-p256", NULL);
	g_autoptr(GError) error = NULL;
	gsize len;
	const uint8_t *der = g_bytes_get_data(cms, &len);
	g_autofree uint8_t *longer = g_malloc0(len + 1);
	BscCmsKind kind;

	memcpy(longer, der, len);
	g_assert_true(bsc_cms_inspect(longer, len, &kind, &error));
	g_assert_cmpint(kind, ==, BSC_CMS_ATTACHED);
	g_assert_false(bsc_cms_inspect(longer, len + 1, &kind, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_SIGNATURE,
			    "1 bytes follow the CMS of the signature");
	g_assert_false(bsc_cms_inspect(longer, len - 1, &kind, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_SIGNATURE, "The signature is not a CMS*");
	g_assert_false(bsc_cms_inspect(noise, sizeof(noise), &kind, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_SIGNATURE, "The signature is not a CMS*");
	g_assert_false(bsc_cms_inspect(noise, 0, &kind, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_SIGNATURE, "The signature is not a CMS*");
	g_assert_false(bsc_cms_inspect(data_cms, sizeof(data_cms), &kind, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_FORMAT, "*of type 'pkcs7-data'*");
}

static void
test_keeps_kinds_apart(void)
{
	g_autoptr(BscKeyring) keyring = test_pki_load_keyring("keyring.pem");
	g_autoptr(BscSigningKey) key = test_pki_load_signer("signer");
	g_autoptr(BscByteSource) source = test_memory_source_new(TEXT, strlen(TEXT));
	g_autoptr(GBytes) attached = sign_text("signer", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) detached = bsc_cms_sign_detached(source, key, NULL, &error);
	g_autoptr(GBytes) content = NULL;
	gsize len;
	const uint8_t *der = g_bytes_get_data(detached, &len);
	BscCmsKind kind;

	g_assert_true(bsc_cms_inspect(der, len, &kind, &error));
	g_assert_cmpint(kind, ==, BSC_CMS_DETACHED);
	g_assert_false(bsc_cms_verify_attached(der, len, keyring, &content, NULL, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_SIGNATURE,
			    "The signature does not hold its content");
	g_assert_null(bsc_cms_read_attached_unverified(der, len, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_SIGNATURE,
			    "The signature does not hold its content");
	g_assert_null(bsc_cms_envelope_list_recipients(der, len, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_SIGNATURE, "The CMS is not encrypted");
	der = g_bytes_get_data(attached, &len);
	g_assert_false(
		bsc_cms_verify_detached(der, len, source, NULL, NULL, keyring, NULL, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_SIGNATURE, "The signature holds its content*");
	content = bsc_cms_read_attached_unverified(der, len, &error);
	g_assert_no_error(error);
	g_assert_cmpmem(g_bytes_get_data(content, NULL), g_bytes_get_size(content), TEXT,
			strlen(TEXT));
}

/* ---- detached ----------------------------------------------------------------------------- */

typedef struct {
	BscDigest *digest;
	uint64_t n_bytes;
	uint64_t fail_at; /* refuse the chunk that reaches this */
} Tee;

static gboolean
tee_chunk(const uint8_t *data, size_t len, gpointer user, GError **error)
{
	Tee *tee = user;

	g_assert_cmpuint(len, <=, BSC_CMS_CHUNK_BYTES);
	g_assert_cmpuint(tee->n_bytes % BSC_CMS_CHUNK_BYTES, ==, 0);
	bsc_digest_update(tee->digest, data, len);
	tee->n_bytes += len;
	if (tee->n_bytes >= tee->fail_at) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "enough");
		return FALSE;
	}
	return TRUE;
}

typedef struct {
	BscByteSource *source;
	uint8_t digest[BSC_DIGEST_LEN];
	size_t size;
	GBytes *cms;
	BscKeyring *keyring;
	Tee tee;
} Detached;

static void
detached_set_up(Detached *self, gconstpointer data)
{
	size_t size = GPOINTER_TO_SIZE(data);
	g_autofree uint8_t *content = g_malloc(size + 1);
	g_autoptr(BscSigningKey) key = test_pki_load_signer("signer");
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < size; i++)
		content[i] = (uint8_t)(i * 7 + i / 4096);
	bsc_digest_compute(content, size, self->digest);
	self->size = size;
	self->source = test_memory_source_new(content, size);
	self->cms = bsc_cms_sign_detached(self->source, key, NULL, &error);
	g_assert_no_error(error);
	self->keyring = test_pki_load_keyring("keyring.pem");
	self->tee = (Tee){.digest = bsc_digest_new(), .fail_at = G_MAXUINT64};
}

static void
detached_tear_down(Detached *self, gconstpointer data)
{
	bsc_byte_source_unref(self->source);
	g_bytes_unref(self->cms);
	bsc_keyring_unref(self->keyring);
	bsc_digest_free(self->tee.digest);
}

static gboolean
detached_verify(Detached *self, GError **error)
{
	gsize len;
	const uint8_t *der = g_bytes_get_data(self->cms, &len);

	return bsc_cms_verify_detached(der, len, self->source, tee_chunk, &self->tee, self->keyring,
				       NULL, error);
}

static void
test_detached_feeds_all(Detached *self, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	uint8_t digest[BSC_DIGEST_LEN];

	g_assert_true(detached_verify(self, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(self->tee.n_bytes, ==, self->size);
	bsc_digest_finish(self->tee.digest, digest);
	g_assert_cmpmem(digest, sizeof(digest), self->digest, sizeof(self->digest));
}

static void
test_detached_finds_flipped_bit(Detached *self, gconstpointer data)
{
	static const size_t parts[] = {0, 2, 1};

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		size_t at = parts[i] * (self->size - 1) / 2;
		g_autoptr(GError) error = NULL;

		test_memory_source_peek(self->source)[at] ^= 0x80;
		g_assert_false(detached_verify(self, &error));
		assert_bundle_error(&error, BSC_BUNDLE_ERROR_SIGNATURE,
				    "signature verification failed: the content is not what was "
				    "signed*");
		test_memory_source_peek(self->source)[at] ^= 0x80;
		self->tee.n_bytes = 0;
	}
}

static void
test_detached_reports_read_errors(Detached *self, gconstpointer data)
{
	g_autoptr(BscSigningKey) key = test_pki_load_signer("signer");
	g_autoptr(GError) error = NULL;

	test_memory_source_fail_at(self->source, self->size - 1);
	g_assert_false(detached_verify(self, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_FAILED);
	g_clear_error(&error);
	g_assert_null(bsc_cms_sign_detached(self->source, key, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

static void
test_detached_stops_at_tee(Detached *self, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	self->tee.fail_at = 1;
	g_assert_false(detached_verify(self, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_assert_cmpuint(self->tee.n_bytes, <=, BSC_CMS_CHUNK_BYTES);
}

/* A stranger's bundle is refused before its content is read. */
static void
test_detached_judges_first(Detached *self, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	bsc_keyring_unref(self->keyring);
	self->keyring = test_pki_load_keyring("keyring-other.pem");
	g_assert_false(detached_verify(self, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNTRUSTED);
	g_assert_cmpuint(self->tee.n_bytes, ==, 0);
}

static void
test_detached_openssl_verifies(Detached *self, gconstpointer data)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autoptr(GBytes) content = g_bytes_new(test_memory_source_peek(self->source), self->size);
	g_autofree char *sig = write_bytes(dir, "sig.der", self->cms);
	g_autofree char *in = write_bytes(dir, "content", content);
	g_autofree char *out = test_temp_dir_get_path(dir, "again.der");

	OPENSSL("cms", "-verify", "-binary", "-inform", "DER", "-in", sig, "-content", in,
		"-CAfile", test_pki_path("ca.pem"), "-out", "/dev/null");
	OPENSSL("cms", "-sign", "-binary", "-outform", "DER", "-in", in, "-out", out, "-signer",
		test_pki_path("signer.pem"), "-inkey", test_pki_path("signer.key"));
	g_bytes_unref(self->cms);
	self->cms = read_file(out);
	test_detached_feeds_all(self, data);
}

/* ---- signing time ------------------------------------------------------------------------- */

static void
test_signing_time_makes_it_repeatable(void)
{
	BscCmsSignOptions options = {.signing_time_usec = YEAR_2026 + 999999};
	g_autoptr(BscKeyring) keyring = test_pki_load_keyring("keyring.pem");
	g_autoptr(GBytes) first = sign_text("signer", &options);
	g_autoptr(BscCmsSignerInfo) info = NULL;
	g_autoptr(GBytes) second = NULL;
	g_autoptr(GError) error = NULL;

	bsc_clock_set_for_test(YEAR_2026 + 1000 * G_USEC_PER_SEC);
	second = sign_text("signer", &options);
	bsc_clock_set_for_test(-1);
	g_assert_true(g_bytes_equal(first, second));
	verify(first, keyring, &info, &error);
	g_assert_no_error(error);
	g_assert_cmpint(info->signing_time_usec, ==, YEAR_2026);
}

static void
test_signing_time_must_be_valid(void)
{
	g_autoptr(BscSigningKey) key = test_pki_load_signer("expired");
	g_autoptr(GBytes) content = g_bytes_new_static(TEXT, strlen(TEXT));
	BscCmsSignOptions options = {.signing_time_usec = YEAR_2026};
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_cms_sign_attached(content, key, &options, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_UNTRUSTED,
			    "The signing time 2026-01-01T00:00:00Z is not within the validity of "
			    "the signer's certificate, 2020-01-01T00:00:00Z to "
			    "2020-12-31T23:59:59Z");
}

static void
test_pss_needs_rsa(void)
{
	g_autoptr(BscSigningKey) key = test_pki_load_signer("signer-p256");
	g_autoptr(GBytes) content = g_bytes_new_static(TEXT, strlen(TEXT));
	g_autoptr(GError) error = NULL;

	g_assert_null(
		bsc_cms_sign_attached(content, key, &(BscCmsSignOptions){.pss = TRUE}, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_UNSUPPORTED,
			    "RSASSA-PSS is asked for, but the key is of type EC");
}

/* ---- tokens ------------------------------------------------------------------------------- */

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"

/* Puts the key of @signer on a token in software. */
static void
make_token(const TestTempDir *dir, const char *signer)
{
	g_autofree char *tokens = test_temp_dir_get_path(dir, "tokens");
	g_autofree char *text = g_strdup_printf("directories.tokendir = %s\n", tokens);
	g_autofree char *conf = test_temp_dir_write(dir, "softhsm2.conf", text);
	g_autofree char *var = g_strconcat("SOFTHSM2_CONF=", conf, NULL);
	g_autofree char *key = g_strconcat(signer, ".key", NULL);
	const char *env[] = {var, NULL};
	const char *init[] = {"softhsm2-util", "--init-token", "--free",   "--label", "bascule",
			      "--pin",	       "1234",	       "--so-pin", "1234",    NULL};
	const char *import[] = {"softhsm2-util", "--import", test_pki_path(key),
				"--token",	 "bascule",  "--label",
				signer,		 "--id",     "01",
				"--pin",	 "1234",     NULL};
	BscRunOptions options = {.env = env};
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(g_mkdir(tokens, 0700), ==, 0);
	bsc_run(init, &options, NULL, NULL, &error);
	g_assert_no_error(error);
	bsc_run(import, &options, NULL, NULL, &error);
	g_assert_no_error(error);
	g_setenv("SOFTHSM2_CONF", conf, TRUE);
}

static gboolean
has_tokens(void)
{
	static const char *const engine[] = {"openssl", "engine", "pkcs11", NULL};
	g_autofree char *util = bsc_run_find_program("softhsm2-util");

	return util != NULL && g_file_test(SOFTHSM, G_FILE_TEST_EXISTS) &&
	       bsc_run(engine, NULL, NULL, NULL, NULL);
}

static void
test_signs_with_token(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autoptr(BscKeyring) keyring = test_pki_load_keyring("keyring.pem");
	g_autoptr(GBytes) content = g_bytes_new_static(TEXT, strlen(TEXT));
	BscKeyringKeyOptions options = {
		.cert = test_pki_path("signer.pem"),
		.key = "pkcs11:token=bascule;object=signer;type=private",
		.pkcs11_module = SOFTHSM,
		.pkcs11_pin = "1234",
	};
	g_autoptr(BscSigningKey) key = NULL;
	g_autoptr(GError) error = NULL;

	if (!has_tokens()) {
		g_test_skip("softhsm2-util or the engine 'pkcs11' of OpenSSL is missing");
		return;
	}
	make_token(dir, "signer");
	key = bsc_keyring_load_signer(&options, &error);
	g_assert_no_error(error);
	for (int pss = 0; pss <= 1; pss++) {
		g_autoptr(GBytes) cms = bsc_cms_sign_attached(
			content, key, &(BscCmsSignOptions){.pss = pss}, &error);

		g_assert_no_error(error);
		verify(cms, keyring, NULL, &error);
		g_assert_no_error(error);
	}
}

/* ---- several signers ---------------------------------------------------------------------- */

static void
test_appends_signers(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autoptr(BscSigningKey) second = test_pki_load_signer("signer2");
	g_autoptr(GBytes) cms = sign_text("signer", NULL);
	g_autofree char *out = test_temp_dir_get_path(dir, "out");
	g_autofree char *path = NULL;
	g_autoptr(GPtrArray) found = NULL;
	g_autoptr(GBytes) both = NULL;
	g_autoptr(GError) error = NULL;
	const BscCmsSignerInfo *info;
	gsize len;
	const uint8_t *der = g_bytes_get_data(cms, &len);

	both = bsc_cms_sign_append(der, len, second, NULL, &error);
	g_assert_no_error(error);
	der = g_bytes_get_data(both, &len);
	found = bsc_cms_read_signers_unverified(der, len, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(found->len, ==, 2);
	info = found->pdata[1];
	g_assert_cmpuint(info->n_signers, ==, 2);
	g_assert_cmpuint(info->chain->len, ==, 2);
	assert_refused(both, BSC_BUNDLE_ERROR_SIGNATURE, "Unsupported number of signers: 2");
	path = write_bytes(dir, "both.der", both);
	OPENSSL("cms", "-verify", "-binary", "-inform", "DER", "-in", path, "-CAfile",
		test_pki_path("ca.pem"), "-out", out);
}

/* ---- the envelope ------------------------------------------------------------------------- */

static GBytes *
envelope(GBytes *cms, const char *const *files)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	GBytes *sealed;

	for (size_t i = 0; files[i] != NULL; i++)
		g_ptr_array_add(paths, (gpointer)test_pki_path(files[i]));
	g_ptr_array_add(paths, NULL);
	sealed = bsc_cms_envelope_seal(cms, (const char *const *)paths->pdata, &error);
	g_assert_no_error(error);
	return sealed;
}

static GBytes *
open_with(GBytes *sealed, const char *key_file, const char *cert_file, GError **error)
{
	BscKeyringKeyOptions options = {
		.key = test_pki_path(key_file),
		.cert = cert_file != NULL ? test_pki_path(cert_file) : NULL,
	};
	g_autoptr(BscDecryptionKey) key = bsc_keyring_load_decryption_key(&options, NULL);
	gsize len;
	const uint8_t *der = g_bytes_get_data(sealed, &len);

	g_assert_nonnull(key);
	return bsc_cms_envelope_open(der, len, key, error);
}

static const struct {
	const char *what;
	const char *recipients[3];
	const char *key;
	const char *cert;
	gboolean opens;
} envelopes[] = {
	{"rsa", {"recipient-rsa.pem"}, "recipient-rsa.key", NULL, TRUE},
	{"rsa-with-cert", {"recipient-rsa.pem"}, "recipient-rsa.key", "recipient-rsa.pem", TRUE},
	{"ec", {"recipient-ec.pem"}, "recipient-ec.key", NULL, TRUE},
	{"ec-with-cert", {"recipient-ec.pem"}, "recipient-ec.key", "recipient-ec.pem", TRUE},
	{"list-rsa", {"recipients.pem", "recipient-rsa2.pem"}, "recipient-rsa.key", NULL, TRUE},
	{"list-rsa2", {"recipients.pem", "recipient-rsa2.pem"}, "recipient-rsa2.key", NULL, TRUE},
	{"list-ec", {"recipients.pem", "recipient-ec2.pem"}, "recipient-ec.key", NULL, TRUE},
	{"list-ec2", {"recipients.pem", "recipient-ec2.pem"}, "recipient-ec2.key", NULL, TRUE},
	{"wrong-rsa", {"recipient-rsa.pem"}, "recipient-rsa2.key", NULL, FALSE},
	{"wrong-rsa-with-cert",
	 {"recipient-rsa.pem"},
	 "recipient-rsa2.key",
	 "recipient-rsa2.pem",
	 FALSE},
	{"wrong-rsa-of-two", {"recipients.pem"}, "recipient-rsa2.key", NULL, FALSE},
	{"wrong-ec", {"recipient-ec.pem"}, "recipient-ec2.key", NULL, FALSE},
	{"wrong-kind", {"recipient-ec.pem"}, "recipient-rsa.key", NULL, FALSE},
};

static void
test_envelope_opens_for_recipients(gconstpointer data)
{
	size_t i = GPOINTER_TO_SIZE(data);
	g_autoptr(GBytes) cms = sign_text("signer", NULL);
	g_autoptr(GBytes) sealed = envelope(cms, envelopes[i].recipients);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) opened = open_with(sealed, envelopes[i].key, envelopes[i].cert, &error);
	gsize len;
	const uint8_t *der = g_bytes_get_data(sealed, &len);
	BscCmsKind kind;

	g_assert_true(bsc_cms_inspect(der, len, &kind, NULL));
	g_assert_cmpint(kind, ==, BSC_CMS_ENVELOPED);
	if (envelopes[i].opens) {
		g_assert_no_error(error);
		g_assert_true(g_bytes_equal(opened, cms));
		return;
	}
	g_assert_null(opened);
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_DECRYPT,
			    "Failed to decrypt the signature: wrong key*");
}

static void
test_envelope_lists_recipients(void)
{
	static const char *const files[] = {"recipients.pem", "recipient-ec2.pem", NULL};
	g_autoptr(GBytes) cms = sign_text("signer", NULL);
	g_autoptr(GBytes) sealed = envelope(cms, files);
	g_autoptr(GError) error = NULL;
	gsize len;
	const uint8_t *der = g_bytes_get_data(sealed, &len);
	g_auto(GStrv) lines = bsc_cms_envelope_list_recipients(der, len, &error);
	g_autofree char *all = g_strjoinv("\n", lines);

	g_assert_no_error(error);
	g_assert_cmpuint(g_strv_length(lines), ==, 3);
	assert_matches(all, "*RSA issuer='CN=ca,O=Bascule test' serial=*");
	assert_matches(all, "*EC issuer='CN=ca,O=Bascule test' serial=*");
}

static void
test_envelope_refuses_recipients(void)
{
	g_autoptr(GBytes) cms = sign_text("signer", NULL);
	const char *none[] = {NULL};
	const char *garbage[] = {test_pki_path("recipients.pem"), test_pki_path("garbage.pem"),
				 NULL};
	const char *ed25519[] = {test_pki_path("signer-ed25519.pem"), NULL};
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_cms_envelope_seal(cms, none, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
	g_clear_error(&error);
	g_assert_null(bsc_cms_envelope_seal(cms, garbage, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
	g_clear_error(&error);
	g_assert_null(bsc_cms_envelope_seal(cms, ed25519, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_UNSUPPORTED,
			    "Cannot encrypt for 'CN=signer-ed25519,O=Bascule test' of '*': its key "
			    "is of type ED25519, RSA or EC is wanted");
}

static void
test_envelope_finds_damage(void)
{
	static const char *const files[] = {"recipient-rsa.pem", NULL};
	g_autoptr(GBytes) cms = sign_text("signer", NULL);
	g_autoptr(GBytes) sealed = envelope(cms, files);
	g_autoptr(GBytes) broken = NULL;
	g_autoptr(GError) error = NULL;
	gsize len;
	const uint8_t *der = g_bytes_get_data(sealed, &len);
	g_autofree uint8_t *copy = g_memdup2(der, len);

	/* The ciphertext comes last; its first block becomes noise, and so no DER. */
	copy[len - (g_bytes_get_size(cms) / 16 + 1) * 16] ^= 1;
	broken = g_bytes_new(copy, len);
	g_assert_null(open_with(broken, "recipient-rsa.key", NULL, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_DECRYPT);
	g_clear_error(&error);
	assert_refused(sealed, BSC_BUNDLE_ERROR_SIGNATURE, "The signature is encrypted");
	g_assert_null(open_with(cms, "recipient-rsa.key", NULL, &error));
	assert_bundle_error(&error, BSC_BUNDLE_ERROR_SIGNATURE, "The CMS is not encrypted");
}

static void
test_envelope_works_with_openssl(void)
{
	static const char *const files[] = {"recipients.pem", NULL};
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autoptr(GBytes) cms = sign_text("signer", NULL);
	g_autoptr(GBytes) sealed = envelope(cms, files);
	g_autofree char *in = write_bytes(dir, "sealed.der", sealed);
	g_autofree char *sig = write_bytes(dir, "sig.der", cms);
	g_autofree char *out = test_temp_dir_get_path(dir, "out.der");
	g_autofree char *theirs = test_temp_dir_get_path(dir, "theirs.der");
	g_autoptr(GBytes) opened = NULL;
	g_autoptr(GBytes) resealed = NULL;
	g_autoptr(GBytes) reopened = NULL;
	g_autoptr(GError) error = NULL;

	OPENSSL("cms", "-decrypt", "-binary", "-inform", "DER", "-in", in, "-out", out, "-inkey",
		test_pki_path("recipient-ec.key"), "-recip", test_pki_path("recipient-ec.pem"));
	opened = read_file(out);
	g_assert_true(g_bytes_equal(opened, cms));
	OPENSSL("cms", "-encrypt", "-binary", "-aes256", "-outform", "DER", "-in", sig, "-out",
		theirs, test_pki_path("recipient-rsa.pem"), test_pki_path("recipient-ec.pem"));
	resealed = read_file(theirs);
	reopened = open_with(resealed, "recipient-rsa.key", NULL, &error);
	g_assert_no_error(error);
	g_assert_true(g_bytes_equal(reopened, cms));
}

#define ADD_DETACHED(name, size, func)                                                             \
	g_test_add("/format/cms/detached/" name, Detached, GSIZE_TO_POINTER(size),                 \
		   detached_set_up, func, detached_tear_down)

static void
add_detached_tests(void)
{
	ADD_DETACHED("feeds-one-byte", 1, test_detached_feeds_all);
	ADD_DETACHED("feeds-nothing", 0, test_detached_feeds_all);
	ADD_DETACHED("feeds-one-chunk", BSC_CMS_CHUNK_BYTES, test_detached_feeds_all);
	ADD_DETACHED("feeds-chunks", 3 * BSC_CMS_CHUNK_BYTES + 5, test_detached_feeds_all);
	ADD_DETACHED("finds-flipped-bits", 2 * BSC_CMS_CHUNK_BYTES,
		     test_detached_finds_flipped_bit);
	ADD_DETACHED("reports-read-errors", 300000, test_detached_reports_read_errors);
	ADD_DETACHED("stops-where-the-tee-stops", 600000, test_detached_stops_at_tee);
	ADD_DETACHED("judges-the-signer-first", 5000, test_detached_judges_first);
	ADD_DETACHED("works-with-openssl", 300001, test_detached_openssl_verifies);
}

static void
add_tables(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(signers); i++) {
		const char *pss = signers[i].pss ? "-asked-for-pss" : "";
		g_autofree char *ours =
			g_strdup_printf("/format/cms/round-trip/%s%s", signers[i].name, pss);
		g_autofree char *theirs =
			g_strdup_printf("/format/cms/openssl-verifies/%s%s", signers[i].name, pss);

		g_test_add_data_func(ours, &signers[i], test_round_trip);
		g_test_add_data_func(theirs, &signers[i], test_openssl_verifies);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(envelopes); i++) {
		g_autofree char *name =
			g_strdup_printf("/format/cms/envelope/%s", envelopes[i].what);

		g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_envelope_opens_for_recipients);
	}
}

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	add_tables();
	add_detached_tests();
	g_test_add_func("/format/cms/takes-openssls-signatures", test_takes_openssls);
	g_test_add_func("/format/cms/takes-streamed-signature", test_takes_streamed_signature);
	g_test_add_func("/format/cms/takes-signature-without-attributes",
			test_takes_signature_without_attributes);
	g_test_add_func("/format/cms/refuses-bad-signatures", test_refuses_bad_signatures);
	g_test_add_func("/format/cms/refuses-strangers", test_refuses_strangers);
	g_test_add_func("/format/cms/brings-intermediates", test_brings_intermediates);
	g_test_add_func("/format/cms/ignores-crls-that-come-along",
			test_ignores_crls_that_come_along);
	g_test_add_func("/format/cms/finds-every-flipped-bit", test_finds_every_flipped_bit);
	g_test_add_func("/format/cms/refuses-garbage", test_refuses_garbage);
	g_test_add_func("/format/cms/keeps-kinds-apart", test_keeps_kinds_apart);
	g_test_add_func("/format/cms/signing-time-makes-it-repeatable",
			test_signing_time_makes_it_repeatable);
	g_test_add_func("/format/cms/signing-time-must-be-valid", test_signing_time_must_be_valid);
	g_test_add_func("/format/cms/pss-needs-rsa", test_pss_needs_rsa);
	g_test_add_func("/format/cms/signs-with-token", test_signs_with_token);
	g_test_add_func("/format/cms/appends-signers", test_appends_signers);
	g_test_add_func("/format/cms/envelope/lists-recipients", test_envelope_lists_recipients);
	g_test_add_func("/format/cms/envelope/refuses-recipients",
			test_envelope_refuses_recipients);
	g_test_add_func("/format/cms/envelope/finds-damage", test_envelope_finds_damage);
	g_test_add_func("/format/cms/envelope/works-with-openssl",
			test_envelope_works_with_openssl);
	status = g_test_run();
	test_pki_clear();
	return status;
}
