/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/install-steps.h"

#include "bundle-tools/bundle/bundle-open.h"
#include "bundle-tools/source/source-file.h"
#include "common/clock.h"
#include "common/error.h"
#include "installer/engine/install-error.h"
#include "installer/engine/install-events.h"
#include "installer/engine/install-write.h"
#include "installer/write/slot-writer.h"

#include <errno.h>
#include <fcntl.h>

#define PER_IMAGE G_MAXUINT

/* One row of the tables below. */
typedef struct {
	const char *message; /* the words of RAUC's step; %NULL = no step of its own */
	unsigned weight;
	unsigned units; /* of its parts; PER_IMAGE = ten for each image of the plan */
	gboolean (*run)(BscInstallContext *self, GError **error);
	BscOutcome fallback;
} InstallStep;

static gboolean
step_states(BscInstallContext *self, GError **error)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(self->system);
	BscStatusStore *store = bsc_system_handle_get_store(self->system);

	self->states = bsc_system_handle_detect_states(self->system, error);
	self->boot = self->states ? bsc_system_handle_open_bootloader(self->system, error) : NULL;
	if (!self->boot)
		return FALSE;
	self->statuses = g_ptr_array_new_with_free_func((GDestroyNotify)bsc_slot_status_free);
	for (guint i = 0; i < config->slots->len; i++)
		g_ptr_array_add(self->statuses,
				bsc_status_store_get_slot(store, config->slots->pdata[i]));
	return TRUE;
}

static void
on_check_progress(uint64_t done, uint64_t total, gpointer user)
{
	BscInstallContext *self = user;

	bsc_progress_set_total(self->progress, total);
	bsc_progress_update(self->progress, total > 0 ? (double)done / (double)total : 0, done);
}

static BscByteSource *
open_source(BscInstallContext *self, GError **error)
{
	int fd;

	if (self->request->fd < 0)
		return bsc_source_file_open(self->request->uri, error);
	fd = fcntl(self->request->fd, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		return bsc_source_file_new_for_fd(fd, error);
	bsc_error_set_errno(error, errno, "Failed to use the bundle's descriptor");
	return NULL;
}

static gboolean
open_bundle(BscInstallContext *self, GError **error)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(self->system);
	g_autoptr(BscByteSource) source = open_source(self, error);
	g_autoptr(BscKeyring) keyring = NULL;
	g_autoptr(BscDecryptionKey) key = NULL;
	BscBundleOpenOptions options = {
		.require_encryption = TRUE,
		.max_cms_bytes = (uint32_t)MIN(config->max_bundle_signature_size, G_MAXUINT32),
		.memory_bytes = bsc_install_context_get_memory(self) / 4,
		.allowed_formats = (const char *const *)config->bundle_formats,
	};

	if (!source)
		return FALSE;
	keyring = bsc_system_handle_load_keyring(self->system, NULL, FALSE, error);
	if (!keyring || !bsc_system_handle_load_decryption_key(self->system, &key, error))
		return FALSE;
	options.keyring = keyring;
	options.decryption_key = key;
	self->bundle = bsc_bundle_open(source, &options, on_check_progress, self, self->cancellable,
				       error);
	return self->bundle != NULL;
}

static gboolean
step_check_bundle(BscInstallContext *self, GError **error)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(self->system);

	bsc_progress_set_phase(self->progress, BSC_PROGRESS_PHASE_CHECKING, 0);
	bsc_progress_begin(self->progress, 1, 0, "Verifying signature");
	if (!open_bundle(self, error))
		return FALSE;
	if (config->perform_pre_check && !bsc_bundle_check_payload(self->bundle, on_check_progress,
								   self, self->cancellable, error))
		return FALSE;
	bsc_progress_end(self->progress, TRUE);
	bsc_install_context_set_word(&self->result->manifest_hash, self->bundle->manifest_hash);
	bsc_install_context_set_word(&self->result->bundle_version,
				     self->bundle->manifest->version);
	return TRUE;
}

static BscInstallPlanInput
make_plan_input(BscInstallContext *self, const char *highest_good_version)
{
	BscStatusStore *store = bsc_system_handle_get_store(self->system);

	return (BscInstallPlanInput){
		.config = bsc_system_handle_get_config(self->system),
		.states = self->states,
		.manifest = self->bundle->manifest,
		.manifest_hash = self->bundle->manifest_hash,
		.request = self->request,
		.variant = bsc_system_handle_get_info(self->system)->variant,
		.statuses = (BscSlotStatus *const *)self->statuses->pdata,
		.status_is_durable = bsc_status_store_is_durable(store),
		.highest_good_version = highest_good_version,
	};
}

