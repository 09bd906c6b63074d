/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/doctor.h"

#include "common/clock.h"
#include "common/run.h"
#include "installer/system/slot-table.h"
#include "installer/write/slot-writer.h"

#include <unistd.h>

#define MIN_MEMORY_BYTES (4 * 1024 * 1024)

static const char *const level_words[] = {
	[BSC_DOCTOR_LEVEL_OK] = "ok",
	[BSC_DOCTOR_LEVEL_WARNING] = "warning",
	[BSC_DOCTOR_LEVEL_ERROR] = "error",
};
G_STATIC_ASSERT(G_N_ELEMENTS(level_words) == BSC_DOCTOR_LEVEL_N);

static void
free_finding(gpointer data)
{
	BscDoctorFinding *finding = data;

	g_free(finding->subject);
	g_free(finding->text);
	g_free(finding->advice);
	g_free(finding);
}

static void G_GNUC_PRINTF(5, 6) find(GPtrArray *findings, BscDoctorLevel level, const char *subject,
				     const char *advice, const char *format, ...)
{
	BscDoctorFinding *finding = g_new0(BscDoctorFinding, 1);
	va_list args;

	finding->level = level;
	finding->subject = g_strdup(subject);
	finding->advice = level == BSC_DOCTOR_LEVEL_OK ? NULL : g_strdup(advice);
	va_start(args, format);
	finding->text = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(findings, finding);
}

static void
check_rights(GPtrArray *findings)
{
	if (geteuid() != 0)
		find(findings, BSC_DOCTOR_LEVEL_WARNING, "rights", "run it as root",
		     "not run as root: devices and boot loader may look worse than they are");
}

static void
check_config(BscSystem *system, GPtrArray *findings)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(system);
	g_auto(GStrv) unsupported = bsc_system_config_list_unsupported(config);

	find(findings, BSC_DOCTOR_LEVEL_OK, "configuration", NULL, "'%s' is in order: %u slots",
	     config->path, config->slots->len);
	for (size_t i = 0; unsupported[i]; i++)
		find(findings, BSC_DOCTOR_LEVEL_WARNING, "configuration",
		     "remove it, or wait for a version that does it", "%s", unsupported[i]);
	if (config->memory_limit > 0 && config->memory_limit < MIN_MEMORY_BYTES)
		find(findings, BSC_DOCTOR_LEVEL_WARNING, "memory",
		     "raise memory-limit to 4M or more",
		     "memory-limit is %" G_GUINT64_FORMAT
		     " bytes: bundles with large blocks may not fit",
		     config->memory_limit);
}

static gboolean
has_slot_type(const BscSystemConfig *config, const char *type)
{
	for (guint i = 0; i < config->slots->len; i++)
		if (g_str_equal(((const BscSlot *)config->slots->pdata[i])->type, type))
			return TRUE;
	return FALSE;
}

static gboolean
wants_resize(const BscSystemConfig *config)
{
	for (guint i = 0; i < config->slots->len; i++)
		if (((const BscSlot *)config->slots->pdata[i])->resize)
			return TRUE;
	return FALSE;
}

static void
check_tool(GPtrArray *findings, BscDoctorLevel level, const char *tool, const char *what_for)
{
	g_autofree char *path = bsc_run_find_program(tool);
	g_autofree char *advice = g_strdup_printf("install the package that holds %s", tool);

	if (path)
		find(findings, BSC_DOCTOR_LEVEL_OK, "tools", NULL, "%s found", path);
	else
		find(findings, level, "tools", advice, "'%s' is missing: %s", tool, what_for);
}

static void
check_tools(BscSystem *system, GPtrArray *findings)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(system);
	gboolean has_ext4 = has_slot_type(config, "ext4");
	gboolean has_vfat = has_slot_type(config, "vfat");
	const char *const archives = "archives cannot be installed";

	if (has_ext4)
		check_tool(findings, BSC_DOCTOR_LEVEL_WARNING, "mkfs.ext4", archives);
	if (has_vfat)
		check_tool(findings, BSC_DOCTOR_LEVEL_WARNING, "mkfs.vfat", archives);
	if (has_ext4 || has_vfat) {
		check_tool(findings, BSC_DOCTOR_LEVEL_WARNING, "tar", archives);
		check_tool(findings, BSC_DOCTOR_LEVEL_WARNING, "mount", archives);
	}
	if (wants_resize(config))
		check_tool(findings, BSC_DOCTOR_LEVEL_ERROR, "resize2fs",
			   "slots with resize=true cannot be installed");
	if (!g_str_equal(config->bootloader, "uboot"))
		return;
	check_tool(findings, BSC_DOCTOR_LEVEL_ERROR, "fw_printenv",
		   "the boot loader cannot be asked");
	check_tool(findings, BSC_DOCTOR_LEVEL_ERROR, "fw_setenv", "the boot loader cannot be told");
}

