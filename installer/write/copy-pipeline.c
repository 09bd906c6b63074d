/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/copy-pipeline.h"

#include <string.h>
#include <sys/mman.h>

/* Items on their way besides those that hold a chunk: ranges of zeros, that only the hash is slow
 * with. So the threads are well into the data behind them when the hash arrives there. */
#define N_ZERO_CELLS 512

/*
 * Cells form a ring in the order of the items. A worker takes the next item and its cell, reads
 * the image into a chunk of memory (loaded), and brings it to the device (stored); one more thread
 * hashes loaded cells in order (hashed). Cell and chunk are free again when the item is both
 * stored and hashed.
 */
typedef struct {
	BscCopyItem item;
	uint8_t *data; /* a chunk of the pool; NULL for a range of zeros */
	gboolean is_busy;
	gboolean is_loaded;
	gboolean is_hashed;
	gboolean is_stored;
} Cell;

/* A thread and what it alone uses. */
typedef struct {
	BscCopyPipeline *pipeline;
	GThread *thread;
	BscCopyStoreWindow window;
	BscCopyStoreCounts counts;
	uint64_t verify_bytes;
} Worker;

struct _BscCopyPipeline {
	BscCopyJob *job;
	GMutex lock;	   /* protects all below but what belongs to the caller's thread */
	GCond free_cond;   /* a cell or a chunk became free, or everything ends */
	GCond reader_cond; /* a reader of the source is done */
	GCond loaded_cond; /* a cell was loaded, or everything ends */
	GCond done_cond;   /* a thread has ended */
	BscCopyWalk walk;
	Cell *cells;
	unsigned n_cells;
	uint8_t **free_chunks; /* a stack: the last one used is the one still in the cache */
	unsigned n_free_chunks;
	uint64_t n_taken; /* items */
	unsigned n_reading;
	unsigned n_storing;  /* threads that still run */
	gboolean is_hashing; /* that thread still runs */
	gboolean has_ended;  /* the walk is at its end */
	gboolean is_stopped; /* an error or a cancellation: take nothing more */
	GError *error;	     /* the first */

	/* the caller's thread's */
	Worker *workers;
	unsigned n_workers;
	GThread *hasher;
	uint8_t *pool; /* chunks, then windows */
	size_t pool_bytes;
};

/* With the lock held. Takes @why; only the first error counts. */
static void
stop_locked(BscCopyPipeline *self, GError *why)
{
	if (self->error == NULL)
		self->error = why;
	else
		g_error_free(why);
	self->is_stopped = TRUE;
	g_cond_broadcast(&self->free_cond);
	g_cond_broadcast(&self->reader_cond);
	g_cond_broadcast(&self->loaded_cond);
	g_cond_broadcast(&self->done_cond);
}

static void
stop(BscCopyPipeline *self, GError *why)
{
	g_mutex_lock(&self->lock);
	stop_locked(self, why);
	g_mutex_unlock(&self->lock);
}

/* With the lock held. Puts the next item into @cell, or returns FALSE at the end. */
static gboolean
fill_cell_locked(BscCopyPipeline *self, Cell *cell)
{
	GError *why = NULL;
	BscCopyItem item;

	if (!bsc_copy_walk_next(&self->walk, &item, &why)) {
		stop_locked(self, why);
		return FALSE;
	}
	if (item.len == 0) {
		self->has_ended = TRUE;
		g_cond_broadcast(&self->free_cond);
		g_cond_broadcast(&self->loaded_cond);
		return FALSE;
	}
	cell->item = item;
	cell->data = item.is_zero ? NULL : self->free_chunks[--self->n_free_chunks];
	cell->is_busy = TRUE;
	cell->is_loaded = cell->is_hashed = cell->is_stored = FALSE;
	self->n_taken++;
	return TRUE;
}

/*
 * With the lock held. The next item's cell once that and a chunk are free; NULL where nothing is
 * left to do. Chunks are held by earlier items only, which need nothing more: no deadlock.
 */
static Cell *
take_cell_locked(BscCopyPipeline *self)
{
	while (!self->is_stopped && !self->has_ended) {
		Cell *cell = &self->cells[self->n_taken % self->n_cells];

		if (!cell->is_busy && self->n_free_chunks > 0)
			return fill_cell_locked(self, cell) ? cell : NULL;
		g_cond_wait(&self->free_cond, &self->lock);
	}
	return NULL;
}

