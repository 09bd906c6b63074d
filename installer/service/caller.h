/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/service/caller.h - who calls, and opening files with no more rights than they have */
#pragma once

#include "installer/engine/install-request.h"

#include <sys/types.h>

/* A user as the user database knows them. */
typedef struct {
	uid_t uid;
	char *name; /* NULL: not in the database */
	gid_t gid;
	gid_t *groups; /* all groups, the main one included */
	size_t n_groups;
} BscCaller;

/**
 * bsc_caller_lookup:
 * @uid: a user
 *
 * Asks the user database, so it may block. A user it does not know is in no group.
 *
 * Returns: (transfer full): the user; free with bsc_caller_free()
 */
BscCaller *bsc_caller_lookup(uid_t uid);

/**
 * bsc_caller_free:
 * @self: (transfer full) (nullable): a user
 */
void bsc_caller_free(BscCaller *self);

/**
 * bsc_caller_open:
 * @uid: who wants the file opened
 * @path: absolute path of a bundle
 * @out_fd: (out): descriptor open for reading
 * @error: return location
 *
 * Opens @path as @uid would: the calling thread takes the user's file system rights for the time
 * of the open, other threads do not. So a caller learns nothing of files they cannot read, and
 * cannot make root open them. Call it in a worker thread: it may block.
 *
 * Errors: what open() reports, %G_IO_ERROR_NOT_REGULAR_FILE for anything but a regular file or,
 * for root, a block device.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_caller_open(uid_t uid, const char *path, int *out_fd, GError **error);

/**
 * bsc_caller_check_fd:
 * @uid: who passed it
 * @fd: a descriptor passed in
 * @error: return location
 *
 * Errors: as bsc_caller_open(); %G_IO_ERROR_PERMISSION_DENIED if it is not open for reading.
 *
 * Returns: %TRUE if a bundle can be read from @fd
 */
gboolean bsc_caller_check_fd(uid_t uid, int fd, GError **error);

/**
 * bsc_caller_open_bundle:
 * @uid: who asks
 * @request: (inout): names a bundle by path or descriptor; has a descriptor afterwards
 * @error: return location
 *
 * Opens the path with bsc_caller_open(), or checks the descriptor with bsc_caller_check_fd().
 *
 * Errors: %BSC_INSTALL_ERROR_REJECTED with the reason.
 *
 * Returns: %TRUE if a bundle can be read from the request's descriptor
 */
gboolean bsc_caller_open_bundle(uid_t uid, BscInstallRequest *request, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscCaller, bsc_caller_free)
