/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/write/test-copy-plan.c - threads and buffers out of a budget */
#include "config.h"

#include "installer/write/copy-plan.h"

#define MIB (1024 * 1024)

static void
test_keeps_to_the_budget(void)
{
	static const uint32_t blocks[] = {1, 4096, 128 * 1024, MIB};
	static const uint64_t workers[] = {0, 1, 2, 16, 1000};
	static const uint64_t costs[] = {0, 300 * 1024, 3 * MIB};

	for (size_t b = 0; b < G_N_ELEMENTS(blocks); b++)
		for (size_t w = 0; w < G_N_ELEMENTS(workers); w++)
			for (size_t c = 0; c < G_N_ELEMENTS(costs); c++) {
				BscCopyPlan plan = bsc_copy_plan_make(&(BscCopyPlanInput){
					.source_block_bytes = blocks[b],
					.unit_bytes = 4096,
					.worker_bytes = costs[c],
					.workers = (unsigned)workers[w],
					.cores = 2,
				});

				g_assert_cmpuint(bsc_copy_plan_get_memory(&plan, costs[c]), <=,
						 8 * MIB);
				g_assert_cmpuint(plan.n_readers, >=, 1);
				g_assert_cmpuint(plan.n_threads, >=, plan.n_readers);
				g_assert_cmpuint(plan.n_chunks, >=, plan.n_threads);
				g_assert_cmpuint(plan.chunk_bytes % blocks[b], ==, 0);
				g_assert_cmpuint(plan.chunk_bytes % 4096, ==, 0);
			}
}

static void
test_takes_all_cores_where_memory_allows(void)
{
	BscCopyPlan plan = bsc_copy_plan_make(&(BscCopyPlanInput){
		.source_block_bytes = 128 * 1024,
		.unit_bytes = 4096,
		.worker_bytes = 400 * 1024,
		.memory_bytes = 64 * MIB,
		.cores = 8,
	});

	g_assert_cmpuint(plan.n_readers, ==, 8);
	g_assert_cmpuint(plan.n_threads, >, 8);
}

static void
test_leaves_one_worker_at_least(void)
{
	BscCopyPlan plan = bsc_copy_plan_make(&(BscCopyPlanInput){
		.source_block_bytes = MIB,
		.unit_bytes = 4096,
		.worker_bytes = 100 * MIB,
		.memory_bytes = 1,
		.workers = 16,
	});

	g_assert_cmpuint(plan.n_readers, ==, 1);
	g_assert_cmpuint(plan.n_threads, ==, 1);
	g_assert_cmpuint(plan.n_chunks, ==, 1);
}

static void
test_ignores_a_block_that_fits_no_device(void)
{
	BscCopyPlan plan = bsc_copy_plan_make(&(BscCopyPlanInput){
		.source_block_bytes = 3000,
		.unit_bytes = 4096,
		.cores = 1,
	});

	g_assert_cmpuint(plan.chunk_bytes % 4096, ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/write/copy-plan/keeps-to-the-budget", test_keeps_to_the_budget);
	g_test_add_func("/write/copy-plan/takes-all-cores-where-memory-allows",
			test_takes_all_cores_where_memory_allows);
	g_test_add_func("/write/copy-plan/leaves-one-worker-at-least",
			test_leaves_one_worker_at_least);
	g_test_add_func("/write/copy-plan/ignores-a-block-that-fits-no-device",
			test_ignores_a_block_that_fits_no_device);
	return g_test_run();
}
