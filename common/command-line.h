/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/command-line.h - finds the verb among options that may stand anywhere */
#pragma once

#include <glib.h>

/**
 * bsc_command_line_takes_value:
 * @table: (nullable): options, ended by a zeroed row
 * @arg: a word of the command line
 *
 * Returns: whether @arg is an option of @table whose value is the next word
 */
gboolean bsc_command_line_takes_value(const GOptionEntry *table, const char *arg);

/**
 * bsc_command_line_take_verb:
 * @argv: (inout): the command line, %NULL-terminated; the verb is taken out of it
 * @takes_value: whether a word is an option whose value is the next word
 *
 * The verb is the first word that is neither the program nor an option nor an option's value.
 *
 * Returns: (transfer none) (nullable): the verb, owned by who owns the words
 */
char *bsc_command_line_take_verb(char **argv, gboolean (*takes_value)(const char *arg));
