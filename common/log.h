/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/log.h - log writer set-up, redaction of secrets */
#pragma once

#include <glib.h>

/**
 * bsc_log_init:
 * @debug: also print debug records of every domain of ours
 *
 * Sends records to journald where stderr is connected to it, else as plain lines to stderr.
 * Call once, first thing in main().
 */
void bsc_log_init(gboolean debug);

/**
 * bsc_log_init_command:
 * @debug: as for bsc_log_init()
 *
 * For commands that people type: messages and events go to journald if it runs and are not
 * printed; stderr gets warnings only. With @debug the same as bsc_log_init().
 */
void bsc_log_init_command(gboolean debug);

/**
 * bsc_log_redact:
 * @text: any text
 *
 * Hides what must not reach a log: user information in URLs, values of Authorization headers and
 * of `token=`, `key=` and `password=` words.
 *
 * Returns: (transfer full): the text with secrets replaced by `***`
 */
char *bsc_log_redact(const char *text);
