/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/format/test-keyring.c - whom we trust, and our own keys */
#include "config.h"

#include "bundle-tools/format/certificate.h"
#include "bundle-tools/format/keyring.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/clock.h"
#include "common/keyfile.h"
#include "common/openssl-autoptr.h"
#include "test/support/pki.h"

#include <gio/gio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY_USEC (G_GINT64_CONSTANT(86400) * G_USEC_PER_SEC)

/* 2020-01-01, 2026-01-01 and 2060-01-01 */
#define YEAR_2020 (G_GINT64_CONSTANT(1577836800) * G_USEC_PER_SEC)
#define YEAR_2026 (G_GINT64_CONSTANT(1767225600) * G_USEC_PER_SEC)
#define YEAR_2060 (G_GINT64_CONSTANT(2840140800) * G_USEC_PER_SEC)

/* A mismatch shows both texts. */
static void
assert_matches(const char *text, const char *pattern)
{
	if (!g_pattern_match_simple(pattern, text))
		g_assert_cmpstr(text, ==, pattern);
}

static X509 *
load_cert(const char *name)
{
	g_autofree char *file = g_strconcat(name, ".pem", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(BscX509Stack) certs = bsc_certificate_load_file(test_pki_path(file), &error);

	g_assert_no_error(error);
	return sk_X509_shift(certs);
}

/* What a signer NAME, who brings INTERMEDIATE along, is judged to be. */
typedef struct {
	const char *what;
	const char *signer;
	const char *intermediate; /* (nullable) */
	BscKeyringOptions rules;  /* path and directory as names of pki.sh */
	gint64 now_usec;	  /* 0 = 2026 */
	gint64 signing_time_usec;
	const char *words; /* pattern of the refusal; %NULL = trusted */
} Case;

static const char *const cn_signer[] = {"other", "signer", NULL};
static const char *const cn_other[] = {"signe", "signer2", NULL};
static const char *const cn_none[] = {NULL};

static const Case cases[] = {
	{.what = "a good signer", .signer = "signer", .rules = {.path = "keyring.pem"}},
	{.what = "by directory", .signer = "signer", .rules = {.directory = "keyring.d"}},
	{.what = "by both",
	 .signer = "signer",
	 .rules = {.path = "keyring-other.pem", .directory = "keyring.d"}},
	{.what = "through an intermediate",
	 .signer = "leaf",
	 .intermediate = "intermediate",
	 .rules = {.path = "keyring.pem"}},
	{.what = "without its intermediate",
	 .signer = "leaf",
	 .rules = {.path = "keyring.pem"},
	 .words = "signature verification failed: unable to get local issuer certificate "
		  "('CN=leaf,O=Bascule test'): its issuer 'CN=intermediate,O=Bascule test' is "
		  "neither*"},
	{.what = "a stranger",
	 .signer = "other",
	 .rules = {.path = "keyring.pem"},
	 .words = "*unable to get local issuer certificate*"},
	{.what = "a stranger with its CA",
	 .signer = "other",
	 .intermediate = "other-ca",
	 .rules = {.path = "keyring.pem"},
	 .words = "*self-signed certificate in certificate chain*it is not in the keyring"},
	{.what = "a self-signed stranger",
	 .signer = "selfsigned",
	 .rules = {.path = "keyring.pem"},
	 .words = "*self-signed certificate ('CN=selfsigned,O=Bascule test')*"},
	{.what = "a self-signed friend",
	 .signer = "selfsigned",
	 .rules = {.path = "selfsigned.pem"}},

	{.what = "expired",
	 .signer = "expired",
	 .rules = {.path = "keyring.pem"},
	 .words = "*certificate has expired ('CN=expired,O=Bascule test'): valid until "
		  "2020-12-31T23:59:59Z, judged at 2026-01-01T00:00:00Z*"},
	{.what = "not yet valid",
	 .signer = "future",
	 .rules = {.path = "keyring.pem"},
	 .words = "*certificate is not yet valid*valid from 2049-01-01T00:00:00Z*clock right?"},
	{.what = "expired, but times do not matter",
	 .signer = "expired",
	 .rules = {.path = "keyring.pem", .no_check_time = TRUE}},
	{.what = "expired, but not when it was signed",
	 .signer = "expired",
	 .rules = {.path = "keyring.pem", .use_bundle_signing_time = TRUE},
	 .signing_time_usec = YEAR_2020 + DAY_USEC},
	{.what = "good now, but not when it was signed",
	 .signer = "signer",
	 .rules = {.path = "keyring.pem", .use_bundle_signing_time = TRUE},
	 .signing_time_usec = YEAR_2020 - DAY_USEC,
	 .words = "*certificate is not yet valid*judged at 2019-12-31T00:00:00Z*"},
	{.what = "the signing time is wanted, but missing",
	 .signer = "signer",
	 .rules = {.path = "keyring.pem", .use_bundle_signing_time = TRUE},
	 .words = "*does not tell its signing time*"},
	{.what = "the signing time is missing, but times do not matter",
	 .signer = "expired",
	 .rules = {.path = "keyring.pem", .use_bundle_signing_time = TRUE, .no_check_time = TRUE}},
	{.what = "the signing time does not matter",
	 .signer = "signer",
	 .rules = {.path = "keyring.pem"},
	 .signing_time_usec = YEAR_2060},
	{.what = "the clock is in 1970",
	 .signer = "signer",
	 .rules = {.path = "keyring.pem"},
	 .now_usec = 1,
	 .words = "*not yet valid*judged at 1970-01-01*"},
	{.what = "the clock is in 1970, the floor is not",
	 .signer = "signer",
	 .rules = {.path = "keyring.pem", .time_floor_usec = YEAR_2026},
	 .now_usec = 1},
	{.what = "the clock goes beyond the floor",
	 .signer = "signer",
	 .rules = {.path = "keyring.pem", .time_floor_usec = YEAR_2026},
	 .now_usec = YEAR_2060,
	 .words = "*has expired*judged at 2060-01-01*"},
	{.what = "expired by the floor alone",
	 .signer = "expired",
	 .rules = {.path = "keyring.pem", .time_floor_usec = YEAR_2026},
	 .now_usec = YEAR_2020 + DAY_USEC,
	 .words = "*has expired*judged at 2026-01-01*"},

	{.what = "CRLs that say nothing",
	 .signer = "signer",
	 .rules = {.path = "keyring-crl.pem", .check_crl = TRUE}},
	{.what = "CRLs through an intermediate",
	 .signer = "leaf",
	 .rules = {.path = "keyring-crl.pem", .check_crl = TRUE}},
	{.what = "revoked",
	 .signer = "revoked",
	 .rules = {.path = "keyring-crl.pem", .check_crl = TRUE},
	 .words = "*certificate revoked ('CN=revoked,O=Bascule test')"},
	{.what = "revoked, but nobody asks",
	 .signer = "revoked",
	 .rules = {.path = "keyring-crl.pem"}},
	{.what = "CRLs in a directory that say nothing",
	 .signer = "leaf",
	 .rules = {.directory = "keyring-crl.d", .check_crl = TRUE}},
	{.what = "revoked by a CRL in a directory",
	 .signer = "revoked",
	 .rules = {.directory = "keyring-crl.d", .check_crl = TRUE},
	 .words = "*certificate revoked*"},
	{.what = "no CRL",
	 .signer = "signer",
	 .rules = {.path = "keyring.pem", .check_crl = TRUE},
	 .words = "*unable to get certificate CRL*holds no CRL of 'CN=ca,O=Bascule test'"},
	{.what = "an old CRL",
	 .signer = "revoked",
	 .rules = {.path = "keyring-old-crl.pem", .check_crl = TRUE},
	 .words = "*CRL has expired*put a fresh CRL into the keyring"},

	{.what = "an anchor that is no root",
	 .signer = "leaf",
	 .rules = {.path = "keyring-partial.pem"},
	 .words = "*unable to get *issuer certificate*"},
	{.what = "an anchor that is no root, allowed",
	 .signer = "leaf",
	 .rules = {.path = "keyring-partial.pem", .allow_partial_chain = TRUE}},
	{.what = "the signer itself as anchor, allowed",
	 .signer = "signer",
	 .rules = {.path = "signer.pem", .allow_partial_chain = TRUE}},

	{.what = "for e-mail", .signer = "signer-email", .rules = {.path = "keyring.pem"}},
	{.what = "for code, by default",
	 .signer = "codesign",
	 .rules = {.path = "keyring.pem"},
	 .words = "*certificate purpose*set check-purpose=codesign in [keyring]"},
	{.what = "for time stamps, by default",
	 .signer = "timestamp",
	 .rules = {.path = "keyring.pem"},
	 .words = "*certificate purpose*not emailProtection*"},
	{.what = "for code",
	 .signer = "codesign",
	 .rules = {.path = "keyring.pem", .check_purpose = "codesign"}},
	{.what = "for anything, as code",
	 .signer = "signer",
	 .rules = {.path = "keyring.pem", .check_purpose = "codesign"},
	 .words = "*certificate purpose*wants the extended key usage codeSigning"},
	{.what = "for e-mail, as code",
	 .signer = "signer-email",
	 .rules = {.path = "keyring.pem", .check_purpose = "codesign"},
	 .words = "*wants the extended key usage codeSigning"},
	{.what = "for code, but not for signatures",
	 .signer = "wrong-usage",
	 .rules = {.path = "keyring.pem", .check_purpose = "codesign"},
	 .words = "*wants digitalSignature among the key usages"},
	{.what = "for code, any purpose",
	 .signer = "codesign",
	 .rules = {.path = "keyring.pem", .check_purpose = "any"}},
	{.what = "for time stamps",
	 .signer = "timestamp",
	 .rules = {.path = "keyring.pem", .check_purpose = "smimesign"},
	 .words = "*certificate purpose*"},

	{.what = "a listed name",
	 .signer = "signer",
	 .rules = {.path = "keyring.pem", .allowed_signer_cns = cn_signer}},
	{.what = "a name that is not listed",
	 .signer = "signer",
	 .rules = {.path = "keyring.pem", .allowed_signer_cns = cn_other},
	 .words = "*the signer is not among the allowed ones*allowed-signer-cns"},
	{.what = "an empty list",
	 .signer = "signer",
	 .rules = {.path = "keyring.pem", .allowed_signer_cns = cn_none}},
};

static BscKeyring *
load_rules(const BscKeyringOptions *rules)
{
	g_autoptr(GError) error = NULL;
	BscKeyringOptions options = *rules;
	BscKeyring *keyring;

	options.path = rules->path != NULL ? test_pki_path(rules->path) : NULL;
	options.directory = rules->directory != NULL ? test_pki_path(rules->directory) : NULL;
	keyring = bsc_keyring_load(&options, &error);
	g_assert_no_error(error);
	return keyring;
}

static void
test_judges(gconstpointer data)
{
	const Case *test = data;
	g_autoptr(BscKeyring) keyring = load_rules(&test->rules);
	g_autoptr(X509) leaf = load_cert(test->signer);
	g_autoptr(BscX509Stack) others = sk_X509_new_null();
	g_autoptr(BscX509Stack) chain = NULL;
	g_autoptr(GError) error = NULL;
	gboolean trusted;

	if (test->intermediate != NULL)
		sk_X509_push(others, load_cert(test->intermediate));
	bsc_clock_set_for_test(test->now_usec != 0 ? test->now_usec : YEAR_2026);
	trusted = bsc_keyring_check_chain(keyring, leaf, others, test->signing_time_usec, &chain,
					  &error);
	bsc_clock_set_for_test(-1);
	if (test->words == NULL) {
		g_assert_no_error(error);
		g_assert_true(trusted);
		g_assert_cmpint(X509_cmp(sk_X509_value(chain, 0), leaf), ==, 0);
		return;
	}
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNTRUSTED);
	g_assert_false(trusted);
	g_assert_null(chain);
	assert_matches(error->message, test->words);
}

