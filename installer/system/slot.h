/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/slot.h - plain data of one slot */
#pragma once

#include <glib.h>
#include <stdint.h>

/* What a slot is for the system that runs now. */
typedef enum {
	BSC_SLOT_STATE_INACTIVE, /* not in the booted group: may be written */
	BSC_SLOT_STATE_ACTIVE,	 /* in the booted group, below the booted slot */
	BSC_SLOT_STATE_BOOTED,	 /* the root of the booted group */
	BSC_SLOT_STATE_N,
} BscSlotState;

/* One `[slot.CLASS.INDEX]` group. Belongs to a BscSystemConfig, immutable with it; strings that
 * the file does not set are %NULL unless said otherwise. */
typedef struct _BscSlot {
	char *name;	  /* `rootfs.0`, never %NULL */
	char *slot_class; /* `rootfs`, never %NULL */
	char *device;	  /* absolute path of a device node (or a regular file), never %NULL */
	char *type;	  /* as written; the default is `raw`, never %NULL */
	char *description;
	char *bootname; /* %NULL: the boot loader does not know this slot */
	char *parent_name;
	const struct _BscSlot *parent; /* the slot @parent_name names; same config */
	gboolean allow_mounted;
	gboolean readonly;
	gboolean install_same; /* %FALSE: an image that is there already is not written again */
	gboolean resize;
	char *extra_mount_opts;
	char *extra_mkfs_opts;
	uint64_t region_start; /* bytes */
	uint64_t region_size;  /* bytes; 0 = not set */
	uint64_t size_limit;   /* bytes; 0 = none */
	char *efi_loader;
	char *efi_cmdline;
	unsigned index; /* position in the configuration, from 0: index into config->slots */
} BscSlot;

/**
 * bsc_slot_free:
 * @self: (transfer full) (nullable): a slot, also a half-built one
 */
void bsc_slot_free(BscSlot *self);

/**
 * bsc_slot_state_to_string:
 * @state: a state
 *
 * Returns: (transfer none): `inactive`, `active` or `booted`
 */
const char *bsc_slot_state_to_string(BscSlotState state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSlot, bsc_slot_free)
