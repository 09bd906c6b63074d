/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/image-copy.h - an image onto a device: cleared, copied, flushed, read back */
#pragma once

#include "installer/write/device.h"
#include "installer/write/writer-ops.h"

/**
 * bsc_image_copy_run:
 * @image: the image's bytes
 * @device: destination, open for writing
 * @request: memory, workers, digest, what is read back, progress; its slot is not looked at
 * @out_report: (out caller-allocates): what was done; set on success only
 * @cancellable: (nullable): looked at between chunks
 * @error: return location
 *
 * Clears the first unit, copies what differs, flushes, compares the digest, reads back, and only
 * then writes the first unit, flushes and reads that back. Whatever ends it before the last flush
 * leaves a device whose first unit is zeros. Errors as bsc_slot_writer_write().
 *
 * Returns: %TRUE when the image is durable on the device
 */
gboolean bsc_image_copy_run(BscByteSource *image, BscDevice *device, const BscWriteRequest *request,
			    BscWriteReport *out_report, GCancellable *cancellable, GError **error);
