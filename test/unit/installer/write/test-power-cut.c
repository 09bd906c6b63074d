/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/write/test-power-cut.c - a slot that was cut short never begins with its
 * image's first block */
#include "config.h"

#include "common/run.h"
#include "test/support/temp-dir.h"

#include <string.h>

#define KIB	    1024
#define UNIT	    4096
#define IMAGE_BYTES (1300 * KIB)
#define MAX_OPS	    1000

/* A regular file as slot. */
typedef struct {
	TestTempDir *dir;
	char *slot;
	char *image;
	char *image_data; /* IMAGE_BYTES */
	char *old_data;	  /* IMAGE_BYTES */
} Fixture;

static void
fill(char *data, unsigned seed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);

	for (size_t i = 0; i < IMAGE_BYTES; i++)
		data[i] = (char)g_rand_int_range(rand, 1, 256);
}

static void
set_up(Fixture *self, gconstpointer data)
{
	self->dir = test_temp_dir_new();
	self->slot = test_temp_dir_get_path(self->dir, "slot");
	self->image = test_temp_dir_get_path(self->dir, "image");
	self->image_data = g_malloc(IMAGE_BYTES);
	self->old_data = g_malloc(IMAGE_BYTES);
	fill(self->image_data, 1);
	fill(self->old_data, 2);
	/* A hole over old data, and old data that stays. */
	memset(self->image_data + 300 * KIB, 0, 300 * KIB);
	memcpy(self->image_data + 900 * KIB, self->old_data + 900 * KIB, 100 * KIB);
	g_assert_true(g_file_set_contents(self->image, self->image_data, IMAGE_BYTES, NULL));
}

static void
tear_down(Fixture *self, gconstpointer data)
{
	test_temp_dir_free(self->dir);
	g_free(self->slot);
	g_free(self->image);
	g_free(self->image_data);
	g_free(self->old_data);
}

/* Exit status of one installation into the old slot whose operation @at is struck. */
static int
write_once(Fixture *self, const char *mode, unsigned at, unsigned seed)
{
	const char *build = g_getenv("BSC_BUILDDIR");
	g_autofree char *program = g_strdup_printf("%s/test/unit/installer/write/write-once",
						   build != NULL ? build : ".");
	g_autofree char *preload = g_strdup_printf("LD_PRELOAD=%s/test/support/powercut.so",
						   build != NULL ? build : ".");
	g_autofree char *mode_env = g_strconcat("BSC_POWERCUT_MODE=", mode, NULL);
	g_autofree char *at_env = g_strdup_printf("BSC_POWERCUT_AT=%u", at);
	g_autofree char *seed_env = g_strdup_printf("BSC_POWERCUT_SEED=%u", seed);
	const char *env[] = {
		preload, mode_env, at_env, seed_env, "ASAN_OPTIONS=verify_asan_link_order=0", NULL};
	BscRunOptions options = {.env = env};
	g_autoptr(BscRun) run = NULL;
	g_autoptr(GError) error = NULL;
	int status = -1;

	run = bsc_run_start((const char *const[]){program, self->image, self->slot, NULL}, &options,
			    &error);
	g_assert_no_error(error);
	(void)bsc_run_wait(run, &status, NULL, NULL, NULL);
	return status;
}

/* The invariant. Returns whether the image is complete. */
static gboolean
check_slot(Fixture *self)
{
	static const char zeros[UNIT] = {0};
	g_autofree char *is = NULL;
	size_t len = 0;

	g_assert_true(g_file_get_contents(self->slot, &is, &len, NULL));
	g_assert_cmpuint(len, ==, IMAGE_BYTES);
	if (memcmp(is, zeros, UNIT) == 0)
		return FALSE;
	/* Not begun: then all is old. */
	if (memcmp(is, self->old_data, UNIT) == 0) {
		g_assert_cmpmem(is, len, self->old_data, IMAGE_BYTES);
		return FALSE;
	}
	/* Begins as the old slot, half cleared: a file system's first 2 KiB are gone or all is old.
	 */
	if (memcmp(is, zeros, UNIT / 2) == 0) {
		g_assert_cmpmem(is + UNIT, len - UNIT, self->old_data + UNIT, IMAGE_BYTES - UNIT);
		return FALSE;
	}
	/* Begins as the image, if only by half: then everything behind the first block is there. */
	g_assert_cmpmem(is, UNIT / 2, self->image_data, UNIT / 2);
	g_assert_cmpmem(is + UNIT, len - UNIT, self->image_data + UNIT, IMAGE_BYTES - UNIT);
	return memcmp(is, self->image_data, UNIT) == 0;
}

/* Strikes every operation in turn until one run is through without being struck. */
static unsigned
strike_all(Fixture *self, const char *mode, unsigned seed, int struck_status)
{
	unsigned at = 1;

	for (; at < MAX_OPS; at++) {
		gboolean is_complete;
		int status;

		g_assert_true(g_file_set_contents(self->slot, self->old_data, IMAGE_BYTES, NULL));
		status = write_once(self, mode, at, seed);
		is_complete = check_slot(self);
		if (status == 0) {
			g_assert_true(is_complete);
			break;
		}
		g_assert_cmpint(status, ==, struck_status);
	}
	g_assert_cmpuint(at, <, MAX_OPS);
	return at;
}

static void
test_killed(Fixture *self, gconstpointer data)
{
	/* Clear and its flush, some writes, flush, first block, flush. */
	g_assert_cmpuint(strike_all(self, "die", 0, 128 + 9), >, 8);
}

static void
test_torn(Fixture *self, gconstpointer data)
{
	strike_all(self, "torn", 0, 128 + 9);
}

static void
test_unsynced_writes_lost(Fixture *self, gconstpointer data)
{
	for (unsigned seed = 0; seed < 4; seed++)
		strike_all(self, "lose", seed, 128 + 9);
}

static void
test_io_error(Fixture *self, gconstpointer data)
{
	strike_all(self, "eio", 0, 1);
}

static void
test_no_space(Fixture *self, gconstpointer data)
{
	strike_all(self, "enospc", 0, 1);
}

static void
test_short_write_is_completed(Fixture *self, gconstpointer data)
{
	for (unsigned at = 1; at < 12; at++) {
		g_assert_true(g_file_set_contents(self->slot, self->old_data, IMAGE_BYTES, NULL));
		g_assert_cmpint(write_once(self, "short", at, 0), ==, 0);
		g_assert_true(check_slot(self));
	}
}

static void
test_succeeds_after_a_cut(Fixture *self, gconstpointer data)
{
	g_assert_true(g_file_set_contents(self->slot, self->old_data, IMAGE_BYTES, NULL));
	g_assert_cmpint(write_once(self, "die", 6, 0), ==, 128 + 9);
	g_assert_false(check_slot(self));
	g_assert_cmpint(write_once(self, "die", 0, 0), ==, 0);
	g_assert_true(check_slot(self));
}

static void
add(const char *name, void (*func)(Fixture *, gconstpointer))
{
	g_autofree char *path = g_strconcat("/write/power-cut/", name, NULL);

	g_test_add(path, Fixture, NULL, set_up, func, tear_down);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("killed", test_killed);
	add("torn", test_torn);
	add("unsynced-writes-lost", test_unsynced_writes_lost);
	add("io-error", test_io_error);
	add("no-space", test_no_space);
	add("short-write-is-completed", test_short_write_is_completed);
	add("succeeds-after-a-cut", test_succeeds_after_a_cut);
	return g_test_run();
}
