/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/tree-digest.h"

#include "common/error.h"
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define READ_BYTES  (128 * 1024)
#define XATTR_BYTES (64 * 1024) /* VFS limit of a value and of a list */

typedef struct {
	BscDigest *digest;
	uint8_t *buf; /* READ_BYTES */
	uint64_t bytes;
} TreeDigest;

static void
add_number(TreeDigest *self, uint64_t number)
{
	bsc_digest_update(self->digest, &number, sizeof(number));
}

/* With its length, so that no two rows of texts look alike. */
static void
add_bytes(TreeDigest *self, const void *data, size_t len)
{
	add_number(self, len);
	bsc_digest_update(self->digest, data, len);
}

static void
add_stat(TreeDigest *self, const struct stat *st)
{
	add_number(self, st->st_mode);
	add_number(self, st->st_uid);
	add_number(self, st->st_gid);
	add_number(self, st->st_rdev);
	if (!S_ISDIR(st->st_mode))
		add_number(self, st->st_nlink);
	add_number(self, (uint64_t)st->st_mtim.tv_sec);
	add_number(self, (uint64_t)st->st_mtim.tv_nsec);
}

static gboolean
add_xattr(TreeDigest *self, const char *path, const char *name, GError **error)
{
	g_autofree char *value = g_malloc(XATTR_BYTES);
	ssize_t len = lgetxattr(path, name, value, XATTR_BYTES);

	if (len < 0)
		return bsc_error_set_errno(error, errno, "Failed to read '%s' of '%s'", name, path);
	add_bytes(self, name, strlen(name));
	add_bytes(self, value, (size_t)len);
	return TRUE;
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean
add_xattrs(TreeDigest *self, const char *path, GError **error)
{
	g_autofree char *list = g_malloc(XATTR_BYTES);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	ssize_t len = llistxattr(path, list, XATTR_BYTES);

	if (len < 0 && errno == ENOTSUP)
		return TRUE;
	if (len < 0)
		return bsc_error_set_errno(error, errno, "Failed to list attributes of '%s'", path);
	for (ssize_t i = 0; i < len; i += (ssize_t)strlen(list + i) + 1)
		g_ptr_array_add(names, list + i);
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i < names->len; i++)
		if (!add_xattr(self, path, g_ptr_array_index(names, i), error))
			return FALSE;
	return TRUE;
}

static gboolean
add_content(TreeDigest *self, const char *path, uint64_t size, GError **error)
{
	BSC_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	size_t len = 0;

	if (fd < 0)
		return bsc_error_set_errno(error, errno, "Failed to open '%s'", path);
	add_number(self, size);
	for (uint64_t offset = 0; offset < size; offset += len) {
		len = MIN(READ_BYTES, size - offset);
		if (!bsc_io_pread_exact(fd, self->buf, len, offset, error)) {
			g_prefix_error(error, "'%s': ", path);
			return FALSE;
		}
		bsc_digest_update(self->digest, self->buf, len);
	}
	self->bytes += size;
	return TRUE;
}

static gboolean
add_link(TreeDigest *self, const char *path, GError **error)
{
	ssize_t len = readlink(path, (char *)self->buf, READ_BYTES);

	if (len < 0)
		return bsc_error_set_errno(error, errno, "Failed to read link '%s'", path);
	add_bytes(self, self->buf, (size_t)len);
	return TRUE;
}

static gboolean
add_entry(TreeDigest *self, const FTSENT *entry, size_t root_len, GError **error)
{
	const struct stat *st = entry->fts_statp;
	const char *path = entry->fts_path;

	add_bytes(self, path + root_len, strlen(path + root_len));
	add_stat(self, st);
	/* User attributes live on files and directories only, but labels also on links. */
	if (!add_xattrs(self, path, error))
		return FALSE;
	if (S_ISREG(st->st_mode))
		return add_content(self, path, (uint64_t)st->st_size, error);
	return !S_ISLNK(st->st_mode) || add_link(self, path, error);
}

static int
compare_entries(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static gboolean
walk(TreeDigest *self, FTS *fts, size_t root_len, GCancellable *cancellable, GError **error)
{
	FTSENT *entry;

	for (errno = 0; (entry = fts_read(fts)) != NULL; errno = 0) {
		if (g_cancellable_set_error_if_cancelled(cancellable, error))
			return FALSE;
		if (entry->fts_info == FTS_DP)
			continue;
		if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
		    entry->fts_info == FTS_NS)
			return bsc_error_set_errno(error, entry->fts_errno, "Failed to read '%s'",
						   entry->fts_path);
		if (entry->fts_level == 1 && g_str_equal(entry->fts_name, "lost+found")) {
			(void)fts_set(fts, entry, FTS_SKIP);
			continue;
		}
		if (!add_entry(self, entry, root_len, error))
			return FALSE;
	}
	if (errno != 0)
		return bsc_error_set_errno(error, errno, "Failed to walk a tree");
	return TRUE;
}

gboolean
bsc_tree_digest_compute(const char *dir, uint8_t *out, uint64_t *out_bytes,
			GCancellable *cancellable, GError **error)
{
	char *const roots[] = {(char *)dir, NULL};
	g_autoptr(BscDigest) digest = bsc_digest_new();
	g_autofree uint8_t *buf = g_malloc(READ_BYTES);
	TreeDigest self = {.digest = digest, .buf = buf};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, compare_entries);
	gboolean ok;

	if (fts == NULL)
		return bsc_error_set_errno(error, errno, "Failed to open '%s'", dir);
	ok = walk(&self, fts, strlen(dir), cancellable, error);
	(void)fts_close(fts);
	if (!ok)
		return FALSE;
	bsc_digest_finish(digest, out);
	if (out_bytes != NULL)
		*out_bytes = self.bytes;
	return TRUE;
}
