/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/inspect.h - bundle and system status as values for any front end */
#pragma once

#include "bundle-tools/format/manifest.h"
#include "installer/engine/system-handle.h"
#include "installer/system/slot-status.h"

#include <stdint.h>

/* One slot; strings are %NULL where not set. */
typedef struct {
	char *name;
	char *slot_class;
	char *device;
	char *type;
	char *description;
	char *bootname;
	char *parent;
	char *state; /* booted, active, inactive */
	char *mountpoint;
	char *in_use;	   /* why it could not be written now, in words */
	char *boot_status; /* good, bad, unknown; %NULL without bootname */
	char *boot_error;  /* why the status is unknown */
	int attempts_left; /* -1 = the boot loader does not count, or unknown */
	gboolean is_primary;
	BscSlotStatus *status; /* durable record; %NULL if there is none */
} BscSlotView;

typedef struct {
	char *config_path; /* which file won */
	char *compatible;
	char *variant;
	char *system_version;
	char *serial;
	char *bootloader;
	char *boot_slot;	    /* as bsc_system_handle_get_boot_slot() */
	char *booted_slot;	    /* name of the booted slot; %NULL if external */
	char *primary_slot;	    /* name; %NULL with primary_error set */
	char *primary_error;	    /* `Failed getting primary slot: …` */
	char *status_location;	    /* where status is kept */
	gboolean on_trial;	    /* the booted slot was activated and is not yet marked good */
	char *highest_good_version; /* (nullable) */
	gint64 time_floor_usec;	    /* certificates are judged at this time or later */
	char *read_only;	    /* why this process may not write: (nullable) */
	char *last_transaction;	    /* the newest installation: (nullable) */
	char *last_outcome;	    /* word of its outcome, `running` or `interrupted` */
	GPtrArray *slots;	    /* of BscSlotView, in the order of the configuration */
	GPtrArray *warnings;	    /* of char *: what is not as it should be */
} BscStatusView;

typedef struct {
	BscManifest *manifest;
	char *manifest_hash; /* hex */
	gboolean verified;   /* %FALSE with no_verify: nothing here is to be believed */
	gboolean was_encrypted;
	uint64_t file_bytes;
	char *signer_subject; /* of the leaf; the following are %NULL with no_verify */
	char *signer_issuer;
	gint64 signing_time_usec; /* 0 = none */
	char **chain_subjects;	  /* leaf first */
	char **chain_pem;	  /* likewise */
	char **spki_hashes;	  /* likewise, hex */
} BscBundleView;

typedef struct {
	gboolean use_fd;
	int fd; /* with use_fd: open descriptor of the bundle, borrowed, read instead of the URI */
	gboolean no_verify;
	gboolean no_check_time;
	const char *keyring_path;   /* beats the configuration; %NULL = configuration */
	const char *decryption_key; /* beats the configuration; %NULL = configuration */
} BscInspectOptions;

/**
 * bsc_inspect_status:
 * @system: the device
 * @error: return location
 *
 * Asks the boot loader and reads the status; may run programs. Works while an installation runs.
 * A boot loader that cannot be read gives `unknown`, never an error.
 *
 * Returns: (transfer full) (nullable): the status, or %NULL on failure
 */
BscStatusView *bsc_inspect_status(BscSystem *system, GError **error);

/**
 * bsc_inspect_free_status:
 * @view: (transfer full) (nullable): a status
 */
void bsc_inspect_free_status(BscStatusView *view);

/**
 * bsc_inspect_bundle:
 * @system: (nullable): the device; %NULL = only @options count
 * @uri: path or file:// URI of a bundle
 * @options: (nullable): what to trust
 * @cancellable: (nullable): stops it
 * @error: return location
 *
 * Verifies a bundle's signature and reads its manifest. Writes nothing.
 *
 * Returns: (transfer full) (nullable): what it says, or %NULL on failure
 */
BscBundleView *bsc_inspect_bundle(BscSystem *system, const char *uri,
				  const BscInspectOptions *options, GCancellable *cancellable,
				  GError **error);

/**
 * bsc_inspect_free_bundle:
 * @view: (transfer full) (nullable): a bundle's values
 */
void bsc_inspect_free_bundle(BscBundleView *view);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscStatusView, bsc_inspect_free_status)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscBundleView, bsc_inspect_free_bundle)
