/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/mark.h"

#include "bundle-tools/format/version.h"
#include "common/clock.h"
#include "common/error.h"
#include "installer/engine/install-error.h"
#include "installer/engine/install-events.h"
#include "installer/system/slot-table.h"

/* One call of bsc_mark(). */
typedef struct {
	BscSystem *system;
	BscBootloader *boot;
	BscSlotStates *states;
	GPtrArray *slots; /* of BscSlot, borrowed: those that are marked */
} Mark;

static void
mark_clear(Mark *self)
{
	bsc_bootloader_free(self->boot);
	bsc_slot_state_free(self->states);
	g_clear_pointer(&self->slots, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mark, mark_clear)

static gboolean
find_booted(Mark *self, GError **error)
{
	const BscSlot *booted = self->states->booted;

	if (!booted)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
				     "The running system was started from no slot; name the slot "
				     "to be marked");
	if (!booted->bootname)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
				     "The booted slot %s has no bootname", booted->name);
	g_ptr_array_add(self->slots, (gpointer)booted);
	return TRUE;
}

static gboolean
find_other(Mark *self, GError **error)
{
	const BscSlot *booted = self->states->booted;
	g_autoptr(GPtrArray) candidates = NULL;

	if (!booted)
		return find_booted(self, error);
	candidates = bsc_slot_table_list_class(bsc_system_handle_get_config(self->system),
					       booted->slot_class);
	for (guint i = 0; i < candidates->len; i++) {
		const BscSlot *slot = candidates->pdata[i];

		if (slot != booted && slot->bootname)
			g_ptr_array_add(self->slots, (gpointer)slot);
	}
	if (self->slots->len > 0)
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
			     "There is no other slot of class '%s' with a bootname",
			     booted->slot_class);
}

static gboolean
find_named(Mark *self, const char *name, GError **error)
{
	const BscSlot *slot = bsc_slot_table_find(bsc_system_handle_get_config(self->system), name);

	if (!slot)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
				     "No slot is called '%s'; give 'booted', 'other' or a slot's "
				     "name",
				     name);
	if (!slot->bootname)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
				     "Slot %s has no bootname", name);
	g_ptr_array_add(self->slots, (gpointer)slot);
	return TRUE;
}

static gboolean
find_slots(Mark *self, const char *identifier, GError **error)
{
	if (g_strcmp0(identifier, "booted") == 0)
		return find_booted(self, error);
	if (g_strcmp0(identifier, "other") == 0)
		return find_other(self, error);
	return find_named(self, identifier ? identifier : "", error);
}

static void
tell(BscInstallEvent event, const BscSlot *slot)
{
	bsc_event(bsc_install_events_get(event), "BSC_SLOT", slot->name, "BSC_BOOTNAME",
		  slot->bootname, NULL);
}

/* Only for verbs that make sense for one slot. */
static gboolean
check_single(const Mark *self, const char *state, GError **error)
{
	if (self->slots->len == 1)
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
			     "There are %u other slots; name the one to be marked %s",
			     self->slots->len, state);
}

/* A slot that is known to be half written must not be made bootable. */
static gboolean
check_complete(const Mark *self, const BscSlot *slot, GError **error)
{
	BscStatusStore *store = bsc_system_handle_get_store(self->system);
	g_autoptr(BscSlotStatus) status = bsc_status_store_get_slot(store, slot);

	if (slot == self->states->booted || !status->status ||
	    g_str_equal(status->status, BSC_SLOT_STATUS_OK))
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
			     "Slot %s holds no complete system: its last installation is recorded "
			     "as %s; install it again",
			     slot->name, status->status);
}

/* The version a slot is known to hold; %NULL if nothing complete is recorded. */
static char *
get_version(const Mark *self, const BscSlot *slot)
{
	BscStatusStore *store = bsc_system_handle_get_store(self->system);
	g_autoptr(BscSlotStatus) status = bsc_status_store_get_slot(store, slot);

	if (g_strcmp0(status->status, BSC_SLOT_STATUS_OK) != 0)
		return NULL;
	return g_steal_pointer(&status->bundle_version);
}

/* Keeps in *@version the higher (@sign 1) or lower (-1) one; not versions at all: unchanged. */
static void
keep(char **version, const char *other, int sign)
{
	int order;

	if (bsc_version_compare(other, *version, &order, NULL) && order * sign > 0) {
		g_free(*version);
		*version = g_strdup(other);
	}
}