static void
check_slot(const BscSlot *slot, const BscSlotStates *states, GPtrArray *findings)
{
	g_autofree char *subject = g_strdup_printf("slot %s", slot->name);
	const BscSlotCondition *condition = states ? bsc_slot_state_get(states, slot) : NULL;
	g_autoptr(GError) error = NULL;

	if (!bsc_slot_writer_check_fit(slot, "raw", 0, &error)) {
		find(findings, BSC_DOCTOR_LEVEL_ERROR, subject,
		     "check its device= in the configuration", "%s", error->message);
		return;
	}
	if (condition && condition->state == BSC_SLOT_STATE_INACTIVE && condition->in_use &&
	    !slot->readonly && !slot->allow_mounted)
		find(findings, BSC_DOCTOR_LEVEL_ERROR, subject,
		     "unmount it; nothing may use a slot that is to be written", "%s is in use, %s",
		     slot->device, condition->in_use);
	else
		find(findings, BSC_DOCTOR_LEVEL_OK, subject, NULL, "%s (%s)%s%s", slot->device,
		     slot->type, condition ? ", " : "",
		     condition ? bsc_slot_state_to_string(condition->state) : "");
}

static void
check_shared_device(const BscSystemConfig *config, guint index, GPtrArray *findings)
{
	const BscSlot *slot = config->slots->pdata[index];

	for (guint i = 0; i < index; i++) {
		const BscSlot *other = config->slots->pdata[i];

		if (g_str_equal(slot->device, other->device) && slot->region_size == 0)
			find(findings, BSC_DOCTOR_LEVEL_ERROR, slot->name,
			     "give each slot a device of its own", "%s and %s are both on %s",
			     other->name, slot->name, slot->device);
	}
}

static void
check_redundancy(const BscSystemConfig *config, GPtrArray *findings)
{
	g_autoptr(GPtrArray) bootable = bsc_slot_table_list_bootable(config);

	if (bootable->len < 2)
		find(findings, BSC_DOCTOR_LEVEL_WARNING, "slots",
		     "configure two root slots with bootname=",
		     "%u slot has a bootname: there is nothing to fall back to", bootable->len);
	for (guint i = 0; i < config->slots->len; i++) {
		const BscSlot *slot = config->slots->pdata[i];

		if (!bsc_slot_table_get_root(slot)->bootname && !slot->readonly)
			find(findings, BSC_DOCTOR_LEVEL_WARNING, slot->name,
			     "make it part of a group that has a bootname",
			     "it is written in place: not safe against a power cut");
	}
}

static void
check_slots(BscSystem *system, GPtrArray *findings)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(system);
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSlotStates) states = bsc_system_handle_detect_states(system, &error);

	if (!states)
		find(findings, BSC_DOCTOR_LEVEL_ERROR, "booted slot",
		     "put rauc.slot=BOOTNAME on the kernel command line, or use "
		     "--override-boot-slot",
		     "%s", error->message);
	else if (states->contradiction)
		find(findings, BSC_DOCTOR_LEVEL_ERROR, "booted slot",
		     "correct the configuration or the boot script", "%s", states->contradiction);
	else
		find(findings, BSC_DOCTOR_LEVEL_OK, "booted slot", NULL, "%s, told by %s",
		     states->booted ? states->booted->name : states->boot_slot,
		     states->boot_slot_origin);
	for (guint i = 0; i < config->slots->len; i++) {
		check_slot(config->slots->pdata[i], states, findings);
		check_shared_device(config, i, findings);
	}
	check_redundancy(config, findings);
}

static void
check_keyring_times(BscSystem *system, BscKeyring *keyring, GPtrArray *findings)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(system);
	gboolean is_floor = FALSE;
	gint64 now_usec = bsc_keyring_get_now(keyring, &is_floor);
	g_autofree char *now = bsc_clock_format_utc(now_usec);
	g_auto(GStrv) expired = NULL;

	if (is_floor)
		find(findings, BSC_DOCTOR_LEVEL_WARNING, "clock", "set the clock",
		     "the clock is behind; certificates are judged at %s", now);
	else
		find(findings, BSC_DOCTOR_LEVEL_OK, "clock", NULL, "%s", now);
	if (config->keyring.path)
		expired = bsc_keyring_list_expired(config->keyring.path, now_usec, NULL);
	for (size_t i = 0; expired && expired[i]; i++)
		find(findings, BSC_DOCTOR_LEVEL_WARNING, "keyring",
		     "replace it before the next update is signed with it", "%s", expired[i]);
}

