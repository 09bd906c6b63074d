/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/format/test-manifest.c - manifests: read strictly, written canonically */
#include "config.h"

#include "bundle-tools/format/manifest.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/hex.h"

#include <string.h>

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEX_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

#define UPDATE "[update]\ncompatible=x\n"
#define VERITY "verity-hash=" HEX_A "\nverity-salt=" HEX_B "\nverity-size=4096\n"
#define SUMS   "sha256=" HEX_C "\nsize=7\n"

/* A mismatch shows both texts. */
static void
assert_matches(const char *text, const char *pattern)
{
	if (!g_pattern_match_simple(pattern, text))
		g_assert_cmpstr(text, ==, pattern);
}

static BscManifest *
parse(const char *text, BscManifestFlags flags)
{
	g_autoptr(GError) error = NULL;
	BscManifest *manifest = bsc_manifest_parse(text, strlen(text), flags, &error);

	g_assert_no_error(error);
	return manifest;
}

/* Everything at once, in canonical order: what is read is what is written. */
static const char full[] = "[update]\n"
			   "compatible=some board\n"
			   "version=2026.11-1\n"
			   "description=a \\ntext; with = signs\n"
			   "build=20261123\n"
			   "min-rauc-version=1.15\n"
			   "\n"
			   "[bundle]\n"
			   "crypt-key=" HEX_A "\n"
			   "format=crypt\n"
			   "verity-hash=" HEX_B "\n"
			   "verity-salt=" HEX_C "\n"
			   "verity-size=8192\n"
			   "\n"
			   "[handler]\n"
			   "filename=custom.sh\n"
			   "args=--all -v\n"
			   "\n"
			   "[hooks]\n"
			   "filename=hook.sh\n"
			   "hooks=install-check;\n"
			   "\n"
			   "[image.rootfs]\n"
			   "sha256=" HEX_A "\n"
			   "size=18446744073709551615\n"
			   "filename=rootfs.img.ext4\n"
			   "type=raw\n"
			   "hooks=pre-install;post-install;\n"
			   "adaptive=block-hash-index;\n"
			   "\n"
			   "[image.rootfs.ti,am335x-bone.v2]\n"
			   "sha256=" HEX_B "\n"
			   "size=0\n"
			   "filename=bone.tar.zst\n"
			   "\n"
			   "[image.empty]\n"
			   "type=emptyfs\n"
			   "\n"
			   "[image.custom]\n"
			   "hooks=install;\n"
			   "\n"
			   "[image.apps/player.eu]\n"
			   "sha256=" HEX_C "\n"
			   "size=5\n"
			   "filename=player.tar\n"
			   "convert=tar-extract;composefs;\n"
			   "converted=player.extracted;player.cfs;\n"
			   "\n"
			   "[meta.bascule]\n"
			   "made-by=bascule-bundle\n"
			   "\n"
			   "[meta.release_1]\n"
			   "Notes=first\\nsecond\n"
			   "empty=\n"
			   "\n"
			   "[rollout]\n"
			   "any key/at all=x\n";

static void
test_reads_everything(void)
{
	g_autoptr(BscManifest) manifest = parse(full, BSC_MANIFEST_SIGNED);
	const BscManifestImage *image = manifest->images->pdata[0];
	const BscManifestMeta *meta = manifest->meta->pdata[1];
	const BscManifestPair *pair = meta->pairs->pdata[0];
	g_autofree char *key = bsc_hex_encode(manifest->crypt_key, 32);

	g_assert_cmpstr(manifest->compatible, ==, "some board");
	g_assert_cmpstr(manifest->description, ==, "a \ntext; with = signs");
	g_assert_cmpstr(manifest->min_rauc_version, ==, "1.15");
	g_assert_cmpint(manifest->format, ==, BSC_BUNDLE_FORMAT_CRYPT);
	g_assert_true(manifest->has_verity && manifest->has_crypt_key);
	g_assert_cmpstr(key, ==, HEX_A);
	g_assert_cmpuint(manifest->verity_size_bytes, ==, 8192);
	g_assert_cmpstr(manifest->handler_args, ==, "--all -v");
	g_assert_cmpstr(manifest->hooks[0], ==, "install-check");
	g_assert_cmpuint(manifest->images->len, ==, 5);
	g_assert_cmpstr(image->type, ==, "raw");
	g_assert_true(image->has_type_key && image->has_size && image->has_sha256);
	g_assert_cmpuint(image->size_bytes, ==, G_MAXUINT64);
	g_assert_true(bsc_manifest_image_has_hook(image, "post-install"));
	g_assert_false(bsc_manifest_image_has_hook(image, "install"));
	image = manifest->images->pdata[1];
	g_assert_cmpstr(image->variant, ==, "ti,am335x-bone.v2");
	g_assert_cmpstr(image->type, ==, "tar");
	g_assert_false(image->has_type_key);
	image = manifest->images->pdata[4];
	g_assert_cmpstr(image->slot_class, ==, "apps");
	g_assert_cmpstr(image->artifact, ==, "player");
	g_assert_cmpstr(image->variant, ==, "eu");
	g_assert_cmpstr(image->convert[1], ==, "composefs");
	g_assert_cmpstr(meta->label, ==, "release_1");
	g_assert_cmpstr(pair->key, ==, "Notes");
	g_assert_cmpstr(pair->value, ==, "first\nsecond");
	g_assert_cmpuint(manifest->rollout->pairs->len, ==, 1);
}

