/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/squashfs/squashfs-tree.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>

#define META_BYTES	  8192
#define MAX_TARGET_BYTES  4096 /* PATH_MAX: Linux knows no longer links */
#define MAX_GROUP_ENTRIES 256
/* The stored length of a listing counts "." and "..", which are not there. */
#define DOTS_BYTES 3

typedef enum {
	INODE_DIR = 1,
	INODE_FILE,
	INODE_LINK,
	INODE_BLOCK,
	INODE_CHAR,
	INODE_FIFO,
	INODE_SOCKET,
	INODE_EXT_DIR,
	INODE_EXT_FILE,
	INODE_EXT_LINK,
	INODE_EXT_BLOCK,
	INODE_EXT_CHAR,
	INODE_EXT_FIFO,
	INODE_EXT_SOCKET,
	INODE_N,
} InodeType;

/* Type bits, and bytes of the fixed part behind the common header. */
static const struct {
	uint32_t mode;
	size_t bytes;
} inode_types[INODE_N] = {
	[INODE_DIR] = {S_IFDIR, 16},	[INODE_EXT_DIR] = {S_IFDIR, 24},
	[INODE_FILE] = {S_IFREG, 16},	[INODE_EXT_FILE] = {S_IFREG, 40},
	[INODE_LINK] = {S_IFLNK, 8},	[INODE_EXT_LINK] = {S_IFLNK, 8},
	[INODE_BLOCK] = {S_IFBLK, 0},	[INODE_EXT_BLOCK] = {S_IFBLK, 0},
	[INODE_CHAR] = {S_IFCHR, 0},	[INODE_EXT_CHAR] = {S_IFCHR, 0},
	[INODE_FIFO] = {S_IFIFO, 0},	[INODE_EXT_FIFO] = {S_IFIFO, 0},
	[INODE_SOCKET] = {S_IFSOCK, 0}, [INODE_EXT_SOCKET] = {S_IFSOCK, 0},
};

/* A place in the inode or directory table: a block relative to the table, an offset in it. */
static gboolean
init_cursor(BscSquashfsCursor *cursor, uint64_t table_at, uint64_t limit, uint64_t block,
	    uint32_t offset, GError **error)
{
	if (block >= limit - table_at || offset >= META_BYTES)
		return bsc_squashfs_image_set_broken(error, "a reference outside of its table",
						     block);
	*cursor =
		(BscSquashfsCursor){.position = table_at + block, .limit = limit, .offset = offset};
	return TRUE;
}

static gboolean
parse_dir(const BscSquashfsSuper *super, const uint8_t *raw, gboolean is_extended,
	  BscSquashfsInode *out, GError **error)
{
	uint64_t listing =
		is_extended ? bsc_squashfs_image_get32(raw + 4) : bsc_squashfs_image_get16(raw + 8);
	uint32_t block =
		is_extended ? bsc_squashfs_image_get32(raw + 8) : bsc_squashfs_image_get32(raw);
	uint32_t offset = is_extended ? bsc_squashfs_image_get16(raw + 18)
				      : bsc_squashfs_image_get16(raw + 10);

	out->size_bytes = listing - MIN(listing, DOTS_BYTES);
	/* the place of an empty listing may be the very end of the table */
	return out->size_bytes == 0 ||
	       init_cursor(&out->cursor, super->dirs_at, super->bytes_used, block, offset, error);
}

static gboolean
parse_file(const uint8_t *raw, gboolean is_extended, BscSquashfsInode *out, GError **error)
{
	out->data_at = is_extended ? bsc_squashfs_image_get64(raw) : bsc_squashfs_image_get32(raw);
	out->size_bytes = is_extended ? bsc_squashfs_image_get64(raw + 8)
				      : bsc_squashfs_image_get32(raw + 12);
	out->fragment = is_extended ? bsc_squashfs_image_get32(raw + 28)
				    : bsc_squashfs_image_get32(raw + 4);
	out->fragment_offset = is_extended ? bsc_squashfs_image_get32(raw + 32)
					   : bsc_squashfs_image_get32(raw + 8);
	if (out->size_bytes > G_MAXINT64)
		return bsc_squashfs_image_set_broken(error, "impossible size of a file",
						     out->size_bytes);
	return TRUE;
}

