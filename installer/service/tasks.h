/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/service/tasks.h - short work for one call, done in a worker thread */
#pragma once

#include "installer/engine/inspect.h"
#include "installer/engine/install-request.h"
#include "installer/engine/job-record.h"

#include <gio/gio.h>
#include <sys/types.h>

/*
 * Each pair is an asynchronous function in GIO's manner: start it in the main loop, it calls back
 * there. What touches a device, a file or a program happens in between, in a worker thread. Many
 * may ask at once: reading comes after whatever writes.
 */

/**
 * bsc_tasks_mark:
 * @system: the device
 * @state: `good`, `bad` or `active`
 * @slot: `booted`, `other` or a slot's name
 * @callback: called when it is done
 * @data: for @callback
 */
void bsc_tasks_mark(BscSystem *system, const char *state, const char *slot,
		    GAsyncReadyCallback callback, gpointer data);

/**
 * bsc_tasks_mark_finish:
 * @result: what @callback was given
 * @out_slot: (out) (transfer full): names of the slots marked
 * @out_message: (out) (transfer full): what was done
 * @error: return location
 *
 * Returns: %TRUE on success; errors as bsc_mark()
 */
gboolean bsc_tasks_mark_finish(GAsyncResult *result, char **out_slot, char **out_message,
			       GError **error);

/**
 * bsc_tasks_inspect:
 * @system: the device
 * @request: (transfer full): uri or fd of a bundle
 * @caller: with whose rights a path is opened
 * @callback: called when it is done
 * @data: for @callback
 *
 * One bundle at a time is inspected; others wait.
 */
void bsc_tasks_inspect(BscSystem *system, BscInstallRequest *request, uid_t caller,
		       GAsyncReadyCallback callback, gpointer data);

/**
 * bsc_tasks_inspect_finish:
 * @result: what @callback was given
 * @error: return location
 *
 * Returns: (transfer full) (nullable): the bundle, or %NULL on failure; errors as
 *   bsc_inspect_bundle()
 */
BscBundleView *bsc_tasks_inspect_finish(GAsyncResult *result, GError **error);

/**
 * bsc_tasks_look_up:
 * @system: the device
 * @transaction: (nullable): whose record; %NULL = the newest
 * @callback: called when it is done
 * @data: for @callback
 */
void bsc_tasks_look_up(BscSystem *system, const char *transaction, GAsyncReadyCallback callback,
		       gpointer data);

/**
 * bsc_tasks_look_up_finish:
 * @result: what @callback was given
 * @error: return location
 *
 * Returns: (transfer full) (nullable): the record, or %NULL on failure; errors as
 *   bsc_job_record_lookup()
 */
BscJobRecord *bsc_tasks_look_up_finish(GAsyncResult *result, GError **error);
