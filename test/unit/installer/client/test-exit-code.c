/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/client/test-exit-code.c - every outcome has its own exit status */
#include "config.h"

#include "installer/client/backend-ops.h"
#include "installer/client/exit-code.h"

static void
test_outcomes_differ(void)
{
	gboolean seen[256] = {FALSE};

	for (int i = 0; i < BSC_OUTCOME_N; i++) {
		int code = bsc_exit_code_from_outcome((BscOutcome)i);

		g_assert_cmpint(code, >=, 0);
		g_assert_cmpint(code, <, 126);
		g_assert_false(seen[code]);
		seen[code] = TRUE;
	}
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_OK), ==, 0);
	g_assert_false(seen[BSC_EXIT_CODE_SERVICE]);
	g_assert_false(seen[BSC_EXIT_CODE_DETACHED]);
}

/* The numbers stand in the manual page; scripts rely on them. */
static void
test_numbers_never_change(void)
{
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_REJECTED), ==, 10);
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_BUSY), ==, 11);
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_NO_DESTINATION), ==, 12);
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_UNTRUSTED), ==, 13);
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_CORRUPT), ==, 14);
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_DOWNLOAD), ==, 15);
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_WRITE), ==, 16);
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_HOOK), ==, 17);
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_BOOT), ==, 18);
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_CANCELLED), ==, 19);
	g_assert_cmpint(bsc_exit_code_from_outcome(BSC_OUTCOME_INTERNAL), ==, 1);
}

static void
test_errors_are_never_success(void)
{
	for (int code = -1; code < BSC_OUTCOME_N + 6; code++) {
		g_autoptr(GError) error = g_error_new_literal(BSC_BACKEND_ERROR, code, "x");

		g_assert_cmpint(bsc_exit_code_from_error(error), !=, 0);
	}
	g_assert_cmpint(bsc_exit_code_from_error(NULL), !=, 0);
}

static void
test_errors_of_the_way(void)
{
	static const struct {
		int code;
		int status;
	} rows[] = {
		{BSC_BACKEND_ERROR_SERVICE, BSC_EXIT_CODE_SERVICE},
		{BSC_BACKEND_ERROR_DENIED, BSC_EXIT_CODE_SERVICE},
		{BSC_BACKEND_ERROR_DETACHED, BSC_EXIT_CODE_DETACHED},
		{BSC_BACKEND_ERROR_UNKNOWN_ID, 10},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = g_error_new_literal(BSC_BACKEND_ERROR, rows[i].code, "x");

		g_assert_cmpint(bsc_exit_code_from_error(error), ==, rows[i].status);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/client/exit-code/outcomes-differ", test_outcomes_differ);
	g_test_add_func("/client/exit-code/numbers-never-change", test_numbers_never_change);
	g_test_add_func("/client/exit-code/errors-are-never-success",
			test_errors_are_never_success);
	g_test_add_func("/client/exit-code/errors-of-the-way", test_errors_of_the_way);
	return g_test_run();
}