static gboolean
parse_link(const uint8_t *raw, BscSquashfsInode *out, GError **error)
{
	out->size_bytes = bsc_squashfs_image_get32(raw + 4);
	if (out->size_bytes == 0 || out->size_bytes > MAX_TARGET_BYTES)
		return bsc_squashfs_image_set_broken(error, "impossible length of a link",
						     out->size_bytes);
	return TRUE;
}

static gboolean
parse_body(const BscSquashfsSuper *super, InodeType type, const uint8_t *raw, BscSquashfsInode *out,
	   GError **error)
{
	if (S_ISDIR(out->mode))
		return parse_dir(super, raw, type == INODE_EXT_DIR, out, error);
	if (S_ISREG(out->mode))
		return parse_file(raw, type == INODE_EXT_FILE, out, error);
	if (S_ISLNK(out->mode))
		return parse_link(raw, out, error);
	return TRUE;
}

gboolean
bsc_squashfs_tree_read_inode(BscSquashfsImage *image, uint64_t ref, BscSquashfsInode *out_inode,
			     GError **error)
{
	const BscSquashfsSuper *super = bsc_squashfs_image_get_super(image);
	BscSquashfsInode inode = {.ref = ref, .fragment = BSC_SQUASHFS_IMAGE_NO_FRAGMENT};
	uint8_t head[16];
	uint8_t body[40];
	uint16_t type;

	if (!init_cursor(&inode.cursor, super->inodes_at, super->dirs_at, ref >> 16, ref & 0xffff,
			 error) ||
	    !bsc_squashfs_image_read_meta(image, &inode.cursor, head, sizeof head, error))
		return FALSE;
	type = bsc_squashfs_image_get16(head);
	if (type == 0 || type >= INODE_N)
		return bsc_squashfs_image_set_broken(error, "an unknown kind of inode", type);
	inode.mode = inode_types[type].mode | (bsc_squashfs_image_get16(head + 2) & 07777);
	inode.mtime_sec = bsc_squashfs_image_get32(head + 8);
	if (!bsc_squashfs_image_read_id(image, bsc_squashfs_image_get16(head + 4), &inode.uid,
					error) ||
	    !bsc_squashfs_image_read_id(image, bsc_squashfs_image_get16(head + 6), &inode.gid,
					error) ||
	    !bsc_squashfs_image_read_meta(image, &inode.cursor, body, inode_types[type].bytes,
					  error) ||
	    !parse_body(super, type, body, &inode, error))
		return FALSE;
	*out_inode = inode;
	return TRUE;
}

char *
bsc_squashfs_tree_read_target(BscSquashfsImage *image, const BscSquashfsInode *inode,
			      GError **error)
{
	BscSquashfsCursor cursor = inode->cursor;
	g_autofree char *target = g_malloc0(inode->size_bytes + 1);

	if (!bsc_squashfs_image_read_meta(image, &cursor, target, inode->size_bytes, error))
		return NULL;
	if (strlen(target) != inode->size_bytes) {
		bsc_squashfs_image_set_broken(error, "a link with a zero byte in it", inode->ref);
		return NULL;
	}
	return g_steal_pointer(&target);
}

void
bsc_squashfs_tree_iter_init(BscSquashfsTreeIter *iter, BscSquashfsImage *image,
			    const BscSquashfsInode *dir)
{
	*iter = (BscSquashfsTreeIter){
		.image = image, .cursor = dir->cursor, .left_bytes = dir->size_bytes};
}

static gboolean
read_listing(BscSquashfsTreeIter *iter, void *buf, size_t len, GError **error)
{
	if (len > iter->left_bytes)
		return bsc_squashfs_image_set_broken(error, "a directory ends within an entry",
						     iter->left_bytes);
	iter->left_bytes -= len;
	return bsc_squashfs_image_read_meta(iter->image, &iter->cursor, buf, len, error);
}

