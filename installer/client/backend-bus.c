/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/client/backend-bus.h"

#include "common/error.h"
#include "common/io.h"
#include "dbus/dbus-names.h"
#include "dbus/dbus-update.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>

/* polkit may ask the user; and a large bundle takes a while to inspect */
#define CALL_FLAGS   G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION
#define CALL_TIMEOUT G_MAXINT

typedef struct {
	BscBackend base;
	BscDbusUpdate1 *proxy; /* owned */
} BackendBus;

/* One installation that is being watched. */
typedef struct {
	BscDbusUpdate1 *proxy;
	GMainLoop *loop;
	BscBackendProgressFunc on_progress;
	gpointer data;
	char *transaction;
	BscBackendResult *out;
	gboolean is_done;     /* Completed was heard */
	gboolean is_detached; /* the user left */
	gboolean is_gone;     /* the service left */
} Watch;

static const struct {
	const char *bus_error;
	int code;
} other_errors[] = {
	{BSC_DBUS_ERROR_COMMITTED, BSC_OUTCOME_REJECTED},
	{BSC_DBUS_ERROR_USED_ID, BSC_OUTCOME_REJECTED},
	{BSC_DBUS_ERROR_UNKNOWN_ID, BSC_BACKEND_ERROR_UNKNOWN_ID},
	{"org.freedesktop.DBus.Error.AccessDenied", BSC_BACKEND_ERROR_DENIED},
	{"org.freedesktop.DBus.Error.InvalidArgs", BSC_OUTCOME_REJECTED},
};

static int
get_code(const char *bus_error)
{
	BscOutcome outcome;

	if (bsc_outcome_from_bus_error(bus_error, &outcome))
		return (int)outcome;
	for (size_t i = 0; i < G_N_ELEMENTS(other_errors); i++) {
		if (g_strcmp0(bus_error, other_errors[i].bus_error) == 0)
			return other_errors[i].code;
	}
	return BSC_BACKEND_ERROR_SERVICE;
}

/* Takes @bus_error, what a call reported. */
static gboolean
fail_call(GError *bus_error, GError **error)
{
	g_autoptr(GError) owned = bus_error;
	g_autofree char *name = g_dbus_error_get_remote_error(owned);
	int code = get_code(name);

	g_dbus_error_strip_remote_error(owned);
	if (code == (int)BSC_BACKEND_ERROR_SERVICE)
		return bsc_error_set(error, BSC_BACKEND_ERROR, code,
				     "The update service does not answer (%s): see `systemctl "
				     "status basculed`, or use --standalone",
				     owned->message);
	if (code == (int)BSC_BACKEND_ERROR_DENIED)
		return bsc_error_set(error, BSC_BACKEND_ERROR, code,
				     "The update service refuses (%s): run this as root or as a "
				     "user named in [dbus] install-users",
				     owned->message);
	return bsc_error_set(error, BSC_BACKEND_ERROR, code, "%s", owned->message);
}

static uint64_t
lookup_uint64(GVariant *dict, const char *key, uint64_t fallback)
{
	guint64 value = fallback;

	g_variant_lookup(dict, key, "t", &value);
	return value;
}

static void
on_progress_changed(BscDbusUpdate1 *proxy, GParamSpec *pspec, gpointer data)
{
	Watch *watch = data;
	GVariant *dict = bsc_dbus_update1_get_progress(proxy);
	BscBackendProgress progress = {.message = "", .phase = ""};
	const char *transaction = NULL;
	guint32 percent = 0;

	if (dict == NULL || watch->on_progress == NULL)
		return;
	g_variant_lookup(dict, BSC_DBUS_PROGRESS_TRANSACTION, "&s", &transaction);
	if (g_strcmp0(transaction, watch->transaction) != 0)
		return;
	g_variant_lookup(dict, BSC_DBUS_PROGRESS_MESSAGE, "&s", &progress.message);
	g_variant_lookup(dict, BSC_DBUS_PROGRESS_PHASE, "&s", &progress.phase);
	g_variant_lookup(dict, BSC_DBUS_PROGRESS_PERCENT, "u", &percent);
	progress.percent = percent;
	progress.bytes_done = lookup_uint64(dict, BSC_DBUS_PROGRESS_BYTES_DONE, 0);
	progress.bytes_total = lookup_uint64(dict, BSC_DBUS_PROGRESS_BYTES_TOTAL, 0);
	progress.rate = lookup_uint64(dict, BSC_DBUS_PROGRESS_RATE, 0);
	progress.seconds_left =
		(int64_t)lookup_uint64(dict, BSC_DBUS_PROGRESS_SECONDS_LEFT, UINT64_MAX);
	watch->on_progress(&progress, watch->data);
}

