/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/io.h - whole reads and writes, owned descriptors, files replaced atomically */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

/* A descriptor that closes itself at the end of its scope: BSC_AUTO_FD int fd = open(…); */
#define BSC_AUTO_FD __attribute__((cleanup(bsc_io_clear_fd)))

/**
 * bsc_io_clear_fd:
 * @fd: (inout): a descriptor or a negative number
 *
 * Closes *@fd if it is open and sets it to -1. Keeps errno.
 */
void bsc_io_clear_fd(int *fd);

/**
 * bsc_io_steal_fd:
 * @fd: (inout): an owned descriptor
 *
 * Returns: the descriptor, now owned by the caller; *@fd becomes -1
 */
int bsc_io_steal_fd(int *fd);

/**
 * bsc_io_close:
 * @fd: (inout): an open descriptor
 * @error: return location
 *
 * Closes *@fd and reports what close() reports: for a destination that was written, a failed
 * close is a failed write. *@fd is -1 afterwards either way.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_io_close(int *fd, GError **error);

/**
 * bsc_io_pread_exact:
 * @fd: descriptor of a file or block device
 * @buf: (out caller-allocates): where @len bytes go
 * @len: number of bytes
 * @offset: position in bytes from the start
 * @error: return location
 *
 * Reads exactly @len bytes. Errors: %G_IO_ERROR_PARTIAL_INPUT where the file ends before.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_io_pread_exact(int fd, void *buf, size_t len, uint64_t offset, GError **error);

/**
 * bsc_io_pwrite_all:
 * @fd: descriptor
 * @buf: bytes to write
 * @len: number of bytes
 * @offset: position in bytes from the start
 * @error: return location
 *
 * Writes all bytes or fails; a write that takes nothing is an error (%G_IO_ERROR_NO_SPACE).
 *
 * Returns: %TRUE on success
 */
gboolean bsc_io_pwrite_all(int fd, const void *buf, size_t len, uint64_t offset, GError **error);

/**
 * bsc_io_write_all:
 * @fd: descriptor, also of a pipe or a socket
 * @buf: bytes to write
 * @len: number of bytes
 * @error: return location
 *
 * Returns: %TRUE when all bytes are written
 */
gboolean bsc_io_write_all(int fd, const void *buf, size_t len, GError **error);

/**
 * bsc_io_read_file:
 * @path: file to read
 * @max_bytes: larger files are refused with %G_IO_ERROR_MESSAGE_TOO_LARGE
 * @error: return location
 *
 * Reads a regular file whole. A byte beyond the end is always NUL, so that the data of a text
 * can be used as a string.
 *
 * Returns: (transfer full) (nullable): the content, or %NULL on failure
 */
GBytes *bsc_io_read_file(const char *path, size_t max_bytes, GError **error);

/**
 * bsc_io_fsync_dir:
 * @path: a directory
 * @error: return location
 *
 * Makes the names in @path durable.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_io_fsync_dir(const char *path, GError **error);

/**
 * bsc_io_replace_file:
 * @path: file to replace or create
 * @data: new content
 * @len: its length in bytes
 * @mode: permission bits of the file
 * @error: return location
 *
 * Writes beside @path, syncs, renames over it and syncs the directory. A power cut at any point
 * leaves the old content or the new one, never a part; a leftover `.NAME.new` is overwritten by
 * the next call.
 *
 * Returns: %TRUE when the new content is durable
 */
gboolean bsc_io_replace_file(const char *path, const void *data, size_t len, mode_t mode,
			     GError **error);

/**
 * bsc_io_remove_tree:
 * @path: file or directory; need not exist
 * @error: return location
 *
 * Removes @path and everything below it, without following links and without leaving its file
 * system.
 *
 * Returns: %TRUE when nothing is left
 */
gboolean bsc_io_remove_tree(const char *path, GError **error);
