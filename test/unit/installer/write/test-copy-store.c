/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/write/test-copy-store.c - one item onto a device: only what differs, zeros
 * without writing */
#include "config.h"

#include "installer/write/copy-store.h"
#include "installer/write/write-error.h"
#include "test/support/temp-dir.h"

#include <string.h>

#define UNIT  4096
#define UNITS 32

/* A device of 32 units; the text tells what each holds: '.' zeros, a letter = bytes of it. */
typedef struct {
	TestTempDir *dir;
	char *path;
	BscDevice *device;
	BscCopyStoreWindow window;
	uint8_t *data; /* UNITS units */
} Fixture;

static void
fill(uint8_t *to, const char *text)
{
	for (size_t i = 0; text[i] != '\0'; i++)
		memset(to + i * UNIT, text[i] == '.' ? 0 : text[i], UNIT);
}

static void
set_up(Fixture *self, gconstpointer before)
{
	self->dir = test_temp_dir_new();
	self->path = test_temp_dir_get_path(self->dir, "device");
	self->data = g_aligned_alloc0(UNITS, UNIT, UNIT);
	self->window.data = g_aligned_alloc0(4, UNIT, UNIT);
	self->window.len_bytes = 4 * UNIT;
	fill(self->data, before);
	g_assert_true(
		g_file_set_contents(self->path, (const char *)self->data, UNITS * UNIT, NULL));
	self->device = bsc_device_open(self->path, BSC_DEVICE_WRITE, NULL);
	g_assert_nonnull(self->device);
}

static void
tear_down(Fixture *self, gconstpointer before)
{
	bsc_device_free(self->device);
	g_aligned_free(self->window.data);
	g_aligned_free(self->data);
	g_free(self->path);
	test_temp_dir_free(self->dir);
}

static void
assert_holds(Fixture *self, const char *text)
{
	g_autofree char *is = NULL;

	memset(self->data, 0, UNITS * UNIT);
	fill(self->data, text);
	g_assert_true(g_file_get_contents(self->path, &is, NULL, NULL));
	g_assert_cmpmem(is, strlen(text) * UNIT, self->data, strlen(text) * UNIT);
}

static void
store(Fixture *self, const char *text, BscCopyStoreCounts *counts, BscCopyState *state)
{
	BscCopyItem item = {.len = strlen(text) * UNIT};

	fill(self->data, text);
	g_assert_true(bsc_copy_store_data(self->device, &item, self->data, &self->window, counts,
					  state, NULL));
	assert_holds(self, text);
}

#define BEFORE "aaaaaaaabbbbbbbb...............x"

static void
test_writes_what_differs(Fixture *self, gconstpointer before)
{
	static const struct {
		const char *text;
		unsigned written;
	} rows[] = {
		{"aaaaaaaabbbbbbbb", 0},  {"caaaaaaabbbbbbbb", 1},  {"caaaaaaabbbbbbbc", 1},
		{"caaccccabbbbbbbc", 4},  {"cccccccccccccccc", 10}, {"................", 16},
		{"aaaaaaaabbbbbbbb", 16},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		BscCopyStoreCounts counts = {0};
		BscCopyState state;

		store(self, rows[i].text, &counts, &state);
		g_assert_cmpuint(counts.written, ==, rows[i].written * UNIT);
		g_assert_cmpuint(counts.equal, ==, (16 - rows[i].written) * UNIT);
		g_assert_cmpint(state, ==,
				rows[i].written > 0 ? BSC_COPY_STATE_DATA : BSC_COPY_STATE_EQUAL);
	}
}

static void
test_keeps_what_follows_the_image(Fixture *self, gconstpointer before)
{
	BscCopyItem item = {.offset = 14 * UNIT, .len = UNIT + 100};
	BscCopyStoreCounts counts = {0};
	BscCopyState state;
	g_autofree char *is = NULL;

	memset(self->data, 'c', 2 * UNIT);
	g_assert_true(bsc_copy_store_data(self->device, &item, self->data, &self->window, &counts,
					  &state, NULL));
	g_assert_cmpuint(counts.written, ==, UNIT + 100);
	g_assert_true(g_file_get_contents(self->path, &is, NULL, NULL));
	g_assert_cmpint(is[15 * UNIT + 99], ==, 'c');
	g_assert_cmpint(is[15 * UNIT + 100], ==, 'b');
	g_assert_cmpint(is[16 * UNIT - 1], ==, 'b');
}

static void
zero(Fixture *self, size_t from, size_t n, BscCopyStoreCounts *counts, BscCopyState *state)
{
	BscCopyItem item = {.offset = from * UNIT, .len = n * UNIT, .is_zero = TRUE};

	memset(counts, 0, sizeof(*counts));
	g_assert_true(
		bsc_copy_store_zeros(self->device, &item, &self->window, counts, state, NULL));
}

static void
test_leaves_zeros_alone(Fixture *self, gconstpointer before)
{
	BscCopyStoreCounts counts;
	BscCopyState state;

	zero(self, 16, 15, &counts, &state);
	g_assert_cmpint(state, ==, BSC_COPY_STATE_EQUAL);
	g_assert_cmpuint(counts.equal, ==, 15 * UNIT);
	g_assert_cmpuint(counts.zeroed, ==, 0);
}

