/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/bundle/output-file.h - a new file that appears whole or not at all */
#pragma once

#include <glib.h>

/*
 * The file is made in a private directory beside its final place and renamed when it is complete.
 * A crash leaves at most that directory, `.NAME.XXXXXX`, and never a half file under the name.
 */
typedef struct _BscOutputFile BscOutputFile;

/**
 * bsc_output_file_new:
 * @path: where the file shall be in the end; must not exist
 * @error: return location
 *
 * Errors: %G_IO_ERROR_EXISTS, and what making the directory reports.
 *
 * Returns: (transfer full) (nullable): the file to be, or %NULL on failure
 */
BscOutputFile *bsc_output_file_new(const char *path, GError **error);

/**
 * bsc_output_file_free:
 * @self: (transfer full) (nullable): removes everything that was not committed
 */
void bsc_output_file_free(BscOutputFile *self);

/**
 * bsc_output_file_get_path:
 * @self: a file to be
 *
 * Returns: (transfer none): absolute path under which to make it; nothing is there at first
 */
const char *bsc_output_file_get_path(const BscOutputFile *self);

/**
 * bsc_output_file_get_dir:
 * @self: a file to be
 *
 * Returns: (transfer none): absolute path of the private directory, for intermediate files
 */
const char *bsc_output_file_get_dir(const BscOutputFile *self);

/**
 * bsc_output_file_commit:
 * @self: a file that is complete at bsc_output_file_get_path()
 * @error: return location
 *
 * Makes the content durable and gives the file its name. A file that appeared there meanwhile is
 * not overwritten (%G_IO_ERROR_EXISTS).
 *
 * Returns: %TRUE on success
 */
gboolean bsc_output_file_commit(BscOutputFile *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscOutputFile, bsc_output_file_free)
