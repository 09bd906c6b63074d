/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/service/service.h"

#include "dbus/dbus-names.h"
#include "dbus/dbus-update.h"
#include "installer/engine/view-dict.h"
#include "installer/service/dbus-convert.h"
#include "installer/service/tasks.h"
#include "installer/system/system-config.h"
#include "installer/system/system-info.h"

#define PROGRESS_INTERVAL_USEC (G_USEC_PER_SEC / 10)
#define RESULT_RUNNING	       "running"

struct _BscService {
	BscServiceParts parts;
	BscDbusUpdate1 *skeleton;
	GVariant *progress; /* not sent yet; NULL = all is sent */
	guint progress_timer;
	gint64 progress_sent_usec; /* monotonic */
};

/* A call that waits for a worker. */
typedef struct {
	BscService *service;
	GDBusMethodInvocation *invocation;
	BscInstallRequest *request; /* Install: what to start */
	char *transaction;	    /* GetResult: what is asked for */
} Call;

static Call *
call_new(BscService *service, GDBusMethodInvocation *invocation)
{
	Call *call = g_new0(Call, 1);

	call->service = service;
	call->invocation = invocation;
	return call;
}

static void
call_free(Call *call)
{
	bsc_install_request_free(call->request);
	g_free(call->transaction);
	g_free(call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

static void
refuse(GDBusMethodInvocation *invocation, const GError *error)
{
	g_autofree char *name = bsc_dbus_convert_get_error_name(error);

	g_message("%s: %s", g_dbus_method_invocation_get_method_name(invocation), error->message);
	g_dbus_method_invocation_return_dbus_error(invocation, name, error->message);
}

static void
start_install(Call *call)
{
	BscJob *job = call->service->parts.job;
	uid_t caller = bsc_authorize_get_caller(call->invocation);
	g_autofree char *transaction = g_strdup(call->request->transaction_id);
	g_autoptr(GError) error = NULL;

	if (bsc_job_start(job, g_steal_pointer(&call->request), caller, &error))
		bsc_dbus_update1_complete_install(call->service->skeleton, call->invocation, NULL,
						  transaction);
	else
		refuse(call->invocation, error);
}

static void
on_id_looked_up(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(Call) call = data;
	g_autoptr(BscJobRecord) record = bsc_tasks_look_up_finish(result, NULL);
	g_autofree char *text = NULL;

	if (record == NULL) {
		start_install(call);
		return;
	}
	text = g_strdup_printf(
		"Transaction '%s' ran before and never runs twice; choose another id",
		record->transaction_id);
	g_dbus_method_invocation_return_dbus_error(call->invocation, BSC_DBUS_ERROR_USED_ID, text);
}

static gboolean
handle_install(BscDbusUpdate1 *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *fds,
	       const char *uri, GVariant *options, gpointer data)
{
	BscService *self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(BscInstallRequest) request =
		bsc_dbus_convert_to_request(uri, options, fds, &error);
	Call *call;

	if (request == NULL) {
		refuse(invocation, error);
		return TRUE;
	}
	call = call_new(self, invocation);
	call->request = g_steal_pointer(&request);
	bsc_tasks_look_up(self->parts.system, call->request->transaction_id, on_id_looked_up, call);
	return TRUE;
}

static gboolean
handle_cancel(BscDbusUpdate1 *skeleton, GDBusMethodInvocation *invocation, const char *transaction,
	      gpointer data)
{
	BscService *self = data;
	const char *which = transaction[0] != '\0' ? transaction : NULL;
	g_autoptr(GError) error = NULL;

	if (bsc_job_cancel(self->parts.job, which, &error))
		bsc_dbus_update1_complete_cancel(skeleton, invocation);
	else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
		g_dbus_method_invocation_return_dbus_error(invocation, BSC_DBUS_ERROR_UNKNOWN_ID,
							   error->message);
	else
		refuse(invocation, error);
	return TRUE;
}

static void
on_inspected(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(Call) call = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(BscBundleView) view = bsc_tasks_inspect_finish(result, &error);

	if (view != NULL)
		bsc_dbus_update1_complete_inspect(call->service->skeleton, call->invocation, NULL,
						  bsc_view_dict_from_bundle(view));
	else
		refuse(call->invocation, error);
}

static gboolean
handle_inspect(BscDbusUpdate1 *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *fds,
	       const char *uri, GVariant *options, gpointer data)
{
	BscService *self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(BscInstallRequest) request =
		bsc_dbus_convert_to_inspection(uri, options, fds, &error);

	if (request == NULL)
		refuse(invocation, error);
	else
		bsc_tasks_inspect(self->parts.system, g_steal_pointer(&request),
				  bsc_authorize_get_caller(invocation), on_inspected,
				  call_new(self, invocation));
	return TRUE;
}

static void
on_marked(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(Call) call = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *slot = NULL;
	g_autofree char *message = NULL;

	bsc_job_release(call->service->parts.job);
	if (bsc_tasks_mark_finish(result, &slot, &message, &error))
		bsc_dbus_update1_complete_mark(call->service->skeleton, call->invocation, slot,
					       message);
	else
		refuse(call->invocation, error);
}

static gboolean
handle_mark(BscDbusUpdate1 *skeleton, GDBusMethodInvocation *invocation, const char *state,
	    const char *slot, gpointer data)
{
	BscService *self = data;
	g_autoptr(GError) error = NULL;

	if (!bsc_job_reserve(self->parts.job, &error))
		refuse(invocation, error);
	else
		bsc_tasks_mark(self->parts.system, state, slot, on_marked,
			       call_new(self, invocation));
	return TRUE;
}

static void
answer_slots(const BscStatusView *view, const GError *error, gpointer data)
{
	g_autoptr(Call) call = data;

	if (view != NULL)
		bsc_dbus_update1_complete_get_slots(call->service->skeleton, call->invocation,
						    bsc_view_dict_from_slots(view));
	else
		refuse(call->invocation, error);
}

static gboolean
handle_get_slots(BscDbusUpdate1 *skeleton, GDBusMethodInvocation *invocation, gpointer data)
{
	BscService *self = data;

	bsc_status_reader_read(self->parts.reader, answer_slots, call_new(self, invocation));
	return TRUE;
}

static void
answer_primary(const BscStatusView *view, const GError *error, gpointer data)
{
	g_autoptr(Call) call = data;

	if (view == NULL)
		refuse(call->invocation, error);
	else if (view->primary_slot != NULL)
		bsc_dbus_update1_complete_get_primary(call->service->skeleton, call->invocation,
						      view->primary_slot);
	else
		g_dbus_method_invocation_return_dbus_error(
			call->invocation, bsc_outcome_to_bus_error(BSC_OUTCOME_BOOT),
			view->primary_error != NULL ? view->primary_error
						    : "No slot of this system boots next");
}

static gboolean
handle_get_primary(BscDbusUpdate1 *skeleton, GDBusMethodInvocation *invocation, gpointer data)
{
	BscService *self = data;

	bsc_status_reader_read(self->parts.reader, answer_primary, call_new(self, invocation));
	return TRUE;
}

static void
answer_status(const BscStatusView *view, const GError *error, gpointer data)
{
	g_autoptr(Call) call = data;

	if (view != NULL)
		bsc_dbus_update1_complete_get_status(call->service->skeleton, call->invocation,
						     bsc_view_dict_from_status(view));
	else
		refuse(call->invocation, error);
}

static gboolean
handle_get_status(BscDbusUpdate1 *skeleton, GDBusMethodInvocation *invocation, gpointer data)
{
	BscService *self = data;

	bsc_status_reader_read(self->parts.reader, answer_status, call_new(self, invocation));
	return TRUE;
}

static GVariant *
make_short_details(const char *transaction, const BscJobResult *result)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);

	g_variant_dict_insert(&dict, "transaction", "s", transaction);
	if (result != NULL && result->manifest_hash != NULL)
		g_variant_dict_insert(&dict, "manifest-hash", "s", result->manifest_hash);
	if (result != NULL && result->bundle_version != NULL)
		g_variant_dict_insert(&dict, "version", "s", result->bundle_version);
	return g_variant_dict_end(&dict);
}

