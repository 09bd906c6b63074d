/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/layer/layer-decrypt.h"

#include "bundle-tools/layer/crypt.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"

#include <string.h>

#define SECTOR_BYTES BSC_CRYPT_SECTOR_BYTES

typedef struct {
	BscByteSource base;
	BscByteSource *lower; /* owned */
	BscCrypt *crypt;      /* owned */
} LayerDecrypt;

static gboolean
read_sectors(LayerDecrypt *self, uint64_t first, size_t n, uint8_t *buf, GError **error)
{
	if (!bsc_byte_source_read_at(self->lower, first * SECTOR_BYTES, buf, n * SECTOR_BYTES,
				     error))
		return FALSE;
	bsc_crypt_decrypt(self->crypt, first, buf, n);
	return TRUE;
}

static gboolean
read_part(LayerDecrypt *self, uint64_t offset, uint8_t *buf, size_t len, GError **error)
{
	uint8_t sector[SECTOR_BYTES];

	if (!read_sectors(self, offset / SECTOR_BYTES, 1, sector, error))
		return FALSE;
	memcpy(buf, sector + offset % SECTOR_BYTES, len);
	return TRUE;
}

static gboolean
decrypt_read_at(BscByteSource *base, uint64_t offset, void *buf, size_t len, GError **error)
{
	LayerDecrypt *self = (LayerDecrypt *)base;
	uint8_t *out = buf;

	while (len > 0) {
		size_t skip = (size_t)(offset % SECTOR_BYTES);
		gboolean whole = skip == 0 && len >= SECTOR_BYTES;
		size_t step = whole ? len - len % SECTOR_BYTES : MIN(len, SECTOR_BYTES - skip);

		if (whole ? !read_sectors(self, offset / SECTOR_BYTES, step / SECTOR_BYTES, out,
					  error)
			  : !read_part(self, offset, out, step, error))
			return FALSE;
		offset += step;
		out += step;
		len -= step;
	}
	return TRUE;
}

static void
decrypt_advise(BscByteSource *base, uint64_t offset, uint64_t len)
{
	LayerDecrypt *self = (LayerDecrypt *)base;

	bsc_byte_source_advise(self->lower, offset, len);
}

static void
decrypt_free(BscByteSource *base)
{
	LayerDecrypt *self = (LayerDecrypt *)base;

	bsc_byte_source_unref(self->lower);
	bsc_crypt_free(self->crypt);
	g_free(self);
}

static const BscByteSourceOps decrypt_ops = {
	.name = "decrypt",
	.read_at = decrypt_read_at,
	.advise = decrypt_advise,
	.free = decrypt_free,
};

BscByteSource *
bsc_layer_decrypt_new(BscByteSource *lower, const uint8_t *key, GError **error)
{
	uint64_t size = bsc_byte_source_get_size(lower);
	LayerDecrypt *self;

	if (size % SECTOR_BYTES != 0) {
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			      "The encrypted payload of %" G_GUINT64_FORMAT
			      " bytes is not a whole number of sectors of 4096 bytes",
			      size);
		return NULL;
	}
	self = g_new0(LayerDecrypt, 1);
	self->lower = bsc_byte_source_ref(lower);
	self->crypt = bsc_crypt_new(key);
	bsc_byte_source_init(&self->base, &decrypt_ops, size);
	self->base.block_bytes = SECTOR_BYTES;
	return &self->base;
}