static void
test_writes_what_it_read(void)
{
	g_autoptr(BscManifest) manifest = parse(full, BSC_MANIFEST_SIGNED);
	g_autoptr(BscManifest) copy = bsc_manifest_copy(manifest);
	g_autofree char *text = bsc_manifest_to_string(manifest, TRUE);
	g_autofree char *copied = bsc_manifest_to_string(copy, TRUE);

	g_assert_cmpstr(text, ==, full);
	g_assert_cmpstr(copied, ==, full);
}

static void
test_keeps_keys_out_of_the_payload(void)
{
	g_autoptr(BscManifest) manifest = parse(full, BSC_MANIFEST_SIGNED);
	g_autofree char *text = bsc_manifest_to_string(manifest, FALSE);
	g_autoptr(BscManifest) again = parse(text, BSC_MANIFEST_FLAGS_NONE);

	g_assert_null(strstr(text, "crypt-key"));
	g_assert_null(strstr(text, "verity-"));
	g_assert_cmpint(again->format, ==, BSC_BUNDLE_FORMAT_CRYPT);
}

static void
test_writes_plain_without_bundle_group(void)
{
	g_autoptr(BscManifest) manifest =
		parse("[image.rootfs]\nfilename=a.ext4\n[bundle]\nformat=plain\n" UPDATE,
		      BSC_MANIFEST_INPUT);
	g_autofree char *text = bsc_manifest_to_string(manifest, TRUE);

	g_assert_cmpstr(text, ==, UPDATE "\n[image.rootfs]\nfilename=a.ext4\n");
}

static void
test_takes_what_the_field_writes(void)
{
	/* empty texts, legacy keys, comments, blanks, CRLF, upper case digests, empty lists */
	static const char text[] =
		"# made by a script\n[update]\r\ncompatible = x \r\nversion=\nbuild=  \n"
		"description=\n\n[image.rootfs]\nfilename=a.ext4\nversion=1\ndescription=\n"
		"build=b\nadaptive=\\s;\nhooks=;\nsize=1\n"
		"sha256=ABCDEFabcdef0123456789ABCDEFabcdef0123456789ABCDEFabcdef01234567\n";
	g_autoptr(BscManifest) manifest = parse(text, BSC_MANIFEST_FLAGS_NONE);
	const BscManifestImage *image = manifest->images->pdata[0];

	g_assert_cmpstr(manifest->compatible, ==, "x");
	g_assert_null(manifest->version);
	g_assert_null(manifest->build);
	g_assert_null(manifest->description);
	g_assert_null(image->hooks);
	g_assert_null(image->adaptive);
	g_assert_cmpint(image->sha256[0], ==, 0xab);
}