/* Details from the record if it is the one, else what memory holds. */
static GVariant *
make_details(const char *transaction, const BscJobRecord *record, const BscJobResult *result)
{
	if (record != NULL && g_strcmp0(record->transaction_id, transaction) == 0)
		return bsc_view_dict_from_record(record);
	return make_short_details(transaction, result);
}

/* The record is durable but knows nothing of refusals before the first write; memory does. */
static void
answer_result(Call *call, const BscJobRecord *record)
{
	BscJob *job = call->service->parts.job;
	const BscJobResult *result = bsc_job_find_result(job, call->transaction);
	const char *running = bsc_job_get_transaction(job);
	const char *outcome = RESULT_RUNNING;
	const char *message = "";
	GVariant *details = NULL;

	if (running != NULL &&
	    (call->transaction == NULL || g_strcmp0(call->transaction, running) == 0)) {
		details = make_details(running, record, NULL);
	} else if (result != NULL) {
		outcome = bsc_outcome_to_string(result->outcome);
		message = result->message;
		details = make_details(result->transaction, record, result);
	} else if (record != NULL) {
		if (record->phase == BSC_JOB_PHASE_FINISHED)
			outcome = bsc_outcome_to_string(record->outcome);
		message = record->message != NULL ? record->message : "";
		details = bsc_view_dict_from_record(record);
	} else {
		g_autofree char *text =
			g_strdup_printf("Nothing is recorded of an installation '%s'",
					call->transaction != NULL ? call->transaction : "");

		g_dbus_method_invocation_return_dbus_error(call->invocation,
							   BSC_DBUS_ERROR_UNKNOWN_ID, text);
		return;
	}
	bsc_dbus_update1_complete_get_result(call->service->skeleton, call->invocation, outcome,
					     message, details);
}

