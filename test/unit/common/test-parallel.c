/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/common/test-parallel.c - pieces of work on several threads */
#include "config.h"

#include "common/parallel.h"

#define N_ITEMS 1000

typedef struct {
	int seen[N_ITEMS];
	uint64_t fail_at;
	uint64_t last_done;
	GCancellable *cancellable;
} Work;

static gboolean
do_item(uint64_t item, gpointer data, GError **error)
{
	Work *work = data;

	g_atomic_int_inc(&work->seen[item]);
	if (item == work->fail_at && work->cancellable != NULL) {
		g_cancellable_cancel(work->cancellable);
		return TRUE;
	}
	if (item == work->fail_at) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "piece %d", (int)item);
		return FALSE;
	}
	return TRUE;
}

static void
on_progress(uint64_t done, uint64_t total, gpointer data)
{
	Work *work = data;

	g_assert_cmpuint(done, ==, work->last_done + 1);
	g_assert_cmpuint(total, ==, N_ITEMS);
	work->last_done = done;
}

static void
test_every_piece_once(void)
{
	static const unsigned n_threads[] = {0, 1, 7};

	for (size_t i = 0; i < G_N_ELEMENTS(n_threads); i++) {
		Work work = {.fail_at = G_MAXUINT64};

		g_assert_true(bsc_parallel_run(N_ITEMS, n_threads[i], do_item, on_progress, &work,
					       NULL, NULL));
		for (size_t item = 0; item < N_ITEMS; item++)
			g_assert_cmpint(work.seen[item], ==, 1);
		g_assert_cmpuint(work.last_done, ==, N_ITEMS);
	}
}

static void
test_first_failure_ends(void)
{
	Work work = {.fail_at = 5};
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_parallel_run(N_ITEMS, 4, do_item, NULL, &work, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_FAILED);
	g_assert_cmpstr(error->message, ==, "piece 5");
	g_assert_cmpint(work.seen[N_ITEMS - 1], ==, 0);
}

static void
test_cancel_ends(void)
{
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	Work work = {.fail_at = 5, .cancellable = cancellable};
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_parallel_run(N_ITEMS, 2, do_item, NULL, &work, cancellable, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_assert_cmpint(work.seen[N_ITEMS - 1], ==, 0);
}

static void
test_nothing_to_do(void)
{
	Work work = {.fail_at = 0};

	g_assert_true(bsc_parallel_run(0, 0, do_item, NULL, &work, NULL, NULL));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/common/parallel/does-every-piece-once", test_every_piece_once);
	g_test_add_func("/common/parallel/ends-at-the-first-failure", test_first_failure_ends);
	g_test_add_func("/common/parallel/ends-when-cancelled", test_cancel_ends);
	g_test_add_func("/common/parallel/takes-no-work", test_nothing_to_do);
	return g_test_run();
}
