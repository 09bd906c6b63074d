/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/tree-digest.h - one digest of all that a tree of files holds */
#pragma once

#include "common/digest.h"

#include <gio/gio.h>

/**
 * bsc_tree_digest_compute:
 * @dir: root of a tree; its file system is not left
 * @out: (out caller-allocates): %BSC_DIGEST_LEN bytes
 * @out_bytes: (out) (optional): bytes of content read
 * @cancellable: (nullable): looked at between files
 * @error: return location
 *
 * Hashes, in an order that depends on names only, every path below @dir with type, mode, owner,
 * time of change, device number, number of links, link target, extended attributes (ACLs,
 * capabilities and labels are such) and content. Two trees with the same digest are equal. The
 * directory `lost+found` of a file system's root is left out.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_tree_digest_compute(const char *dir, uint8_t *out, uint64_t *out_bytes,
				 GCancellable *cancellable, GError **error);