/* A certificate that nobody asked to be honest: the name hides something behind a NUL. */
static X509 *
make_cert_with_name(const char *name, int len, const char *second)
{
	g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING,
				   (const unsigned char *)name, len, -1, 0);
	if (second != NULL)
		X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING,
					   (const unsigned char *)second, -1, -1, 0);
	X509_set_issuer_name(cert, subject);
	g_assert_cmpint(X509_sign(cert, key, EVP_sha256()), >, 0);
	return cert;
}

static void
check_odd_name(const char *name, int len, const char *second)
{
	static const char *const allowed[] = {"signer", NULL};
	g_autoptr(X509) cert = make_cert_with_name(name, len, second);
	g_autofree char *path = g_build_filename(test_pki_path("."), "odd.pem", NULL);
	g_autoptr(BIO) bio = BIO_new_file(path, "w");
	BscKeyringOptions options = {.path = path, .allowed_signer_cns = allowed};
	g_autoptr(BscKeyring) keyring = NULL;
	g_autoptr(GError) error = NULL;

	PEM_write_bio_X509(bio, cert);
	(void)BIO_flush(bio);
	keyring = bsc_keyring_load(&options, &error);
	g_assert_no_error(error);
	g_assert_false(bsc_keyring_check_chain(keyring, cert, NULL, 0, NULL, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNTRUSTED);
	assert_matches(error->message, "*has no usable common name*");
}

static void
test_refuses_nul_in_name(void)
{
	check_odd_name("signer\0.example", 15, NULL);
	check_odd_name("signer", 6, "someone else");
}

static void
test_refuses_to_load(void)
{
	const struct {
		BscKeyringOptions options;
		GQuark domain;
		int code;
		const char *words;
	} bad[] = {
		{{0}, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE, "No keyring is given*"},
		{{.path = test_pki_path("keyring.pem"), .check_purpose = "codesigning"},
		 BSC_CONFIG_ERROR,
		 BSC_CONFIG_ERROR_VALUE,
		 "check-purpose: 'codesigning' is not known*"},
		{{.path = test_pki_path("missing.pem")},
		 G_IO_ERROR,
		 G_IO_ERROR_NOT_FOUND,
		 "*missing.pem*"},
		{{.path = test_pki_path("garbage.pem")},
		 G_IO_ERROR,
		 G_IO_ERROR_INVALID_DATA,
		 "*garbage.pem*"},
		{{.path = test_pki_path("signer.key")},
		 G_IO_ERROR,
		 G_IO_ERROR_INVALID_DATA,
		 "*signer.key* holds no certificate"},
		{{.directory = test_pki_path("nowhere.d")},
		 G_IO_ERROR,
		 G_IO_ERROR_NOT_DIRECTORY,
		 "*nowhere.d' does not exist or is no directory"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(bsc_keyring_load(&bad[i].options, &error));
		g_assert_error(error, bad[i].domain, bad[i].code);
		assert_matches(error->message, bad[i].words);
	}
}

static void
test_tells_ignored_crls(void)
{
	g_autoptr(BscKeyring) with = test_pki_load_keyring("keyring-crl.pem");
	g_autoptr(BscKeyring) without = test_pki_load_keyring("keyring.pem");
	BscKeyringOptions options = {
		.path = test_pki_path("keyring-crl.pem"),
		.check_crl = TRUE,
	};
	g_autoptr(BscKeyring) checked = bsc_keyring_load(&options, NULL);

	g_assert_true(bsc_keyring_has_ignored_crls(with));
	g_assert_false(bsc_keyring_has_ignored_crls(without));
	g_assert_false(bsc_keyring_has_ignored_crls(checked));
}

static void
test_tells_the_time(void)
{
	BscKeyringOptions options = {
		.path = test_pki_path("keyring.pem"),
		.time_floor_usec = YEAR_2026,
	};
	g_autoptr(BscKeyring) keyring = bsc_keyring_load(&options, NULL);
	gboolean is_floor = FALSE;

	bsc_clock_set_for_test(5);
	g_assert_cmpint(bsc_keyring_get_now(keyring, &is_floor), ==, YEAR_2026);
	g_assert_true(is_floor);
	bsc_clock_set_for_test(YEAR_2060);
	g_assert_cmpint(bsc_keyring_get_now(keyring, &is_floor), ==, YEAR_2060);
	g_assert_false(is_floor);
	bsc_clock_set_for_test(-1);
}

static void
test_loads_signers(void)
{
	static const char *const names[] = {"signer", "signer-pss", "signer-p256", "signer-p384"};
	const char *intermediates[] = {test_pki_path("intermediate.pem"),
				       test_pki_path("recipients.pem"), NULL};
	BscKeyringKeyOptions options = {
		.cert = test_pki_path("signer.pem"),
		.key = test_pki_path("signer-encrypted.key"),
		.passphrase = "bascule",
		.intermediates = intermediates,
	};
	g_autoptr(BscSigningKey) encrypted = NULL;
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(BscSigningKey) signer = test_pki_load_signer(names[i]);

		g_assert_nonnull(signer);
	}
	encrypted = bsc_keyring_load_signer(&options, &error);
	g_assert_no_error(error);
	g_assert_cmpint(sk_X509_num(encrypted->intermediates), ==, 3);
}

static void
test_refuses_signers(void)
{
	const char *no_file[] = {test_pki_path("missing.pem"), NULL};
	const struct {
		BscKeyringKeyOptions options;
		GQuark domain;
		int code;
		const char *words;
	} bad[] = {
		{{0}, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "To sign, both*"},
		{{.cert = test_pki_path("signer.pem"), .key = test_pki_path("signer2.key")},
		 G_IO_ERROR,
		 G_IO_ERROR_INVALID_DATA,
		 "The private key does not belong to the certificate of 'CN=signer,O=Bascule "
		 "test'"},
		{{.cert = test_pki_path("signer.pem"),
		  .key = test_pki_path("signer-encrypted.key")},
		 G_IO_ERROR,
		 G_IO_ERROR_PERMISSION_DENIED,
		 "Key '*signer-encrypted.key' is encrypted, and no passphrase is given"},
		{{.cert = test_pki_path("signer.pem"),
		  .key = test_pki_path("signer-encrypted.key"),
		  .passphrase = "wrong"},
		 G_IO_ERROR,
		 G_IO_ERROR_PERMISSION_DENIED,
		 "Failed to decrypt key '*': wrong passphrase?*"},
		{{.cert = test_pki_path("signer.pem"), .key = test_pki_path("garbage.pem")},
		 G_IO_ERROR,
		 G_IO_ERROR_INVALID_DATA,
		 "*garbage.pem' is not a PEM file with a private key*"},
		{{.cert = test_pki_path("garbage.pem"), .key = test_pki_path("signer.key")},
		 G_IO_ERROR,
		 G_IO_ERROR_INVALID_DATA,
		 "*garbage.pem*"},
		{{.cert = test_pki_path("signer.pem"), .key = test_pki_path("missing.key")},
		 G_IO_ERROR,
		 G_IO_ERROR_NOT_FOUND,
		 "*missing.key*"},
		{{.cert = test_pki_path("signer.pem"),
		  .key = test_pki_path("signer.key"),
		  .intermediates = no_file},
		 G_IO_ERROR,
		 G_IO_ERROR_NOT_FOUND,
		 "*missing.pem*"},
		{{.cert = test_pki_path("signer.pem"),
		  .key = "pkcs11:token=none;object=none;pin-value=secret"},
		 BSC_BUNDLE_ERROR,
		 BSC_BUNDLE_ERROR_UNSUPPORTED,
		 "No private key came from the PKCS#11 URI: *"},
		{{.cert = "pkcs11:token=none;object=none", .key = test_pki_path("signer.key")},
		 BSC_BUNDLE_ERROR,
		 BSC_BUNDLE_ERROR_UNSUPPORTED,
		 "No certificate came from the PKCS#11 URI: *"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(bsc_keyring_load_signer(&bad[i].options, &error));
		g_assert_error(error, bad[i].domain, bad[i].code);
		assert_matches(error->message, bad[i].words);
		g_assert_null(g_strstr_len(error->message, -1, "secret"));
	}
}

/* OpenSSL 3.0 cannot; a later one may, and then the key must simply load. */
static void
test_probes_ed25519(void)
{
	BscKeyringKeyOptions options = {
		.cert = test_pki_path("signer-ed25519.pem"),
		.key = test_pki_path("signer-ed25519.key"),
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSigningKey) signer = bsc_keyring_load_signer(&options, &error);

	if (signer != NULL) {
		g_test_skip("this OpenSSL makes CMS signatures with Ed25519");
		return;
	}
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED);
	assert_matches(error->message, "OpenSSL * cannot make a CMS signature with a key of type "
				       "ED25519; use RSA or ECDSA");
}

static void
test_loads_decryption_keys(void)
{
	BscKeyringKeyOptions none = {0};
	BscKeyringKeyOptions wrong = {
		.key = test_pki_path("recipient-rsa.key"),
		.cert = test_pki_path("recipient-rsa2.pem"),
	};
	BscKeyringKeyOptions alone = {.key = test_pki_path("recipient-rsa.key")};
	BscKeyringKeyOptions both = {
		.key = test_pki_path("recipient-ec.key"),
		.cert = test_pki_path("recipient-ec.pem"),
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(BscDecryptionKey) key = bsc_keyring_load_decryption_key(&alone, &error);
	g_autoptr(BscDecryptionKey) pair = bsc_keyring_load_decryption_key(&both, &error);

	g_assert_no_error(error);
	g_assert_nonnull(key);
	g_assert_nonnull(pair);
	g_assert_null(bsc_keyring_load_decryption_key(&wrong, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
	g_clear_error(&error);
	g_assert_null(bsc_keyring_load_decryption_key(&none, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = g_strdup_printf("/format/keyring/judges/%s", cases[i].what);

		g_test_add_data_func(name, &cases[i], test_judges);
	}
	g_test_add_func("/format/keyring/refuses-nul-in-allowed-name", test_refuses_nul_in_name);
	g_test_add_func("/format/keyring/refuses-to-load", test_refuses_to_load);
	g_test_add_func("/format/keyring/tells-ignored-crls", test_tells_ignored_crls);
	g_test_add_func("/format/keyring/tells-the-time", test_tells_the_time);
	g_test_add_func("/format/keyring/loads-signers", test_loads_signers);
	g_test_add_func("/format/keyring/refuses-signers", test_refuses_signers);
	g_test_add_func("/format/keyring/probes-ed25519", test_probes_ed25519);
	g_test_add_func("/format/keyring/loads-decryption-keys", test_loads_decryption_keys);
	status = g_test_run();
	test_pki_clear();
	return status;
}
