/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/write/test-image-copy.c - images onto devices: what is written, left alone,
 * refused */
#include "config.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/digest.h"
#include "installer/write/image-copy.h"
#include "installer/write/write-error.h"
#include "test/support/memory-source.h"
#include "test/support/run-source.h"
#include "test/support/temp-dir.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIB 1024
#define MIB (1024 * 1024)

/* A regular file as device, full of old bytes. */
typedef struct {
	TestTempDir *dir;
	char *path;
	size_t size;
} Fixture;

static void
set_up(Fixture *self, gconstpointer data)
{
	g_autofree char *old = NULL;

	self->size = 6 * MIB;
	old = g_malloc(self->size);
	memset(old, 0xe5, self->size);
	self->dir = test_temp_dir_new();
	self->path = test_temp_dir_get_path(self->dir, "device");
	g_assert_true(g_file_set_contents(self->path, old, (gssize)self->size, NULL));
}

static void
tear_down(Fixture *self, gconstpointer data)
{
	test_temp_dir_free(self->dir);
	g_free(self->path);
}

/* Data everywhere but for a hole from 1 to 3 MiB; no two blocks alike. */
static uint8_t *
make_image(size_t len)
{
	uint8_t *image = g_malloc(len);
	uint32_t state = 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525U + 1013904223U;
		image[i] = i >= MIB && i < 3 * MIB ? 0 : (uint8_t)(state >> 24);
	}
	return image;
}

static gboolean
copy(Fixture *self, BscByteSource *source, const BscWriteRequest *request, BscWriteReport *report,
     GError **error)
{
	g_autoptr(BscDevice) device = bsc_device_open(self->path, BSC_DEVICE_WRITE, error);

	return device != NULL && bsc_image_copy_run(source, device, request, report, NULL, error) &&
	       bsc_device_close(device, error);
}

static void
assert_holds(Fixture *self, const uint8_t *image, size_t len)
{
	g_autofree char *is = NULL;
	size_t is_len = 0;

	g_assert_true(g_file_get_contents(self->path, &is, &is_len, NULL));
	g_assert_cmpuint(is_len, ==, self->size);
	g_assert_cmpmem(is, len, image, len);
	/* Behind the image the device keeps what it held, but for the rest of the first block. */
	for (size_t i = len > 0 ? MAX(len, 4096) : 0; i < self->size; i++)
		g_assert_cmpint((uint8_t)is[i], ==, 0xe5);
}

static void
assert_unusable(Fixture *self)
{
	g_autofree char *is = NULL;
	static const char zeros[4096] = {0};

	g_assert_true(g_file_get_contents(self->path, &is, NULL, NULL));
	g_assert_cmpmem(is, 4096, zeros, 4096);
}

static void
test_writes_any_size(Fixture *self, gconstpointer data)
{
	static const size_t sizes[] = {
		1,	     511,	  4096,		 4097,	 256 * KIB, 256 * KIB + 1,
		MIB + 12345, 3 * MIB - 1, 5 * MIB + 513, 6 * MIB};
	g_autofree uint8_t *image = make_image(6 * MIB);

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(BscByteSource) source =
			test_run_source_new(image, sizes[i], i % 2 == 0 ? 4096 : 128 * KIB);
		g_autoptr(GError) error = NULL;
		BscWriteReport report = {0};
		BscWriteRequest request = {.verify = (BscWriteVerify)(i % BSC_WRITE_VERIFY_N)};
		uint8_t digest[BSC_DIGEST_LEN];

		tear_down(self, NULL);
		set_up(self, NULL);
		bsc_digest_compute(image, sizes[i], digest);
		request.sha256 = digest;
		g_assert_true(copy(self, source, &request, &report, &error));
		g_assert_no_error(error);
		assert_holds(self, image, sizes[i]);
		g_assert_cmpuint(report.bytes_total, ==, sizes[i]);
		g_assert_cmpuint(report.bytes_written + report.bytes_equal + report.bytes_zeroed,
				 ==, sizes[i]);
		g_assert_cmpmem(report.sha256, 32, digest, 32);
		if (request.verify != BSC_WRITE_VERIFY_OFF)
			g_assert_cmpuint(report.bytes_verified, ==, sizes[i]);
	}
}

static void
test_second_time_writes_only_the_first_block(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(6 * MIB);
	g_autoptr(BscByteSource) source = test_run_source_new(image, 6 * MIB, 128 * KIB);
	BscWriteRequest request = {0};
	BscWriteReport report;

	g_assert_true(copy(self, source, &request, &report, NULL));
	g_assert_cmpuint(report.bytes_zeroed, ==, 2 * MIB);
	g_assert_true(copy(self, source, &request, &report, NULL));
	g_assert_cmpuint(report.bytes_zeroed, ==, 0);
	g_assert_cmpuint(report.bytes_written, ==, 4096);
	g_assert_cmpuint(report.bytes_equal, ==, 6 * MIB - 4096);
	assert_holds(self, image, 6 * MIB);
}

