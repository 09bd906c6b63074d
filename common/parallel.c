/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "common/parallel.h"

typedef struct {
	BscParallelFunc func;
	BscParallelProgress on_progress;
	gpointer data;
	GCancellable *cancellable; /* not owned */
	uint64_t n_items;
	GMutex lock;
	uint64_t next; /* first piece that no thread has taken; under lock, as all below */
	uint64_t done;
	GError *error; /* the first failure; ends the run */
} ParallelRun;

static gboolean
take_item(ParallelRun *run, uint64_t *out_item)
{
	g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&run->lock);

	if (run->error != NULL || run->next == run->n_items)
		return FALSE;
	if (g_cancellable_set_error_if_cancelled(run->cancellable, &run->error))
		return FALSE;
	*out_item = run->next++;
	return TRUE;
}

static void
finish_item(ParallelRun *run, GError *error)
{
	g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&run->lock);

	if (error != NULL && run->error != NULL) {
		g_error_free(error);
		return;
	}
	if (error != NULL) {
		run->error = error;
		return;
	}
	run->done++;
	if (run->on_progress != NULL)
		run->on_progress(run->done, run->n_items, run->data);
}

static gpointer
work(gpointer data)
{
	ParallelRun *run = data;
	uint64_t item;

	while (take_item(run, &item)) {
		GError *error = NULL;

		(void)run->func(item, run->data, &error);
		finish_item(run, error);
	}
	return NULL;
}

gboolean
bsc_parallel_run(uint64_t n_items, unsigned n_threads, BscParallelFunc func,
		 BscParallelProgress on_progress, gpointer data, GCancellable *cancellable,
		 GError **error)
{
	ParallelRun run = {.func = func,
			   .on_progress = on_progress,
			   .data = data,
			   .cancellable = cancellable,
			   .n_items = n_items};
	g_autoptr(GPtrArray) threads = g_ptr_array_new();

	g_mutex_init(&run.lock);
	if (n_threads == 0)
		n_threads = g_get_num_processors();
	/* The calling thread works too; a thread that cannot be had only makes it slower. */
	for (uint64_t i = 1; i < n_threads && i < n_items; i++) {
		GThread *thread = g_thread_try_new("bsc-parallel", work, &run, NULL);

		if (thread == NULL)
			break;
		g_ptr_array_add(threads, thread);
	}
	work(&run);
	for (guint i = 0; i < threads->len; i++)
		g_thread_join(threads->pdata[i]);
	g_mutex_clear(&run.lock);
	if (run.error == NULL)
		return TRUE;
	g_propagate_error(error, run.error);
	return FALSE;
}
