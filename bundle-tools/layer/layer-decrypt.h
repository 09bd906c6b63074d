/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/layer/layer-decrypt.h - clear view of an encrypted payload */
#pragma once

#include "bundle-tools/source/byte-source.h"

/**
 * bsc_layer_decrypt_new:
 * @lower: the encrypted payload, best a verity layer (authenticate first, then decrypt); a
 *   reference is taken
 * @key: (array fixed-size=32): the key
 * @error: return location
 *
 * Reads of whole sectors of 4096 bytes are decrypted in the caller's buffer. There is no check
 * here: a wrong key gives noise, which the reader above notices.
 *
 * Errors: %BSC_BUNDLE_ERROR_FORMAT if the size of @lower is no multiple of 4096.
 *
 * Returns: (transfer full) (nullable): the source, or %NULL on failure
 */
BscByteSource *bsc_layer_decrypt_new(BscByteSource *lower, const uint8_t *key, GError **error);
