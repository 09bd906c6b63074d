/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/cmd.h - the verbs of bascule-bundle */
#pragma once

#include <gio/gio.h>

/*
 * Each verb parses its own arguments (argv[0] is the verb), does its work and prints its result on
 * stdout. Wrong usage is an error of the domain %G_OPTION_ERROR.
 */
typedef gboolean (*BscCmdFunc)(int argc, char **argv, GCancellable *cancellable, GError **error);

gboolean bsc_cmd_create(int argc, char **argv, GCancellable *cancellable, GError **error);
gboolean bsc_cmd_encrypt(int argc, char **argv, GCancellable *cancellable, GError **error);
gboolean bsc_cmd_extract(int argc, char **argv, GCancellable *cancellable, GError **error);
gboolean bsc_cmd_extract_signature(int argc, char **argv, GCancellable *cancellable,
				   GError **error);
gboolean bsc_cmd_info(int argc, char **argv, GCancellable *cancellable, GError **error);
gboolean bsc_cmd_replace_signature(int argc, char **argv, GCancellable *cancellable,
				   GError **error);
gboolean bsc_cmd_resign(int argc, char **argv, GCancellable *cancellable, GError **error);
gboolean bsc_cmd_verify(int argc, char **argv, GCancellable *cancellable, GError **error);
