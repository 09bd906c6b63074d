/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/install-run.h - carries an installation out, step by step */
#pragma once

#include "installer/engine/install-request.h"
#include "installer/engine/install-result.h"
#include "installer/engine/progress.h"
#include "installer/engine/system-handle.h"

/**
 * bsc_install_run:
 * @system: the device
 * @request: what to install; checked with bsc_install_request_check()
 * @sink: (nullable): hears of the progress, in this thread
 * @cancellable: (nullable): stops it cleanly before the commit point, see bsc_install_run_cancel()
 * @out: (out caller-allocates) (nullable): how it ended, on failure too; free its content with
 *   bsc_install_run_clear_result()
 * @error: return location
 *
 * Verifies the bundle, plans, writes the destination, proves what was written and makes it the
 * primary boot choice. Blocks for as long as that takes. Before the first write nothing has
 * changed but the job record; from then to the commit point the destination cannot be booted and
 * the running system is untouched and stays primary, whatever happens.
 *
 * Errors: %BSC_INSTALL_ERROR_*, %BSC_BUNDLE_ERROR_*, %BSC_WRITE_ERROR_*, %BSC_BOOT_ERROR_*,
 * %G_IO_ERROR_CANCELLED; see outcome-map.h.
 *
 * Returns: %TRUE if the bundle is installed
 */
gboolean bsc_install_run(BscSystem *system, const BscInstallRequest *request,
			 const BscProgressSink *sink, GCancellable *cancellable,
			 BscInstallResult *out, GError **error);

/**
 * bsc_install_run_cancel:
 * @system: the device
 * @transaction_id: (nullable): the installation to stop; %NULL = the one that runs
 * @error: return location
 *
 * Asks the installation that runs on this handle in another thread to stop. Any thread; does not
 * wait for the end.
 *
 * Errors: %BSC_INSTALL_ERROR_COMMITTED past the commit point, %G_IO_ERROR_NOT_FOUND if no such
 * installation runs.
 *
 * Returns: %TRUE if it will stop before its commit point
 */
gboolean bsc_install_run_cancel(BscSystem *system, const char *transaction_id, GError **error);

/**
 * bsc_install_run_clear_result:
 * @result: a result filled in by bsc_install_run(), or zeroed
 *
 * Frees what @result holds and zeroes it.
 */
void bsc_install_run_clear_result(BscInstallResult *result);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BscInstallResult, bsc_install_run_clear_result)
