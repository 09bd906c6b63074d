/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/inspect.h"

#include "bundle-tools/bundle/bundle-open.h"
#include "bundle-tools/source/source-file.h"
#include "common/error.h"
#include "installer/engine/install-request.h"
#include "installer/engine/job-record.h"
#include "installer/system/slot-table.h"

#include <errno.h>
#include <fcntl.h>

static void
free_slot_view(gpointer data)
{
	BscSlotView *view = data;

	g_free(view->name);
	g_free(view->slot_class);
	g_free(view->device);
	g_free(view->type);
	g_free(view->description);
	g_free(view->bootname);
	g_free(view->parent);
	g_free(view->state);
	g_free(view->mountpoint);
	g_free(view->in_use);
	g_free(view->boot_status);
	g_free(view->boot_error);
	bsc_slot_status_free(view->status);
	g_free(view);
}

void
bsc_inspect_free_status(BscStatusView *view)
{
	if (!view)
		return;
	g_free(view->config_path);
	g_free(view->compatible);
	g_free(view->variant);
	g_free(view->system_version);
	g_free(view->serial);
	g_free(view->bootloader);
	g_free(view->boot_slot);
	g_free(view->booted_slot);
	g_free(view->primary_slot);
	g_free(view->primary_error);
	g_free(view->status_location);
	g_free(view->highest_good_version);
	g_free(view->read_only);
	g_free(view->last_transaction);
	g_free(view->last_outcome);
	g_clear_pointer(&view->slots, g_ptr_array_unref);
	g_clear_pointer(&view->warnings, g_ptr_array_unref);
	g_free(view);
}

static void G_GNUC_PRINTF(2, 3) warn(BscStatusView *view, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(view->warnings, g_strdup_vprintf(format, args));
	va_end(args);
}

/* The boot loader's opinion of one slot; what cannot be read is unknown, never bad. */
static void
fill_boot_status(BscSlotView *view, BscBootloader *boot)
{
	g_autoptr(GError) error = NULL;
	BscBootState state = BSC_BOOT_STATE_UNKNOWN;

	view->attempts_left = -1;
	if (!view->bootname)
		return;
	if (boot && !bsc_bootloader_get_state(boot, view->bootname, &state, &error)) {
		state = BSC_BOOT_STATE_UNKNOWN;
		view->boot_error = g_strdup(error->message);
	}
	view->boot_status = g_strdup(bsc_bootloader_state_to_string(state));
	if (boot && !bsc_bootloader_get_attempts(boot, view->bootname, &view->attempts_left, NULL))
		view->attempts_left = -1;
}

static BscSlotView *
make_slot_view(BscSystem *system, const BscSlot *slot, const BscSlotStates *states,
	       BscBootloader *boot)
{
	BscSlotView *view = g_new0(BscSlotView, 1);
	const BscSlotCondition *condition = states ? bsc_slot_state_get(states, slot) : NULL;

	view->name = g_strdup(slot->name);
	view->slot_class = g_strdup(slot->slot_class);
	view->device = g_strdup(slot->device);
	view->type = g_strdup(slot->type);
	view->description = g_strdup(slot->description);
	view->bootname = g_strdup(slot->bootname);
	view->parent = g_strdup(slot->parent_name);
	if (condition) {
		view->state = g_strdup(bsc_slot_state_to_string(condition->state));
		view->mountpoint = g_strdup(condition->mountpoint);
		view->in_use = g_strdup(condition->in_use);
	}
	fill_boot_status(view, boot);
	view->status = bsc_status_store_get_slot(bsc_system_handle_get_store(system), slot);
	return view;
}

static void
fill_system(BscStatusView *view, BscSystem *system)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(system);
	const BscSystemInfo *info = bsc_system_handle_get_info(system);
	BscStatusStore *store = bsc_system_handle_get_store(system);

	view->config_path = g_strdup(config->path);
	view->compatible = g_strdup(info->compatible);
	view->variant = g_strdup(info->variant);
	view->system_version = g_strdup(info->version);
	view->serial = g_strdup(info->serial);
	view->bootloader = g_strdup(config->bootloader);
	view->boot_slot = g_strdup(bsc_system_handle_get_boot_slot(system));
	view->status_location = g_strdup(bsc_status_store_get_dir(store));
	view->highest_good_version =
		bsc_status_store_get_value(store, BSC_STATUS_HIGHEST_GOOD_VERSION);
	view->time_floor_usec = bsc_system_handle_get_time_floor(system);
	view->read_only = bsc_system_handle_get_read_only(system);
}

