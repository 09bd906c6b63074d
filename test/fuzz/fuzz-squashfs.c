/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/fuzz/fuzz-squashfs.c - a squashfs image from foreign bytes: walk it, read every file */
#include "config.h"

#include "bundle-tools/squashfs/squashfs.h"
#include "test/fuzz/fuzz-target.h"
#include "test/support/memory-source.h"

/* What one image may make us do: a small one can name terabytes of zeros and endless trees. */
#define MAX_ENTRIES    500
#define MAX_DEPTH      8
#define MAX_READS      64
#define MAX_READ_BYTES (3 * 1024 * 1024)

typedef struct {
	BscSquashfs *image;
	unsigned n_entries;
	unsigned n_reads;
	uint64_t n_bytes;
} Walk;

static void
read_some(Walk *walk, BscByteSource *file, uint64_t offset, uint64_t len)
{
	g_autofree uint8_t *buf = g_malloc(len + (len == 0));
	g_autoptr(GError) error = NULL;

	walk->n_reads++;
	walk->n_bytes += len;
	g_assert_true(bsc_byte_source_read_at(file, offset, buf, len, &error) == (error == NULL));
}

static void
check_file(Walk *walk, const BscSquashfsEntry *entry)
{
	g_autoptr(BscByteSource) file = bsc_squashfs_open_entry(walk->image, entry, NULL);
	uint64_t size = file != NULL ? bsc_byte_source_get_size(file) : 0;

	for (uint64_t offset = 0, run; offset < size; offset += run) {
		gboolean is_zero;

		if (walk->n_reads > MAX_READS || walk->n_bytes > MAX_READ_BYTES)
			return;
		bsc_byte_source_advise(file, offset, size);
		if (!bsc_byte_source_get_run(file, offset, &run, &is_zero, NULL))
			return;
		g_assert_true(run > 0 && run <= size - offset);
		read_some(walk, file, offset, MIN(run, bsc_byte_source_get_block(file)));
		read_some(walk, file, offset + run / 2, MIN(run - run / 2, 100));
	}
}

static void
walk_dir(Walk *walk, const BscSquashfsEntry *dir, unsigned depth)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) entries = bsc_squashfs_list_entry(walk->image, dir, &error);

	g_assert_true((entries != NULL) == (error == NULL));
	for (guint i = 0; entries != NULL && i < entries->len; i++) {
		const BscSquashfsEntry *entry = entries->pdata[i];

		if (++walk->n_entries > MAX_ENTRIES)
			return;
		if (entry->type == BSC_SQUASHFS_FILE)
			check_file(walk, entry);
		else if (entry->type == BSC_SQUASHFS_DIR && depth < MAX_DEPTH)
			walk_dir(walk, entry, depth + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(BscByteSource) source = test_memory_source_new(data, size);
	g_autoptr(BscSquashfs) image = bsc_squashfs_open(source, NULL, NULL);
	g_autoptr(BscSquashfsEntry) root = NULL;
	Walk walk = {.image = image};

	if (image == NULL)
		return 0;
	root = bsc_squashfs_lookup(image, "/", NULL);
	if (root != NULL)
		walk_dir(&walk, root, 0);
	bsc_squashfs_entry_free(bsc_squashfs_lookup(image, "dir/file", NULL));
	return 0;
}
