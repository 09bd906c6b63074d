/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/version.h - relaxed semantic versions: check and compare */
#pragma once

#include <glib.h>

/*
 * `MAJOR[.MINOR[.PATCH]][-PRERELEASE][+BUILD]` as semver.org 2.0.0 orders it, with what fleets
 * write in practice let pass: missing numbers count as 0, leading zeros are allowed (2026.08.01),
 * numbers may have any length. Pure; any thread.
 */

/**
 * bsc_version_check:
 * @text: a version
 * @error: return location
 *
 * Errors: %G_IO_ERROR_INVALID_DATA if it is not a version (four numbers, letters in the core,
 * empty parts).
 *
 * Returns: %TRUE if bsc_version_compare() will take it
 */
gboolean bsc_version_check(const char *text, GError **error);

/**
 * bsc_version_compare:
 * @a: a version
 * @b: a version
 * @out: (out): negative, 0 or positive as @a is lower than, equal to or higher than @b; the build
 *   part does not count
 * @error: return location
 *
 * Errors: %G_IO_ERROR_INVALID_DATA if one of them is not a version.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_version_compare(const char *a, const char *b, int *out, GError **error);
