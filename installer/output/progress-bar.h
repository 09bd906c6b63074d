/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/output/progress-bar.h - progress on a terminal as a bar, elsewhere as lines */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <stdio.h>

typedef enum {
	BSC_PROGRESS_BAR_AUTO,	/* a bar on a terminal, else lines */
	BSC_PROGRESS_BAR_BAR,	/* a bar */
	BSC_PROGRESS_BAR_LINES, /* a line for each step and each tenth of the bytes */
	BSC_PROGRESS_BAR_NONE,	/* nothing */
} BscProgressBarStyle;

/* How far something is. Nothing is owned. */
typedef struct {
	unsigned percent;     /* 0 to 100 */
	const char *message;  /* the step, never %NULL */
	uint64_t bytes_done;  /* of the phase */
	uint64_t bytes_total; /* 0 = unknown */
	uint64_t rate;	      /* bytes a second; 0 = unknown */
	int64_t seconds_left; /* -1 = unknown */
} BscProgressBarState;

typedef struct _BscProgressBar BscProgressBar;

/**
 * bsc_progress_bar_new:
 * @stream: where it is drawn
 * @style: how
 *
 * Returns: (transfer full): a bar; free with bsc_progress_bar_free()
 */
BscProgressBar *bsc_progress_bar_new(FILE *stream, BscProgressBarStyle style);

/**
 * bsc_progress_bar_free:
 * @self: (transfer full) (nullable): a bar; the cursor goes to the next line
 */
void bsc_progress_bar_free(BscProgressBar *self);

/**
 * bsc_progress_bar_update:
 * @self: a bar
 * @progress: how far it is
 *
 * Draws what has changed. One thread at a time.
 */
void bsc_progress_bar_update(BscProgressBar *self, const BscProgressBarState *progress);

/**
 * bsc_progress_bar_draw:
 * @progress: how far it is
 * @columns: width of the terminal
 *
 * The pure part. What has no room is left out, from the right.
 *
 * Returns: (transfer full): a line of at most @columns characters
 */
char *bsc_progress_bar_draw(const BscProgressBarState *progress, unsigned columns);

/**
 * bsc_progress_bar_format_duration:
 * @seconds: a duration
 *
 * Returns: (transfer full): `0:07`, `12:34` or `1:02:03`
 */
char *bsc_progress_bar_format_duration(uint64_t seconds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscProgressBar, bsc_progress_bar_free)
