/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/fuzz/fuzz-status-store.c - status copies and RAUC's central file from foreign bytes */
#include "config.h"

#include "installer/system/status-file.h"
#include "test/fuzz/fuzz-target.h"

#include <string.h>

/* What was understood must come out of its own text the same. */
static void
check_round_trip(const BscStatusFile *file)
{
	g_autofree char *text = bsc_status_file_serialise(file);
	g_autoptr(GError) error = NULL;
	g_autoptr(BscStatusFile) again = bsc_status_file_parse(text, strlen(text), &error);
	g_autofree char *same = NULL;

	g_assert_no_error(error);
	same = bsc_status_file_serialise(again);
	g_assert_cmpstr(text, ==, same);
}

/* Gets past the checksum, which a fuzzer cannot guess. */
static void
parse_signed(const char *data, size_t len)
{
	g_autofree char *digest = bsc_status_file_digest(data, len);
	g_autoptr(GString) text = g_string_new_len(data, (gssize)len);
	g_autoptr(BscStatusFile) file = NULL;

	g_string_append_printf(text, "[checksum]\nsha256=%s\n", digest);
	file = bsc_status_file_parse(text->str, text->len, NULL);
	if (file != NULL)
		check_round_trip(file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	g_autoptr(BscStatusFile) file = bsc_status_file_parse(text, size, NULL);
	g_autoptr(BscStatusFile) central = bsc_status_file_new();

	if (file != NULL)
		check_round_trip(file);
	parse_signed(text, size);
	if (bsc_status_file_import(central, text, size, NULL)) {
		g_autofree char *out = bsc_status_file_export(central, text, size);

		g_assert_nonnull(out);
		check_round_trip(central);
	}
	return 0;
}
