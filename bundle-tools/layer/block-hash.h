/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/layer/block-hash.h - SHA-256 of 4 KiB blocks, salted or not, on all cores */
#pragma once

#include "bundle-tools/source/byte-source.h"
#include "common/digest.h"
#include "common/parallel.h"

#include <gio/gio.h>

#define BSC_BLOCK_HASH_BLOCK_BYTES 4096

/**
 * bsc_block_hash_compute:
 * @salt: (nullable) (array fixed-size=32): goes in front of the block
 * @block: %BSC_BLOCK_HASH_BLOCK_BYTES bytes
 * @out: (out caller-allocates): %BSC_DIGEST_LEN bytes
 *
 * Computes SHA-256(@salt ‖ @block). Any thread; each keeps one context of its own. A state with
 * the salt already in it is not kept: copying it takes as long as hashing 32 bytes anew.
 */
void bsc_block_hash_compute(const uint8_t *salt, const uint8_t *block, uint8_t *out);

/**
 * bsc_block_hash_source:
 * @source: what to hash; its size must be a multiple of %BSC_BLOCK_HASH_BLOCK_BYTES
 * @salt: (nullable) (array fixed-size=32): goes in front of each block
 * @out: (out caller-allocates): %BSC_DIGEST_LEN bytes for each block
 * @on_progress: (nullable): told about pieces of 1 MiB, see bsc_parallel_run()
 * @data: for @on_progress
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Hashes every block of @source on all cores; a megabyte of buffer per core.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_block_hash_source(BscByteSource *source, const uint8_t *salt, uint8_t *out,
			       BscParallelProgress on_progress, gpointer data,
			       GCancellable *cancellable, GError **error);
