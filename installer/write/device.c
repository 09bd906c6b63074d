/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/device.h"

#include "common/error.h"
#include "common/io.h"
#include "installer/write/write-error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNIT_BYTES 4096

static gboolean
set_device_error(GError **error, int saved_errno, const char *what)
{
	return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE, "%s: %s", what,
			     g_strerror(saved_errno));
}

/* The words of common/io, under the code our callers branch on. */
static gboolean
take_device_error(GError **error, GError *why)
{
	bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
		      "%s; see the kernel's log for the device", why->message);
	g_error_free(why);
	return FALSE;
}

static gboolean
set_open_error(int saved_errno, GError **error)
{
	if (saved_errno == EBUSY)
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
				     "The device is in use (mounted, or claimed by another program "
				     "or device mapper); unmount it or stop its user first");
	if (saved_errno == EROFS || saved_errno == EACCES)
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
				     "The device cannot be opened for writing: %s; check its "
				     "read-only switch and who runs this program",
				     g_strerror(saved_errno));
	return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
			     "Failed to open the device: %s; check 'device' in the configuration",
			     g_strerror(saved_errno));
}

/* A file behind a loop device is in use though no lock says so. */
static gboolean
check_not_looped(const char *path, GError **error)
{
	g_autofree char *real = realpath(path, NULL);

	for (unsigned i = 0; real != NULL && i < 256; i++) {
		g_autofree char *name = g_strdup_printf("/sys/block/loop%u/loop/backing_file", i);
		g_autofree char *backing = NULL;

		if (!g_file_get_contents(name, &backing, NULL, NULL))
			continue;
		if (g_str_equal(g_strchomp(backing), real))
			return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
					     "The file is in use by /dev/loop%u; detach it first",
					     i);
	}
	return TRUE;
}

static int
open_node(const char *path, BscDeviceMode mode, const struct stat *st)
{
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd;

	flags |= mode == BSC_DEVICE_WRITE ? O_RDWR : O_RDONLY;
	if (mode == BSC_DEVICE_WRITE && S_ISBLK(st->st_mode))
		flags |= O_EXCL;
	fd = open(path, flags | O_DIRECT);
	/* EINVAL: this file system has no uncached access. */
	return fd >= 0 || errno != EINVAL ? fd : open(path, flags);
}

static gboolean
read_block_geometry(BscDevice *self, GError **error)
{
	int logical = 0;
	int read_only = 0;

	if (ioctl(self->fd, BLKGETSIZE64, &self->size_bytes) < 0 ||
	    ioctl(self->fd, BLKSSZGET, &logical) < 0 || ioctl(self->fd, BLKROGET, &read_only) < 0)
		return set_device_error(error, errno, "Failed to ask the device for its size");
	self->align_bytes = (uint32_t)MAX(logical, 512);
	self->unit_bytes = MAX(UNIT_BYTES, self->align_bytes);
	if (read_only && (fcntl(self->fd, F_GETFL) & O_ACCMODE) != O_RDONLY)
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
				     "The device is read-only; check its read-only switch");
	return TRUE;
}

static gboolean
read_file_geometry(BscDevice *self, const struct stat *st, BscDeviceMode mode, GError **error)
{
	self->size_bytes = (uint64_t)st->st_size;
	self->align_bytes = UNIT_BYTES;
	self->unit_bytes = UNIT_BYTES;
	if (self->size_bytes % UNIT_BYTES != 0)
		bsc_device_use_cache(self);
	if (mode == BSC_DEVICE_READ)
		return TRUE;
	if (!check_not_looped(self->path, error))
		return FALSE;
	if (flock(self->fd, LOCK_EX | LOCK_NB) < 0)
		return set_open_error(errno == EWOULDBLOCK ? EBUSY : errno, error);
	return TRUE;
}

static gboolean
read_geometry(BscDevice *self, BscDeviceMode mode, GError **error)
{
	struct stat st;

	if (fstat(self->fd, &st) < 0)
		return set_device_error(error, errno, "Failed to look at the device");
	self->is_block = S_ISBLK(st.st_mode);
	self->is_direct = (fcntl(self->fd, F_GETFL) & O_DIRECT) != 0;
	if (self->is_block)
		return read_block_geometry(self, error);
	if (S_ISREG(st.st_mode))
		return read_file_geometry(self, &st, mode, error);
	return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
			     "Neither a block device nor a regular file; check 'device' in the "
			     "configuration");
}