static void
test_writes_only_what_differs(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(6 * MIB);
	g_autoptr(BscByteSource) before = test_run_source_new(image, 6 * MIB, 128 * KIB);
	g_autoptr(BscByteSource) after = NULL;
	BscWriteRequest request = {0};
	BscWriteReport report;

	g_assert_true(copy(self, before, &request, &report, NULL));
	image[500000] ^= 1;
	image[5 * MIB] ^= 1;
	image[5 * MIB + 4096] ^= 1;
	after = test_run_source_new(image, 6 * MIB, 128 * KIB);
	g_assert_true(copy(self, after, &request, &report, NULL));
	g_assert_cmpuint(report.bytes_written, ==, 4 * 4096);
	assert_holds(self, image, 6 * MIB);
}

static void
test_punches_holes_without_reading_them(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(6 * MIB);
	g_autoptr(BscByteSource) source = test_run_source_new(image, 6 * MIB, 128 * KIB);
	BscWriteRequest request = {.verify = BSC_WRITE_VERIFY_ALL};
	BscWriteReport report;
	struct stat st;

	g_assert_true(copy(self, source, &request, &report, NULL));
	g_assert_cmpuint(test_run_source_get_read_bytes(source), ==, 4 * MIB);
	g_assert_cmpint(stat(self->path, &st), ==, 0);
	g_assert_cmpuint((uint64_t)st.st_blocks * 512, <=, 4 * MIB + 64 * KIB);
}

static void
test_writes_zeros_where_no_hole_can_be_punched(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(6 * MIB);
	g_autoptr(BscByteSource) source = test_run_source_new(image, 6 * MIB, 128 * KIB);
	g_autoptr(BscDevice) device = bsc_device_open(self->path, BSC_DEVICE_WRITE, NULL);
	BscWriteRequest request = {0};
	BscWriteReport report;

	device->cannot_zero = 1;
	g_assert_true(bsc_image_copy_run(source, device, &request, &report, NULL, NULL));
	g_assert_cmpuint(report.bytes_zeroed, ==, 0);
	g_assert_cmpuint(report.bytes_written, ==, 6 * MIB);
	assert_holds(self, image, 6 * MIB);
}

static void
test_goes_through_the_page_cache_where_it_must(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(6 * MIB);
	g_autoptr(BscByteSource) source = test_memory_source_new(image, 6 * MIB - 77);
	g_autoptr(BscDevice) device = bsc_device_open(self->path, BSC_DEVICE_WRITE, NULL);
	BscWriteRequest request = {0};
	BscWriteReport report;

	bsc_device_use_cache(device);
	g_assert_true(bsc_image_copy_run(source, device, &request, &report, NULL, NULL));
	assert_holds(self, image, 6 * MIB - 77);
}

/* No block device has such a size, but a file may. */
static void
test_takes_a_file_of_odd_size(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(6 * MIB);
	BscWriteRequest request = {.verify = BSC_WRITE_VERIFY_ALL};
	BscWriteReport report;

	for (size_t cut = 1; cut < 8192; cut += 1365) {
		g_autoptr(BscByteSource) source =
			test_run_source_new(image, 6 * MIB - cut, 128 * KIB);

		tear_down(self, NULL);
		set_up(self, NULL);
		self->size -= cut;
		g_assert_cmpint(truncate(self->path, (long)self->size), ==, 0);
		g_assert_true(copy(self, source, &request, &report, NULL));
		assert_holds(self, image, self->size);
	}
}

