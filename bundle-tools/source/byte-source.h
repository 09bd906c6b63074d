/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/source/byte-source.h - where bytes come from: one vtable, bounds checked once */
#pragma once

#include <glib.h>
#include <stdint.h>

/*
 * A byte source is a fixed number of bytes that can be read at any offset: a file, a window of
 * another source, the verified or decrypted view of one, a file inside a squashfs. Sources are
 * stacked; each layer holds a reference to the one below.
 *
 * All functions may be called by several threads at once, also on one source.
 */
typedef struct _BscByteSource BscByteSource;

typedef struct {
	const char *name; /* for messages: "file", "verity", … */

	/* Reads exactly @len bytes at @offset; the wrapper has checked the range and @len > 0. */
	gboolean (*read_at)(BscByteSource *self, uint64_t offset, void *buf, size_t len,
			    GError **error);

	/* Optional. @len bytes at @offset will be read soon. */
	void (*advise)(BscByteSource *self, uint64_t offset, uint64_t len);

	/*
	 * Optional. How the bytes from @offset on are stored: *@out_is_zero tells whether they are
	 * known to be zeros without reading them, *@out_len for how many bytes that holds (at
	 * least 1, at most to the end). NULL = one run to the end, not known to be zeros.
	 */
	gboolean (*get_run)(BscByteSource *self, uint64_t offset, uint64_t *out_len,
			    gboolean *out_is_zero, GError **error);

	/* Drops what the source holds and frees it; called with the last reference. */
	void (*free)(BscByteSource *self);
} BscByteSourceOps;

/* First member of every implementation. */
struct _BscByteSource {
	const BscByteSourceOps *ops;
	gatomicrefcount ref_count;
	uint64_t size_bytes;
	/*
	 * Natural unit of reading in bytes (a squashfs block, a verity block); 0 or 1 = any.
	 * Reads aligned to it cost nothing twice.
	 */
	uint32_t block_bytes;
};

/**
 * bsc_byte_source_init:
 * @self: zeroed memory of an implementation
 * @ops: its functions
 * @size_bytes: its size
 *
 * For implementations: sets up the base with one reference and no natural unit.
 */
void bsc_byte_source_init(BscByteSource *self, const BscByteSourceOps *ops, uint64_t size_bytes);

/**
 * bsc_byte_source_ref:
 * @self: a source
 *
 * Returns: (transfer full): @self
 */
BscByteSource *bsc_byte_source_ref(BscByteSource *self);

/**
 * bsc_byte_source_unref:
 * @self: (transfer full) (nullable): a source
 */
void bsc_byte_source_unref(BscByteSource *self);

/**
 * bsc_byte_source_get_size:
 * @self: a source
 *
 * Returns: its size in bytes; never changes
 */
uint64_t bsc_byte_source_get_size(const BscByteSource *self);

/**
 * bsc_byte_source_get_block:
 * @self: a source
 *
 * Returns: the natural unit of reading in bytes, at least 1
 */
uint32_t bsc_byte_source_get_block(const BscByteSource *self);

/**
 * bsc_byte_source_read_at:
 * @self: (transfer none): a source
 * @offset: first byte to read, in bytes from the start of the source
 * @buf: (out caller-allocates) (array length=len): where the bytes go; undefined on failure
 * @len: number of bytes, at most `bsc_byte_source_get_size() - offset`
 * @error: return location
 *
 * Reads exactly @len bytes or fails; there are no short reads. May block.
 *
 * Errors: %G_IO_ERROR_INVALID_ARGUMENT past the end, %BSC_BUNDLE_ERROR_CORRUPT if a check below
 * fails, and what the transport reports.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_byte_source_read_at(BscByteSource *self, uint64_t offset, void *buf, size_t len,
				 GError **error);

/**
 * bsc_byte_source_advise:
 * @self: a source
 * @offset: first byte
 * @len: number of bytes; a range past the end is cut
 *
 * Says that these bytes will be read soon. Each layer translates the hint downwards. Never fails.
 */
void bsc_byte_source_advise(BscByteSource *self, uint64_t offset, uint64_t len);

/**
 * bsc_byte_source_get_run:
 * @self: a source
 * @offset: first byte, less than the size
 * @out_len: (out): length in bytes of the run that begins at @offset, at least 1
 * @out_is_zero: (out): whether the whole run is known to be zeros
 * @error: return location
 *
 * Tells what is known about the bytes from @offset on without reading them, so that holes cost
 * nothing. Errors: %G_IO_ERROR_INVALID_ARGUMENT past the end, and what reading metadata reports.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_byte_source_get_run(BscByteSource *self, uint64_t offset, uint64_t *out_len,
				 gboolean *out_is_zero, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscByteSource, bsc_byte_source_unref)
