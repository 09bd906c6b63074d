/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/system/slot.h"

void
bsc_slot_free(BscSlot *self)
{
	if (self == NULL)
		return;
	g_free(self->name);
	g_free(self->slot_class);
	g_free(self->device);
	g_free(self->type);
	g_free(self->description);
	g_free(self->bootname);
	g_free(self->parent_name);
	g_free(self->extra_mount_opts);
	g_free(self->extra_mkfs_opts);
	g_free(self->efi_loader);
	g_free(self->efi_cmdline);
	g_free(self);
}

const char *
bsc_slot_state_to_string(BscSlotState state)
{
	static const char *const words[BSC_SLOT_STATE_N] = {
		[BSC_SLOT_STATE_INACTIVE] = "inactive",
		[BSC_SLOT_STATE_ACTIVE] = "active",
		[BSC_SLOT_STATE_BOOTED] = "booted",
	};

	g_return_val_if_fail(state < BSC_SLOT_STATE_N, "inactive");
	return words[state];
}
