/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/slot-writer.h - puts an image into a slot: which writer, and its verbs */
#pragma once

#include "installer/system/system-config.h"
#include "installer/write/write-error.h"
#include "installer/write/writer-ops.h"

/**
 * bsc_slot_writer_check_config:
 * @config: a configuration
 * @error: return location
 *
 * Judges the words of @config that belong to this room: slot types and what is read back. A slot
 * type whose writer comes later is no error here. Errors: %BSC_CONFIG_ERROR_VALUE.
 *
 * Returns: %TRUE if all are known
 */
gboolean bsc_slot_writer_check_config(const BscSystemConfig *config, GError **error);

/**
 * bsc_slot_writer_check_pair:
 * @image_type: (nullable): type of the image
 * @slot_type: type of the slot
 * @has_install_hook: whether a hook of the bundle writes the image itself: then every pair is good
 * @error: return location
 *
 * Tells whether an image of this type can be written to a slot of that type. Errors:
 * %BSC_WRITE_ERROR_NO_WRITER, with words that tell "never" from "not yet".
 *
 * Returns: %TRUE if so
 */
gboolean bsc_slot_writer_check_pair(const char *image_type, const char *slot_type,
				    gboolean has_install_hook, GError **error);

/**
 * bsc_slot_writer_check_fit:
 * @slot: the destination
 * @image_type: type of an image that fits @slot's type
 * @size_bytes: size of the image
 * @error: return location
 *
 * Looks at the device without writing. What an archive needs is only known after unpacking.
 * Errors: %BSC_WRITE_ERROR_TOO_SMALL, %BSC_WRITE_ERROR_DEVICE.
 *
 * Returns: %TRUE if the image fits
 */
gboolean bsc_slot_writer_check_fit(const BscSlot *slot, const char *image_type, uint64_t size_bytes,
				   GError **error);

/**
 * bsc_slot_writer_clear:
 * @slot: the destination; not in use
 * @error: return location
 *
 * Overwrites the first block of the slot's device with zeros and syncs, so that a half-written
 * slot cannot be taken for a file system, whatever the boot loader believes. Writes nothing where
 * the block is zeros already. Errors: %BSC_WRITE_ERROR_DEVICE.
 *
 * Returns: %TRUE when it is durable
 */
gboolean bsc_slot_writer_clear(const BscSlot *slot, GError **error);

/**
 * bsc_slot_writer_write:
 * @image: the image's bytes
 * @request: how and where to
 * @out_report: (out caller-allocates): what was done; set on success only
 * @cancellable: (nullable): looked at between chunks
 * @error: return location
 *
 * Writes, flushes and reads back. The slot's first block is cleared first and written last, after
 * everything else is on the medium and the digest is known to be right; so after a failure, a
 * cancellation or a power cut the slot is not usable, never half right. (An archive's slot is a
 * fresh file system from the start and is cleared on failure.)
 *
 * Errors: %BSC_WRITE_ERROR_*, %BSC_BUNDLE_ERROR_CORRUPT if the digest is not the one of
 * @request, %G_IO_ERROR_CANCELLED and what reading @image reports. Messages name the slot and its
 * device.
 *
 * Returns: %TRUE when the image is durable in the slot
 */
gboolean bsc_slot_writer_write(BscByteSource *image, const BscWriteRequest *request,
			       BscWriteReport *out_report, GCancellable *cancellable,
			       GError **error);

/**
 * bsc_slot_writer_verify_to_string:
 * @verify: what is read back
 *
 * Returns: (transfer none): `written`, `all` or `off`
 */
const char *bsc_slot_writer_verify_to_string(BscWriteVerify verify);

/**
 * bsc_slot_writer_verify_from_string:
 * @text: a word
 * @out_verify: (out): its value
 *
 * Returns: %FALSE if @text is none of the words
 */
gboolean bsc_slot_writer_verify_from_string(const char *text, BscWriteVerify *out_verify);
