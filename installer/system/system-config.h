/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/system-config.h - system.conf as an immutable struct */
#pragma once

#include "installer/system/config-data.h"

/* What to load and how; zero everywhere is a good start. */
typedef struct {
	const char *root_dir; /* prefix of the searched directories, for tests; %NULL = `/` */
	const char *const *overrides; /* `SECTION:KEY=VALUE`, over what the file says */
} BscSystemConfigOptions;

/* A text to parse. */
typedef struct {
	const char *data;
	size_t len;
	const char *path;      /* where it comes from: for messages and relative paths; absolute */
	const char *more_data; /* (nullable): bascule.conf, merged over @data key by key */
	size_t more_len;
	const char *more_path;	      /* where that comes from */
	gboolean is_rauc_file;	      /* groups and keys of ours are an error */
	const char *const *overrides; /* (nullable): as in BscSystemConfigOptions */
} BscSystemConfigText;

/**
 * bsc_system_config_load:
 * @path: (nullable): the file to read; %NULL searches `bascule/system.conf` in /etc, /run and
 *   /usr/lib, then `rauc/system.conf` in the same places; the first that exists wins
 * @options: (nullable): see the struct
 * @error: return location
 *
 * Reads the configuration. A `bascule.conf` in the `bascule` directory of the first search place
 * that has one is merged over the winning file key by key, also over RAUC's; not with an explicit
 * @path, where only a `bascule.conf` beside a file called `system.conf` in a directory called
 * `bascule` counts. A file in a directory called `rauc` must be one that RAUC can read: our own
 * keys in it are an error that names the right file.
 *
 * Errors: %BSC_CONFIG_ERROR of all codes, with file, group and key in the message;
 * %G_IO_ERROR_NOT_FOUND, with the places searched, if there is no file.
 *
 * Returns: (transfer full) (nullable): the configuration, or %NULL on failure
 */
BscSystemConfig *bsc_system_config_load(const char *path, const BscSystemConfigOptions *options,
					GError **error);

/**
 * bsc_system_config_parse:
 * @text: what to parse
 * @error: return location
 *
 * The pure part of bsc_system_config_load(): touches no file.
 *
 * Returns: (transfer full) (nullable): the configuration, or %NULL on failure
 */
BscSystemConfig *bsc_system_config_parse(const BscSystemConfigText *text, GError **error);

/**
 * bsc_system_config_ref:
 * @self: a configuration
 *
 * Returns: (transfer full): @self. Any thread.
 */
const BscSystemConfig *bsc_system_config_ref(const BscSystemConfig *self);

/**
 * bsc_system_config_unref:
 * @self: (transfer full) (nullable): a configuration. Any thread.
 */
void bsc_system_config_unref(const BscSystemConfig *self);

/**
 * bsc_system_config_list_unsupported:
 * @self: a configuration
 *
 * What the file asks for and this version does not do yet, one sentence each, for the doctor and
 * the service's start. None of it stops an installation that does not need it.
 *
 * Returns: (transfer full): sentences, possibly none
 */
char **bsc_system_config_list_unsupported(const BscSystemConfig *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSystemConfig, bsc_system_config_unref)
