/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/client/backend-local.h"

#include "common/error.h"
#include "installer/engine/doctor.h"
#include "installer/engine/inspect.h"
#include "installer/engine/install-run.h"
#include "installer/engine/job-record.h"
#include "installer/engine/mark.h"
#include "installer/engine/outcome-map.h"
#include "installer/engine/view-dict.h"

typedef struct {
	BscBackend base;
	BscSystem *system; /* owned */
} BackendLocal;

/* One installation, shared by the caller's thread and the one that installs. */
typedef struct {
	BscSystem *system;
	const BscInstallRequest *request;
	BscBackendProgressFunc on_progress;
	gpointer data;
	GCancellable *cancellable;
	BscInstallResult result;
	GError *error;
	int is_done; /* atomic */
} Job;

/* Takes @cause, what the engine reported. */
static gboolean
fail_engine(GError *cause, GError **error)
{
	g_autoptr(GError) owned = cause;

	return bsc_error_set(error, BSC_BACKEND_ERROR, (int)bsc_outcome_map_from_error(owned), "%s",
			     owned->message);
}

static void
on_engine_progress(const BscProgressState *state, gpointer data)
{
	Job *job = data;
	BscBackendProgress progress = {
		.percent = (unsigned)CLAMP(state->percent, 0, 100),
		.message = state->message ? state->message : "",
		.phase = bsc_progress_phase_to_string(state->phase),
		.bytes_done = state->bytes_done,
		.bytes_total = state->bytes_total,
		.rate = state->rate_bytes_sec,
		.seconds_left = state->seconds_left,
	};

	if (job->on_progress != NULL)
		job->on_progress(&progress, job->data);
}

static gpointer
run_job(gpointer data)
{
	Job *job = data;
	BscProgressSink sink = {.update = on_engine_progress, .data = job};

	bsc_install_run(job->system, job->request, &sink, job->cancellable, &job->result,
			&job->error);
	g_atomic_int_set(&job->is_done, TRUE);
	g_main_context_wakeup(NULL);
	return NULL;
}

static GVariant *
make_slot_report(const BscInstallSlotReport *report)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);

	g_variant_dict_insert(&dict, "slot", "s", report->slot_name);
	if (report->image_name != NULL)
		g_variant_dict_insert(&dict, "image", "s", report->image_name);
	g_variant_dict_insert(&dict, "skipped", "b", report->skipped);
	g_variant_dict_insert(&dict, "bytes-total", "t", report->bytes_total);
	g_variant_dict_insert(&dict, "bytes-written", "t", report->bytes_written);
	g_variant_dict_insert(&dict, "bytes-equal", "t", report->bytes_equal);
	g_variant_dict_insert(&dict, "bytes-zeroed", "t", report->bytes_zeroed);
	g_variant_dict_insert(&dict, "bytes-verified", "t", report->bytes_verified);
	return g_variant_dict_end(&dict);
}

static GVariant *
make_details(const BscInstallResult *result)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
	g_auto(GVariantBuilder) slots = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));
	g_auto(GVariantBuilder) to = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_STRING_ARRAY);

	if (result->manifest_hash != NULL)
		g_variant_dict_insert(&dict, "manifest-hash", "s", result->manifest_hash);
	if (result->bundle_version != NULL)
		g_variant_dict_insert(&dict, "version", "s", result->bundle_version);
	g_variant_dict_insert(&dict, "activated", "b", result->activated);
	for (guint i = 0; result->slots != NULL && i < result->slots->len; i++) {
		const BscInstallSlotReport *report = result->slots->pdata[i];

		g_variant_builder_add(&to, "s", report->slot_name);
		g_variant_builder_add_value(&slots, make_slot_report(report));
	}
	g_variant_dict_insert_value(&dict, "to", g_variant_builder_end(&to));
	g_variant_dict_insert_value(&dict, "slots", g_variant_builder_end(&slots));
	return g_variant_ref_sink(g_variant_dict_end(&dict));
}

static BscInstallRequest *
make_request(const BscBackendRequest *request)
{
	BscInstallRequest *made = bsc_install_request_new(request->path);

	made->transaction_id = g_strdup(request->transaction_id);
	made->require_manifest_hash = g_strdup(request->require_manifest_hash);
	made->handler_args = g_strdup(request->handler_args);
	made->ignore_compatible = request->ignore_compatible;
	made->ignore_version_limit = request->ignore_version_limit;
	made->force_on_trial = request->force_on_trial;
	return made;
}

static gboolean
local_install(BscBackend *base, const BscBackendRequest *request,
	      BscBackendProgressFunc on_progress, gpointer data, GCancellable *cancellable,
	      BscBackendResult *out, GError **error)
{
	BackendLocal *self = (BackendLocal *)base;
	g_autoptr(BscInstallRequest) made = make_request(request);
	g_auto(BscInstallResult) result = {0};
	GError *cause = NULL;
	Job job = {.system = self->system,
		   .request = made,
		   .on_progress = on_progress,
		   .data = data,
		   .cancellable = cancellable};
	GThread *thread;

	if (!bsc_job_record_resolve(self->system, &cause) ||
	    !bsc_install_request_check(made, &cause))
		return fail_engine(cause, error);
	thread = g_thread_new("install", run_job, &job);
	while (!g_atomic_int_get(&job.is_done))
		g_main_context_iteration(NULL, TRUE);
	g_thread_join(thread);
	result = job.result;
	out->transaction =
		g_strdup(result.transaction_id ? result.transaction_id : made->transaction_id);
	out->outcome = g_strdup(bsc_outcome_to_string(bsc_outcome_map_from_error(job.error)));
	out->message = g_strdup(job.error ? job.error->message : "");
	out->details = make_details(&result);
	return job.error == NULL ? TRUE : fail_engine(job.error, error);
}