static gboolean
step_check_manifest(BscInstallContext *self, GError **error)
{
	BscStatusStore *store = bsc_system_handle_get_store(self->system);
	g_autofree char *highest =
		bsc_status_store_get_value(store, BSC_STATUS_HIGHEST_GOOD_VERSION);
	BscInstallPlanInput input = make_plan_input(self, highest);

	return bsc_install_plan_check_bundle(&input, error);
}

/* Everything that can be known before the first write: the files are there and fit. */
static gboolean
check_image(BscInstallContext *self, const BscInstallPlanImage *planned, GError **error)
{
	g_autoptr(BscByteSource) image = NULL;

	if (planned->skip || !planned->image->filename)
		return TRUE;
	image = bsc_bundle_open_image(self->bundle, planned->image, error);
	if (!image)
		return FALSE;
	if (bsc_manifest_image_has_hook(planned->image, "install"))
		return TRUE;
	return bsc_slot_writer_check_fit(planned->slot, planned->image->type,
					 bsc_byte_source_get_size(image), error);
}

static gboolean
step_make_plan(BscInstallContext *self, GError **error)
{
	BscStatusStore *store = bsc_system_handle_get_store(self->system);
	g_autofree char *highest =
		bsc_status_store_get_value(store, BSC_STATUS_HIGHEST_GOOD_VERSION);
	BscInstallPlanInput input = make_plan_input(self, highest);

	self->plan = bsc_install_plan_new(&input, error);
	if (!self->plan)
		return FALSE;
	for (guint i = 0; i < self->plan->notes->len; i++)
		g_debug("%s", (const char *)self->plan->notes->pdata[i]);
	for (guint i = 0; i < self->plan->images->len; i++)
		if (!check_image(self, self->plan->images->pdata[i], error))
			return FALSE;
	return TRUE;
}

/*
 * Power cut after this: the record is unfinished, nothing else has changed. The next start closes
 * it as interrupted.
 */
static gboolean
step_record(BscInstallContext *self, GError **error)
{
	g_autoptr(GStrvBuilder) names = g_strv_builder_new();

	for (guint i = 0; i < self->plan->images->len; i++) {
		const BscInstallPlanImage *planned = self->plan->images->pdata[i];

		g_strv_builder_add(names, planned->slot->name);
	}
	bsc_install_context_set_word(&self->record->manifest_hash, self->bundle->manifest_hash);
	bsc_install_context_set_word(&self->record->bundle_version,
				     self->bundle->manifest->version);
	self->record->to_slots = g_strv_builder_end(names);
	self->record->activates = bsc_install_context_will_activate(self);
	self->record->phase = BSC_JOB_PHASE_WRITING;
	return bsc_job_record_save(self->system, self->record, error);
}

/* The running system must not be the only thing left: never take away the last boot choice. */
static gboolean
check_other_choice(BscInstallContext *self, const BscSlot *slot, GError **error)
{
	g_autoptr(GError) local_error = NULL;
	g_auto(GStrv) bootable = bsc_bootloader_list_bootable(self->boot, &local_error);

	if (g_error_matches(local_error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED))
		return TRUE;
	if (!bootable) {
		g_propagate_error(error, g_steal_pointer(&local_error));
		return FALSE;
	}
	if (self->states->is_external || g_strv_length(bootable) != 1 ||
	    !g_str_equal(bootable[0], slot->bootname))
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
			     "Slot %s is the last one that the boot loader would boot; mark the "
			     "running slot good first ('bascule status mark-good')",
			     slot->name);
}

/* Power cut after this: the old system is the only boot choice, the destination is as it was. */
static gboolean
step_guard(BscInstallContext *self, GError **error)
{
	const BscSlot *slot = self->plan->boot_slot;

	if (!slot || self->plan->has_handler)
		return TRUE;
	if (!check_other_choice(self, slot, error))
		return FALSE;
	self->has_touched = TRUE;
	return bsc_bootloader_set_state(self->boot, slot->bootname, BSC_BOOT_STATE_BAD, error);
}

