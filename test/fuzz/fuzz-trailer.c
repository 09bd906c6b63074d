/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/fuzz/fuzz-trailer.c - the last bytes of a bundle, of a file of any size */
#include "config.h"

#include "bundle-tools/format/trailer.h"
#include "test/fuzz/fuzz-target.h"

#include <string.h>

/* size of the file (8 bytes), its last 8 bytes, limit (4 bytes) */
#define INPUT_BYTES (8 + BSC_TRAILER_LEN + 4)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GError) error = NULL;
	uint8_t again[BSC_TRAILER_LEN];
	BscTrailer trailer;
	uint64_t file_bytes;
	uint32_t limit;

	if (size < INPUT_BYTES)
		return 0;
	memcpy(&file_bytes, data, sizeof(file_bytes));
	memcpy(&limit, data + 8 + BSC_TRAILER_LEN, sizeof(limit));
	if (!bsc_trailer_parse(file_bytes, data + 8, limit, &trailer, &error)) {
		g_assert_nonnull(error);
		return 0;
	}
	g_assert_cmpuint(trailer.cms_bytes, >, 0);
	g_assert_cmpuint(trailer.cms_bytes, <=, limit != 0 ? limit : BSC_TRAILER_MAX_CMS_BYTES);
	g_assert_cmpuint(trailer.payload_bytes, >, 0);
	g_assert_cmpuint(trailer.payload_bytes, <, file_bytes);
	g_assert_cmpuint(trailer.cms_offset, ==, trailer.payload_bytes);
	g_assert_cmpuint(file_bytes - trailer.payload_bytes, ==,
			 (uint64_t)trailer.cms_bytes + BSC_TRAILER_LEN);
	bsc_trailer_write(trailer.cms_bytes, again);
	g_assert_cmpmem(again, sizeof(again), data + 8, BSC_TRAILER_LEN);
	return 0;
}
