/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/engine/test-progress.c - the steps, percents and bytes that clients see */
#include "config.h"

#include "installer/engine/progress.h"

#include <string.h>

typedef struct {
	GPtrArray *steps; /* of char *: `(percent,"message",depth)` */
	GArray *states;	  /* of BscProgressState; messages are gone */
} Seen;

static void
on_update(const BscProgressState *state, gpointer data)
{
	Seen *seen = data;

	g_array_append_val(seen->states, *state);
	if (state->is_step)
		g_ptr_array_add(seen->steps, g_strdup_printf("(%d,\"%s\",%d)", state->percent,
							     state->message, state->depth));
}

static BscProgress *
watch(Seen *seen)
{
	BscProgressSink sink = {on_update, seen};

	seen->steps = g_ptr_array_new_with_free_func(g_free);
	seen->states = g_array_new(FALSE, FALSE, sizeof(BscProgressState));
	return bsc_progress_new(&sink);
}

static void
forget(Seen *seen)
{
	g_ptr_array_unref(seen->steps);
	g_array_unref(seen->states);
}

static void
assert_steps(const Seen *seen, const char *const *wanted)
{
	for (guint i = 0; i < seen->steps->len && wanted[i]; i++)
		g_assert_cmpstr(seen->steps->pdata[i], ==, wanted[i]);
	g_assert_cmpuint(seen->steps->len, ==, g_strv_length((char **)wanted));
}

static void
step(BscProgress *progress, const char *message)
{
	bsc_progress_begin(progress, 1, 0, "%s", message);
	bsc_progress_end(progress, TRUE);
}

/* The steps before the slots are updated: 40 percent. */
static void
play_checks(BscProgress *progress)
{
	bsc_progress_begin(progress, 0, 10, "Installing");
	step(progress, "Determining slot states");
	bsc_progress_begin(progress, 1, 1, "Checking bundle");
	step(progress, "Verifying signature");
	bsc_progress_end(progress, TRUE);
	step(progress, "Checking manifest contents");
	step(progress, "Determining target install group");
}

static void
test_sequence(void)
{
	static const char *const wanted[] = {
		"(0,\"Installing\",1)",
		"(0,\"Determining slot states\",2)",
		"(10,\"Determining slot states done.\",2)",
		"(10,\"Checking bundle\",2)",
		"(10,\"Verifying signature\",3)",
		"(20,\"Verifying signature done.\",3)",
		"(20,\"Checking bundle done.\",2)",
		"(20,\"Checking manifest contents\",2)",
		"(30,\"Checking manifest contents done.\",2)",
		"(30,\"Determining target install group\",2)",
		"(40,\"Determining target install group done.\",2)",
		"(40,\"Updating slots\",2)",
		"(40,\"Checking slot rootfs.1 (B)\",3)",
		"(46,\"Checking slot rootfs.1 (B) done.\",3)",
		"(46,\"Copying image to rootfs.1\",3)",
		"(100,\"Copying image to rootfs.1 done.\",3)",
		"(100,\"Updating slots done.\",2)",
		"(100,\"Installing done.\",1)",
		NULL,
	};
	Seen seen;
	g_autoptr(BscProgress) progress = watch(&seen);

	play_checks(progress);
	bsc_progress_begin(progress, 6, 10, "Updating slots");
	step(progress, "Checking slot rootfs.1 (B)");
	bsc_progress_begin(progress, 9, 0, "Copying image to %s", "rootfs.1");
	bsc_progress_end(progress, TRUE);
	bsc_progress_end(progress, TRUE);
	bsc_progress_end(progress, TRUE);
	assert_steps(&seen, wanted);
	forget(&seen);
}

static void
test_failure(void)
{
	static const char *const wanted[] = {
		"(0,\"Installing\",1)",
		"(0,\"Determining slot states\",2)",
		"(10,\"Determining slot states done.\",2)",
		"(10,\"Checking bundle\",2)",
		"(10,\"Verifying signature\",3)",
		"(10,\"Verifying signature failed.\",3)",
		"(10,\"Checking bundle failed.\",2)",
		"(10,\"Installing failed.\",1)",
		NULL,
	};
	Seen seen;
	g_autoptr(BscProgress) progress = watch(&seen);

	bsc_progress_begin(progress, 0, 10, "Installing");
	step(progress, "Determining slot states");
	bsc_progress_begin(progress, 1, 1, "Checking bundle");
	bsc_progress_begin(progress, 1, 0, "Verifying signature");
	bsc_progress_fail(progress);
	assert_steps(&seen, wanted);
	forget(&seen);
}

