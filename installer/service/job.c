/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/service/job.h"

#include "common/error.h"
#include "installer/engine/install-error.h"
#include "installer/engine/outcome-map.h"
#include "installer/service/caller.h"

#include <malloc.h>

#define MAX_RESULTS 16 /* kept in memory */

struct _BscJob {
	BscSystem *system;
	const BscJobEngine *engine;
	GArray *listeners; /* of BscJobListener */
	GQueue results;	   /* of BscJobResult, newest first */
	char *transaction; /* NULL: none runs */
	GCancellable *cancellable;
	gboolean is_reserved;
	gboolean is_closed;
	int has_ended; /* set by the worker: atomic */
};

/* What the worker thread holds. */
typedef struct {
	BscJob *job;
	BscInstallRequest *request;
	uid_t caller;
	BscInstallResult result;
} Work;

/* One report on its way to the main loop. */
typedef struct {
	BscJob *job;
	BscProgressState state;
	char *message;
} Report;

static const BscJobEngine real_engine = {
	.run = bsc_install_run,
	.cancel = bsc_install_run_cancel,
};

static void
result_free(BscJobResult *result)
{
	g_free(result->transaction);
	g_free(result->message);
	g_free(result->manifest_hash);
	g_free(result->bundle_version);
	g_free(result);
}

static void
work_free(Work *work)
{
	bsc_install_request_free(work->request);
	bsc_install_run_clear_result(&work->result);
	g_free(work);
}

static void
report_free(Report *report)
{
	g_free(report->message);
	g_free(report);
}

static gboolean
on_report(gpointer data)
{
	Report *report = data;
	BscJob *self = report->job;

	for (guint i = 0; i < self->listeners->len; i++) {
		const BscJobListener *listener = &g_array_index(self->listeners, BscJobListener, i);

		if (listener->progress != NULL)
			listener->progress(self->transaction, &report->state, listener->data);
	}
	return G_SOURCE_REMOVE;
}

/* In the worker thread. The priority is that of the task's end, so the order stays. */
static void
post_progress(const BscProgressState *state, gpointer data)
{
	Report *report = g_new0(Report, 1);
	g_autoptr(GSource) source = g_idle_source_new();

	report->job = data;
	report->state = *state;
	report->message = g_strdup(state->message);
	report->state.message = report->message;
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, on_report, report, (GDestroyNotify)report_free);
	g_source_attach(source, NULL);
}

static gboolean
install(Work *work, GCancellable *cancellable, GError **error)
{
	BscProgressSink sink = {.update = post_progress, .data = work->job};
	BscInstallRequest *request = work->request;

	if (!bsc_caller_open_bundle(work->caller, request, error))
		return FALSE;
	return work->job->engine->run(work->job->system, request, &sink, cancellable, &work->result,
				      error);
}

static void
run_work(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Work *work = data;
	GError *error = NULL;
	gboolean success = install(work, cancellable, &error);

	g_atomic_int_set(&work->job->has_ended, 1);
	malloc_trim(0); /* what an installation needed goes back to the system */
	if (success)
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static BscJobResult *
result_new(BscJob *self, const Work *work, const GError *error)
{
	BscJobResult *result = g_new0(BscJobResult, 1);

	result->transaction = g_steal_pointer(&self->transaction);
	result->outcome = bsc_outcome_map_from_error(error);
	result->message = g_strdup(error != NULL ? error->message : "");
	result->manifest_hash = g_strdup(work->result.manifest_hash);
	result->bundle_version = g_strdup(work->result.bundle_version);
	return result;
}

static void
remember(BscJob *self, BscJobResult *result)
{
	g_queue_push_head(&self->results, result);
	if (self->results.length > MAX_RESULTS)
		result_free(g_queue_pop_tail(&self->results));
}

static void
on_work_done(GObject *source, GAsyncResult *async, gpointer data)
{
	BscJob *self = data;
	const Work *work = g_task_get_task_data(G_TASK(async));
	g_autoptr(GError) error = NULL;
	BscJobResult *result;

	g_task_propagate_boolean(G_TASK(async), &error);
	result = result_new(self, work, error);
	g_clear_object(&self->cancellable);
	if (error != NULL)
		g_warning("Installation %s failed: %s", result->transaction, error->message);
	else
		g_message("Installation %s is complete", result->transaction);
	remember(self, result);
	for (guint i = 0; i < self->listeners->len; i++) {
		const BscJobListener *listener = &g_array_index(self->listeners, BscJobListener, i);

		if (listener->completed != NULL)
			listener->completed(result, listener->data);
	}
}

static gboolean
check_idle(const BscJob *self, GError **error)
{
	if (self->is_closed)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY,
				     "The service is stopping");
	if (self->transaction != NULL)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY,
				     "Installation %s is running", self->transaction);
	if (self->is_reserved)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY,
				     "A slot is being marked");
	return TRUE;
}

