/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/run.h - the one door to subprocesses */
#pragma once

#include <gio/gio.h>

typedef void (*BscRunLineFunc)(const char *line, gpointer data);

/* How to run a program; zero everywhere is a good start. */
typedef struct {
	gint64 timeout_usec;	 /* 0 = no limit; then the whole process group is killed */
	const char *const *env;	 /* `NAME=value`, %NULL-terminated; %NULL = nothing at all */
	const char *working_dir; /* %NULL = `/` */
	size_t max_output_bytes; /* of stdout kept; 0 = 64 KiB; the rest is read and dropped */
	gboolean want_stdin;	 /* the caller feeds stdin, see bsc_run_get_stdin() */
	gboolean merge_stderr;	 /* stderr goes where stdout goes */
	/*
	 * Called for each line of stdout, from another thread. A carriage return ends a line too,
	 * so that progress bars arrive step by step.
	 */
	BscRunLineFunc on_line;
	gpointer on_line_data;
} BscRunOptions;

typedef struct _BscRun BscRun;

/**
 * bsc_run:
 * @argv: (array zero-terminated=1): program (absolute path, or a name looked up in /usr/sbin,
 *   /usr/bin, /sbin and /bin) and its arguments; no shell is involved
 * @options: (nullable): how to run it
 * @out_stdout: (out) (optional) (transfer full): what it printed, NUL-terminated
 * @cancellable: (nullable): kills the process group when cancelled
 * @error: return location
 *
 * Runs a program to its end. stdin is /dev/null, the environment is empty but for @options,
 * the working directory is `/`, the program has a process group of its own.
 *
 * Errors: %G_IO_ERROR_NOT_FOUND if the program is missing, %G_IO_ERROR_TIMED_OUT,
 * %G_IO_ERROR_CANCELLED; %G_IO_ERROR_FAILED with program, exit status and the last lines of
 * stderr if it fails.
 *
 * Returns: %TRUE if it exited with status 0
 */
gboolean bsc_run(const char *const *argv, const BscRunOptions *options, char **out_stdout,
		 GCancellable *cancellable, GError **error);

/**
 * bsc_run_start:
 * @argv: (array zero-terminated=1): as for bsc_run()
 * @options: (nullable): how to run it; copied
 * @error: return location
 *
 * Starts a program and reads its output in a thread, so that a caller who feeds its stdin never
 * waits for itself.
 *
 * Returns: (transfer full) (nullable): the running program, or %NULL on failure. Free with
 *   bsc_run_free(), which kills what still runs.
 */
BscRun *bsc_run_start(const char *const *argv, const BscRunOptions *options, GError **error);

/**
 * bsc_run_get_stdin:
 * @self: a program started with want_stdin
 *
 * Returns: the writing end of its stdin, owned by @self and closed by bsc_run_wait()
 */
int bsc_run_get_stdin(BscRun *self);

/**
 * bsc_run_feed:
 * @self: a program started with want_stdin
 * @data: bytes for its stdin
 * @len: their number
 * @error: return location
 *
 * Writes to its stdin without the SIGPIPE that ends this process where the program ended first:
 * what that means bsc_run_wait() tells, so it is no error here.
 *
 * Returns: %TRUE if all is written or the program no longer reads
 */
gboolean bsc_run_feed(BscRun *self, const void *data, size_t len, GError **error);

/**
 * bsc_run_wait:
 * @self: a running program
 * @out_status: (out) (optional): exit status, 128 + n for signal n; set also when it is not 0
 * @out_stdout: (out) (optional) (transfer full): what it printed
 * @cancellable: (nullable): kills the process group when cancelled
 * @error: return location
 *
 * Closes stdin and waits for the end. Errors as bsc_run().
 *
 * Returns: %TRUE if it exited with status 0
 */
gboolean bsc_run_wait(BscRun *self, int *out_status, char **out_stdout, GCancellable *cancellable,
		      GError **error);

/**
 * bsc_run_get_complaint:
 * @self: a program that bsc_run_wait() has seen end
 *
 * Returns: (transfer full): the last line it wrote to stderr (to stdout where that is merged),
 *   empty if there is none; for programs whose last words are meant for people
 */
char *bsc_run_get_complaint(const BscRun *self);

/**
 * bsc_run_free:
 * @self: (transfer full) (nullable): a program; killed with its group if it still runs
 */
void bsc_run_free(BscRun *self);

/**
 * bsc_run_replace:
 * @argv: (array zero-terminated=1): program and arguments
 * @error: return location
 *
 * Replaces this process, environment kept. Only returns on failure.
 *
 * Returns: always %FALSE
 */
gboolean bsc_run_replace(const char *const *argv, GError **error);

/**
 * bsc_run_find_program:
 * @name: a program's name or absolute path
 *
 * Returns: (transfer full) (nullable): absolute path of an executable file, or %NULL
 */
char *bsc_run_find_program(const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscRun, bsc_run_free)