static Cell *
take_cell(BscCopyPipeline *self)
{
	Cell *cell;

	g_mutex_lock(&self->lock);
	cell = take_cell_locked(self);
	g_mutex_unlock(&self->lock);
	return cell;
}

/* Sets one of a cell's marks; hashed and stored together free it. */
static void
mark(BscCopyPipeline *self, Cell *cell, gboolean *what)
{
	g_mutex_lock(&self->lock);
	*what = TRUE;
	if (what == &cell->is_loaded)
		g_cond_signal(&self->loaded_cond);
	if (cell->is_hashed && cell->is_stored) {
		cell->is_busy = FALSE;
		if (cell->data != NULL)
			self->free_chunks[self->n_free_chunks++] = cell->data;
		g_cond_broadcast(&self->free_cond);
	}
	g_mutex_unlock(&self->lock);
}

/* Decoders cost memory: only so many threads read at a time, the others move blocks. */
static gboolean
read_image(BscCopyPipeline *self, Cell *cell, GError **error)
{
	gboolean ok;

	g_mutex_lock(&self->lock);
	while (self->n_reading >= self->job->plan.n_readers)
		g_cond_wait(&self->reader_cond, &self->lock);
	self->n_reading++;
	g_mutex_unlock(&self->lock);
	ok = bsc_byte_source_read_at(self->job->image, cell->item.offset, cell->data,
				     cell->item.len, error);
	g_mutex_lock(&self->lock);
	self->n_reading--;
	g_cond_signal(&self->reader_cond);
	g_mutex_unlock(&self->lock);
	return ok;
}

static gboolean
store_item(Worker *self, Cell *cell, BscCopyState *out_state, GError **error)
{
	BscDevice *device = self->pipeline->job->device;
	const BscCopyItem *item = &cell->item;

	/* Sources that cannot tell have zeros too. */
	if (item->is_zero ||
	    (item->len % device->unit_bytes == 0 && bsc_device_is_zero(cell->data, item->len)))
		return bsc_copy_store_zeros(device, item, &self->window, &self->counts, out_state,
					    error);
	return bsc_copy_store_data(device, item, cell->data, &self->window, &self->counts,
				   out_state, error);
}

static void
add_to_record(BscCopyJob *job, const Cell *cell)
{
	BscCopyRecordSum sum;

	bsc_copy_record_sum_init(&sum, &cell->item);
	bsc_copy_record_sum_update(&sum, cell->data, cell->item.len);
	bsc_copy_record_add(job->record, &cell->item, &sum);
}

static gboolean
store_cell(Worker *self, Cell *cell, GError **error)
{
	BscCopyJob *job = self->pipeline->job;
	BscCopyState state = BSC_COPY_STATE_NONE;

	if (cell->item.index == 0) {
		memcpy(job->first_unit, cell->data, cell->item.len);
		job->first_len = cell->item.len;
		return TRUE;
	}
	if (!store_item(self, cell, &state, error))
		return FALSE;
	bsc_copy_record_set(job->record, &cell->item, state);
	if (!bsc_copy_job_needs_read_back(job, state))
		return TRUE;
	self->verify_bytes += cell->item.len;
	if (!cell->item.is_zero && state != BSC_COPY_STATE_ZERO)
		add_to_record(job, cell);
	return TRUE;
}

static gboolean
copy_cell(Worker *self, Cell *cell, GError **error)
{
	if (!cell->item.is_zero && !read_image(self->pipeline, cell, error))
		return FALSE;
	mark(self->pipeline, cell, &cell->is_loaded);
	if (!store_cell(self, cell, error))
		return FALSE;
	mark(self->pipeline, cell, &cell->is_stored);
	return TRUE;
}

static gpointer
run_worker(gpointer data)
{
	Worker *self = data;
	BscCopyPipeline *pipeline = self->pipeline;
	GError *why = NULL;
	Cell *cell;

	while ((cell = take_cell(pipeline)) != NULL)
		if (!copy_cell(self, cell, &why)) {
			stop(pipeline, why);
			break;
		}
	g_mutex_lock(&pipeline->lock);
	pipeline->n_storing--;
	g_cond_signal(&pipeline->done_cond);
	g_mutex_unlock(&pipeline->lock);
	return NULL;
}

