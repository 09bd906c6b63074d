/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/service/service-rauc.h"

#include "dbus/dbus-names.h"
#include "dbus/dbus-rauc.h"
#include "installer/service/dbus-convert.h"
#include "installer/service/tasks.h"
#include "installer/system/system-config.h"
#include "installer/system/system-info.h"

/* The words that clients of RAUC know for "busy". */
#define BUSY_INSTALL "Already processing a different method"
#define BUSY_OTHER   "already processing a different method"

#define RESULT_SUCCESS 0
#define RESULT_FAILURE 1

struct _BscServiceRauc {
	BscServiceParts parts;
	BscRaucInstaller *skeleton;
};

/* A call that waits for a worker. */
typedef struct {
	BscServiceRauc *service;
	GDBusMethodInvocation *invocation;
} Call;

static Call *
call_new(BscServiceRauc *service, GDBusMethodInvocation *invocation)
{
	Call *call = g_new0(Call, 1);

	call->service = service;
	call->invocation = invocation;
	return call;
}

/* Clients know one error name; what differs is the text. */
static void
refuse(GDBusMethodInvocation *invocation, const char *message)
{
	g_message("%s: %s", g_dbus_method_invocation_get_method_name(invocation), message);
	g_dbus_method_invocation_return_dbus_error(invocation, BSC_DBUS_RAUC_ERROR, message);
}

/* FALSE: refused, and the call is answered. A job that runs is not touched. */
static gboolean
start_install(BscServiceRauc *self, GDBusMethodInvocation *invocation, const char *source,
	      GVariant *args)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscInstallRequest) request = NULL;

	if (!bsc_job_is_idle(self->parts.job)) {
		refuse(invocation, BUSY_INSTALL);
		return FALSE;
	}
	request = bsc_dbus_convert_to_rauc_request(source, args, &error);
	if (request != NULL && bsc_job_start(self->parts.job, g_steal_pointer(&request),
					     bsc_authorize_get_caller(invocation), &error))
		return TRUE;
	refuse(invocation, error->message);
	return FALSE;
}

static gboolean
handle_install(BscRaucInstaller *skeleton, GDBusMethodInvocation *invocation, const char *source,
	       gpointer data)
{
	g_autoptr(GVariant) args =
		g_variant_ref_sink(g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0));

	if (start_install(data, invocation, source, args))
		bsc_rauc_installer_complete_install(skeleton, invocation);
	return TRUE;
}

static gboolean
handle_install_bundle(BscRaucInstaller *skeleton, GDBusMethodInvocation *invocation,
		      const char *source, GVariant *args, gpointer data)
{
	if (start_install(data, invocation, source, args))
		bsc_rauc_installer_complete_install_bundle(skeleton, invocation);
	return TRUE;
}

static void
start_inspection(BscServiceRauc *self, GDBusMethodInvocation *invocation, const char *source,
		 GVariant *args, GAsyncReadyCallback callback)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscInstallRequest) request =
		bsc_dbus_convert_to_rauc_inspection(source, args, &error);

	if (request == NULL)
		refuse(invocation, error->message);
	else
		bsc_tasks_inspect(self->parts.system, g_steal_pointer(&request),
				  bsc_authorize_get_caller(invocation), callback,
				  call_new(self, invocation));
}

static void
on_info(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autofree Call *call = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(BscBundleView) view = bsc_tasks_inspect_finish(result, &error);

	if (view == NULL) {
		refuse(call->invocation, error->message);
		return;
	}
	bsc_rauc_installer_complete_info(
		call->service->skeleton, call->invocation, view->manifest->compatible,
		view->manifest->version != NULL ? view->manifest->version : "");
}

static gboolean
handle_info(BscRaucInstaller *skeleton, GDBusMethodInvocation *invocation, const char *bundle,
	    gpointer data)
{
	g_autoptr(GVariant) args =
		g_variant_ref_sink(g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0));

	start_inspection(data, invocation, bundle, args, on_info);
	return TRUE;
}

static void
on_inspected(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autofree Call *call = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(BscBundleView) view = bsc_tasks_inspect_finish(result, &error);

	if (view == NULL)
		refuse(call->invocation, error->message);
	else
		bsc_rauc_installer_complete_inspect_bundle(call->service->skeleton,
							   call->invocation,
							   bsc_dbus_convert_to_rauc_info(view));
}

static gboolean
handle_inspect_bundle(BscRaucInstaller *skeleton, GDBusMethodInvocation *invocation,
		      const char *bundle, GVariant *args, gpointer data)
{
	start_inspection(data, invocation, bundle, args, on_inspected);
	return TRUE;
}

static void
on_marked(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autofree Call *call = data;
	g_autoptr(GError) error = NULL;
	g_autofree char *slot = NULL;
	g_autofree char *message = NULL;

	bsc_job_release(call->service->parts.job);
	if (bsc_tasks_mark_finish(result, &slot, &message, &error))
		bsc_rauc_installer_complete_mark(call->service->skeleton, call->invocation, slot,
						 message);
	else
		refuse(call->invocation, error->message);
}

static gboolean
handle_mark(BscRaucInstaller *skeleton, GDBusMethodInvocation *invocation, const char *state,
	    const char *slot_identifier, gpointer data)
{
	BscServiceRauc *self = data;

	if (!bsc_job_reserve(self->parts.job, NULL))
		refuse(invocation, BUSY_OTHER);
	else
		bsc_tasks_mark(self->parts.system, state, slot_identifier, on_marked,
			       call_new(self, invocation));
	return TRUE;
}

