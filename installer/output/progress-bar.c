/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/output/progress-bar.h"

#include "installer/output/output.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_CELLS	24
#define DEFAULT_COLUMNS 80

struct _BscProgressBar {
	FILE *stream;
	BscProgressBarStyle style;
	gboolean has_line;   /* the cursor stands behind a bar */
	char *last_message;  /* LINES: the newest step printed */
	unsigned last_tenth; /* LINES: of the bytes of the phase */
};

BscProgressBar *
bsc_progress_bar_new(FILE *stream, BscProgressBarStyle style)
{
	BscProgressBar *self = g_new0(BscProgressBar, 1);

	self->stream = stream;
	self->style = style;
	if (style == BSC_PROGRESS_BAR_AUTO)
		self->style =
			isatty(fileno(stream)) ? BSC_PROGRESS_BAR_BAR : BSC_PROGRESS_BAR_LINES;
	return self;
}

void
bsc_progress_bar_free(BscProgressBar *self)
{
	if (self == NULL)
		return;
	if (self->has_line)
		fputc('\n', self->stream);
	fflush(self->stream);
	g_free(self->last_message);
	g_free(self);
}

static unsigned
get_columns(FILE *stream)
{
	struct winsize size = {0};

	if (ioctl(fileno(stream), TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return DEFAULT_COLUMNS;
	return size.ws_col;
}

char *
bsc_progress_bar_format_duration(uint64_t seconds)
{
	unsigned hours = (unsigned)(seconds / 3600);
	unsigned minutes = (unsigned)(seconds / 60 % 60);

	if (hours > 0)
		return g_strdup_printf("%u:%02u:%02u", hours, minutes, (unsigned)(seconds % 60));
	return g_strdup_printf("%u:%02u", minutes, (unsigned)(seconds % 60));
}

/* Adds @part and two blanks before it if that fits. */
static void
add_part(GString *line, const char *part, unsigned columns)
{
	size_t used = (size_t)g_utf8_strlen(line->str, -1);
	size_t len = (size_t)g_utf8_strlen(part, -1);

	if (len > 0 && used + 2 + len <= columns)
		g_string_append_printf(line, "%s%s", used > 0 ? "  " : "", part);
}

static char *
draw_cells(unsigned percent)
{
	unsigned full = MIN(percent, 100) * BAR_CELLS / 100;
	GString *bar = g_string_new("[");

	for (unsigned i = 0; i < BAR_CELLS; i++)
		g_string_append_c(bar, i < full ? '=' : i == full ? '>' : ' ');
	g_string_append_printf(bar, "] %3u%%", percent);
	return g_string_free(bar, FALSE);
}

static char *
draw_bytes(const BscProgressBarState *progress)
{
	g_autofree char *done = bsc_output_format_size(progress->bytes_done);
	g_autofree char *total = bsc_output_format_size(progress->bytes_total);

	return progress->bytes_total > 0 ? g_strdup_printf("%s of %s", done, total) : g_strdup("");
}

static char *
draw_rate(const BscProgressBarState *progress)
{
	g_autofree char *rate = bsc_output_format_size(progress->rate);

	return progress->rate > 0 ? g_strdup_printf("%s/s", rate) : g_strdup("");
}

static char *
draw_time_left(const BscProgressBarState *progress)
{
	g_autofree char *left = NULL;

	if (progress->seconds_left < 0)
		return g_strdup("");
	left = bsc_progress_bar_format_duration((uint64_t)progress->seconds_left);
	return g_strdup_printf("%s left", left);
}

char *
bsc_progress_bar_draw(const BscProgressBarState *progress, unsigned columns)
{
	g_autofree char *cells = draw_cells(progress->percent);
	g_autofree char *bytes = draw_bytes(progress);
	g_autofree char *rate = draw_rate(progress);
	g_autofree char *left = draw_time_left(progress);
	g_autofree char *percent = g_strdup_printf("%3u%%", progress->percent);
	GString *line = g_string_new(NULL);

	/* too narrow for the bar: the number alone */
	add_part(line, columns >= strlen(cells) + 2 ? cells : percent, columns + 2);
	add_part(line, bytes, columns);
	add_part(line, rate, columns);
	add_part(line, left, columns);
	add_part(line, progress->message, columns);
	return g_string_free(line, FALSE);
}

static void
update_lines(BscProgressBar *self, const BscProgressBarState *progress)
{
	unsigned tenth = 0;
	g_autofree char *bytes = draw_bytes(progress);

	if (progress->bytes_total > 0)
		tenth = (unsigned)(progress->bytes_done * 10 / progress->bytes_total);
	if (g_strcmp0(self->last_message, progress->message) == 0 && tenth == self->last_tenth)
		return;
	fprintf(self->stream, "%3u%% %s%s%s\n", progress->percent, progress->message,
		bytes[0] != '\0' ? ", " : "", bytes);
	fflush(self->stream);
	g_free(self->last_message);
	self->last_message = g_strdup(progress->message);
	self->last_tenth = tenth;
}

void
bsc_progress_bar_update(BscProgressBar *self, const BscProgressBarState *progress)
{
	g_autofree char *line = NULL;

	if (self->style == BSC_PROGRESS_BAR_NONE)
		return;
	if (self->style == BSC_PROGRESS_BAR_LINES) {
		update_lines(self, progress);
		return;
	}
	line = bsc_progress_bar_draw(progress, get_columns(self->stream) - 1);
	fprintf(self->stream, "\r\033[K%s", line);
	fflush(self->stream);
	self->has_line = TRUE;
}
