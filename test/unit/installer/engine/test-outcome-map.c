/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/engine/test-outcome-map.c - every error code has an outcome */
#include "config.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/keyfile.h"
#include "installer/boot/boot-error.h"
#include "installer/engine/install-error.h"
#include "installer/engine/outcome-map.h"
#include "installer/write/write-error.h"

#include <gio/gio.h>

/* The domains of the rooms below, and the last code of each. */
static void
test_all_codes(void)
{
	const struct {
		GQuark domain;
		int last;
	} domains[] = {
		{BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CHANGED},
		{BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_CONFLICT},
		{BSC_BOOT_ERROR, BSC_BOOT_ERROR_READBACK},
		{BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE},
		{BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_N - 1},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(domains); i++) {
		for (int code = 0; code <= domains[i].last; code++)
			g_assert_true(bsc_outcome_map_has_row(domains[i].domain, code));
		/* a code that was added after the last one above must be added there too */
		g_assert_false(bsc_outcome_map_has_row(domains[i].domain, domains[i].last + 1));
	}
}

static void
test_words(void)
{
	g_autoptr(GError) cancelled = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
	g_autoptr(GError) untrusted =
		g_error_new_literal(BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNTRUSTED, "");
	g_autoptr(GError) strange = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_IO, "");

	g_assert_cmpint(bsc_outcome_map_from_error(NULL), ==, BSC_OUTCOME_OK);
	g_assert_cmpint(bsc_outcome_map_from_error(cancelled), ==, BSC_OUTCOME_CANCELLED);
	g_assert_cmpint(bsc_outcome_map_from_error(untrusted), ==, BSC_OUTCOME_UNTRUSTED);
	g_assert_cmpint(bsc_outcome_map_from_error(strange), ==, BSC_OUTCOME_INTERNAL);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/outcome-map/every-code-has-a-row", test_all_codes);
	g_test_add_func("/engine/outcome-map/what-has-no-row-is-internal", test_words);
	return g_test_run();
}
