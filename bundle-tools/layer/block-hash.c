/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/layer/block-hash.h"

#include <string.h>

#define PIECE_BYTES (1024 * 1024)

typedef struct {
	BscByteSource *source; /* not owned */
	const uint8_t *salt;
	uint8_t *out;
	uint8_t zero_hash[BSC_DIGEST_LEN];
	BscParallelProgress on_progress;
	gpointer data;
} HashRun;

static void
free_thread_digest(gpointer data)
{
	bsc_digest_free(data);
}

static BscDigest *
get_thread_digest(void)
{
	static GPrivate key = G_PRIVATE_INIT(free_thread_digest);
	BscDigest *digest = g_private_get(&key);

	if (digest == NULL) {
		digest = bsc_digest_new();
		g_private_set(&key, digest);
	}
	return digest;
}

void
bsc_block_hash_compute(const uint8_t *salt, const uint8_t *block, uint8_t *out)
{
	BscDigest *digest = get_thread_digest();

	if (salt != NULL)
		bsc_digest_update(digest, salt, BSC_DIGEST_LEN);
	bsc_digest_update(digest, block, BSC_BLOCK_HASH_BLOCK_BYTES);
	bsc_digest_finish(digest, out);
}

/* Images of file systems are mostly zeros, and looking is forty times faster than hashing. */
static gboolean
is_zero(const uint8_t *block)
{
	return block[0] == 0 && memcmp(block, block + 1, BSC_BLOCK_HASH_BLOCK_BYTES - 1) == 0;
}

static gboolean
hash_piece(uint64_t item, gpointer data, GError **error)
{
	HashRun *run = data;
	uint64_t offset = item * PIECE_BYTES;
	size_t len = (size_t)MIN(PIECE_BYTES, bsc_byte_source_get_size(run->source) - offset);
	g_autofree uint8_t *buf = g_malloc(len);
	uint8_t *out = run->out + offset / BSC_BLOCK_HASH_BLOCK_BYTES * BSC_DIGEST_LEN;

	if (!bsc_byte_source_read_at(run->source, offset, buf, len, error))
		return FALSE;
	for (size_t i = 0; i < len; i += BSC_BLOCK_HASH_BLOCK_BYTES, out += BSC_DIGEST_LEN) {
		if (is_zero(buf + i))
			memcpy(out, run->zero_hash, BSC_DIGEST_LEN);
		else
			bsc_block_hash_compute(run->salt, buf + i, out);
	}
	return TRUE;
}

static void
on_piece(uint64_t done, uint64_t total, gpointer data)
{
	HashRun *run = data;

	if (run->on_progress != NULL)
		run->on_progress(done, total, run->data);
}

gboolean
bsc_block_hash_source(BscByteSource *source, const uint8_t *salt, uint8_t *out,
		      BscParallelProgress on_progress, gpointer data, GCancellable *cancellable,
		      GError **error)
{
	static const uint8_t zeros[BSC_BLOCK_HASH_BLOCK_BYTES];
	HashRun run = {.source = source,
		       .salt = salt,
		       .out = out,
		       .on_progress = on_progress,
		       .data = data};
	uint64_t size = bsc_byte_source_get_size(source);

	g_return_val_if_fail(size % BSC_BLOCK_HASH_BLOCK_BYTES == 0, FALSE);
	bsc_block_hash_compute(salt, zeros, run.zero_hash);
	return bsc_parallel_run(size / PIECE_BYTES + (size % PIECE_BYTES != 0), 0, hash_piece,
				on_piece, &run, cancellable, error);
}
