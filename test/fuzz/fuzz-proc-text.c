/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/fuzz/fuzz-proc-text.c - kernel command line, mountinfo and swaps from foreign bytes */
#include "config.h"

#include "installer/system/proc-text.h"
#include "test/fuzz/fuzz-target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
	g_autoptr(GPtrArray) mounts = bsc_proc_text_parse_mounts(text);
	g_auto(GStrv) swaps = bsc_proc_text_parse_swaps(text);
	g_autofree char *slot = bsc_proc_text_find_word(text, "rauc.slot=");
	g_autofree char *external = bsc_proc_text_find_word(text, "rauc.external");
	g_autofree char *lower = bsc_proc_text_find_option(text, "lowerdir=");

	for (guint i = 0; i < mounts->len; i++) {
		const BscProcMount *mount = g_ptr_array_index(mounts, i);

		g_assert_nonnull(mount->mountpoint);
		g_assert_nonnull(mount->super_options);
	}
	g_assert_nonnull(swaps);
	return 0;
}
