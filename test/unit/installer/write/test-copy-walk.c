/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/write/test-copy-walk.c - an image as a row of items */
#include "config.h"

#include "installer/write/copy-walk.h"
#include "test/support/memory-source.h"
#include "test/support/run-source.h"

#define UNIT  4096
#define CHUNK (8 * UNIT)

/* Items from a text: 'd' a block of data, '.' a block of zeros; `0d 1d7 2.3` = index, kind, units
 */
static char *
walk_text(const char *blocks, uint32_t block_bytes, size_t cut_bytes)
{
	g_autoptr(GByteArray) data = g_byte_array_new();
	g_autoptr(BscByteSource) source = NULL;
	GString *text = g_string_new(NULL);
	BscCopyItem item = {.len = 1};
	uint64_t offset = 0;
	BscCopyWalk walk;

	for (const char *c = blocks; *c != '\0'; c++) {
		g_autofree uint8_t *block = g_malloc0(block_bytes);

		block[0] = *c == 'd';
		g_byte_array_append(data, block, block_bytes);
	}
	source = test_run_source_new(data->data, data->len - cut_bytes, block_bytes);
	bsc_copy_walk_init(&walk, source, UNIT, CHUNK);
	while (item.len > 0) {
		g_assert_true(bsc_copy_walk_next(&walk, &item, NULL));
		g_assert_cmpuint(item.offset, ==, offset);
		if (item.is_zero)
			g_assert_cmpuint(item.len % UNIT, ==, 0);
		offset += item.len;
		if (item.len > 0)
			g_string_append_printf(text, "%s%c%d", text->len > 0 ? " " : "",
					       item.is_zero ? '.' : 'd',
					       (int)((item.len + UNIT - 1) / UNIT));
	}
	g_assert_cmpuint(offset, ==, data->len - cut_bytes);
	return g_string_free(text, FALSE);
}

static void
test_splits(void)
{
	static const struct {
		const char *blocks;
		uint32_t block_bytes;
		size_t cut_bytes;
		const char *items;
	} rows[] = {
		{"d", UNIT, 0, "d1"},
		{"d", UNIT, 100, "d1"},
		{".", UNIT, 0, "d1"},
		{"....", UNIT, 0, "d1 .3"},
		{"dddd", UNIT, 0, "d1 d3"},
		{"dddddddddd", UNIT, 0, "d1 d7 d2"},
		{"dd..dd", UNIT, 0, "d1 d1 .2 d2"},
		{"d..d....", UNIT, 0, "d1 .2 d1 .4"},
		{"d..d....", UNIT, 1, "d1 .2 d1 .3 d1"},
		/* zero ranges that fill no whole unit are data */
		{"dd..dd", UNIT / 2, 0, "d1 .1 d1"},
		{"ddd.dd", UNIT / 2, 0, "d1 d2"},
		{"dd.ddd", UNIT / 2, 0, "d1 d2"},
		{"ddd...dd", UNIT / 2, 0, "d1 d1 .1 d1"},
		/* data ends at chunks, zeros do not */
		{"d.......", 2 * UNIT, 0, "d1 d1 .14"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *items =
			walk_text(rows[i].blocks, rows[i].block_bytes, rows[i].cut_bytes);

		g_assert_cmpstr(items, ==, rows[i].items);
	}
}

static void
test_takes_a_source_that_tells_nothing(void)
{
	static const uint8_t data[3 * CHUNK] = {0};
	g_autoptr(BscByteSource) source = test_memory_source_new(data, sizeof(data));
	BscCopyItem item = {.len = 1};
	BscCopyWalk walk;

	bsc_copy_walk_init(&walk, source, UNIT, CHUNK);
	for (unsigned n = 0; item.len > 0; n++) {
		g_assert_true(bsc_copy_walk_next(&walk, &item, NULL));
		g_assert_false(item.is_zero);
		g_assert_cmpuint(item.index, ==, n);
	}
	g_assert_cmpuint(item.offset, ==, sizeof(data));
}

static void
test_ends_an_empty_image_at_once(void)
{
	g_autoptr(BscByteSource) source = test_memory_source_new("", 0);
	BscCopyItem item = {.len = 1};
	BscCopyWalk walk;

	bsc_copy_walk_init(&walk, source, UNIT, CHUNK);
	g_assert_true(bsc_copy_walk_next(&walk, &item, NULL));
	g_assert_cmpuint(item.len, ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/write/copy-walk/splits", test_splits);
	g_test_add_func("/write/copy-walk/takes-a-source-that-tells-nothing",
			test_takes_a_source_that_tells_nothing);
	g_test_add_func("/write/copy-walk/ends-an-empty-image-at-once",
			test_ends_an_empty_image_at_once);
	return g_test_run();
}
