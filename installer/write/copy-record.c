/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/copy-record.h"

#include "installer/write/device.h"

#include <string.h>

/* Up to 1 GiB in chunks of 256 KiB every item has a group of its own. */
#define N_GROUPS 4096

typedef struct {
	uint64_t offset; /* smallest of its items' */
	uint8_t digest[BSC_DIGEST_LEN];
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

void
bsc_copy_record_add(BscCopyRecord *self, const BscCopyItem *item, BscDigest *digest,
		    const void *data)
{
	Group *group = &self->groups[item->index % N_GROUPS];
	uint8_t sum[BSC_DIGEST_LEN];

	bsc_digest_update(digest, &item->offset, sizeof(item->offset));
	bsc_digest_update(digest, data, item->len);
	bsc_digest_finish(digest, sum);
	g_mutex_lock(&self->lock);
	group->offset = MIN(group->offset, item->offset);
	for (size_t i = 0; i < sizeof(sum); i++)
		group->digest[i] ^= sum[i];
	g_mutex_unlock(&self->lock);
}

gboolean
bsc_copy_record_find_lost(BscCopyRecord *self, uint64_t *out_offset)
{
	uint64_t first = G_MAXUINT64;

	for (size_t i = 0; i < N_GROUPS; i++) {
		const Group *group = &self->groups[i];

		if (!bsc_device_is_zero(group->digest, sizeof(group->digest)))
			first = MIN(first, group->offset);
	}
	if (first == G_MAXUINT64)
		return FALSE;
	*out_offset = first;
	return TRUE;
}
