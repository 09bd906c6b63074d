/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/squashfs/test-squashfs-write.c - squashfs images made by mksquashfs */
#include "config.h"

#include "bundle-tools/source/source-file.h"
#include "bundle-tools/squashfs/squashfs-write.h"
#include "bundle-tools/squashfs/squashfs.h"
#include "common/run.h"
#include "test/support/temp-dir.h"

#include <string.h>
#include <unistd.h>
#include <utime.h>

#define N_FILES	   20
#define FILE_BYTES 50000

typedef struct {
	TestTempDir *dir;
	char *input;
	char *output;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
	GRand *rand = g_rand_new_with_seed(1);
	g_autofree char *text = g_malloc0(FILE_BYTES + 1);

	fixture->dir = test_temp_dir_new();
	fixture->input = test_temp_dir_get_path(fixture->dir, "in");
	fixture->output = test_temp_dir_get_path(fixture->dir, "out.squashfs");
	for (unsigned i = 0; i < N_FILES; i++) {
		g_autofree char *name = g_strdup_printf("in/file-%u", i);

		for (size_t j = 0; j < FILE_BYTES; j++)
			text[j] = (char)g_rand_int_range(rand, 'a', 'q');
		g_free(test_temp_dir_write(fixture->dir, name, text));
	}
	g_rand_free(rand);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
	g_free(fixture->input);
	g_free(fixture->output);
	test_temp_dir_free(fixture->dir);
}

/* The content of an image made with @options; its file is gone again afterwards. */
static GBytes *
write_image(Fixture *fixture, const BscSquashfsWriteOptions *options)
{
	g_autoptr(GError) error = NULL;
	char *data;
	gsize len;

	bsc_squashfs_write(fixture->input, fixture->output, options, NULL, &error);
	g_assert_no_error(error);
	g_file_get_contents(fixture->output, &data, &len, &error);
	g_assert_no_error(error);
	g_assert_cmpint(unlink(fixture->output), ==, 0);
	return g_bytes_new_take(data, len);
}

static void
test_same_for_any_number_of_processors(Fixture *fixture, gconstpointer data)
{
	BscSquashfsWriteOptions options = BSC_SQUASHFS_WRITE_OPTIONS_INIT;
	g_autoptr(GBytes) first = NULL;

	options.source_date_epoch = 1600000000;
	first = write_image(fixture, &options);
	for (options.processors = 1; options.processors < 5; options.processors++) {
		g_autofree char *touched = g_build_filename(fixture->input, "file-3", NULL);
		struct utimbuf times = {options.processors, options.processors};
		g_autoptr(GBytes) next = NULL;

		g_assert_cmpint(utime(touched, &times), ==, 0);
		next = write_image(fixture, &options);
		g_assert_true(g_bytes_equal(first, next));
	}
}

static BscSquashfs *
open_image(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscByteSource) source = bsc_source_file_open(path, &error);
	BscSquashfs *image = bsc_squashfs_open(source, NULL, &error);

	g_assert_no_error(error);
	return image;
}

static void
test_follows_options(Fixture *fixture, gconstpointer data)
{
	static const char *const extra[] = {"-b", "65536", NULL};
	BscSquashfsWriteOptions options = BSC_SQUASHFS_WRITE_OPTIONS_INIT;
	g_autoptr(BscSquashfs) image = NULL;
	g_autoptr(BscSquashfsEntry) root = NULL;
	g_autoptr(BscSquashfsEntry) file = NULL;

	options.codec = "xz";
	options.extra_args = extra;
	options.source_date_epoch = 1234567;
	g_assert_true(bsc_squashfs_write(fixture->input, fixture->output, &options, NULL, NULL));
	image = open_image(fixture->output);
	g_assert_cmpstr(bsc_squashfs_get_codec_name(image), ==, "xz");
	g_assert_cmpuint(bsc_squashfs_get_block_bytes(image), ==, 65536);
	root = bsc_squashfs_lookup(image, "/", NULL);
	file = bsc_squashfs_lookup(image, "/file-0", NULL);
	g_assert_cmpint(root->mtime_sec, ==, 1234567);
	g_assert_cmpint(file->mtime_sec, ==, 1234567);
	g_assert_cmpuint(file->uid, ==, 0);
}

