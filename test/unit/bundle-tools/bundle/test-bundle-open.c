/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/bundle/test-bundle-open.c - what an open bundle hands up, and the codes of
 * what is refused */
#include "config.h"

#include "bundle-tools/bundle/bundle-create.h"
#include "bundle-tools/bundle/bundle-open.h"
#include "bundle-tools/bundle/bundle-rewrite.h"
#include "bundle-tools/bundle/bundle-tree.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/io.h"
#include "common/run.h"
#include "test/support/memory-source.h"
#include "test/support/pki.h"
#include "test/support/temp-dir.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMAGE_BYTES 700000

static const char manifest_text[] = "[update]\ncompatible=test\nversion=1\n"
				    "[hooks]\nfilename=hook.sh\n"
				    "[image.rootfs]\nfilename=rootfs.img\n"
				    "[image.data]\ntype=emptyfs\n";

/* The bundles that all tests read, as bytes; made once. */
static GBytes *bundles[BSC_BUNDLE_FORMAT_N];
static GBytes *encrypted;
static BscKeyring *keyring;

/* Bytes that do not compress, so that the payload has more blocks than caches hold. */
static uint8_t *
make_image(void)
{
	uint8_t *image = g_malloc(IMAGE_BYTES);
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);

	for (size_t i = 0; i < IMAGE_BYTES; i++)
		image[i] = (uint8_t)g_rand_int(rand);
	return image;
}

static char *
make_content(const TestTempDir *dir)
{
	g_autofree uint8_t *wanted = make_image();
	g_autofree char *image = test_temp_dir_get_path(dir, "content/image-1.img");
	g_autofree char *link = test_temp_dir_get_path(dir, "content/rootfs.img");
	g_autofree char *manifest =
		test_temp_dir_write(dir, "content/manifest.raucm", manifest_text);
	g_autofree char *hook = test_temp_dir_write(dir, "content/hook.sh", "#!/bin/sh\n");
	g_autofree char *extra = test_temp_dir_write(dir, "content/sub/file", "deep");

	g_assert_true(g_file_set_contents(image, (char *)wanted, IMAGE_BYTES, NULL));
	g_assert_cmpint(symlink("image-1.img", link), ==, 0);
	return test_temp_dir_get_path(dir, "content");
}

static GBytes *
read_all(const char *path)
{
	g_autoptr(GError) error = NULL;
	GBytes *bytes = bsc_io_read_file(path, 1 << 24, &error);

	g_assert_no_error(error);
	return bytes;
}

static void
make_bundles(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *content = make_content(dir);
	g_autofree char *out = test_temp_dir_get_path(dir, "encrypted");
	const char *const recipients[] = {test_pki_path("recipient-rsa.pem"), NULL};
	g_autoptr(BscSigningKey) key = test_pki_load_signer("signer-p256");
	BscBundleRewriteOptions rewrite = {.keyring = keyring};
	g_autoptr(GError) error = NULL;

	for (BscBundleFormat i = 0; i < BSC_BUNDLE_FORMAT_N; i++) {
		g_autofree char *path =
			test_temp_dir_get_path(dir, bsc_manifest_format_to_string(i));
		BscBundleCreateOptions options = {.key = key,
						  .keyring = keyring,
						  .default_format = i,
						  .compression = "gzip",
						  .source_date_epoch = -1};

		bsc_bundle_create(content, path, &options, NULL, &error);
		g_assert_no_error(error);
		bundles[i] = read_all(path);
		if (i != BSC_BUNDLE_FORMAT_CRYPT)
			continue;
		bsc_bundle_rewrite_encrypt(path, out, recipients, &rewrite, NULL, &error);
		g_assert_no_error(error);
		encrypted = read_all(out);
	}
}

