/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/parallel.h - numbered pieces of work on several threads */
#pragma once

#include <gio/gio.h>
#include <stdint.h>

/**
 * BscParallelFunc:
 * @item: number of the piece, from 0
 * @data: what was given to bsc_parallel_run()
 * @error: return location
 *
 * Does one piece of work, in any thread.
 *
 * Returns: %FALSE ends the whole run
 */
typedef gboolean (*BscParallelFunc)(uint64_t item, gpointer data, GError **error);

/**
 * BscParallelProgress:
 * @done: pieces done
 * @total: all pieces
 * @data: what was given to bsc_parallel_run()
 *
 * Called after each piece, from any thread but never from two at once; @done only grows.
 */
typedef void (*BscParallelProgress)(uint64_t done, uint64_t total, gpointer data);

/**
 * bsc_parallel_run:
 * @n_items: number of pieces
 * @n_threads: threads to use; 0 = as many as there are processors
 * @func: does one piece
 * @on_progress: (nullable): told after each piece
 * @data: for @func and @on_progress
 * @cancellable: (nullable): looked at before each piece
 * @error: return location; the first failure
 *
 * Hands out the pieces in rising order and returns when every thread has ended, also on failure.
 *
 * Errors: what @func reports, %G_IO_ERROR_CANCELLED
 *
 * Returns: %TRUE if every piece succeeded
 */
gboolean bsc_parallel_run(uint64_t n_items, unsigned n_threads, BscParallelFunc func,
			  BscParallelProgress on_progress, gpointer data, GCancellable *cancellable,
			  GError **error);
