/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/copy-record.h"

#include <string.h>

/* Up to 1 GiB in chunks of 256 KiB every item has a group of its own. */
#define N_GROUPS 4096

typedef struct {
	uint64_t low;
	uint64_t high;
} Sum;

typedef struct {
	uint64_t offset; /* smallest of its items' */
	Sum sum;
} Group;

struct _BscCopyRecord {
	GMutex lock;
	GByteArray *states; /* BscCopyState by index */
	Group *groups;
};

BscCopyRecord *
bsc_copy_record_new(void)
{
	BscCopyRecord *self = g_new0(BscCopyRecord, 1);

	g_mutex_init(&self->lock);
	self->states = g_byte_array_new();
	self->groups = g_new0(Group, N_GROUPS);
	for (size_t i = 0; i < N_GROUPS; i++)
		self->groups[i].offset = G_MAXUINT64;
	return self;
}

void
bsc_copy_record_free(BscCopyRecord *self)
{
	if (self == NULL)
		return;
	g_byte_array_unref(self->states);
	g_free(self->groups);
	g_mutex_clear(&self->lock);
	g_free(self);
}

void
bsc_copy_record_set(BscCopyRecord *self, const BscCopyItem *item, BscCopyState state)
{
	static const uint8_t none[256] = {0};

	g_mutex_lock(&self->lock);
	while (self->states->len <= item->index)
		g_byte_array_append(self->states, none, sizeof(none));
	self->states->data[item->index] = (uint8_t)state;
	g_mutex_unlock(&self->lock);
}

BscCopyState
bsc_copy_record_get(BscCopyRecord *self, const BscCopyItem *item)
{
	BscCopyState state = BSC_COPY_STATE_NONE;

	g_mutex_lock(&self->lock);
	if (item->index < self->states->len)
		state = (BscCopyState)self->states->data[item->index];
	g_mutex_unlock(&self->lock);
	return state;
}

#define N_LANES 4

/* Odd constants without pattern: digits of the square roots of 2, 3, 5 and 7. */
static const uint64_t factors[N_LANES] = {0x6a09e667f3bcc909, 0xbb67ae8584caa73b,
					  0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1};

/* Carries high bits back down, which multiplication alone never does. */
static uint64_t
mix(uint64_t state, uint64_t word, uint64_t factor)
{
	state = (state ^ word) * factor;
	return state ^ (state >> 32);
}

void
bsc_copy_record_sum_init(BscCopyRecordSum *sum, const BscCopyItem *item)
{
	sum->lanes[0] = item->offset;
	sum->lanes[1] = ~item->offset;
	sum->lanes[2] = item->len;
	sum->lanes[3] = ~item->len;
}

/*
 * Each step is a bijection of the lane's state: two inputs that differ in one word never have the
 * same lane, and others by a chance of about 2^-64. Four lanes keep the multiplier busy.
 */
void
bsc_copy_record_sum_update(BscCopyRecordSum *sum, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint64_t words[N_LANES];

	for (; len > 0; bytes += sizeof(words), len -= MIN(len, sizeof(words))) {
		if (len < sizeof(words))
			memset(words, 0, sizeof(words));
		memcpy(words, bytes, MIN(len, sizeof(words)));
		for (size_t i = 0; i < N_LANES; i++)
			sum->lanes[i] = mix(sum->lanes[i], words[i], factors[i]);
	}
}

static Sum
finish_sum(const uint64_t *lanes)
{
	return (Sum){
		.low = mix(lanes[0], lanes[2], factors[1]) + mix(lanes[1], lanes[3], factors[3]),
		.high = mix(lanes[2], lanes[1], factors[0]) + mix(lanes[3], lanes[0], factors[2]),
	};
}

void
bsc_copy_record_add(BscCopyRecord *self, const BscCopyItem *item, const BscCopyRecordSum *sum)
{
	Group *group = &self->groups[item->index % N_GROUPS];
	Sum finished = finish_sum(sum->lanes);

	g_mutex_lock(&self->lock);
	group->offset = MIN(group->offset, item->offset);
	group->sum.low ^= finished.low;
	group->sum.high ^= finished.high;
	g_mutex_unlock(&self->lock);
}

gboolean
bsc_copy_record_find_lost(BscCopyRecord *self, uint64_t *out_offset)
{
	uint64_t first = G_MAXUINT64;

	for (size_t i = 0; i < N_GROUPS; i++) {
		const Group *group = &self->groups[i];

		if (group->sum.low != 0 || group->sum.high != 0)
			first = MIN(first, group->offset);
	}
	if (first == G_MAXUINT64)
		return FALSE;
	*out_offset = first;
	return TRUE;
}