static void
test_copy_repeats(void)
{
	Seen seen;
	g_autoptr(BscProgress) progress = watch(&seen);
	guint before;

	play_checks(progress);
	bsc_progress_begin(progress, 6, 10, "Updating slots");
	step(progress, "Checking slot rootfs.1 (B)");
	bsc_progress_set_phase(progress, BSC_PROGRESS_PHASE_WRITING, 4000);
	bsc_progress_begin(progress, 9, 0, "Copying image to rootfs.1");
	before = seen.steps->len;
	for (uint64_t done = 1; done <= 4000; done++)
		bsc_progress_update(progress, (double)done / 4000, done);
	g_assert_cmpuint(seen.steps->len - before, ==, 99);
	g_assert_cmpstr(seen.steps->pdata[before], ==, "(46,\"Copying image to rootfs.1\",3)");
	g_assert_cmpstr(seen.steps->pdata[seen.steps->len - 1], ==,
			"(99,\"Copying image to rootfs.1\",3)");
	forget(&seen);
}

static void
test_signature_is_told_once(void)
{
	Seen seen;
	g_autoptr(BscProgress) progress = watch(&seen);

	bsc_progress_begin(progress, 0, 10, "Installing");
	step(progress, "Determining slot states");
	bsc_progress_begin(progress, 1, 1, "Checking bundle");
	bsc_progress_set_phase(progress, BSC_PROGRESS_PHASE_CHECKING, 0);
	bsc_progress_begin(progress, 1, 0, "Verifying signature");
	for (uint64_t done = 1; done <= 1000; done++)
		bsc_progress_update(progress, (double)done / 1000, done);
	g_assert_cmpuint(seen.steps->len, ==, 5);
	forget(&seen);
}

static void
test_percent_never_falls(void)
{
	Seen seen;
	g_autoptr(BscProgress) progress = watch(&seen);
	int last = 0;

	play_checks(progress);
	bsc_progress_begin(progress, 6, 30, "Updating slots");
	bsc_progress_set_phase(progress, BSC_PROGRESS_PHASE_WRITING, 3000);
	for (int image = 0; image < 3; image++) {
		step(progress, "Checking slot");
		bsc_progress_begin(progress, 9, 0, "Copying image");
		for (uint64_t done = 0; done <= 1000; done += 7)
			bsc_progress_update(progress, (double)done / 1000,
					    (uint64_t)image * 1000 + done);
		bsc_progress_end(progress, TRUE);
	}
	bsc_progress_end(progress, TRUE);
	bsc_progress_end(progress, TRUE);
	for (guint i = 0; i < seen.states->len; i++) {
		const BscProgressState *state = &g_array_index(seen.states, BscProgressState, i);

		g_assert_cmpint(state->percent, >=, last);
		last = state->percent;
	}
	g_assert_cmpint(last, ==, 100);
	forget(&seen);
}

static void
test_rate(void)
{
	Seen seen;
	g_autoptr(BscProgress) progress = watch(&seen);
	const BscProgressState *last;

	bsc_progress_begin(progress, 0, 0, "Copying image");
	bsc_progress_set_phase(progress, BSC_PROGRESS_PHASE_WRITING, 1000000);
	bsc_progress_update(progress, 0, 0);
	g_usleep(50000);
	bsc_progress_update(progress, 0.5, 500000);
	last = &g_array_index(seen.states, BscProgressState, seen.states->len - 1);
	g_assert_cmpuint(last->bytes_done, ==, 500000);
	g_assert_cmpuint(last->bytes_total, ==, 1000000);
	/* 500 kB in a little more than 50 ms, however slow this machine is */
	g_assert_cmpuint(last->rate_bytes_sec, >, 0);
	g_assert_cmpuint(last->rate_bytes_sec, <=, 10000000);
	g_assert_cmpint(last->seconds_left, >=, 0);
	forget(&seen);
}

static void
test_phase_words(void)
{
	g_assert_cmpstr(bsc_progress_phase_to_string(BSC_PROGRESS_PHASE_IDLE), ==, "idle");
	g_assert_cmpstr(bsc_progress_phase_to_string(BSC_PROGRESS_PHASE_ACTIVATING), ==,
			"activating");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/progress/follows-raucs-sequence", test_sequence);
	g_test_add_func("/engine/progress/failure-never-shows-100-percent", test_failure);
	g_test_add_func("/engine/progress/copy-repeats-its-message", test_copy_repeats);
	g_test_add_func("/engine/progress/signature-is-told-once", test_signature_is_told_once);
	g_test_add_func("/engine/progress/percent-never-falls", test_percent_never_falls);
	g_test_add_func("/engine/progress/tells-rate-and-time-left", test_rate);
	g_test_add_func("/engine/progress/names-its-phases", test_phase_words);
	return g_test_run();
}