BscDevice *
bsc_device_open(const char *path, BscDeviceMode mode, GError **error)
{
	g_autoptr(BscDevice) self = g_new0(BscDevice, 1);
	struct stat st;

	self->path = g_strdup(path);
	self->fd = -1;
	if (stat(path, &st) < 0 || (self->fd = open_node(path, mode, &st)) < 0) {
		set_open_error(errno, error);
		return NULL;
	}
	return read_geometry(self, mode, error) ? g_steal_pointer(&self) : NULL;
}

void
bsc_device_use_cache(BscDevice *self)
{
	(void)fcntl(self->fd, F_SETFL, fcntl(self->fd, F_GETFL) & ~O_DIRECT);
	self->is_direct = FALSE;
}

gboolean
bsc_device_check_fit(const BscDevice *self, uint64_t size_bytes, GError **error)
{
	if (size_bytes <= self->size_bytes)
		return TRUE;
	return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_TOO_SMALL,
			     "The image has %" G_GUINT64_FORMAT " bytes, the device only "
			     "%" G_GUINT64_FORMAT "; build a smaller image",
			     size_bytes, self->size_bytes);
}

gboolean
bsc_device_read(BscDevice *self, void *buf, size_t len, uint64_t offset, GError **error)
{
	GError *why = NULL;

	return bsc_io_pread_exact(self->fd, buf, len, offset, &why) ||
	       take_device_error(error, why);
}

gboolean
bsc_device_write(BscDevice *self, const void *buf, size_t len, uint64_t offset, GError **error)
{
	GError *why = NULL;

	if (!bsc_io_pwrite_all(self->fd, buf, len, offset, &why))
		return take_device_error(error, why);
	/* Keeps the medium busy from the start, so that the flush has little left to do. */
	if (!self->is_direct)
		(void)sync_file_range(self->fd, (off_t)offset, (off_t)len, SYNC_FILE_RANGE_WRITE);
	return TRUE;
}

gboolean
bsc_device_zero(BscDevice *self, uint64_t offset, uint64_t len, gboolean *out_done, GError **error)
{
	int r;

	*out_done = FALSE;
	if (g_atomic_int_get(&self->cannot_zero))
		return TRUE;
	do
		r = fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
			      (off_t)len);
	while (r < 0 && errno == EINTR);
	*out_done = r == 0;
	if (r == 0)
		return TRUE;
	if (errno != EOPNOTSUPP && errno != ENOSYS && errno != ENODEV)
		return set_device_error(error, errno, "Failed to zero a range");
	g_atomic_int_set(&self->cannot_zero, 1);
	return TRUE;
}

static gboolean
clear_unit(BscDevice *self, uint8_t *buf, size_t len, GError **error)
{
	if (!bsc_device_read(self, buf, len, 0, error))
		return FALSE;
	if (bsc_device_is_zero(buf, len))
		return TRUE;
	memset(buf, 0, len);
	return bsc_device_write(self, buf, len, 0, error) && bsc_device_flush(self, error);
}

gboolean
bsc_device_clear_first(BscDevice *self, GError **error)
{
	size_t len = (size_t)MIN(self->unit_bytes, self->size_bytes);
	uint8_t *buf = g_aligned_alloc(1, self->unit_bytes, self->unit_bytes);
	gboolean ok = clear_unit(self, buf, len, error);

	g_aligned_free(buf);
	return ok;
}

gboolean
bsc_device_flush(BscDevice *self, GError **error)
{
	if (fsync(self->fd) < 0)
		return set_device_error(error, errno, "Failed to flush the device");
	return TRUE;
}

void
bsc_device_drop_cache(BscDevice *self)
{
	if (self->is_direct)
		return;
	if (self->is_block && ioctl(self->fd, BLKFLSBUF, 0) == 0)
		return;
	(void)posix_fadvise(self->fd, 0, 0, POSIX_FADV_DONTNEED);
}

gboolean
bsc_device_close(BscDevice *self, GError **error)
{
	GError *why = NULL;

	return self->fd < 0 || bsc_io_close(&self->fd, &why) || take_device_error(error, why);
}

void
bsc_device_free(BscDevice *self)
{
	if (self == NULL)
		return;
	bsc_io_clear_fd(&self->fd);
	g_free(self->path);
	g_free(self);
}

gboolean
bsc_device_is_zero(const void *buf, size_t len)
{
	const uint8_t *bytes = buf;

	/* Each byte equals its neighbour and the first is zero: memcmp does it a vector a time. */
	return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}
