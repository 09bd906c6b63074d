/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/progress-line.h - one line on a terminal that tells how far the work is */
#pragma once

#include <glib.h>
#include <stdint.h>

/*
 * Shows nothing unless stderr is a terminal, and nothing in the first second, so that short work
 * stays silent. One at a time; calls may come from any thread, but never from two at once.
 */

/**
 * bsc_progress_line_update:
 * @phase: what is done now: `packing`; another phase starts anew
 * @done: bytes done
 * @total: all bytes
 * @unused: fits callbacks
 */
void bsc_progress_line_update(const char *phase, uint64_t done, uint64_t total, gpointer unused);

/**
 * bsc_progress_line_update_phase:
 * @done: bytes done
 * @total: all bytes
 * @phase: (type utf8): what is done now; fits callbacks without a phase
 */
void bsc_progress_line_update_phase(uint64_t done, uint64_t total, gpointer phase);

/**
 * bsc_progress_line_clear:
 *
 * Takes the line away, before other output.
 */
void bsc_progress_line_clear(void);
