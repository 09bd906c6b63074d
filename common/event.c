/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "common/event.h"

#include <string.h>

#define MAX_FIELDS 24

static const char *
find_field(const char *const *fields, const char *name, size_t len)
{
	for (size_t i = 0; fields[i] != NULL; i += 2) {
		if (strlen(fields[i]) == len && memcmp(fields[i], name, len) == 0)
			return fields[i + 1];
	}
	return "?";
}

char *
bsc_event_format(const char *text, const char *const *fields)
{
	GString *line = g_string_new(NULL);

	for (const char *p = text; *p != '\0'; p++) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;

		if (end == NULL) {
			g_string_append_c(line, *p);
			continue;
		}
		g_string_append(line, find_field(fields, p + 1, (size_t)(end - p - 1)));
		p = end;
	}
	return g_string_free(line, FALSE);
}

static const char *
priority_of(GLogLevelFlags level)
{
	/* syslog(3) numbers, as journald wants them */
	return level == G_LOG_LEVEL_WARNING ? "4" : level == G_LOG_LEVEL_MESSAGE ? "5" : "6";
}

void
bsc_event(const BscEventType *type, ...)
{
	const char *pairs[2 * MAX_FIELDS + 1] = {NULL};
	GLogField fields[MAX_FIELDS + 5];
	g_autofree char *line = NULL;
	size_t n_pairs = 0;
	size_t n = 0;
	va_list args;

	va_start(args, type);
	for (const char *name; (name = va_arg(args, const char *)) != NULL;) {
		const char *value = va_arg(args, const char *);

		if (value == NULL || n_pairs == MAX_FIELDS)
			continue;
		pairs[2 * n_pairs] = name;
		pairs[2 * n_pairs++ + 1] = value;
	}
	va_end(args);
	line = bsc_event_format(type->text, pairs);
	fields[n++] = (GLogField){"MESSAGE", line, -1};
	fields[n++] = (GLogField){"MESSAGE_ID", type->message_id, -1};
	fields[n++] = (GLogField){"PRIORITY", priority_of(type->level), -1};
	fields[n++] = (GLogField){"GLIB_DOMAIN", "bascule-event", -1};
	fields[n++] = (GLogField){"BSC_EVENT", type->name, -1};
	for (size_t i = 0; i < n_pairs; i++)
		fields[n++] = (GLogField){pairs[2 * i], pairs[2 * i + 1], -1};
	g_log_structured_array(type->level, fields, n);
}
