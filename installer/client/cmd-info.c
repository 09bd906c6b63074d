/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/cmd-info.c - bascule info: verify a bundle and tell what is in it */
#include "config.h"

#include "installer/client/cmd.h"
#include "installer/client/exit-code.h"
#include "installer/output/bundle-output.h"

static struct {
	char *output_format;
} options;

static const GOptionEntry entries[] = {
	{"output-format", 0, 0, G_OPTION_ARG_STRING, &options.output_format,
	 "readable, shell, json, json-pretty", "FORMAT"},
	{0},
};

static int
run(const BscCmdLine *line)
{
	BscOutputFormat format;
	GError *error = NULL;
	g_autofree char *path = NULL;
	g_autofree char *text = NULL;
	g_autoptr(BscBackend) backend = NULL;
	g_autoptr(GVariant) info = NULL;
	int status;

	if (line->n_args != 1)
		return bsc_cmd_fail_usage(line, "give one bundle");
	if (!bsc_output_format_from_string(options.output_format, &format))
		return bsc_cmd_fail_usage(line, "unknown output format '%s'",
					  options.output_format);
	path = bsc_cmd_resolve_bundle(line->args[0], &error);
	if (path == NULL)
		return bsc_cmd_fail(error);
	backend = bsc_cmd_open(line, &status);
	if (backend == NULL)
		return status;
	info = bsc_backend_inspect(backend, path, &error);
	if (info == NULL)
		return bsc_cmd_fail(error);
	text = bsc_bundle_output_format(info, format);
	g_print("%s", text);
	return BSC_EXIT_CODE_OK;
}

const BscCmd bsc_cmd_info = {
	.name = "info",
	.arguments = "FILE",
	.summary = "verify a bundle and tell what is in it",
	.options = entries,
	.run = run,
};