/* The highest version a slot that could be fallen back to holds; "" = there is no such slot. */
static char *
get_fallback_version(const Mark *self, const BscSlot *booted)
{
	g_autoptr(GPtrArray) slots = bsc_slot_table_list_class(
		bsc_system_handle_get_config(self->system), booted->slot_class);
	gboolean has_others = FALSE;
	char *best = NULL;

	for (guint i = 0; i < slots->len; i++) {
		const BscSlot *slot = slots->pdata[i];
		g_autofree char *version = NULL;

		if (slot == booted || !slot->bootname)
			continue;
		has_others = TRUE;
		version = get_version(self, slot);
		if (version && best)
			keep(&best, version, 1);
		else if (version)
			best = g_steal_pointer(&version);
	}
	return has_others ? best : g_strdup("");
}

/*
 * The floor of downgrade=refuse. It never passes what the fall-back slot holds: the device could
 * not install again what it runs after a fall-back.
 */
static void
raise_version(const Mark *self, const BscSlot *booted)
{
	BscStatusStore *store = bsc_system_handle_get_store(self->system);
	g_autofree char *floor = get_version(self, booted);
	g_autofree char *fallback = get_fallback_version(self, booted);
	g_autofree char *highest =
		bsc_status_store_get_value(store, BSC_STATUS_HIGHEST_GOOD_VERSION);

	if (!floor || !fallback || !bsc_version_check(floor, NULL))
		return;
	if (*fallback)
		keep(&floor, fallback, -1);
	if (highest)
		keep(&floor, highest, 1);
	bsc_status_store_set_value(store, BSC_STATUS_HIGHEST_GOOD_VERSION, floor);
}

static void
raise_signing_time(const Mark *self, const BscSlotStatus *status)
{
	BscStatusStore *store = bsc_system_handle_get_store(self->system);
	g_autofree char *old = bsc_status_store_get_value(store, BSC_STATUS_NEWEST_GOOD_SIGNING);
	g_autofree char *new = g_strdup_printf("%" G_GINT64_FORMAT, status->signing_time_usec);

	if (status->signing_time_usec > (old ? g_ascii_strtoll(old, NULL, 10) : 0))
		bsc_status_store_set_value(store, BSC_STATUS_NEWEST_GOOD_SIGNING, new);
}

static gboolean
end_trial(const Mark *self, const BscSlot *booted, GError **error)
{
	BscStatusStore *store = bsc_system_handle_get_store(self->system);
	g_autoptr(BscSlotStatus) status = bsc_status_store_get_slot(store, booted);

	status->trial = FALSE;
	bsc_status_store_set_slot(store, booted, status);
	raise_version(self, booted);
	raise_signing_time(self, status);
	return bsc_status_store_save(store, error);
}

static gboolean
set_state(Mark *self, const BscSlot *slot, BscBootState state, GError **error)
{
	if (!bsc_bootloader_set_state(self->boot, slot->bootname, state, error)) {
		g_prefix_error(error, "Failed marking slot %s: ", slot->name);
		return FALSE;
	}
	tell(state == BSC_BOOT_STATE_GOOD ? BSC_INSTALL_EVENT_MARKED_GOOD
					  : BSC_INSTALL_EVENT_MARKED_BAD,
	     slot);
	return TRUE;
}

static gboolean
mark_all_others_bad(Mark *self, const BscSlot *good, GError **error)
{
	g_autoptr(GPtrArray) slots =
		bsc_slot_table_list_bootable(bsc_system_handle_get_config(self->system));

	for (guint i = 0; i < slots->len; i++)
		if (slots->pdata[i] != good &&
		    !set_state(self, slots->pdata[i], BSC_BOOT_STATE_BAD, error))
			return FALSE;
	return TRUE;
}

/* Boot loader first: a power cut before the record leaves a trial that the next call ends. */
static gboolean
mark_good(Mark *self, GError **error)
{
	const BscSlot *slot = self->slots->pdata[0];

	if (!check_single(self, "good", error) || !check_complete(self, slot, error) ||
	    !set_state(self, slot, BSC_BOOT_STATE_GOOD, error))
		return FALSE;
	if (slot != self->states->booted)
		return TRUE;
	if (bsc_system_handle_get_config(self->system)->prevent_late_fallback &&
	    !mark_all_others_bad(self, slot, error))
		return FALSE;
	return end_trial(self, slot, error);
}