static void
fill_last_job(BscStatusView *view, BscSystem *system)
{
	g_autoptr(BscJobRecord) record = bsc_job_record_lookup(system, NULL, NULL);

	if (!record)
		return;
	view->last_transaction = g_strdup(record->transaction_id);
	if (record->phase == BSC_JOB_PHASE_FINISHED)
		view->last_outcome = g_strdup(bsc_outcome_to_string(record->outcome));
	else
		view->last_outcome =
			g_strdup(bsc_system_handle_is_locked(system) ? "running" : "interrupted");
}

static void
fill_primary(BscStatusView *view, BscSystem *system, BscBootloader *boot)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(system);
	g_autoptr(GError) error = NULL;
	g_autofree char *bootname = NULL;
	const BscSlot *slot = NULL;

	if (!bsc_bootloader_get_primary(boot, &bootname, &error)) {
		view->primary_error =
			g_strdup_printf("Failed getting primary slot: %s", error->message);
		return;
	}
	if (bootname)
		slot = bsc_slot_table_find_by_bootname(config, bootname);
	if (slot)
		view->primary_slot = g_strdup(slot->name);
	else
		view->primary_error = g_strdup("Failed getting primary slot: the boot loader "
					       "would boot no slot of the configuration");
}

static void
fill_slots(BscStatusView *view, BscSystem *system, const BscSlotStates *states, BscBootloader *boot)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(system);

	for (guint i = 0; i < config->slots->len; i++) {
		BscSlotView *slot = make_slot_view(system, config->slots->pdata[i], states, boot);

		slot->is_primary = g_strcmp0(slot->name, view->primary_slot) == 0;
		g_ptr_array_add(view->slots, slot);
	}
	if (!states || !states->booted)
		return;
	view->booted_slot = g_strdup(states->booted->name);
	view->on_trial =
		((const BscSlotView *)view->slots->pdata[states->booted->index])->status->trial;
}

static void
fill_warnings(BscStatusView *view, BscSystem *system, const BscSlotStates *states,
	      BscBootloader *boot)
{
	BscStatusStore *store = bsc_system_handle_get_store(system);
	g_autofree char *store_warning = bsc_status_store_get_warning(store);
	g_auto(GStrv) boot_warnings = boot ? bsc_bootloader_list_warnings(boot) : NULL;

	if (view->on_trial)
		warn(view, "The booted slot %s is on trial: not yet marked good",
		     view->booted_slot);
	if (states && states->contradiction)
		warn(view, "%s", states->contradiction);
	if (store_warning)
		warn(view, "%s", store_warning);
	for (size_t i = 0; boot_warnings && boot_warnings[i]; i++)
		warn(view, "%s", boot_warnings[i]);
}

BscStatusView *
bsc_inspect_status(BscSystem *system, GError **error)
{
	g_autoptr(BscStatusView) view = g_new0(BscStatusView, 1);
	g_autoptr(GError) states_error = NULL;
	g_autoptr(GError) boot_error = NULL;
	g_autoptr(BscBootloader) boot = bsc_system_handle_open_bootloader(system, &boot_error);
	g_autoptr(BscSlotStates) states = bsc_system_handle_detect_states(system, &states_error);

	if (!states) {
		g_propagate_error(error, g_steal_pointer(&states_error));
		return NULL;
	}
	bsc_system_handle_refresh(system);
	view->slots = g_ptr_array_new_with_free_func(free_slot_view);
	view->warnings = g_ptr_array_new_with_free_func(g_free);
	fill_system(view, system);
	fill_last_job(view, system);
	if (boot)
		fill_primary(view, system, boot);
	else
		view->primary_error =
			g_strdup_printf("Failed getting primary slot: %s", boot_error->message);
	fill_slots(view, system, states, boot);
	fill_warnings(view, system, states, boot);
	return g_steal_pointer(&view);
}

void
bsc_inspect_free_bundle(BscBundleView *view)
{
	if (!view)
		return;
	bsc_manifest_unref(view->manifest);
	g_free(view->manifest_hash);
	g_free(view->signer_subject);
	g_free(view->signer_issuer);
	g_strfreev(view->chain_subjects);
	g_strfreev(view->chain_pem);
	g_strfreev(view->spki_hashes);
	g_free(view);
}

