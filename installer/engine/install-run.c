/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/install-run.h"

#include "common/clock.h"
#include "installer/engine/install-events.h"
#include "installer/engine/install-steps.h"
#include "installer/engine/job-record.h"
#include "installer/engine/outcome-map.h"

#include <string.h>

static void
free_slot_report(gpointer data)
{
	BscInstallSlotReport *report = data;

	g_free(report->slot_name);
	g_free(report->image_name);
	g_free(report);
}

void
bsc_install_run_clear_result(BscInstallResult *result)
{
	g_free(result->transaction_id);
	g_free(result->message);
	g_free(result->manifest_hash);
	g_free(result->bundle_version);
	g_clear_pointer(&result->slots, g_ptr_array_unref);
	memset(result, 0, sizeof(*result));
}

static BscOutcome
find_outcome(const BscInstallContext *self, const GError *error)
{
	BscOutcome outcome = bsc_outcome_map_from_error(error);

	return outcome == BSC_OUTCOME_INTERNAL ? self->fallback : outcome;
}

static void
tell_end(const BscInstallContext *self, BscOutcome outcome, const char *message)
{
	BscInstallEvent event = BSC_INSTALL_EVENT_SUCCEEDED;

	if (outcome == BSC_OUTCOME_CANCELLED)
		event = BSC_INSTALL_EVENT_CANCELLED;
	else if (outcome != BSC_OUTCOME_OK)
		event = self->has_touched ? BSC_INSTALL_EVENT_FAILED : BSC_INSTALL_EVENT_REJECTED;
	bsc_event(bsc_install_events_get(event), "BSC_JOB", self->record->transaction_id,
		  "BSC_OUTCOME", bsc_outcome_to_string(outcome), "BSC_REASON", message,
		  "BSC_MANIFEST_HASH", self->result->manifest_hash, "BSC_BUNDLE_VERSION",
		  self->result->bundle_version, NULL);
}

/* What was begun and not finished is recorded as failed. */
static void
fail_slots(BscInstallContext *self)
{
	for (guint i = 0; i < self->plan->images->len; i++) {
		const BscInstallPlanImage *planned = self->plan->images->pdata[i];
		BscSlotStatus *status = bsc_install_context_get_status(self, planned->slot);
		g_autoptr(GError) error = NULL;

		if (planned->skip)
			continue;
		bsc_install_context_set_word(&status->status, BSC_SLOT_STATUS_FAILED);
		if (!bsc_install_context_save_status(self, planned->slot, &error))
			g_debug("%s", error->message);
	}
}

/*
 * A failed switch leaves open what boots next. The destination is whole and proved by then, but
 * the caller hears of a failure, so the boot loader must not boot it.
 */
static void
take_back_switch(BscInstallContext *self)
{
	g_autoptr(GError) error = NULL;

	if (!bsc_bootloader_set_state(self->boot, self->plan->boot_slot->bootname,
				      BSC_BOOT_STATE_BAD, &error))
		g_debug("destination not marked bad again: %s", error->message);
}

static void
settle_failure(BscInstallContext *self, const GError *cause)
{
	g_autoptr(GError) error = NULL;
	BscOutcome outcome = find_outcome(self, cause);

	bsc_progress_fail(self->progress);
	if (self->has_touched && !self->is_committed) {
		if (self->has_switched)
			take_back_switch(self);
		fail_slots(self);
	}
	self->result->outcome = outcome;
	bsc_install_context_set_word(&self->result->message, cause->message);
	if (!bsc_install_steps_finish_record(self, outcome, cause->message, &error))
		g_debug("%s", error->message);
}

static BscJobRecord *
make_record(const BscInstallContext *self)
{
	const BscSystemInfo *info = bsc_system_handle_get_info(self->system);
	BscJobRecord *record = g_new0(BscJobRecord, 1);

	record->transaction_id = g_strdup(self->request->transaction_id);
	record->uri = g_strdup(self->request->uri);
	record->boot_id = g_strdup(info->boot_id);
	record->from_slot = g_strdup(bsc_system_handle_get_boot_slot(self->system));
	record->started_usec = bsc_clock_now_usec();
	return record;
}

static gboolean
run_recorded(BscInstallContext *self, GError **error)
{
	g_autoptr(GError) local_error = NULL;
	gboolean success;

	self->record = make_record(self);
	bsc_event(bsc_install_events_get(BSC_INSTALL_EVENT_STARTED), "BSC_JOB",
		  self->record->transaction_id, "BSC_BUNDLE", self->request->uri, NULL);
	success = bsc_install_steps_run(self, &local_error);
	if (!success)
		settle_failure(self, local_error);
	tell_end(self, self->result->outcome, self->result->message);
	if (success)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&local_error));
	return FALSE;
}

static void
on_cancelled(GCancellable *cancellable, gpointer data)
{
	g_cancellable_cancel(data);
}

/* With the lock held: what an earlier installer left open is closed before anything begins. */
static gboolean
run_locked(BscInstallContext *self, GError **error)
{
	if (!bsc_job_record_resolve_locked(self->system, error) ||
	    !bsc_job_record_check_unused(self->system, self->request->transaction_id, error))
		return FALSE;
	return run_recorded(self, error);
}

static gboolean
run_cancellable(BscInstallContext *self, GCancellable *cancellable, GError **error)
{
	gulong handler = 0;
	gboolean success;

	if (cancellable)
		handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled),
						self->cancellable, NULL);
	bsc_system_handle_begin_job(self->system, self->request->transaction_id, self->cancellable);
	success = run_locked(self, error);
	bsc_system_handle_end_job(self->system);
	if (cancellable)
		g_cancellable_disconnect(cancellable, handler);
	return success;
}

gboolean
bsc_install_run(BscSystem *system, const BscInstallRequest *request, const BscProgressSink *sink,
		GCancellable *cancellable, BscInstallResult *out, GError **error)
{
	g_autoptr(BscProgress) progress = bsc_progress_new(sink);
	g_autoptr(GError) local_error = NULL;
	g_auto(BscInstallResult) own_result = {0};
	g_autoptr(BscSystemLock) lock = NULL;
	g_auto(BscInstallContext) self = {
		.system = system,
		.request = request,
		.result = out ? out : &own_result,
		.progress = progress,
		.cancellable = g_cancellable_new(),
		.fallback = BSC_OUTCOME_INTERNAL,
	};

	g_return_val_if_fail(request->transaction_id, FALSE);
	memset(self.result, 0, sizeof(*self.result));
	self.result->transaction_id = g_strdup(request->transaction_id);
	self.result->slots = g_ptr_array_new_with_free_func(free_slot_report);
	lock = bsc_system_handle_lock(system, &local_error);
	if (lock && run_cancellable(&self, cancellable, &local_error))
		return TRUE;
	if (self.result->outcome == BSC_OUTCOME_OK) {
		self.result->outcome = bsc_outcome_map_from_error(local_error);
		bsc_install_context_set_word(&self.result->message, local_error->message);
	}
	g_propagate_error(error, g_steal_pointer(&local_error));
	return FALSE;
}

gboolean
bsc_install_run_cancel(BscSystem *system, const char *transaction_id, GError **error)
{
	return bsc_system_handle_cancel_job(system, transaction_id, error);
}
