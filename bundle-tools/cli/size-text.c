/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/cli/size-text.h"

#define NO_BREAK_SPACE "\302\240"

char *
bsc_size_text_format(uint64_t bytes)
{
	g_autofree char *text = g_format_size_full(bytes, G_FORMAT_SIZE_IEC_UNITS);
	g_auto(GStrv) words = g_strsplit(text, NO_BREAK_SPACE, -1);

	return g_strjoinv(" ", words);
}
