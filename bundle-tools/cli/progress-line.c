/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/cli/progress-line.h"

#include "bundle-tools/cli/size-text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SILENT_USEC   G_USEC_PER_SEC
#define INTERVAL_USEC (G_USEC_PER_SEC / 10)

static struct {
	gint64 start_usec; /* of all the work; 0 = nothing told yet */
	gint64 phase_usec; /* when this phase began */
	gint64 shown_usec;
	const char *phase;
	gboolean is_shown;
} line;

static char *
format_left(uint64_t done, uint64_t total, gint64 spent_usec)
{
	gint64 left;

	if (done == 0 || spent_usec < SILENT_USEC)
		return g_strdup("");
	left = (gint64)((double)spent_usec / (double)done * (double)(total - done)) /
	       G_USEC_PER_SEC;
	if (left >= 60)
		return g_strdup_printf(", %d:%02d min left", (int)(left / 60), (int)(left % 60));
	return g_strdup_printf(", %d s left", (int)left);
}

static void
show(const char *phase, uint64_t done, uint64_t total, gint64 now)
{
	g_autofree char *done_text = bsc_size_text_format(done);
	g_autofree char *total_text = bsc_size_text_format(total);
	g_autofree char *left = format_left(done, total, now - line.phase_usec);

	fprintf(stderr, "\r%s: %3u %% (%s of %s%s)\033[K", phase,
		(unsigned)((double)done * 100 / (double)total), done_text, total_text, left);
	fflush(stderr);
	line.shown_usec = now;
	line.is_shown = TRUE;
}

void
bsc_progress_line_update(const char *phase, uint64_t done, uint64_t total, gpointer unused)
{
	gint64 now = g_get_monotonic_time();

	if (!isatty(STDERR_FILENO) || total == 0)
		return;
	if (line.start_usec == 0)
		line.start_usec = now;
	if (line.phase == NULL || strcmp(line.phase, phase) != 0) {
		line.phase = phase;
		line.phase_usec = now;
	}
	if (now - line.start_usec >= SILENT_USEC && now - line.shown_usec >= INTERVAL_USEC)
		show(phase, MIN(done, total), total, now);
}

void
bsc_progress_line_update_phase(uint64_t done, uint64_t total, gpointer phase)
{
	bsc_progress_line_update(phase, done, total, NULL);
}

void
bsc_progress_line_clear(void)
{
	if (!line.is_shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	line.is_shown = FALSE;
}
