/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/service/status-reader.h"

#include <malloc.h>

typedef struct {
	BscStatusReaderFunc func;
	gpointer data;
} Waiter;

struct _BscStatusReader {
	BscSystem *system;
	GArray *waiting; /* of Waiter: for the next reading */
	GArray *served;	 /* of Waiter: of the reading that is under way; NULL = none is */
};

static void start_reading(BscStatusReader *self);

static void
read_status(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	BscStatusReader *self = data;
	GError *error = NULL;
	BscStatusView *view = bsc_inspect_status(self->system, &error);

	malloc_trim(0);
	if (view == NULL)
		g_task_return_error(task, error);
	else
		g_task_return_pointer(task, view, (GDestroyNotify)bsc_inspect_free_status);
}

static void
on_status(GObject *source, GAsyncResult *result, gpointer data)
{
	BscStatusReader *self = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(BscStatusView) view = g_task_propagate_pointer(G_TASK(result), &error);
	g_autoptr(GArray) served = g_steal_pointer(&self->served);

	for (guint i = 0; i < served->len; i++) {
		const Waiter *waiter = &g_array_index(served, Waiter, i);

		waiter->func(view, error, waiter->data);
	}
	if (self->waiting->len > 0 && self->served == NULL)
		start_reading(self);
}

static void
start_reading(BscStatusReader *self)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_status, self);

	self->served = self->waiting;
	self->waiting = g_array_new(FALSE, FALSE, sizeof(Waiter));
	g_task_set_priority(task, G_PRIORITY_LOW);
	g_task_set_task_data(task, self, NULL);
	g_task_run_in_thread(task, read_status);
}

BscStatusReader *
bsc_status_reader_new(BscSystem *system)
{
	BscStatusReader *self = g_new0(BscStatusReader, 1);

	self->system = bsc_system_handle_ref(system);
	self->waiting = g_array_new(FALSE, FALSE, sizeof(Waiter));
	return self;
}

void
bsc_status_reader_free(BscStatusReader *self)
{
	if (self == NULL)
		return;
	g_assert(self->served == NULL);
	bsc_system_handle_unref(self->system);
	g_array_unref(self->waiting);
	g_free(self);
}

void
bsc_status_reader_read(BscStatusReader *self, BscStatusReaderFunc func, gpointer data)
{
	Waiter waiter = {func, data};

	g_array_append_val(self->waiting, waiter);
	if (self->served == NULL)
		start_reading(self);
}

gboolean
bsc_status_reader_is_idle(const BscStatusReader *self)
{
	return self->served == NULL;
}
