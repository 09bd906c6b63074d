/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/proc-text.h - pure: the kernel's command line, mountinfo and swaps as values */
#pragma once

#include <glib.h>

/* One line of mountinfo, see proc(5). Blanks in paths are blanks again. */
typedef struct {
	char *number; /* `8:2`; `0:…` for file systems without one device */
	char *root;   /* what of the file system is mounted: `/` unless a bind mount */
	char *mountpoint;
	char *fs_type;
	char *source; /* as the file system says: device, `ubi0:NAME`, `overlay`, … */
	char *super_options;
} BscProcMount;

/**
 * bsc_proc_text_parse_mounts:
 * @text: content of a mountinfo file
 *
 * Lines that make no sense are passed over.
 *
 * Returns: (transfer full) (element-type BscProcMount): the mounts, later ones over earlier ones
 */
GPtrArray *bsc_proc_text_parse_mounts(const char *text);

/**
 * bsc_proc_text_parse_swaps:
 * @text: content of /proc/swaps
 *
 * Returns: (transfer full): paths of devices and files that are swap
 */
char **bsc_proc_text_parse_swaps(const char *text);

/**
 * bsc_proc_text_find_word:
 * @cmdline: a kernel command line
 * @key: with `=` at its end: a parameter's name; else a whole word
 *
 * As for the kernel, the last one counts, `"` keeps blanks together, and what stands behind `--`
 * is not looked at.
 *
 * Returns: (transfer full) (nullable): the value (empty for a word), or %NULL if it is not there
 */
char *bsc_proc_text_find_word(const char *cmdline, const char *key);

/**
 * bsc_proc_text_find_option:
 * @options: mount options with commas between them
 * @key: an option's name with `=` at its end
 *
 * Returns: (transfer full) (nullable): its value, or %NULL
 */
char *bsc_proc_text_find_option(const char *options, const char *key);