static void
test_refuses(void)
{
	static const struct {
		const char *text;
		BscManifestFlags flags;
		const char *words;
	} cases[] = {
		{"", 0, "manifest: [update] compatible: is missing"},
		{"[update]\n", 0, "manifest: [update] compatible: is missing"},
		{"[update]\ncompatible=\n", 0, "*compatible: the value is empty"},
		{"compatible=x\n", 0, "manifest: *"},
		{UPDATE "compatible=y\n", 0, "manifest: line 3: key 'compatible' stands twice"},
		{UPDATE UPDATE, 0, "manifest: line 3: group 'update' stands twice"},
		{UPDATE "verson=1\n", 0, "*[update] verson: unknown key, did you mean 'version'?"},
		{UPDATE "[imagerootfs]\n", 0, "*[imagerootfs]: unknown group*"},
		{UPDATE "[hook]\nfilename=x\n", 0, "*[hook]: unknown group, did you mean 'hooks'?"},
		{UPDATE "[image]\nfilename=x\n", 0,
		 "*[image]: unknown group, did you mean 'image.*'?"},
		{UPDATE "version=\xff\n", 0, "manifest: the text is not UTF-8"},
		{UPDATE "[bundle]\nformat=casync\n", 0, "*[bundle] format: 'casync' is not known"},
		{UPDATE "[bundle]\nformat=varity\n", 0, "*did you mean 'verity'?"},
		{UPDATE "[bundle]\nformat=verity\n" VERITY, BSC_MANIFEST_INPUT,
		 "*[bundle] verity-* and crypt-key are written by the tool*"},
		{UPDATE "[bundle]\nformat=crypt\ncrypt-key=" HEX_A "\n", BSC_MANIFEST_INPUT,
		 "*are written by the tool*"},
		{UPDATE "[bundle]\nformat=verity\ncrypt-key=" HEX_A "\n", 0,
		 "*crypt-key is for format=crypt only"},
		{UPDATE "[bundle]\n" VERITY, 0, "*format=plain has no verity keys"},
		{UPDATE "[bundle]\nformat=verity\nverity-size=4096\n", 0, "*come together"},
		{UPDATE "[bundle]\nformat=verity\nverity-hash=" HEX_A "\nverity-salt=" HEX_A
			"\nverity-size=0\n",
		 0, "*verity-size: a multiple of 4096, not 0, is wanted"},
		{UPDATE "[bundle]\nformat=verity\nverity-hash=" HEX_A "\nverity-salt=" HEX_A
			"\nverity-size=4097\n",
		 0, "*verity-size: a multiple of 4096*"},
		{UPDATE "[bundle]\nformat=verity\nverity-hash=" HEX_A "\nverity-salt=" HEX_A
			"\nverity-size=-4096\n",
		 0, "*verity-size: a decimal number is wanted"},
		{UPDATE "[bundle]\nformat=verity\nverity-hash=" HEX_A "a\n", 0,
		 "*verity-hash: 64 hex digits are wanted"},
		{UPDATE, BSC_MANIFEST_SIGNED, "*'plain' cannot stand inside a signature*"},
		{UPDATE "[bundle]\nformat=verity\n", BSC_MANIFEST_SIGNED,
		 "*verity-hash, verity-salt and verity-size are missing"},
		{UPDATE "[bundle]\nformat=crypt\n" VERITY, BSC_MANIFEST_SIGNED,
		 "*crypt-key is missing"},
		{UPDATE "[handler]\nargs=x\n", 0, "*[handler] filename: is missing"},
		{UPDATE "[handler]\nfilename=a/b\n", 0, "*filename: a file name without '/'*"},
		{UPDATE "[hooks]\nhooks=install-check\n", 0, "*[hooks] filename: is missing"},
		{UPDATE "[hooks]\nfilename=h\nhooks=install\n", 0, "*'install' is not known*"},
		{UPDATE "[image.a]\n" SUMS, 0, "*[image.a] filename: is missing*"},
		{UPDATE "[image.a]\nfilename=../b\n" SUMS, 0, "*a file name without '/'*"},
		{UPDATE "[image.a]\nfilename=..\n" SUMS, 0, "*a file name without '/'*"},
		{UPDATE "[image.a]\nfilename=x\\ny\n" SUMS, 0, "*control characters*"},
		{UPDATE "[image.a]\nfilename=\n" SUMS, 0, "*filename: the value is empty"},
		{UPDATE "[image.a]\nfilename=b\nsize=1\n", 0, "*sha256 and size are missing"},
		{UPDATE "[image.a]\nfilename=b\nsha256=" HEX_A "\n", 0, "*are missing"},
		{UPDATE "[image.a]\nfilename=b\nsha256=abc\nsize=1\n", 0, "*sha256: 64 hex*"},
		{UPDATE "[image.a]\nfilename=b\nsize=1K\n", 0, "*size: a decimal number*"},
		{UPDATE "[image.a]\nfilename=b\nsize=18446744073709551616\n", 0, "*size: *"},
		{UPDATE "[image.a]\nfilename=b\ntype=a b\n", 0, "*type: white space*"},
		{UPDATE "[image.a]\nfilname=b\n", 0, "*did you mean 'filename'?"},
		{UPDATE "[image.a]\nfilename=b\nhooks=preinstall\n" SUMS, 0,
		 "*did you mean 'pre-install'?"},
		{UPDATE "[image.a]\nfilename=b\nhooks=pre-install\n" SUMS, 0,
		 "*[image.a] hooks: [hooks] filename is missing*"},
		{UPDATE "[image.a]\ntype=emptyfs\nfilename=b\n", 0, "*type=emptyfs goes without*"},
		{UPDATE "[image.a]\ntype=emptyfs\nsize=1\n", 0, "*type=emptyfs goes without*"},
		{UPDATE "[image.]\nfilename=b\n" SUMS, 0, "*[image.] *is empty"},
		{UPDATE "[image.a.]\nfilename=b\n" SUMS, 0, "*[image.a.] *is empty"},
		{UPDATE "[image..b]\nfilename=b\n" SUMS, 0, "*[image..b] *is wanted"},
		{UPDATE "[image.a/b]\nfilename=b\n" SUMS, 0, "*artifacts need format=verity*"},
		{UPDATE "[bundle]\nformat=verity\n[image.a/]\nfilename=b\n" SUMS, 0,
		 "*REPO/ARTIFACT*"},
		{UPDATE "[bundle]\nformat=verity\n[image./b]\nfilename=b\n" SUMS, 0,
		 "*REPO/ARTIFACT*"},
		{UPDATE "[bundle]\nformat=verity\n[image.a/b/c]\nfilename=b\n" SUMS, 0,
		 "*REPO/ARTIFACT*"},
		{UPDATE "[meta.]\na=b\n", 0, "*[meta.] a label*"},
		{UPDATE "[meta.a b]\na=b\n", 0, "*[meta.a b] a label*"},
		{UPDATE "[meta.a]\na b=c\n", 0, "*[meta.a] a b: a key of letters*"},
		{UPDATE "[meta.a]\nb=\\x\n", 0, "*[meta.a] b: *bad escape*"},
		{UPDATE "min-rauc-version=x\n", 0, "*min-rauc-version: 'x' is not a version*"},
		{UPDATE "min-rauc-version=1.13.9\n", 0, "*'1.13.9' is lower than 1.14*"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		g_test_message("case %zu", i);
		g_assert_null(bsc_manifest_parse(cases[i].text, strlen(cases[i].text),
						 cases[i].flags, &error));
		g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
		assert_matches(error->message, cases[i].words);
		g_assert_null(strchr(error->message, '\n'));
	}
}

static void
test_min_rauc_version(void)
{
	static const char *const good[] = {"1.14", "1.14.1", "1.15-rc1", "1.16", "1.16.0"};
	static const char *const high[] = {"1.16.1", "1.17", "2"};
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autofree char *text = g_strconcat(UPDATE "min-rauc-version=", good[i], NULL);
		g_autoptr(BscManifest) manifest = parse(text, BSC_MANIFEST_INPUT);

		g_assert_cmpstr(manifest->min_rauc_version, ==, good[i]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(high); i++) {
		g_autofree char *text = g_strconcat(UPDATE "min-rauc-version=", high[i], NULL);

		g_assert_null(bsc_manifest_parse(text, strlen(text), 0, &error));
		g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED);
		assert_matches(error->message, "manifest: The bundle asks for what RAUC *");
		g_clear_error(&error);
	}
}

