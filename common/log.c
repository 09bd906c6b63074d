/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *
field_value(const GLogField *fields, gsize n_fields, const char *name)
{
	for (gsize i = 0; i < n_fields; i++) {
		if (strcmp(fields[i].key, name) == 0 && fields[i].length < 0)
			return fields[i].value;
	}
	return "";
}

static GLogWriterOutput
write_record(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
	gboolean debug = GPOINTER_TO_INT(data);

	if ((level & G_LOG_LEVEL_DEBUG) != 0 && !debug &&
	    g_log_writer_default_would_drop(level, field_value(fields, n_fields, "GLIB_DOMAIN")))
		return G_LOG_WRITER_HANDLED;
	if (g_log_writer_is_journald(STDERR_FILENO) &&
	    g_log_writer_journald(level, fields, n_fields, NULL) == G_LOG_WRITER_HANDLED)
		return G_LOG_WRITER_HANDLED;
	/* One fprintf a record: lines of several threads stay whole. */
	fprintf(stderr, "%s%s\n",
		(level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR)) != 0
			? "warning: "
			: "",
		field_value(fields, n_fields, "MESSAGE"));
	return G_LOG_WRITER_HANDLED;
}

void
bsc_log_init(gboolean debug)
{
	g_log_set_writer_func(write_record, GINT_TO_POINTER(debug), NULL);
}

static GLogWriterOutput
write_command_record(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
	if ((level & (G_LOG_LEVEL_DEBUG | G_LOG_LEVEL_INFO)) == 0)
		g_log_writer_journald(level, fields, n_fields, NULL);
	/* what an event says, the command says in its own words */
	if ((level & (G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR)) != 0 &&
	    strcmp(field_value(fields, n_fields, "GLIB_DOMAIN"), "bascule-event") != 0)
		fprintf(stderr, "warning: %s\n", field_value(fields, n_fields, "MESSAGE"));
	return G_LOG_WRITER_HANDLED;
}

void
bsc_log_init_command(gboolean debug)
{
	if (debug)
		bsc_log_init(TRUE);
	else
		g_log_set_writer_func(write_command_record, NULL, NULL);
}

char *
bsc_log_redact(const char *text)
{
	static const struct {
		const char *pattern;
		const char *replacement;
	} rules[] = {
		{"([a-z][a-z0-9+.-]*://)[^/@\\s]+@", "\\1***@"},
		{"(authorization\\s*[:=]\\s*)[^\\r\\n]+", "\\1***"},
		{"((?:token|key|password|passphrase|pin)\\s*=\\s*)[^\\s&;]+", "\\1***"},
	};
	char *clean = g_strdup(text);

	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
		g_autoptr(GRegex) regex =
			g_regex_new(rules[i].pattern, G_REGEX_CASELESS | G_REGEX_RAW, 0, NULL);
		char *next = g_regex_replace(regex, clean, -1, 0, rules[i].replacement, 0, NULL);

		g_free(clean);
		clean = next;
	}
	return clean;
}
