/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/rauc-front/rauc-client.h"

#include "dbus/dbus-names.h"
#include "dbus/dbus-rauc.h"
#include "installer/output/progress-bar.h"
#include "installer/output/status-export.h"
#include "installer/rauc-front/rauc-output.h"

#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

/* RAUC's exit status of `install`. */
#define STATUS_OK	   0
#define STATUS_FAILED	   1
#define STATUS_BUS	   2
#define STATUS_INTERRUPTED 3

#define CALL_FLAGS   G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION
#define CALL_TIMEOUT G_MAXINT

typedef struct {
	GMainLoop *loop;
	BscProgressBar *bar; /* %NULL: lines as RAUC prints them */
	int status;
} Watch;

static BscRaucInstaller *
connect_service(GError **error)
{
	gboolean is_session = g_strcmp0(g_getenv("DBUS_STARTER_BUS_TYPE"), "session") == 0;

	return bsc_rauc_installer_proxy_new_for_bus_sync(
		is_session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM,
		G_DBUS_PROXY_FLAGS_GET_INVALIDATED_PROPERTIES, BSC_DBUS_RAUC_NAME,
		BSC_DBUS_RAUC_PATH, NULL, error);
}

static void
show_progress(Watch *watch, int percent, const char *message)
{
	BscProgressBarState progress = {
		.percent = (unsigned)CLAMP(percent, 0, 100),
		.message = message,
		.seconds_left = -1,
	};

	if (watch->bar != NULL)
		bsc_progress_bar_update(watch->bar, &progress);
	else
		g_print("%3d%% %s\n", percent, message);
}

static void
on_properties_changed(GDBusProxy *proxy, GVariant *changed, const char *const *invalidated,
		      gpointer data)
{
	Watch *watch = data;
	const char *text = NULL;
	int percent;

	if (watch->bar == NULL && g_variant_lookup(changed, "Operation", "&s", &text))
		g_print("%s\n", text);
	if (g_variant_lookup(changed, "Progress", "(i&si)", &percent, &text, NULL))
		show_progress(watch, percent, text);
	if (g_variant_lookup(changed, "LastError", "&s", &text) && text[0] != '\0')
		g_print("LastError: %s\n", text);
}

static void
on_completed(BscRaucInstaller *proxy, int result, gpointer data)
{
	Watch *watch = data;

	watch->status = result == 0 ? STATUS_OK : STATUS_FAILED;
	g_main_loop_quit(watch->loop);
}

static void
on_owner_changed(BscRaucInstaller *proxy, GParamSpec *pspec, gpointer data)
{
	Watch *watch = data;
	g_autofree char *owner = g_dbus_proxy_get_name_owner(G_DBUS_PROXY(proxy));

	if (owner != NULL)
		return;
	g_printerr("The update service went away\n");
	watch->status = STATUS_BUS;
	g_main_loop_quit(watch->loop);
}

static gboolean
on_signal(gpointer data)
{
	Watch *watch = data;

	watch->status = STATUS_INTERRUPTED;
	g_main_loop_quit(watch->loop);
	return G_SOURCE_CONTINUE;
}

static void
add_string(GVariantDict *args, const char *key, const char *value)
{
	if (value != NULL)
		g_variant_dict_insert(args, key, "s", value);
}

static void
add_flag(GVariantDict *args, const char *key, gboolean value)
{
	if (value)
		g_variant_dict_insert(args, key, "b", TRUE);
}

static GVariant *
make_args(const BscRaucClientInstall *install)
{
	g_auto(GVariantDict) args = G_VARIANT_DICT_INIT(NULL);

	add_flag(&args, "ignore-compatible", install->ignore_compatible);
	add_flag(&args, "ignore-version-limit", install->ignore_version_limit);
	add_string(&args, "transaction-id", install->transaction_id);
	add_string(&args, "require-manifest-hash", install->require_manifest_hash);
	add_string(&args, "tls-cert", install->tls_cert);
	add_string(&args, "tls-key", install->tls_key);
	add_string(&args, "tls-ca", install->tls_ca);
	add_flag(&args, "tls-no-verify", install->tls_no_verify);
	if (install->http_headers != NULL)
		g_variant_dict_insert(&args, "http-headers", "^as", install->http_headers);
	return g_variant_dict_end(&args);
}

