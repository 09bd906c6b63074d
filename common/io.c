/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "common/io.h"

#include "common/error.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
bsc_io_clear_fd(int *fd)
{
	int saved_errno = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved_errno;
}

int
bsc_io_steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

gboolean
bsc_io_close(int *fd, GError **error)
{
	int r = close(bsc_io_steal_fd(fd));

	/* Linux has released the descriptor also where close() says EINTR. */
	if (r < 0 && errno != EINTR)
		return bsc_error_set_errno(error, errno, "Failed to close");
	return TRUE;
}

gboolean
bsc_io_pread_exact(int fd, void *buf, size_t len, uint64_t offset, GError **error)
{
	uint8_t *to = buf;

	while (len > 0) {
		ssize_t n = pread(fd, to, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bsc_error_set_errno(error, errno,
						   "Failed to read at offset %" G_GUINT64_FORMAT,
						   offset);
		if (n == 0)
			return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
					     "Failed to read at offset %" G_GUINT64_FORMAT
					     ": end of file",
					     offset);
		to += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return TRUE;
}

gboolean
bsc_io_pwrite_all(int fd, const void *buf, size_t len, uint64_t offset, GError **error)
{
	const uint8_t *from = buf;

	while (len > 0) {
		ssize_t n = pwrite(fd, from, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return bsc_error_set_errno(error, n < 0 ? errno : ENOSPC,
						   "Failed to write at offset %" G_GUINT64_FORMAT,
						   offset);
		from += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return TRUE;
}

gboolean
bsc_io_write_all(int fd, const void *buf, size_t len, GError **error)
{
	const uint8_t *from = buf;

	while (len > 0) {
		ssize_t n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return bsc_error_set_errno(error, n < 0 ? errno : ENOSPC,
						   "Failed to write");
		from += n;
		len -= (size_t)n;
	}
	return TRUE;
}

GBytes *
bsc_io_read_file(const char *path, size_t max_bytes, GError **error)
{
	BSC_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	g_autofree char *data = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		bsc_error_set_errno(error, errno, "Failed to open '%s'", path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
			      "'%s' is not a regular file", path);
		return NULL;
	}
	if ((uint64_t)st.st_size > max_bytes) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
			      "'%s' has %" G_GINT64_FORMAT " bytes, more than the %zu allowed",
			      path, (gint64)st.st_size, max_bytes);
		return NULL;
	}
	data = g_malloc((size_t)st.st_size + 1);
	if (!bsc_io_pread_exact(fd, data, (size_t)st.st_size, 0, error)) {
		g_prefix_error(error, "'%s': ", path);
		return NULL;
	}
	data[st.st_size] = '\0';
	return g_bytes_new_take(g_steal_pointer(&data), (size_t)st.st_size);
}

gboolean
bsc_io_fsync_dir(const char *path, GError **error)
{
	BSC_AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return bsc_error_set_errno(error, errno, "Failed to sync directory '%s'", path);
	return TRUE;
}

static gboolean
write_beside(const char *beside, const void *data, size_t len, mode_t mode, GError **error)
{
	BSC_AUTO_FD int fd =
		open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return bsc_error_set_errno(error, errno, "Failed to create '%s'", beside);
	if (fchmod(fd, mode) < 0)
		return bsc_error_set_errno(error, errno, "Failed to set the mode of '%s'", beside);
	if (!bsc_io_write_all(fd, data, len, error)) {
		g_prefix_error(error, "'%s': ", beside);
		return FALSE;
	}
	/* The name may become visible only after the bytes are durable. */
	if (fsync(fd) < 0)
		return bsc_error_set_errno(error, errno, "Failed to sync '%s'", beside);
	return bsc_io_close(&fd, error);
}

gboolean
bsc_io_replace_file(const char *path, const void *data, size_t len, mode_t mode, GError **error)
{
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *beside = g_strdup_printf("%s/.%s.new", dir, base);

	if (!write_beside(beside, data, len, mode, error)) {
		(void)unlink(beside);
		return FALSE;
	}
	if (rename(beside, path) < 0) {
		bsc_error_set_errno(error, errno, "Failed to rename '%s' to '%s'", beside, path);
		(void)unlink(beside);
		return FALSE;
	}
	return bsc_io_fsync_dir(dir, error);
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	return remove(path);
}

gboolean
bsc_io_remove_tree(const char *path, GError **error)
{
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 && errno != ENOENT)
		return bsc_error_set_errno(error, errno, "Failed to remove '%s'", path);
	return TRUE;
}
