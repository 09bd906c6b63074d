/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/support/run-source.h - a byte source over memory that tells its zero ranges */
#pragma once

#include "bundle-tools/source/byte-source.h"

/**
 * test_run_source_new:
 * @data: bytes to copy
 * @len: their number
 * @block_bytes: natural unit; zero ranges are told in whole blocks
 *
 * Returns: (transfer full): a source over a copy of @data
 */
BscByteSource *test_run_source_new(const void *data, size_t len, uint32_t block_bytes);

/**
 * test_run_source_get_read_bytes:
 * @source: a run source
 *
 * Returns: number of bytes read so far
 */
uint64_t test_run_source_get_read_bytes(BscByteSource *source);
