/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/copy-plan.h"

#define DEFAULT_MEMORY_BYTES (8 * 1024 * 1024)
#define CHUNK_BYTES	     (256 * 1024)
#define MAX_CHUNK_BYTES	     (1024 * 1024)
#define COMPARE_BYTES	     (256 * 1024)
#define MAX_WORKERS	     64
#define THREAD_BYTES	     (64 * 1024) /* stack and what the C library keeps for a thread */
#define EXTRA_THREADS	     2
#define EXTRA_CHUNKS	     12

static uint32_t
choose_chunk(const BscCopyPlanInput *input)
{
	uint32_t block = MAX(input->source_block_bytes, 1);
	uint32_t chunk = MAX(CHUNK_BYTES, input->unit_bytes);

	if (block > MAX_CHUNK_BYTES || block % input->unit_bytes != 0)
		return chunk;
	return (chunk + block - 1) / block * block;
}

uint64_t
bsc_copy_plan_get_memory(const BscCopyPlan *self, uint64_t worker_bytes)
{
	return self->n_readers * worker_bytes + (uint64_t)self->n_chunks * self->chunk_bytes +
	       (uint64_t)self->n_threads * (self->compare_bytes + THREAD_BYTES);
}

/* Takes one thing away; FALSE where nothing is left to take. */
static gboolean
shrink(BscCopyPlan *self)
{
	if (self->n_chunks > self->n_threads)
		self->n_chunks--;
	else if (self->n_threads > self->n_readers)
		self->n_threads--;
	else if (self->n_readers > 1)
		self->n_readers--;
	else
		return FALSE;
	return TRUE;
}

BscCopyPlan
bsc_copy_plan_make(const BscCopyPlanInput *input)
{
	uint64_t budget = input->memory_bytes != 0 ? input->memory_bytes : DEFAULT_MEMORY_BYTES;
	unsigned workers = input->workers != 0 ? input->workers : MAX(input->cores, 1);
	BscCopyPlan self = {.chunk_bytes = choose_chunk(input)};

	self.compare_bytes = MAX(COMPARE_BYTES, input->unit_bytes);
	self.n_readers = MIN(workers, MAX_WORKERS);
	self.n_threads = self.n_readers + EXTRA_THREADS;
	self.n_chunks = self.n_threads + EXTRA_CHUNKS;
	while (bsc_copy_plan_get_memory(&self, input->worker_bytes) > budget && shrink(&self))
		;
	return self;
}
