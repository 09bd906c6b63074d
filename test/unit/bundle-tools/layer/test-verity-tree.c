/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/layer/test-verity-tree.c - hash trees against digests computed by another
 * program */
#include "config.h"

#include "bundle-tools/layer/verity-tree.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/digest.h"
#include "common/hex.h"
#include "test/support/memory-source.h"
#include "test/support/pattern.h"

static void
test_geometry(void)
{
	static const struct {
		uint64_t data_blocks, tree_blocks;
		unsigned n_levels;
	} cases[] = {
		{2, 1, 1},	 {5, 1, 1},	  {128, 1, 1},	     {129, 3, 2},
		{16384, 129, 2}, {16385, 132, 3}, {524288, 4129, 3},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		BscVerityTree tree;

		g_assert_true(bsc_verity_tree_init(&tree, cases[i].data_blocks * 4096, &error));
		g_assert_no_error(error);
		g_assert_cmpuint(tree.n_levels, ==, cases[i].n_levels);
		g_assert_cmpuint(tree.level_blocks[tree.n_levels - 1], ==, 1);
		g_assert_cmpuint(tree.level_first[tree.n_levels - 1], ==, 0);
		g_assert_cmpuint(tree.level_first[0] + tree.level_blocks[0], ==, tree.tree_blocks);
		g_assert_cmpuint(tree.tree_blocks, ==, cases[i].tree_blocks);
	}
}

static void
test_refuses_sizes(void)
{
	static const uint64_t sizes[] = {0,    1,	   4095,       4096,
					 8191, 8192 + 512, UINT64_MAX, UINT64_MAX - 4095};

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(GError) error = NULL;
		BscVerityTree tree;

		g_assert_false(bsc_verity_tree_init(&tree, sizes[i], &error));
		g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
	}
}

static void
test_known_trees(void)
{
	static const struct {
		size_t blocks;
		const char *root, *tree_digest;
	} cases[] = {
		{2, "15999d13dc8ccddc1726afc9811d1f5ec91dacc9aaa9209e4776a44c624529f7",
		 "d121f5a861d4ca77deedb85165a704bed84cef07cbe8d75c979e68551356ffa3"},
		{5, "ee35428c490be3696469190029790edd5abf8df63739405483619b9aed5fc3f6",
		 "24123e34d163a80db400e3a037f58f9ab1b79e9574ac6e00d78cc77bde8c5e94"},
		{128, "c0a9739f098ac325d25cca849122f6d353d0e38b15e01f9c6b478b0e2f0d30e5",
		 "c81b6171da4539dea43608397f5e4435c2cc7f4f0c4355a69eb5fa5205c29821"},
		{129, "bb9e3dc0012d95bd0b1a879a4da583f9d5c763128beca0ae92a030c7c50026ec",
		 "3cc4f34a59f7bfacf4cb565ca754c5ea9a25971602fb73f583b812faf7822428"},
		{300, "4c6c9aa8d94ed706f9be454043e48499bcee31be71a78fe7da69ed764c026537",
		 "2e04c435630c4f5b935ba32e314de1fa222a9c25cc68fa5d2869717b1bcf3b72"},
	};
	uint8_t salt[BSC_DIGEST_LEN];

	for (size_t i = 0; i < sizeof(salt); i++)
		salt[i] = (uint8_t)i;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree uint8_t *data = test_pattern_new(cases[i].blocks * 4096);
		g_autoptr(BscByteSource) source =
			test_memory_source_new(data, cases[i].blocks * 4096);
		uint8_t root[BSC_DIGEST_LEN];
		g_autoptr(GBytes) tree =
			bsc_verity_tree_build(source, salt, root, NULL, NULL, NULL, &error);
		uint8_t digest[BSC_DIGEST_LEN];
		g_autofree char *root_hex = NULL;
		g_autofree char *digest_hex = NULL;

		g_assert_no_error(error);
		root_hex = bsc_hex_encode(root, sizeof(root));
		g_assert_cmpstr(root_hex, ==, cases[i].root);
		bsc_digest_compute(g_bytes_get_data(tree, NULL), g_bytes_get_size(tree), digest);
		digest_hex = bsc_hex_encode(digest, sizeof(digest));
		g_assert_cmpstr(digest_hex, ==, cases[i].tree_digest);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/layer/verity-tree/geometry", test_geometry);
	g_test_add_func("/layer/verity-tree/refuses-impossible-sizes", test_refuses_sizes);
	g_test_add_func("/layer/verity-tree/known-trees", test_known_trees);
	return g_test_run();
}
