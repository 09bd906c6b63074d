/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/copy-store.h"

#include <string.h>

#define ZERO_BYTES (256 * 1024)

/* Not const: so it lies in .bss, where pages that are only read are the kernel's one zero page. */
static uint8_t zeros[ZERO_BYTES] __attribute__((aligned(65536)));

const uint8_t *
bsc_copy_store_get_zeros(size_t *out_len)
{
	*out_len = sizeof(zeros);
	return zeros;
}

/* Differing units next to each other, not yet written. */
typedef struct {
	BscDevice *device;
	const uint8_t *data; /* of the item */
	uint64_t offset;     /* of the item */
	size_t len;	     /* of the item; what is compared behind it only fills a device block */
	size_t begin;	     /* within the item; begin == end: nothing is pending */
	size_t end;
} Pending;

static gboolean
write_pending(Pending *self, GError **error)
{
	size_t begin = self->begin;

	self->begin = self->end;
	return begin == self->end ||
	       bsc_device_write(self->device, self->data + begin, self->end - begin,
				self->offset + begin, error);
}

/* Compares [@pos, @pos + @len) of the item with @there; writes a run as soon as it ends. */
static gboolean
compare_window(Pending *self, size_t pos, const uint8_t *there, size_t len,
	       BscCopyStoreCounts *counts, GError **error)
{
	size_t unit = self->device->unit_bytes;

	for (size_t i = 0; i < len; i += unit) {
		size_t n = MIN(unit, len - i);
		size_t counted = MIN(n, self->len - pos - i);

		if (memcmp(self->data + pos + i, there + i, n) == 0) {
			counts->equal += counted;
			if (!write_pending(self, error))
				return FALSE;
			self->begin = self->end = pos + i + n;
			continue;
		}
		counts->written += counted;
		self->end = pos + i + n;
	}
	return TRUE;
}

static size_t
round_up(size_t len, size_t align)
{
	return (len + align - 1) / align * align;
}

gboolean
bsc_copy_store_data(BscDevice *device, const BscCopyItem *item, uint8_t *data,
		    const BscCopyStoreWindow *window, BscCopyStoreCounts *counts,
		    BscCopyState *out_state, GError **error)
{
	Pending pending = {
		.device = device,
		.data = data,
		.offset = item->offset,
		.len = item->len,
	};
	uint64_t written_before = counts->written;

	for (size_t pos = 0; pos < item->len; pos += window->len_bytes) {
		size_t len = MIN(window->len_bytes, item->len - pos);
		size_t padded = MIN(round_up(len, device->align_bytes),
				    device->size_bytes - item->offset - pos);

		if (!bsc_device_read(device, window->data, padded, item->offset + pos, error))
			return FALSE;
		memcpy(data + pos + len, window->data + len, padded - len);
		if (!compare_window(&pending, pos, window->data, padded, counts, error))
			return FALSE;
	}
	*out_state = counts->written > written_before ? BSC_COPY_STATE_DATA : BSC_COPY_STATE_EQUAL;
	return write_pending(&pending, error);
}

/* A few looks tell a range that was never zeroed from one that was. */
static gboolean
sample_is_zero(BscDevice *device, const BscCopyItem *item, uint8_t *buf, gboolean *out_is_zero,
	       GError **error)
{
	uint64_t unit = device->unit_bytes;
	const uint64_t places[] = {0, item->len / 2 / unit * unit, item->len - unit};

	*out_is_zero = TRUE;
	for (size_t i = 0; *out_is_zero && i < G_N_ELEMENTS(places); i++) {
		if (!bsc_device_read(device, buf, unit, item->offset + places[i], error))
			return FALSE;
		*out_is_zero = bsc_device_is_zero(buf, unit);
	}
	return TRUE;
}

/* How much of [@pos, end of the item) is zeros already. */
static gboolean
skip_zeros(BscDevice *device, const BscCopyItem *item, const BscCopyStoreWindow *window,
	   uint64_t *pos, GError **error)
{
	while (*pos < item->len) {
		size_t len = MIN(window->len_bytes, item->len - *pos);

		if (!bsc_device_read(device, window->data, len, item->offset + *pos, error))
			return FALSE;
		for (size_t i = 0; i < len; i += device->unit_bytes, *pos += device->unit_bytes)
			if (!bsc_device_is_zero(window->data + i, device->unit_bytes))
				return TRUE;
	}
	return TRUE;
}

static gboolean
write_zeros(BscDevice *device, const BscCopyItem *item, uint64_t pos,
	    const BscCopyStoreWindow *window, BscCopyStoreCounts *counts, GError **error)
{
	BscCopyItem piece = {.offset = item->offset + pos};
	BscCopyState ignored;

	for (; pos < item->len; pos += piece.len, piece.offset += piece.len) {
		piece.len = MIN(sizeof(zeros), item->len - pos);
		/* Whole units: nothing is padded, so the zeros are only read. */
		if (!bsc_copy_store_data(device, &piece, zeros, window, counts, &ignored, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
bsc_copy_store_zeros(BscDevice *device, const BscCopyItem *item, const BscCopyStoreWindow *window,
		     BscCopyStoreCounts *counts, BscCopyState *out_state, GError **error)
{
	gboolean is_zero = FALSE;
	gboolean is_done = FALSE;
	uint64_t pos = 0;

	*out_state = BSC_COPY_STATE_EQUAL;
	if (!sample_is_zero(device, item, window->data, &is_zero, error) ||
	    (is_zero && !skip_zeros(device, item, window, &pos, error)))
		return FALSE;
	counts->equal += pos;
	if (pos == item->len)
		return TRUE;
	*out_state = BSC_COPY_STATE_ZERO;
	if (!bsc_device_zero(device, item->offset + pos, item->len - pos, &is_done, error))
		return FALSE;
	if (!is_done)
		return write_zeros(device, item, pos, window, counts, error);
	counts->zeroed += item->len - pos;
	return TRUE;
}
