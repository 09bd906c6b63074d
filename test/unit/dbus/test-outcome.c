/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/dbus/test-outcome.c - outcomes, their words and bus error names */
#include "config.h"

#include "dbus/outcome.h"

static void
test_words_return_to_their_outcome(void)
{
	for (BscOutcome i = 0; i < BSC_OUTCOME_N; i++) {
		BscOutcome back = BSC_OUTCOME_N;

		g_assert_true(bsc_outcome_from_string(bsc_outcome_to_string(i), &back));
		g_assert_cmpint(back, ==, i);
	}
}

static void
test_bus_errors_return_to_their_outcome(void)
{
	for (BscOutcome i = BSC_OUTCOME_OK + 1; i < BSC_OUTCOME_N; i++) {
		const char *name = bsc_outcome_to_bus_error(i);
		BscOutcome back = BSC_OUTCOME_N;

		g_assert_true(g_str_has_prefix(name, "org.bascule.Update1.Error."));
		g_assert_true(bsc_outcome_from_bus_error(name, &back));
		g_assert_cmpint(back, ==, i);
	}
}

static void
test_words_never_change(void)
{
	static const char *const words[] = {"ok",	 "rejected", "busy",	  "no-destination",
					    "untrusted", "corrupt",  "download",  "write",
					    "hook",	 "boot",     "cancelled", "internal"};

	g_assert_cmpuint(G_N_ELEMENTS(words), ==, BSC_OUTCOME_N);
	for (BscOutcome i = 0; i < BSC_OUTCOME_N; i++)
		g_assert_cmpstr(bsc_outcome_to_string(i), ==, words[i]);
}

static void
test_refuses_foreign_words(void)
{
	BscOutcome out = BSC_OUTCOME_N;

	g_assert_false(bsc_outcome_from_string("fine", &out));
	g_assert_false(bsc_outcome_from_string(NULL, &out));
	g_assert_false(bsc_outcome_from_bus_error("org.freedesktop.DBus.Error.Failed", &out));
	g_assert_false(bsc_outcome_from_bus_error(NULL, &out));
	g_assert_cmpint(out, ==, BSC_OUTCOME_N);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dbus/outcome/words-return-to-their-outcome",
			test_words_return_to_their_outcome);
	g_test_add_func("/dbus/outcome/bus-errors-return-to-their-outcome",
			test_bus_errors_return_to_their_outcome);
	g_test_add_func("/dbus/outcome/words-never-change", test_words_never_change);
	g_test_add_func("/dbus/outcome/refuses-foreign-words", test_refuses_foreign_words);
	return g_test_run();
}
