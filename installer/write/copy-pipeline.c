/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/copy-pipeline.h"

#include <string.h>
#include <sys/mman.h>

/* Items on their way besides those that hold a chunk: ranges of zeros, that only the hash is slow
 * with. So the threads are well into the data behind them when the hash arrives there. */
#define N_ZERO_CELLS 64

/*
 * Cells form a ring in the order of the items. A worker takes the next item and its cell, reads
 * the image into a chunk of memory (loaded), and brings it to the device (stored); the calling
 * thread hashes loaded cells in order (hashed). Cell and chunk are free again when the item is both
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

typedef struct {
	BscCopyJob *job;
	GMutex lock;	   /* protects all below */
	GCond free_cond;   /* a cell or a chunk became free, or everything ends */
	GCond reader_cond; /* a reader of the source is done */
	GCond loaded_cond; /* a cell was loaded, or everything ends */
	BscCopyWalk walk;
	Cell *cells;
	unsigned n_cells;
	uint8_t **free_chunks; /* a stack: the last one used is the one still in the cache */
	unsigned n_free_chunks;
	uint64_t n_taken; /* items */
	unsigned n_reading;
	gboolean has_ended;  /* the walk is at its end */
	gboolean is_stopped; /* an error or a cancellation: take nothing more */
	GError *error;	     /* the first */
	uint8_t *pool;
	size_t pool_bytes;
} Pipeline;

/* A thread and what it alone uses. */
typedef struct {
	Pipeline *pipeline;
	GThread *thread;
	BscCopyStoreWindow window;
	BscCopyStoreCounts counts;
	uint64_t verify_bytes;
} Worker;

/* With the lock held. Takes @why; only the first error counts. */
static void
stop_locked(Pipeline *self, GError *why)
{
	if (self->error == NULL)
		self->error = why;
	else
		g_error_free(why);
	self->is_stopped = TRUE;
	g_cond_broadcast(&self->free_cond);
	g_cond_broadcast(&self->reader_cond);
	g_cond_broadcast(&self->loaded_cond);
}

static void
stop(Pipeline *self, GError *why)
{
	g_mutex_lock(&self->lock);
	stop_locked(self, why);
	g_mutex_unlock(&self->lock);
}

/* With the lock held. Puts the next item into @cell, or returns FALSE at the end. */
static gboolean
fill_cell_locked(Pipeline *self, Cell *cell)
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
take_cell_locked(Pipeline *self)
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
take_cell(Pipeline *self)
{
	Cell *cell;

	g_mutex_lock(&self->lock);
	cell = take_cell_locked(self);
	g_mutex_unlock(&self->lock);
	return cell;
}

/* Sets one of a cell's marks; hashed and stored together free it. */
static void
mark(Pipeline *self, Cell *cell, gboolean *what)
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
read_image(Pipeline *self, Cell *cell, GError **error)
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
		bsc_copy_record_add(job->record, &cell->item, cell->data);
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
	GError *why = NULL;
	Cell *cell;

	while ((cell = take_cell(self->pipeline)) != NULL)
		if (!copy_cell(self, cell, &why)) {
			stop(self->pipeline, why);
			break;
		}
	return NULL;
}

/* Where the system allows fewer threads than planned, those that run do all the work. */
static Worker *
start_workers(Pipeline *self, unsigned *out_n, GError **error)
{
	const BscCopyPlan *plan = &self->job->plan;
	uint8_t *windows = self->pool + (size_t)plan->n_chunks * plan->chunk_bytes;
	Worker *workers = g_new0(Worker, plan->n_threads);
	g_autoptr(GError) why = NULL;
	unsigned n = 0;

	for (; n < plan->n_threads; n++) {
		Worker *worker = &workers[n];

		worker->pipeline = self;
		worker->window.data = windows + (size_t)n * plan->compare_bytes;
		worker->window.len_bytes = plan->compare_bytes;
		worker->thread = g_thread_try_new("bsc-copy", run_worker, worker, &why);
		if (worker->thread == NULL)
			break;
	}
	*out_n = n;
	if (n > 0)
		return workers;
	g_propagate_error(error, g_steal_pointer(&why));
	g_free(workers);
	return NULL;
}

/* Waits for what start_workers() started and adds up what they did. */
static void
join_workers(BscCopyJob *job, Worker *workers, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		g_thread_join(workers[i].thread);
		job->counts.written += workers[i].counts.written;
		job->counts.equal += workers[i].counts.equal;
		job->counts.zeroed += workers[i].counts.zeroed;
		job->verify_bytes += workers[i].verify_bytes;
	}
	g_free(workers);
}

static gboolean
tick(Pipeline *self, uint64_t done, GError **error)
{
	return bsc_copy_job_tick(self->job, BSC_WRITE_PHASE_COPY, done,
				 bsc_byte_source_get_size(self->job->image), error);
}

