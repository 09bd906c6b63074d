/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/copy-job.h"

#include "common/error.h"

#include <sys/mman.h>

void
bsc_copy_job_count(BscCopyJob *self, uint64_t *counter, uint64_t bytes)
{
	g_mutex_lock(&self->lock);
	*counter += bytes;
	g_mutex_unlock(&self->lock);
}

static void
tell(BscCopyJob *self, uint64_t hashed, uint64_t verified)
{
	uint64_t size = bsc_byte_source_get_size(self->image);
	gint64 now = g_get_monotonic_time();
	gboolean ends_copy = hashed == size && !self->has_told_copy;

	if (now - self->last_tick_usec < BSC_COPY_JOB_TICK_USEC && !ends_copy &&
	    !(self->is_verifying && verified == self->verify_bytes))
		return;
	self->last_tick_usec = now;
	if (hashed < size || ends_copy)
		self->on_progress(BSC_WRITE_PHASE_COPY, hashed, size, self->progress_data);
	self->has_told_copy = hashed == size;
	if (self->is_verifying && self->has_told_copy)
		self->on_progress(BSC_WRITE_PHASE_VERIFY, verified, self->verify_bytes,
				  self->progress_data);
}

gboolean
bsc_copy_job_tick(BscCopyJob *self, GError **error)
{
	uint64_t hashed;
	uint64_t verified;

	g_mutex_lock(&self->lock);
	hashed = self->hashed_bytes;
	verified = self->verified_bytes;
	g_mutex_unlock(&self->lock);
	if (g_cancellable_is_cancelled(self->cancellable))
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
				     "Cancelled at byte %" G_GUINT64_FORMAT "; the slot is not "
				     "usable until an installation into it succeeds",
				     hashed);
	if (self->on_progress != NULL)
		tell(self, hashed, verified);
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
