/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/trailer.h - where payload and signature lie in a bundle file */
#pragma once

#include <glib.h>
#include <stdint.h>

/*
 * A bundle is `payload ‖ CMS ‖ length of the CMS as 8 bytes, big endian`. Pure arithmetic on
 * bytes; any thread.
 */
#define BSC_TRAILER_LEN		  8 /* bytes at the end of the file */
#define BSC_TRAILER_MAX_CMS_BYTES 65536

typedef struct {
	uint64_t payload_bytes; /* payload, hash tree included: bytes 0 to payload_bytes - 1 */
	uint64_t cms_offset;	/* equals payload_bytes */
	uint32_t cms_bytes;	/* at least 1 */
} BscTrailer;

/**
 * bsc_trailer_parse:
 * @file_bytes: size of the whole file in bytes
 * @last8: its last %BSC_TRAILER_LEN bytes; not read where the file is shorter than that
 * @max_cms_bytes: largest signature to accept; 0 = %BSC_TRAILER_MAX_CMS_BYTES
 * @out: (out caller-allocates): where the parts lie
 * @error: return location
 *
 * Does not ask that the payload be a multiple of 4096 bytes: a plain bundle may be anything.
 *
 * Errors: %BSC_BUNDLE_ERROR_FORMAT if the file is too short, or the signature's length is 0, more
 * than the file holds or more than @max_cms_bytes, or nothing is left for the payload.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_trailer_parse(uint64_t file_bytes, const uint8_t last8[BSC_TRAILER_LEN],
			   uint32_t max_cms_bytes, BscTrailer *out, GError **error);

/**
 * bsc_trailer_write:
 * @cms_bytes: length of the signature in bytes
 * @out8: (out caller-allocates): the %BSC_TRAILER_LEN bytes that end the file
 */
void bsc_trailer_write(uint32_t cms_bytes, uint8_t out8[BSC_TRAILER_LEN]);