static BscByteSource *
open_source(const char *uri, const BscInspectOptions *options, GError **error)
{
	g_autoptr(BscInstallRequest) request = bsc_install_request_new(uri);
	int fd;

	if (!options->use_fd)
		return bsc_install_request_check(request, error)
			       ? bsc_source_file_open(request->uri, error)
			       : NULL;
	fd = fcntl(options->fd, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		return bsc_source_file_new_for_fd(fd, error);
	bsc_error_set_errno(error, errno, "Failed to use the bundle's descriptor");
	return NULL;
}

static BscKeyring *
load_keyring(BscSystem *system, const BscInspectOptions *options, GError **error)
{
	BscKeyringOptions only_path = {
		.path = options->keyring_path,
		.no_check_time = options->no_check_time,
	};

	if (system)
		return bsc_system_handle_load_keyring(system, options->keyring_path,
						      options->no_check_time, error);
	return bsc_keyring_load(&only_path, error);
}

static gboolean
load_decryption_key(BscSystem *system, const BscInspectOptions *options, BscDecryptionKey **out,
		    GError **error)
{
	BscKeyringKeyOptions key_options = {.key = options->decryption_key};
	BscDecryptionKey *key;

	if (!options->decryption_key)
		return !system || bsc_system_handle_load_decryption_key(system, out, error);
	key = bsc_keyring_load_decryption_key(&key_options, error);
	if (!key)
		return FALSE;
	*out = key;
	return TRUE;
}

static BscBundle *
open_bundle(BscSystem *system, const char *uri, const BscInspectOptions *options,
	    GCancellable *cancellable, GError **error)
{
	g_autoptr(BscByteSource) source = open_source(uri, options, error);
	g_autoptr(BscKeyring) keyring = NULL;
	g_autoptr(BscDecryptionKey) key = NULL;
	BscBundleOpenOptions open_options = {.no_verify = options->no_verify};

	if (!source || !load_decryption_key(system, options, &key, error))
		return NULL;
	if (!options->no_verify) {
		keyring = load_keyring(system, options, error);
		if (!keyring)
			return NULL;
	}
	if (system)
		open_options.max_cms_bytes = (uint32_t)MIN(
			bsc_system_handle_get_config(system)->max_bundle_signature_size,
			G_MAXUINT32);
	open_options.keyring = keyring;
	open_options.decryption_key = key;
	return bsc_bundle_open(source, &open_options, NULL, NULL, cancellable, error);
}

static void
fill_signer(BscBundleView *view, const BscCmsSignerInfo *signer)
{
	g_autoptr(GStrvBuilder) subjects = g_strv_builder_new();
	g_autoptr(GStrvBuilder) pems = g_strv_builder_new();
	const BscCmsCert *leaf = signer->chain->pdata[0];

	view->signer_subject = g_strdup(leaf->subject);
	view->signer_issuer = g_strdup(leaf->issuer);
	view->signing_time_usec = signer->signing_time_usec;
	for (guint i = 0; i < signer->chain->len; i++) {
		const BscCmsCert *cert = signer->chain->pdata[i];

		g_strv_builder_add(subjects, cert->subject);
		g_strv_builder_add(pems, cert->pem);
	}
	view->chain_subjects = g_strv_builder_end(subjects);
	view->chain_pem = g_strv_builder_end(pems);
	view->spki_hashes = g_strdupv(signer->spki_hashes);
}

BscBundleView *
bsc_inspect_bundle(BscSystem *system, const char *uri, const BscInspectOptions *options,
		   GCancellable *cancellable, GError **error)
{
	const BscInspectOptions defaults = {0};
	g_autoptr(BscBundle) bundle =
		open_bundle(system, uri, options ? options : &defaults, cancellable, error);
	BscBundleView *view;

	if (!bundle)
		return NULL;
	view = g_new0(BscBundleView, 1);
	view->manifest = bsc_manifest_ref(bundle->manifest);
	view->manifest_hash = g_strdup(bundle->manifest_hash);
	view->verified = bundle->signer != NULL;
	view->was_encrypted = bundle->was_encrypted;
	view->file_bytes = bundle->file_bytes;
	if (bundle->signer)
		fill_signer(view, bundle->signer);
	return view;
}
