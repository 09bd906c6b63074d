/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/source/source-file.h - a local file or block device as a byte source */
#pragma once

#include "bundle-tools/source/byte-source.h"

/**
 * bsc_source_file_open:
 * @path: a regular file or a block device
 * @error: return location
 *
 * Opens @path for reading. The size is taken once; a file that shrinks later makes reads fail
 * with %BSC_BUNDLE_ERROR_CHANGED.
 *
 * Returns: (transfer full) (nullable): the source, or %NULL on failure
 */
BscByteSource *bsc_source_file_open(const char *path, GError **error);

/**
 * bsc_source_file_new_for_fd:
 * @fd: (transfer full): open descriptor of a regular file or block device; closed with the source,
 *   and on failure
 * @error: return location
 *
 * Returns: (transfer full) (nullable): the source, or %NULL on failure
 */
BscByteSource *bsc_source_file_new_for_fd(int fd, GError **error);