static void
test_zeroes_behind_zeros(Fixture *self, gconstpointer before)
{
	BscCopyStoreCounts counts;
	BscCopyState state;

	/* Samples hit first, middle and last unit: the letter must lie between them. */
	g_assert_true(bsc_device_write(self->device, self->data, UNIT, 21 * UNIT, NULL));
	zero(self, 16, 15, &counts, &state);
	g_assert_cmpint(state, ==, BSC_COPY_STATE_ZERO);
	g_assert_cmpuint(counts.equal, ==, 5 * UNIT);
	g_assert_cmpuint(counts.zeroed, ==, 10 * UNIT);
	assert_holds(self, BEFORE);
}

static void
test_punches_over_data(Fixture *self, gconstpointer before)
{
	BscCopyStoreCounts counts;
	BscCopyState state;

	zero(self, 4, 8, &counts, &state);
	g_assert_cmpuint(counts.zeroed, ==, 8 * UNIT);
	assert_holds(self, "aaaa........bbbb...............x");
}

static void
test_writes_zeros_where_it_must(Fixture *self, gconstpointer before)
{
	BscCopyStoreCounts counts;
	BscCopyState state;

	self->device->cannot_zero = 1;
	zero(self, 12, 8, &counts, &state);
	g_assert_cmpint(state, ==, BSC_COPY_STATE_ZERO);
	g_assert_cmpuint(counts.written, ==, 4 * UNIT);
	g_assert_cmpuint(counts.equal, ==, 4 * UNIT);
	assert_holds(self, "aaaaaaaabbbb...................x");
}

/* In two pieces where it is long enough. */
static void
record_add(BscCopyRecord *record, const BscCopyItem *item, const uint8_t *data)
{
	size_t first = MIN(item->len / 64 * 32, item->len);
	BscCopyRecordSum sum;

	bsc_copy_record_sum_init(&sum, item);
	bsc_copy_record_sum_update(&sum, data, first);
	bsc_copy_record_sum_update(&sum, data + first, item->len - first);
	bsc_copy_record_add(record, item, &sum);
}

static void
test_record_finds_what_was_lost(void)
{
	g_autoptr(BscCopyRecord) record = bsc_copy_record_new();
	uint8_t data[100000];
	uint64_t offset = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31);
	for (unsigned round = 0; round < 2; round++)
		for (uint64_t i = 0; i < 10000; i++) {
			/* The second time in another order, as threads do it. */
			uint64_t index = round == 0 ? i : 9999 - i;
			BscCopyItem item = {
				.index = index, .offset = index * 4096, .len = 1 + index % 99};

			record_add(record, &item, data + index);
		}
	g_assert_false(bsc_copy_record_find_lost(record, &offset));
	for (size_t len = 1; len < sizeof(data); len = len * 2 + 1) {
		BscCopyItem item = {.index = 7, .offset = 7 * 4096, .len = len};

		record_add(record, &item, data);
		data[len - 1] ^= 0x80;
		record_add(record, &item, data);
		g_assert_true(bsc_copy_record_find_lost(record, &offset));
		g_assert_cmpuint(offset, ==, 7 * 4096);
		record_add(record, &item, data);
		data[len - 1] ^= 0x80;
		record_add(record, &item, data);
		g_assert_false(bsc_copy_record_find_lost(record, &offset));
	}
}

static void
test_record_tells_places_apart(void)
{
	g_autoptr(BscCopyRecord) record = bsc_copy_record_new();
	static const uint8_t data[4096] = {1};
	BscCopyItem item = {.index = 3, .offset = 4096, .len = sizeof(data)};
	uint64_t offset = 0;

	record_add(record, &item, data);
	item.offset = 8192;
	record_add(record, &item, data);
	g_assert_true(bsc_copy_record_find_lost(record, &offset));
	item.index = 500000;
	g_assert_cmpint(bsc_copy_record_get(record, &item), ==, BSC_COPY_STATE_NONE);
	bsc_copy_record_set(record, &item, BSC_COPY_STATE_ZERO);
	g_assert_cmpint(bsc_copy_record_get(record, &item), ==, BSC_COPY_STATE_ZERO);
}

static void
test_is_zero(void)
{
	uint8_t data[64] = {0};

	g_assert_true(bsc_device_is_zero(data, 0));
	g_assert_true(bsc_device_is_zero(data, sizeof(data)));
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = 1;
		g_assert_false(bsc_device_is_zero(data, sizeof(data)));
		data[i] = 0;
	}
}

static void
add(const char *name, void (*func)(Fixture *, gconstpointer))
{
	g_autofree char *path = g_strconcat("/write/copy-store/", name, NULL);

	g_test_add(path, Fixture, BEFORE, set_up, func, tear_down);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	add("writes-what-differs", test_writes_what_differs);
	add("keeps-what-follows-the-image", test_keeps_what_follows_the_image);
	add("leaves-zeros-alone", test_leaves_zeros_alone);
	add("zeroes-behind-zeros", test_zeroes_behind_zeros);
	add("punches-over-data", test_punches_over_data);
	add("writes-zeros-where-it-must", test_writes_zeros_where_it_must);
	g_test_add_func("/write/copy-record/finds-what-was-lost", test_record_finds_what_was_lost);
	g_test_add_func("/write/copy-record/tells-places-apart", test_record_tells_places_apart);
	g_test_add_func("/write/device/is-zero", test_is_zero);
	return g_test_run();
}
