/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/layer/test-block-index.c - index of an image, window of a source */
#include "config.h"

#include "bundle-tools/layer/block-index.h"
#include "bundle-tools/layer/layer-window.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/digest.h"
#include "common/hex.h"
#include "test/support/memory-source.h"
#include "test/support/pattern.h"

#include <gio/gio.h>
#include <string.h>

static char *
index_digest(const uint8_t *data, size_t len)
{
	g_autoptr(BscByteSource) source = test_memory_source_new(data, len);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) index = bsc_block_index_compute(source, NULL, &error);
	uint8_t digest[BSC_DIGEST_LEN];

	g_assert_no_error(error);
	g_assert_cmpuint(g_bytes_get_size(index), ==, len / 4096 * BSC_DIGEST_LEN);
	bsc_digest_compute(g_bytes_get_data(index, NULL), g_bytes_get_size(index), digest);
	if (len == 4096)
		return bsc_hex_encode(g_bytes_get_data(index, NULL), BSC_DIGEST_LEN);
	return bsc_hex_encode(digest, sizeof(digest));
}

static void
test_known_index(void)
{
	g_autofree uint8_t *data = test_pattern_new(3 * 4096);
	g_autofree char *digest = index_digest(data, 3 * 4096);
	g_autofree uint8_t *zeros = g_malloc0(4096);
	g_autofree char *zero = index_digest(zeros, 4096);

	g_assert_cmpstr(digest, ==,
			"d1edc5e9282ba1ea78c85f67d9cd984b7c3ad41cadb67f109f1a2655c9b6407b");
	g_assert_cmpstr(zero, ==,
			"ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7");
}

static void
test_refuses_sizes(void)
{
	static const size_t sizes[] = {0, 1, 4095, 4097};
	static const uint8_t data[4097];

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(BscByteSource) source = test_memory_source_new(data, sizes[i]);
		g_autoptr(GError) error = NULL;

		g_assert_null(bsc_block_index_compute(source, NULL, &error));
		g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED);
		g_assert_true(g_str_has_suffix(error->message, "is not a multiple of 4096 bytes"));
	}
}

static void
test_window(void)
{
	g_autofree uint8_t *data = test_pattern_new(10000);
	g_autoptr(BscByteSource) lower = test_memory_source_new(data, 10000);
	g_autoptr(BscByteSource) window = bsc_layer_window_new(lower, 100, 9000);
	g_autoptr(BscByteSource) wrong = bsc_layer_window_new(lower, 9000, UINT64_MAX);
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) wrong_error = NULL;
	uint8_t buf[50];

	g_assert_true(bsc_byte_source_read_at(window, 8950, buf, 50, NULL));
	g_assert_cmpmem(buf, 50, data + 9050, 50);
	g_assert_false(bsc_byte_source_read_at(window, 8951, buf, 50, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
	g_assert_false(bsc_byte_source_read_at(wrong, 990, buf, 50, &wrong_error));
	g_assert_error(wrong_error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/layer/block-index/known-index", test_known_index);
	g_test_add_func("/layer/block-index/refuses-sizes", test_refuses_sizes);
	g_test_add_func("/layer/layer-window/stays-inside", test_window);
	return g_test_run();
}