static gboolean
hash_zeros(Pipeline *self, BscDigest *digest, const BscCopyItem *item, GError **error)
{
	size_t most = 0;
	const uint8_t *zeros = bsc_copy_store_get_zeros(&most);
	size_t len = 0;

	for (uint64_t pos = 0; pos < item->len; pos += len) {
		len = MIN(most, item->len - pos);
		bsc_digest_update(digest, zeros, len);
		if (!tick(self, item->offset + pos + len, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
hash_cell(Pipeline *self, BscDigest *digest, Cell *cell, GError **error)
{
	if (cell->item.is_zero)
		return hash_zeros(self, digest, &cell->item, error);
	bsc_digest_update(digest, cell->data, cell->item.len);
	return tick(self, cell->item.offset + cell->item.len, error);
}

/* With the lock held. */
static gboolean
is_pending_locked(Pipeline *self, uint64_t index, const Cell *cell)
{
	if (self->is_stopped)
		return FALSE;
	return index < self->n_taken ? !cell->is_loaded : !self->has_ended;
}

/* Item @index once it is loaded; NULL behind the last one and where all is stopped. */
static Cell *
wait_for_loaded(Pipeline *self, uint64_t index, uint64_t done)
{
	Cell *cell = &self->cells[index % self->n_cells];
	GError *why = NULL;

	g_mutex_lock(&self->lock);
	while (is_pending_locked(self, index, cell)) {
		gint64 until = g_get_monotonic_time() + BSC_COPY_JOB_TICK_USEC;

		if (g_cond_wait_until(&self->loaded_cond, &self->lock, until))
			continue;
		g_mutex_unlock(&self->lock);
		if (!tick(self, done, &why))
			stop(self, g_steal_pointer(&why));
		g_mutex_lock(&self->lock);
	}
	if (self->is_stopped || index >= self->n_taken)
		cell = NULL;
	g_mutex_unlock(&self->lock);
	return cell;
}

/* The calling thread's part: the digest of the whole image in order. */
static void
hash_in_order(Pipeline *self)
{
	g_autoptr(BscDigest) digest = bsc_digest_new();
	uint64_t done = 0;
	Cell *cell;

	for (uint64_t index = 0; (cell = wait_for_loaded(self, index, done)) != NULL; index++) {
		GError *why = NULL;

		done = cell->item.offset + cell->item.len;
		if (!hash_cell(self, digest, cell, &why))
			stop(self, why);
		mark(self, cell, &cell->is_hashed);
	}
	bsc_digest_finish(digest, self->job->sha256);
}

static gboolean
open_pipeline(Pipeline *self, BscCopyJob *job, GError **error)
{
	const BscCopyPlan *plan = &job->plan;

	*self = (Pipeline){.job = job};
	self->pool_bytes = (size_t)plan->n_chunks * plan->chunk_bytes +
			   (size_t)plan->n_threads * plan->compare_bytes;
	self->pool = bsc_copy_job_map(self->pool_bytes, error);
	if (self->pool == NULL)
		return FALSE;
	self->n_cells = plan->n_chunks + N_ZERO_CELLS;
	self->cells = g_new0(Cell, self->n_cells);
	self->free_chunks = g_new(uint8_t *, plan->n_chunks);
	for (; self->n_free_chunks < plan->n_chunks; self->n_free_chunks++)
		self->free_chunks[self->n_free_chunks] =
			self->pool + (size_t)self->n_free_chunks * plan->chunk_bytes;
	g_mutex_init(&self->lock);
	g_cond_init(&self->free_cond);
	g_cond_init(&self->reader_cond);
	g_cond_init(&self->loaded_cond);
	bsc_copy_walk_init(&self->walk, job->image, job->device->unit_bytes, plan->chunk_bytes);
	return TRUE;
}

static void
close_pipeline(Pipeline *self)
{
	g_cond_clear(&self->loaded_cond);
	g_cond_clear(&self->reader_cond);
	g_cond_clear(&self->free_cond);
	g_mutex_clear(&self->lock);
	g_free(self->free_chunks);
	g_free(self->cells);
	(void)munmap(self->pool, self->pool_bytes);
}

gboolean
bsc_copy_pipeline_run(BscCopyJob *job, GError **error)
{
	Pipeline pipeline;
	unsigned n_workers = 0;
	Worker *workers;
	GError *why = NULL;

	if (!open_pipeline(&pipeline, job, error))
		return FALSE;
	workers = start_workers(&pipeline, &n_workers, &why);
	if (workers != NULL) {
		hash_in_order(&pipeline);
		join_workers(job, workers, n_workers);
		why = g_steal_pointer(&pipeline.error);
	}
	close_pipeline(&pipeline);
	if (why == NULL)
		return TRUE;
	g_propagate_error(error, why);
	return FALSE;
}
