/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/support/pki.h - the keys and certificates of pki.sh for one test program */
#pragma once

#include "bundle-tools/format/keyring.h"

#include <glib.h>

/**
 * test_pki_path:
 * @name: a file that pki.sh makes
 *
 * Runs pki.sh in a temporary directory at the first call; test_pki_clear() removes it.
 *
 * Returns: (transfer none): path of the file, valid until test_pki_clear()
 */
const char *test_pki_path(const char *name);

/**
 * test_pki_clear:
 *
 * Removes what test_pki_path() made. Call it at the end of main().
 */
void test_pki_clear(void);

/**
 * test_pki_load_signer:
 * @name: name of a certificate with key
 *
 * Returns: (transfer full): it, as a signer without intermediates; aborts on failure
 */
BscSigningKey *test_pki_load_signer(const char *name);

/**
 * test_pki_load_keyring:
 * @file: name of a keyring file
 *
 * Returns: (transfer full): a keyring with no other option set; aborts on failure
 */
BscKeyring *test_pki_load_keyring(const char *file);
