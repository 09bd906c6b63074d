/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/integration/squashfs-probe.c - the squashfs reader on the command line, for test scripts */
#include "config.h"

#include "bundle-tools/source/source-file.h"
#include "bundle-tools/squashfs/squashfs-extract.h"
#include "bundle-tools/squashfs/squashfs.h"

#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char type_letters[BSC_SQUASHFS_N] = {'-', 'd', 'l', 'o'};

/* One line for each entry; the path comes last, a link's target behind it. */
static gboolean
print_dir(BscSquashfs *image, const BscSquashfsEntry *dir, const char *path, unsigned depth,
	  GError **error)
{
	g_autoptr(GPtrArray) entries = bsc_squashfs_list_entry(image, dir, error);

	if (entries == NULL)
		return FALSE;
	for (guint i = 0; i < entries->len && depth < 64; i++) {
		const BscSquashfsEntry *entry = entries->pdata[i];
		g_autofree char *child = g_strconcat(path, "/", entry->name, NULL);

		printf("%c %o %u %u %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %s%s%s\n",
		       type_letters[entry->type], entry->mode & 07777, entry->uid, entry->gid,
		       entry->mtime_sec, entry->size_bytes, child,
		       entry->link_target != NULL ? " -> " : "",
		       entry->link_target != NULL ? entry->link_target : "");
		if (entry->type == BSC_SQUASHFS_DIR &&
		    !print_dir(image, entry, child, depth + 1, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
print_tree(BscSquashfs *image, GError **error)
{
	g_autoptr(BscSquashfsEntry) root = bsc_squashfs_lookup(image, "/", error);

	return root != NULL && print_dir(image, root, "", 0, error);
}

typedef struct {
	BscByteSource *source;
	uint64_t chunk_bytes;
	char **chunks; /* [n_chunks]; content, %NULL for zeros */
	size_t n_chunks;
	int next; /* atomic: first chunk that nobody reads yet */
	GError *error;
	GMutex lock;
} Reader;

static gboolean
is_zero_range(Reader *self, uint64_t offset, uint64_t len)
{
	uint64_t run;
	gboolean is_zero = FALSE;

	return bsc_byte_source_get_run(self->source, offset, &run, &is_zero, NULL) && is_zero &&
	       run >= len;
}

static gpointer
read_chunks(gpointer data)
{
	Reader *self = data;
	uint64_t size = bsc_byte_source_get_size(self->source);
	size_t i;

	while ((i = (size_t)g_atomic_int_add(&self->next, 1)) < self->n_chunks) {
		uint64_t offset = i * self->chunk_bytes;
		uint64_t len = MIN(self->chunk_bytes, size - offset);
		g_autoptr(GError) error = NULL;

		if (is_zero_range(self, offset, len))
			continue;
		self->chunks[i] = g_malloc(len);
		if (bsc_byte_source_read_at(self->source, offset, self->chunks[i], len, &error))
			continue;
		g_mutex_lock(&self->lock);
		if (self->error == NULL)
			self->error = g_steal_pointer(&error);
		g_mutex_unlock(&self->lock);
	}
	return NULL;
}

/* Holes are skipped on stdout, so that a script can read a huge sparse file into a sparse file. */
static gboolean
write_chunks(Reader *self, GError **error)
{
	uint64_t size = bsc_byte_source_get_size(self->source);

	for (size_t i = 0; i < self->n_chunks; i++) {
		uint64_t len = MIN(self->chunk_bytes, size - i * self->chunk_bytes);

		if (self->chunks[i] == NULL && fseeko(stdout, (off_t)len, SEEK_CUR) == 0)
			continue;
		if (self->chunks[i] == NULL)
			self->chunks[i] = g_malloc0(len);
		if (fwrite(self->chunks[i], 1, len, stdout) != len)
			break;
	}
	if (fflush(stdout) == 0 && (ftello(stdout) < 0 || ftruncate(1, ftello(stdout)) >= 0))
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "writing failed");
	return FALSE;
}

static void
clear_reader(Reader *self)
{
	for (size_t i = 0; i < self->n_chunks; i++)
		g_free(self->chunks[i]);
	g_free(self->chunks);
	g_clear_error(&self->error);
	bsc_byte_source_unref(self->source);
	g_mutex_clear(&self->lock);
}

/* Reads with @n_threads in chunks of @chunk_bytes (0 = the block size). */
static gboolean
print_file(BscSquashfs *image, const char *path, unsigned n_threads, uint64_t chunk_bytes,
	   GError **error)
{
	Reader reader = {.source = bsc_squashfs_open_file(image, path, error)};
	GThread *threads[16];
	gboolean is_done;

	if (reader.source == NULL)
		return FALSE;
	g_mutex_init(&reader.lock);
	reader.chunk_bytes =
		chunk_bytes != 0 ? chunk_bytes : bsc_byte_source_get_block(reader.source);
	reader.n_chunks = (bsc_byte_source_get_size(reader.source) + reader.chunk_bytes - 1) /
			  reader.chunk_bytes;
	reader.chunks = g_new0(char *, reader.n_chunks);
	n_threads = CLAMP(n_threads, 1, G_N_ELEMENTS(threads));
	for (unsigned i = 0; i < n_threads; i++)
		threads[i] = g_thread_new("reader", read_chunks, &reader);
	for (unsigned i = 0; i < n_threads; i++)
		g_thread_join(threads[i]);
	if (reader.error != NULL)
		g_propagate_error(error, g_steal_pointer(&reader.error));
	is_done = (error == NULL || *error == NULL) && write_chunks(&reader, error);
	clear_reader(&reader);
	return is_done;
}

static void
print_info(BscSquashfs *image)
{
	printf("%s %u %" G_GUINT64_FORMAT "\n", bsc_squashfs_get_codec_name(image),
	       bsc_squashfs_get_block_bytes(image), bsc_squashfs_get_worker_bytes(image));
}

static gboolean
run(BscSquashfs *image, int argc, char **argv, GError **error)
{
	if (strcmp(argv[1], "list") == 0)
		return print_tree(image, error);
	if (strcmp(argv[1], "cat") == 0 && argc >= 4)
		return print_file(image, argv[3], argc > 4 ? (unsigned)atoi(argv[4]) : 1,
				  argc > 5 ? g_ascii_strtoull(argv[5], NULL, 10) : 0, error);
	if (strcmp(argv[1], "extract") == 0 && argc >= 5)
		return bsc_squashfs_extract(image, argv[3], argv[4], NULL, error);
	print_info(image);
	return TRUE;
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscByteSource) source = NULL;
	g_autoptr(BscSquashfs) image = NULL;

	if (argc < 3) {
		fprintf(stderr, "usage: squashfs-probe info|list|cat|extract IMAGE "
				"[PATH [THREADS [CHUNK]|DIR]]\n");
		return 2;
	}
	source = bsc_source_file_open(argv[2], &error);
	if (source != NULL)
		image = bsc_squashfs_open(source, NULL, &error);
	if (image != NULL && run(image, argc, argv, &error))
		return 0;
	fprintf(stderr, "%s %d: %s\n", g_quark_to_string(error->domain), error->code,
		error->message);
	return 1;
}
