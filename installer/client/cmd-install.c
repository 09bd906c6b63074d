/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/cmd-install.c - bascule install: a bundle into the slots that do not run */
#include "config.h"

#include "installer/client/cmd.h"
#include "installer/client/exit-code.h"
#include "installer/output/progress-bar.h"

#include <glib-unix.h>
#include <signal.h>

static struct {
	gboolean ignore_compatible;
	gboolean ignore_version_limit;
	gboolean force_on_trial;
	gboolean progress;
	gboolean no_progress;
	char *require_manifest_hash;
	char *transaction_id;
	char *handler_args;
	char *output_format;
} options;

static const GOptionEntry entries[] = {
	{"ignore-compatible", 0, 0, G_OPTION_ARG_NONE, &options.ignore_compatible,
	 "install although the bundle is for another kind of device", NULL},
	{"ignore-version-limit", 0, 0, G_OPTION_ARG_NONE, &options.ignore_version_limit,
	 "install although the version is too low", NULL},
	{"force-on-trial", 0, 0, G_OPTION_ARG_NONE, &options.force_on_trial,
	 "install although the booted slot is not yet marked good", NULL},
	{"require-manifest-hash", 0, 0, G_OPTION_ARG_STRING, &options.require_manifest_hash,
	 "refuse any other bundle", "HEX"},
	{"transaction-id", 0, 0, G_OPTION_ARG_STRING, &options.transaction_id,
	 "name of this installation; it runs at most once", "ID"},
	{"handler-args", 0, 0, G_OPTION_ARG_STRING, &options.handler_args,
	 "words for the bundle's handler", "ARGS"},
	{"progress", 0, 0, G_OPTION_ARG_NONE, &options.progress,
	 "draw the progress bar, terminal or not", NULL},
	{"no-progress", 0, 0, G_OPTION_ARG_NONE, &options.no_progress, "print only the result",
	 NULL},
	{"output-format", 0, 0, G_OPTION_ARG_STRING, &options.output_format,
	 "of the result: readable, shell, json, json-pretty", "FORMAT"},
	{0},
};

static void
on_progress(const BscBackendProgress *progress, gpointer data)
{
	BscProgressBarState state = {
		.percent = progress->percent,
		.message = progress->message,
		.bytes_done = progress->bytes_done,
		.bytes_total = progress->bytes_total,
		.rate = progress->rate,
		.seconds_left = progress->seconds_left,
	};

	bsc_progress_bar_update(data, &state);
}

static gboolean
on_signal(gpointer data)
{
	g_cancellable_cancel(data);
	return G_SOURCE_CONTINUE;
}

static void
add_size(GString *text, GVariant *slot, const char *key, const char *words)
{
	uint64_t bytes = 0;
	g_autofree char *size = NULL;

	bsc_output_get_number(slot, key, &bytes);
	size = bsc_output_format_size(bytes);
	g_string_append_printf(text, ", %s %s", size, words);
}

/* What was done to each slot; the service does not tell, standalone does. */
static void
add_reports(GString *text, GVariant *details)
{
	g_autoptr(GVariantIter) iter = NULL;
	GVariant *slot;

	if (details == NULL || !g_variant_lookup(details, "slots", "aa{sv}", &iter))
		return;
	while (g_variant_iter_loop(iter, "@a{sv}", &slot)) {
		g_string_append_printf(text, "  %s", bsc_output_get(slot, "slot"));
		if (bsc_output_get_flag(slot, "skipped")) {
			g_string_append(text, ", skipped: it holds this image already\n");
			continue;
		}
		add_size(text, slot, "bytes-total", "image");
		add_size(text, slot, "bytes-written", "written");
		add_size(text, slot, "bytes-equal", "were there already");
		add_size(text, slot, "bytes-zeroed", "zero");
		add_size(text, slot, "bytes-verified", "read back");
		g_string_append_c(text, '\n');
	}
}

static char *
format_readable(const BscBackendResult *result, gboolean is_ok)
{
	GString *text = g_string_new(NULL);
	const char *version = bsc_output_get(result->details, "version");
	g_autofree char *to = bsc_output_join(result->details, "to");

	if (!is_ok)
		return g_string_free(text, FALSE); /* the error says it all */
	g_string_append_printf(text, "Installed%s%s", version ? " version " : "",
			       version ? version : "");
	if (to[0] != '\0')
		g_string_append_printf(text, " into %s", to);
	g_string_append_printf(text, " (transaction %s)\n", result->transaction);
	add_reports(text, result->details);
	return g_string_free(text, FALSE);
}

