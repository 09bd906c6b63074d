/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/fuzz/replay-main.c - runs a fuzz target over its corpus without a fuzzer */
#include "config.h"

#include "test/fuzz/fuzz-target.h"

#include <string.h>

#define MAX_MUTATIONS 400 /* of each file; the same ones in every run */

static void
feed(const uint8_t *data, size_t len)
{
	/* An own heap block, so that a sanitizer sees reads past the end. */
	g_autofree uint8_t *copy = g_malloc(len + (len == 0));

	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
}

static void
feed_mutations(const uint8_t *data, size_t len)
{
	g_autofree uint8_t *copy = g_memdup2(data, len);
	size_t n = MIN(len, MAX_MUTATIONS);

	for (size_t i = 0; i < n; i++) {
		size_t at = i * len / n;
		uint8_t kept = copy[at];

		feed(data, at);
		copy[at] ^= (uint8_t)(1u << (i % 8));
		feed(copy, len);
		copy[at] = 0xff;
		feed(copy, len);
		copy[at] = kept;
	}
}

static void
replay_file(gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *content = NULL;
	gsize len;

	g_file_get_contents(data, &content, &len, &error);
	g_assert_no_error(error);
	feed((const uint8_t *)content, len);
	feed_mutations((const uint8_t *)content, len);
}

static char *
get_corpus_dir(const char *program)
{
	const char *root = g_getenv("BSC_SRCDIR");
	g_autofree char *base = g_path_get_basename(program);
	const char *target = strstr(base, "fuzz-");

	return g_build_filename(root != NULL ? root : ".", "test/fuzz/corpus",
				target != NULL ? target + strlen("fuzz-") : base, NULL);
}

int
main(int argc, char **argv)
{
	g_autofree char *dir_path = NULL;
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = NULL;
	const char *name;

	g_test_init(&argc, &argv, NULL);
	dir_path = argc > 1 ? g_strdup(argv[1]) : get_corpus_dir(argv[0]);
	dir = g_dir_open(dir_path, 0, NULL);
	if (dir == NULL) {
		g_printerr("There is no corpus in '%s'\n", dir_path);
		return 1;
	}
	while ((name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *case_name = g_strdup_printf("/replay/%s", name);

		g_ptr_array_add(paths, g_build_filename(dir_path, name, NULL));
		g_test_add_data_func(case_name, g_ptr_array_index(paths, paths->len - 1),
				     replay_file);
	}
	return g_test_run();
}
