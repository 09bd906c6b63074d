/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/event.h - one structured record of a given event type */
#pragma once

#include <glib.h>

/* One kind of event that operators build on; the catalogues are tables of these. */
typedef struct {
	const char *name;	/* word for files and lists: `slot-written` */
	const char *message_id; /* 32 hex digits, journald's MESSAGE_ID */
	GLogLevelFlags level;	/* %G_LOG_LEVEL_MESSAGE, WARNING or INFO */
	const char *text;	/* the readable line; `{FIELD}` stands for a field's value */
} BscEventType;

/**
 * bsc_event:
 * @type: kind of event
 * @...: pairs of field name and value (const char *), then %NULL; a %NULL value leaves the field
 * out
 *
 * Emits one structured log record in the domain `bascule-event` with MESSAGE, MESSAGE_ID,
 * BSC_EVENT (the type's name) and the given fields. Any thread.
 */
void bsc_event(const BscEventType *type, ...) G_GNUC_NULL_TERMINATED;

/**
 * bsc_event_format:
 * @text: text with `{FIELD}` place holders
 * @fields: pairs of name and value, %NULL-terminated
 *
 * Returns: (transfer full): @text with each place holder replaced; an unknown one by `?`
 */
char *bsc_event_format(const char *text, const char *const *fields);
