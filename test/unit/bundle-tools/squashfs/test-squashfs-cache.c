/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/squashfs/test-squashfs-cache.c - decompressed blocks shared by threads */
#include "config.h"

#include "bundle-tools/squashfs/squashfs-cache.h"
#include "common/error.h"

#include <gio/gio.h>
#include <string.h>

#define SLOT_BYTES 64
#define N_THREADS  8
#define N_TAKES	   400

static int n_loads; /* atomic */
static gboolean is_failing;

static gboolean
load(gpointer owner, BscSquashfsCacheBlock *block, GError **error)
{
	g_atomic_int_inc(&n_loads);
	if (is_failing)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_FAILED, "planned");
	g_thread_yield();
	memset(block->data, (int)block->key.position, SLOT_BYTES);
	block->len = SLOT_BYTES;
	block->extra = block->key.position * 10;
	return TRUE;
}

static BscSquashfsCache *
make_cache(size_t n_slots)
{
	n_loads = 0;
	is_failing = FALSE;
	return bsc_squashfs_cache_new(n_slots, SLOT_BYTES, load, NULL);
}

static void
use(BscSquashfsCache *cache, uint64_t position)
{
	BscSquashfsCacheKey key = {.position = position};
	g_autoptr(GError) error = NULL;
	const BscSquashfsCacheBlock *block = bsc_squashfs_cache_take(cache, &key, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(block->extra, ==, position * 10);
	for (size_t i = 0; i < SLOT_BYTES; i++)
		g_assert_cmpuint(block->data[i], ==, position);
	bsc_squashfs_cache_release(cache, block);
}

static void
test_loads_once(void)
{
	g_autoptr(BscSquashfsCache) cache = make_cache(2);

	use(cache, 1);
	use(cache, 2);
	use(cache, 1);
	g_assert_cmpint(n_loads, ==, 2);
}

static void
test_drops_least_recently_used(void)
{
	g_autoptr(BscSquashfsCache) cache = make_cache(2);

	use(cache, 1);
	use(cache, 2);
	use(cache, 1);
	use(cache, 3);
	use(cache, 1);
	g_assert_cmpint(n_loads, ==, 3);
	use(cache, 2);
	g_assert_cmpint(n_loads, ==, 4);
}

static void
test_tells_expectations_apart(void)
{
	g_autoptr(BscSquashfsCache) cache = make_cache(4);
	const BscSquashfsCacheKey keys[] = {
		{.position = 1}, {.position = 1, .word = 5}, {.position = 1, .want_bytes = 5}};

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
		bsc_squashfs_cache_release(cache, bsc_squashfs_cache_take(cache, &keys[i], NULL));
	g_assert_cmpint(n_loads, ==, 3);
}

static void
test_forgets_failures(void)
{
	g_autoptr(BscSquashfsCache) cache = make_cache(1);
	BscSquashfsCacheKey key = {.position = 7};
	g_autoptr(GError) error = NULL;

	is_failing = TRUE;
	g_assert_null(bsc_squashfs_cache_take(cache, &key, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_FAILED);
	is_failing = FALSE;
	use(cache, 7);
}

static gpointer
use_many(gpointer data)
{
	GRand *rand = g_rand_new_with_seed(GPOINTER_TO_UINT(g_thread_self()));

	for (size_t i = 0; i < N_TAKES; i++)
		use(data, (uint64_t)g_rand_int_range(rand, 1, 10));
	g_rand_free(rand);
	return NULL;
}

static void
test_more_threads_than_slots(void)
{
	for (size_t n_slots = 1; n_slots < 4; n_slots++) {
		g_autoptr(BscSquashfsCache) cache = make_cache(n_slots);
		GThread *threads[N_THREADS];

		for (size_t i = 0; i < N_THREADS; i++)
			threads[i] = g_thread_new("user", use_many, cache);
		for (size_t i = 0; i < N_THREADS; i++)
			g_thread_join(threads[i]);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/format/squashfs-cache/loads-once", test_loads_once);
	g_test_add_func("/format/squashfs-cache/drops-least-recently-used",
			test_drops_least_recently_used);
	g_test_add_func("/format/squashfs-cache/tells-expectations-apart",
			test_tells_expectations_apart);
	g_test_add_func("/format/squashfs-cache/forgets-failures", test_forgets_failures);
	g_test_add_func("/format/squashfs-cache/more-threads-than-slots",
			test_more_threads_than_slots);
	return g_test_run();
}
