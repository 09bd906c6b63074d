/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/common/test-run.c - subprocesses: output, failures, limits */
#include "config.h"

#include "common/io.h"
#include "common/run.h"

#include <string.h>
#include <unistd.h>

static const char *const *
shell(const char *script)
{
	static const char *argv[] = {"sh", "-c", NULL, NULL};

	argv[2] = script;
	return argv;
}

static void
test_gives_output_and_empty_environment(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *out = NULL;

	g_setenv("BSC_SECRET", "x", TRUE);
	g_assert_true(bsc_run(shell("echo [$BSC_SECRET] $(pwd); cat"), NULL, &out, NULL, &error));
	g_assert_no_error(error);
	g_assert_cmpstr(out, ==, "[] /\n");
}

static void
test_failure_tells_program_status_and_stderr(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_run(shell("echo no such device >&2; exit 7"), NULL, NULL, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_FAILED);
	g_assert_cmpstr(error->message, ==, "'sh' failed with exit status 7: no such device");
}

static void
test_high_exit_status_is_no_signal(void)
{
	g_autoptr(GError) error = NULL;

	/* fw_printenv ends with 247 where its configuration is wrong. */
	g_assert_false(bsc_run(shell("exit 247"), NULL, NULL, NULL, &error));
	g_assert_cmpstr(error->message, ==, "'sh' failed with exit status 247");
	g_clear_error(&error);
	g_assert_false(bsc_run(shell("kill -9 $$"), NULL, NULL, NULL, &error));
	g_assert_cmpstr(error->message, ==, "'sh' was ended by signal 9");
}

static void
test_missing_program(void)
{
	const char *const argv[] = {"no-such-program", NULL};
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_run(argv, NULL, NULL, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_timeout_kills_the_group(void)
{
	BscRunOptions options = {.timeout_usec = G_USEC_PER_SEC / 5};
	gint64 begin = g_get_monotonic_time();
	g_autoptr(GError) error = NULL;

	/* The grandchild holds stdout open: only killing the whole group ends this soon. */
	g_assert_false(bsc_run(shell("sleep 30 & sleep 30"), &options, NULL, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
	g_assert_cmpint(g_get_monotonic_time() - begin, <, 20 * G_USEC_PER_SEC);
}

static gpointer
cancel_soon(gpointer data)
{
	g_usleep(G_USEC_PER_SEC / 10);
	g_cancellable_cancel(data);
	return NULL;
}

static void
test_cancel(void)
{
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	GThread *thread = g_thread_new("cancel", cancel_soon, cancellable);
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_run(shell("sleep 30"), NULL, NULL, cancellable, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_thread_join(thread);
}

static void
test_output_is_capped(void)
{
	BscRunOptions options = {.max_output_bytes = 10};
	g_autoptr(GError) error = NULL;
	g_autofree char *out = NULL;

	g_assert_true(bsc_run(shell("head -c 1000000 /dev/zero | tr '\\0' x"), &options, &out, NULL,
			      &error));
	g_assert_cmpstr(out, ==, "xxxxxxxxxx");
}

static void
test_feeds_stdin(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *out = NULL;
	g_autoptr(BscRun) run = bsc_run_start(shell("cat >&2; cat; wc -c"),
					      &(BscRunOptions){.want_stdin = TRUE}, &error);
	g_autofree char *data = g_malloc0(300000);

	g_assert_no_error(error);
	g_assert_true(bsc_io_write_all(bsc_run_get_stdin(run), data, 300000, &error));
	g_assert_true(bsc_run_wait(run, NULL, &out, NULL, &error));
	g_assert_cmpstr(out, ==, "0\n");
}

static void
add_line(const char *line, gpointer data)
{
	g_ptr_array_add(data, g_strdup(line));
}

static void
test_gives_lines(void)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	BscRunOptions options = {.on_line = add_line, .on_line_data = lines, .merge_stderr = TRUE};

	g_assert_true(bsc_run(shell("echo a; echo b >&2; printf c"), &options, NULL, NULL, NULL));
	g_assert_cmpuint(lines->len, ==, 3);
	g_assert_cmpstr(lines->pdata[2], ==, "c");
}

/* Without care the write would end this test by SIGPIPE. */
static void
test_feeds_the_deaf(void)
{
	static const char *const argv[] = {"false", NULL};
	g_autoptr(GError) error = NULL;
	g_autofree char *much = g_malloc0(1024 * 1024);
	g_autoptr(BscRun) run = bsc_run_start(argv, &(BscRunOptions){.want_stdin = TRUE}, &error);

	g_assert_no_error(error);
	g_assert_true(bsc_run_feed(run, much, 1024 * 1024, &error));
	g_assert_no_error(error);
	g_assert_false(bsc_run_wait(run, NULL, NULL, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_FAILED);
	g_assert_nonnull(strstr(error->message, "exit status 1"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/common/run/gives-output-and-an-empty-environment",
			test_gives_output_and_empty_environment);
	g_test_add_func("/common/run/failure-tells-program-status-and-stderr",
			test_failure_tells_program_status_and_stderr);
	g_test_add_func("/common/run/high-exit-status-is-no-signal",
			test_high_exit_status_is_no_signal);
	g_test_add_func("/common/run/missing-program", test_missing_program);
	g_test_add_func("/common/run/timeout-kills-the-group", test_timeout_kills_the_group);
	g_test_add_func("/common/run/cancel", test_cancel);
	g_test_add_func("/common/run/output-is-capped", test_output_is_capped);
	g_test_add_func("/common/run/feeds-stdin", test_feeds_stdin);
	g_test_add_func("/common/run/gives-lines", test_gives_lines);
	g_test_add_func("/common/run/feeds-a-program-that-does-not-read", test_feeds_the_deaf);
	return g_test_run();
}
