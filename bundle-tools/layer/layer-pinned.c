/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/layer/layer-pinned.h"

#include "bundle-tools/layer/block-cache.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/digest.h"
#include "common/error.h"

#include <gio/gio.h>
#include <string.h>

struct _BscLayerPinnedBuilder {
	uint64_t size_bytes;
	uint64_t fed_bytes;
	size_t chunk_bytes;
	BscDigest *digest; /* of the chunk begun */
	uint8_t *pins;	   /* BSC_DIGEST_LEN bytes for each chunk */
};

typedef struct {
	BscByteSource base;
	BscByteSource *lower; /* owned */
	size_t chunk_bytes;
	uint8_t *pins;
	BscBlockCache *parts; /* chunks that were read in part, since the rest often follows */
} LayerPinned;

size_t
bsc_layer_pinned_get_chunk_bytes(uint64_t size_bytes)
{
	uint64_t chunk_bytes = BSC_LAYER_PINNED_CHUNK_BYTES;

	while ((size_bytes - (size_bytes != 0)) / chunk_bytes >= BSC_LAYER_PINNED_MAX_CHUNKS)
		chunk_bytes *= 2;
	return (size_t)chunk_bytes;
}

BscLayerPinnedBuilder *
bsc_layer_pinned_builder_new(uint64_t size_bytes)
{
	BscLayerPinnedBuilder *self = g_new0(BscLayerPinnedBuilder, 1);
	size_t chunk_bytes = bsc_layer_pinned_get_chunk_bytes(size_bytes);
	uint64_t chunks = size_bytes / chunk_bytes + (size_bytes % chunk_bytes != 0);

	self->chunk_bytes = chunk_bytes;
	self->size_bytes = size_bytes;
	self->digest = bsc_digest_new();
	self->pins = g_malloc_n((size_t)chunks, BSC_DIGEST_LEN);
	return self;
}

void
bsc_layer_pinned_builder_free(BscLayerPinnedBuilder *self)
{
	if (self == NULL)
		return;
	bsc_digest_free(self->digest);
	g_free(self->pins);
	g_free(self);
}

gboolean
bsc_layer_pinned_builder_feed(const uint8_t *data, size_t len, gpointer builder, GError **error)
{
	BscLayerPinnedBuilder *self = builder;

	if (len > self->size_bytes - self->fed_bytes)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
				     "More bytes than announced");
	while (len > 0) {
		size_t step =
			MIN(len, self->chunk_bytes - (size_t)(self->fed_bytes % self->chunk_bytes));
		uint64_t chunk = self->fed_bytes / self->chunk_bytes;

		bsc_digest_update(self->digest, data, step);
		self->fed_bytes += step;
		if (self->fed_bytes % self->chunk_bytes == 0 || self->fed_bytes == self->size_bytes)
			bsc_digest_finish(self->digest, self->pins + chunk * BSC_DIGEST_LEN);
		data += step;
		len -= step;
	}
	return TRUE;
}

static size_t
get_chunk_bytes(LayerPinned *self, uint64_t chunk)
{
	return (size_t)MIN(self->chunk_bytes, self->base.size_bytes - chunk * self->chunk_bytes);
}

static gboolean
check_chunk(LayerPinned *self, uint64_t chunk, const uint8_t *data, GError **error)
{
	uint8_t found[BSC_DIGEST_LEN];

	bsc_digest_compute(data, get_chunk_bytes(self, chunk), found);
	if (memcmp(found, self->pins + chunk * BSC_DIGEST_LEN, sizeof(found)) != 0)
		return bsc_error_set(
			error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CHANGED,
			"Bytes %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
			" changed after the signature was checked: something writes to "
			"the bundle",
			chunk * self->chunk_bytes,
			chunk * self->chunk_bytes + get_chunk_bytes(self, chunk) - 1);
	return TRUE;
}

