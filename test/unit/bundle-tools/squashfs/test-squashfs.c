/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/squashfs/test-squashfs.c - reading whole, patched and broken images */
#include "config.h"

#include "bundle-tools/source/bundle-error.h"
#include "bundle-tools/squashfs/squashfs-extract.h"
#include "bundle-tools/squashfs/squashfs.h"
#include "test/support/memory-source.h"
#include "test/support/temp-dir.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where things are in the superblock and in inodes. */
#define AT_INODES   64
#define INODE_BODY  16
#define SMALL_TEXT  "content of a small file\n"
#define HOLES_BYTES 9001
#define N_THREADS   6
#define N_READS	    300

/* An image of the fuzzer's corpus in memory: "stored" has nothing compressed, so it is easily
 * patched. */
static BscByteSource *
load(const char *name)
{
	const char *root = g_getenv("BSC_SRCDIR");
	g_autofree char *path = g_build_filename(root != NULL ? root : ".",
						 "test/fuzz/corpus/squashfs", name, NULL);
	g_autofree char *data = NULL;
	g_autoptr(GError) error = NULL;
	gsize len;

	g_file_get_contents(path, &data, &len, &error);
	g_assert_no_error(error);
	return test_memory_source_new(data, len);
}

static BscSquashfs *
open_source(BscByteSource *source)
{
	g_autoptr(GError) error = NULL;
	BscSquashfs *image = bsc_squashfs_open(source, NULL, &error);

	g_assert_no_error(error);
	return image;
}

static BscSquashfs *
open_corpus(const char *name)
{
	g_autoptr(BscByteSource) source = load(name);

	return open_source(source);
}

static char *
read_file(BscSquashfs *image, const char *path, uint64_t *out_len)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscByteSource) file = bsc_squashfs_open_file(image, path, &error);
	char *content;

	g_assert_no_error(error);
	*out_len = bsc_byte_source_get_size(file);
	content = g_malloc0(*out_len + 1);
	bsc_byte_source_read_at(file, 0, content, *out_len, &error);
	g_assert_no_error(error);
	return content;
}

static void
test_lists_sorted(void)
{
	static const char *const names[] = {"dir", "fifo", "hard", "holes", "link"};
	static const BscSquashfsType types[] = {BSC_SQUASHFS_DIR, BSC_SQUASHFS_OTHER,
						BSC_SQUASHFS_FILE, BSC_SQUASHFS_FILE,
						BSC_SQUASHFS_SYMLINK};
	g_autoptr(BscSquashfs) image = open_corpus("stored");
	g_autoptr(GPtrArray) entries = bsc_squashfs_list(image, "/", NULL);

	g_assert_cmpuint(entries->len, ==, G_N_ELEMENTS(names));
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		const BscSquashfsEntry *entry = entries->pdata[i];

		g_assert_cmpstr(entry->name, ==, names[i]);
		g_assert_cmpint(entry->type, ==, types[i]);
		g_assert_cmpint(entry->mtime_sec, ==, 1);
		g_assert_cmpuint(entry->uid, ==, 0);
	}
}

static void
test_lists_many_names(void)
{
	g_autoptr(BscSquashfs) image = open_corpus("many-names");
	g_autoptr(GPtrArray) entries = bsc_squashfs_list(image, "", NULL);
	g_autoptr(BscSquashfsEntry) last = bsc_squashfs_lookup(image, "name299", NULL);

	g_assert_cmpuint(entries->len, ==, 300);
	g_assert_cmpuint(last->size_bytes, ==, 1);
}

static void
test_looks_up(void)
{
	g_autoptr(BscSquashfs) image = open_corpus("stored");
	g_autoptr(BscSquashfsEntry) root = bsc_squashfs_lookup(image, "/", NULL);
	g_autoptr(BscSquashfsEntry) file = bsc_squashfs_lookup(image, "//dir/file/", NULL);
	g_autoptr(BscSquashfsEntry) hard = bsc_squashfs_lookup(image, "hard", NULL);
	g_autoptr(BscSquashfsEntry) link = bsc_squashfs_lookup(image, "/link", NULL);

	g_assert_cmpstr(root->name, ==, "");
	g_assert_true(S_ISDIR(root->mode));
	g_assert_cmpstr(file->name, ==, "file");
	g_assert_cmpuint(file->size_bytes, ==, strlen(SMALL_TEXT));
	g_assert_cmpuint(file->inode_ref, ==, hard->inode_ref);
	g_assert_cmpstr(link->link_target, ==, "dir/file");
	g_assert_null(file->link_target);
}

