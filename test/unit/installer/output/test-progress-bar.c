/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/output/test-progress-bar.c - the bar in every width, lines elsewhere */
#include "config.h"

#include "installer/output/progress-bar.h"

#include <string.h>

static const BscProgressBarState half = {
	.percent = 50,
	.message = "Copying image to rootfs.1",
	.bytes_done = 135 << 20,
	.bytes_total = 270 << 20,
	.rate = 85 << 20,
	.seconds_left = 2,
};

static void
test_draws_everything(void)
{
	g_autofree char *line = bsc_progress_bar_draw(&half, 120);

	g_assert_cmpstr(line, ==,
			"[============>           ]  50%  135.0 MiB of 270.0 MiB  85.0 MiB/s  "
			"0:02 left  Copying image to rootfs.1");
}

static void
test_fits_every_width(void)
{
	for (unsigned columns = 4; columns < 140; columns++) {
		g_autofree char *line = bsc_progress_bar_draw(&half, columns);

		g_assert_cmpuint(strlen(line), <=, columns);
		g_assert_nonnull(strstr(line, "50%"));
	}
}

static void
test_leaves_out_what_is_unknown(void)
{
	BscProgressBarState progress = {
		.percent = 0, .message = "Checking bundle", .seconds_left = -1};
	g_autofree char *line = bsc_progress_bar_draw(&progress, 80);

	g_assert_cmpstr(line, ==, "[>                       ]   0%  Checking bundle");
}

static void
test_full_bar_has_no_tip(void)
{
	BscProgressBarState progress = {
		.percent = 100, .message = "Installing done.", .seconds_left = -1};
	g_autofree char *line = bsc_progress_bar_draw(&progress, 80);

	g_assert_cmpstr(line, ==, "[========================] 100%  Installing done.");
}

static void
test_formats_durations(void)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {
		{0, "0:00"}, {7, "0:07"}, {754, "12:34"}, {3723, "1:02:03"}, {360000, "100:00:00"}};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = bsc_progress_bar_format_duration(rows[i].seconds);

		g_assert_cmpstr(text, ==, rows[i].text);
	}
}

static char *
draw_to_file(BscProgressBarStyle style)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);
	BscProgressBar *bar = bsc_progress_bar_new(stream, style);
	BscProgressBarState progress = half;

	for (unsigned i = 0; i <= 100; i++) {
		progress.percent = i;
		progress.bytes_done = progress.bytes_total * i / 100;
		bsc_progress_bar_update(bar, &progress);
	}
	bsc_progress_bar_free(bar);
	fclose(stream);
	return text;
}

/* g_free() is free(): GLib 2.46 and newer use the system's allocator. */
static void
test_lines_are_few(void)
{
	g_autofree char *text = draw_to_file(BSC_PROGRESS_BAR_LINES);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	g_assert_cmpstr(lines[0], ==, "  0% Copying image to rootfs.1, 0 B of 270.0 MiB");
	g_assert_cmpuint(g_strv_length(lines), ==, 11 + 1);
	g_assert_null(strchr(text, '\r'));
}

static void
test_none_is_silent(void)
{
	g_autofree char *text = draw_to_file(BSC_PROGRESS_BAR_NONE);

	g_assert_cmpstr(text, ==, "");
}

static void
test_bar_ends_with_a_newline(void)
{
	g_autofree char *text = draw_to_file(BSC_PROGRESS_BAR_BAR);

	g_assert_true(g_str_has_suffix(text, "\n"));
	g_assert_nonnull(strstr(text, "\r"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/output/progress-bar/draws-everything", test_draws_everything);
	g_test_add_func("/output/progress-bar/fits-every-width", test_fits_every_width);
	g_test_add_func("/output/progress-bar/leaves-out-what-is-unknown",
			test_leaves_out_what_is_unknown);
	g_test_add_func("/output/progress-bar/full-bar-has-no-tip", test_full_bar_has_no_tip);
	g_test_add_func("/output/progress-bar/formats-durations", test_formats_durations);
	g_test_add_func("/output/progress-bar/lines-are-few", test_lines_are_few);
	g_test_add_func("/output/progress-bar/none-is-silent", test_none_is_silent);
	g_test_add_func("/output/progress-bar/bar-ends-with-a-newline",
			test_bar_ends_with_a_newline);
	return g_test_run();
}