/* Bytes of whole chunks at the beginning of a range; 0 if it begins inside one. */
static size_t
get_whole_bytes(LayerPinned *self, uint64_t offset, size_t len)
{
	if (offset % self->chunk_bytes != 0)
		return 0;
	if (len == self->base.size_bytes - offset)
		return len;
	return len - len % self->chunk_bytes;
}

static gboolean
read_whole(LayerPinned *self, uint64_t offset, uint8_t *buf, size_t len, GError **error)
{
	if (!bsc_byte_source_read_at(self->lower, offset, buf, len, error))
		return FALSE;
	for (size_t done = 0; done < len; done += self->chunk_bytes)
		if (!check_chunk(self, (offset + done) / self->chunk_bytes, buf + done, error))
			return FALSE;
	return TRUE;
}

static gboolean
read_part(LayerPinned *self, uint64_t offset, uint8_t *buf, size_t len, GError **error)
{
	uint64_t number = offset / self->chunk_bytes;
	size_t skip = (size_t)(offset % self->chunk_bytes);
	size_t chunk_bytes = get_chunk_bytes(self, number);
	g_autofree uint8_t *chunk = NULL;

	if (bsc_block_cache_find(self->parts, number, skip, buf, len))
		return TRUE;
	chunk = g_malloc(chunk_bytes);
	if (!read_whole(self, number * self->chunk_bytes, chunk, chunk_bytes, error))
		return FALSE;
	bsc_block_cache_store(self->parts, number, chunk, chunk_bytes);
	memcpy(buf, chunk + skip, len);
	return TRUE;
}

static gboolean
pinned_read_at(BscByteSource *base, uint64_t offset, void *buf, size_t len, GError **error)
{
	LayerPinned *self = (LayerPinned *)base;
	uint8_t *out = buf;

	while (len > 0) {
		size_t whole = get_whole_bytes(self, offset, len);
		size_t step = whole > 0 ? whole
					: MIN(len, self->chunk_bytes -
							   (size_t)(offset % self->chunk_bytes));

		if (whole > 0 ? !read_whole(self, offset, out, step, error)
			      : !read_part(self, offset, out, step, error))
			return FALSE;
		offset += step;
		out += step;
		len -= step;
	}
	return TRUE;
}

static void
pinned_advise(BscByteSource *base, uint64_t offset, uint64_t len)
{
	LayerPinned *self = (LayerPinned *)base;

	bsc_byte_source_advise(self->lower, offset, len);
}

static void
pinned_free(BscByteSource *base)
{
	LayerPinned *self = (LayerPinned *)base;

	bsc_byte_source_unref(self->lower);
	bsc_block_cache_free(self->parts);
	g_free(self->pins);
	g_free(self);
}

static const BscByteSourceOps pinned_ops = {
	.name = "pinned",
	.read_at = pinned_read_at,
	.advise = pinned_advise,
	.free = pinned_free,
};

BscByteSource *
bsc_layer_pinned_new(BscByteSource *lower, BscLayerPinnedBuilder *builder, size_t cache_bytes,
		     GError **error)
{
	g_autoptr(BscLayerPinnedBuilder) owned = builder;
	LayerPinned *self;

	if (owned->fed_bytes != owned->size_bytes ||
	    owned->size_bytes != bsc_byte_source_get_size(lower)) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			      "Only %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
			      " bytes went through the signature check",
			      owned->fed_bytes, bsc_byte_source_get_size(lower));
		return NULL;
	}
	self = g_new0(LayerPinned, 1);
	self->lower = bsc_byte_source_ref(lower);
	self->pins = g_steal_pointer(&owned->pins);
	self->chunk_bytes = owned->chunk_bytes;
	self->parts =
		bsc_block_cache_new(MAX(cache_bytes / self->chunk_bytes, 2), self->chunk_bytes);
	bsc_byte_source_init(&self->base, &pinned_ops, owned->size_bytes);
	self->base.block_bytes = (uint32_t)MIN(self->chunk_bytes, G_MAXUINT32);
	return &self->base;
}
