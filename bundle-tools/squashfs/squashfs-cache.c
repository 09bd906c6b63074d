/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/squashfs/squashfs-cache.h"

typedef enum { SLOT_EMPTY, SLOT_LOADING, SLOT_READY } SlotState;

typedef struct {
	BscSquashfsCacheBlock block; /* first: a block is its slot */
	SlotState state;
	unsigned n_users;
	uint64_t last_use;
} Slot;

struct _BscSquashfsCache {
	GMutex lock; /* guards the slots, not the content of a taken one */
	GCond changed;
	BscSquashfsCacheLoad load;
	gpointer owner;
	size_t slot_bytes;
	uint64_t clock;
	size_t n_slots;
	Slot slots[];
};

BscSquashfsCache *
bsc_squashfs_cache_new(size_t n_slots, size_t slot_bytes, BscSquashfsCacheLoad load, gpointer owner)
{
	BscSquashfsCache *self = g_malloc0(sizeof *self + n_slots * sizeof(Slot));

	g_mutex_init(&self->lock);
	g_cond_init(&self->changed);
	self->load = load;
	self->owner = owner;
	self->slot_bytes = slot_bytes;
	self->n_slots = n_slots;
	return self;
}

void
bsc_squashfs_cache_free(BscSquashfsCache *self)
{
	if (self == NULL)
		return;
	for (size_t i = 0; i < self->n_slots; i++)
		g_free(self->slots[i].block.data);
	g_cond_clear(&self->changed);
	g_mutex_clear(&self->lock);
	g_free(self);
}

static gboolean
is_key(const BscSquashfsCacheKey *a, const BscSquashfsCacheKey *b)
{
	return a->position == b->position && a->word == b->word && a->want_bytes == b->want_bytes;
}

static Slot *
find_slot(BscSquashfsCache *self, const BscSquashfsCacheKey *key)
{
	for (size_t i = 0; i < self->n_slots; i++)
		if (self->slots[i].state != SLOT_EMPTY && is_key(&self->slots[i].block.key, key))
			return &self->slots[i];
	return NULL;
}

/* The slot that nobody uses and nobody used for the longest time; empty ones were never used. */
static Slot *
find_victim(BscSquashfsCache *self)
{
	Slot *oldest = NULL;

	for (size_t i = 0; i < self->n_slots; i++) {
		Slot *slot = &self->slots[i];

		if (slot->n_users == 0 && (oldest == NULL || slot->last_use < oldest->last_use))
			oldest = slot;
	}
	return oldest;
}

/* The lock is given up while the block is read; others who want it wait for the state. */
static gboolean
load_slot(BscSquashfsCache *self, Slot *slot, const BscSquashfsCacheKey *key, GError **error)
{
	gboolean is_loaded;

	slot->state = SLOT_LOADING;
	slot->block.key = *key;
	slot->n_users = 1;
	g_mutex_unlock(&self->lock);
	if (slot->block.data == NULL)
		slot->block.data = g_malloc(self->slot_bytes);
	is_loaded = self->load(self->owner, &slot->block, error);
	g_mutex_lock(&self->lock);
	slot->state = is_loaded ? SLOT_READY : SLOT_EMPTY;
	slot->n_users = is_loaded ? 1 : 0;
	g_cond_broadcast(&self->changed);
	return is_loaded;
}

const BscSquashfsCacheBlock *
bsc_squashfs_cache_take(BscSquashfsCache *self, const BscSquashfsCacheKey *key, GError **error)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);

	for (;;) {
		Slot *slot = find_slot(self, key);

		if (slot != NULL && slot->state == SLOT_READY) {
			slot->n_users++;
			slot->last_use = ++self->clock;
			return &slot->block;
		}
		if (slot == NULL && (slot = find_victim(self)) != NULL) {
			slot->last_use = ++self->clock;
			return load_slot(self, slot, key, error) ? &slot->block : NULL;
		}
		g_cond_wait(&self->changed, &self->lock);
	}
}

void
bsc_squashfs_cache_release(BscSquashfsCache *self, const BscSquashfsCacheBlock *block)
{
	Slot *slot = (Slot *)(uintptr_t)block;
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);

	if (--slot->n_users == 0)
		g_cond_broadcast(&self->changed);
}
