/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/layer/crypt.h - sector cipher of encrypted payloads, both directions */
#pragma once

#include <glib.h>
#include <stdint.h>

/*
 * AES-256-CBC over sectors of 4096 bytes without padding. The initialisation vector of sector i is
 * 8 × i as 64-bit little-endian number and 8 zero bytes (dm-crypt's "plain64", which counts in
 * units of 512 bytes). Several threads may use one cipher at once.
 */
#define BSC_CRYPT_SECTOR_BYTES 4096
#define BSC_CRYPT_KEY_LEN      32

typedef struct _BscCrypt BscCrypt;

/**
 * bsc_crypt_new:
 * @key: (array fixed-size=32): the key; copied, and wiped with the cipher
 *
 * Returns: (transfer full): a cipher; free with bsc_crypt_free()
 */
BscCrypt *bsc_crypt_new(const uint8_t *key);

/**
 * bsc_crypt_free:
 * @self: (transfer full) (nullable): a cipher
 */
void bsc_crypt_free(BscCrypt *self);

/**
 * bsc_crypt_decrypt:
 * @self: a cipher
 * @first_sector: number of the first sector
 * @data: (inout): whole sectors, decrypted in place
 * @n_sectors: their number
 */
void bsc_crypt_decrypt(BscCrypt *self, uint64_t first_sector, uint8_t *data, size_t n_sectors);

/**
 * bsc_crypt_encrypt:
 * @self: a cipher
 * @first_sector: number of the first sector
 * @data: (inout): whole sectors, encrypted in place
 * @n_sectors: their number
 */
void bsc_crypt_encrypt(BscCrypt *self, uint64_t first_sector, uint8_t *data, size_t n_sectors);

/**
 * bsc_crypt_make_random:
 * @out: (out caller-allocates): @len bytes
 * @len: their number
 * @error: return location
 *
 * Fills @out from OpenSSL's generator for secrets.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_crypt_make_random(uint8_t *out, size_t len, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscCrypt, bsc_crypt_free)