static void
on_result_looked_up(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(Call) call = data;
	g_autoptr(BscJobRecord) record = bsc_tasks_look_up_finish(result, NULL);

	answer_result(call, record);
}

static gboolean
handle_get_result(BscDbusUpdate1 *skeleton, GDBusMethodInvocation *invocation,
		  const char *transaction, gpointer data)
{
	BscService *self = data;
	Call *call;

	if (transaction[0] != '\0' && !bsc_dbus_convert_check_id(transaction)) {
		g_dbus_method_invocation_return_dbus_error(invocation, BSC_DBUS_ERROR_UNKNOWN_ID,
							   "This is no transaction id");
		return TRUE;
	}
	call = call_new(self, invocation);
	call->transaction = transaction[0] != '\0' ? g_strdup(transaction) : NULL;
	bsc_tasks_look_up(self->parts.system, call->transaction, on_result_looked_up, call);
	return TRUE;
}

static void
send_progress(BscService *self)
{
	if (self->progress == NULL)
		return;
	bsc_dbus_update1_set_progress(self->skeleton, self->progress);
	g_clear_pointer(&self->progress, g_variant_unref);
	self->progress_sent_usec = g_get_monotonic_time();
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(self->skeleton));
}

static gboolean
on_progress_timer(gpointer data)
{
	BscService *self = data;

	self->progress_timer = 0;
	send_progress(self);
	return G_SOURCE_REMOVE;
}

static void
set_last_error(BscService *self, const char *code, const char *message, const char *transaction)
{
	bsc_dbus_update1_set_last_error(self->skeleton,
					g_variant_new("(sss)", code, message, transaction));
}

static void
on_started(const char *transaction, gpointer data)
{
	BscService *self = data;
	GVariantBuilder empty = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

	set_last_error(self, "", "", "");
	bsc_dbus_update1_set_progress(self->skeleton, g_variant_builder_end(&empty));
	bsc_dbus_update1_set_operation(self->skeleton, BSC_DBUS_OPERATION_INSTALLING);
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(self->skeleton));
}