static void
test_does_not_find(void)
{
	static const char *const paths[] = {"no",	 "dir/no",	"dir/../dir", "./dir",
					    "link/file", "hard/inside", "dir/fil",    "dir/file2"};
	g_autoptr(BscSquashfs) image = open_corpus("stored");

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(bsc_squashfs_lookup(image, paths[i], &error));
		g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
	}
}

static void
test_minds_types(void)
{
	g_autoptr(BscSquashfs) image = open_corpus("stored");
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_squashfs_list(image, "hard", &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY);
	g_clear_error(&error);
	g_assert_null(bsc_squashfs_open_file(image, "dir", &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
	g_clear_error(&error);
	g_assert_null(bsc_squashfs_open_file(image, "link", &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
}

static void
test_reads_every_codec(void)
{
	static const char *const names[] = {"gzip", "xz", "lz4", "zstd"};
	g_autofree char *first = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(BscSquashfs) image = open_corpus(names[i]);
		uint64_t len, small_len;
		g_autofree char *text = read_file(image, "text", &len);
		g_autofree char *small = read_file(image, "dir/file", &small_len);

		g_assert_cmpstr(bsc_squashfs_get_codec_name(image), ==, names[i]);
		g_assert_cmpuint(bsc_squashfs_get_block_bytes(image), ==, 4096);
		g_assert_cmpuint(bsc_squashfs_get_worker_bytes(image), >, 4096);
		g_assert_cmpstr(small, ==, SMALL_TEXT);
		if (first == NULL)
			first = g_steal_pointer(&text);
		else
			g_assert_cmpstr(text, ==, first);
	}
}

static void
test_outlives_the_image(void)
{
	BscSquashfs *image = open_corpus("zstd");
	g_autoptr(BscByteSource) file = bsc_squashfs_open_file(image, "hard", NULL);
	char byte;

	bsc_squashfs_unref(image);
	g_assert_true(bsc_byte_source_read_at(file, 3, &byte, 1, NULL));
	g_assert_cmpint(byte, ==, SMALL_TEXT[3]);
}

static void
test_tells_sparse_runs(void)
{
	g_autoptr(BscByteSource) source = load("stored");
	g_autoptr(BscSquashfs) image = open_source(source);
	g_autoptr(BscByteSource) file = bsc_squashfs_open_file(image, "holes", NULL);
	uint64_t len;
	gboolean is_zero;

	g_assert_cmpuint(bsc_byte_source_get_size(file), ==, HOLES_BYTES);
	g_assert_cmpuint(bsc_byte_source_get_block(file), ==, 4096);
	g_assert_true(bsc_byte_source_get_run(file, 100, &len, &is_zero, NULL));
	g_assert_cmpuint(len, ==, 8092);
	g_assert_true(is_zero);
	g_assert_true(bsc_byte_source_get_run(file, 8192, &len, &is_zero, NULL));
	g_assert_cmpuint(len, ==, HOLES_BYTES - 8192);
	g_assert_false(is_zero);
}

typedef struct {
	BscByteSource *file;
	const char *content;
} Reads;

static gpointer
read_pieces(gpointer data)
{
	const Reads *reads = data;
	int size = (int)bsc_byte_source_get_size(reads->file);
	GRand *rand = g_rand_new_with_seed(GPOINTER_TO_UINT(g_thread_self()));
	g_autofree char *buf = g_malloc(size);

	for (size_t i = 0; i < N_READS; i++) {
		int offset = g_rand_int_range(rand, 0, size);
		int len = g_rand_int_range(rand, 0, size - offset + 1);
		g_autoptr(GError) error = NULL;

		bsc_byte_source_read_at(reads->file, offset, buf, len, &error);
		g_assert_no_error(error);
		g_assert_cmpmem(buf, len, reads->content + offset, len);
	}
	g_rand_free(rand);
	return NULL;
}

/* The smallest budget lets one thread at a time decompress; nobody waits for ever. */
static void
test_serves_threads_with_little_memory(void)
{
	g_autoptr(BscByteSource) source = load("zstd");
	BscSquashfsOptions options = {.memory_bytes = 1};
	g_autoptr(BscSquashfs) image = bsc_squashfs_open(source, &options, NULL);
	uint64_t len;
	g_autofree char *content = read_file(image, "text", &len);
	g_autoptr(BscByteSource) file = bsc_squashfs_open_file(image, "text", NULL);
	Reads reads = {file, content};
	GThread *threads[N_THREADS];

	for (size_t i = 0; i < N_THREADS; i++)
		threads[i] = g_thread_new("reader", read_pieces, &reads);
	for (size_t i = 0; i < N_THREADS; i++)
		g_thread_join(threads[i]);
}

static void
put(BscByteSource *source, uint64_t at, uint64_t value, size_t n_bytes)
{
	uint8_t *data = test_memory_source_peek(source);

	g_assert_cmpuint(at + n_bytes, <=, bsc_byte_source_get_size(source));
	for (size_t i = 0; i < n_bytes; i++)
		data[at + i] = (uint8_t)(value >> (8 * i));
}

static uint64_t
get(BscByteSource *source, uint64_t at, size_t n_bytes)
{
	const uint8_t *data = test_memory_source_peek(source);
	uint64_t value = 0;

	for (size_t i = 0; i < n_bytes; i++)
		value |= (uint64_t)data[at + i] << (8 * i);
	return value;
}

static void
test_refuses_superblock(void)
{
	static const struct {
		uint64_t at;
		size_t n_bytes;
		uint64_t value;
		int code;
		const char *words;
	} rows[] = {
		{0, 4, 0x12345678, BSC_BUNDLE_ERROR_FORMAT, "no squashfs"},
		{0, 4, 0x68737173, BSC_BUNDLE_ERROR_UNSUPPORTED, "big-endian"},
		{12, 4, 0, BSC_BUNDLE_ERROR_FORMAT, "block size"},
		{12, 4, 8192, BSC_BUNDLE_ERROR_FORMAT, "block size"},
		{16, 4, 0xffffffff, BSC_BUNDLE_ERROR_FORMAT, "fragment table"},
		{20, 2, 0, BSC_BUNDLE_ERROR_FORMAT, "compression 0"},
		{20, 2, 2, BSC_BUNDLE_ERROR_UNSUPPORTED, "lzma"},
		{20, 2, 3, BSC_BUNDLE_ERROR_UNSUPPORTED, "lzo"},
		{20, 2, 7, BSC_BUNDLE_ERROR_FORMAT, "compression 7"},
		{22, 2, 31, BSC_BUNDLE_ERROR_FORMAT, "block size"},
		{22, 2, 255, BSC_BUNDLE_ERROR_FORMAT, "block size"},
		{26, 2, 0, BSC_BUNDLE_ERROR_FORMAT, "users"},
		{26, 2, 65535, BSC_BUNDLE_ERROR_FORMAT, "id table"},
		{28, 2, 3, BSC_BUNDLE_ERROR_UNSUPPORTED, "version 3.0"},
		{30, 2, 1, BSC_BUNDLE_ERROR_UNSUPPORTED, "version 4.1"},
		{40, 8, 1 << 20, BSC_BUNDLE_ERROR_FORMAT, "cut off"},
		{48, 8, G_MAXUINT64, BSC_BUNDLE_ERROR_FORMAT, "id table"},
		{48, 8, 0, BSC_BUNDLE_ERROR_FORMAT, "id table"},
		{64, 8, 0, BSC_BUNDLE_ERROR_FORMAT, "inode table"},
		{64, 8, G_MAXUINT64, BSC_BUNDLE_ERROR_FORMAT, "inode table"},
		{72, 8, G_MAXUINT64, BSC_BUNDLE_ERROR_FORMAT, "directory table"},
		{80, 8, 96, BSC_BUNDLE_ERROR_FORMAT, "fragment table"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(BscByteSource) source = load("stored-fragments");
		g_autoptr(GError) error = NULL;

		put(source, rows[i].at, rows[i].value, rows[i].n_bytes);
		g_assert_null(bsc_squashfs_open(source, NULL, &error));
		g_assert_error(error, BSC_BUNDLE_ERROR, rows[i].code);
		g_assert_nonnull(strstr(error->message, rows[i].words));
	}
}

static void
test_refuses_cut_image(void)
{
	g_autoptr(BscByteSource) whole = load("zstd");
	uint64_t size = bsc_byte_source_get_size(whole);

	for (uint64_t len = 0; len < size; len += 50) {
		g_autoptr(BscByteSource) source =
			test_memory_source_new(test_memory_source_peek(whole), len);
		g_autoptr(GError) error = NULL;

		g_assert_null(bsc_squashfs_open(source, NULL, &error));
		g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
	}
}

/* Where the inode of @path lies in "stored": metadata is one plain block behind two bytes. */
static uint64_t
find_inode(BscByteSource *source, const char *path)
{
	g_autoptr(BscSquashfs) image = open_source(source);
	g_autoptr(BscSquashfsEntry) entry = bsc_squashfs_lookup(image, path, NULL);

	g_assert_cmpuint(entry->inode_ref >> 16, ==, 0);
	return get(source, AT_INODES, 8) + 2 + (entry->inode_ref & 0xffff);
}

/* Where the name of a directory entry begins; its inode's offset stands 8 bytes before. */
static uint64_t
find_name(BscByteSource *source, const char *name)
{
	const uint8_t *data = test_memory_source_peek(source);
	uint64_t end = bsc_byte_source_get_size(source) - strlen(name);

	for (uint64_t at = get(source, AT_INODES, 8); at < end; at++)
		if (memcmp(data + at, name, strlen(name)) == 0 &&
		    get(source, at - 2, 2) == strlen(name) - 1)
			return at;
	g_assert_not_reached();
}

static void
test_refuses_inode(void)
{
	static const struct {
		const char *path;
		uint64_t at; /* from the inode */
		size_t n_bytes;
		uint64_t value;
		const char *words;
	} rows[] = {
		{"dir/noise", 0, 2, 0, "kind of inode"},
		{"dir/noise", 0, 2, 15, "kind of inode"},
		{"dir/noise", 4, 2, 9, "user or group"},
		{"dir/noise", 6, 2, 9, "user or group"},
		{"dir/noise", INODE_BODY + 4, 4, 77, "fragment that is not"},
		{"dir/noise", INODE_BODY + 12, 4, 0x7fffffff, "more blocks"},
		{"dir/noise", INODE_BODY, 4, 0x7fffffff, "outside of the image"},
		{"dir/noise", INODE_BODY + 16, 4, 0x4000010, "size of a block"},
		{"dir/noise", INODE_BODY + 16, 4, 0x2000, "size of a block"},
		{"holes", INODE_BODY + 8, 8, G_MAXUINT64, "size of a file"},
		{"holes", INODE_BODY + 8, 8, G_GUINT64_CONSTANT(1) << 62, "more blocks"},
		{"link", INODE_BODY + 4, 4, 0, "length of a link"},
		{"link", INODE_BODY + 4, 4, 4097, "length of a link"},
		{"link", INODE_BODY + 4, 4, 4000, "metadata"},
		{"dir", INODE_BODY, 4, 0x10000, "outside of its table"},
		{"dir", INODE_BODY + 8, 2, 9, "within an entry"},
		{"dir", INODE_BODY + 8, 2, 40000, "breaks"},
		{"dir", INODE_BODY + 10, 2, 8192, "outside of its table"},
		{"dir", INODE_BODY + 10, 2, 8191, "end of metadata"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(BscByteSource) source = load("stored");
		g_autoptr(TestTempDir) dir = test_temp_dir_new();
		g_autoptr(BscSquashfs) image = NULL;
		g_autoptr(GError) error = NULL;

		put(source, find_inode(source, rows[i].path) + rows[i].at, rows[i].value,
		    rows[i].n_bytes);
		image = open_source(source);
		g_assert_false(bsc_squashfs_extract(image, "/", dir->path, NULL, &error));
		g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
		if (strstr(error->message, rows[i].words) == NULL)
			g_test_message("row %zu: %s", i, error->message);
		g_assert_nonnull(strstr(error->message, rows[i].words));
	}
}

static void
test_refuses_names(void)
{
	static const char *const names[] = {"dee/er", "\0eeper", "deepe\0"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(BscByteSource) source = load("stored");
		g_autoptr(BscSquashfs) image = NULL;
		g_autoptr(GError) error = NULL;

		memcpy(test_memory_source_peek(source) + find_name(source, "deeper"), names[i], 6);
		image = open_source(source);
		g_assert_null(bsc_squashfs_list(image, "dir", &error));
		g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
	}
}

static void
test_refuses_same_name_twice(void)
{
	g_autoptr(BscByteSource) source = load("stored");
	g_autoptr(BscSquashfs) image = NULL;
	g_autoptr(GError) error = NULL;

	memcpy(test_memory_source_peek(source) + find_name(source, "hard"), "link", 4);
	image = open_source(source);
	g_assert_null(bsc_squashfs_list(image, "", &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
}

/* Lets "dir/deeper" be "dir" itself. */
static BscSquashfs *
open_loop(void)
{
	g_autoptr(BscByteSource) source = load("stored");
	uint64_t offset = get(source, find_name(source, "dir") - 8, 2);

	put(source, find_name(source, "deeper") - 8, offset, 2);
	return open_source(source);
}

static void
test_refuses_loop(void)
{
	g_autoptr(BscSquashfs) image = open_loop();
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autoptr(BscSquashfsEntry) inside =
		bsc_squashfs_lookup(image, "dir/deeper/deeper/deeper/file", NULL);
	g_autoptr(GError) error = NULL;

	g_assert_nonnull(inside);
	g_assert_false(bsc_squashfs_extract(image, "", dir->path, NULL, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
	g_assert_nonnull(strstr(error->message, "contains itself"));
}

static void
expect_read_error(BscByteSource *source, const char *path, int code, const char *words)
{
	g_autoptr(BscSquashfs) image = open_source(source);
	g_autoptr(BscByteSource) file = bsc_squashfs_open_file(image, path, NULL);
	uint64_t size = bsc_byte_source_get_size(file);
	g_autofree char *buf = g_malloc(size);
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_byte_source_read_at(file, 0, buf, size, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, code);
	g_assert_nonnull(strstr(error->message, words));
	g_clear_error(&error);
	g_assert_false(bsc_byte_source_read_at(file, 1, buf, 1, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, code);
}

static void
test_refuses_wrong_length(void)
{
	g_autoptr(BscByteSource) shorter = load("stored");
	g_autoptr(BscByteSource) longer = load("stored");
	uint64_t word_at = find_inode(shorter, "dir/noise") + INODE_BODY + 16;

	put(shorter, word_at, get(shorter, word_at, 4) - 1, 4);
	expect_read_error(shorter, "dir/noise", BSC_BUNDLE_ERROR_CORRUPT, "instead of");
	put(longer, word_at, get(longer, word_at, 4) + 1, 4);
	expect_read_error(longer, "dir/noise", BSC_BUNDLE_ERROR_FORMAT, "larger than it may be");
}

/* "dir/deeper/a" begins with a block of 4096 letters; told to be a file of @size bytes. */
static void
expect_other_size(const char *name, uint64_t size, int code)
{
	g_autoptr(BscByteSource) source = load(name);
	uint64_t inode = find_inode(source, "dir/deeper/a");

	g_assert_cmpuint(get(source, inode + INODE_BODY + 12, 4), ==, 5000);
	put(source, inode + INODE_BODY + 4, 0xffffffff, 4);
	put(source, inode + INODE_BODY + 12, size, 4);
	expect_read_error(source, "dir/deeper/a", code, "damaged");
}

static void
test_refuses_more_than_fits(void)
{
	static const char *const names[] = {"gzip-plain-metadata", "xz-plain-metadata",
					    "lz4-plain-metadata", "zstd-plain-metadata"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		expect_other_size(names[i], 4000, BSC_BUNDLE_ERROR_CORRUPT);
}

static void
test_refuses_damaged_data(void)
{
	static const char *const names[] = {"gzip-plain-metadata", "xz-plain-metadata",
					    "lz4-plain-metadata", "zstd-plain-metadata"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(BscByteSource) source = load(names[i]);
		uint64_t at = get(source, find_inode(source, "text") + INODE_BODY, 4);

		memset(test_memory_source_peek(source) + at, 0xff, 600);
		expect_read_error(source, "text", BSC_BUNDLE_ERROR_CORRUPT, "damaged");
	}
}

static void
test_hands_up_faults_of_the_source(void)
{
	g_autoptr(BscByteSource) source = load("stored");
	g_autoptr(BscSquashfs) image = open_source(source);
	g_autoptr(BscByteSource) file = bsc_squashfs_open_file(image, "dir/noise", NULL);
	g_autoptr(GError) error = NULL;
	char buf[4];

	test_memory_source_fail_at(
		source, get(source, find_inode(source, "dir/noise") + INODE_BODY, 4) + 2);
	g_assert_false(bsc_byte_source_read_at(file, 0, buf, sizeof buf, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_FAILED);
	test_memory_source_fail_at(source, G_MAXUINT64);
	g_assert_true(bsc_byte_source_read_at(file, 0, buf, sizeof buf, NULL));
}

static mode_t
get_mode(const TestTempDir *dir, const char *name)
{
	g_autofree char *path = test_temp_dir_get_path(dir, name);
	struct stat st;

	g_assert_cmpint(lstat(path, &st), ==, 0);
	return st.st_mode;
}

static void
test_extracts(void)
{
	g_autoptr(BscSquashfs) image = open_corpus("xz");
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *small = NULL;
	g_autofree char *fifo = test_temp_dir_get_path(dir, "fifo");
	g_autoptr(GError) error = NULL;

	bsc_squashfs_extract(image, "/", dir->path, NULL, &error);
	g_assert_no_error(error);
	small = test_temp_dir_read(dir, "dir/file");
	g_assert_cmpstr(small, ==, SMALL_TEXT);
	g_assert_cmpuint(get_mode(dir, "dir"), ==, S_IFDIR | 0700);
	g_assert_cmpuint(get_mode(dir, "dir/file"), ==, S_IFREG | 0600);
	g_assert_true(S_ISLNK(get_mode(dir, "link")));
	g_assert_false(g_file_test(fifo, G_FILE_TEST_EXISTS));
}

static void
test_extracts_one_file(void)
{
	g_autoptr(BscSquashfs) image = open_corpus("lz4");
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *small = NULL;

	g_assert_true(bsc_squashfs_extract(image, "dir/file", dir->path, NULL, NULL));
	small = test_temp_dir_read(dir, "file");
	g_assert_cmpstr(small, ==, SMALL_TEXT);
}

/* Whoever put links into the destination does not decide where files go. */
static void
test_extracts_through_no_link(void)
{
	static const char *const names[] = {"dir", "hard"};
	g_autoptr(BscSquashfs) image = open_corpus("zstd");

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(TestTempDir) dir = test_temp_dir_new();
		g_autoptr(TestTempDir) outside = test_temp_dir_new();
		g_autofree char *link = test_temp_dir_get_path(dir, names[i]);
		g_autoptr(GError) error = NULL;

		g_assert_cmpint(symlink(outside->path, link), ==, 0);
		g_assert_false(bsc_squashfs_extract(image, "/", dir->path, NULL, &error));
		g_assert_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS);
	}
}

static void
test_extraction_is_cancelled(void)
{
	g_autoptr(BscSquashfs) image = open_corpus("zstd");
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_autoptr(GError) error = NULL;

	g_cancellable_cancel(cancellable);
	g_assert_false(bsc_squashfs_extract(image, "/", dir->path, cancellable, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static const struct {
	const char *name;
	GTestFunc test;
} tests[] = {
	{"lists-sorted", test_lists_sorted},
	{"lists-many-names", test_lists_many_names},
	{"looks-up", test_looks_up},
	{"does-not-find", test_does_not_find},
	{"minds-types", test_minds_types},
	{"reads-every-codec", test_reads_every_codec},
	{"outlives-the-image", test_outlives_the_image},
	{"tells-sparse-runs", test_tells_sparse_runs},
	{"serves-threads-with-little-memory", test_serves_threads_with_little_memory},
	{"refuses-superblock", test_refuses_superblock},
	{"refuses-cut-image", test_refuses_cut_image},
	{"refuses-inode", test_refuses_inode},
	{"refuses-names", test_refuses_names},
	{"refuses-same-name-twice", test_refuses_same_name_twice},
	{"refuses-loop", test_refuses_loop},
	{"refuses-wrong-length", test_refuses_wrong_length},
	{"refuses-more-than-fits", test_refuses_more_than_fits},
	{"refuses-damaged-data", test_refuses_damaged_data},
	{"hands-up-faults-of-the-source", test_hands_up_faults_of_the_source},
	{"extracts", test_extracts},
	{"extracts-one-file", test_extracts_one_file},
	{"extracts-through-no-link", test_extracts_through_no_link},
	{"extraction-is-cancelled", test_extraction_is_cancelled},
};

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
		g_autofree char *path = g_strconcat("/format/squashfs/", tests[i].name, NULL);

		g_test_add_func(path, tests[i].test);
	}
	return g_test_run();
}
