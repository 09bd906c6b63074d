/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/install-context.h"

#define DEFAULT_MEMORY_BYTES (8 * 1024 * 1024)

void
bsc_install_context_clear(BscInstallContext *self)
{
	bsc_hooks_free(self->hooks);
	bsc_install_plan_free(self->plan);
	bsc_bundle_unref(self->bundle);
	bsc_bootloader_free(self->boot);
	bsc_slot_state_free(self->states);
	g_clear_pointer(&self->statuses, g_ptr_array_unref);
	bsc_job_record_free(self->record);
	g_clear_object(&self->cancellable);
}

BscSlotStatus *
bsc_install_context_get_status(BscInstallContext *self, const BscSlot *slot)
{
	return self->statuses->pdata[slot->index];
}

gboolean
bsc_install_context_save_status(BscInstallContext *self, const BscSlot *slot, GError **error)
{
	BscStatusStore *store = bsc_system_handle_get_store(self->system);

	bsc_status_store_set_slot(store, slot, bsc_install_context_get_status(self, slot));
	if (bsc_status_store_save(store, error))
		return TRUE;
	g_prefix_error(error, "Failed to record the status of slot %s: ", slot->name);
	return FALSE;
}

gboolean
bsc_install_context_will_activate(BscInstallContext *self)
{
	return self->plan->boot_slot && !self->plan->has_handler &&
	       bsc_system_handle_get_config(self->system)->activate_installed;
}

uint64_t
bsc_install_context_get_memory(BscInstallContext *self)
{
	uint64_t limit = bsc_system_handle_get_config(self->system)->memory_limit;

	return limit > 0 ? limit : DEFAULT_MEMORY_BYTES;
}

void
bsc_install_context_set_word(char **field, const char *word)
{
	g_free(*field);
	*field = g_strdup(word);
}
