/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/manifest-group.h - groups of a manifest: read by rows, refuse, write */
#pragma once

#include "common/keyfile.h"

/* For manifest.c and manifest-image.c. */

/**
 * bsc_manifest_group_refuse:
 * @error: return location
 * @group: name of a group
 * @words: what is wrong with it
 *
 * Sets %BSC_BUNDLE_ERROR_FORMAT.
 *
 * Returns: always %FALSE
 */
gboolean bsc_manifest_group_refuse(GError **error, const char *group, const char *words);

/**
 * bsc_manifest_group_read:
 * @file: a manifest
 * @group: name of a group
 * @rows: (array length=n_rows): its keys
 * @n_rows: their number
 * @out: what is filled
 * @error: return location
 *
 * As bsc_keyfile_read_group(), but every error is %BSC_BUNDLE_ERROR_FORMAT.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_manifest_group_read(GKeyFile *file, const char *group, const BscKeyfileRow *rows,
				 size_t n_rows, gpointer out, GError **error);

/**
 * bsc_manifest_group_drop_empty:
 * @file: a manifest
 * @group: name of a group
 *
 * Takes out version, description and build where they say nothing.
 */
void bsc_manifest_group_drop_empty(GKeyFile *file, const char *group);

/**
 * bsc_manifest_group_check_name:
 * @group: name of a group
 * @name: (nullable): a file name that stands in it
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_FORMAT if it holds a control character.
 *
 * Returns: %TRUE if the name is good
 */
gboolean bsc_manifest_group_check_name(const char *group, const char *name, GError **error);

/**
 * bsc_manifest_group_clear_empty:
 * @list: (inout): a list of words; %NULL afterwards if it held none
 */
void bsc_manifest_group_clear_empty(char ***list);

/**
 * bsc_manifest_group_write_text:
 * @file: where to write
 * @group: name of a group
 * @key: a key
 * @value: (nullable): its value; %NULL writes nothing
 */
void bsc_manifest_group_write_text(GKeyFile *file, const char *group, const char *key,
				   const char *value);

/**
 * bsc_manifest_group_write_hex:
 * @file: where to write
 * @group: name of a group
 * @key: a key
 * @value: 32 bytes
 */
void bsc_manifest_group_write_hex(GKeyFile *file, const char *group, const char *key,
				  const uint8_t value[32]);

/**
 * bsc_manifest_group_write_list:
 * @file: where to write
 * @group: name of a group
 * @key: a key
 * @list: (nullable): words; %NULL writes nothing
 */
void bsc_manifest_group_write_list(GKeyFile *file, const char *group, const char *key, char **list);
