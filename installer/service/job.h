/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/service/job.h - one job at a time: worker thread, progress, result, cancel */
#pragma once

#include "installer/engine/install-run.h"

#include <sys/types.h>

/*
 * All functions belong to the main loop's thread. An installation runs in a worker thread; what
 * it reports reaches the listeners in the main loop, in order and complete.
 */
typedef struct _BscJob BscJob;

/* What does the work; the engine, or what a test puts in its place. */
typedef struct {
	gboolean (*run)(BscSystem *system, const BscInstallRequest *request,
			const BscProgressSink *sink, GCancellable *cancellable,
			BscInstallResult *out, GError **error);
	gboolean (*cancel)(BscSystem *system, const char *transaction_id, GError **error);
} BscJobEngine;

/* How an installation ended. */
typedef struct {
	char *transaction;
	BscOutcome outcome;
	char *message;	      /* one line, empty on success */
	char *manifest_hash;  /* (nullable) */
	char *bundle_version; /* (nullable) */
} BscJobResult;

/* Who wants to hear; each function may be %NULL. */
typedef struct {
	void (*started)(const char *transaction, gpointer data);
	void (*progress)(const char *transaction, const BscProgressState *state, gpointer data);
	/* The next job may already be started from here. */
	void (*completed)(const BscJobResult *result, gpointer data);
	gpointer data;
} BscJobListener;

/**
 * bsc_job_new:
 * @system: the device
 * @engine: (nullable): what does the work; %NULL = the engine
 *
 * Returns: (transfer full): no job yet; free with bsc_job_free() when none runs
 */
BscJob *bsc_job_new(BscSystem *system, const BscJobEngine *engine);

/**
 * bsc_job_free:
 * @self: (transfer full) (nullable): a job that does not run
 */
void bsc_job_free(BscJob *self);

/**
 * bsc_job_add_listener:
 * @self: the job
 * @listener: who hears from now on, after those added before; copied
 */
void bsc_job_add_listener(BscJob *self, const BscJobListener *listener);

/**
 * bsc_job_start:
 * @self: the job
 * @request: (transfer full): what to install, checked
 * @caller: with whose rights the bundle's path is opened
 * @error: return location
 *
 * Starts an installation and tells the listeners. A refused start changes nothing.
 *
 * Errors: %BSC_INSTALL_ERROR_BUSY while one runs, a slot is being marked or the service stops;
 * %BSC_INSTALL_ERROR_USED for a transaction id this service has seen before.
 *
 * Returns: %TRUE if it runs
 */
gboolean bsc_job_start(BscJob *self, BscInstallRequest *request, uid_t caller, GError **error);

/**
 * bsc_job_cancel:
 * @self: the job
 * @transaction: (nullable): which installation; %NULL = whichever runs
 * @error: return location
 *
 * Errors: %BSC_INSTALL_ERROR_COMMITTED, %G_IO_ERROR_NOT_FOUND.
 *
 * Returns: %TRUE if it will stop before its commit point
 */
gboolean bsc_job_cancel(BscJob *self, const char *transaction, GError **error);

/**
 * bsc_job_reserve:
 * @self: the job
 * @error: return location
 *
 * Keeps installations from starting while something short writes (a mark). Pair it with
 * bsc_job_release().
 *
 * Errors: %BSC_INSTALL_ERROR_BUSY.
 *
 * Returns: %TRUE if nothing else writes
 */
gboolean bsc_job_reserve(BscJob *self, GError **error);

/**
 * bsc_job_release:
 * @self: the job, reserved
 */
void bsc_job_release(BscJob *self);

/**
 * bsc_job_close:
 * @self: the job
 *
 * From now on nothing is started; what runs goes on.
 */
void bsc_job_close(BscJob *self);

/**
 * bsc_job_is_idle:
 * @self: the job
 *
 * Returns: whether nothing runs and nothing is reserved
 */
gboolean bsc_job_is_idle(const BscJob *self);

/**
 * bsc_job_get_transaction:
 * @self: the job
 *
 * Returns: (transfer none) (nullable): id of the installation that runs
 */
const char *bsc_job_get_transaction(const BscJob *self);

/**
 * bsc_job_find_result:
 * @self: the job
 * @transaction: (nullable): an id; %NULL = the newest
 *
 * The last results are kept in memory, also of installations that ended before anything durable
 * was recorded.
 *
 * Returns: (transfer none) (nullable): how it ended, valid until the next one ends
 */
const BscJobResult *bsc_job_find_result(const BscJob *self, const char *transaction);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscJob, bsc_job_free)
