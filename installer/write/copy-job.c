/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/copy-job.h"

#include "common/error.h"

#include <sys/mman.h>

gboolean
bsc_copy_job_tick(BscCopyJob *self, BscWritePhase phase, uint64_t done, uint64_t total,
		  GError **error)
{
	gint64 now = g_get_monotonic_time();

	if (g_cancellable_is_cancelled(self->cancellable))
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
				     "Cancelled at byte %" G_GUINT64_FORMAT "; the slot is not "
				     "usable until an installation into it succeeds",
				     done);
	if (self->on_progress == NULL ||
	    (now - self->last_tick_usec < BSC_COPY_JOB_TICK_USEC && done != total))
		return TRUE;
	self->last_tick_usec = now;
	self->on_progress(phase, done, total, self->progress_data);
	return TRUE;
}

gboolean
bsc_copy_job_needs_read_back(const BscCopyJob *self, BscCopyState state)
{
	if (self->verify == BSC_WRITE_VERIFY_OFF || state == BSC_COPY_STATE_NONE)
		return FALSE;
	return self->verify == BSC_WRITE_VERIFY_ALL || state != BSC_COPY_STATE_EQUAL;
}

uint8_t *
bsc_copy_job_map(size_t size_bytes, GError **error)
{
	void *memory =
		mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory != MAP_FAILED)
		return memory;
	bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
		      "Failed to get %zu bytes of memory for copying", size_bytes);
	return NULL;
}