static void
on_completed(BscDbusUpdate1 *proxy, const char *transaction, const char *outcome,
	     const char *message, gpointer data)
{
	Watch *watch = data;

	if (g_strcmp0(transaction, watch->transaction) != 0)
		return;
	watch->out->outcome = g_strdup(outcome);
	watch->out->message = g_strdup(message);
	watch->is_done = TRUE;
	g_main_loop_quit(watch->loop);
}

static void
on_owner_changed(BscDbusUpdate1 *proxy, GParamSpec *pspec, gpointer data)
{
	Watch *watch = data;
	g_autofree char *owner = g_dbus_proxy_get_name_owner(G_DBUS_PROXY(proxy));

	if (owner != NULL)
		return;
	watch->is_gone = TRUE;
	g_main_loop_quit(watch->loop);
}

static gboolean
on_cancelled(GCancellable *cancellable, gpointer data)
{
	Watch *watch = data;

	watch->is_detached = TRUE;
	g_main_loop_quit(watch->loop);
	return G_SOURCE_CONTINUE;
}

static void
add_string(GVariantDict *options, const char *key, const char *value)
{
	if (value != NULL)
		g_variant_dict_insert(options, key, "s", value);
}

static void
add_flag(GVariantDict *options, const char *key, gboolean value)
{
	if (value)
		g_variant_dict_insert(options, key, "b", TRUE);
}

/*
 * The bundle is opened here and handed over: with the caller's rights, and whatever the service's
 * sandbox can see.
 */
static GUnixFDList *
open_bundle(const char *path, GVariantDict *options, GError **error)
{
	BSC_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	g_autoptr(GUnixFDList) list = g_unix_fd_list_new();
	g_autoptr(GError) cause = NULL;
	int handle;

	if (fd < 0) {
		bsc_error_set(error, BSC_BACKEND_ERROR, BSC_OUTCOME_DOWNLOAD,
			      "Failed to open bundle '%s': %s", path, g_strerror(errno));
		return NULL;
	}
	handle = g_unix_fd_list_append(list, fd, &cause);
	if (handle < 0) {
		bsc_error_set(error, BSC_BACKEND_ERROR, BSC_OUTCOME_INTERNAL, "%s", cause->message);
		return NULL;
	}
	g_variant_dict_insert(options, BSC_DBUS_OPTION_FD, "h", handle);
	return g_steal_pointer(&list);
}

static gboolean
start_install(BackendBus *self, const BscBackendRequest *request, char **out_transaction,
	      GError **error)
{
	g_auto(GVariantDict) options = G_VARIANT_DICT_INIT(NULL);
	g_autoptr(GUnixFDList) fds = open_bundle(request->path, &options, error);
	GError *cause = NULL;

	if (fds == NULL)
		return FALSE;
	add_flag(&options, BSC_DBUS_OPTION_IGNORE_COMPATIBLE, request->ignore_compatible);
	add_flag(&options, BSC_DBUS_OPTION_IGNORE_VERSION_LIMIT, request->ignore_version_limit);
	add_flag(&options, BSC_DBUS_OPTION_FORCE_ON_TRIAL, request->force_on_trial);
	add_string(&options, BSC_DBUS_OPTION_REQUIRE_MANIFEST_HASH, request->require_manifest_hash);
	add_string(&options, BSC_DBUS_OPTION_TRANSACTION_ID, request->transaction_id);
	add_string(&options, BSC_DBUS_OPTION_HANDLER_ARGS, request->handler_args);
	if (!bsc_dbus_update1_call_install_sync(
		    self->proxy, request->path, g_variant_dict_end(&options), CALL_FLAGS,
		    CALL_TIMEOUT, fds, out_transaction, NULL, NULL, &cause))
		return fail_call(cause, error);
	return TRUE;
}

