/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/mount.h"

#include "common/error.h"
#include "common/io.h"
#include "common/run.h"
#include "installer/write/write-error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TRIES	30
#define BUSY_PAUSE_USEC (100 * 1000)

struct _BscMount {
	char *path;
	char *device;
	int root_fd; /* of the mounted tree, opened first: syncing it tells of every lost write */
	gboolean is_mounted;
};

static gboolean
make_mount_point(BscMount *self, const char *prefix, const char *name, GError **error)
{
	self->path = g_build_filename(prefix, name, NULL);
	if (g_mkdir_with_parents(self->path, 0700) == 0)
		return TRUE;
	return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
			     "Failed to make the mount point '%s': %s", self->path,
			     g_strerror(errno));
}

static char *
join_options(const BscSlot *slot, const BscMountOptions *options)
{
	GString *text = g_string_new(options->read_only ? "ro" : "rw");

	if (slot->extra_mount_opts != NULL && *slot->extra_mount_opts != '\0')
		g_string_append_printf(text, ",%s", slot->extra_mount_opts);
	if (options->extra_options != NULL)
		g_string_append_printf(text, ",%s", options->extra_options);
	return g_string_free(text, FALSE);
}

/* The program and not the call: it knows what each word of -o means, and mounts files too. */
static gboolean
run_mount(BscMount *self, const BscSlot *slot, const BscMountOptions *options, GError **error)
{
	g_autofree char *words = join_options(slot, options);
	gboolean has_type = !g_str_equal(slot->type, "raw");
	const char *argv[] = {
		"mount",      "--make-private", "-t", has_type ? slot->type : "auto", "-o", words,
		slot->device, self->path,	NULL};
	g_autoptr(GError) why = NULL;

	if (bsc_run(argv, NULL, NULL, NULL, &why))
		return TRUE;
	return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
			     "Failed to mount '%s' (%s): %s", slot->device, slot->type,
			     why->message);
}

BscMount *
bsc_mount_slot(const BscSlot *slot, const BscMountOptions *options, GError **error)
{
	g_autoptr(BscMount) self = g_new0(BscMount, 1);

	self->root_fd = -1;
	self->device = g_strdup(slot->device);
	if (!make_mount_point(self, options->prefix, slot->name, error) ||
	    !run_mount(self, slot, options, error))
		return NULL;
	self->is_mounted = TRUE;
	self->root_fd = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (self->root_fd < 0) {
		bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
			      "Failed to open '%s': %s", self->path, g_strerror(errno));
		return NULL;
	}
	return g_steal_pointer(&self);
}

const char *
bsc_mount_get_path(const BscMount *self)
{
	return self->path;
}

/* Udev and its like look into new file systems for a moment. */
static gboolean
unmount_patiently(BscMount *self)
{
	for (unsigned i = 0; i < BUSY_TRIES; i++) {
		if (umount2(self->path, UMOUNT_NOFOLLOW) == 0)
			return TRUE;
		if (errno != EBUSY)
			return FALSE;
		g_usleep(BUSY_PAUSE_USEC);
	}
	errno = EBUSY;
	return FALSE;
}

gboolean
bsc_mount_close(BscMount *self, GError **error)
{
	if (!self->is_mounted)
		return TRUE;
	if (syncfs(self->root_fd) < 0)
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
				     "Failed to sync the file system on '%s': %s", self->device,
				     g_strerror(errno));
	bsc_io_clear_fd(&self->root_fd);
	if (!unmount_patiently(self))
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
				     "Failed to unmount '%s': %s; find out what uses it",
				     self->path, g_strerror(errno));
	self->is_mounted = FALSE;
	return TRUE;
}

void
bsc_mount_free(BscMount *self)
{
	if (self == NULL)
		return;
	bsc_io_clear_fd(&self->root_fd);
	if (self->is_mounted && !unmount_patiently(self)) {
		g_warning("Unmounting '%s' when nobody uses it any more: %s", self->path,
			  g_strerror(errno));
		(void)umount2(self->path, MNT_DETACH | UMOUNT_NOFOLLOW);
	}
	if (self->path != NULL)
		(void)rmdir(self->path);
	g_free(self->path);
	g_free(self->device);
	g_free(self);
}
