/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/squashfs/squashfs-extract.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Each level holds a descriptor; deeper trees are not what bundles are made of. */
#define MAX_DEPTH   128
#define CHUNK_BYTES (1024 * 1024)

typedef struct {
	BscSquashfs *image;
	GCancellable *cancellable;
	GHashTable *seen; /* inode references of directories: each is in the tree once */
	uint8_t *chunk;
	BscSquashfsExtractProgressFunc on_progress; /* (nullable) */
	gpointer progress_data;
	uint64_t done_bytes;
} Extraction;

static void
clear_extraction(Extraction *self)
{
	g_hash_table_unref(self->seen);
	g_free(self->chunk);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Extraction, clear_extraction)

static void
add_done(Extraction *self, uint64_t bytes)
{
	self->done_bytes += bytes;
	if (self->on_progress != NULL)
		self->on_progress(self->done_bytes, self->progress_data);
}

static gboolean
copy_run(Extraction *self, BscByteSource *source, int fd, uint64_t offset, uint64_t len,
	 GError **error)
{
	for (uint64_t done = 0, n; done < len; done += n) {
		n = MIN(len - done, CHUNK_BYTES);
		if (g_cancellable_set_error_if_cancelled(self->cancellable, error) ||
		    !bsc_byte_source_read_at(source, offset + done, self->chunk, n, error) ||
		    !bsc_io_pwrite_all(fd, self->chunk, n, offset + done, error))
			return FALSE;
		add_done(self, n);
	}
	return TRUE;
}

/* What is known to be zero stays a hole; the size is set first. */
static gboolean
copy_content(Extraction *self, BscByteSource *source, int fd, GError **error)
{
	uint64_t size = bsc_byte_source_get_size(source);

	if (ftruncate(fd, (off_t)size) < 0)
		return bsc_error_set_errno(error, errno, "Failed to set the size");
	for (uint64_t offset = 0, run; offset < size; offset += run) {
		gboolean is_zero;

		if (g_cancellable_set_error_if_cancelled(self->cancellable, error) ||
		    !bsc_byte_source_get_run(source, offset, &run, &is_zero, error))
			return FALSE;
		if (is_zero)
			add_done(self, run);
		else if (!copy_run(self, source, fd, offset, run, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
set_time(int fd, const BscSquashfsEntry *entry, GError **error)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = entry->mtime_sec}};

	if (futimens(fd, times) < 0)
		return bsc_error_set_errno(error, errno, "Failed to set the time");
	return TRUE;
}

static gboolean
extract_file(Extraction *self, const BscSquashfsEntry *entry, int dir_fd, GError **error)
{
	g_autoptr(BscByteSource) source = bsc_squashfs_open_entry(self->image, entry, error);
	mode_t mode = (entry->mode & S_IXUSR) != 0 ? 0700 : 0600;
	BSC_AUTO_FD int fd = -1;

	if (source == NULL)
		return FALSE;
	fd = openat(dir_fd, entry->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    mode);
	if (fd < 0)
		return bsc_error_set_errno(error, errno, "Failed to create the file");
	return copy_content(self, source, fd, error) && set_time(fd, entry, error) &&
	       bsc_io_close(&fd, error);
}

static gboolean extract_entries(Extraction *self, const BscSquashfsEntry *dir, int dir_fd,
				unsigned depth, GError **error);

static gboolean
extract_dir(Extraction *self, const BscSquashfsEntry *entry, int dir_fd, unsigned depth,
	    GError **error)
{
	BSC_AUTO_FD int fd = -1;

	if (mkdirat(dir_fd, entry->name, 0700) < 0)
		return bsc_error_set_errno(error, errno, "Failed to create the directory");
	fd = openat(dir_fd, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return bsc_error_set_errno(error, errno, "Failed to open the new directory");
	return extract_entries(self, entry, fd, depth, error) && set_time(fd, entry, error);
}

static gboolean
extract_entry(Extraction *self, const BscSquashfsEntry *entry, int dir_fd, unsigned depth,
	      GError **error)
{
	if (g_cancellable_set_error_if_cancelled(self->cancellable, error))
		return FALSE;
	switch (entry->type) {
	case BSC_SQUASHFS_FILE:
		return extract_file(self, entry, dir_fd, error);
	case BSC_SQUASHFS_DIR:
		return extract_dir(self, entry, dir_fd, depth + 1, error);
	case BSC_SQUASHFS_SYMLINK:
		if (symlinkat(entry->link_target, dir_fd, entry->name) < 0)
			return bsc_error_set_errno(error, errno, "Failed to create the link");
		return TRUE;
	case BSC_SQUASHFS_OTHER:
	case BSC_SQUASHFS_N:
		break;
	}
	g_debug("'%s' is neither file, directory nor link: left out", entry->name);
	return TRUE;
}

/* A directory that is met twice contains itself, or would be written twice without end. */
static gboolean
enter_dir(Extraction *self, const BscSquashfsEntry *dir, unsigned depth, GError **error)
{
	uint64_t *ref = g_memdup2(&dir->inode_ref, sizeof dir->inode_ref);

	if (!g_hash_table_add(self->seen, ref))
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "The directory is in the squashfs twice or contains itself");
	if (depth > MAX_DEPTH)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "Directories are nested more than %u deep", MAX_DEPTH);
	return TRUE;
}

static gboolean
extract_entries(Extraction *self, const BscSquashfsEntry *dir, int dir_fd, unsigned depth,
		GError **error)
{
	g_autoptr(GPtrArray) entries = NULL;

	if (!enter_dir(self, dir, depth, error))
		return FALSE;
	entries = bsc_squashfs_list_entry(self->image, dir, error);
	if (entries == NULL)
		return FALSE;
	for (guint i = 0; i < entries->len; i++) {
		const BscSquashfsEntry *entry = entries->pdata[i];

		if (!extract_entry(self, entry, dir_fd, depth, error)) {
			g_prefix_error(error, "%s%s", entry->name,
				       entry->type == BSC_SQUASHFS_DIR ? "/" : ": ");
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean
extract_path(Extraction *self, const char *path, int dir_fd, GError **error)
{
	g_autoptr(BscSquashfsEntry) entry = bsc_squashfs_lookup(self->image, path, error);

	if (entry == NULL)
		return FALSE;
	if (entry->type == BSC_SQUASHFS_DIR)
		return extract_entries(self, entry, dir_fd, 0, error);
	return extract_entry(self, entry, dir_fd, 0, error);
}

gboolean
bsc_squashfs_extract(BscSquashfs *self, const char *path, const char *dest_dir,
		     GCancellable *cancellable, GError **error)
{
	return bsc_squashfs_extract_with_progress(self, path, dest_dir, NULL, NULL, cancellable,
						  error);
}

gboolean
bsc_squashfs_extract_with_progress(BscSquashfs *self, const char *path, const char *dest_dir,
				   BscSquashfsExtractProgressFunc on_progress, gpointer data,
				   GCancellable *cancellable, GError **error)
{
	BSC_AUTO_FD int fd = open(dest_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_auto(Extraction) extraction = {
		.image = self,
		.cancellable = cancellable,
		.seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
		.chunk = g_malloc(CHUNK_BYTES),
		.on_progress = on_progress,
		.progress_data = data,
	};

	if (fd < 0)
		return bsc_error_set_errno(error, errno, "Failed to open '%s'", dest_dir);
	if (extract_path(&extraction, path, fd, error))
		return TRUE;
	g_prefix_error(error, "Failed to extract '%s' to '%s': ", path, dest_dir);
	return FALSE;
}