static gboolean
bus_get_result(BscBackend *base, const char *transaction, BscBackendResult *out, GError **error)
{
	BackendBus *self = (BackendBus *)base;
	g_autofree char *outcome = NULL;
	g_autofree char *message = NULL;
	g_autoptr(GVariant) details = NULL;
	GError *cause = NULL;

	if (!bsc_dbus_update1_call_get_result_sync(self->proxy, transaction ? transaction : "",
						   CALL_FLAGS, CALL_TIMEOUT, &outcome, &message,
						   &details, NULL, &cause))
		return fail_call(cause, error);
	bsc_backend_ops_clear_result(out);
	g_variant_lookup(details, "transaction", "s", &out->transaction);
	if (out->transaction == NULL)
		out->transaction = g_strdup(transaction);
	out->outcome = g_steal_pointer(&outcome);
	out->message = g_steal_pointer(&message);
	out->details = g_steal_pointer(&details);
	return TRUE;
}

/* The service went away in the middle; its durable record (told by its successor) knows more. */
static gboolean
ask_again(BackendBus *self, Watch *watch, GError **error)
{
	g_autoptr(GError) ignored = NULL;

	if (bus_get_result(&self->base, watch->transaction, watch->out, &ignored) &&
	    g_strcmp0(watch->out->outcome, "running") != 0)
		return TRUE;
	return bsc_error_set(error, BSC_BACKEND_ERROR, BSC_BACKEND_ERROR_SERVICE,
			     "The update service went away during the installation: ask `bascule "
			     "result %s` when it is back",
			     watch->transaction);
}

static void
run_watch(Watch *watch, GCancellable *cancellable)
{
	g_autoptr(GSource) source = g_cancellable_source_new(cancellable);
	gulong ids[3];

	g_source_set_callback(source, G_SOURCE_FUNC(on_cancelled), watch, NULL);
	g_source_attach(source, NULL);
	ids[0] = g_signal_connect(watch->proxy, "completed", G_CALLBACK(on_completed), watch);
	ids[1] = g_signal_connect(watch->proxy, "notify::progress", G_CALLBACK(on_progress_changed),
				  watch);
	ids[2] = g_signal_connect(watch->proxy, "notify::g-name-owner",
				  G_CALLBACK(on_owner_changed), watch);
	g_main_loop_run(watch->loop);
	for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
		g_signal_handler_disconnect(watch->proxy, ids[i]);
	g_source_destroy(source);
}

static gboolean
judge_outcome(const BscBackendResult *result, GError **error)
{
	BscOutcome outcome = BSC_OUTCOME_INTERNAL;

	bsc_outcome_from_string(result->outcome, &outcome);
	if (outcome == BSC_OUTCOME_OK)
		return TRUE;
	return bsc_error_set(error, BSC_BACKEND_ERROR, (int)outcome, "%s", result->message);
}

static gboolean
bus_install(BscBackend *base, const BscBackendRequest *request, BscBackendProgressFunc on_progress,
	    gpointer data, GCancellable *cancellable, BscBackendResult *out, GError **error)
{
	BackendBus *self = (BackendBus *)base;
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	Watch watch = {.proxy = self->proxy,
		       .loop = loop,
		       .on_progress = on_progress,
		       .data = data,
		       .out = out};
	g_autofree char *transaction = NULL;
	g_autoptr(GError) ignored = NULL;

	if (!start_install(self, request, &transaction, error))
		return FALSE;
	watch.transaction = transaction;
	out->transaction = g_strdup(transaction);
	run_watch(&watch, cancellable);
	if (watch.is_done)
		bus_get_result(base, transaction, out, &ignored);
	else if (watch.is_gone && !ask_again(self, &watch, error))
		return FALSE;
	else if (watch.is_detached)
		return bsc_error_set(error, BSC_BACKEND_ERROR, BSC_BACKEND_ERROR_DETACHED,
				     "The installation goes on in the service: `bascule result %s` "
				     "tells how it ended, `bascule cancel` stops it",
				     transaction);
	return judge_outcome(out, error);
}

