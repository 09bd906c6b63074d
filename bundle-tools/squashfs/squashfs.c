/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/squashfs/squashfs.h"

#include "bundle-tools/squashfs/squashfs-file.h"
#include "common/error.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_MEMORY_BYTES (8 * 1024 * 1024)

struct _BscSquashfs {
	gatomicrefcount ref_count;
	BscSquashfsImage *image; /* owned */
};

BscSquashfs *
bsc_squashfs_open(BscByteSource *source, const BscSquashfsOptions *options, GError **error)
{
	uint64_t memory_bytes = options != NULL ? options->memory_bytes : 0;
	BscSquashfsImage *image;
	BscSquashfs *self;

	if (memory_bytes == 0)
		memory_bytes = DEFAULT_MEMORY_BYTES;
	image = bsc_squashfs_image_open(source, memory_bytes, error);
	if (image == NULL)
		return NULL;
	self = g_new0(BscSquashfs, 1);
	g_atomic_ref_count_init(&self->ref_count);
	self->image = image;
	return self;
}

BscSquashfs *
bsc_squashfs_ref(BscSquashfs *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void
bsc_squashfs_unref(BscSquashfs *self)
{
	if (self == NULL || !g_atomic_ref_count_dec(&self->ref_count))
		return;
	bsc_squashfs_image_unref(self->image);
	g_free(self);
}

void
bsc_squashfs_entry_free(BscSquashfsEntry *entry)
{
	if (entry == NULL)
		return;
	g_free(entry->name);
	g_free(entry->link_target);
	g_free(entry);
}

static BscSquashfsType
get_type(uint32_t mode)
{
	if (S_ISREG(mode))
		return BSC_SQUASHFS_FILE;
	if (S_ISDIR(mode))
		return BSC_SQUASHFS_DIR;
	return S_ISLNK(mode) ? BSC_SQUASHFS_SYMLINK : BSC_SQUASHFS_OTHER;
}

static BscSquashfsEntry *
make_entry(BscSquashfsImage *image, const char *name, const BscSquashfsInode *inode, GError **error)
{
	g_autoptr(BscSquashfsEntry) entry = g_new0(BscSquashfsEntry, 1);

	entry->name = g_strdup(name);
	entry->type = get_type(inode->mode);
	entry->mode = inode->mode;
	entry->uid = inode->uid;
	entry->gid = inode->gid;
	entry->mtime_sec = inode->mtime_sec;
	entry->inode_ref = inode->ref;
	if (entry->type == BSC_SQUASHFS_FILE || entry->type == BSC_SQUASHFS_SYMLINK)
		entry->size_bytes = inode->size_bytes;
	if (entry->type == BSC_SQUASHFS_SYMLINK) {
		entry->link_target = bsc_squashfs_tree_read_target(image, inode, error);
		if (entry->link_target == NULL)
			return NULL;
	}
	return g_steal_pointer(&entry);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
	const BscSquashfsEntry *const *left = a;
	const BscSquashfsEntry *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

/* Two entries of one name would let two readers see different files. */
static gboolean
sort_names(GPtrArray *entries, GError **error)
{
	g_ptr_array_sort(entries, compare_names);
	for (guint i = 1; i < entries->len; i++)
		if (compare_names(&entries->pdata[i - 1], &entries->pdata[i]) == 0)
			return bsc_squashfs_image_set_broken(
				error, "a directory has two entries of one name", i);
	return TRUE;
}

static gboolean
collect(BscSquashfsImage *image, const BscSquashfsInode *dir, GPtrArray *entries, GError **error)
{
	BscSquashfsTreeIter iter;
	gboolean is_end;

	bsc_squashfs_tree_iter_init(&iter, image, dir);
	for (;;) {
		BscSquashfsInode inode;
		BscSquashfsEntry *entry;

		if (!bsc_squashfs_tree_iter_next(&iter, &is_end, error))
			return FALSE;
		if (is_end)
			return sort_names(entries, error);
		if (!bsc_squashfs_tree_read_inode(image, iter.ref, &inode, error))
			return FALSE;
		entry = make_entry(image, iter.name, &inode, error);
		if (entry == NULL)
			return FALSE;
		g_ptr_array_add(entries, entry);
	}
}

static GPtrArray *
list_inode(BscSquashfsImage *image, const BscSquashfsInode *dir, const char *name, GError **error)
{
	g_autoptr(GPtrArray) entries =
		g_ptr_array_new_with_free_func((GDestroyNotify)bsc_squashfs_entry_free);

	if (!S_ISDIR(dir->mode)) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY,
			      "'%s' in the squashfs is no directory", name);
		return NULL;
	}
	return collect(image, dir, entries, error) ? g_steal_pointer(&entries) : NULL;
}

GPtrArray *
bsc_squashfs_list(BscSquashfs *self, const char *dir_path, GError **error)
{
	BscSquashfsInode dir;

	if (!bsc_squashfs_tree_find(self->image, dir_path, &dir, error))
		return NULL;
	return list_inode(self->image, &dir, dir_path, error);
}

GPtrArray *
bsc_squashfs_list_entry(BscSquashfs *self, const BscSquashfsEntry *dir, GError **error)
{
	BscSquashfsInode inode;

	if (!bsc_squashfs_tree_read_inode(self->image, dir->inode_ref, &inode, error))
		return NULL;
	return list_inode(self->image, &inode, dir->name, error);
}

static char *
get_last_name(const char *path)
{
	size_t end = strlen(path);
	size_t begin;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
		;
	return g_strndup(path + begin, end - begin);
}

BscSquashfsEntry *
bsc_squashfs_lookup(BscSquashfs *self, const char *path, GError **error)
{
	g_autofree char *name = get_last_name(path);
	BscSquashfsInode inode;

	if (!bsc_squashfs_tree_find(self->image, path, &inode, error))
		return NULL;
	return make_entry(self->image, name, &inode, error);
}

static BscByteSource *
open_inode(BscSquashfsImage *image, const BscSquashfsInode *inode, const char *name, GError **error)
{
	if (!S_ISREG(inode->mode)) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
			      "'%s' in the squashfs is no regular file", name);
		return NULL;
	}
	return bsc_squashfs_file_new(image, inode, error);
}

BscByteSource *
bsc_squashfs_open_file(BscSquashfs *self, const char *path, GError **error)
{
	BscSquashfsInode inode;

	if (!bsc_squashfs_tree_find(self->image, path, &inode, error))
		return NULL;
	return open_inode(self->image, &inode, path, error);
}

BscByteSource *
bsc_squashfs_open_entry(BscSquashfs *self, const BscSquashfsEntry *file, GError **error)
{
	BscSquashfsInode inode;

	if (!bsc_squashfs_tree_read_inode(self->image, file->inode_ref, &inode, error))
		return NULL;
	return open_inode(self->image, &inode, file->name, error);
}

const char *
bsc_squashfs_get_codec_name(const BscSquashfs *self)
{
	return bsc_squashfs_image_get_codec_name(self->image);
}

uint32_t
bsc_squashfs_get_block_bytes(const BscSquashfs *self)
{
	return bsc_squashfs_image_get_super(self->image)->block_bytes;
}

uint64_t
bsc_squashfs_get_worker_bytes(const BscSquashfs *self)
{
	return bsc_squashfs_image_get_codec_bytes(self->image);
}