static gboolean
has_any_hook(const BscManifestImage *image)
{
	return image->hooks && image->hooks[0];
}

/*
 * Power cut after this: no destination begins with anything that could be booted, even where the
 * boot loader's own state is lost. A hook may want to see the old content, so its slot is only
 * cleared by the writer.
 */
static gboolean
step_clear(BscInstallContext *self, GError **error)
{
	self->has_touched = TRUE;
	for (guint i = 0; i < self->plan->images->len; i++) {
		const BscInstallPlanImage *planned = self->plan->images->pdata[i];
		BscSlotStatus *status = bsc_install_context_get_status(self, planned->slot);

		if (planned->skip)
			continue;
		bsc_slot_status_clear_image(status);
		bsc_install_context_set_word(&status->status, BSC_SLOT_STATUS_PENDING);
		if (!bsc_install_context_save_status(self, planned->slot, error))
			return FALSE;
	}
	for (guint i = 0; i < self->plan->images->len; i++) {
		const BscInstallPlanImage *planned = self->plan->images->pdata[i];

		if (!planned->skip && !has_any_hook(planned->image) &&
		    !bsc_slot_writer_clear(planned->slot, error))
			return FALSE;
	}
	return TRUE;
}

/*
 * Power cut after this: everything is in place and recorded, the old system boots next. The trial
 * begins here and not after the switch, so that no cut leaves a new system that nobody watches.
 */
static gboolean
step_status(BscInstallContext *self, GError **error)
{
	bsc_progress_set_phase(self->progress, BSC_PROGRESS_PHASE_ACTIVATING, 0);
	if (self->plan->boot_slot && !self->plan->has_handler) {
		bsc_install_context_get_status(self, self->plan->boot_slot)->trial = TRUE;
		if (!bsc_install_context_save_status(self, self->plan->boot_slot, error))
			return FALSE;
	}
	for (guint i = 0; i < self->plan->images->len; i++) {
		const BscInstallPlanImage *planned = self->plan->images->pdata[i];

		if (!planned->skip && !bsc_install_context_save_status(self, planned->slot, error))
			return FALSE;
	}
	self->record->phase = BSC_JOB_PHASE_ACTIVATING;
	return bsc_job_record_save(self->system, self->record, error);
}

static gboolean
step_activate(BscInstallContext *self, GError **error)
{
	const BscSlot *slot = self->plan->boot_slot;

	if (!bsc_system_handle_commit_job(self->system, error))
		return FALSE;
	if (!bsc_install_context_will_activate(self)) {
		self->is_committed = TRUE;
		return TRUE;
	}
	self->has_switched = TRUE;
	if (!bsc_bootloader_set_primary(self->boot, slot->bootname, error)) /* commit point */
		return FALSE;
	self->is_committed = TRUE;
	self->result->activated = TRUE;
	bsc_event(bsc_install_events_get(BSC_INSTALL_EVENT_ACTIVATED), "BSC_SLOT", slot->name,
		  "BSC_BOOTNAME", slot->bootname, "BSC_JOB", self->record->transaction_id,
		  "BSC_MANIFEST_HASH", self->bundle->manifest_hash, "BSC_BUNDLE_VERSION",
		  self->bundle->manifest->version, NULL);
	return TRUE;
}

gboolean
bsc_install_steps_finish_record(BscInstallContext *self, BscOutcome outcome, const char *message,
				GError **error)
{
	self->record->phase = BSC_JOB_PHASE_FINISHED;
	self->record->outcome = outcome;
	bsc_install_context_set_word(&self->record->message, message);
	self->record->finished_usec = bsc_clock_now_usec();
	return bsc_job_record_save(self->system, self->record, error);
}

/* What is lost if this fails is a date: the new system boots next, and that is what counts. */
static void
record_activation(BscInstallContext *self)
{
	g_autoptr(GError) error = NULL;
	BscSlotStatus *status = bsc_install_context_get_status(self, self->plan->boot_slot);

	g_free(status->activated_timestamp);
	status->activated_timestamp = bsc_clock_format_utc(bsc_clock_now_usec());
	status->activated_count++;
	if (!bsc_install_context_save_status(self, self->plan->boot_slot, &error))
		g_debug("%s", error->message);
}

