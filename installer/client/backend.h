/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/backend.h - the verbs of the client, by the service or by the engine itself */
#pragma once

#include "installer/client/backend-ops.h"

/**
 * bsc_backend_open:
 * @options: which one, and where things are
 * @error: return location
 *
 * Connects to the service (which the bus starts if need be) or opens the device.
 *
 * Errors: %BSC_BACKEND_ERROR_SERVICE; standalone the outcome of a bad configuration or boot
 * loader.
 *
 * Returns: (transfer full) (nullable): a backend, or %NULL on failure
 */
BscBackend *bsc_backend_open(const BscBackendOptions *options, GError **error);

/**
 * bsc_backend_free:
 * @self: (transfer full) (nullable): a backend
 */
void bsc_backend_free(BscBackend *self);

/**
 * bsc_backend_install:
 * @self: a backend
 * @request: what to install
 * @on_progress: (nullable): hears of progress
 * @data: for @on_progress
 * @cancellable: (nullable): by the service: stop watching; standalone: stop installing
 * @out: (out caller-allocates): how it ended, also on failure as far as known; clear with
 *   bsc_backend_ops_clear_result()
 * @error: return location
 *
 * Installs and waits for the end. Iterates the default main context, so that sources which cancel
 * @cancellable work.
 *
 * Errors: the outcome; %BSC_BACKEND_ERROR_DETACHED if cancelled while the service goes on.
 *
 * Returns: %TRUE if the bundle is installed
 */
gboolean bsc_backend_install(BscBackend *self, const BscBackendRequest *request,
			     BscBackendProgressFunc on_progress, gpointer data,
			     GCancellable *cancellable, BscBackendResult *out, GError **error);

/**
 * bsc_backend_query:
 * @self: a backend
 * @out_status: (out) (transfer full): `a{sv}`: the system
 * @out_slots: (out) (transfer full): `a(sa{sv})`: the slots
 * @error: return location
 *
 * Returns: %TRUE on success
 */
gboolean bsc_backend_query(BscBackend *self, GVariant **out_status, GVariant **out_slots,
			   GError **error);

/**
 * bsc_backend_inspect:
 * @self: a backend
 * @path: absolute path of a bundle
 * @error: return location
 *
 * Returns: (transfer full) (nullable): `a{sv}`: what is in the bundle, or %NULL on failure
 */
GVariant *bsc_backend_inspect(BscBackend *self, const char *path, GError **error);

/**
 * bsc_backend_mark:
 * @self: a backend
 * @state: `good`, `bad` or `active`
 * @slot: `booted`, `other` or a slot's name
 * @out_message: (out) (transfer full): what was done, in words
 * @error: return location
 *
 * Returns: %TRUE on success
 */
gboolean bsc_backend_mark(BscBackend *self, const char *state, const char *slot, char **out_message,
			  GError **error);

/**
 * bsc_backend_get_result:
 * @self: a backend
 * @transaction: (nullable): whose result; %NULL = the newest
 * @out: (out caller-allocates): the result; clear with bsc_backend_ops_clear_result()
 * @error: return location
 *
 * Errors: %BSC_BACKEND_ERROR_UNKNOWN_ID
 *
 * Returns: %TRUE if it is known
 */
gboolean bsc_backend_get_result(BscBackend *self, const char *transaction, BscBackendResult *out,
				GError **error);

/**
 * bsc_backend_cancel:
 * @self: a backend
 * @transaction: (nullable): what to stop; %NULL = whatever runs
 * @error: return location
 *
 * Returns: %TRUE if it will stop
 */
gboolean bsc_backend_cancel(BscBackend *self, const char *transaction, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscBackend, bsc_backend_free)
