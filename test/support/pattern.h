/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/support/pattern.h - bytes that tell where they come from */
#pragma once

#include <glib.h>
#include <stdint.h>

/**
 * test_pattern_new:
 * @len: number of bytes
 *
 * Byte i is `i * 7 + (i / 4096) * 13` modulo 256, so that no two neighbouring blocks are equal and
 * an expected digest can be computed by any other program.
 *
 * Returns: (transfer full): the bytes
 */
uint8_t *test_pattern_new(size_t len);
