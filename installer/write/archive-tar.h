/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/archive-tar.h - unpacks an archive with tar, hashing it on the way */
#pragma once

#include "installer/write/writer-ops.h"

/**
 * bsc_archive_tar_get_filter:
 * @head: the first bytes of an archive
 * @len: their number, at least 262 where the archive has as many
 *
 * Tells by content how an archive is compressed. Pure.
 *
 * Returns: (transfer none) (nullable): tar's option that decompresses it, "" for a plain archive,
 *   %NULL if it is no archive at all
 */
const char *bsc_archive_tar_get_filter(const uint8_t *head, size_t len);

/**
 * bsc_archive_tar_is_loss:
 * @line: a line that tar printed in the C locale
 *
 * Tells whether @line says that something the archive holds was not kept: an extended attribute,
 * an ACL, a label, or a record that tar does not know. Records that only repeat others or say how
 * the archive was made do not count. Pure.
 *
 * Returns: %TRUE if so
 */
gboolean bsc_archive_tar_is_loss(const char *line);

/**
 * bsc_archive_tar_unpack:
 * @image: the archive
 * @dir: where to: the root of a mounted file system
 * @request: digest, progress, whether losses are allowed; the slot's type tells what can be kept
 * @out_sha256: (out caller-allocates): digest of the archive, 32 bytes
 * @cancellable: (nullable): ends tar
 * @error: return location
 *
 * Feeds the archive to tar and waits for its end. Owners are numbers; extended attributes, ACLs,
 * capabilities and labels are kept. Errors: %BSC_BUNDLE_ERROR_CORRUPT if the digest is not the one
 * of @request; %BSC_WRITE_ERROR_NO_WRITER if @image is no archive or would lose something;
 * %BSC_WRITE_ERROR_TOO_SMALL if the file system is full; %BSC_WRITE_ERROR_DEVICE with tar's words.
 *
 * Returns: %TRUE when everything is unpacked (nothing is synced)
 */
gboolean bsc_archive_tar_unpack(BscByteSource *image, const char *dir,
				const BscWriteRequest *request, uint8_t *out_sha256,
				GCancellable *cancellable, GError **error);
