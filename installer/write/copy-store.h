/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/copy-store.h - brings one item to the device, writing only what differs */
#pragma once

#include "installer/write/copy-record.h"
#include "installer/write/device.h"

/* What storing cost; all in bytes. */
typedef struct {
	uint64_t written;
	uint64_t equal;
	uint64_t zeroed;
} BscCopyStoreCounts;

/* A thread's own window onto what the device holds. */
typedef struct {
	uint8_t *data;	    /* aligned as the device wants it */
	uint32_t len_bytes; /* a multiple of the device's unit */
} BscCopyStoreWindow;

/**
 * bsc_copy_store_data:
 * @device: destination
 * @item: where
 * @data: (array): the item's bytes, in aligned memory with room up to the next device block
 * @window: for reading what is there
 * @counts: (inout): added to
 * @out_state: (out): what was done
 * @error: return location
 *
 * Reads what the device holds and writes the units that differ, neighbours as one. The bytes
 * behind an image that ends within a device block stay as they are. Errors:
 * %BSC_WRITE_ERROR_DEVICE.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_copy_store_data(BscDevice *device, const BscCopyItem *item, uint8_t *data,
			     const BscCopyStoreWindow *window, BscCopyStoreCounts *counts,
			     BscCopyState *out_state, GError **error);

/**
 * bsc_copy_store_zeros:
 * @device: destination
 * @item: where; offset and length are multiples of the device's unit
 * @window: for reading what is there
 * @counts: (inout): added to
 * @out_state: (out): what was done
 * @error: return location
 *
 * Makes a range zeros. Where a few samples are zeros already the range is read and left alone as
 * far as it is zeros, so that writing the same image again costs the medium nothing; else a hole
 * is punched, or, where the device cannot do that, zeros are written where there are none.
 * Errors: %BSC_WRITE_ERROR_DEVICE.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_copy_store_zeros(BscDevice *device, const BscCopyItem *item,
			      const BscCopyStoreWindow *window, BscCopyStoreCounts *counts,
			      BscCopyState *out_state, GError **error);

/**
 * bsc_copy_store_get_zeros:
 * @out_len: (out): number of bytes
 *
 * Returns: (transfer none): zeros, in memory that costs nothing, aligned for any device
 */
const uint8_t *bsc_copy_store_get_zeros(size_t *out_len);
