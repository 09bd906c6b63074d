/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/format/test-version.c - order of versions */
#include "config.h"

#include "bundle-tools/format/version.h"

#include <gio/gio.h>

static void
test_orders(void)
{
	/* From lowest to highest; each is compared with each. */
	static const char *const ordered[] = {
		"0",
		"0.0.1-alpha",
		"0.0.1",
		"0.9",
		"1.0.0-1",
		"1.0.0-1.0",
		"1.0.0-2",
		"1.0.0-10",
		"1.0.0--",
		"1.0.0-alpha",
		"1.0.0-alpha.1",
		"1.0.0-alpha.1.0",
		"1.0.0-alpha.beta",
		"1.0.0-alpha-1",
		"1.0.0-beta",
		"1.0.0-beta.2",
		"1.0.0-beta.11",
		"1.0.0-rc.1",
		"1.0.0",
		"1.0.1",
		"1.2",
		"1.10",
		"2026.08.01",
		"2026.8.2",
		"99999999999999999999998.0.0",
		"99999999999999999999999.0.0",
	};

	for (int i = 0; i < (int)G_N_ELEMENTS(ordered); i++) {
		for (int j = 0; j < (int)G_N_ELEMENTS(ordered); j++) {
			g_autoptr(GError) error = NULL;
			int order = 77;

			g_assert_true(bsc_version_compare(ordered[i], ordered[j], &order, &error));
			g_assert_no_error(error);
			g_assert_cmpint((order > 0) - (order < 0), ==, (i > j) - (i < j));
		}
	}
}

static void
test_equal(void)
{
	static const char *const pairs[][2] = {
		{"1", "1.0.0"},		{"1.2", "1.2.0"},
		{"1.0.0+a", "1.0.0+b"}, {"1.0.0-a+x-y", "1.0.0-a"},
		{"01.002.3", "1.2.03"}, {"1-01", "1-1"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		int order = 77;

		g_assert_true(bsc_version_compare(pairs[i][0], pairs[i][1], &order, NULL));
		g_assert_cmpint(order, ==, 0);
	}
}

static void
test_refuses(void)
{
	static const char *const bad[] = {"",	   "1.2.3.4",  "a",    "1.a",	    "1..2",
					  ".1",	   "1.",       "v1.0", "1.0-",	    "1.0+",
					  "-1",	   "1.0-a..b", "1 .0", "1.0 ",	    "+1.0",
					  "1.0-ä", "1.0+a+b",  "1,0",  "1.0.0-a_b", "1.-1"};

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GError) second = NULL;
		int order = 77;

		g_assert_false(bsc_version_check(bad[i], &error));
		g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
		g_assert_false(bsc_version_compare("1.0", bad[i], &order, &second));
		g_assert_error(second, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
		g_assert_cmpint(order, ==, 77);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/format/version/orders-as-semver", test_orders);
	g_test_add_func("/format/version/takes-short-and-padded-forms-as-equal", test_equal);
	g_test_add_func("/format/version/refuses-what-is-no-version", test_refuses);
	return g_test_run();
}
