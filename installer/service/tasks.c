/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/service/tasks.h"

#include "installer/engine/mark.h"
#include "installer/service/caller.h"

#include <malloc.h>

typedef struct {
	BscSystem *system;
	char *state;
	char *slot;
	char *marked;
	char *message;
} Mark;

typedef struct {
	BscSystem *system;
	BscInstallRequest *request;
	uid_t caller;
} Inspection;

typedef struct {
	BscSystem *system;
	char *transaction;
} LookUp;

static GMutex inspecting; /* a plain bundle is read whole: not several at once */

static void
mark_free(Mark *mark)
{
	bsc_system_handle_unref(mark->system);
	g_free(mark->state);
	g_free(mark->slot);
	g_free(mark->marked);
	g_free(mark->message);
	g_free(mark);
}

static void
inspection_free(Inspection *inspection)
{
	bsc_system_handle_unref(inspection->system);
	bsc_install_request_free(inspection->request);
	g_free(inspection);
}

static void
look_up_free(LookUp *look_up)
{
	bsc_system_handle_unref(look_up->system);
	g_free(look_up->transaction);
	g_free(look_up);
}

static void
run_mark(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Mark *mark = data;
	GError *error = NULL;

	if (bsc_mark(mark->system, mark->state, mark->slot, &mark->marked, &mark->message, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static BscBundleView *
inspect(Inspection *inspection, GError **error)
{
	BscInstallRequest *request = inspection->request;
	BscInspectOptions options = {0};

	if (!bsc_caller_open_bundle(inspection->caller, request, error))
		return NULL;
	options.use_fd = TRUE;
	options.fd = request->fd;
	return bsc_inspect_bundle(inspection->system, request->uri, &options, NULL, error);
}

static void
run_inspection(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	GError *error = NULL;
	BscBundleView *view;

	g_mutex_lock(&inspecting);
	view = inspect(data, &error);
	g_mutex_unlock(&inspecting);
	malloc_trim(0);
	if (view != NULL)
		g_task_return_pointer(task, view, (GDestroyNotify)bsc_inspect_free_bundle);
	else
		g_task_return_error(task, error);
}

static void
run_look_up(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	LookUp *look_up = data;
	GError *error = NULL;
	BscJobRecord *record = bsc_job_record_lookup(look_up->system, look_up->transaction, &error);

	if (record != NULL)
		g_task_return_pointer(task, record, (GDestroyNotify)bsc_job_record_free);
	else
		g_task_return_error(task, error);
}

void
bsc_tasks_mark(BscSystem *system, const char *state, const char *slot, GAsyncReadyCallback callback,
	       gpointer data)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, callback, data);
	Mark *mark = g_new0(Mark, 1);

	mark->system = bsc_system_handle_ref(system);
	mark->state = g_strdup(state);
	mark->slot = g_strdup(slot);
	g_task_set_task_data(task, mark, (GDestroyNotify)mark_free);
	g_task_run_in_thread(task, run_mark);
}

gboolean
bsc_tasks_mark_finish(GAsyncResult *result, char **out_slot, char **out_message, GError **error)
{
	Mark *mark = g_task_get_task_data(G_TASK(result));

	if (!g_task_propagate_boolean(G_TASK(result), error))
		return FALSE;
	*out_slot = g_steal_pointer(&mark->marked);
	*out_message = g_steal_pointer(&mark->message);
	return TRUE;
}

void
bsc_tasks_inspect(BscSystem *system, BscInstallRequest *request, uid_t caller,
		  GAsyncReadyCallback callback, gpointer data)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, callback, data);
	Inspection *inspection = g_new0(Inspection, 1);

	inspection->system = bsc_system_handle_ref(system);
	inspection->request = request;
	inspection->caller = caller;
	g_task_set_priority(task, G_PRIORITY_LOW);
	g_task_set_task_data(task, inspection, (GDestroyNotify)inspection_free);
	g_task_run_in_thread(task, run_inspection);
}

BscBundleView *
bsc_tasks_inspect_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}

void
bsc_tasks_look_up(BscSystem *system, const char *transaction, GAsyncReadyCallback callback,
		  gpointer data)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, callback, data);
	LookUp *look_up = g_new0(LookUp, 1);

	look_up->system = bsc_system_handle_ref(system);
	look_up->transaction = g_strdup(transaction);
	g_task_set_priority(task, G_PRIORITY_LOW);
	g_task_set_task_data(task, look_up, (GDestroyNotify)look_up_free);
	g_task_run_in_thread(task, run_look_up);
}

BscJobRecord *
bsc_tasks_look_up_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
