/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/cmd-status.c - bascule status: system and slots; also the mark- verbs */
#include "config.h"

#include "installer/client/cmd.h"
#include "installer/client/exit-code.h"
#include "installer/output/status-output.h"

static struct {
	gboolean detailed;
	char *output_format;
} options;

static const GOptionEntry entries[] = {
	{"detailed", 0, 0, G_OPTION_ARG_NONE, &options.detailed,
	 "also what is recorded of each slot", NULL},
	{"output-format", 0, 0, G_OPTION_ARG_STRING, &options.output_format,
	 "readable, shell, json, json-pretty", "FORMAT"},
	{0},
};

static int
print_status(const BscCmdLine *line, BscOutputFormat format)
{
	int exit_status;
	g_autoptr(BscBackend) backend = bsc_cmd_open(line, &exit_status);
	g_autoptr(GVariant) status = NULL;
	g_autoptr(GVariant) slots = NULL;
	g_autofree char *text = NULL;
	GError *error = NULL;

	if (backend == NULL)
		return exit_status;
	if (!bsc_backend_query(backend, &status, &slots, &error))
		return bsc_cmd_fail(error);
	text = bsc_status_output_format(status, slots, format, options.detailed);
	g_print("%s", text);
	return BSC_EXIT_CODE_OK;
}

static int
run(const BscCmdLine *line)
{
	BscOutputFormat format;

	if (line->n_args > 0 && g_str_has_prefix(line->args[0], "mark-")) {
		if (line->n_args > 2)
			return bsc_cmd_fail_usage(line, "too many arguments");
		return bsc_cmd_run_mark(line, line->args[0] + strlen("mark-"), line->args[1]);
	}
	if (line->n_args > 0)
		return bsc_cmd_fail_usage(line, "unknown subcommand '%s'", line->args[0]);
	if (!bsc_output_format_from_string(options.output_format, &format))
		return bsc_cmd_fail_usage(line, "unknown output format '%s'",
					  options.output_format);
	return print_status(line, format);
}

const BscCmd bsc_cmd_status = {
	.name = "status",
	.arguments = "[mark-good|mark-bad|mark-active [booted|other|SLOT]]",
	.summary = "tell what runs, what boots next and what the slots hold",
	.options = entries,
	.run = run,
};
