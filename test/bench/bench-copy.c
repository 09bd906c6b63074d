/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/bench/bench-copy.c - copies an image onto a device and prints rate, bytes and memory */
#include "config.h"

#include "bundle-tools/source/source-file.h"
#include "bundle-tools/squashfs/squashfs.h"
#include "common/hex.h"
#include "installer/write/image-copy.h"
#include "installer/write/slot-writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int opt_workers;
static int opt_memory_kib;
static gboolean opt_cached;
static char *opt_verify;
static char *opt_inside;

static const GOptionEntry entries[] = {
	{"workers", 0, 0, G_OPTION_ARG_INT, &opt_workers, "threads that read; 0 = cores", "N"},
	{"memory", 0, 0, G_OPTION_ARG_INT, &opt_memory_kib, "budget in KiB", "N"},
	{"cached", 0, 0, G_OPTION_ARG_NONE, &opt_cached, "go through the page cache", NULL},
	{"verify", 0, 0, G_OPTION_ARG_STRING, &opt_verify, "written, all or off", "WORD"},
	{"inside", 0, 0, G_OPTION_ARG_STRING, &opt_inside, "IMAGE is a squashfs, copy NAME of it",
	 "NAME"},
	{NULL},
};

/* A file whose holes are known. */
typedef struct {
	BscByteSource base;
	BscByteSource *lower;
	int fd;
} HoleSource;

static gboolean
hole_read_at(BscByteSource *base, uint64_t offset, void *buf, size_t len, GError **error)
{
	return bsc_byte_source_read_at(((HoleSource *)base)->lower, offset, buf, len, error);
}

static gboolean
hole_get_run(BscByteSource *base, uint64_t offset, uint64_t *out_len, gboolean *out_is_zero,
	     GError **error)
{
	int fd = ((HoleSource *)base)->fd;
	int64_t data = lseek(fd, (off_t)offset, SEEK_DATA);
	int64_t end = data == (int64_t)offset ? lseek(fd, (off_t)offset, SEEK_HOLE) : data;

	*out_is_zero = data != (int64_t)offset;
	*out_len = (end < 0 ? base->size_bytes : (uint64_t)end) - offset;
	return TRUE;
}

static void
hole_free(BscByteSource *base)
{
	HoleSource *self = (HoleSource *)base;

	bsc_byte_source_unref(self->lower);
	(void)close(self->fd);
	g_free(self);
}

static const BscByteSourceOps hole_ops = {
	.name = "hole",
	.read_at = hole_read_at,
	.get_run = hole_get_run,
	.free = hole_free,
};

static BscByteSource *
open_source(const char *path, GError **error)
{
	g_autoptr(BscByteSource) lower = bsc_source_file_open(path, error);
	HoleSource *self;

	if (lower == NULL)
		return NULL;
	self = g_new0(HoleSource, 1);
	bsc_byte_source_init(&self->base, &hole_ops, bsc_byte_source_get_size(lower));
	self->lower = g_steal_pointer(&lower);
	self->fd = open(path, O_RDONLY | O_CLOEXEC);
	return &self->base;
}

static BscByteSource *
open_inside(const char *path, uint64_t *out_worker_bytes, GError **error)
{
	g_autoptr(BscByteSource) file = bsc_source_file_open(path, error);
	BscSquashfsOptions options = {.memory_bytes = (uint64_t)opt_memory_kib * 1024};
	g_autoptr(BscSquashfs) squashfs = NULL;

	if (file == NULL)
		return NULL;
	squashfs = bsc_squashfs_open(file, &options, error);
	if (squashfs == NULL)
		return NULL;
	*out_worker_bytes = bsc_squashfs_get_worker_bytes(squashfs);
	return bsc_squashfs_open_file(squashfs, opt_inside, error);
}

static uint64_t
read_private_dirty_kib(void)
{
	g_autofree char *text = NULL;
	const char *line;

	if (!g_file_get_contents("/proc/self/smaps_rollup", &text, NULL, NULL))
		return 0;
	line = strstr(text, "Private_Dirty:");
	return line != NULL ? g_ascii_strtoull(line + strlen("Private_Dirty:"), NULL, 10) : 0;
}

static void
on_progress(BscWritePhase phase, uint64_t done, uint64_t total, gpointer data)
{
	uint64_t *peak = data;

	*peak = MAX(*peak, read_private_dirty_kib());
}

static void
print_report(const BscWriteReport *report, double seconds, uint64_t peak_kib)
{
	g_autofree char *digest = bsc_hex_encode(report->sha256, sizeof(report->sha256));
	const double mib = 1024 * 1024;

	printf("%.3f s  %.0f MiB/s  written %.2f  equal %.2f  zeroed %.2f  verified %.2f MiB  "
	       "peak Private_Dirty %" G_GUINT64_FORMAT " KiB  sha256 %s\n",
	       seconds, (double)report->bytes_total / mib / seconds,
	       (double)report->bytes_written / mib, (double)report->bytes_equal / mib,
	       (double)report->bytes_zeroed / mib, (double)report->bytes_verified / mib, peak_kib,
	       digest);
}

static gboolean
run_copy(const char *from, const char *to, GError **error)
{
	g_autoptr(BscByteSource) image = NULL;
	g_autoptr(BscDevice) device = NULL;
	uint64_t peak_kib = 0;
	BscWriteReport report;
	gint64 begin = g_get_monotonic_time();
	BscWriteRequest request = {
		.memory_bytes = (uint64_t)opt_memory_kib * 1024,
		.workers = (unsigned)opt_workers,
		.on_progress = on_progress,
		.progress_data = &peak_kib,
	};

	if (opt_verify != NULL && !bsc_slot_writer_verify_from_string(opt_verify, &request.verify))
		g_printerr("unknown --verify word, taking 'written'\n");
	image = opt_inside != NULL ? open_inside(from, &request.worker_bytes, error)
				   : open_source(from, error);
	if (image == NULL)
		return FALSE;
	device = bsc_device_open(to, BSC_DEVICE_WRITE, error);
	if (device == NULL)
		return FALSE;
	if (opt_cached)
		bsc_device_use_cache(device);
	if (!bsc_image_copy_run(image, device, &request, &report, NULL, error) ||
	    !bsc_device_close(device, error))
		return FALSE;
	print_report(&report, (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC, peak_kib);
	return TRUE;
}

int
main(int argc, char **argv)
{
	g_autoptr(GOptionContext) context = g_option_context_new("IMAGE DEVICE");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (g_option_context_parse(context, &argc, &argv, &error) && argc == 3 &&
	    run_copy(argv[1], argv[2], &error))
		return 0;
	g_printerr("bench-copy: %s\n", error != NULL ? error->message : "IMAGE DEVICE expected");
	return 1;
}
