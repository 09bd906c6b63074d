/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/trailer.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"

static uint64_t
read_be64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < BSC_TRAILER_LEN; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* The file's length is believed, the eight bytes are not: only differences, never sums. */
static gboolean
check_cms_bytes(uint64_t cms_bytes, uint64_t file_bytes, uint32_t max_cms_bytes, GError **error)
{
	uint64_t before = file_bytes - BSC_TRAILER_LEN;

	if (cms_bytes == 0)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "Not a bundle: the signature's length at the end of the file "
				     "is 0");
	if (cms_bytes > before)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "Not a bundle, or cut short: the file ends with a signature "
				     "length of %" G_GUINT64_FORMAT
				     " bytes, but only %" G_GUINT64_FORMAT " bytes lie before it",
				     cms_bytes, before);
	if (cms_bytes > max_cms_bytes)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "The signature has %" G_GUINT64_FORMAT
				     " bytes, more than the limit of %u "
				     "(max-bundle-signature-size)",
				     cms_bytes, max_cms_bytes);
	if (cms_bytes == before)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "Not a bundle: nothing lies before the signature");
	return TRUE;
}

gboolean
bsc_trailer_parse(uint64_t file_bytes, const uint8_t last8[BSC_TRAILER_LEN], uint32_t max_cms_bytes,
		  BscTrailer *out, GError **error)
{
	uint32_t limit = max_cms_bytes != 0 ? max_cms_bytes : BSC_TRAILER_MAX_CMS_BYTES;
	uint64_t cms_bytes;

	if (file_bytes < BSC_TRAILER_LEN)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "Not a bundle: the file has only %" G_GUINT64_FORMAT " bytes",
				     file_bytes);
	cms_bytes = read_be64(last8);
	if (!check_cms_bytes(cms_bytes, file_bytes, limit, error))
		return FALSE;
	out->cms_bytes = (uint32_t)cms_bytes;
	out->cms_offset = file_bytes - BSC_TRAILER_LEN - cms_bytes;
	out->payload_bytes = out->cms_offset;
	return TRUE;
}

void
bsc_trailer_write(uint32_t cms_bytes, uint8_t out8[BSC_TRAILER_LEN])
{
	uint64_t value = cms_bytes;

	for (size_t i = 0; i < BSC_TRAILER_LEN; i++)
		out8[i] = (uint8_t)(value >> (8 * (BSC_TRAILER_LEN - 1 - i)));
}
