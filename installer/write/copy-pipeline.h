/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/copy-pipeline.h - threads that read, compare and write chunks; one hash in order
 */
#pragma once

#include "installer/write/copy-job.h"

/**
 * bsc_copy_pipeline_run:
 * @job: what to copy; its results are set
 * @error: return location
 *
 * Brings everything but the first unit to the device; nothing is flushed. Hashes and reports
 * progress in the calling thread, reads and writes in threads that end before it returns. Errors:
 * those of source and device (the first one that occurs), %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_copy_pipeline_run(BscCopyJob *job, GError **error);