static void
test_lets_the_caller_choose_the_codec(Fixture *fixture, gconstpointer data)
{
	static const char *const extra[] = {"-comp", "gzip", "-Xcompression-level", "2", NULL};
	BscSquashfsWriteOptions options = BSC_SQUASHFS_WRITE_OPTIONS_INIT;
	g_autoptr(BscSquashfs) zstd = NULL;
	g_autoptr(BscSquashfs) gzip = NULL;

	g_assert_true(bsc_squashfs_write(fixture->input, fixture->output, &options, NULL, NULL));
	zstd = open_image(fixture->output);
	g_assert_cmpstr(bsc_squashfs_get_codec_name(zstd), ==, "zstd");
	g_assert_cmpint(unlink(fixture->output), ==, 0);
	options.extra_args = extra;
	g_assert_true(bsc_squashfs_write(fixture->input, fixture->output, &options, NULL, NULL));
	gzip = open_image(fixture->output);
	g_assert_cmpstr(bsc_squashfs_get_codec_name(gzip), ==, "gzip");
}

static void
on_progress(unsigned percent, gpointer data)
{
	GArray *steps = data;

	g_array_append_val(steps, percent);
}

static void
test_reports_progress(Fixture *fixture, gconstpointer data)
{
	BscSquashfsWriteOptions options = BSC_SQUASHFS_WRITE_OPTIONS_INIT;
	g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(unsigned));

	options.on_progress = on_progress;
	options.progress_data = steps;
	g_assert_true(bsc_squashfs_write(fixture->input, fixture->output, &options, NULL, NULL));
	g_assert_cmpuint(steps->len, >=, 1);
	g_assert_cmpuint(g_array_index(steps, unsigned, steps->len - 1), ==, 100);
	for (guint i = 1; i < steps->len; i++)
		g_assert_cmpuint(g_array_index(steps, unsigned, i - 1), <,
				 g_array_index(steps, unsigned, i));
}

static void
test_overwrites_nothing(Fixture *fixture, gconstpointer data)
{
	BscSquashfsWriteOptions options = BSC_SQUASHFS_WRITE_OPTIONS_INIT;
	g_autofree char *path = test_temp_dir_write(fixture->dir, "out.squashfs", "mine");
	g_autofree char *content = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_squashfs_write(fixture->input, path, &options, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS);
	content = test_temp_dir_read(fixture->dir, "out.squashfs");
	g_assert_cmpstr(content, ==, "mine");
}

static void
test_leaves_nothing_after_a_failure(Fixture *fixture, gconstpointer data)
{
	static const char *const extra[] = {"-no-such-option", NULL};
	BscSquashfsWriteOptions options = BSC_SQUASHFS_WRITE_OPTIONS_INIT;
	g_autoptr(GError) error = NULL;

	options.extra_args = extra;
	g_assert_false(bsc_squashfs_write(fixture->input, fixture->output, &options, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_FAILED);
	g_assert_nonnull(strstr(error->message, "mksquashfs"));
	g_assert_false(g_file_test(fixture->output, G_FILE_TEST_EXISTS));
}

static void
test_needs_a_directory(Fixture *fixture, gconstpointer data)
{
	BscSquashfsWriteOptions options = BSC_SQUASHFS_WRITE_OPTIONS_INIT;
	g_autofree char *missing = test_temp_dir_get_path(fixture->dir, "missing");
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_squashfs_write(missing, fixture->output, &options, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
	g_assert_false(g_file_test(fixture->output, G_FILE_TEST_EXISTS));
}

static void
test_is_cancelled(Fixture *fixture, gconstpointer data)
{
	BscSquashfsWriteOptions options = BSC_SQUASHFS_WRITE_OPTIONS_INIT;
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_autoptr(GError) error = NULL;

	g_cancellable_cancel(cancellable);
	g_assert_false(
		bsc_squashfs_write(fixture->input, fixture->output, &options, cancellable, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_assert_false(g_file_test(fixture->output, G_FILE_TEST_EXISTS));
}

static void
add(const char *name, void (*test)(Fixture *, gconstpointer))
{
	g_autofree char *path = g_strconcat("/format/squashfs-write/", name, NULL);

	g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

static void
test_no_tool(void)
{
	g_test_skip("mksquashfs is missing (package squashfs-tools)");
}

int
main(int argc, char **argv)
{
	g_autofree char *tool = bsc_run_find_program("mksquashfs");

	g_test_init(&argc, &argv, NULL);
	if (tool == NULL) {
		g_test_add_func("/format/squashfs-write/all", test_no_tool);
		return g_test_run();
	}
	add("same-for-any-number-of-processors", test_same_for_any_number_of_processors);
	add("follows-options", test_follows_options);
	add("lets-the-caller-choose-the-codec", test_lets_the_caller_choose_the_codec);
	add("reports-progress", test_reports_progress);
	add("overwrites-nothing", test_overwrites_nothing);
	add("leaves-nothing-after-a-failure", test_leaves_nothing_after_a_failure);
	add("needs-a-directory", test_needs_a_directory);
	add("is-cancelled", test_is_cancelled);
	return g_test_run();
}
