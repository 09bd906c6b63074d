/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/access.h - options for keys and trust, shared by the verbs */
#pragma once

#include "bundle-tools/format/cms-sign.h"
#include "bundle-tools/format/cms.h"
#include "bundle-tools/format/keyring.h"

/* What the options said. Zeroed at first; clear with bsc_access_clear(). */
typedef struct {
	char *cert;
	char *key;
	char **intermediates;
	char *keyring;
	char *signing_keyring;
	char *check_purpose;
	char **signer_cns;
	char *signing_time;
	int max_signature_bytes; /* 0 = as devices do by default */
	gboolean pss;
	gboolean no_verify;
	gboolean no_check_time;
	gboolean check_crl;
	gboolean partial_chain;
	gboolean use_signing_time;
	gboolean trust_environment; /* taken for RAUC's sake, means nothing */
} BscAccess;

/**
 * bsc_access_clear:
 * @self: options
 */
void bsc_access_clear(BscAccess *self);

/**
 * bsc_access_add_signing:
 * @self: where the values go
 * @context: the verb's options
 *
 * Adds --cert, --key, --intermediate, --signing-keyring, --signing-time and --pss.
 */
void bsc_access_add_signing(BscAccess *self, GOptionContext *context);

/**
 * bsc_access_add_decryption:
 * @self: where the values go
 * @context: the verb's options
 *
 * Adds --key and --cert as what opens encrypted bundles.
 */
void bsc_access_add_decryption(BscAccess *self, GOptionContext *context);

/**
 * bsc_access_add_trust:
 * @self: where the values go
 * @context: the verb's options
 *
 * Adds --keyring and the rules by which a signer is judged.
 */
void bsc_access_add_trust(BscAccess *self, GOptionContext *context);

/**
 * bsc_access_load_input_keyring:
 * @self: options
 * @out: (out) (transfer full) (nullable): the keyring; %NULL with --no-verify
 * @error: return location
 *
 * Whom to trust when a bundle is read. Errors: %G_OPTION_ERROR if neither --keyring nor
 * --no-verify is given; as bsc_keyring_load().
 *
 * Returns: %TRUE on success
 */
gboolean bsc_access_load_input_keyring(const BscAccess *self, BscKeyring **out, GError **error);

/**
 * bsc_access_load_output_keyring:
 * @self: options
 * @out: (out) (transfer full) (nullable): the keyring; %NULL if none is given
 * @error: return location
 *
 * Whom to trust when a new signature is verified: --signing-keyring, else --keyring.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_access_load_output_keyring(const BscAccess *self, BscKeyring **out, GError **error);

/**
 * bsc_access_load_signer:
 * @self: options
 * @out_sign: (out caller-allocates): how to sign
 * @error: return location
 *
 * Errors: %G_OPTION_ERROR if --cert or --key is missing or --signing-time is not a time; as
 * bsc_keyring_load_signer().
 *
 * Returns: (transfer full) (nullable): the key, or %NULL on failure
 */
BscSigningKey *bsc_access_load_signer(const BscAccess *self, BscCmsSignOptions *out_sign,
				      GError **error);

/**
 * bsc_access_load_decryption_key:
 * @self: options
 * @out: (out) (transfer full) (nullable): the key; %NULL if none is given
 * @error: return location
 *
 * Returns: %TRUE on success
 */
gboolean bsc_access_load_decryption_key(const BscAccess *self, BscDecryptionKey **out,
					GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BscAccess, bsc_access_clear)