static gboolean
is_among(const GPtrArray *slots, const char *bootname)
{
	for (guint i = 0; i < slots->len; i++)
		if (g_str_equal(((const BscSlot *)slots->pdata[i])->bootname, bootname))
			return TRUE;
	return FALSE;
}

static gboolean
check_some_left(Mark *self, GError **error)
{
	g_autoptr(GError) local_error = NULL;
	g_auto(GStrv) bootable = bsc_bootloader_list_bootable(self->boot, &local_error);

	if (g_error_matches(local_error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED))
		return TRUE;
	if (!bootable) {
		g_propagate_error(error, g_steal_pointer(&local_error));
		return FALSE;
	}
	for (size_t i = 0; bootable[i]; i++)
		if (!is_among(self->slots, bootable[i]))
			return TRUE;
	if (!bootable[0])
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
			     "Refused: '%s' is the last slot that the boot loader would still "
			     "boot",
			     bootable[0]);
}

static gboolean
mark_bad(Mark *self, GError **error)
{
	if (!check_some_left(self, error))
		return FALSE;
	for (guint i = 0; i < self->slots->len; i++)
		if (!set_state(self, self->slots->pdata[i], BSC_BOOT_STATE_BAD, error))
			return FALSE;
	return TRUE;
}

static gboolean
mark_active(Mark *self, GError **error)
{
	BscStatusStore *store = bsc_system_handle_get_store(self->system);
	const BscSlot *slot = self->slots->pdata[0];
	g_autoptr(BscSlotStatus) status = NULL;

	if (!check_single(self, "active", error) || !check_complete(self, slot, error))
		return FALSE;
	if (!bsc_bootloader_set_primary(self->boot, slot->bootname, error)) {
		g_prefix_error(error, "Failed marking slot %s: ", slot->name);
		return FALSE;
	}
	tell(BSC_INSTALL_EVENT_MARKED_ACTIVE, slot);
	status = bsc_status_store_get_slot(store, slot);
	g_free(status->activated_timestamp);
	status->activated_timestamp = bsc_clock_format_utc(bsc_clock_now_usec());
	status->activated_count++;
	bsc_status_store_set_slot(store, slot, status);
	return bsc_status_store_save(store, error);
}

/* RAUC's words, which its clients show and search. */
static const struct {
	const char *state;
	gboolean (*run)(Mark *self, GError **error);
} verbs[] = {
	{"good", mark_good},
	{"bad", mark_bad},
	{"active", mark_active},
};

static char *
join_names(const GPtrArray *slots)
{
	GString *names = g_string_new(NULL);

	for (guint i = 0; i < slots->len; i++)
		g_string_append_printf(names, "%s%s", i > 0 ? " " : "",
				       ((const BscSlot *)slots->pdata[i])->name);
	return g_string_free(names, FALSE);
}

static gboolean
run_verb(Mark *self, const char *state, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (g_strcmp0(verbs[i].state, state) == 0)
			return verbs[i].run(self, error);
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
			     "unknown subcommand %s", state);
}

/* While two facts disagree about what was booted, no mark can be meant for the right slot. */
static gboolean
check_facts(const Mark *self, GError **error)
{
	g_autoptr(GError) local_error = NULL;

	if (bsc_slot_state_check_writable(self->states, &local_error))
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED, "%s",
			     local_error->message);
}

gboolean
bsc_mark(BscSystem *system, const char *state, const char *identifier, char **out_slot,
	 char **out_message, GError **error)
{
	g_autoptr(BscSystemLock) lock = bsc_system_handle_lock(system, error);
	g_autofree char *names = NULL;
	g_auto(Mark) self = {.system = system};

	if (!lock)
		return FALSE;
	self.slots = g_ptr_array_new();
	self.states = bsc_system_handle_detect_states(system, error);
	self.boot = self.states ? bsc_system_handle_open_bootloader(system, error) : NULL;
	if (!self.boot || !check_facts(&self, error) || !find_slots(&self, identifier, error) ||
	    !run_verb(&self, state, error))
		return FALSE;
	names = join_names(self.slots);
	if (out_message)
		*out_message = g_strdup_printf("marked slot(s) %s as %s", names, state);
	if (out_slot)
		*out_slot = g_steal_pointer(&names);
	return TRUE;
}
