/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "common/digest.h"

#include <openssl/evp.h>

struct _BscDigest {
	EVP_MD_CTX *ctx; /* owned */
};

/* Fetched once: an implicit fetch at every init costs more than hashing a 4 KiB block. */
static const EVP_MD *
sha256(void)
{
	static EVP_MD *md;

	if (g_once_init_enter(&md)) {
		EVP_MD *fetched = EVP_MD_fetch(NULL, "SHA256", NULL);

		g_assert(fetched != NULL);
		g_once_init_leave(&md, fetched);
	}
	return md;
}

static void
start(BscDigest *self)
{
	g_assert(EVP_DigestInit_ex2(self->ctx, sha256(), NULL) == 1);
}

BscDigest *
bsc_digest_new(void)
{
	BscDigest *self = g_new0(BscDigest, 1);

	self->ctx = EVP_MD_CTX_new();
	g_assert(self->ctx != NULL);
	start(self);
	return self;
}

void
bsc_digest_free(BscDigest *self)
{
	if (self == NULL)
		return;
	EVP_MD_CTX_free(self->ctx);
	g_free(self);
}

void
bsc_digest_update(BscDigest *self, const void *data, size_t len)
{
	g_assert(EVP_DigestUpdate(self->ctx, data, len) == 1);
}

void
bsc_digest_finish(BscDigest *self, uint8_t *out)
{
	g_assert(EVP_DigestFinal_ex(self->ctx, out, NULL) == 1);
	start(self);
}

void
bsc_digest_compute(const void *data, size_t len, uint8_t *out)
{
	g_assert(EVP_Digest(data, len, out, NULL, sha256(), NULL) == 1);
}