static gboolean
local_query(BscBackend *base, GVariant **out_status, GVariant **out_slots, GError **error)
{
	BackendLocal *self = (BackendLocal *)base;
	GError *cause = NULL;
	g_autoptr(BscStatusView) view = bsc_inspect_status(self->system, &cause);

	if (view == NULL)
		return fail_engine(cause, error);
	*out_status = g_variant_ref_sink(bsc_view_dict_from_status(view));
	*out_slots = g_variant_ref_sink(bsc_view_dict_from_slots(view));
	return TRUE;
}

static GVariant *
local_inspect(BscBackend *base, const char *path, GError **error)
{
	BackendLocal *self = (BackendLocal *)base;
	GError *cause = NULL;
	g_autoptr(BscBundleView) view = bsc_inspect_bundle(self->system, path, NULL, NULL, &cause);

	if (view == NULL) {
		fail_engine(cause, error);
		return NULL;
	}
	return g_variant_ref_sink(bsc_view_dict_from_bundle(view));
}

static gboolean
local_mark(BscBackend *base, const char *state, const char *slot, char **out_message,
	   GError **error)
{
	BackendLocal *self = (BackendLocal *)base;
	GError *cause = NULL;

	if (!bsc_mark(self->system, state, slot, NULL, out_message, &cause))
		return fail_engine(cause, error);
	return TRUE;
}

static gboolean
local_get_result(BscBackend *base, const char *transaction, BscBackendResult *out, GError **error)
{
	BackendLocal *self = (BackendLocal *)base;
	g_autoptr(GError) cause = NULL;
	g_autoptr(GError) resolve_error = NULL;
	g_autoptr(BscJobRecord) record = NULL;
	gboolean is_finished;

	/* no service has started since a power cut, so this program closes what was left open */
	if (!bsc_job_record_resolve(self->system, &resolve_error))
		g_debug("records not resolved: %s", resolve_error->message);
	record = bsc_job_record_lookup(self->system, transaction, &cause);
	is_finished = record != NULL && record->phase == BSC_JOB_PHASE_FINISHED;

	if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
		return bsc_error_set(error, BSC_BACKEND_ERROR, BSC_BACKEND_ERROR_UNKNOWN_ID, "%s",
				     cause->message);
	if (record == NULL)
		return fail_engine(g_steal_pointer(&cause), error);
	out->transaction = g_strdup(record->transaction_id);
	out->outcome = g_strdup(is_finished ? bsc_outcome_to_string(record->outcome) : "running");
	out->message = g_strdup(is_finished && record->message ? record->message : "");
	out->details = g_variant_ref_sink(bsc_view_dict_from_record(record));
	return TRUE;
}

static void
local_free(BscBackend *base)
{
	BackendLocal *self = (BackendLocal *)base;

	bsc_system_handle_unref(self->system);
	g_free(self);
}

static const BscBackendOps local_ops = {
	.name = "local",
	.install = local_install,
	.query = local_query,
	.inspect = local_inspect,
	.mark = local_mark,
	.get_result = local_get_result,
	.free = local_free,
};

static BscSystemOptions
make_system_options(const BscBackendOptions *options)
{
	return (BscSystemOptions){
		.config_path = options->config_path,
		.overrides = options->overrides,
		.mount_prefix = options->mount_prefix,
		.override_boot_slot = options->override_boot_slot,
		.keyring_path = options->keyring_path,
		.run_dir = options->run_dir,
	};
}

BscBackend *
bsc_backend_local_new(const BscBackendOptions *options, GError **error)
{
	BscSystemOptions system_options = make_system_options(options);
	GError *cause = NULL;
	g_autoptr(BscSystem) system = bsc_system_handle_new(&system_options, &cause);
	BackendLocal *self;

	if (system == NULL) {
		fail_engine(cause, error);
		return NULL;
	}
	self = g_new0(BackendLocal, 1);
	self->base.ops = &local_ops;
	self->system = g_steal_pointer(&system);
	return &self->base;
}

GVariant *
bsc_backend_local_doctor(const BscBackendOptions *options)
{
	BscSystemOptions system_options = make_system_options(options);
	g_autoptr(GPtrArray) findings = bsc_doctor_run(&system_options);
	g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ssss)"));

	for (guint i = 0; i < findings->len; i++) {
		const BscDoctorFinding *finding = findings->pdata[i];

		g_variant_builder_add(&builder, "(ssss)",
				      bsc_doctor_level_to_string(finding->level), finding->subject,
				      finding->text, finding->advice ? finding->advice : "");
	}
	return g_variant_ref_sink(g_variant_builder_end(&builder));
}