static BscByteSource *
source_for(GBytes *bytes)
{
	return test_memory_source_new(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static BscDecryptionKey *
load_key(const char *name)
{
	BscKeyringKeyOptions options = {.key = test_pki_path(name)};
	g_autoptr(GError) error = NULL;
	BscDecryptionKey *key = bsc_keyring_load_decryption_key(&options, &error);

	g_assert_no_error(error);
	return key;
}

static void
assert_refused(BscByteSource *source, const BscBundleOpenOptions *options, BscBundleError code)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_bundle_open(source, options, NULL, NULL, NULL, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, (int)code);
}

static void
assert_image(BscBundle *bundle)
{
	const BscManifestImage *image = bsc_manifest_find_image(bundle->manifest, "rootfs", NULL);
	g_autofree uint8_t *wanted = make_image();
	g_autofree uint8_t *found = g_malloc(IMAGE_BYTES);
	g_autoptr(GError) error = NULL;
	g_autoptr(BscByteSource) file = bsc_bundle_open_image(bundle, image, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(bsc_byte_source_get_size(file), ==, IMAGE_BYTES);
	g_assert_true(bsc_byte_source_read_at(file, 0, found, IMAGE_BYTES, NULL));
	g_assert_cmpmem(found, IMAGE_BYTES, wanted, IMAGE_BYTES);
}

static void
test_opens(void)
{
	BscBundleOpenOptions options = {.keyring = keyring};

	for (BscBundleFormat i = 0; i < BSC_BUNDLE_FORMAT_N; i++) {
		g_autoptr(BscByteSource) source = source_for(bundles[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(BscBundle) bundle =
			bsc_bundle_open(source, &options, NULL, NULL, NULL, &error);

		g_assert_no_error(error);
		g_assert_cmpint(bundle->format, ==, i);
		g_assert_false(bundle->was_encrypted);
		g_assert_cmpuint(strlen(bundle->manifest_hash), ==, 64);
		g_assert_cmpuint(bundle->signer->chain->len, ==, 2);
		assert_image(bundle);
		g_assert_true(bsc_bundle_check_payload(bundle, NULL, NULL, NULL, &error));
		g_assert_true(bsc_bundle_check_images(bundle, NULL, NULL, NULL, &error));
		g_assert_no_error(error);
	}
}

static void
test_emptyfs_has_no_file(void)
{
	g_autoptr(BscByteSource) source = source_for(bundles[BSC_BUNDLE_FORMAT_VERITY]);
	g_autoptr(BscBundle) bundle = bsc_bundle_open(
		source, &(BscBundleOpenOptions){.keyring = keyring}, NULL, NULL, NULL, NULL);
	const BscManifestImage *image = bsc_manifest_find_image(bundle->manifest, "data", NULL);
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_bundle_open_image(bundle, image, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
test_missing_image(void)
{
	g_autoptr(BscByteSource) source = source_for(bundles[BSC_BUNDLE_FORMAT_VERITY]);
	g_autoptr(BscBundle) bundle = bsc_bundle_open(
		source, &(BscBundleOpenOptions){.keyring = keyring}, NULL, NULL, NULL, NULL);
	static const struct {
		const char *filename;
		uint64_t size_bytes;
		const char *words;
	} cases[] = {
		{"none.img", 1, "Image file 'none.img' is missing from the bundle"},
		{"sub", 1, "Image file 'sub' is not a regular file"},
		{"rootfs.img", 1,
		 "Image file 'rootfs.img' has 700000 bytes but the manifest says 1"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = g_strdup(cases[i].filename);
		BscManifestImage image = {
			.filename = name, .has_size = TRUE, .size_bytes = cases[i].size_bytes};
		g_autoptr(GError) error = NULL;

		g_assert_null(bsc_bundle_open_image(bundle, &image, &error));
		g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
		g_assert_cmpstr(error->message, ==, cases[i].words);
	}
}

static void
test_foreign_signer(void)
{
	g_autoptr(BscKeyring) other = test_pki_load_keyring("keyring-other.pem");
	BscBundleOpenOptions options = {.keyring = other};

	for (BscBundleFormat i = 0; i < BSC_BUNDLE_FORMAT_N; i++) {
		g_autoptr(BscByteSource) source = source_for(bundles[i]);

		assert_refused(source, &options, BSC_BUNDLE_ERROR_UNTRUSTED);
	}
}

/* Code by place: 0 = trailer, 1 = signature, 2 = first byte of the payload. */
static void
test_damage(void)
{
	BscBundleOpenOptions options = {.keyring = keyring};

	for (BscBundleFormat i = 0; i < BSC_BUNDLE_FORMAT_N; i++) {
		g_autoptr(BscByteSource) source = source_for(bundles[i]);
		uint8_t *data = test_memory_source_peek(source);
		size_t len = g_bytes_get_size(bundles[i]);
		gboolean is_plain = i == BSC_BUNDLE_FORMAT_PLAIN;

		data[len - 8] ^= 0x80;
		assert_refused(source, &options, BSC_BUNDLE_ERROR_FORMAT);
		data[len - 8] ^= 0x80;
		data[len - 20] ^= 1;
		assert_refused(source, &options, BSC_BUNDLE_ERROR_SIGNATURE);
		data[len - 20] ^= 1;
		data[0] ^= 1;
		assert_refused(source, &options,
			       is_plain ? BSC_BUNDLE_ERROR_SIGNATURE : BSC_BUNDLE_ERROR_CORRUPT);
	}
}

static void
test_change_after_check(void)
{
	for (BscBundleFormat i = 0; i < BSC_BUNDLE_FORMAT_N; i++) {
		g_autoptr(BscByteSource) source = source_for(bundles[i]);
		g_autoptr(BscBundle) bundle =
			bsc_bundle_open(source, &(BscBundleOpenOptions){.keyring = keyring}, NULL,
					NULL, NULL, NULL);
		g_autoptr(GError) error = NULL;

		/* Behind what was read when the bundle was opened. */
		for (size_t at = 40000; at < bundle->data_bytes; at += 500)
			test_memory_source_peek(source)[at] ^= 1;
		g_assert_false(bsc_bundle_check_images(bundle, NULL, NULL, NULL, &error));
		if (i == BSC_BUNDLE_FORMAT_PLAIN)
			g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CHANGED);
		else
			g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT);
	}
}

static void
test_check_payload(void)
{
	g_autoptr(BscByteSource) source = source_for(bundles[BSC_BUNDLE_FORMAT_VERITY]);
	g_autoptr(BscBundle) bundle = bsc_bundle_open(
		source, &(BscBundleOpenOptions){.keyring = keyring}, NULL, NULL, NULL, NULL);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) cancelled = NULL;

	test_memory_source_peek(source)[bundle->data_bytes - 1] ^= 1;
	g_assert_false(bsc_bundle_check_payload(bundle, NULL, NULL, NULL, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT);
	g_cancellable_cancel(cancellable);
	g_assert_false(bsc_bundle_check_payload(bundle, NULL, NULL, cancellable, &cancelled));
	g_assert_error(cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_formats(void)
{
	static const char *const all[] = {"plain", "verity", "crypt"};

	for (BscBundleFormat i = 0; i < BSC_BUNDLE_FORMAT_N; i++) {
		const char *const others[] = {all[(i + 1) % 3], all[(i + 2) % 3], NULL};
		const char *const own[] = {all[i], NULL};
		g_autoptr(BscByteSource) source = source_for(bundles[i]);
		g_autoptr(BscBundle) bundle = bsc_bundle_open(
			source, &(BscBundleOpenOptions){.keyring = keyring, .allowed_formats = own},
			NULL, NULL, NULL, NULL);

		g_assert_nonnull(bundle);
		assert_refused(
			source,
			&(BscBundleOpenOptions){.keyring = keyring, .allowed_formats = others},
			BSC_BUNDLE_ERROR_UNSUPPORTED);
	}
}

static void
test_encryption(void)
{
	g_autoptr(BscByteSource) open_key = source_for(bundles[BSC_BUNDLE_FORMAT_CRYPT]);
	g_autoptr(BscByteSource) source = source_for(encrypted);
	g_autoptr(BscDecryptionKey) wrong = load_key("recipient-rsa2.key");
	g_autoptr(BscDecryptionKey) right = load_key("recipient-rsa.key");
	BscBundleOpenOptions options = {.keyring = keyring, .require_encryption = TRUE};
	g_autoptr(BscBundle) bundle = NULL;
	g_autoptr(GError) error = NULL;

	assert_refused(open_key, &options, BSC_BUNDLE_ERROR_UNSUPPORTED);
	assert_refused(source, &options, BSC_BUNDLE_ERROR_DECRYPT);
	options.decryption_key = wrong;
	assert_refused(source, &options, BSC_BUNDLE_ERROR_DECRYPT);
	options.decryption_key = right;
	bundle = bsc_bundle_open(source, &options, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(bundle->was_encrypted);
	assert_image(bundle);
}

static void
test_signature_size(void)
{
	g_autoptr(BscByteSource) source = source_for(bundles[BSC_BUNDLE_FORMAT_VERITY]);

	assert_refused(source, &(BscBundleOpenOptions){.keyring = keyring, .max_cms_bytes = 100},
		       BSC_BUNDLE_ERROR_FORMAT);
}

static void
test_no_verify(void)
{
	for (BscBundleFormat i = 0; i < BSC_BUNDLE_FORMAT_N; i++) {
		g_autoptr(BscByteSource) source = source_for(bundles[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(BscBundle) bundle =
			bsc_bundle_open(source, &(BscBundleOpenOptions){.no_verify = TRUE}, NULL,
					NULL, NULL, &error);

		g_assert_no_error(error);
		g_assert_null(bundle->signer);
		g_assert_cmpstr(bundle->manifest->compatible, ==, "test");
		assert_image(bundle);
	}
}

static void
test_small_files(void)
{
	g_autoptr(BscByteSource) source = source_for(bundles[BSC_BUNDLE_FORMAT_VERITY]);
	g_autoptr(BscBundle) bundle = bsc_bundle_open(
		source, &(BscBundleOpenOptions){.keyring = keyring}, NULL, NULL, NULL, NULL);
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *link = test_temp_dir_get_path(dir, "rootfs.img");
	g_autofree char *hook = NULL;
	g_autofree char *deep = NULL;
	g_autoptr(GError) error = NULL;
	struct stat st;

	bsc_bundle_tree_extract(bundle, dir->path, BSC_BUNDLE_TREE_SMALL_FILES, NULL, &error);
	g_assert_no_error(error);
	hook = test_temp_dir_read(dir, "hook.sh");
	deep = test_temp_dir_read(dir, "sub/file");
	g_assert_cmpstr(hook, ==, "#!/bin/sh\n");
	g_assert_cmpstr(deep, ==, "deep");
	g_assert_cmpint(lstat(link, &st), ==, -1);
}

int
main(int argc, char **argv)
{
	g_autofree char *mksquashfs = bsc_run_find_program("mksquashfs");
	int result;

	g_test_init(&argc, &argv, NULL);
	if (mksquashfs == NULL) {
		g_print("1..0 # SKIP mksquashfs is not installed\n");
		return 0;
	}
	keyring = test_pki_load_keyring("keyring.pem");
	make_bundles();
	g_test_add_func("/bundle/bundle-open/opens-every-format", test_opens);
	g_test_add_func("/bundle/bundle-open/emptyfs-has-no-file", test_emptyfs_has_no_file);
	g_test_add_func("/bundle/bundle-open/tells-a-missing-image", test_missing_image);
	g_test_add_func("/bundle/bundle-open/refuses-a-foreign-signer", test_foreign_signer);
	g_test_add_func("/bundle/bundle-open/refuses-damage-by-place", test_damage);
	g_test_add_func("/bundle/bundle-open/notices-a-change-after-the-check",
			test_change_after_check);
	g_test_add_func("/bundle/bundle-open/checks-a-whole-payload", test_check_payload);
	g_test_add_func("/bundle/bundle-open/takes-only-allowed-formats", test_formats);
	g_test_add_func("/bundle/bundle-open/asks-for-encryption", test_encryption);
	g_test_add_func("/bundle/bundle-open/limits-the-signature", test_signature_size);
	g_test_add_func("/bundle/bundle-open/shows-without-verifying", test_no_verify);
	g_test_add_func("/bundle/bundle-tree/leaves-images-out", test_small_files);
	result = g_test_run();
	for (BscBundleFormat i = 0; i < BSC_BUNDLE_FORMAT_N; i++)
		g_bytes_unref(bundles[i]);
	g_bytes_unref(encrypted);
	bsc_keyring_unref(keyring);
	test_pki_clear();
	return result;
}
