/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/hex.h - hex and digest strings */
#pragma once

#include <glib.h>
#include <stdint.h>

/**
 * bsc_hex_encode:
 * @data: bytes
 * @len: their number
 *
 * Returns: (transfer full): lower case hex digits, two a byte
 */
char *bsc_hex_encode(const uint8_t *data, size_t len);

/**
 * bsc_hex_decode:
 * @text: (nullable): exactly 2 × @len hex digits of either case, nothing else
 * @out: (out caller-allocates): @len bytes; not touched on failure
 * @len: number of bytes wanted
 *
 * Returns: %FALSE if @text is anything else
 */
gboolean bsc_hex_decode(const char *text, uint8_t *out, size_t len);
