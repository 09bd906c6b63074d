/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/cmd-doctor.c - bascule doctor: what this device lacks, before an update does */
#include "config.h"

#include "installer/client/backend-local.h"
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

static char *
format_readable(GVariant *findings)
{
	GString *text = g_string_new(NULL);
	GVariantIter iter;
	const char *level;
	const char *subject;
	const char *found;
	const char *advice;

	g_variant_iter_init(&iter, findings);
	while (g_variant_iter_next(&iter, "(&s&s&s&s)", &level, &subject, &found, &advice)) {
		g_string_append_printf(text, "%-8s %s: %s\n", level, subject, found);
		if (advice[0] != '\0')
			g_string_append_printf(text, "         → %s\n", advice);
	}
	return g_string_free(text, FALSE);
}

static char *
format_json(GVariant *findings, BscOutputFormat format)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	GVariantIter iter;
	const char *level;
	const char *subject;
	const char *found;
	const char *advice;

	json_builder_begin_array(builder);
	g_variant_iter_init(&iter, findings);
	while (g_variant_iter_next(&iter, "(&s&s&s&s)", &level, &subject, &found, &advice)) {
		json_builder_begin_object(builder);
		bsc_output_add_json(builder, "level", level);
		bsc_output_add_json(builder, "subject", subject);
		bsc_output_add_json(builder, "text", found);
		bsc_output_add_json(builder, "advice", advice[0] != '\0' ? advice : NULL);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	return bsc_output_end_json(builder, format);
}

static gboolean
has_error(GVariant *findings)
{
	GVariantIter iter;
	const char *level;

	g_variant_iter_init(&iter, findings);
	while (g_variant_iter_next(&iter, "(&s&s&s&s)", &level, NULL, NULL, NULL)) {
		if (g_str_equal(level, "error"))
			return TRUE;
	}
	return FALSE;
}

static int
run(const BscCmdLine *line)
{
	BscOutputFormat format;
	g_autoptr(GVariant) findings = NULL;
	g_autofree char *text = NULL;

	if (line->n_args > 0)
		return bsc_cmd_fail_usage(line, "too many arguments");
	if (!bsc_output_format_from_string(options.output_format, &format) ||
	    format == BSC_OUTPUT_SHELL)
		return bsc_cmd_fail_usage(line, "unknown output format '%s'",
					  options.output_format);
	findings = bsc_backend_local_doctor(&line->backend);
	text = format == BSC_OUTPUT_READABLE ? format_readable(findings)
					     : format_json(findings, format);
	g_print("%s", text);
	return has_error(findings) ? BSC_EXIT_CODE_FAILED : BSC_EXIT_CODE_OK;
}

const BscCmd bsc_cmd_doctor = {
	.name = "doctor",
	.arguments = "",
	.summary = "tell what an update would lack on this device",
	.options = entries,
	.run = run,
};
