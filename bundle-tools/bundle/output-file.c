/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/bundle/output-file.h"

#include "common/error.h"
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct _BscOutputFile {
	char *final_path; /* absolute */
	char *parent;	  /* its directory */
	char *work_dir;	  /* private directory beside it */
	char *work_path;  /* the file while it is made */
};

static gboolean
set_exists(const char *path, GError **error)
{
	return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_EXISTS,
			     "'%s' exists already and is not overwritten", path);
}

BscOutputFile *
bsc_output_file_new(const char *path, GError **error)
{
	g_autoptr(BscOutputFile) self = g_new0(BscOutputFile, 1);
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *template_name = g_strdup_printf(".%s.XXXXXX", name);
	g_autofree char *template = NULL;
	struct stat st;

	self->final_path = g_canonicalize_filename(path, NULL);
	self->parent = g_path_get_dirname(self->final_path);
	if (lstat(self->final_path, &st) == 0) {
		set_exists(path, error);
		return NULL;
	}
	template = g_build_filename(self->parent, template_name, NULL);
	if (g_mkdtemp(template) == NULL) {
		bsc_error_set_errno(error, errno, "Failed to write into '%s'", self->parent);
		return NULL;
	}
	self->work_dir = g_steal_pointer(&template);
	self->work_path = g_build_filename(self->work_dir, name, NULL);
	return g_steal_pointer(&self);
}

void
bsc_output_file_free(BscOutputFile *self)
{
	g_autoptr(GError) why = NULL;

	if (self == NULL)
		return;
	if (self->work_dir != NULL && !bsc_io_remove_tree(self->work_dir, &why))
		g_debug("%s", why->message);
	g_free(self->final_path);
	g_free(self->parent);
	g_free(self->work_dir);
	g_free(self->work_path);
	g_free(self);
}

const char *
bsc_output_file_get_path(const BscOutputFile *self)
{
	return self->work_path;
}

const char *
bsc_output_file_get_dir(const BscOutputFile *self)
{
	return self->work_dir;
}

static gboolean
sync_file(const char *path, GError **error)
{
	BSC_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return bsc_error_set_errno(error, errno, "Failed to open '%s'", path);
	if (fsync(fd) < 0)
		return bsc_error_set_errno(error, errno, "Failed to write '%s'", path);
	return TRUE;
}

/* link() where the file system cannot rename without replacing (old NFS, some FUSE). */
static int
rename_noreplace(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return link(from, to);
}

gboolean
bsc_output_file_commit(BscOutputFile *self, GError **error)
{
	if (!sync_file(self->work_path, error))
		return FALSE;
	/* A power cut before this line leaves no file of that name, after it the whole one. */
	if (rename_noreplace(self->work_path, self->final_path) < 0) {
		if (errno == EEXIST)
			return set_exists(self->final_path, error);
		return bsc_error_set_errno(error, errno, "Failed to make '%s'", self->final_path);
	}
	return bsc_io_fsync_dir(self->parent, error);
}
