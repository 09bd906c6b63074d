/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/layer/test-layer-pinned.c - later reads see what the first pass saw */
#include "config.h"

#include "bundle-tools/layer/layer-pinned.h"
#include "bundle-tools/source/bundle-error.h"
#include "test/support/memory-source.h"
#include "test/support/pattern.h"

#include <gio/gio.h>

#define SIZE (5 * BSC_LAYER_PINNED_CHUNK_BYTES + 777)

static BscByteSource *
pin(BscByteSource *lower, const uint8_t *data, size_t step)
{
	g_autoptr(GError) error = NULL;
	BscLayerPinnedBuilder *builder = bsc_layer_pinned_builder_new(SIZE);
	BscByteSource *pinned;

	for (size_t i = 0; i < SIZE; i += step)
		g_assert_true(bsc_layer_pinned_builder_feed(data + i, MIN(step, SIZE - i), builder,
							    &error));
	pinned = bsc_layer_pinned_new(lower, builder, 0, &error);
	g_assert_no_error(error);
	return pinned;
}

static void
test_reads(void)
{
	static const size_t steps[] = {1000, BSC_LAYER_PINNED_CHUNK_BYTES, 65536 + 1, SIZE};
	static const size_t lens[] = {1, 5000, BSC_LAYER_PINNED_CHUNK_BYTES, 100000, SIZE};
	g_autofree uint8_t *data = test_pattern_new(SIZE);
	g_autoptr(BscByteSource) lower = test_memory_source_new(data, SIZE);

	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_autoptr(BscByteSource) pinned = pin(lower, data, steps[i]);

		for (size_t j = 0; j < G_N_ELEMENTS(lens); j++)
			for (size_t offset = 0; offset + lens[j] <= SIZE; offset += 16000) {
				g_autofree uint8_t *buf = g_malloc(lens[j]);

				g_assert_true(bsc_byte_source_read_at(pinned, offset, buf, lens[j],
								      NULL));
				g_assert_cmpmem(buf, lens[j], data + offset, lens[j]);
			}
	}
}

static void
test_refuses_change(void)
{
	g_autofree uint8_t *data = test_pattern_new(SIZE);
	g_autoptr(BscByteSource) lower = test_memory_source_new(data, SIZE);
	g_autoptr(BscByteSource) pinned = pin(lower, data, SIZE);
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) tail_error = NULL;
	uint8_t byte;

	test_memory_source_peek(lower)[40000] ^= 1;
	test_memory_source_peek(lower)[SIZE - 1] ^= 1;
	g_assert_true(bsc_byte_source_read_at(pinned, 100, &byte, 1, NULL));
	g_assert_false(bsc_byte_source_read_at(pinned, 33000, &byte, 1, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CHANGED);
	g_assert_cmpstr(error->message, ==,
			"Bytes 32768 to 65535 changed after the signature was checked: something "
			"writes to the bundle");
	g_assert_false(bsc_byte_source_read_at(pinned, SIZE - 5, &byte, 1, &tail_error));
	g_assert_cmpstr(tail_error->message, ==,
			"Bytes 163840 to 164616 changed after the signature was checked: something "
			"writes to the bundle");
}

static void
test_refuses_unfed(void)
{
	g_autofree uint8_t *data = test_pattern_new(SIZE);
	g_autoptr(BscByteSource) lower = test_memory_source_new(data, SIZE);
	BscLayerPinnedBuilder *builder = bsc_layer_pinned_builder_new(SIZE);
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) feed_error = NULL;

	g_assert_true(bsc_layer_pinned_builder_feed(data, SIZE - 1, builder, NULL));
	g_assert_false(bsc_layer_pinned_builder_feed(data, 2, builder, &feed_error));
	g_assert_error(feed_error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
	g_assert_null(bsc_layer_pinned_new(lower, builder, 0, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
test_memory(void)
{
	static const uint64_t sizes[] = {0, 1, UINT64_C(1) << 31, (UINT64_C(1) << 31) + 1,
					 UINT64_C(1) << 36};
	static const size_t chunks[] = {32768, 32768, 32768, 65536, 1 << 20};

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
		g_assert_cmpuint(bsc_layer_pinned_get_chunk_bytes(sizes[i]), ==, chunks[i]);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/layer/layer-pinned/reads-at-any-alignment", test_reads);
	g_test_add_func("/layer/layer-pinned/refuses-changed-bytes", test_refuses_change);
	g_test_add_func("/layer/layer-pinned/refuses-what-was-not-fed", test_refuses_unfed);
	g_test_add_func("/layer/layer-pinned/takes-two-megabytes-at-most", test_memory);
	return g_test_run();
}
