/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/system-info.h - compatible, variant, serial, version, boot id, machine id */
#pragma once

#include "installer/system/system-config.h"

/* Who this device is. Strings are %NULL where nobody says. */
typedef struct {
	char *compatible; /* never %NULL */
	char *variant;
	char *serial;
	char *version;
	char *boot_id; /* of this boot */
	char *machine_id;
	char **variables; /* `RAUC_X=value` for handlers, as the system-info handler prints them */
	char **http_headers; /* `RAUC-X: value` for downloads */
} BscSystemInfo;

/* Where facts come from; zero everywhere means this machine. */
typedef struct {
	const char *root_dir; /* holds proc, sys and etc, for tests; %NULL = `/` */
} BscSystemInfoOptions;

/**
 * bsc_system_info_load:
 * @config: the configuration
 * @options: (nullable): see the struct
 * @error: return location
 *
 * Collects the facts; runs the system-info handler if there is one (at most a minute). What the
 * handler prints as RAUC_SYSTEM_VARIANT wins over the configuration's variant.
 *
 * Errors: the handler failed; the configured variant cannot be read; %BSC_CONFIG_ERROR_VALUE if
 * the handler printed something unusable.
 *
 * Returns: (transfer full) (nullable): the facts, or %NULL on failure
 */
BscSystemInfo *bsc_system_info_load(const BscSystemConfig *config,
				    const BscSystemInfoOptions *options, GError **error);

/**
 * bsc_system_info_parse:
 * @text: what a system-info handler printed
 * @info: (inout): facts that @text adds to
 * @error: return location
 *
 * The pure part: lines that are not `RAUC_NAME=value` are passed over.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_system_info_parse(const char *text, BscSystemInfo *info, GError **error);

/**
 * bsc_system_info_free:
 * @self: (transfer full) (nullable): facts
 */
void bsc_system_info_free(BscSystemInfo *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSystemInfo, bsc_system_info_free)
