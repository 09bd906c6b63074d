/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/digest.h - incremental SHA-256 by OpenSSL's EVP */
#pragma once

#include <glib.h>
#include <stdint.h>

#define BSC_DIGEST_LEN 32 /* bytes of a SHA-256, FIPS 180-4 */

typedef struct _BscDigest BscDigest;

/**
 * bsc_digest_new:
 *
 * An empty SHA-256; one thread at a time may use it.
 *
 * Returns: (transfer full): a digest; free with bsc_digest_free()
 */
BscDigest *bsc_digest_new(void);

/**
 * bsc_digest_free:
 * @self: (transfer full) (nullable): a digest
 */
void bsc_digest_free(BscDigest *self);

/**
 * bsc_digest_update:
 * @self: a digest
 * @data: bytes to add
 * @len: their number
 */
void bsc_digest_update(BscDigest *self, const void *data, size_t len);

/**
 * bsc_digest_finish:
 * @self: a digest
 * @out: (out caller-allocates): %BSC_DIGEST_LEN bytes
 *
 * Gives the digest of everything added and makes @self empty again, ready for reuse.
 */
void bsc_digest_finish(BscDigest *self, uint8_t *out);

/**
 * bsc_digest_compute:
 * @data: bytes
 * @len: their number
 * @out: (out caller-allocates): %BSC_DIGEST_LEN bytes
 *
 * The digest of one buffer. Any thread.
 */
void bsc_digest_compute(const void *data, size_t len, uint8_t *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscDigest, bsc_digest_free)