static gboolean
read_group(BscSquashfsTreeIter *iter, GError **error)
{
	uint8_t raw[12];

	if (!read_listing(iter, raw, sizeof raw, error))
		return FALSE;
	if (bsc_squashfs_image_get32(raw) >= MAX_GROUP_ENTRIES)
		return bsc_squashfs_image_set_broken(error, "too many directory entries in a group",
						     bsc_squashfs_image_get32(raw));
	iter->left_in_group = bsc_squashfs_image_get32(raw) + 1;
	iter->inode_block = bsc_squashfs_image_get32(raw + 4);
	return TRUE;
}

static gboolean
check_name(const char *name, size_t len, GError **error)
{
	if (strlen(name) == len && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
	    strcmp(name, "..") != 0)
		return TRUE;
	return bsc_squashfs_image_set_broken(error, "a file name that cannot be one, of length",
					     len);
}

static gboolean
read_entry(BscSquashfsTreeIter *iter, GError **error)
{
	uint8_t raw[8];
	size_t len;

	if (!read_listing(iter, raw, sizeof raw, error))
		return FALSE;
	len = (size_t)bsc_squashfs_image_get16(raw + 6) + 1;
	if (len > BSC_SQUASHFS_TREE_MAX_NAME)
		return bsc_squashfs_image_set_broken(error, "a file name that is too long", len);
	if (!read_listing(iter, iter->name, len, error))
		return FALSE;
	iter->name[len] = '\0';
	iter->ref = (uint64_t)iter->inode_block << 16 | bsc_squashfs_image_get16(raw);
	iter->left_in_group--;
	return check_name(iter->name, len, error);
}

gboolean
bsc_squashfs_tree_iter_next(BscSquashfsTreeIter *iter, gboolean *out_is_end, GError **error)
{
	*out_is_end = iter->left_bytes == 0 && iter->left_in_group == 0;
	if (*out_is_end)
		return TRUE;
	if (iter->left_in_group == 0 && !read_group(iter, error))
		return FALSE;
	return read_entry(iter, error);
}

/* Replaces the directory *@inode by what it holds under @name. */
static gboolean
step_down(BscSquashfsImage *image, BscSquashfsInode *inode, const char *name,
	  gboolean *out_is_found, GError **error)
{
	BscSquashfsTreeIter iter;
	gboolean is_end;

	*out_is_found = FALSE;
	if (!S_ISDIR(inode->mode))
		return TRUE;
	bsc_squashfs_tree_iter_init(&iter, image, inode);
	for (;;) {
		if (!bsc_squashfs_tree_iter_next(&iter, &is_end, error))
			return FALSE;
		if (is_end)
			return TRUE;
		if (strcmp(iter.name, name) == 0)
			break;
	}
	*out_is_found = TRUE;
	return bsc_squashfs_tree_read_inode(image, iter.ref, inode, error);
}

gboolean
bsc_squashfs_tree_find(BscSquashfsImage *image, const char *path, BscSquashfsInode *out_inode,
		       GError **error)
{
	uint64_t root_ref = bsc_squashfs_image_get_super(image)->root_ref;
	g_auto(GStrv) names = g_strsplit(path, "/", -1);
	BscSquashfsInode inode;

	if (!bsc_squashfs_tree_read_inode(image, root_ref, &inode, error))
		return FALSE;
	if (!S_ISDIR(inode.mode))
		return bsc_squashfs_image_set_broken(error, "the root is no directory", root_ref);
	for (size_t i = 0; names[i] != NULL; i++) {
		gboolean is_found = TRUE;

		if (*names[i] != '\0' && !step_down(image, &inode, names[i], &is_found, error))
			return FALSE;
		if (!is_found)
			return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
					     "There is no '%s' in the squashfs", path);
	}
	*out_inode = inode;
	return TRUE;
}