static void
test_refuses_nul(void)
{
	static const char text[] = UPDATE "version=1\0\n";
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_manifest_parse(text, sizeof(text) - 1, 0, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
}

static void
test_chooses_by_variant(void)
{
	static const char text[] = UPDATE "[image.a]\nfilename=any\n[image.a.one]\nfilename=one\n"
					  "[image.b.one]\nfilename=b\n[image.c]\nfilename=c\n";
	static const struct {
		const char *slot_class;
		const char *variant;
		const char *filename;
	} cases[] = {
		{"a", NULL, "any"}, {"a", "one", "one"}, {"a", "two", "any"},
		{"b", "one", "b"},  {"b", "two", NULL},	 {"b", NULL, NULL},
		{"c", "one", "c"},  {"d", "one", NULL},	 {"d", NULL, NULL},
	};
	g_autoptr(BscManifest) manifest = parse(text, BSC_MANIFEST_INPUT);

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const BscManifestImage *image =
			bsc_manifest_find_image(manifest, cases[i].slot_class, cases[i].variant);

		g_assert_cmpstr(image != NULL ? image->filename : NULL, ==, cases[i].filename);
	}
	g_assert_true(bsc_manifest_has_images_of_class(manifest, "b"));
	g_assert_false(bsc_manifest_has_images_of_class(manifest, "d"));
}

