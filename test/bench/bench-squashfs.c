/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/bench/bench-squashfs.c - MB/s of reading a file in a squashfs with 1 to N threads */
#include "config.h"

#include "bundle-tools/source/source-file.h"
#include "bundle-tools/squashfs/squashfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define MAX_THREADS 64
#define ROUNDS	    3

typedef struct {
	BscByteSource *file;
	uint64_t chunk_bytes;
	gint64 next; /* under lock: first byte that nobody reads yet */
	uint64_t zero_bytes;
	GError *error;
	GMutex lock;
} Job;

/* The next chunk to read; holes are counted and skipped, as the writer does. */
static gboolean
take_chunk(Job *job, uint64_t *out_offset, uint64_t *out_len)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&job->lock);
	uint64_t size = bsc_byte_source_get_size(job->file);

	while ((uint64_t)job->next < size && job->error == NULL) {
		uint64_t run;
		gboolean is_zero;

		if (!bsc_byte_source_get_run(job->file, job->next, &run, &is_zero, &job->error))
			return FALSE;
		*out_offset = job->next;
		*out_len = is_zero ? run : MIN(job->chunk_bytes, size - job->next);
		job->next += *out_len;
		if (!is_zero)
			return TRUE;
		job->zero_bytes += run;
	}
	return FALSE;
}

static gpointer
read_chunks(gpointer data)
{
	Job *job = data;
	g_autofree uint8_t *buf = g_malloc(job->chunk_bytes);
	g_autoptr(GError) error = NULL;
	uint64_t offset, len;

	while (error == NULL && take_chunk(job, &offset, &len))
		bsc_byte_source_read_at(job->file, offset, buf, len, &error);
	if (error != NULL) {
		g_mutex_lock(&job->lock);
		if (job->error == NULL)
			job->error = g_steal_pointer(&error);
		g_mutex_unlock(&job->lock);
	}
	return NULL;
}

/* Seconds to read the whole file, or a negative number. */
static double
read_once(Job *job, unsigned n_threads)
{
	GThread *threads[MAX_THREADS];
	gint64 begin = g_get_monotonic_time();

	job->next = 0;
	job->zero_bytes = 0;
	for (unsigned i = 0; i < n_threads; i++)
		threads[i] = g_thread_new("reader", read_chunks, job);
	for (unsigned i = 0; i < n_threads; i++)
		g_thread_join(threads[i]);
	if (job->error != NULL)
		return -1;
	return (double)(g_get_monotonic_time() - begin) / G_USEC_PER_SEC;
}

static void
print_rate(Job *job, unsigned n_threads)
{
	uint64_t data_bytes;
	double best = 0;
	struct rusage usage;

	for (unsigned i = 0; i < ROUNDS; i++) {
		double seconds = read_once(job, n_threads);

		if (seconds < 0)
			return;
		best = i == 0 ? seconds : MIN(best, seconds);
	}
	data_bytes = bsc_byte_source_get_size(job->file) - job->zero_bytes;
	getrusage(RUSAGE_SELF, &usage);
	printf("%u threads: %.0f MB/s of data (%.0f MB data, %.0f MB holes), peak %ld KiB\n",
	       n_threads, (double)data_bytes / 1e6 / MAX(best, 1e-9), (double)data_bytes / 1e6,
	       (double)job->zero_bytes / 1e6, usage.ru_maxrss);
}

static gboolean
run(const char *image_path, const char *file_path, unsigned max_threads, GError **error)
{
	g_autoptr(BscByteSource) source = bsc_source_file_open(image_path, error);
	g_autoptr(BscSquashfs) image =
		source != NULL ? bsc_squashfs_open(source, NULL, error) : NULL;
	g_autoptr(BscByteSource) file =
		image != NULL ? bsc_squashfs_open_file(image, file_path, error) : NULL;
	Job job = {.file = file};

	if (file == NULL)
		return FALSE;
	job.chunk_bytes = bsc_byte_source_get_block(file);
	g_mutex_init(&job.lock);
	printf("%s, blocks of %u, %" G_GUINT64_FORMAT " bytes for each reader\n",
	       bsc_squashfs_get_codec_name(image), bsc_squashfs_get_block_bytes(image),
	       bsc_squashfs_get_worker_bytes(image));
	for (unsigned n = 1; n <= max_threads && job.error == NULL; n *= 2)
		print_rate(&job, n);
	g_mutex_clear(&job.lock);
	if (job.error == NULL)
		return TRUE;
	g_propagate_error(error, job.error);
	return FALSE;
}

int
main(int argc, char **argv)
{
	unsigned max_threads = argc > 3 ? (unsigned)atoi(argv[3]) : g_get_num_processors();
	g_autoptr(GError) error = NULL;

	if (argc < 3) {
		fprintf(stderr, "usage: bench-squashfs IMAGE FILE [MAX-THREADS]\n");
		return 2;
	}
	if (run(argv[1], argv[2], MIN(max_threads, MAX_THREADS), &error))
		return 0;
	fprintf(stderr, "%s\n", error->message);
	return 1;
}
