/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/format/test-trailer.c - arithmetic at the end of a bundle */
#include "config.h"

#include "bundle-tools/format/trailer.h"
#include "bundle-tools/source/bundle-error.h"

#include <string.h>

/* A mismatch shows both texts. */
static void
assert_matches(const char *text, const char *pattern)
{
	if (!g_pattern_match_simple(pattern, text))
		g_assert_cmpstr(text, ==, pattern);
}

static void
test_finds_the_parts(void)
{
	static const uint8_t last8[] = {0, 0, 0, 0, 0, 0, 7, 0x82};
	g_autoptr(GError) error = NULL;
	BscTrailer trailer;

	g_assert_true(bsc_trailer_parse(26506, last8, 0, &trailer, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(trailer.cms_bytes, ==, 1922);
	g_assert_cmpuint(trailer.payload_bytes, ==, 24576);
	g_assert_cmpuint(trailer.cms_offset, ==, 24576);
}

static void
test_writes_what_it_reads(void)
{
	static const uint32_t lengths[] = {1, 255, 256, 65536, 0x12345678};

	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
		uint8_t last8[BSC_TRAILER_LEN];
		BscTrailer trailer;

		bsc_trailer_write(lengths[i], last8);
		g_assert_true(bsc_trailer_parse((uint64_t)lengths[i] + 108, last8, G_MAXUINT32,
						&trailer, NULL));
		g_assert_cmpuint(trailer.cms_bytes, ==, lengths[i]);
		g_assert_cmpuint(trailer.payload_bytes, ==, 100);
	}
}

static void
test_refuses(void)
{
	static const struct {
		uint64_t file_bytes;
		uint8_t last8[BSC_TRAILER_LEN];
		uint32_t max;
		const char *words;
	} cases[] = {
		{0, {0}, 0, "Not a bundle: the file has only 0 bytes"},
		{7, {0}, 0, "Not a bundle: the file has only 7 bytes"},
		{8, {0}, 0, "*the signature's length at the end of the file is 0"},
		{8, {0, 0, 0, 0, 0, 0, 0, 1}, 0, "*cut short*only 0 bytes lie before it"},
		{100, {0, 0, 0, 0, 0, 0, 0, 93}, 0, "*cut short*"},
		{100, {0, 0, 0, 0, 0, 0, 0, 92}, 0, "*nothing lies before the signature"},
		{100, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 0, "*cut short*"},
		{100, {1, 0, 0, 0, 0, 0, 0, 50}, 0, "*cut short*"},
		{G_MAXUINT64, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf8}, 0, "*cut short*"},
		{1 << 20,
		 {0, 0, 0, 0, 0, 1, 0, 1},
		 0,
		 "*65537 bytes, more than the limit of 65536 (max-bundle-signature-size)"},
		{1 << 20, {0, 0, 0, 0, 0, 0, 1, 1}, 256, "*more than the limit of 256*"},
		{G_MAXUINT64, {0, 0, 0, 1, 0, 0, 0, 1}, 0, "*more than the limit*"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		BscTrailer trailer = {.cms_bytes = 77};

		g_assert_false(bsc_trailer_parse(cases[i].file_bytes, cases[i].last8, cases[i].max,
						 &trailer, &error));
		g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
		assert_matches(error->message, cases[i].words);
		g_assert_cmpuint(trailer.cms_bytes, ==, 77);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/format/trailer/finds-the-parts", test_finds_the_parts);
	g_test_add_func("/format/trailer/writes-what-it-reads", test_writes_what_it_reads);
	g_test_add_func("/format/trailer/refuses-with-words", test_refuses);
	return g_test_run();
}
