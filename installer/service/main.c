/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/service/main.c - basculed: starts the service and stops it */
#include "config.h"

#include "common/log.h"
#include "common/notify.h"
#include "dbus/dbus-names.h"
#include "installer/engine/job-record.h"
#include "installer/service/rauc-name.h"
#include "installer/service/service-rauc.h"
#include "installer/service/service.h"
#include "installer/system/system-config.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <malloc.h>
#include <stdlib.h>

typedef struct {
	gboolean confined;
	gboolean debug;
	gboolean session;
	gboolean version;
	char *config_path;
	char *keyring_path;
	char *mount_prefix;
	char *override_boot_slot;
	char *run_dir;
	char *root_dir;
	char **overrides;
} Options;

/* Everything main() starts; stopped in reverse order. */
typedef struct {
	GMainLoop *loop;
	BscSystem *system;
	GDBusConnection *bus;
	BscJob *job;
	BscStatusReader *reader;
	BscAuthorize *authorize;
	BscService *service;
	BscServiceRauc *service_rauc;
	BscRaucName *rauc_name;
	guint bus_name;
	gboolean is_stopping;
	int exit_status;
} Daemon;

static gboolean
parse_options(int *argc, char ***argv, Options *options, GError **error)
{
	const GOptionEntry entries[] = {
		{"conf", 'c', 0, G_OPTION_ARG_FILENAME, &options->config_path,
		 "Use this configuration file", "FILE"},
		{"confopt", 'C', 0, G_OPTION_ARG_STRING_ARRAY, &options->overrides,
		 "Set or change one key of the configuration", "SECTION:KEY=VALUE"},
		{"keyring", 0, 0, G_OPTION_ARG_FILENAME, &options->keyring_path,
		 "Trust these certificates instead of the configured ones", "PEMFILE"},
		{"mount", 0, 0, G_OPTION_ARG_FILENAME, &options->mount_prefix,
		 "Mount slots below this directory", "DIR"},
		{"override-boot-slot", 0, 0, G_OPTION_ARG_STRING, &options->override_boot_slot,
		 "Take this slot as the booted one", "BOOTNAME"},
		{"run-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->run_dir,
		 "Directory of the lock and of temporary files (/run/bascule)", "DIR"},
		{"root", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &options->root_dir,
		 "Look for /etc, /run, /usr, /proc and /sys here", "DIR"},
		{"confined", 0, 0, G_OPTION_ARG_NONE, &options->confined,
		 "Run hooks as systemd units of their own, outside this service's sandbox", NULL},
		{"session", 0, 0, G_OPTION_ARG_NONE, &options->session,
		 "Serve on the session bus instead of the system bus", NULL},
		{"debug", 'd', 0, G_OPTION_ARG_NONE, &options->debug, "Log more", NULL},
		{"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);

	g_option_context_set_summary(context, "Serves updates of this device on D-Bus.");
	g_option_context_add_main_entries(context, entries, NULL);
	return g_option_context_parse(context, argc, argv, error);
}

static void
options_clear(Options *options)
{
	g_free(options->config_path);
	g_free(options->keyring_path);
	g_free(options->mount_prefix);
	g_free(options->override_boot_slot);
	g_free(options->run_dir);
	g_free(options->root_dir);
	g_strfreev(options->overrides);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* The session bus also where RAUC's clients and test suites say so. */
static GBusType
choose_bus(const Options *options)
{
	if (options->session || g_strcmp0(g_getenv("DBUS_STARTER_BUS_TYPE"), "session") == 0)
		return G_BUS_TYPE_SESSION;
	return G_BUS_TYPE_SYSTEM;
}

static void
quit_if_idle(Daemon *daemon)
{
	if (daemon->is_stopping && bsc_job_is_idle(daemon->job) &&
	    bsc_status_reader_is_idle(daemon->reader))
		g_main_loop_quit(daemon->loop);
}

static gboolean
on_stop_timer(gpointer data)
{
	quit_if_idle(data);
	return G_SOURCE_CONTINUE;
}

/* An installation that runs is waited for. */
static void
stop(Daemon *daemon, int exit_status)
{
	if (daemon->is_stopping)
		return;
	daemon->is_stopping = TRUE;
	daemon->exit_status = exit_status;
	bsc_notify("STOPPING=1");
	bsc_job_close(daemon->job);
	g_timeout_add(50, on_stop_timer, daemon);
	quit_if_idle(daemon);
}

static gboolean
on_signal(gpointer data)
{
	Daemon *daemon = data;
	g_autoptr(GError) error = NULL;

	g_message("Stopping");
	if (bsc_job_get_transaction(daemon->job) != NULL &&
	    !bsc_job_cancel(daemon->job, NULL, &error))
		g_message("Waiting for the installation to end: %s", error->message);
	stop(daemon, EXIT_SUCCESS);
	return G_SOURCE_CONTINUE;
}

/* What was begun is finished: that nobody can watch it is no reason to lose it. */
static void
on_bus_closed(GDBusConnection *bus, gboolean remote_peer_vanished, GError *error, gpointer data)
{
	g_warning("The bus is gone: %s", error != NULL ? error->message : "connection closed");
	stop(data, EXIT_FAILURE);
}

static void
on_name_acquired(GDBusConnection *bus, const char *name, gpointer data)
{
	Daemon *daemon = data;

	g_message("Serving %s, configured by %s", name,
		  bsc_system_handle_get_config(daemon->system)->path);
	malloc_trim(0);
	bsc_notify("READY=1\nSTATUS=Idle");
}

static void
on_name_lost(GDBusConnection *bus, const char *name, gpointer data)
{
	Daemon *daemon = data;

	if (!daemon->is_stopping)
		g_warning("Failed to obtain name %s: another program has it, or the bus's policy "
			  "does not allow it",
			  name);
	stop(daemon, EXIT_FAILURE);
}

static gboolean
on_watchdog(gpointer data)
{
	bsc_notify("WATCHDOG=1");
	return G_SOURCE_CONTINUE;
}

static void
start_watchdog(void)
{
	const char *text = g_getenv("WATCHDOG_USEC");
	guint64 usec = 0;

	if (text != NULL && g_ascii_string_to_unsigned(text, 10, 2000, G_MAXINT64, &usec, NULL))
		g_timeout_add((guint)MIN(usec / 2000, G_MAXUINT), on_watchdog, NULL);
}

static void
on_job_progress(const char *transaction, const BscProgressState *state, gpointer data)
{
	g_autofree char *text = NULL;

	if (!state->is_step)
		return;
	text = g_strdup_printf("STATUS=Installing: %d %%, %s", state->percent, state->message);
	bsc_notify(text);
}

static void
on_job_completed(const BscJobResult *result, gpointer data)
{
	bsc_notify("STATUS=Idle");
	quit_if_idle(data);
}

static gboolean
open_system(Daemon *daemon, const Options *options, GError **error)
{
	g_autoptr(GError) local = NULL;

	daemon->system = bsc_system_handle_new(
		&(BscSystemOptions){
			.config_path = options->config_path,
			.overrides = (const char *const *)options->overrides,
			.mount_prefix = options->mount_prefix,
			.override_boot_slot = options->override_boot_slot,
			.keyring_path = options->keyring_path,
			.run_dir = options->run_dir,
			.root_dir = options->root_dir,
			.is_confined = options->confined,
		},
		error);
	if (daemon->system == NULL)
		return FALSE;
	if (!bsc_job_record_resolve(daemon->system, &local))
		g_warning("An installation that did not end could not be judged: %s",
			  local->message);
	g_clear_error(&local);
	if (!bsc_system_handle_note_boot(daemon->system, &local))
		g_warning("The booted slot could not be noted: %s", local->message);
	return TRUE;
}

/* Who may install besides root where the configuration does not say. */
static BscAuthorize *
make_authorize(GDBusConnection *bus, const BscSystemConfig *config)
{
	static const char *const agent[] = {"bascule-agent", NULL};
	const char *const *users = (const char *const *)config->install_users;
	const char *const *groups = (const char *const *)config->install_groups;

	return bsc_authorize_new(bus, users == NULL && groups == NULL ? agent : users, groups);
}

static void
build_services(Daemon *daemon)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(daemon->system);
	BscServiceParts parts = {.system = daemon->system};

	daemon->job = parts.job = bsc_job_new(daemon->system, NULL);
	daemon->reader = parts.reader = bsc_status_reader_new(daemon->system);
	daemon->authorize = parts.authorize = make_authorize(daemon->bus, config);
	daemon->service = bsc_service_new(&parts);
	daemon->service_rauc = bsc_service_rauc_new(&parts);
	bsc_job_add_listener(daemon->job, &(BscJobListener){
						  .progress = on_job_progress,
						  .completed = on_job_completed,
						  .data = daemon,
					  });
}

static gboolean
start(Daemon *daemon, const Options *options, GError **error)
{
	if (!open_system(daemon, options, error))
		return FALSE;
	daemon->bus = g_bus_get_sync(choose_bus(options), NULL, error);
	if (daemon->bus == NULL)
		return FALSE;
	g_dbus_connection_set_exit_on_close(daemon->bus, FALSE);
	g_signal_connect(daemon->bus, "closed", G_CALLBACK(on_bus_closed), daemon);
	build_services(daemon);
	if (!bsc_service_export(daemon->service, daemon->bus, error) ||
	    !bsc_service_rauc_export(daemon->service_rauc, daemon->bus, error))
		return FALSE;
	/* before our own name: who finds us finds the rule about writing in force */
	daemon->rauc_name = bsc_rauc_name_new(daemon->bus, daemon->system);
	daemon->bus_name = g_bus_own_name_on_connection(
		daemon->bus, BSC_DBUS_NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, on_name_acquired,
		on_name_lost, daemon, NULL);
	return TRUE;
}

static void
finish(Daemon *daemon)
{
	if (daemon->bus_name != 0)
		g_bus_unown_name(daemon->bus_name);
	if (daemon->bus != NULL) {
		g_signal_handlers_disconnect_by_data(daemon->bus, daemon);
		g_dbus_connection_flush_sync(daemon->bus, NULL, NULL);
	}
	bsc_rauc_name_free(daemon->rauc_name);
	bsc_service_rauc_free(daemon->service_rauc);
	bsc_service_free(daemon->service);
	bsc_authorize_unref(daemon->authorize);
	bsc_status_reader_free(daemon->reader);
	bsc_job_free(daemon->job);
	g_clear_object(&daemon->bus);
	bsc_system_handle_unref(daemon->system);
	g_main_loop_unref(daemon->loop);
}

static int
run(const Options *options)
{
	Daemon daemon = {.exit_status = EXIT_FAILURE};
	g_autoptr(GError) error = NULL;

	daemon.loop = g_main_loop_new(NULL, FALSE);
	if (!start(&daemon, options, &error)) {
		g_warning("Failed to start: %s", error->message);
		finish(&daemon);
		return EXIT_FAILURE;
	}
	g_unix_signal_add(SIGTERM, on_signal, &daemon);
	g_unix_signal_add(SIGINT, on_signal, &daemon);
	start_watchdog();
	g_main_loop_run(daemon.loop);
	finish(&daemon);
	return daemon.exit_status;
}

int
main(int argc, char **argv)
{
	g_auto(Options) options = {0};
	g_autoptr(GError) error = NULL;

	/* Few arenas: memory of worker threads goes back to the system by malloc_trim(). */
	mallopt(M_ARENA_MAX, 2);
	if (!parse_options(&argc, &argv, &options, &error)) {
		g_printerr("%s\n", error->message);
		return 2;
	}
	if (argc > 1) {
		g_printerr("Unexpected argument '%s'\n", argv[1]);
		return 2;
	}
	if (options.version) {
		g_print("basculed %s\n", PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	bsc_log_init(options.debug);
	return run(&options);
}
