/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "test/support/temp-dir.h"

#include "common/io.h"

TestTempDir *
test_temp_dir_new(void)
{
	TestTempDir *self = g_new0(TestTempDir, 1);
	g_autoptr(GError) error = NULL;

	self->path = g_dir_make_tmp("bascule-test-XXXXXX", &error);
	g_assert_no_error(error);
	return self;
}

void
test_temp_dir_free(TestTempDir *self)
{
	g_autoptr(GError) error = NULL;

	if (self == NULL)
		return;
	bsc_io_remove_tree(self->path, &error);
	g_assert_no_error(error);
	g_free(self->path);
	g_free(self);
}

char *
test_temp_dir_get_path(const TestTempDir *self, const char *name)
{
	return g_build_filename(self->path, name, NULL);
}

char *
test_temp_dir_write(const TestTempDir *self, const char *name, const char *text)
{
	g_autofree char *path = test_temp_dir_get_path(self, name);
	g_autofree char *dir = g_path_get_dirname(path);
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
	g_file_set_contents(path, text, -1, &error);
	g_assert_no_error(error);
	return g_steal_pointer(&path);
}

char *
test_temp_dir_read(const TestTempDir *self, const char *name)
{
	g_autofree char *path = test_temp_dir_get_path(self, name);
	char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}
