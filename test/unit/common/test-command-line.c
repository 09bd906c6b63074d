/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/common/test-command-line.c - the verb is found wherever it stands */
#include "config.h"

#include "common/command-line.h"

static char *conf;
static gboolean debug;

static const GOptionEntry entries[] = {
	{"conf", 'c', 0, G_OPTION_ARG_FILENAME, &conf, "", NULL},
	{"debug", 'd', 0, G_OPTION_ARG_NONE, &debug, "", NULL},
	{0},
};

static gboolean
takes_value(const char *arg)
{
	return bsc_command_line_takes_value(entries, arg);
}

static void
test_finds_the_verb(void)
{
	static const struct {
		const char *line;
		const char *verb;
		const char *rest;
	} rows[] = {
		{"prog status", "status", "prog"},
		{"prog -c file status --x", "status", "prog -c file --x"},
		{"prog --conf file status", "status", "prog --conf file"},
		{"prog --conf=file status a", "status", "prog --conf=file a"},
		{"prog -d status -c status", "status", "prog -d -c status"},
		{"prog -d", NULL, "prog -d"},
		{"prog -c", NULL, "prog -c"},
		{"prog", NULL, "prog"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) words = g_strsplit(rows[i].line, " ", -1);
		g_autofree char *verb = bsc_command_line_take_verb(words, takes_value);
		g_autofree char *rest = g_strjoinv(" ", words);

		g_assert_cmpstr(verb, ==, rows[i].verb);
		g_assert_cmpstr(rest, ==, rows[i].rest);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/common/command-line/finds-the-verb", test_finds_the_verb);
	return g_test_run();
}
