/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/write/test-tree-digest.c - each thing a tree can hold changes its digest */
#include "config.h"

#include "common/run.h"
#include "installer/write/tree-digest.h"
#include "test/support/temp-dir.h"

#include <string.h>

static gboolean
shell(const char *script, const char *dir)
{
	static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	BscRunOptions options = {.env = env};

	return bsc_run((const char *const[]){"sh", "-ec", script, "sh", dir, NULL}, &options, NULL,
		       NULL, NULL);
}

static const char make[] =
	"cd $1; umask 022; mkdir -p a/b empty; echo hello >a/file; echo hello >a/other\n"
	"ln -s file a/link; touch -d @1000000000 a/file a/other; touch -hd @1000000000 a/link\n"
	"touch -d @1000000000 a/b a empty";

static void
compute(const TestTempDir *dir, uint8_t *out)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(bsc_tree_digest_compute(dir->path, out, NULL, NULL, &error));
	g_assert_no_error(error);
}

static void
test_equal_trees(void)
{
	g_autoptr(TestTempDir) one = test_temp_dir_new();
	g_autoptr(TestTempDir) two = test_temp_dir_new();
	uint8_t first[BSC_DIGEST_LEN];
	uint8_t second[BSC_DIGEST_LEN];
	uint64_t bytes = 0;

	g_assert_true(shell(make, one->path));
	g_assert_true(shell(make, two->path));
	/* The roots differ in their times: mkdir comes before what is made in it. */
	g_assert_true(shell("touch -d @1 $1; chmod 755 $1; mkdir $1/lost+found; touch -d @1 $1",
			    one->path));
	g_assert_true(shell("touch -d @1 $1; chmod 755 $1", two->path));
	compute(one, first);
	g_assert_true(bsc_tree_digest_compute(two->path, second, &bytes, NULL, NULL));
	g_assert_cmpmem(first, sizeof(first), second, sizeof(second));
	g_assert_cmpuint(bytes, ==, 12);
}

static void
test_changes(void)
{
	/* Each ends with the times put back, so that only the change itself counts. */
	static const char *const changes[] = {
		"echo hellO >$1/a/file",
		"printf 'hello\\n\\n' >$1/a/file",
		"chmod 600 $1/a/file",
		"touch -d @1000000001 $1/a/file",
		"mv $1/a/file $1/a/fill",
		"rm $1/a/link; ln -s other $1/a/link",
		"rm $1/a/other; ln $1/a/file $1/a/other",
		"rm $1/a/other; mkfifo $1/a/other",
		"rmdir $1/empty",
		"mkdir $1/a/lost+found",
		"setfattr -n user.x -v y $1/a/file",
		"setfattr -n user.x -v y $1/a",
		"chown 1:1 $1/a/file",
		"chown -h 1:1 $1/a/link",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
		g_autoptr(TestTempDir) dir = test_temp_dir_new();
		uint8_t before[BSC_DIGEST_LEN];
		uint8_t after[BSC_DIGEST_LEN];

		g_assert_true(shell(make, dir->path));
		compute(dir, before);
		if (!shell(changes[i], dir->path)) {
			g_test_message("cannot be tried here: %s", changes[i]);
			continue;
		}
		compute(dir, after);
		if (memcmp(before, after, sizeof(before)) == 0)
			g_test_message("no difference: %s", changes[i]);
		g_assert_cmpint(memcmp(before, after, sizeof(before)), !=, 0);
	}
}

static void
test_tells_of_a_missing_tree(void)
{
	uint8_t out[BSC_DIGEST_LEN];
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_tree_digest_compute("/does/not/exist", out, NULL, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/write/tree-digest/equal-trees", test_equal_trees);
	g_test_add_func("/write/tree-digest/changes", test_changes);
	g_test_add_func("/write/tree-digest/tells-of-a-missing-tree", test_tells_of_a_missing_tree);
	return g_test_run();
}
