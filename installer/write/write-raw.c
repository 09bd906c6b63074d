/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/write-raw.h"

#include "common/error.h"
#include "common/run.h"
#include "installer/write/device.h"
#include "installer/write/image-copy.h"
#include "installer/write/write-error.h"

#define E2FSCK_CORRECTED 1 /* exit status: errors were found and mended */

static gboolean
raw_check_fit(const BscSlot *slot, uint64_t size_bytes, GError **error)
{
	g_autoptr(BscDevice) device = bsc_device_open(slot->device, BSC_DEVICE_READ, error);

	return device != NULL && bsc_device_check_fit(device, size_bytes, error);
}

/* resize2fs refuses a file system that was not checked since its last mount. */
static gboolean
check_before_resize(const char *path, GError **error)
{
	const char *argv[] = {"e2fsck", "-f", "-p", path, NULL};
	g_autoptr(BscRun) run = bsc_run_start(argv, NULL, error);
	g_autoptr(GError) why = NULL;
	int status = 0;

	if (run == NULL)
		return FALSE;
	if (bsc_run_wait(run, &status, NULL, NULL, &why) || status == E2FSCK_CORRECTED)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

/*
 * After everything is written, verified and closed: resize2fs claims the device for itself. A
 * power cut in here leaves a slot that is still marked bad and has no status.
 */
static gboolean
grow_file_system(const char *path, GError **error)
{
	const char *argv[] = {"resize2fs", path, NULL};
	g_autoptr(BscDevice) device = NULL;
	g_autoptr(GError) why = NULL;

	/* Opened before the tools run, so that the flush hears of their failed write-back too. */
	device = bsc_device_open(path, BSC_DEVICE_READ, error);
	if (device == NULL)
		return FALSE;
	if (!check_before_resize(path, &why) || !bsc_run(argv, NULL, NULL, NULL, &why))
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
				     "Failed to grow the file system (resize=true): %s",
				     why->message);
	return bsc_device_flush(device, error);
}

static gboolean
raw_write(BscByteSource *image, const BscWriteRequest *request, BscWriteReport *out_report,
	  GCancellable *cancellable, GError **error)
{
	const BscSlot *slot = request->slot;
	g_autoptr(BscDevice) device = bsc_device_open(slot->device, BSC_DEVICE_WRITE, error);

	if (device == NULL ||
	    !bsc_image_copy_run(image, device, request, out_report, cancellable, error) ||
	    !bsc_device_close(device, error))
		return FALSE;
	if (slot->resize && g_str_equal(request->image_type, "ext4"))
		return grow_file_system(slot->device, error);
	return TRUE;
}

const BscWriterOps bsc_write_raw_ops = {
	.name = "raw",
	.check_fit = raw_check_fit,
	.write = raw_write,
};
