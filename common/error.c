/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "common/error.h"

#include <gio/gio.h>

gboolean
bsc_error_set(GError **error, GQuark domain, int code, const char *format, ...)
{
	va_list args;

	if (error == NULL)
		return FALSE;
	va_start(args, format);
	g_propagate_error(error, g_error_new_valist(domain, code, format, args));
	va_end(args);
	return FALSE;
}

gboolean
bsc_error_set_errno(GError **error, int saved_errno, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(saved_errno), "%s: %s", text,
		    g_strerror(saved_errno));
	return FALSE;
}