static void
hash_zeros(BscDigest *digest, uint64_t len)
{
	size_t most = 0;
	const uint8_t *zeros = bsc_copy_store_get_zeros(&most);

	for (; len > 0; len -= MIN(most, len))
		bsc_digest_update(digest, zeros, MIN(most, len));
}

/* With the lock held. */
static gboolean
is_pending_locked(BscCopyPipeline *self, uint64_t index, const Cell *cell)
{
	if (self->is_stopped)
		return FALSE;
	return index < self->n_taken ? !cell->is_loaded : !self->has_ended;
}

/* Item @index once it is loaded; NULL behind the last one and where all is stopped. */
static Cell *
wait_for_loaded(BscCopyPipeline *self, uint64_t index)
{
	Cell *cell = &self->cells[index % self->n_cells];

	g_mutex_lock(&self->lock);
	while (is_pending_locked(self, index, cell))
		g_cond_wait(&self->loaded_cond, &self->lock);
	if (self->is_stopped || index >= self->n_taken)
		cell = NULL;
	g_mutex_unlock(&self->lock);
	return cell;
}

/* The digest of the whole image in order. */
static gpointer
run_hasher(gpointer data)
{
	BscCopyPipeline *self = data;
	g_autoptr(BscDigest) digest = bsc_digest_new();
	Cell *cell;

	for (uint64_t index = 0; (cell = wait_for_loaded(self, index)) != NULL; index++) {
		uint64_t len = cell->item.len;

		if (cell->item.is_zero)
			hash_zeros(digest, len);
		else
			bsc_digest_update(digest, cell->data, len);
		mark(self, cell, &cell->is_hashed);
		bsc_copy_job_count(self->job, &self->job->hashed_bytes, len);
	}
	bsc_digest_finish(digest, self->job->sha256);
	g_mutex_lock(&self->lock);
	self->is_hashing = FALSE;
	g_cond_signal(&self->done_cond);
	g_mutex_unlock(&self->lock);
	return NULL;
}

/* The lock is held so that no thread can end before it is counted. */
static gboolean
start_worker(BscCopyPipeline *self, Worker *worker, GError **error)
{
	g_mutex_lock(&self->lock);
	worker->thread = g_thread_try_new("bsc-copy", run_worker, worker, error);
	self->n_storing += worker->thread != NULL;
	g_mutex_unlock(&self->lock);
	return worker->thread != NULL;
}

/* Where the system allows fewer threads than planned, those that run do all the work. */
static gboolean
start_threads(BscCopyPipeline *self, GError **error)
{
	const BscCopyPlan *plan = &self->job->plan;
	uint8_t *windows = self->pool + (size_t)plan->n_chunks * plan->chunk_bytes;

	self->is_hashing = TRUE;
	self->hasher = g_thread_try_new("bsc-hash", run_hasher, self, error);
	if (self->hasher == NULL)
		return FALSE;
	for (; self->n_workers < plan->n_threads; self->n_workers++) {
		Worker *worker = &self->workers[self->n_workers];

		worker->pipeline = self;
		worker->window.data = windows + (size_t)self->n_workers * plan->compare_bytes;
		worker->window.len_bytes = plan->compare_bytes;
		if (!start_worker(self, worker, self->n_workers == 0 ? error : NULL))
			break;
	}
	return self->n_workers > 0;
}

static void
init_pool(BscCopyPipeline *self)
{
	const BscCopyPlan *plan = &self->job->plan;

	self->n_cells = plan->n_chunks + N_ZERO_CELLS;
	self->cells = g_new0(Cell, self->n_cells);
	self->workers = g_new0(Worker, plan->n_threads);
	self->free_chunks = g_new(uint8_t *, plan->n_chunks);
	for (; self->n_free_chunks < plan->n_chunks; self->n_free_chunks++)
		self->free_chunks[self->n_free_chunks] =
			self->pool + (size_t)self->n_free_chunks * plan->chunk_bytes;
}

BscCopyPipeline *
bsc_copy_pipeline_start(BscCopyJob *job, GError **error)
{
	const BscCopyPlan *plan = &job->plan;
	g_autoptr(BscCopyPipeline) self = g_new0(BscCopyPipeline, 1);

	self->job = job;
	g_mutex_init(&self->lock);
	g_cond_init(&self->free_cond);
	g_cond_init(&self->reader_cond);
	g_cond_init(&self->loaded_cond);
	g_cond_init(&self->done_cond);
	self->pool_bytes = (size_t)plan->n_chunks * plan->chunk_bytes +
			   (size_t)plan->n_threads * plan->compare_bytes;
	self->pool = bsc_copy_job_map(self->pool_bytes, error);
	if (self->pool == NULL)
		return NULL;
	init_pool(self);
	bsc_copy_walk_init(&self->walk, job->image, job->device->unit_bytes, plan->chunk_bytes);
	return start_threads(self, error) ? g_steal_pointer(&self) : NULL;
}

