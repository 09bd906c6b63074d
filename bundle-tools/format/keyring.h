/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/keyring.h - whom we trust and when; our own signing and decryption keys */
#pragma once

#include <glib.h>

/* OpenSSL's types by their struct names, so that few files need its headers. */
struct evp_pkey_st;
struct stack_st_X509;
struct x509_st;

/*
 * A keyring is trust anchors, CRLs and the rules by which a signer's certificate is judged.
 * Immutable once loaded, shared by reference; any number of threads may verify with it at once.
 */
typedef struct _BscKeyring BscKeyring;

/* All strings are borrowed for the call of bsc_keyring_load(). */
typedef struct {
	const char *path;	      /* PEM file with certificates and CRLs; %NULL = none */
	const char *directory;	      /* directory made by `openssl rehash`; %NULL = none */
	gboolean check_crl;	      /* a CRL must be there for every certificate of the chain */
	gboolean allow_partial_chain; /* an anchor need not be self-signed */
	gboolean use_bundle_signing_time; /* judge at the signing time instead of now */
	gboolean no_check_time;		  /* validity times do not matter at all */
	const char *check_purpose; /* `codesign`, or OpenSSL's short name; %NULL = S/MIME signing */
	const char *const *allowed_signer_cns; /* %NULL-terminated; %NULL or empty = any */
	gint64 time_floor_usec; /* "now" is never before this (SAFETY 9); 0 = no floor */
} BscKeyringOptions;

/* Where keys come from; strings are borrowed for the call. */
typedef struct {
	const char *cert; /* PEM file or `pkcs11:` URI; a decryption key does without */
	const char *key;  /* PEM file or `pkcs11:` URI */
	const char *const *intermediates; /* PEM files, %NULL-terminated; %NULL = none */
	const char *passphrase;		  /* of an encrypted key file; %NULL = none */
	const char *pkcs11_module;	  /* for the engine `pkcs11`; %NULL = its own default */
	const char *pkcs11_pin;		  /* %NULL = none, or in the URI */
} BscKeyringKeyOptions;

/* Opaque outside of this room. Owns what it points at. */
typedef struct {
	struct x509_st *cert;
	struct evp_pkey_st *key;
	struct stack_st_X509 *intermediates;
} BscSigningKey;

/* Opaque outside of this room. Owns what it points at. */
typedef struct {
	struct evp_pkey_st *key;
	struct x509_st *cert; /* (nullable) */
} BscDecryptionKey;

/**
 * bsc_keyring_load:
 * @options: what to load and how to judge
 * @error: return location
 *
 * Reads the trust anchors. Files are read now, a directory is looked into at each verification.
 *
 * Errors: %BSC_CONFIG_ERROR_VALUE if neither path nor directory is given or the purpose is not
 * known, %G_IO_ERROR_INVALID_DATA if the file holds no certificate, and what reading reports.
 *
 * Returns: (transfer full) (nullable): the keyring, or %NULL on failure
 */
BscKeyring *bsc_keyring_load(const BscKeyringOptions *options, GError **error);

/**
 * bsc_keyring_ref:
 * @self: a keyring
 *
 * Returns: (transfer full): @self
 */
BscKeyring *bsc_keyring_ref(BscKeyring *self);

/**
 * bsc_keyring_unref:
 * @self: (transfer full) (nullable): a keyring
 */
void bsc_keyring_unref(BscKeyring *self);

/**
 * bsc_keyring_has_ignored_crls:
 * @self: a keyring
 *
 * Returns: whether the keyring file holds CRLs that nobody looks at because `check-crl` is off;
 *   worth a warning
 */
gboolean bsc_keyring_has_ignored_crls(const BscKeyring *self);

/**
 * bsc_keyring_get_now:
 * @self: a keyring
 * @out_is_floor: (out) (optional): whether the clock was behind the floor
 *
 * Returns: the time at which certificates are judged now (signing time aside): the later one of
 *   the system clock and the floor, in microseconds since 1970
 */
gint64 bsc_keyring_get_now(const BscKeyring *self, gboolean *out_is_floor);

/**
 * bsc_keyring_check_chain:
 * @self: a keyring
 * @leaf: the signer's certificate
 * @untrusted: (nullable): certificates that came along
 * @signing_time_usec: when it was signed, as the signer says; 0 = not said
 * @out_chain: (out) (optional) (transfer full): leaf first, anchor last
 * @error: return location
 *
 * For cms.c: judges a signer by chain, revocation, time, purpose and name.
 *
 * Errors: %BSC_BUNDLE_ERROR_UNTRUSTED with OpenSSL's words, the certificate's name and what to do.
 *
 * Returns: %TRUE if the signer is trusted
 */
gboolean bsc_keyring_check_chain(const BscKeyring *self, struct x509_st *leaf,
				 struct stack_st_X509 *untrusted, gint64 signing_time_usec,
				 struct stack_st_X509 **out_chain, GError **error);

/**
 * bsc_keyring_load_signer:
 * @options: certificate, key and what belongs to them
 * @error: return location
 *
 * Loads what signs a bundle, and makes sure that it can: certificate and key fit each other, and
 * this OpenSSL can make a CMS with such a key (3.0 cannot with Ed25519). Call it before anything
 * expensive is built.
 *
 * Errors: %BSC_BUNDLE_ERROR_UNSUPPORTED if this OpenSSL cannot sign with the key or nothing
 * answers a `pkcs11:` URI, %G_IO_ERROR_PERMISSION_DENIED if the passphrase is missing or wrong,
 * %G_IO_ERROR_INVALID_DATA if a file is not what it should be or key and certificate do not fit,
 * %G_IO_ERROR_INVALID_ARGUMENT if key or certificate is not given, and what reading reports.
 *
 * Returns: (transfer full) (nullable): the key, or %NULL on failure
 */
BscSigningKey *bsc_keyring_load_signer(const BscKeyringKeyOptions *options, GError **error);

/**
 * bsc_keyring_free_signer:
 * @key: (transfer full) (nullable): a signing key
 */
void bsc_keyring_free_signer(BscSigningKey *key);

/**
 * bsc_keyring_load_decryption_key:
 * @options: key, and a certificate that helps to find the right recipient
 * @error: return location
 *
 * Errors: as bsc_keyring_load_signer().
 *
 * Returns: (transfer full) (nullable): the key, or %NULL on failure
 */
BscDecryptionKey *bsc_keyring_load_decryption_key(const BscKeyringKeyOptions *options,
						  GError **error);

/**
 * bsc_keyring_free_decryption_key:
 * @key: (transfer full) (nullable): a decryption key
 */
void bsc_keyring_free_decryption_key(BscDecryptionKey *key);

/**
 * bsc_keyring_list_expired:
 * @path: a PEM file with trust anchors
 * @now_usec: when, in microseconds since 1970
 * @error: return location
 *
 * For a doctor: which certificates of the file are not valid at @now_usec, one sentence each.
 *
 * Errors: as bsc_certificate_load_file().
 *
 * Returns: (transfer full) (nullable): sentences, possibly none, or %NULL on failure
 */
char **bsc_keyring_list_expired(const char *path, gint64 now_usec, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscKeyring, bsc_keyring_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSigningKey, bsc_keyring_free_signer)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscDecryptionKey, bsc_keyring_free_decryption_key)
