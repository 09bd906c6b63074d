/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/service/test-job.c - one job at a time, told in order, cancelled in time */
#include "config.h"

#include "common/error.h"
#include "installer/engine/install-error.h"
#include "installer/service/job.h"
#include "test/support/temp-dir.h"

#include <unistd.h>

#define MANY 200 /* reports of one job */

typedef struct {
	TestTempDir *dir;
	char *bundle;
	GMainLoop *loop;
	BscJob *job;
	GString *heard;
	int n_reports;
} Fixture;

/* What the engine in place of the real one does; set by each test. */
static gboolean engine_waits_for_cancel;
static gboolean engine_fails;
static gboolean engine_is_committed;

static gboolean
fake_run(BscSystem *system, const BscInstallRequest *request, const BscProgressSink *sink,
	 GCancellable *cancellable, BscInstallResult *out, GError **error)
{
	for (int i = 0; i < MANY; i++)
		sink->update(&(BscProgressState){.percent = i, .message = "step", .is_step = TRUE},
			     sink->data);
	while (engine_waits_for_cancel && !g_cancellable_is_cancelled(cancellable))
		g_usleep(1000);
	if (engine_fails)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED, "no");
	return !g_cancellable_set_error_if_cancelled(cancellable, error);
}

static gboolean
fake_cancel(BscSystem *system, const char *transaction_id, GError **error)
{
	if (engine_is_committed)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_COMMITTED, "late");
	return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "not there yet");
}

static void
on_started(const char *transaction, gpointer data)
{
	g_string_append_printf(((Fixture *)data)->heard, "started %s;", transaction);
}

static void
on_progress(const char *transaction, const BscProgressState *state, gpointer data)
{
	Fixture *f = data;

	g_assert_cmpint(state->percent, ==, f->n_reports);
	f->n_reports++;
}

static void
on_completed(const BscJobResult *result, gpointer data)
{
	Fixture *f = data;

	g_string_append_printf(f->heard, "completed %s %s;", result->transaction,
			       bsc_outcome_to_string(result->outcome));
	g_main_loop_quit(f->loop);
}

static void
set_up(Fixture *f, gconstpointer data)
{
	static const BscJobEngine engine = {.run = fake_run, .cancel = fake_cancel};

	engine_waits_for_cancel = engine_fails = engine_is_committed = FALSE;
	f->dir = test_temp_dir_new();
	f->bundle = test_temp_dir_get_path(f->dir, "bundle");
	g_assert_true(g_file_set_contents(f->bundle, "x", 1, NULL));
	f->loop = g_main_loop_new(NULL, FALSE);
	f->heard = g_string_new(NULL);
	f->job = bsc_job_new(NULL, &engine);
	bsc_job_add_listener(f->job, &(BscJobListener){on_started, on_progress, on_completed, f});
}

static void
tear_down(Fixture *f, gconstpointer data)
{
	bsc_job_free(f->job);
	g_string_free(f->heard, TRUE);
	g_main_loop_unref(f->loop);
	g_free(f->bundle);
	test_temp_dir_free(f->dir);
}

static gboolean
start(Fixture *f, const char *transaction, GError **error)
{
	BscInstallRequest *request = bsc_install_request_new(f->bundle);

	request->transaction_id = g_strdup(transaction);
	return bsc_job_start(f->job, request, geteuid(), error);
}

static void
test_tells_everything_in_order(Fixture *f, gconstpointer data)
{
	g_assert_true(start(f, "one", NULL));
	g_assert_cmpstr(bsc_job_get_transaction(f->job), ==, "one");
	g_main_loop_run(f->loop);
	g_assert_cmpint(f->n_reports, ==, MANY);
	g_assert_cmpstr(f->heard->str, ==, "started one;completed one ok;");
	g_assert_true(bsc_job_is_idle(f->job));
}

static void
test_refuses_a_second_one(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	engine_waits_for_cancel = TRUE;
	g_assert_true(start(f, "one", NULL));
	g_assert_false(start(f, "two", &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY);
	g_clear_error(&error);
	g_assert_false(bsc_job_reserve(f->job, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY);
	g_assert_cmpstr(bsc_job_get_transaction(f->job), ==, "one");
	g_assert_true(bsc_job_cancel(f->job, NULL, NULL));
	g_main_loop_run(f->loop);
	g_assert_cmpstr(f->heard->str, ==, "started one;completed one cancelled;");
}

static void
test_runs_no_id_twice(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	engine_fails = TRUE;
	g_assert_true(start(f, "one", NULL));
	g_main_loop_run(f->loop);
	g_assert_false(start(f, "one", &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_USED);
	g_assert_true(bsc_job_is_idle(f->job));
}

static void
test_remembers_results(Fixture *f, gconstpointer data)
{
	const BscJobResult *result;

	engine_fails = TRUE;
	g_assert_true(start(f, "one", NULL));
	g_main_loop_run(f->loop);
	result = bsc_job_find_result(f->job, "one");
	g_assert_nonnull(result);
	g_assert_cmpint(result->outcome, ==, BSC_OUTCOME_REJECTED);
	g_assert_cmpstr(result->message, ==, "no");
	g_assert_true(bsc_job_find_result(f->job, NULL) == result);
	g_assert_null(bsc_job_find_result(f->job, "two"));
}

static void
test_cancels_only_what_runs(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_job_cancel(f->job, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
	g_clear_error(&error);
	engine_waits_for_cancel = TRUE;
	g_assert_true(start(f, "one", NULL));
	g_assert_false(bsc_job_cancel(f->job, "other", &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
	g_clear_error(&error);
	engine_is_committed = TRUE;
	g_assert_false(bsc_job_cancel(f->job, "one", &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_COMMITTED);
	engine_is_committed = FALSE;
	g_assert_true(bsc_job_cancel(f->job, "one", NULL));
	g_main_loop_run(f->loop);
}

static void
test_starts_nothing_while_reserved_or_closed(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(bsc_job_reserve(f->job, NULL));
	g_assert_false(start(f, "one", &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY);
	g_clear_error(&error);
	bsc_job_release(f->job);
	bsc_job_close(f->job);
	g_assert_false(start(f, "one", &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY);
	g_assert_cmpstr(f->heard->str, ==, "");
}

static void
test_reports_a_bundle_that_cannot_be_opened(Fixture *f, gconstpointer data)
{
	g_assert_cmpint(unlink(f->bundle), ==, 0);
	g_assert_true(start(f, "one", NULL));
	g_main_loop_run(f->loop);
	g_assert_cmpint(f->n_reports, ==, 0);
	g_assert_cmpstr(f->heard->str, ==, "started one;completed one rejected;");
}

static void
add(const char *path, void (*test)(Fixture *, gconstpointer))
{
	g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	/* a failed installation is a warning in the log, as it should be */
	g_log_set_always_fatal((GLogLevelFlags)(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK));
	add("/service/job/tells-everything-in-order", test_tells_everything_in_order);
	add("/service/job/refuses-a-second-one", test_refuses_a_second_one);
	add("/service/job/runs-no-id-twice", test_runs_no_id_twice);
	add("/service/job/remembers-results", test_remembers_results);
	add("/service/job/cancels-only-what-runs", test_cancels_only_what_runs);
	add("/service/job/starts-nothing-while-reserved-or-closed",
	    test_starts_nothing_while_reserved_or_closed);
	add("/service/job/reports-a-bundle-that-cannot-be-opened",
	    test_reports_a_bundle_that_cannot_be_opened);
	return g_test_run();
}
