/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/support/temp-dir.h - a directory for one test, with files from strings */
#pragma once

#include <glib.h>

typedef struct {
	char *path; /* absolute */
} TestTempDir;

/**
 * test_temp_dir_new:
 *
 * Returns: (transfer full): a new empty directory; aborts where there is no room for one
 */
TestTempDir *test_temp_dir_new(void);

/**
 * test_temp_dir_free:
 * @self: (transfer full) (nullable): a directory; removed with all that is in it
 */
void test_temp_dir_free(TestTempDir *self);

/**
 * test_temp_dir_get_path:
 * @self: a directory
 * @name: name below it
 *
 * Returns: (transfer full): absolute path of @name
 */
char *test_temp_dir_get_path(const TestTempDir *self, const char *name);

/**
 * test_temp_dir_write:
 * @self: a directory
 * @name: file below it; missing directories are made
 * @text: its content
 *
 * Returns: (transfer full): absolute path of the file
 */
char *test_temp_dir_write(const TestTempDir *self, const char *name, const char *text);

/**
 * test_temp_dir_read:
 * @self: a directory
 * @name: file below it
 *
 * Returns: (transfer full) (nullable): its content, or %NULL if there is no such file
 */
char *test_temp_dir_read(const TestTempDir *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestTempDir, test_temp_dir_free)
