/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/cmd-result.c - bascule result and cancel: an installation by its transaction */
#include "config.h"

#include "installer/client/cmd.h"
#include "installer/client/exit-code.h"

static struct {
	char *output_format;
} options;

static const GOptionEntry entries[] = {
	{"output-format", 0, 0, G_OPTION_ARG_STRING, &options.output_format,
	 "readable, json, json-pretty", "FORMAT"},
	{0},
};

char *
bsc_cmd_format_result(const BscBackendResult *result, BscOutputFormat format)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	GVariantIter iter;
	const char *key;
	GVariant *value;

	json_builder_begin_object(builder);
	bsc_output_add_json(builder, "transaction", result->transaction);
	bsc_output_add_json(builder, "outcome", result->outcome);
	bsc_output_add_json(builder, "message",
			    result->message && result->message[0] ? result->message : NULL);
	if (result->details != NULL) {
		g_variant_iter_init(&iter, result->details);
		while (g_variant_iter_loop(&iter, "{&sv}", &key, &value)) {
			g_autofree char *member = g_strdelimit(g_strdup(key), "-", '_');

			if (g_str_equal(member, "transaction"))
				continue;
			json_builder_set_member_name(builder, member);
			bsc_output_add_json_value(builder, value);
		}
	}
	json_builder_end_object(builder);
	return bsc_output_end_json(builder, format);
}

static void
add_row(GPtrArray *rows, const char *name, const char *value)
{
	const char *cells[] = {name, value, NULL};

	if (value != NULL && value[0] != '\0')
		g_ptr_array_add(rows, g_strdupv((char **)cells));
}

static char *
format_readable(const BscBackendResult *result)
{
	static const char *const keys[] = {"version", "manifest-hash", "from",
					   "started", "ended",	       "phase"};
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	g_autofree char *to = bsc_output_join(result->details, "to");

	add_row(rows, "transaction", result->transaction);
	add_row(rows, "outcome", result->outcome);
	add_row(rows, "message", result->message);
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
		add_row(rows, keys[i], bsc_output_get(result->details, keys[i]));
	add_row(rows, "to", to);
	return bsc_output_align(rows, 0);
}

static int
run_result(const BscCmdLine *line)
{
	BscOutputFormat format;
	g_autoptr(BscBackend) backend = NULL;
	g_auto(BscBackendResult) result = {0};
	g_autofree char *text = NULL;
	GError *error = NULL;
	BscOutcome outcome;
	int status;

	if (line->n_args > 1)
		return bsc_cmd_fail_usage(line, "too many arguments");
	if (!bsc_output_format_from_string(options.output_format, &format) ||
	    format == BSC_OUTPUT_SHELL)
		return bsc_cmd_fail_usage(line, "unknown output format '%s'",
					  options.output_format);
	backend = bsc_cmd_open(line, &status);
	if (backend == NULL)
		return status;
	if (!bsc_backend_get_result(backend, line->args[0], &result, &error))
		return bsc_cmd_fail(error);
	text = format == BSC_OUTPUT_READABLE ? format_readable(&result)
					     : bsc_cmd_format_result(&result, format);
	g_print("%s", text);
	if (!bsc_outcome_from_string(result.outcome, &outcome))
		return BSC_EXIT_CODE_DETACHED; /* it still runs */
	return bsc_exit_code_from_outcome(outcome);
}

const BscCmd bsc_cmd_result = {
	.name = "result",
	.arguments = "[TRANSACTION]",
	.summary = "tell how an installation ended, also after a reboot",
	.options = entries,
	.run = run_result,
};

static int
run_cancel(const BscCmdLine *line)
{
	g_autoptr(BscBackend) backend = NULL;
	GError *error = NULL;
	int status;

	if (line->n_args > 1)
		return bsc_cmd_fail_usage(line, "too many arguments");
	backend = bsc_cmd_open(line, &status);
	if (backend == NULL)
		return status;
	if (!bsc_backend_cancel(backend, line->args[0], &error))
		return bsc_cmd_fail(error);
	g_print("The installation will stop\n");
	return BSC_EXIT_CODE_OK;
}

const BscCmd bsc_cmd_cancel = {
	.name = "cancel",
	.arguments = "[TRANSACTION]",
	.summary = "stop the installation that runs, as long as nothing is switched over",
	.run = run_cancel,
};
