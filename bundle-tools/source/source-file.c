/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/source/source-file.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

typedef struct {
	BscByteSource base;
	int fd; /* owned */
} SourceFile;

static gboolean
file_read_at(BscByteSource *base, uint64_t offset, void *buf, size_t len, GError **error)
{
	SourceFile *self = (SourceFile *)base;
	g_autoptr(GError) why = NULL;

	if (bsc_io_pread_exact(self->fd, buf, len, offset, &why))
		return TRUE;
	if (g_error_matches(why, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CHANGED,
				     "The file became shorter while it was read");
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

static void
file_advise(BscByteSource *base, uint64_t offset, uint64_t len)
{
	SourceFile *self = (SourceFile *)base;

	(void)posix_fadvise(self->fd, (off_t)offset, (off_t)len, POSIX_FADV_WILLNEED);
}

static void
file_free(BscByteSource *base)
{
	SourceFile *self = (SourceFile *)base;

	bsc_io_clear_fd(&self->fd);
	g_free(self);
}

static const BscByteSourceOps file_ops = {
	.name = "file",
	.read_at = file_read_at,
	.advise = file_advise,
	.free = file_free,
};

static gboolean
get_fd_size(int fd, uint64_t *out_size, GError **error)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return bsc_error_set_errno(error, errno, "Failed to get the size");
	if (S_ISBLK(st.st_mode)) {
		if (ioctl(fd, BLKGETSIZE64, out_size) < 0)
			return bsc_error_set_errno(error, errno, "Failed to get the device size");
		return TRUE;
	}
	if (!S_ISREG(st.st_mode))
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
				     "Neither a regular file nor a block device");
	*out_size = (uint64_t)st.st_size;
	return TRUE;
}

BscByteSource *
bsc_source_file_new_for_fd(int fd, GError **error)
{
	BSC_AUTO_FD int owned = fd;
	SourceFile *self;
	uint64_t size;

	if (!get_fd_size(fd, &size, error))
		return NULL;
	self = g_new0(SourceFile, 1);
	self->fd = bsc_io_steal_fd(&owned);
	bsc_byte_source_init(&self->base, &file_ops, size);
	return &self->base;
}

BscByteSource *
bsc_source_file_open(const char *path, GError **error)
{
	BSC_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	BscByteSource *source;

	if (fd < 0) {
		bsc_error_set_errno(error, errno, "Failed to open '%s'", path);
		return NULL;
	}
	source = bsc_source_file_new_for_fd(bsc_io_steal_fd(&fd), error);
	if (source == NULL)
		g_prefix_error(error, "'%s': ", path);
	return source;
}
