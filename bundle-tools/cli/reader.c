/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/cli/reader.h"

#include "bundle-tools/cli/progress-line.h"

gboolean
bsc_reader_load(BscReader *self, const BscAccess *access, gboolean with_key, GError **error)
{
	*self = (BscReader){0};
	return bsc_access_load_input_keyring(access, &self->keyring, error) &&
	       (!with_key || bsc_access_load_decryption_key(access, &self->key, error));
}

void
bsc_reader_clear(BscReader *self)
{
	g_clear_pointer(&self->keyring, bsc_keyring_unref);
	g_clear_pointer(&self->key, bsc_keyring_free_decryption_key);
}

BscBundle *
bsc_reader_open(const BscAccess *access, const char *path, GCancellable *cancellable,
		GError **error)
{
	static char phase[] = "checking the signature";
	g_auto(BscReader) reader = {0};
	BscBundleOpenOptions options = {.no_verify = access->no_verify};

	if (!bsc_reader_load(&reader, access, TRUE, error))
		return NULL;
	options.keyring = reader.keyring;
	options.max_cms_bytes = (uint32_t)MAX(access->max_signature_bytes, 0);
	options.decryption_key = reader.key;
	return bsc_bundle_open_path(path, &options, bsc_progress_line_update_phase, phase,
				    cancellable, error);
}