static void
answer_slot_status(const BscStatusView *view, const GError *error, gpointer data)
{
	g_autofree Call *call = data;

	if (view == NULL)
		refuse(call->invocation, error->message);
	else
		bsc_rauc_installer_complete_get_slot_status(call->service->skeleton,
							    call->invocation,
							    bsc_dbus_convert_to_rauc_slots(view));
}

static gboolean
handle_get_slot_status(BscRaucInstaller *skeleton, GDBusMethodInvocation *invocation, gpointer data)
{
	BscServiceRauc *self = data;

	bsc_status_reader_read(self->parts.reader, answer_slot_status, call_new(self, invocation));
	return TRUE;
}

static gboolean
handle_get_artifact_status(BscRaucInstaller *skeleton, GDBusMethodInvocation *invocation,
			   gpointer data)
{
	bsc_rauc_installer_complete_get_artifact_status(
		skeleton, invocation, g_variant_new_array(G_VARIANT_TYPE_VARDICT, NULL, 0));
	return TRUE;
}

static void
answer_primary(const BscStatusView *view, const GError *error, gpointer data)
{
	g_autofree Call *call = data;

	if (view == NULL)
		refuse(call->invocation, error->message);
	else if (view->primary_slot != NULL)
		bsc_rauc_installer_complete_get_primary(call->service->skeleton, call->invocation,
							view->primary_slot);
	else
		refuse(call->invocation, view->primary_error != NULL
						 ? view->primary_error
						 : "Failed getting primary slot: none found");
}

static gboolean
handle_get_primary(BscRaucInstaller *skeleton, GDBusMethodInvocation *invocation, gpointer data)
{
	BscServiceRauc *self = data;

	bsc_status_reader_read(self->parts.reader, answer_primary, call_new(self, invocation));
	return TRUE;
}

static void
flush(BscServiceRauc *self)
{
	g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(self->skeleton));
}

/* Each change is sent by itself and in this order, which clients rely on. */
static void
on_started(const char *transaction, gpointer data)
{
	BscServiceRauc *self = data;

	bsc_rauc_installer_set_last_error(self->skeleton, "");
	flush(self);
	bsc_rauc_installer_set_operation(self->skeleton, BSC_DBUS_OPERATION_INSTALLING);
	flush(self);
}

static void
on_progress(const char *transaction, const BscProgressState *state, gpointer data)
{
	BscServiceRauc *self = data;

	if (!state->is_step)
		return;
	bsc_rauc_installer_set_progress(self->skeleton,
					g_variant_new("(isi)", state->percent,
						      state->message != NULL ? state->message : "",
						      state->depth));
	flush(self);
}

static void
on_completed(const BscJobResult *result, gpointer data)
{
	BscServiceRauc *self = data;
	gboolean success = result->outcome == BSC_OUTCOME_OK;

	if (!success)
		bsc_rauc_installer_set_last_error(self->skeleton, result->message);
	flush(self);
	bsc_rauc_installer_emit_completed(self->skeleton,
					  success ? RESULT_SUCCESS : RESULT_FAILURE);
	bsc_rauc_installer_set_operation(self->skeleton, BSC_DBUS_OPERATION_IDLE);
	flush(self);
}

static void
set_fixed_properties(BscServiceRauc *self)
{
	const BscSystemInfo *info = bsc_system_handle_get_info(self->parts.system);

	bsc_rauc_installer_set_operation(self->skeleton, BSC_DBUS_OPERATION_IDLE);
	bsc_rauc_installer_set_last_error(self->skeleton, "");
	bsc_rauc_installer_set_progress(self->skeleton, g_variant_new("(isi)", 0, "", 0));
	bsc_rauc_installer_set_compatible(self->skeleton, info->compatible);
	bsc_rauc_installer_set_variant(self->skeleton, info->variant != NULL ? info->variant : "");
	bsc_rauc_installer_set_system_version(self->skeleton,
					      info->version != NULL ? info->version : "");
	bsc_rauc_installer_set_boot_slot(self->skeleton,
					 bsc_system_handle_get_boot_slot(self->parts.system));
}

static void
connect_handlers(BscServiceRauc *self)
{
	static const struct {
		const char *signal;
		GCallback handler;
	} rows[] = {
		{"handle-install", G_CALLBACK(handle_install)},
		{"handle-install-bundle", G_CALLBACK(handle_install_bundle)},
		{"handle-info", G_CALLBACK(handle_info)},
		{"handle-inspect-bundle", G_CALLBACK(handle_inspect_bundle)},
		{"handle-mark", G_CALLBACK(handle_mark)},
		{"handle-get-slot-status", G_CALLBACK(handle_get_slot_status)},
		{"handle-get-artifact-status", G_CALLBACK(handle_get_artifact_status)},
		{"handle-get-primary", G_CALLBACK(handle_get_primary)},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_signal_connect(self->skeleton, rows[i].signal, rows[i].handler, self);
}

BscServiceRauc *
bsc_service_rauc_new(const BscServiceParts *parts)
{
	BscServiceRauc *self = g_new0(BscServiceRauc, 1);

	self->parts = *parts;
	self->skeleton = bsc_rauc_installer_skeleton_new();
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
bsc_service_rauc_free(BscServiceRauc *self)
{
	if (self == NULL)
		return;
	g_dbus_interface_skeleton_unexport(G_DBUS_INTERFACE_SKELETON(self->skeleton));
	g_object_unref(self->skeleton);
	g_free(self);
}

gboolean
bsc_service_rauc_export(BscServiceRauc *self, GDBusConnection *bus, GError **error)
{
	return g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(self->skeleton), bus,
						BSC_DBUS_RAUC_PATH, error);
}
