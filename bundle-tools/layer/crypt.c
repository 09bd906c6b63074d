/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/layer/crypt.h"

#include "common/error.h"
#include "common/openssl-autoptr.h"

#include <gio/gio.h>
#include <openssl/rand.h>
#include <string.h>

#define IV_LEN		 16
#define UNITS_PER_SECTOR (BSC_CRYPT_SECTOR_BYTES / 512)

typedef enum { DECRYPT, ENCRYPT, N_DIRECTIONS } Direction;

struct _BscCrypt {
	uint8_t key[BSC_CRYPT_KEY_LEN];
	EVP_CIPHER *cipher; /* owned; fetched once, an implicit fetch at each init is slow */
	GMutex lock;
	GPtrArray *idle[N_DIRECTIONS]; /* EVP_CIPHER_CTX with the key set, in use by nobody */
};

static void
free_context(gpointer data)
{
	EVP_CIPHER_CTX_free(data);
}

BscCrypt *
bsc_crypt_new(const uint8_t *key)
{
	BscCrypt *self = g_new0(BscCrypt, 1);

	memcpy(self->key, key, sizeof(self->key));
	self->cipher = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	g_assert(self->cipher != NULL);
	g_mutex_init(&self->lock);
	for (Direction i = 0; i < N_DIRECTIONS; i++)
		self->idle[i] = g_ptr_array_new_with_free_func(free_context);
	return self;
}

void
bsc_crypt_free(BscCrypt *self)
{
	if (self == NULL)
		return;
	for (Direction i = 0; i < N_DIRECTIONS; i++)
		g_ptr_array_unref(self->idle[i]);
	g_mutex_clear(&self->lock);
	EVP_CIPHER_free(self->cipher);
	explicit_bzero(self->key, sizeof(self->key));
	g_free(self);
}

static EVP_CIPHER_CTX *
take_context(BscCrypt *self, Direction direction)
{
	g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);
	GPtrArray *idle = self->idle[direction];
	EVP_CIPHER_CTX *ctx;

	if (idle->len > 0)
		return g_ptr_array_steal_index_fast(idle, idle->len - 1);
	ctx = EVP_CIPHER_CTX_new();
	g_assert(ctx != NULL);
	g_assert(EVP_CipherInit_ex2(ctx, self->cipher, self->key, NULL, direction == ENCRYPT,
				    NULL) == 1);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	return ctx;
}

static void
give_context(BscCrypt *self, Direction direction, EVP_CIPHER_CTX *ctx)
{
	g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&self->lock);

	g_ptr_array_add(self->idle[direction], ctx);
}

static void
transform(BscCrypt *self, Direction direction, uint64_t sector, uint8_t *data, size_t n)
{
	EVP_CIPHER_CTX *ctx = take_context(self, direction);

	for (size_t i = 0; i < n; i++, sector++, data += BSC_CRYPT_SECTOR_BYTES) {
		uint64_t unit = GUINT64_TO_LE(sector * UNITS_PER_SECTOR);
		uint8_t iv[IV_LEN] = {0};
		int len = 0;

		memcpy(iv, &unit, sizeof(unit));
		g_assert(EVP_CipherInit_ex2(ctx, NULL, NULL, iv, -1, NULL) == 1);
		g_assert(EVP_CipherUpdate(ctx, data, &len, data, BSC_CRYPT_SECTOR_BYTES) == 1);
		g_assert(len == BSC_CRYPT_SECTOR_BYTES);
	}
	give_context(self, direction, ctx);
}

void
bsc_crypt_decrypt(BscCrypt *self, uint64_t first_sector, uint8_t *data, size_t n_sectors)
{
	transform(self, DECRYPT, first_sector, data, n_sectors);
}

void
bsc_crypt_encrypt(BscCrypt *self, uint64_t first_sector, uint8_t *data, size_t n_sectors)
{
	transform(self, ENCRYPT, first_sector, data, n_sectors);
}

gboolean
bsc_crypt_make_random(uint8_t *out, size_t len, GError **error)
{
	if (RAND_priv_bytes(out, (int)len) != 1)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_FAILED,
				     "Failed to get %zu random bytes", len);
	return TRUE;
}
