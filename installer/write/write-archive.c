/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/write-archive.h"

#include "common/error.h"
#include "common/run.h"
#include "installer/write/archive-tar.h"
#include "installer/write/device.h"
#include "installer/write/mount.h"
#include "installer/write/tree-digest.h"
#include "installer/write/write-error.h"

#include <string.h>

#define EXT4_LABEL_MAX 16
#define VFAT_LABEL_MAX 11

/* The programs of a file system, with their arguments up to the device. */
static gboolean
run_tool(GPtrArray *argv, const char *device, const char *what, GError **error)
{
	g_autoptr(GError) why = NULL;

	g_ptr_array_add(argv, (gpointer)device);
	g_ptr_array_add(argv, NULL);
	if (bsc_run((const char *const *)argv->pdata, NULL, NULL, NULL, &why))
		return TRUE;
	return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE, "Failed to %s: %s",
			     what, why->message);
}

static char *
make_vfat_label(const char *name)
{
	char *label = g_ascii_strup(name, (gssize)MIN(strlen(name), VFAT_LABEL_MAX));

	for (char *c = label; *c != '\0'; c++)
		if (!g_ascii_isalnum(*c) && strchr("-_", *c) == NULL)
			*c = '_';
	return label;
}

static void
add_words(GPtrArray *argv, const char *const *words)
{
	for (; *words != NULL; words++)
		g_ptr_array_add(argv, (gpointer)*words);
}

static gboolean
make_file_system(const BscSlot *slot, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *vfat_label = make_vfat_label(slot->name);
	g_auto(GStrv) extra = NULL;
	g_autoptr(GError) why = NULL;

	if (slot->extra_mkfs_opts != NULL && *slot->extra_mkfs_opts != '\0' &&
	    !g_shell_parse_argv(slot->extra_mkfs_opts, NULL, &extra, &why))
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
				     "extra-mkfs-opts '%s': %s", slot->extra_mkfs_opts,
				     why->message);
	if (g_str_equal(slot->type, "vfat")) {
		add_words(argv, (const char *const[]){"mkfs.vfat", "-n", vfat_label, NULL});
	} else {
		add_words(argv, (const char *const[]){"mkfs.ext4", "-F", "-q", "-I256", NULL});
		if (strlen(slot->name) <= EXT4_LABEL_MAX)
			add_words(argv, (const char *const[]){"-L", slot->name, NULL});
	}
	if (extra != NULL)
		add_words(argv, (const char *const *)extra);
	return run_tool(argv, slot->device, "make the file system", error);
}

static gboolean
check_file_system(const BscSlot *slot, GError **error)
{
	static const char *const ext4[] = {"e2fsck", "-f", "-n", NULL};
	static const char *const vfat[] = {"fsck.vfat", "-n", NULL};
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	add_words(argv, g_str_equal(slot->type, "vfat") ? vfat : ext4);
	return run_tool(argv, slot->device, "check the new file system", error);
}

/* One archive on its way into a slot. */
typedef struct {
	BscByteSource *image;
	const BscWriteRequest *request;
	GCancellable *cancellable;
	BscWriteReport report;
	uint8_t tree[BSC_DIGEST_LEN]; /* as unpacked */
} Archive;

static BscMount *
mount_slot(const Archive *self, gboolean read_only, GError **error)
{
	BscMountOptions options = {
		.prefix = self->request->mount_prefix,
		.read_only = read_only,
	};

	return bsc_mount_slot(self->request->slot, &options, error);
}

static gboolean
compute_tree(Archive *self, BscMount *mount, uint8_t *out, uint64_t *out_bytes, GError **error)
{
	g_autoptr(GError) why = NULL;

	if (bsc_tree_digest_compute(bsc_mount_get_path(mount), out, out_bytes, self->cancellable,
				    &why))
		return TRUE;
	if (g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_propagate_error(error, g_steal_pointer(&why));
		return FALSE;
	}
	return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
			     "Failed to read back what was unpacked: %s", why->message);
}

static gboolean
unpack(Archive *self, GError **error)
{
	g_autoptr(BscMount) mount = mount_slot(self, FALSE, error);

	return mount != NULL &&
	       bsc_archive_tar_unpack(self->image, bsc_mount_get_path(mount), self->request,
				      self->report.sha256, self->cancellable, error) &&
	       compute_tree(self, mount, self->tree, &self->report.bytes_written, error) &&
	       bsc_mount_close(mount, error);
}

/* Unmounting dropped the cached files, and the device's own cache is dropped before. */
static gboolean
read_back(Archive *self, BscDevice *device, GError **error)
{
	g_autoptr(BscMount) mount = NULL;
	uint8_t tree[BSC_DIGEST_LEN];

	if (self->request->verify == BSC_WRITE_VERIFY_OFF)
		return TRUE;
	bsc_device_drop_cache(device);
	mount = mount_slot(self, TRUE, error);
	if (mount == NULL || !compute_tree(self, mount, tree, &self->report.bytes_verified, error))
		return FALSE;
	if (memcmp(tree, self->tree, sizeof(tree)) != 0)
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
				     "What was read back from the medium is not what was unpacked; "
				     "the medium or its driver loses data, replace it");
	return bsc_mount_close(mount, error);
}

/*
 * @device is open before the first program writes and until after the last flush, so that the
 * flush hears of every write-back that failed, whoever asked for it.
 */
static gboolean
run_steps(Archive *self, BscDevice *device, GError **error)
{
	const BscSlot *slot = self->request->slot;

	return make_file_system(slot, error) && unpack(self, error) &&
	       check_file_system(slot, error) && bsc_device_flush(device, error) &&
	       read_back(self, device, error);
}

/* Proves that nobody uses the slot, and makes it unusable until it is complete. */
static gboolean
clear(const BscSlot *slot, GError **error)
{
	g_autoptr(BscDevice) device = bsc_device_open(slot->device, BSC_DEVICE_WRITE, error);

	return device != NULL && bsc_device_clear_first(device, error) &&
	       bsc_device_close(device, error);
}

static gboolean
archive_write(BscByteSource *image, const BscWriteRequest *request, BscWriteReport *out_report,
	      GCancellable *cancellable, GError **error)
{
	Archive self = {.image = image, .request = request, .cancellable = cancellable};
	g_autoptr(BscDevice) device = NULL;
	g_autoptr(GError) why = NULL;

	self.report.bytes_total = bsc_byte_source_get_size(image);
	if (!clear(request->slot, error))
		return FALSE;
	device = bsc_device_open(request->slot->device, BSC_DEVICE_READ, error);
	if (device == NULL)
		return FALSE;
	bsc_device_use_cache(device);
	if (run_steps(&self, device, error)) {
		*out_report = self.report;
		return TRUE;
	}
	if (!clear(request->slot, &why))
		g_warning("Clearing the failed slot '%s': %s", request->slot->name, why->message);
	return FALSE;
}

const BscWriterOps bsc_write_archive_ops = {
	.name = "archive",
	.write = archive_write,
};