static gboolean
step_finish(BscInstallContext *self, GError **error)
{
	g_autoptr(GError) local_error = NULL;

	if (self->result->activated)
		record_activation(self);
	if (!bsc_install_steps_finish_record(self, BSC_OUTCOME_OK, NULL, &local_error))
		g_debug("%s", local_error->message);
	return TRUE;
}

/* From here on programs of the integrator may run; nothing is written by us yet. */
static gboolean
step_prepare_hooks(BscInstallContext *self, GError **error)
{
	BscHooksInput input = {
		.system = self->system,
		.bundle = self->bundle,
		.plan = self->plan,
		.states = self->states,
		.transaction_id = self->record->transaction_id,
		.handler_args = self->request->handler_args,
	};

	self->hooks = bsc_hooks_new(&input, self->cancellable, error);
	return self->hooks &&
	       bsc_hooks_run_handler(self->hooks, BSC_HOOKS_PRE_INSTALL, self->cancellable,
				     error) &&
	       bsc_hooks_run_check(self->hooks, self->cancellable, error);
}

/* The bundle's handler does what it likes with the slots; the boot loader is its business too. */
static gboolean
step_run_bundle_handler(BscInstallContext *self, GError **error)
{
	if (!self->plan->has_handler)
		return TRUE;
	self->has_touched = TRUE;
	return bsc_hooks_run_handler(self->hooks, BSC_HOOKS_BUNDLE, self->cancellable, error);
}

/* Its failure is reported, but changes nothing: what was activated stays so. */
static gboolean
step_run_post_install(BscInstallContext *self, GError **error)
{
	return bsc_hooks_run_handler(self->hooks, BSC_HOOKS_POST_INSTALL, NULL, error);
}

static gboolean
run_table(BscInstallContext *self, const InstallStep *table, size_t n_steps, GError **error)
{
	for (size_t i = 0; i < n_steps; i++) {
		const InstallStep *step = &table[i];

		if (!self->is_committed &&
		    g_cancellable_set_error_if_cancelled(self->cancellable, error))
			return FALSE;
		self->fallback = step->fallback;
		if (step->message)
			bsc_progress_begin(self->progress, step->weight,
					   step->units == PER_IMAGE ? 10 * self->plan->images->len
								    : step->units,
					   "%s", step->message);
		if (!step->run(self, error))
			return FALSE;
		if (step->message)
			bsc_progress_end(self->progress, TRUE);
	}
	return TRUE;
}

/* Inside "Updating slots"; the order is what makes a power cut harmless. */
static const InstallStep update_steps[] = {
	{.run = step_record, .fallback = BSC_OUTCOME_INTERNAL},
	{.run = step_prepare_hooks, .fallback = BSC_OUTCOME_HOOK},
	{.run = step_run_bundle_handler, .fallback = BSC_OUTCOME_HOOK},
	{.run = step_guard, .fallback = BSC_OUTCOME_BOOT},
	{.run = step_clear, .fallback = BSC_OUTCOME_WRITE},
	{.run = bsc_install_write_images, .fallback = BSC_OUTCOME_WRITE},
	{.run = step_status, .fallback = BSC_OUTCOME_WRITE},
	{.run = step_activate, .fallback = BSC_OUTCOME_BOOT}, /* commit point */
	{.run = step_finish, .fallback = BSC_OUTCOME_INTERNAL},
	{.run = step_run_post_install, .fallback = BSC_OUTCOME_HOOK},
};

static gboolean
step_update(BscInstallContext *self, GError **error)
{
	return run_table(self, update_steps, G_N_ELEMENTS(update_steps), error);
}

static const InstallStep steps[] = {
	{"Determining slot states", 1, 0, step_states, BSC_OUTCOME_INTERNAL},
	{"Checking bundle", 1, 1, step_check_bundle, BSC_OUTCOME_DOWNLOAD},
	{"Checking manifest contents", 1, 0, step_check_manifest, BSC_OUTCOME_REJECTED},
	{"Determining target install group", 1, 0, step_make_plan, BSC_OUTCOME_NO_DESTINATION},
	{"Updating slots", 6, PER_IMAGE, step_update, BSC_OUTCOME_WRITE},
};

gboolean
bsc_install_steps_run(BscInstallContext *self, GError **error)
{
	bsc_progress_begin(self->progress, 0, 10, "Installing");
	if (!run_table(self, steps, G_N_ELEMENTS(steps), error))
		return FALSE;
	bsc_progress_end(self->progress, TRUE);
	return TRUE;
}