static gboolean
bus_query(BscBackend *base, GVariant **out_status, GVariant **out_slots, GError **error)
{
	BackendBus *self = (BackendBus *)base;
	g_autoptr(GVariant) status = NULL;
	GError *cause = NULL;

	if (!bsc_dbus_update1_call_get_status_sync(self->proxy, CALL_FLAGS, CALL_TIMEOUT, &status,
						   NULL, &cause) ||
	    !bsc_dbus_update1_call_get_slots_sync(self->proxy, CALL_FLAGS, CALL_TIMEOUT, out_slots,
						  NULL, &cause))
		return fail_call(cause, error);
	*out_status = g_steal_pointer(&status);
	return TRUE;
}

static GVariant *
bus_inspect(BscBackend *base, const char *path, GError **error)
{
	BackendBus *self = (BackendBus *)base;
	g_auto(GVariantDict) options = G_VARIANT_DICT_INIT(NULL);
	g_autoptr(GUnixFDList) fds = open_bundle(path, &options, error);
	g_autoptr(GVariant) info = NULL;
	GError *cause = NULL;

	if (fds == NULL)
		return NULL;
	if (!bsc_dbus_update1_call_inspect_sync(self->proxy, path, g_variant_dict_end(&options),
						CALL_FLAGS, CALL_TIMEOUT, fds, &info, NULL, NULL,
						&cause))
		fail_call(cause, error);
	return g_steal_pointer(&info);
}

static gboolean
bus_mark(BscBackend *base, const char *state, const char *slot, char **out_message, GError **error)
{
	BackendBus *self = (BackendBus *)base;
	GError *cause = NULL;

	if (!bsc_dbus_update1_call_mark_sync(self->proxy, state, slot, CALL_FLAGS, CALL_TIMEOUT,
					     NULL, out_message, NULL, &cause))
		return fail_call(cause, error);
	return TRUE;
}

static gboolean
bus_cancel(BscBackend *base, const char *transaction, GError **error)
{
	BackendBus *self = (BackendBus *)base;
	GError *cause = NULL;

	if (!bsc_dbus_update1_call_cancel_sync(self->proxy, transaction ? transaction : "",
					       CALL_FLAGS, CALL_TIMEOUT, NULL, &cause))
		return fail_call(cause, error);
	return TRUE;
}

static void
bus_free(BscBackend *base)
{
	BackendBus *self = (BackendBus *)base;

	g_clear_object(&self->proxy);
	g_free(self);
}

static const BscBackendOps bus_ops = {
	.name = "bus",
	.install = bus_install,
	.query = bus_query,
	.inspect = bus_inspect,
	.mark = bus_mark,
	.get_result = bus_get_result,
	.cancel = bus_cancel,
	.free = bus_free,
};

BscBackend *
bsc_backend_bus_new(const BscBackendOptions *options, GError **error)
{
	/* as RAUC does: a session bus where the environment says so, for tests and containers */
	gboolean is_session = g_strcmp0(g_getenv("DBUS_STARTER_BUS_TYPE"), "session") == 0;
	g_autoptr(GError) cause = NULL;
	g_autoptr(BscDbusUpdate1) proxy = bsc_dbus_update1_proxy_new_for_bus_sync(
		is_session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, G_DBUS_PROXY_FLAGS_NONE,
		BSC_DBUS_NAME, BSC_DBUS_PATH, NULL, &cause);
	BackendBus *self;

	if (proxy == NULL) {
		bsc_error_set(error, BSC_BACKEND_ERROR, BSC_BACKEND_ERROR_SERVICE,
			      "No bus to reach the update service by (%s): start it, or use "
			      "--standalone",
			      cause->message);
		return NULL;
	}
	self = g_new0(BackendBus, 1);
	self->base.ops = &bus_ops;
	self->proxy = g_steal_pointer(&proxy);
	return &self->base;
}