BscJob *
bsc_job_new(BscSystem *system, const BscJobEngine *engine)
{
	BscJob *self = g_new0(BscJob, 1);

	self->system = system != NULL ? bsc_system_handle_ref(system) : NULL;
	self->engine = engine != NULL ? engine : &real_engine;
	self->listeners = g_array_new(FALSE, FALSE, sizeof(BscJobListener));
	g_queue_init(&self->results);
	return self;
}

void
bsc_job_free(BscJob *self)
{
	if (self == NULL)
		return;
	g_assert(self->transaction == NULL);
	bsc_system_handle_unref(self->system);
	g_array_unref(self->listeners);
	g_queue_clear_full(&self->results, (GDestroyNotify)result_free);
	g_free(self);
}

void
bsc_job_add_listener(BscJob *self, const BscJobListener *listener)
{
	g_array_append_vals(self->listeners, listener, 1);
}

static void
launch(BscJob *self, Work *work)
{
	g_autoptr(GTask) task = NULL;

	self->cancellable = g_cancellable_new();
	g_atomic_int_set(&self->has_ended, 0);
	task = g_task_new(NULL, self->cancellable, on_work_done, self);
	/* the engine decides what a late cancel means; its answer is the truth */
	g_task_set_check_cancellable(task, FALSE);
	g_task_set_task_data(task, work, (GDestroyNotify)work_free);
	g_task_run_in_thread(task, run_work);
}

gboolean
bsc_job_start(BscJob *self, BscInstallRequest *request, uid_t caller, GError **error)
{
	g_autoptr(BscInstallRequest) owned = request;
	Work *work;

	if (!check_idle(self, error))
		return FALSE;
	if (bsc_job_find_result(self, request->transaction_id) != NULL)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_USED,
				     "Transaction %s was used before", request->transaction_id);
	work = g_new0(Work, 1);
	work->job = self;
	work->caller = caller;
	work->request = g_steal_pointer(&owned);
	self->transaction = g_strdup(work->request->transaction_id);
	for (guint i = 0; i < self->listeners->len; i++) {
		const BscJobListener *listener = &g_array_index(self->listeners, BscJobListener, i);

		if (listener->started != NULL)
			listener->started(self->transaction, listener->data);
	}
	launch(self, work);
	return TRUE;
}

gboolean
bsc_job_cancel(BscJob *self, const char *transaction, GError **error)
{
	g_autoptr(GError) local = NULL;

	if (self->transaction == NULL || g_atomic_int_get(&self->has_ended) ||
	    (transaction != NULL && g_strcmp0(transaction, self->transaction) != 0))
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
				     "No such installation is running");
	if (self->engine->cancel(self->system, self->transaction, &local))
		return TRUE;
	if (!g_error_matches(local, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
		g_propagate_error(error, g_steal_pointer(&local));
		return FALSE;
	}
	/* The worker has not reached the engine yet: it will find itself cancelled there. */
	g_cancellable_cancel(self->cancellable);
	return TRUE;
}

gboolean
bsc_job_reserve(BscJob *self, GError **error)
{
	if (!check_idle(self, error))
		return FALSE;
	self->is_reserved = TRUE;
	return TRUE;
}

void
bsc_job_release(BscJob *self)
{
	self->is_reserved = FALSE;
}

void
bsc_job_close(BscJob *self)
{
	self->is_closed = TRUE;
}

gboolean
bsc_job_is_idle(const BscJob *self)
{
	return self->transaction == NULL && !self->is_reserved;
}

const char *
bsc_job_get_transaction(const BscJob *self)
{
	return self->transaction;
}

const BscJobResult *
bsc_job_find_result(const BscJob *self, const char *transaction)
{
	if (transaction == NULL)
		return g_queue_peek_head((GQueue *)&self->results);
	for (const GList *l = self->results.head; l != NULL; l = l->next) {
		const BscJobResult *result = l->data;

		if (g_strcmp0(result->transaction, transaction) == 0)
			return result;
	}
	return NULL;
}
