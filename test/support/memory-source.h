/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/support/memory-source.h - a byte source over memory, with faults on demand */
#pragma once

#include "bundle-tools/source/byte-source.h"

/**
 * test_memory_source_new:
 * @data: bytes to copy
 * @len: their number
 *
 * Returns: (transfer full): a source over a copy of @data
 */
BscByteSource *test_memory_source_new(const void *data, size_t len);

/**
 * test_memory_source_peek:
 * @source: a memory source
 *
 * Returns: (transfer none): its bytes, to change what later reads see
 */
uint8_t *test_memory_source_peek(BscByteSource *source);

/**
 * test_memory_source_fail_at:
 * @source: a memory source
 * @offset: reads that touch this byte fail with %G_IO_ERROR_FAILED; %G_MAXUINT64 = none
 */
void test_memory_source_fail_at(BscByteSource *source, uint64_t offset);
