/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/device.h - exclusive, uncached access to the device behind a slot */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef enum {
	BSC_DEVICE_READ,  /* shared with others; never writes */
	BSC_DEVICE_WRITE, /* exclusive: refused while anybody else has it mounted or claimed */
} BscDeviceMode;

/*
 * An open block device, or a regular file that stands for one (containers, virtual devices).
 * One descriptor from opening to closing, so that no failed write-back goes unseen. Reads and
 * writes bypass the page cache where the kernel allows it: nothing is copied twice, and a read
 * after a flush comes from the medium. Then offsets, lengths and memory must be multiples of
 * align_bytes; callers keep to that always.
 *
 * Reads, writes and zeroing may be called by several threads at once.
 */
typedef struct {
	char *path;
	int fd;
	uint64_t size_bytes;
	uint32_t align_bytes; /* of all reads and writes; divides unit_bytes */
	uint32_t unit_bytes;  /* what is compared and written as one: 4096, or the logical block */
	gboolean is_block;
	gboolean is_direct; /* the page cache is bypassed */
	int cannot_zero;    /* atomic: the device refused to zero a range without data */
} BscDevice;

/**
 * bsc_device_open:
 * @path: a block device or regular file
 * @mode: what for
 * @error: return location
 *
 * Errors: %BSC_WRITE_ERROR_DEVICE: missing, of another kind, read-only, or in use.
 *
 * Returns: (transfer full) (nullable): the device, or %NULL on failure
 */
BscDevice *bsc_device_open(const char *path, BscDeviceMode mode, GError **error);

/**
 * bsc_device_use_cache:
 * @self: a device
 *
 * Goes through the page cache from now on. For measurements.
 */
void bsc_device_use_cache(BscDevice *self);

/**
 * bsc_device_check_fit:
 * @self: a device
 * @size_bytes: size of an image
 * @error: return location
 *
 * Errors: %BSC_WRITE_ERROR_TOO_SMALL.
 *
 * Returns: %TRUE if @size_bytes fit
 */
gboolean bsc_device_check_fit(const BscDevice *self, uint64_t size_bytes, GError **error);

/**
 * bsc_device_read:
 * @self: a device
 * @buf: (out caller-allocates): where @len bytes go
 * @len: number of bytes
 * @offset: position in bytes
 * @error: return location
 *
 * Errors: %BSC_WRITE_ERROR_DEVICE.
 *
 * Returns: %TRUE when all are read
 */
gboolean bsc_device_read(BscDevice *self, void *buf, size_t len, uint64_t offset, GError **error);

/**
 * bsc_device_write:
 * @self: a device open for writing
 * @buf: bytes
 * @len: their number
 * @offset: position in bytes
 * @error: return location
 *
 * Errors: %BSC_WRITE_ERROR_DEVICE; then the slot has failed, a second try proves nothing.
 *
 * Returns: %TRUE when all are handed to the device (durable only after bsc_device_flush())
 */
gboolean bsc_device_write(BscDevice *self, const void *buf, size_t len, uint64_t offset,
			  GError **error);

/**
 * bsc_device_zero:
 * @self: a device open for writing
 * @offset: position, a multiple of unit_bytes
 * @len: number of bytes, a multiple of unit_bytes
 * @out_done: (out): %FALSE if the device cannot do it: write zeros then
 * @error: return location
 *
 * Makes a range read as zeros without sending them, by punching a hole, which the kernel
 * guarantees or refuses; discarding promises nothing and is not used. Errors:
 * %BSC_WRITE_ERROR_DEVICE.
 *
 * Returns: %TRUE on success, also where it cannot be done
 */
gboolean bsc_device_zero(BscDevice *self, uint64_t offset, uint64_t len, gboolean *out_done,
			 GError **error);

/**
 * bsc_device_clear_first:
 * @self: a device open for writing
 * @error: return location
 *
 * Makes the first unit zeros and flushes; does nothing where it is zeros. Errors:
 * %BSC_WRITE_ERROR_DEVICE.
 *
 * Returns: %TRUE when that is durable
 */
gboolean bsc_device_clear_first(BscDevice *self, GError **error);

/**
 * bsc_device_flush:
 * @self: a device
 * @error: return location
 *
 * Makes everything written durable. A failure is final: afterwards the kernel has forgotten what
 * was lost. Errors: %BSC_WRITE_ERROR_DEVICE.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_device_flush(BscDevice *self, GError **error);

/**
 * bsc_device_drop_cache:
 * @self: a device, flushed
 *
 * Makes the next reads come from the medium where the page cache is in use.
 */
void bsc_device_drop_cache(BscDevice *self);

/**
 * bsc_device_close:
 * @self: a device
 * @error: return location
 *
 * Errors: %BSC_WRITE_ERROR_DEVICE; a failed close is a failed write.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_device_close(BscDevice *self, GError **error);

/**
 * bsc_device_free:
 * @self: (transfer full) (nullable): a device
 */
void bsc_device_free(BscDevice *self);

/**
 * bsc_device_is_zero:
 * @buf: bytes
 * @len: their number
 *
 * Returns: whether all are zero
 */
gboolean bsc_device_is_zero(const void *buf, size_t len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscDevice, bsc_device_free)
