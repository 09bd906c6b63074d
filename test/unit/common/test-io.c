/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/common/test-io.c - whole writes, atomic replacement, trees */
#include "config.h"

#include "common/digest.h"
#include "common/hex.h"
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
	char *dir;
	char *path;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
	f->dir = g_dir_make_tmp("bsc-io-XXXXXX", NULL);
	f->path = g_build_filename(f->dir, "file", NULL);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	g_assert_true(bsc_io_remove_tree(f->dir, NULL));
	g_assert_false(g_file_test(f->dir, G_FILE_TEST_EXISTS));
	g_free(f->dir);
	g_free(f->path);
}

static void
test_replace(Fixture *f, gconstpointer data)
{
	g_autofree char *beside = g_build_filename(f->dir, ".file.new", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = NULL;
	struct stat st;

	g_assert_true(g_file_set_contents(beside, "left over", -1, NULL));
	g_assert_true(bsc_io_replace_file(f->path, "one", 3, 0644, &error));
	g_assert_true(bsc_io_replace_file(f->path, "two", 3, 0600, &error));
	g_assert_no_error(error);
	bytes = bsc_io_read_file(f->path, 3, &error);
	g_assert_no_error(error);
	g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), "two", 3);
	g_assert_cmpint(g_stat(f->path, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 07777, ==, 0600);
	g_assert_false(g_file_test(beside, G_FILE_TEST_EXISTS));
}

static void
test_replace_keeps_old_on_failure(Fixture *f, gconstpointer data)
{
	g_autofree char *missing = g_build_filename(f->dir, "no", "file", NULL);
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_io_replace_file(missing, "x", 1, 0600, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_read_file_refuses(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(bsc_io_replace_file(f->path, "four", 4, 0600, NULL));
	g_assert_null(bsc_io_read_file(f->path, 3, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE);
	g_clear_error(&error);
	g_assert_null(bsc_io_read_file(f->dir, 3, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
}

static void
test_pread_past_end(Fixture *f, gconstpointer data)
{
	BSC_AUTO_FD int fd = -1;
	g_autoptr(GError) error = NULL;
	char buf[8];

	g_assert_true(bsc_io_replace_file(f->path, "four", 4, 0600, NULL));
	fd = open(f->path, O_RDWR | O_CLOEXEC);
	g_assert_true(bsc_io_pread_exact(fd, buf, 2, 2, &error));
	g_assert_false(bsc_io_pread_exact(fd, buf, 3, 2, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT);
}

static void
test_full_disk(Fixture *f, gconstpointer data)
{
	BSC_AUTO_FD int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_io_write_all(fd, "x", 1, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
}

static void
test_remove_tree_keeps_what_links_name(Fixture *f, gconstpointer data)
{
	g_autofree char *dir = g_build_filename(f->dir, "tree", NULL);
	g_autofree char *link = g_build_filename(dir, "link", NULL);

	g_assert_true(bsc_io_replace_file(f->path, "x", 1, 0600, NULL));
	g_assert_cmpint(g_mkdir(dir, 0700), ==, 0);
	g_assert_cmpint(symlink(f->dir, link), ==, 0);
	g_assert_true(bsc_io_remove_tree(dir, NULL));
	g_assert_true(g_file_test(f->path, G_FILE_TEST_EXISTS));
	g_assert_true(bsc_io_remove_tree(dir, NULL));
}

static void
test_digest_and_hex(void)
{
	/* FIPS 180-4 example: SHA-256 of "abc" */
	static const char wanted[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	g_autoptr(BscDigest) digest = bsc_digest_new();
	uint8_t a[BSC_DIGEST_LEN];
	uint8_t b[BSC_DIGEST_LEN];
	g_autofree char *hex = NULL;

	for (size_t i = 0; i < 2; i++) { /* finish() makes it ready for reuse */
		bsc_digest_update(digest, "a", 1);
		bsc_digest_update(digest, "bc", 2);
		bsc_digest_finish(digest, a);
	}
	bsc_digest_compute("abc", 3, b);
	g_assert_cmpmem(a, sizeof(a), b, sizeof(b));
	hex = bsc_hex_encode(a, sizeof(a));
	g_assert_cmpstr(hex, ==, wanted);
	g_assert_true(bsc_hex_decode(wanted, b, sizeof(b)));
	g_assert_cmpmem(a, sizeof(a), b, sizeof(b));
	g_assert_false(bsc_hex_decode("0", b, 1));
	g_assert_false(bsc_hex_decode("0g", b, 1));
	g_assert_false(bsc_hex_decode(NULL, b, 1));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/common/io/replaces-atomically", Fixture, NULL, set_up, test_replace,
		   tear_down);
	g_test_add("/common/io/replace-reports-failure", Fixture, NULL, set_up,
		   test_replace_keeps_old_on_failure, tear_down);
	g_test_add("/common/io/read-file-refuses", Fixture, NULL, set_up, test_read_file_refuses,
		   tear_down);
	g_test_add("/common/io/pread-past-the-end", Fixture, NULL, set_up, test_pread_past_end,
		   tear_down);
	g_test_add("/common/io/full-disk", Fixture, NULL, set_up, test_full_disk, tear_down);
	g_test_add("/common/io/remove-tree-follows-no-links", Fixture, NULL, set_up,
		   test_remove_tree_keeps_what_links_name, tear_down);
	g_test_add_func("/common/digest/known-answer-and-hex", test_digest_and_hex);
	return g_test_run();
}
