/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/squashfs/squashfs-file.h - a file of a squashfs as a byte source */
#pragma once

#include "bundle-tools/squashfs/squashfs-tree.h"

/**
 * bsc_squashfs_file_new:
 * @image: (transfer none): an image
 * @inode: a regular file
 * @error: return location
 *
 * See bsc_squashfs_open_file().
 *
 * Returns: (transfer full) (nullable): the source, or %NULL on failure
 */
BscByteSource *bsc_squashfs_file_new(BscSquashfsImage *image, const BscSquashfsInode *inode,
				     GError **error);
