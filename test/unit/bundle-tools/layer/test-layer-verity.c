/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/layer/test-layer-verity.c - only blocks that reach the root hash come up
 */
#include "config.h"

#include "bundle-tools/layer/layer-verity.h"
#include "bundle-tools/layer/verity-tree.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/digest.h"
#include "test/support/memory-source.h"
#include "test/support/pattern.h"

#include <string.h>

#define DATA_BLOCKS 16600 /* three levels */
#define DATA_BYTES  ((size_t)DATA_BLOCKS * 4096)

typedef struct {
	uint8_t *data;
	size_t payload_bytes;
	uint8_t root[BSC_DIGEST_LEN];
	uint8_t salt[BSC_DIGEST_LEN];
	BscByteSource *lower;
	BscByteSource *verity;
} Fixture;

static void
open_layer(Fixture *f)
{
	g_autoptr(GError) error = NULL;

	g_clear_pointer(&f->verity, bsc_byte_source_unref);
	f->verity = bsc_layer_verity_new(f->lower, DATA_BYTES, f->root, f->salt, 0, &error);
	g_assert_no_error(error);
}

static void
set_up(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscByteSource) source = NULL;
	g_autoptr(GBytes) tree = NULL;
	g_autofree uint8_t *payload = NULL;

	f->data = test_pattern_new(DATA_BYTES);
	source = test_memory_source_new(f->data, DATA_BYTES);
	memset(f->salt, 0x5a, sizeof(f->salt));
	tree = bsc_verity_tree_build(source, f->salt, f->root, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
	f->payload_bytes = DATA_BYTES + g_bytes_get_size(tree);
	payload = g_malloc(f->payload_bytes);
	memcpy(payload, f->data, DATA_BYTES);
	memcpy(payload + DATA_BYTES, g_bytes_get_data(tree, NULL), g_bytes_get_size(tree));
	f->lower = test_memory_source_new(payload, f->payload_bytes);
	open_layer(f);
}

static void
tear_down(Fixture *f, gconstpointer unused)
{
	bsc_byte_source_unref(f->verity);
	bsc_byte_source_unref(f->lower);
	g_free(f->data);
}

static void
assert_reads(Fixture *f, uint64_t offset, size_t len)
{
	g_autoptr(GError) error = NULL;
	g_autofree uint8_t *buf = g_malloc(len);

	g_assert_true(bsc_byte_source_read_at(f->verity, offset, buf, len, &error));
	g_assert_no_error(error);
	g_assert_cmpmem(buf, len, f->data + offset, len);
}

static void
assert_corrupt(Fixture *f, uint64_t offset, size_t len, const char *words)
{
	g_autoptr(GError) error = NULL;
	g_autofree uint8_t *buf = g_malloc(len);

	g_assert_false(bsc_byte_source_read_at(f->verity, offset, buf, len, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT);
	g_assert_cmpstr(error->message, ==, words);
}

static void
test_any_alignment(Fixture *f, gconstpointer unused)
{
	static const uint64_t offsets[] = {0, 1, 4095, 4096, 8191, 500000, DATA_BYTES - 9000};
	static const size_t lens[] = {1, 2, 4095, 4096, 4097, 8192, 9000};

	for (size_t i = 0; i < G_N_ELEMENTS(offsets); i++)
		for (size_t j = 0; j < G_N_ELEMENTS(lens); j++)
			assert_reads(f, offsets[i], lens[j]);
	assert_reads(f, 0, DATA_BYTES);
	assert_reads(f, 4000, DATA_BYTES - 8000);
	g_assert_cmpuint(bsc_byte_source_get_block(f->verity), ==, 4096);
	g_assert_cmpuint(bsc_byte_source_get_size(f->verity), ==, DATA_BYTES);
}

static void
test_flipped_data(Fixture *f, gconstpointer unused)
{
	test_memory_source_peek(f->lower)[7 * 4096 + 4095] ^= 0x01;
	assert_reads(f, 0, 7 * 4096);
	assert_reads(f, 8 * 4096, 4096);
	assert_corrupt(f, 7 * 4096, 1,
		       "Payload block 7 differs from what was signed: the bundle is damaged, get a "
		       "fresh copy");
	assert_corrupt(f, 0, 128 * 4096,
		       "Payload block 7 differs from what was signed: the bundle is damaged, get a "
		       "fresh copy");
}

/* Each level once, in a digest and in the filling behind the digests. */
static void
test_flipped_tree(Fixture *f, gconstpointer unused)
{
	size_t tree_blocks = (f->payload_bytes - DATA_BYTES) / 4096;
	const size_t blocks[] = {0, 1, 2, 3, tree_blocks - 1};

	for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) {
		uint8_t *byte = test_memory_source_peek(f->lower) + DATA_BYTES + blocks[i] * 4096 +
				(i % 2 == 0 ? 4095 : 0);
		g_autofree char *words = g_strdup_printf(
			"Hash tree block %zu differs from what was signed: the bundle is damaged, "
			"get a fresh copy",
			blocks[i]);

		open_layer(f);
		*byte ^= 0x80;
		assert_corrupt(f, 0, DATA_BYTES, words);
		*byte ^= 0x80;
	}
	open_layer(f);
	assert_reads(f, 0, DATA_BYTES);
}

static void
test_wrong_root(Fixture *f, gconstpointer unused)
{
	f->root[31] ^= 1;
	open_layer(f);
	assert_corrupt(f, 123, 1,
		       "Hash tree block 0 differs from what was signed: the bundle is damaged, get "
		       "a fresh copy");
}

static void
test_refuses_geometry(Fixture *f, gconstpointer unused)
{
	static const uint64_t sizes[] = {0,
					 4096,
					 DATA_BYTES - 4096 * 128,
					 DATA_BYTES + 4096,
					 UINT64_MAX - 4095,
					 DATA_BYTES - 1};

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(
			bsc_layer_verity_new(f->lower, sizes[i], f->root, f->salt, 0, &error));
		g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
	}
}

static gpointer
read_randomly(gpointer data)
{
	Fixture *f = data;
	g_autoptr(GRand) rand = g_rand_new_with_seed(GPOINTER_TO_UINT(g_thread_self()));

	for (int i = 0; i < 500; i++) {
		uint64_t offset = (uint64_t)g_rand_int_range(rand, 0, (gint32)DATA_BYTES - 20000);

		assert_reads(f, offset, (size_t)g_rand_int_range(rand, 1, 20000));
	}
	return NULL;
}

static void
test_threads(Fixture *f, gconstpointer unused)
{
	GThread *threads[4];

	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("reader", read_randomly, f);
	for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
		g_thread_join(threads[i]);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
	g_test_add("/layer/layer-verity/" name, Fixture, NULL, set_up, func, tear_down)
	ADD("reads-at-any-alignment", test_any_alignment);
	ADD("refuses-flipped-data", test_flipped_data);
	ADD("refuses-flipped-tree", test_flipped_tree);
	ADD("refuses-wrong-root", test_wrong_root);
	ADD("refuses-sizes-that-do-not-fit", test_refuses_geometry);
	ADD("serves-several-threads", test_threads);
	return g_test_run();
}
