/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/layer/layer-window.h - a part of a source as a source */
#pragma once

#include "bundle-tools/source/byte-source.h"

/**
 * bsc_layer_window_new:
 * @lower: the source to look into; a reference is taken
 * @offset: where the window begins in @lower, in bytes
 * @size_bytes: its size; `@offset + @size_bytes` must not exceed the size of @lower
 *
 * Reads past the end of @lower fail there, so that a wrong window is an error and never memory
 * damage.
 *
 * Returns: (transfer full): the window
 */
BscByteSource *bsc_layer_window_new(BscByteSource *lower, uint64_t offset, uint64_t size_bytes);
