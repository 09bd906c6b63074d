/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/bundle/test-output-file.c - files that appear whole or not at all */
#include "config.h"

#include "bundle-tools/bundle/output-file.h"
#include "test/support/temp-dir.h"

#include <gio/gio.h>
#include <string.h>

static size_t
count_entries(const TestTempDir *dir)
{
	g_autoptr(GDir) entries = g_dir_open(dir->path, 0, NULL);
	size_t n = 0;

	while (g_dir_read_name(entries) != NULL)
		n++;
	return n;
}

static void
write_text(BscOutputFile *file)
{
	g_assert_true(g_file_set_contents(bsc_output_file_get_path(file), "new", -1, NULL));
}

static void
test_commit(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *path = test_temp_dir_get_path(dir, "out");
	g_autoptr(GError) error = NULL;
	BscOutputFile *file = bsc_output_file_new(path, &error);
	g_autofree char *text = NULL;

	g_assert_no_error(error);
	write_text(file);
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	g_assert_true(bsc_output_file_commit(file, &error));
	bsc_output_file_free(file);
	text = test_temp_dir_read(dir, "out");
	g_assert_cmpstr(text, ==, "new");
	g_assert_cmpuint(count_entries(dir), ==, 1);
}

static void
test_no_commit(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *path = test_temp_dir_get_path(dir, "out");
	BscOutputFile *file = bsc_output_file_new(path, NULL);

	write_text(file);
	bsc_output_file_free(file);
	g_assert_cmpuint(count_entries(dir), ==, 0);
}

static void
test_existing(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *path = test_temp_dir_write(dir, "out", "old");
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_output_file_new(path, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS);
	g_assert_cmpuint(count_entries(dir), ==, 1);
}

static void
test_appears_meanwhile(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *path = test_temp_dir_get_path(dir, "out");
	BscOutputFile *file = bsc_output_file_new(path, NULL);
	g_autofree char *other = test_temp_dir_write(dir, "out", "other");
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	write_text(file);
	g_assert_false(bsc_output_file_commit(file, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS);
	bsc_output_file_free(file);
	text = test_temp_dir_read(dir, "out");
	g_assert_cmpstr(text, ==, "other");
	g_assert_cmpuint(count_entries(dir), ==, 1);
}

static void
test_no_directory(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *path = test_temp_dir_get_path(dir, "none/out");
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_output_file_new(path, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bundle/output-file/appears-when-committed", test_commit);
	g_test_add_func("/bundle/output-file/leaves-nothing-otherwise", test_no_commit);
	g_test_add_func("/bundle/output-file/refuses-an-existing-name", test_existing);
	g_test_add_func("/bundle/output-file/overwrites-nothing-that-came-meanwhile",
			test_appears_meanwhile);
	g_test_add_func("/bundle/output-file/tells-a-missing-directory", test_no_directory);
	return g_test_run();
}
