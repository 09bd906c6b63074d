/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "common/command-line.h"

gboolean
bsc_command_line_takes_value(const GOptionEntry *table, const char *arg)
{
	for (; table != NULL && table->long_name != NULL; table++) {
		gboolean is_long = g_str_has_prefix(arg, "--") && table->long_name[0] != '\0' &&
				   g_str_equal(arg + 2, table->long_name);
		gboolean is_short = arg[0] == '-' && table->short_name != 0 &&
				    arg[1] == table->short_name && arg[2] == '\0';

		if (table->arg != G_OPTION_ARG_NONE && (is_long || is_short))
			return TRUE;
	}
	return FALSE;
}

char *
bsc_command_line_take_verb(char **argv, gboolean (*takes_value)(const char *arg))
{
	for (size_t i = 1; argv[i] != NULL; i++) {
		if (takes_value(argv[i]) && argv[i + 1] != NULL) {
			i++;
		} else if (argv[i][0] != '-') {
			char *verb = argv[i];

			for (; argv[i] != NULL; i++)
				argv[i] = argv[i + 1];
			return verb;
		}
	}
	return NULL;
}
