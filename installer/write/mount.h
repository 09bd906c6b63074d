/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/mount.h - private mounts of slots with cleanup */
#pragma once

#include "installer/system/slot.h"

#include <glib.h>

typedef struct _BscMount BscMount;

/* How to mount; zero everywhere = read-write, with the slot's own type and options. */
typedef struct {
	const char *prefix; /* directory of the mount points; created if missing */
	gboolean read_only;
	const char *extra_options; /* (nullable): added to the slot's own, as for `mount -o` */
} BscMountOptions;

/**
 * bsc_mount_slot:
 * @slot: a slot with a file system
 * @options: where and how
 * @error: return location
 *
 * Mounts @slot at PREFIX/SLOTNAME, privately: the mount is not propagated on. Errors:
 * %BSC_WRITE_ERROR_DEVICE with the words of mount(8).
 *
 * Returns: (transfer full) (nullable): the mount, or %NULL on failure; bsc_mount_free() ends it
 */
BscMount *bsc_mount_slot(const BscSlot *slot, const BscMountOptions *options, GError **error);

/**
 * bsc_mount_get_path:
 * @self: a mount
 *
 * Returns: (transfer none): its mount point
 */
const char *bsc_mount_get_path(const BscMount *self);

/**
 * bsc_mount_close:
 * @self: a mount
 * @error: return location
 *
 * Syncs the file system, reporting what was lost on the way to the device, and unmounts it.
 * Tries for some seconds while it is busy. Errors: %BSC_WRITE_ERROR_DEVICE.
 *
 * Returns: %TRUE when it is unmounted and everything written is on the device
 */
gboolean bsc_mount_close(BscMount *self, GError **error);

/**
 * bsc_mount_free:
 * @self: (transfer full) (nullable): a mount
 *
 * Unmounts what is still mounted, lazily with a warning if something still uses it, and removes
 * the mount point.
 */
void bsc_mount_free(BscMount *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscMount, bsc_mount_free)
