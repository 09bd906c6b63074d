/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/clock.h - now() that tests can set */
#pragma once

#include <glib.h>

/**
 * bsc_clock_now_usec:
 *
 * Returns: microseconds since 1970-01-01 UTC by the system clock, or what a test has set
 */
gint64 bsc_clock_now_usec(void);

/**
 * bsc_clock_set_for_test:
 * @now_usec: fixed answer of bsc_clock_now_usec(); a negative number gives the system clock back
 */
void bsc_clock_set_for_test(gint64 now_usec);

/**
 * bsc_clock_format_utc:
 * @usec: microseconds since 1970-01-01 UTC
 *
 * Returns: (transfer full): the time as `2026-11-23T08:15:00Z`
 */
char *bsc_clock_format_utc(gint64 usec);