static void
test_refuses_a_wrong_digest(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(2 * MIB);
	g_autoptr(BscByteSource) source = test_run_source_new(image, 2 * MIB, 4096);
	g_autoptr(GError) error = NULL;
	static const uint8_t wrong[BSC_DIGEST_LEN] = {1};
	BscWriteRequest request = {.sha256 = wrong};
	BscWriteReport report;

	g_assert_false(copy(self, source, &request, &report, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT);
	assert_unusable(self);
}

static void
test_refuses_an_image_larger_than_the_device(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(6 * MIB + 1);
	g_autoptr(BscByteSource) source = test_memory_source_new(image, 6 * MIB + 1);
	g_autoptr(GError) error = NULL;
	BscWriteRequest request = {0};
	BscWriteReport report;

	g_assert_false(copy(self, source, &request, &report, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_TOO_SMALL);
	assert_holds(self, image, 0);
}

static void
test_stops_at_a_fault_of_the_source(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(6 * MIB);

	for (uint64_t at = 0; at < 6 * MIB; at += MIB + 1) {
		g_autoptr(BscByteSource) source = test_memory_source_new(image, 6 * MIB);
		g_autoptr(GError) error = NULL;
		BscWriteRequest request = {.workers = 3};
		BscWriteReport report;

		test_memory_source_fail_at(source, at);
		g_assert_false(copy(self, source, &request, &report, &error));
		g_assert_error(error, G_IO_ERROR, G_IO_ERROR_FAILED);
		assert_unusable(self);
	}
}

typedef struct {
	GCancellable *cancellable;
	uint64_t last;
	BscWritePhase phase;
	BscWritePhase cancel_in;
} Watch;

static void
on_progress(BscWritePhase phase, uint64_t done, uint64_t total, gpointer data)
{
	Watch *watch = data;

	g_assert_cmpuint(done, <=, total);
	g_assert_true(phase == watch->phase ? done >= watch->last : phase > watch->phase);
	watch->phase = phase;
	watch->last = done;
	if (watch->cancellable != NULL)
		g_cancellable_cancel(watch->cancellable);
}

static void
test_can_be_cancelled(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(6 * MIB);
	g_autoptr(BscByteSource) source = test_memory_source_new(image, 6 * MIB);
	g_autoptr(BscDevice) device = bsc_device_open(self->path, BSC_DEVICE_WRITE, NULL);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_autoptr(GError) error = NULL;
	Watch watch = {.cancellable = cancellable};
	BscWriteRequest request = {.on_progress = on_progress, .progress_data = &watch};
	BscWriteReport report;

	g_assert_false(bsc_image_copy_run(source, device, &request, &report, cancellable, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	assert_unusable(self);
}

static void
test_tells_how_far_it_is(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(6 * MIB);
	g_autoptr(BscByteSource) source = test_run_source_new(image, 6 * MIB, 4096);
	Watch watch = {0};
	BscWriteRequest request = {.on_progress = on_progress, .progress_data = &watch};
	BscWriteReport report;

	g_assert_true(copy(self, source, &request, &report, NULL));
	g_assert_cmpint(watch.phase, ==, BSC_WRITE_PHASE_VERIFY);
	g_assert_cmpuint(watch.last, ==, 6 * MIB - 4096);
}

/* An image that changes the device behind the writer's back, as a bad medium does. */
typedef struct {
	BscByteSource base;
	BscByteSource *lower; /* borrowed */
	const char *device_path;
} SpoilSource;

static void
spoil(const char *path)
{
	FILE *file = fopen(path, "r+e");

	g_assert_nonnull(file);
	g_assert_cmpint(fseek(file, 4 * MIB + 5, SEEK_SET), ==, 0);
	g_assert_cmpint(fputc('x', file), ==, 'x');
	g_assert_cmpint(fclose(file), ==, 0);
}

/* With one thread all before is stored when the end is read. */
static gboolean
spoil_read_at(BscByteSource *base, uint64_t offset, void *buf, size_t len, GError **error)
{
	SpoilSource *self = (SpoilSource *)base;

	if (offset + len == base->size_bytes)
		spoil(self->device_path);
	return bsc_byte_source_read_at(self->lower, offset, buf, len, error);
}

static const BscByteSourceOps spoil_ops = {.name = "spoil", .read_at = spoil_read_at};

static void
test_notices_a_medium_that_lies(Fixture *self, gconstpointer data)
{
	g_autofree uint8_t *image = make_image(6 * MIB);
	g_autoptr(BscByteSource) lower = test_memory_source_new(image, 6 * MIB);
	g_autoptr(GError) error = NULL;
	SpoilSource source = {.lower = lower, .device_path = self->path};
	BscWriteRequest request = {.workers = 1, .memory_bytes = 1};
	BscWriteReport report;

	bsc_byte_source_init(&source.base, &spoil_ops, 6 * MIB);
	g_assert_false(copy(self, &source.base, &request, &report, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE);
	g_assert_nonnull(strstr(error->message, "at offset 4194304"));
	assert_unusable(self);
}

static void
add(const char *name, void (*func)(Fixture *, gconstpointer))
{
	g_autofree char *path = g_strconcat("/write/image-copy/", name, NULL);

	g_test_add(path, Fixture, NULL, set_up, func, tear_down);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("writes-any-size", test_writes_any_size);
	add("second-time-writes-only-the-first-block",
	    test_second_time_writes_only_the_first_block);
	add("writes-only-what-differs", test_writes_only_what_differs);
	add("punches-holes-without-reading-them", test_punches_holes_without_reading_them);
	add("writes-zeros-where-no-hole-can-be-punched",
	    test_writes_zeros_where_no_hole_can_be_punched);
	add("goes-through-the-page-cache-where-it-must",
	    test_goes_through_the_page_cache_where_it_must);
	add("takes-a-file-of-odd-size", test_takes_a_file_of_odd_size);
	add("refuses-a-wrong-digest", test_refuses_a_wrong_digest);
	add("refuses-an-image-larger-than-the-device",
	    test_refuses_an_image_larger_than_the_device);
	add("stops-at-a-fault-of-the-source", test_stops_at_a_fault_of_the_source);
	add("can-be-cancelled", test_can_be_cancelled);
	add("tells-how-far-it-is", test_tells_how_far_it_is);
	add("notices-a-medium-that-lies", test_notices_a_medium_that_lies);
	return g_test_run();
}
