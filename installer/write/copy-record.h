/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/copy-record.h - what a copy did to each item, and digests to read it back by */
#pragma once

#include "installer/write/copy-walk.h"

typedef enum {
	BSC_COPY_STATE_NONE,  /* not handled, or handled apart */
	BSC_COPY_STATE_EQUAL, /* the destination held it already */
	BSC_COPY_STATE_DATA,  /* at least a part of it was written */
	BSC_COPY_STATE_ZERO,  /* made zeros */
} BscCopyState;

/*
 * One byte an item, and sums of 128 bits for groups of items: the exclusive or of the items' sums,
 * each over offset and bytes, so that threads can add them in any order and the memory stays small
 * however large the image is. The sum is fast, not cryptographic: it finds the faults of a medium,
 * and costs little also where SHA-256 costs as much as writing. Forgers meet the image's digest.
 *
 * All functions may be called by several threads at once.
 */
typedef struct _BscCopyRecord BscCopyRecord;

/**
 * bsc_copy_record_new:
 *
 * Returns: (transfer full): a record without items
 */
BscCopyRecord *bsc_copy_record_new(void);

/**
 * bsc_copy_record_set:
 * @self: a record
 * @item: an item
 * @state: what was done to it
 */
void bsc_copy_record_set(BscCopyRecord *self, const BscCopyItem *item, BscCopyState state);

/**
 * bsc_copy_record_get:
 * @self: a record
 * @item: an item
 *
 * Returns: what was set
 */
BscCopyState bsc_copy_record_get(BscCopyRecord *self, const BscCopyItem *item);

/* The sum of an item on its way, with the item's bytes in as many pieces as one likes. */
typedef struct {
	uint64_t lanes[4];
} BscCopyRecordSum;

/**
 * bsc_copy_record_sum_init:
 * @sum: (out caller-allocates): a sum
 * @item: the item it is for
 */
void bsc_copy_record_sum_init(BscCopyRecordSum *sum, const BscCopyItem *item);

/**
 * bsc_copy_record_sum_update:
 * @sum: a sum
 * @data: the next bytes of the item
 * @len: their number; a multiple of 32 but for the last piece
 */
void bsc_copy_record_sum_update(BscCopyRecordSum *sum, const void *data, size_t len);

/**
 * bsc_copy_record_add:
 * @self: a record
 * @item: an item
 * @sum: over all its bytes
 *
 * Adds an item to its group. Adding the same bytes again takes it out: once the read-back has
 * added what it found, every group is empty if nothing was lost.
 */
void bsc_copy_record_add(BscCopyRecord *self, const BscCopyItem *item, const BscCopyRecordSum *sum);

/**
 * bsc_copy_record_find_lost:
 * @self: a record, with everything added twice
 * @out_offset: (out): where a group that is not empty begins, in bytes
 *
 * Returns: whether there is such a group
 */
gboolean bsc_copy_record_find_lost(BscCopyRecord *self, uint64_t *out_offset);

/**
 * bsc_copy_record_free:
 * @self: (transfer full) (nullable): a record
 */
void bsc_copy_record_free(BscCopyRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscCopyRecord, bsc_copy_record_free)