static int
run_install(const BscRaucClientInstall *install)
{
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	Watch watch = {.loop = loop, .status = STATUS_BUS};
	g_autoptr(GError) error = NULL;
	g_autoptr(BscRaucInstaller) proxy = connect_service(&error);
	guint interrupt;

	if (proxy == NULL) {
		g_printerr("Error creating proxy: %s\n", error->message);
		return STATUS_BUS;
	}
	if (install->progress && isatty(STDOUT_FILENO))
		watch.bar = bsc_progress_bar_new(stdout, BSC_PROGRESS_BAR_BAR);
	g_signal_connect(proxy, "g-properties-changed", G_CALLBACK(on_properties_changed), &watch);
	g_signal_connect(proxy, "completed", G_CALLBACK(on_completed), &watch);
	if (bsc_rauc_installer_call_install_bundle_sync(proxy, install->source, make_args(install),
							CALL_FLAGS, CALL_TIMEOUT, NULL, &error)) {
		g_signal_connect(proxy, "notify::g-name-owner", G_CALLBACK(on_owner_changed),
				 &watch);
		interrupt = g_unix_signal_add(SIGINT, on_signal, &watch);
		g_main_loop_run(loop);
		g_source_remove(interrupt);
	} else {
		g_printerr("Failed %s\n", error->message);
	}
	g_signal_handlers_disconnect_by_data(proxy, &watch);
	bsc_progress_bar_free(watch.bar);
	return watch.status;
}

int
bsc_rauc_client_install(const BscRaucClientInstall *install)
{
	int status = run_install(install);

	if (status == STATUS_OK)
		g_print("Installing `%s` succeeded\n", install->source);
	else if (status == STATUS_FAILED)
		g_printerr("Installing `%s` failed\n", install->source);
	else if (status == STATUS_BUS)
		g_printerr("D-Bus error while installing `%s`\n", install->source);
	return status;
}

static const char *
get_property(BscRaucInstaller *proxy, const char *(*get)(BscRaucInstaller *))
{
	const char *value = get(proxy);

	return value != NULL ? value : "";
}

/* The dictionaries of org.bascule.Update1, from what RAUC's interface tells. */
static GVariant *
make_status(BscRaucInstaller *proxy, GVariant *slots)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *primary = NULL;
	GVariantIter iter;
	const char *name;
	GVariant *slot;

	g_variant_dict_insert(&dict, "compatible", "s",
			      get_property(proxy, bsc_rauc_installer_get_compatible));
	g_variant_dict_insert(&dict, "variant", "s",
			      get_property(proxy, bsc_rauc_installer_get_variant));
	g_variant_dict_insert(&dict, "version", "s",
			      get_property(proxy, bsc_rauc_installer_get_system_version));
	g_variant_dict_insert(&dict, "boot-slot", "s",
			      get_property(proxy, bsc_rauc_installer_get_boot_slot));
	if (bsc_rauc_installer_call_get_primary_sync(proxy, CALL_FLAGS, CALL_TIMEOUT, &primary,
						     NULL, &error))
		g_variant_dict_insert(&dict, "primary", "s", primary);
	else if (g_dbus_error_strip_remote_error(error))
		g_printerr("%s\n", error->message);
	g_variant_iter_init(&iter, slots);
	while (g_variant_iter_loop(&iter, "(&s@a{sv})", &name, &slot)) {
		if (g_strcmp0(bsc_output_get(slot, "state"), "booted") == 0)
			g_variant_dict_insert(&dict, "booted", "s", name);
	}
	return g_variant_ref_sink(g_variant_dict_end(&dict));
}

static int
fail_status(GError *error)
{
	g_dbus_error_strip_remote_error(error);
	g_printerr("Error retrieving slot status via D-Bus: %s\n", error->message);
	return STATUS_FAILED;
}

int
bsc_rauc_client_status(BscOutputFormat format, gboolean detailed)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscRaucInstaller) proxy = connect_service(&error);
	g_autoptr(GVariant) slots = NULL;
	g_autoptr(GVariant) status = NULL;
	g_autofree char *text = NULL;

	if (proxy == NULL || !bsc_rauc_installer_call_get_slot_status_sync(
				     proxy, CALL_FLAGS, CALL_TIMEOUT, &slots, NULL, &error))
		return fail_status(error);
	status = make_status(proxy, slots);
	if (format == BSC_OUTPUT_READABLE)
		text = bsc_rauc_output_format_status(status, slots, detailed);
	else if (format == BSC_OUTPUT_SHELL)
		text = bsc_status_export_shell(status, slots, detailed);
	else
		text = bsc_status_export_json(status, slots, format, detailed);
	/* RAUC ends the first two with an empty line */
	g_print("%s%s", text,
		format == BSC_OUTPUT_READABLE || format == BSC_OUTPUT_SHELL ? "\n" : "");
	return STATUS_OK;
}

int
bsc_rauc_client_mark(const char *state, const char *slot)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscRaucInstaller) proxy = connect_service(&error);
	g_autofree char *message = NULL;

	if (proxy == NULL)
		return fail_status(error);
	if (!bsc_rauc_installer_call_mark_sync(proxy, state, slot, CALL_FLAGS, CALL_TIMEOUT, NULL,
					       &message, NULL, &error)) {
		g_dbus_error_strip_remote_error(error);
		g_printerr("rauc mark: %s\n", error->message);
		return STATUS_FAILED;
	}
	g_print("rauc status: %s\n", message);
	return STATUS_OK;
}