static char *
format_shell(const BscBackendResult *result)
{
	GString *text = g_string_new(NULL);
	g_autofree char *to = bsc_output_join(result->details, "to");

	bsc_output_add_shell(text, "BASCULE_TRANSACTION", result->transaction);
	bsc_output_add_shell(text, "BASCULE_OUTCOME", result->outcome);
	bsc_output_add_shell(text, "BASCULE_MESSAGE", result->message);
	bsc_output_add_shell(text, "BASCULE_VERSION", bsc_output_get(result->details, "version"));
	bsc_output_add_shell(text, "BASCULE_MANIFEST_HASH",
			     bsc_output_get(result->details, "manifest-hash"));
	bsc_output_add_shell(text, "BASCULE_SLOTS", to);
	return g_string_free(text, FALSE);
}

static void
print_result(const BscBackendResult *result, const GError *error, BscOutputFormat format)
{
	BscBackendResult shown = *result;
	g_autofree char *text = NULL;

	/* refused before it had a record: the words come from the error */
	if (shown.outcome == NULL && error != NULL && error->code < BSC_OUTCOME_N)
		shown.outcome = (char *)bsc_outcome_to_string((BscOutcome)error->code);
	if (shown.message == NULL && error != NULL)
		shown.message = error->message;
	if (format == BSC_OUTPUT_READABLE)
		text = format_readable(&shown, error == NULL);
	else if (format == BSC_OUTPUT_SHELL)
		text = format_shell(&shown);
	else
		text = bsc_cmd_format_result(&shown, format);
	g_print("%s", text);
}

static BscProgressBarStyle
get_style(void)
{
	if (options.no_progress)
		return BSC_PROGRESS_BAR_NONE;
	return options.progress ? BSC_PROGRESS_BAR_BAR : BSC_PROGRESS_BAR_AUTO;
}

static int
install(BscBackend *backend, const char *path, BscOutputFormat format)
{
	BscBackendRequest request = {
		.path = path,
		.require_manifest_hash = options.require_manifest_hash,
		.transaction_id = options.transaction_id,
		.handler_args = options.handler_args,
		.ignore_compatible = options.ignore_compatible,
		.ignore_version_limit = options.ignore_version_limit,
		.force_on_trial = options.force_on_trial,
	};
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_auto(BscBackendResult) result = {0};
	BscProgressBar *bar = bsc_progress_bar_new(stderr, get_style());
	guint interrupt = g_unix_signal_add(SIGINT, on_signal, cancellable);
	guint terminate = g_unix_signal_add(SIGTERM, on_signal, cancellable);
	GError *error = NULL;

	bsc_backend_install(backend, &request, on_progress, bar, cancellable, &result, &error);
	g_source_remove(interrupt);
	g_source_remove(terminate);
	bsc_progress_bar_free(bar);
	print_result(&result, error, format);
	return error == NULL ? BSC_EXIT_CODE_OK : bsc_cmd_fail(error);
}

static int
run(const BscCmdLine *line)
{
	BscOutputFormat format;
	GError *error = NULL;
	g_autofree char *path = NULL;
	g_autoptr(BscBackend) backend = NULL;
	int status;

	if (line->n_args != 1)
		return bsc_cmd_fail_usage(line, "%s",
					  line->n_args == 0 ? "no bundle given"
							    : "only one bundle at a time");
	if (!bsc_output_format_from_string(options.output_format, &format))
		return bsc_cmd_fail_usage(line, "unknown output format '%s'",
					  options.output_format);
	path = bsc_cmd_resolve_bundle(line->args[0], &error);
	if (path == NULL)
		return bsc_cmd_fail(error);
	backend = bsc_cmd_open(line, &status);
	return backend != NULL ? install(backend, path, format) : status;
}

const BscCmd bsc_cmd_install = {
	.name = "install",
	.arguments = "FILE",
	.summary = "install a bundle into the slots that do not run",
	.options = entries,
	.run = run,
};
