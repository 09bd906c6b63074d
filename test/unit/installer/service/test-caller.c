/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/service/test-caller.c - files opened with no more rights than the caller's */
#include "config.h"

#include "common/io.h"
#include "installer/service/caller.h"
#include "test/support/temp-dir.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRANGER 4000000000u /* in no user database */

static char *
make_file(TestTempDir *dir, const char *name, mode_t mode)
{
	char *path = test_temp_dir_get_path(dir, name);

	g_assert_true(g_file_set_contents(path, "x", 1, NULL));
	g_assert_cmpint(chmod(path, mode), ==, 0);
	return path;
}

static gboolean
skip_without_root(void)
{
	if (geteuid() == 0)
		return FALSE;
	g_test_skip("only root can take another user's rights");
	return TRUE;
}

static void
test_opens_what_the_caller_may_read(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *path = make_file(dir, "open", 0644);
	g_autoptr(GError) error = NULL;
	BSC_AUTO_FD int fd = -1;

	g_assert_cmpint(chmod(dir->path, 0755), ==, 0);
	g_assert_true(bsc_caller_open(geteuid() == 0 ? STRANGER : geteuid(), path, &fd, &error));
	g_assert_no_error(error);
	g_assert_true(bsc_caller_check_fd(STRANGER, fd, &error));
}

static void
test_refuses_what_the_caller_may_not_read(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *path = make_file(dir, "secret", 0600);
	g_autoptr(GError) error = NULL;
	BSC_AUTO_FD int fd = -1;

	if (skip_without_root())
		return;
	g_assert_cmpint(chmod(dir->path, 0755), ==, 0);
	g_assert_false(bsc_caller_open(STRANGER, path, &fd, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
	g_assert_cmpint(fd, ==, -1);
}

static void
test_gives_the_rights_back(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *path = make_file(dir, "secret", 0600);
	BSC_AUTO_FD int fd = -1;

	if (skip_without_root())
		return;
	g_assert_false(bsc_caller_open(STRANGER, path, &fd, NULL));
	g_assert_cmpint(setfsuid((uid_t)-1), ==, 0);
	g_assert_true(bsc_caller_open(0, path, &fd, NULL));
}

static void
test_refuses_what_is_no_file(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *fifo = test_temp_dir_get_path(dir, "fifo");
	g_autoptr(GError) error = NULL;
	BSC_AUTO_FD int fd = -1;

	g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
	g_assert_false(bsc_caller_open(geteuid(), fifo, &fd, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
	g_clear_error(&error);
	g_assert_false(bsc_caller_open(geteuid(), dir->path, &fd, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
}

static void
test_refuses_descriptors_that_cannot_be_read(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *path = make_file(dir, "file", 0600);
	g_autoptr(GError) error = NULL;
	BSC_AUTO_FD int writer = open(path, O_WRONLY | O_CLOEXEC);
	BSC_AUTO_FD int path_only = open(path, O_PATH | O_CLOEXEC);

	g_assert_false(bsc_caller_check_fd(0, writer, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
	g_clear_error(&error);
	g_assert_false(bsc_caller_check_fd(0, path_only, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/service/caller/opens-what-the-caller-may-read",
			test_opens_what_the_caller_may_read);
	g_test_add_func("/service/caller/refuses-what-the-caller-may-not-read",
			test_refuses_what_the_caller_may_not_read);
	g_test_add_func("/service/caller/gives-the-rights-back", test_gives_the_rights_back);
	g_test_add_func("/service/caller/refuses-what-is-no-file", test_refuses_what_is_no_file);
	g_test_add_func("/service/caller/refuses-descriptors-that-cannot-be-read",
			test_refuses_descriptors_that_cannot_be_read);
	return g_test_run();
}
