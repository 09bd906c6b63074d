/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/copy-plan.h - how many threads and buffers a copy gets out of its budget */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct {
	uint32_t source_block_bytes; /* natural unit of the image's source */
	uint32_t unit_bytes;	     /* the device's */
	uint64_t memory_bytes;	     /* budget; 0 = 8 MiB */
	uint64_t worker_bytes; /* what one thread that reads the source costs beside buffers */
	unsigned workers;      /* threads wished for reading; 0 = @cores */
	unsigned cores;
} BscCopyPlanInput;

typedef struct {
	uint32_t chunk_bytes;	/* one read of the source: a multiple of its unit where possible */
	uint32_t compare_bytes; /* one read of the destination */
	unsigned n_readers;	/* threads that may read the source at a time */
	unsigned n_threads;	/* threads; the others wait for the device meanwhile */
	unsigned n_chunks;	/* buffers of chunk_bytes, at least n_threads */
} BscCopyPlan;

/**
 * bsc_copy_plan_make:
 * @input: what is known
 *
 * Pure. Takes away what helps least until the sum is within the budget: chunks waiting for the
 * hash first, then threads that wait for the device, then readers. One reader with one chunk is
 * the least, whatever the budget.
 *
 * Returns: the plan
 */
BscCopyPlan bsc_copy_plan_make(const BscCopyPlanInput *input);

/**
 * bsc_copy_plan_get_memory:
 * @self: a plan
 * @worker_bytes: as in the input
 *
 * Returns: bytes the plan needs
 */
uint64_t bsc_copy_plan_get_memory(const BscCopyPlan *self, uint64_t worker_bytes);
