/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/size-text.h - sizes for people, in plain ASCII */
#pragma once

#include <glib.h>
#include <stdint.h>

/**
 * bsc_size_text_format:
 * @bytes: a size
 *
 * Returns: (transfer full): it in a unit that fits: `38.1 MiB`, without GLib's no-break space
 */
char *bsc_size_text_format(uint64_t bytes);
