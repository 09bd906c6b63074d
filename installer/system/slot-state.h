/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/slot-state.h - which slot is booted, which are mounted or otherwise in use */
#pragma once

#include "installer/system/slot-table.h"

#include <sys/types.h>

/* The boot slot's word for a system that was started from none of the slots (network, stick). */
#define BSC_SLOT_STATES_EXTERNAL "_external_"

/* Where facts come from; zero everywhere means this machine. */
typedef struct {
	const char *root_dir;		/* holds proc, sys and dev, for tests; %NULL = `/` */
	const char *override_boot_slot; /* what the operator says; nothing contradicts it */
	const char *backend_current;	/* what the boot loader's backend says; %NULL = nothing */
	/* Device number of a block device, 0 for anything else; %NULL = ask the file system. */
	dev_t (*get_device_number)(const char *path, gpointer data);
	gpointer data; /* for @get_device_number */
} BscSlotStateEnv;

/* What is known of one slot at one moment. */
typedef struct {
	BscSlotState state;
	char *mountpoint; /* where the slot's device itself is mounted first; %NULL = nowhere */
	char *in_use;	  /* why it must not be written, as `mounted on '/'`; %NULL = free */
} BscSlotCondition;

/* What is known of all slots at one moment. */
typedef struct {
	char *boot_slot;	/* as told: a bootname, slot name, device or `_external_` */
	char *boot_slot_origin; /* who told: `kernel command line rauc.slot=`, … */
	gboolean is_external;
	const BscSlot *booted; /* root slot of the booted group; %NULL when external */
	char *contradiction;   /* both facts in words; while set nothing may be written */
	GArray *conditions;    /* of BscSlotCondition, by slot->index */
} BscSlotStates;

/**
 * bsc_slot_state_detect:
 * @config: the configuration
 * @env: (nullable): where facts come from
 * @error: return location
 *
 * Finds the booted slot (in this order: the operator, `rauc.external` or an NFS root,
 * `bascule.slot=`, `rauc.slot=`, the boot loader, `root=`, `systemd.verity_root_data=`), compares
 * it with the device behind `/`, and looks at the use of every slot. Reads /proc and /sys only.
 *
 * Errors: %G_IO_ERROR_NOT_FOUND if the booted slot is not told or is none of the configuration;
 * what failed to be read.
 *
 * Returns: (transfer full) (nullable): the states, or %NULL on failure
 */
BscSlotStates *bsc_slot_state_detect(const BscSystemConfig *config, const BscSlotStateEnv *env,
				     GError **error);

/**
 * bsc_slot_state_free:
 * @self: (transfer full) (nullable): states
 */
void bsc_slot_state_free(BscSlotStates *self);

/**
 * bsc_slot_state_get:
 * @self: states
 * @slot: a slot of the configuration they were detected with
 *
 * Returns: (transfer none): what is known of @slot
 */
const BscSlotCondition *bsc_slot_state_get(const BscSlotStates *self, const BscSlot *slot);

/**
 * bsc_slot_state_check_free:
 * @slot: a slot
 * @env: (nullable): where facts come from
 * @error: return location
 *
 * Looks again, now, whether @slot's device may be written: neither it nor a device above or below
 * it is mounted, used for swap, or behind a loop device or UBI block device that is. The writer
 * calls this just before it opens the device (and opens with O_EXCL: between the two anybody may
 * mount it).
 *
 * Errors: %G_IO_ERROR_BUSY with the use in words.
 *
 * Returns: %TRUE if nothing uses it
 */
gboolean bsc_slot_state_check_free(const BscSlot *slot, const BscSlotStateEnv *env, GError **error);

/**
 * bsc_slot_state_find_slot_of_path:
 * @config: the configuration
 * @path: an absolute path
 * @env: (nullable): where facts come from
 *
 * For places that must outlive every installation, as the data directory.
 *
 * Returns: (transfer none) (nullable): the slot whose device holds @path; %NULL = none of them
 */
const BscSlot *bsc_slot_state_find_slot_of_path(const BscSystemConfig *config, const char *path,
						const BscSlotStateEnv *env);

/**
 * bsc_slot_state_check_writable:
 * @self: states
 * @error: return location
 *
 * Refuses while the told boot slot and the device behind `/` contradict each other.
 *
 * Errors: %G_IO_ERROR_FAILED with both facts and the way out.
 *
 * Returns: %TRUE if slots may be written at all
 */
gboolean bsc_slot_state_check_writable(const BscSlotStates *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSlotStates, bsc_slot_state_free)