static void
test_input_may_leave_the_format_open(void)
{
	g_autoptr(BscManifest) open = parse(UPDATE "[image.a/b]\nfilename=c\n", BSC_MANIFEST_INPUT);
	g_autoptr(BscManifest) said = parse(UPDATE "[bundle]\nformat=plain\n", BSC_MANIFEST_INPUT);
	static const char plain[] = UPDATE "[bundle]\nformat=plain\n[image.a/b]\nfilename=c\n";
	g_autoptr(GError) error = NULL;

	g_assert_false(open->has_format_key);
	g_assert_true(said->has_format_key);
	g_assert_null(bsc_manifest_parse(plain, strlen(plain), BSC_MANIFEST_INPUT, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
	assert_matches(error->message, "*artifacts need format=verity*");
}

static void
test_artifacts_are_no_slot_images(void)
{
	static const char text[] = UPDATE "[bundle]\nformat=verity\n[image.a/b]\nfilename=c\n";
	g_autoptr(BscManifest) manifest = parse(text, BSC_MANIFEST_INPUT);
	g_autofree char *name = bsc_manifest_image_name(manifest->images->pdata[0]);

	g_assert_null(bsc_manifest_find_image(manifest, "a", NULL));
	g_assert_false(bsc_manifest_has_images_of_class(manifest, "a"));
	g_assert_cmpstr(name, ==, "a/b");
}

static void
test_tells_types_by_name(void)
{
	static const struct {
		const char *filename;
		const char *type;
	} cases[] = {
		{"a.img", "raw"},
		{"a.ext4", "ext4"},
		{"a.vfat", "vfat"},
		{"a.squashfs", "squashfs"},
		{"a.squashfs-xz", "squashfs"},
		{"a.ubifs", "ubifs"},
		{"a.tar", "tar"},
		{"a.tar.zst", "tar"},
		{"a.tgz", "tar"},
		{"a.tar.ext4", "tar"},
		{"a.ext4.img", "raw"},
		{"a.catar", "catar"},
		{"a.caidx", "caidx"},
		{"a.tar.caidx", "caidx"},
		{"a.ext4.caibx", "ext4.caibx"},
		{"a.img.caibx", "raw.caibx"},
		{"a.squashfs-zstd.caibx", "squashfs.caibx"},
		{"a.bin", NULL},
		{"ext4", NULL},
		{"a.EXT4", NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpstr(bsc_manifest_image_type_from_name(cases[i].filename), ==,
				cases[i].type);
}

static void
test_formats_have_names(void)
{
	for (int i = 0; i < BSC_BUNDLE_FORMAT_N; i++) {
		BscBundleFormat format = BSC_BUNDLE_FORMAT_N;
		const char *name = bsc_manifest_format_to_string((BscBundleFormat)i);

		g_assert_true(bsc_manifest_format_from_string(name, &format));
		g_assert_cmpint(format, ==, i);
		g_assert_false(bsc_manifest_format_from_string("none", &format));
		g_assert_false(bsc_manifest_format_from_string(NULL, &format));
		g_assert_cmpint(format, ==, i);
	}
}

static void
test_hashes_bytes(void)
{
	uint8_t hash[32];
	g_autofree char *hex = NULL;

	bsc_manifest_compute_hash("abc", 3, hash);
	hex = bsc_hex_encode(hash, sizeof(hash));
	g_assert_cmpstr(hex, ==,
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/format/manifest/reads-everything", test_reads_everything);
	g_test_add_func("/format/manifest/writes-what-it-read", test_writes_what_it_read);
	g_test_add_func("/format/manifest/keeps-keys-out-of-the-payload",
			test_keeps_keys_out_of_the_payload);
	g_test_add_func("/format/manifest/writes-plain-without-bundle-group",
			test_writes_plain_without_bundle_group);
	g_test_add_func("/format/manifest/takes-what-the-field-writes",
			test_takes_what_the_field_writes);
	g_test_add_func("/format/manifest/refuses-with-words", test_refuses);
	g_test_add_func("/format/manifest/min-rauc-version", test_min_rauc_version);
	g_test_add_func("/format/manifest/refuses-nul", test_refuses_nul);
	g_test_add_func("/format/manifest/chooses-by-variant", test_chooses_by_variant);
	g_test_add_func("/format/manifest/input-may-leave-the-format-open",
			test_input_may_leave_the_format_open);
	g_test_add_func("/format/manifest/artifacts-are-no-slot-images",
			test_artifacts_are_no_slot_images);
	g_test_add_func("/format/manifest/tells-types-by-name", test_tells_types_by_name);
	g_test_add_func("/format/manifest/formats-have-names", test_formats_have_names);
	g_test_add_func("/format/manifest/hashes-bytes", test_hashes_bytes);
	return g_test_run();
}
