/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/layer/layer-window.h"

typedef struct {
	BscByteSource base;
	BscByteSource *lower; /* owned */
	uint64_t offset;      /* where the window begins in lower, in bytes */
} LayerWindow;

static gboolean
window_read_at(BscByteSource *base, uint64_t offset, void *buf, size_t len, GError **error)
{
	LayerWindow *self = (LayerWindow *)base;

	return bsc_byte_source_read_at(self->lower, self->offset + offset, buf, len, error);
}

static void
window_advise(BscByteSource *base, uint64_t offset, uint64_t len)
{
	LayerWindow *self = (LayerWindow *)base;

	bsc_byte_source_advise(self->lower, self->offset + offset, len);
}

static void
window_free(BscByteSource *base)
{
	LayerWindow *self = (LayerWindow *)base;

	bsc_byte_source_unref(self->lower);
	g_free(self);
}

static const BscByteSourceOps window_ops = {
	.name = "window",
	.read_at = window_read_at,
	.advise = window_advise,
	.free = window_free,
};

BscByteSource *
bsc_layer_window_new(BscByteSource *lower, uint64_t offset, uint64_t size_bytes)
{
	LayerWindow *self = g_new0(LayerWindow, 1);

	self->lower = bsc_byte_source_ref(lower);
	self->offset = offset;
	bsc_byte_source_init(&self->base, &window_ops, size_bytes);
	return &self->base;
}
