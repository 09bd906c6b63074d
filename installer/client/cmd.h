/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/cmd.h - the verbs' table rows and what the command line told all of them */
#pragma once

#include "installer/client/backend.h"
#include "installer/output/output.h"

typedef struct _BscCmdLine BscCmdLine;

/* One verb. */
typedef struct {
	const char *name;
	const char *arguments;		    /* for the usage line: `FILE` */
	const char *summary;		    /* one line for the list of verbs */
	const GOptionEntry *options;	    /* of this verb; ended by a zeroed one; (nullable) */
	int (*run)(const BscCmdLine *line); /* returns the exit status */
} BscCmd;

/* What main() has parsed. */
struct _BscCmdLine {
	const BscCmd *cmd;
	BscBackendOptions backend;
	char **args; /* behind the verb, %NULL-terminated */
	unsigned n_args;
	gboolean has_local_options; /* one of those that count for standalone only */
};

extern const BscCmd bsc_cmd_install;
extern const BscCmd bsc_cmd_status;
extern const BscCmd bsc_cmd_mark;
extern const BscCmd bsc_cmd_info;
extern const BscCmd bsc_cmd_doctor;
extern const BscCmd bsc_cmd_result;
extern const BscCmd bsc_cmd_cancel;

/**
 * bsc_cmd_fail:
 * @error: (transfer full): what went wrong
 *
 * Prints it on stderr in one line.
 *
 * Returns: the exit status for it
 */
int bsc_cmd_fail(GError *error);

/**
 * bsc_cmd_fail_usage:
 * @line: the command line
 * @format: printf format of what is wrong
 *
 * Prints it and how the verb is used on stderr.
 *
 * Returns: the exit status for it
 */
int bsc_cmd_fail_usage(const BscCmdLine *line, const char *format, ...) G_GNUC_PRINTF(2, 3);

/**
 * bsc_cmd_open:
 * @line: the command line
 * @out_status: (out): the exit status on failure, which is printed already
 *
 * Returns: (transfer full) (nullable): the backend the command line asks for
 */
BscBackend *bsc_cmd_open(const BscCmdLine *line, int *out_status);

/**
 * bsc_cmd_resolve_bundle:
 * @argument: a path or a file:// URI
 * @error: return location
 *
 * Errors: %BSC_OUTCOME_REJECTED for another kind of URI, %BSC_OUTCOME_DOWNLOAD if there is no
 * such file.
 *
 * Returns: (transfer full) (nullable): the absolute path, or %NULL on failure
 */
char *bsc_cmd_resolve_bundle(const char *argument, GError **error);

/**
 * bsc_cmd_run_mark:
 * @line: the command line
 * @state: `good`, `bad` or `active`
 * @slot: (nullable): `booted`, `other` or a slot's name; %NULL = `booted`
 *
 * Returns: the exit status
 */
int bsc_cmd_run_mark(const BscCmdLine *line, const char *state, const char *slot);

/**
 * bsc_cmd_format_result:
 * @result: how an installation ended
 * @format: JSON or JSON_PRETTY
 *
 * Returns: (transfer full): the document
 */
char *bsc_cmd_format_result(const BscBackendResult *result, BscOutputFormat format);