static void
on_progress(const char *transaction, const BscProgressState *state, gpointer data)
{
	BscService *self = data;
	gint64 since_usec = g_get_monotonic_time() - self->progress_sent_usec;

	g_clear_pointer(&self->progress, g_variant_unref);
	self->progress = g_variant_ref_sink(bsc_dbus_convert_from_progress(transaction, state));
	if (self->progress_timer != 0)
		return;
	if (since_usec >= PROGRESS_INTERVAL_USEC)
		send_progress(self);
	else
		self->progress_timer =
			g_timeout_add((guint)((PROGRESS_INTERVAL_USEC - since_usec) / 1000) + 1,
				      on_progress_timer, self);
}

static void
on_completed(const BscJobResult *result, gpointer data)
{
	BscService *self = data;
	const char *word = bsc_outcome_to_string(result->outcome);

	g_clear_handle_id(&self->progress_timer, g_source_remove);
	send_progress(self);
	if (result->outcome != BSC_OUTCOME_OK)
		set_last_error(self, word, result->message, result->transaction);
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(self->skeleton));
	bsc_dbus_update1_emit_completed(self->skeleton, result->transaction, word, result->message);
	bsc_dbus_update1_set_operation(self->skeleton, BSC_DBUS_OPERATION_IDLE);
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(self->skeleton));
}

static void
set_fixed_properties(BscService *self)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(self->parts.system);
	const BscSystemInfo *info = bsc_system_handle_get_info(self->parts.system);
	GVariantBuilder empty = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

	bsc_dbus_update1_set_operation(self->skeleton, BSC_DBUS_OPERATION_IDLE);
	bsc_dbus_update1_set_progress(self->skeleton, g_variant_builder_end(&empty));
	set_last_error(self, "", "", "");
	bsc_dbus_update1_set_compatible(self->skeleton, info->compatible);
	bsc_dbus_update1_set_variant(self->skeleton, info->variant != NULL ? info->variant : "");
	bsc_dbus_update1_set_system_version(self->skeleton,
					    info->version != NULL ? info->version : "");
	bsc_dbus_update1_set_boot_slot(self->skeleton,
				       bsc_system_handle_get_boot_slot(self->parts.system));
	bsc_dbus_update1_set_config_file(self->skeleton, config->path);
}

static void
connect_handlers(BscService *self)
{
	static const struct {
		const char *signal;
		GCallback handler;
	} rows[] = {
		{"handle-install", G_CALLBACK(handle_install)},
		{"handle-cancel", G_CALLBACK(handle_cancel)},
		{"handle-inspect", G_CALLBACK(handle_inspect)},
		{"handle-mark", G_CALLBACK(handle_mark)},
		{"handle-get-slots", G_CALLBACK(handle_get_slots)},
		{"handle-get-primary", G_CALLBACK(handle_get_primary)},
		{"handle-get-status", G_CALLBACK(handle_get_status)},
		{"handle-get-result", G_CALLBACK(handle_get_result)},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_signal_connect(self->skeleton, rows[i].signal, rows[i].handler, self);
}

BscService *
bsc_service_new(const BscServiceParts *parts)
{
	BscService *self = g_new0(BscService, 1);

	self->parts = *parts;
	self->skeleton = bsc_dbus_update1_skeleton_new();
	set_fixed_properties(self);
	connect_handlers(self);
	bsc_authorize_guard(parts->authorize, G_DBUS_INTERFACE_SKELETON(self->skeleton));
	bsc_job_add_listener(parts->job, &(BscJobListener){
						 .started = on_started,
						 .progress = on_progress,
						 .completed = on_completed,
						 .data = self,
					 });
	return self;
}

void
bsc_service_free(BscService *self)
{
	if (self == NULL)
		return;
	g_dbus_interface_skeleton_unexport(G_DBUS_INTERFACE_SKELETON(self->skeleton));
	g_clear_handle_id(&self->progress_timer, g_source_remove);
	g_clear_pointer(&self->progress, g_variant_unref);
	g_object_unref(self->skeleton);
	g_free(self);
}

gboolean
bsc_service_export(BscService *self, GDBusConnection *bus, GError **error)
{
	return g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(self->skeleton), bus,
						BSC_DBUS_PATH, error);
}
