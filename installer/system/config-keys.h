/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/config-keys.h - tables of every group and key of system.conf */
#pragma once

#include "common/keyfile.h"

/* What struct a group's rows fill. */
typedef enum {
	BSC_CONFIG_GROUP_FIXED,	    /* BscSystemConfig; there is one group of this name */
	BSC_CONFIG_GROUP_SLOT,	    /* BscSlot; `slot.CLASS.INDEX` */
	BSC_CONFIG_GROUP_ARTIFACTS, /* BscSystemConfigArtifacts; `artifacts.NAME` */
	BSC_CONFIG_GROUP_LOG,	    /* BscSystemConfigLog; `log.NAME` */
	BSC_CONFIG_GROUP_N,
} BscConfigGroupKind;

/* One group. */
typedef struct {
	const char *name; /* of a kind that is not FIXED: what the names begin with, as `slot.` */
	BscConfigGroupKind kind;
	const BscKeyfileRow *rows;
	size_t n_rows;
} BscConfigGroup;

/**
 * bsc_config_keys_find_group:
 * @name: a group's name in a file
 *
 * Returns: (transfer none) (nullable): its row in the table, or %NULL if there is no such group
 */
const BscConfigGroup *bsc_config_keys_find_group(const char *name);

/**
 * bsc_config_keys_find_row:
 * @group: a group
 * @key: a key's name
 *
 * Returns: (transfer none) (nullable): the key, or %NULL if the group has none such
 */
const BscKeyfileRow *bsc_config_keys_find_row(const BscConfigGroup *group, const char *key);

/**
 * bsc_config_keys_check_file:
 * @file: a parsed file
 * @is_rauc_file: RAUC must be able to read it: what is ours alone is an error, too
 * @error: return location
 *
 * Judges the names of all groups and keys, not the values.
 *
 * Errors: %BSC_CONFIG_ERROR_UNKNOWN_KEY
 *
 * Returns: %TRUE if all are known
 */
gboolean bsc_config_keys_check_file(GKeyFile *file, gboolean is_rauc_file, GError **error);

/**
 * bsc_config_keys_check_key:
 * @name: a group's name
 * @key: a key's name
 * @error: return location
 *
 * Errors: %BSC_CONFIG_ERROR_UNKNOWN_KEY
 *
 * Returns: %TRUE if both are known
 */
gboolean bsc_config_keys_check_key(const char *name, const char *key, GError **error);

/**
 * bsc_config_keys_list:
 * @out_n: (out): number of groups
 *
 * Returns: (transfer none) (array length=out_n): all groups
 */
const BscConfigGroup *bsc_config_keys_list(size_t *out_n);