/* Until @is_done (with the lock held), an error or a cancellation; tells progress meanwhile. */
static gboolean
supervise(BscCopyPipeline *self, gboolean (*is_done)(BscCopyPipeline *self), GError **error)
{
	GError *why = NULL;

	if (!bsc_copy_job_tick(self->job, &why))
		stop(self, g_steal_pointer(&why));
	g_mutex_lock(&self->lock);
	while (!is_done(self) && !self->is_stopped) {
		gint64 until = g_get_monotonic_time() + BSC_COPY_JOB_TICK_USEC;

		if (g_cond_wait_until(&self->done_cond, &self->lock, until))
			continue;
		g_mutex_unlock(&self->lock);
		if (!bsc_copy_job_tick(self->job, &why))
			stop(self, g_steal_pointer(&why));
		g_mutex_lock(&self->lock);
	}
	why = self->error != NULL ? g_error_copy(self->error) : NULL;
	g_mutex_unlock(&self->lock);
	if (why != NULL) {
		g_propagate_error(error, why);
		return FALSE;
	}
	return bsc_copy_job_tick(self->job, error);
}

static gboolean
is_stored_locked(BscCopyPipeline *self)
{
	return self->n_storing == 0;
}

static gboolean
is_hashed_locked(BscCopyPipeline *self)
{
	return !self->is_hashing;
}

static void
join_workers(BscCopyPipeline *self)
{
	for (; self->n_workers > 0; self->n_workers--) {
		Worker *worker = &self->workers[self->n_workers - 1];
		BscCopyJob *job = self->job;

		g_thread_join(worker->thread);
		job->counts.written += worker->counts.written;
		job->counts.equal += worker->counts.equal;
		job->counts.zeroed += worker->counts.zeroed;
		job->verify_bytes += worker->verify_bytes;
	}
}

/* What nobody uses any more goes back at once: the read-back has buffers of its own. */
static void
shrink_pool(BscCopyPipeline *self)
{
	size_t chunks = (size_t)self->job->plan.n_chunks * self->job->plan.chunk_bytes;

	(void)madvise(self->pool + chunks, self->pool_bytes - chunks, MADV_DONTNEED);
	g_mutex_lock(&self->lock);
	for (unsigned i = 0; i < self->n_free_chunks; i++)
		(void)madvise(self->free_chunks[i], self->job->plan.chunk_bytes, MADV_DONTNEED);
	g_mutex_unlock(&self->lock);
}

gboolean
bsc_copy_pipeline_wait_stored(BscCopyPipeline *self, GError **error)
{
	if (!supervise(self, is_stored_locked, error))
		return FALSE;
	join_workers(self);
	shrink_pool(self);
	return TRUE;
}

gboolean
bsc_copy_pipeline_wait_hashed(BscCopyPipeline *self, GError **error)
{
	return supervise(self, is_hashed_locked, error);
}

static void
end_threads(BscCopyPipeline *self)
{
	g_mutex_lock(&self->lock);
	self->is_stopped = TRUE;
	g_cond_broadcast(&self->free_cond);
	g_cond_broadcast(&self->loaded_cond);
	g_mutex_unlock(&self->lock);
	join_workers(self);
	if (self->hasher != NULL)
		g_thread_join(g_steal_pointer(&self->hasher));
}

void
bsc_copy_pipeline_free(BscCopyPipeline *self)
{
	if (self == NULL)
		return;
	end_threads(self);
	g_cond_clear(&self->done_cond);
	g_cond_clear(&self->loaded_cond);
	g_cond_clear(&self->reader_cond);
	g_cond_clear(&self->free_cond);
	g_mutex_clear(&self->lock);
	g_clear_error(&self->error);
	g_free(self->free_chunks);
	g_free(self->workers);
	g_free(self->cells);
	if (self->pool != NULL)
		(void)munmap(self->pool, self->pool_bytes);
	g_free(self);
}
