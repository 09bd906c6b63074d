/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/copy-pipeline.h - threads that read, compare and write chunks; one hash in order
 */
#pragma once

#include "installer/write/copy-job.h"

typedef struct _BscCopyPipeline BscCopyPipeline;

/**
 * bsc_copy_pipeline_start:
 * @job: what to copy; outlives the pipeline
 * @error: return location
 *
 * Starts threads that bring everything but the first unit to the device, and one that hashes. The
 * hash is often the last: a long range of zeros is stored at once, but has to be hashed. So the
 * two can be waited for apart.
 *
 * Returns: (transfer full) (nullable): the pipeline, or %NULL on failure
 */
BscCopyPipeline *bsc_copy_pipeline_start(BscCopyJob *job, GError **error);

/**
 * bsc_copy_pipeline_wait_stored:
 * @self: a pipeline
 * @error: return location
 *
 * Waits until everything is stored (not flushed), telling progress; the job's results are set but
 * for the digest. Errors: those of source and device, the first that occurs;
 * %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_copy_pipeline_wait_stored(BscCopyPipeline *self, GError **error);

/**
 * bsc_copy_pipeline_wait_hashed:
 * @self: a pipeline, stored
 * @error: return location
 *
 * Waits for the job's digest, telling progress. Errors: %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_copy_pipeline_wait_hashed(BscCopyPipeline *self, GError **error);

/**
 * bsc_copy_pipeline_free:
 * @self: (transfer full) (nullable): a pipeline; stopped first if it still runs
 */
void bsc_copy_pipeline_free(BscCopyPipeline *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscCopyPipeline, bsc_copy_pipeline_free)
