/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "common/clock.h"

static gint64 test_now_usec = -1;

gint64
bsc_clock_now_usec(void)
{
	return test_now_usec >= 0 ? test_now_usec : g_get_real_time();
}

void
bsc_clock_set_for_test(gint64 now_usec)
{
	test_now_usec = now_usec;
}

char *
bsc_clock_format_utc(gint64 usec)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(usec / G_USEC_PER_SEC);

	return time != NULL ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("");
}
