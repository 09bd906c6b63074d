/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/copy-job.h - what pipeline and read-back share about one copy, and its ticks */
#pragma once

#include "common/digest.h"
#include "installer/write/copy-plan.h"
#include "installer/write/copy-record.h"
#include "installer/write/copy-store.h"
#include "installer/write/writer-ops.h"

/* One image onto one device. Borrowed by the threads of a call until it returns. */
typedef struct {
	BscByteSource *image;
	BscDevice *device;
	BscCopyPlan plan;
	BscCopyRecord *record;
	BscWriteVerify verify;
	BscWriteProgressFunc on_progress; /* (nullable) */
	gpointer progress_data;
	GCancellable *cancellable; /* (nullable) */

	/* progress: counted by threads, told by the calling thread */
	GMutex lock;		 /* protects the next two */
	uint64_t hashed_bytes;	 /* of the image, in order: the copy */
	uint64_t verified_bytes; /* read back */
	gboolean is_verifying;	 /* from here on for the calling thread only */
	gboolean has_told_copy;	 /* that it is complete */
	gint64 last_tick_usec;

	/* results of the pipeline */
	BscCopyStoreCounts counts;
	uint64_t verify_bytes;		/* what @verify says is to be read back */
	uint8_t sha256[BSC_DIGEST_LEN]; /* of the whole image, zeros included */
	uint8_t *first_unit; /* (array): kept here, not written; memory of the caller, aligned */
	size_t first_len;    /* bytes of the image in it */
} BscCopyJob;

#define BSC_COPY_JOB_TICK_USEC (50 * 1000)

/**
 * bsc_copy_job_count:
 * @self: a job
 * @counter: `&self->hashed_bytes` or `&self->verified_bytes`
 * @bytes: how many more
 *
 * Any thread.
 */
void bsc_copy_job_count(BscCopyJob *self, uint64_t *counter, uint64_t bytes);

/**
 * bsc_copy_job_tick:
 * @self: a job
 * @error: return location
 *
 * Looks at the cancellable and reports progress, at most every %BSC_COPY_JOB_TICK_USEC. The
 * read-back may run while the image is still hashed; it is told once the copy is complete. Only for
 * the thread that called the writer. Errors: %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE to go on
 */
gboolean bsc_copy_job_tick(BscCopyJob *self, GError **error);

/**
 * bsc_copy_job_needs_read_back:
 * @self: a job
 * @state: what was done to an item
 *
 * Returns: whether such an item is to be read back
 */
gboolean bsc_copy_job_needs_read_back(const BscCopyJob *self, BscCopyState state);

/**
 * bsc_copy_job_map:
 * @size_bytes: number of bytes
 * @error: return location
 *
 * Memory for buffers, page aligned and given back whole by munmap(), however the heap looks.
 * Errors: %G_IO_ERROR_NO_SPACE.
 *
 * Returns: (transfer full) (nullable): the memory, or %NULL on failure
 */
uint8_t *bsc_copy_job_map(size_t size_bytes, GError **error);
