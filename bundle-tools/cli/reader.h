/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/reader.h - options and opening for verbs that read a bundle */
#pragma once

#include "bundle-tools/bundle/bundle-open.h"
#include "bundle-tools/cli/access.h"

/* Whom to trust and what opens the bundle, loaded. */
typedef struct {
	BscKeyring *keyring; /* %NULL with --no-verify */
	BscDecryptionKey *key;
} BscReader;

/**
 * bsc_reader_load:
 * @self: (out caller-allocates): clear with bsc_reader_clear()
 * @access: what the options said
 * @with_key: --key is a decryption key here, load it
 * @error: return location
 *
 * Returns: %TRUE on success
 */
gboolean bsc_reader_load(BscReader *self, const BscAccess *access, gboolean with_key,
			 GError **error);

/**
 * bsc_reader_clear:
 * @self: what bsc_reader_load() filled in, or zeros
 */
void bsc_reader_clear(BscReader *self);

/**
 * bsc_reader_open:
 * @access: what the options said
 * @path: a bundle
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Opens @path as the options of a reading verb say, with progress.
 *
 * Returns: (transfer full) (nullable): the bundle, or %NULL on failure
 */
BscBundle *bsc_reader_open(const BscAccess *access, const char *path, GCancellable *cancellable,
			   GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BscReader, bsc_reader_clear)