static void
check_keyring(BscSystem *system, GPtrArray *findings)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscKeyring) keyring = bsc_system_handle_load_keyring(system, NULL, FALSE, &error);
	g_autoptr(BscDecryptionKey) key = NULL;

	if (!keyring) {
		find(findings, BSC_DOCTOR_LEVEL_ERROR, "keyring",
		     "set [keyring] path= to a PEM file with your CA", "%s", error->message);
		return;
	}
	find(findings, BSC_DOCTOR_LEVEL_OK, "keyring", NULL, "loaded");
	check_keyring_times(system, keyring, findings);
	if (bsc_keyring_has_ignored_crls(keyring))
		find(findings, BSC_DOCTOR_LEVEL_WARNING, "keyring", "set check-crl=true",
		     "it holds revocation lists that nobody looks at");
	if (!bsc_system_handle_load_decryption_key(system, &key, &error))
		find(findings, BSC_DOCTOR_LEVEL_ERROR, "encryption key",
		     "check [encryption] key= and cert=", "%s", error->message);
}

static void
check_bootloader(BscSystem *system, GPtrArray *findings)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscBootloader) boot = bsc_system_handle_open_bootloader(system, &error);
	g_autofree char *primary = NULL;
	g_auto(GStrv) warnings = NULL;

	if (!boot || !bsc_bootloader_get_primary(boot, &primary, &error)) {
		find(findings,
		     g_error_matches(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED)
			     ? BSC_DOCTOR_LEVEL_WARNING
			     : BSC_DOCTOR_LEVEL_ERROR,
		     "boot loader", "check the boot loader's part of the configuration", "%s",
		     error->message);
	} else if (!primary) {
		find(findings, BSC_DOCTOR_LEVEL_WARNING, "boot loader",
		     "mark a slot active, or set up the boot loader's variables",
		     "it would boot no slot of the configuration");
	} else {
		find(findings, BSC_DOCTOR_LEVEL_OK, "boot loader", NULL, "boots '%s' next",
		     primary);
	}
	warnings = boot ? bsc_bootloader_list_warnings(boot) : NULL;
	for (size_t i = 0; warnings && warnings[i]; i++)
		find(findings, BSC_DOCTOR_LEVEL_WARNING, "boot loader",
		     "see the boot loader chapter of system.conf(5)", "%s", warnings[i]);
}

static void
check_status(BscSystem *system, GPtrArray *findings)
{
	BscStatusStore *store = bsc_system_handle_get_store(system);
	g_autofree char *warning = bsc_status_store_get_warning(store);
	const char *dir = bsc_status_store_get_dir(store);

	if (warning)
		find(findings, BSC_DOCTOR_LEVEL_WARNING, "status",
		     "set data-directory to a directory on storage that all slots share", "%s",
		     warning);
	else
		find(findings, BSC_DOCTOR_LEVEL_OK, "status", NULL, "kept in '%s'",
		     dir ? dir : "memory");
}

GPtrArray *
bsc_doctor_run(const BscSystemOptions *options)
{
	GPtrArray *findings = g_ptr_array_new_with_free_func(free_finding);
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystem) system = bsc_system_handle_new(options, &error);

	check_rights(findings);
	if (!system) {
		find(findings, BSC_DOCTOR_LEVEL_ERROR, "configuration",
		     "correct it; system.conf(5) describes every key", "%s", error->message);
		return findings;
	}
	check_config(system, findings);
	check_tools(system, findings);
	check_slots(system, findings);
	check_keyring(system, findings);
	check_bootloader(system, findings);
	check_status(system, findings);
	return findings;
}

const char *
bsc_doctor_level_to_string(BscDoctorLevel level)
{
	g_return_val_if_fail(level < BSC_DOCTOR_LEVEL_N, "error");
	return level_words[level];
}

BscDoctorLevel
bsc_doctor_get_worst(const GPtrArray *findings)
{
	BscDoctorLevel worst = BSC_DOCTOR_LEVEL_OK;

	for (guint i = 0; i < findings->len; i++)
		worst = MAX(worst, ((const BscDoctorFinding *)findings->pdata[i])->level);
	return worst;
}
