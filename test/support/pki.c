/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "test/support/pki.h"

#include "common/io.h"
#include "common/run.h"

static char *pki_dir;
static GHashTable *pki_paths; /* name → path */

static void
make_pki(void)
{
	static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	g_autoptr(GError) error = NULL;
	g_autofree char *script =
		g_build_filename(g_getenv("BSC_SRCDIR"), "test/support/pki.sh", NULL);
	const char *argv[] = {"/bin/sh", script, NULL, NULL};

	pki_dir = g_dir_make_tmp("bascule-pki-XXXXXX", &error);
	g_assert_no_error(error);
	argv[2] = pki_dir;
	bsc_run(argv, &(BscRunOptions){.env = env}, NULL, NULL, &error);
	g_assert_no_error(error);
	pki_paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

const char *
test_pki_path(const char *name)
{
	char *path;

	if (pki_dir == NULL)
		make_pki();
	path = g_hash_table_lookup(pki_paths, name);
	if (path == NULL) {
		path = g_build_filename(pki_dir, name, NULL);
		g_hash_table_insert(pki_paths, g_strdup(name), path);
	}
	return path;
}

void
test_pki_clear(void)
{
	if (pki_dir == NULL)
		return;
	bsc_io_remove_tree(pki_dir, NULL);
	g_clear_pointer(&pki_dir, g_free);
	g_clear_pointer(&pki_paths, g_hash_table_unref);
}

BscSigningKey *
test_pki_load_signer(const char *name)
{
	g_autofree char *cert = g_strconcat(name, ".pem", NULL);
	g_autofree char *key = g_strconcat(name, ".key", NULL);
	g_autoptr(GError) error = NULL;
	BscKeyringKeyOptions options = {
		.cert = test_pki_path(cert),
		.key = test_pki_path(key),
	};
	BscSigningKey *signer = bsc_keyring_load_signer(&options, &error);

	g_assert_no_error(error);
	return signer;
}

BscKeyring *
test_pki_load_keyring(const char *file)
{
	g_autoptr(GError) error = NULL;
	BscKeyringOptions options = {.path = test_pki_path(file)};
	BscKeyring *keyring = bsc_keyring_load(&options, &error);

	g_assert_no_error(error);
	return keyring;
}
