/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/read-back.h"

#include "common/error.h"
#include "installer/write/write-error.h"

#include <sys/mman.h>

typedef struct {
	BscCopyJob *job;
	GMutex lock; /* protects all below */
	GCond done_cond;
	BscCopyWalk walk;
	unsigned n_running;
	gboolean is_stopped;
	GError *error; /* the first */
} ReadBack;

typedef struct {
	ReadBack *all;
	GThread *thread;
	uint8_t *data; /* compare_bytes */
} Worker;

/* With the lock held. Takes @why; only the first error counts. */
static void
stop_locked(ReadBack *self, GError *why)
{
	if (self->error == NULL)
		self->error = why;
	else
		g_error_free(why);
	self->is_stopped = TRUE;
}

static gboolean
take_item_locked(ReadBack *self, BscCopyItem *out_item)
{
	GError *why = NULL;

	while (!self->is_stopped) {
		if (!bsc_copy_walk_next(&self->walk, out_item, &why)) {
			stop_locked(self, why);
			return FALSE;
		}
		if (out_item->len == 0)
			return FALSE;
		if (bsc_copy_job_needs_read_back(self->job,
						 bsc_copy_record_get(self->job->record, out_item)))
			return TRUE;
	}
	return FALSE;
}

/* The next item to read back; FALSE at the end. */
static gboolean
take_item(ReadBack *self, BscCopyItem *out_item)
{
	gboolean has_item;

	g_mutex_lock(&self->lock);
	has_item = take_item_locked(self, out_item);
	g_mutex_unlock(&self->lock);
	return has_item;
}

static gboolean
set_lost(uint64_t offset, GError **error)
{
	return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
			     "What was read back from the medium at offset %" G_GUINT64_FORMAT
			     " is not what was written; the medium or its driver loses data, "
			     "replace it",
			     offset);
}

/* Reads [@pos, @pos + @len) of the item, up to the device block that it ends in. */
static gboolean
read_piece(Worker *self, const BscCopyItem *item, uint64_t pos, size_t len, GError **error)
{
	BscDevice *device = self->all->job->device;
	uint64_t align = device->align_bytes;
	uint64_t padded =
		MIN((len + align - 1) / align * align, device->size_bytes - item->offset - pos);

	return bsc_device_read(device, self->data, padded, item->offset + pos, error);
}

static gboolean
check_item(Worker *self, const BscCopyItem *item, GError **error)
{
	BscCopyJob *job = self->all->job;
	gboolean is_zero =
		item->is_zero || bsc_copy_record_get(job->record, item) == BSC_COPY_STATE_ZERO;
	BscCopyRecordSum sum;
	size_t len = 0;

	bsc_copy_record_sum_init(&sum, item);
	for (uint64_t pos = 0; pos < item->len; pos += len) {
		len = MIN(job->plan.compare_bytes, item->len - pos);
		if (!read_piece(self, item, pos, len, error))
			return FALSE;
		if (is_zero && !bsc_device_is_zero(self->data, len))
			return set_lost(item->offset + pos, error);
		if (!is_zero)
			bsc_copy_record_sum_update(&sum, self->data, len);
		bsc_copy_job_count(job, &job->verified_bytes, len);
	}
	if (!is_zero)
		bsc_copy_record_add(job->record, item, &sum);
	return TRUE;
}

static gpointer
run_worker(gpointer data)
{
	Worker *self = data;
	BscCopyItem item = {0};
	GError *why = NULL;

	while (why == NULL && take_item(self->all, &item))
		if (!check_item(self, &item, &why))
			break;
	g_mutex_lock(&self->all->lock);
	if (why != NULL)
		stop_locked(self->all, why);
	self->all->n_running--;
	g_cond_signal(&self->all->done_cond);
	g_mutex_unlock(&self->all->lock);
	return NULL;
}

/* The calling thread's part: progress and cancellation. */
static void
wait_for_workers(ReadBack *self)
{
	gboolean go_on = TRUE;
	GError *why = NULL;

	g_mutex_lock(&self->lock);
	while (self->n_running > 0) {
		gint64 until = g_get_monotonic_time() + BSC_COPY_JOB_TICK_USEC;

		if (g_cond_wait_until(&self->done_cond, &self->lock, until))
			continue;
		g_mutex_unlock(&self->lock);
		go_on = bsc_copy_job_tick(self->job, &why);
		g_mutex_lock(&self->lock);
		if (!go_on)
			stop_locked(self, g_steal_pointer(&why));
	}
	g_mutex_unlock(&self->lock);
}

static gboolean
start_worker(ReadBack *self, Worker *worker, GError **error)
{
	/* The lock is held so that the thread cannot end before it is counted. */
	g_mutex_lock(&self->lock);
	worker->thread = g_thread_try_new("bsc-read-back", run_worker, worker, error);
	self->n_running += worker->thread != NULL;
	g_mutex_unlock(&self->lock);
	return worker->thread != NULL;
}

/* Where the system allows fewer threads than planned, those that run do all the work. */
static void
run_workers(ReadBack *self, uint8_t *pool)
{
	const BscCopyPlan *plan = &self->job->plan;
	g_autofree Worker *workers = g_new0(Worker, plan->n_threads);
	GError *why = NULL;
	unsigned n = 0;

	for (; n < plan->n_threads; n++) {
		workers[n].all = self;
		workers[n].data = pool + (size_t)n * plan->compare_bytes;
		if (!start_worker(self, &workers[n], n == 0 ? &why : NULL))
			break;
	}
	wait_for_workers(self);
	for (unsigned i = 0; i < n; i++)
		g_thread_join(workers[i].thread);
	if (why != NULL)
		stop_locked(self, why);
}

gboolean
bsc_read_back_run(BscCopyJob *job, GError **error)
{
	size_t pool_bytes = (size_t)job->plan.n_threads * job->plan.compare_bytes;
	uint8_t *pool = bsc_copy_job_map(pool_bytes, error);
	ReadBack self = {.job = job};
	uint64_t offset = 0;

	if (pool == NULL)
		return FALSE;
	g_mutex_init(&self.lock);
	g_cond_init(&self.done_cond);
	bsc_copy_walk_init(&self.walk, job->image, job->device->unit_bytes, job->plan.chunk_bytes);
	bsc_device_drop_cache(job->device);
	job->is_verifying = TRUE;
	run_workers(&self, pool);
	g_cond_clear(&self.done_cond);
	g_mutex_clear(&self.lock);
	(void)munmap(pool, pool_bytes);
	if (self.error != NULL) {
		g_propagate_error(error, self.error);
		return FALSE;
	}
	if (bsc_copy_record_find_lost(job->record, &offset))
		return set_lost(offset, error);
	return bsc_copy_job_tick(job, error);
}
