/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/error.h - GError setters that return FALSE */
#pragma once

#include <glib.h>

/**
 * bsc_error_set:
 * @error: return location
 * @domain: error domain
 * @code: code in @domain
 * @format: printf format of the message: one line, no final period
 *
 * Sets @error, so that a failing function can say `return bsc_error_set(…)`.
 *
 * Returns: always %FALSE
 */
gboolean bsc_error_set(GError **error, GQuark domain, int code, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

/**
 * bsc_error_set_errno:
 * @error: return location
 * @saved_errno: value of errno at the failure
 * @format: printf format of what failed, on what
 *
 * Sets @error in %G_IO_ERROR with the code that belongs to @saved_errno; the message is the
 * formatted text, a colon and the system's words for @saved_errno.
 *
 * Returns: always %FALSE
 */
gboolean bsc_error_set_errno(GError **error, int saved_errno, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
