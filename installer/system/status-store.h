/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/status-store.h - durable records of the slots in two checksummed copies */
#pragma once

#include "installer/system/slot-status.h"
#include "installer/system/slot-table.h"

/* Names of durable values that are not of one slot, for bsc_status_store_set_value(). */
#define BSC_STATUS_BOOT_ID		"boot-id" /* of the last start that wrote */
#define BSC_STATUS_HIGHEST_GOOD_VERSION "highest-good-version"
#define BSC_STATUS_NEWEST_GOOD_SIGNING	"newest-good-signing-time" /* µs since 1970, decimal */

/**
 * BscStatusStoreMountFunc:
 * @slot: slot whose file system is wanted
 * @data: the caller's
 * @out_unmount_data: (out): given back to the unmount function
 * @error: return location
 *
 * Mounts @slot read-only without replaying a journal (`ro,noload` for ext4) and tells where. The
 * writer room owns mounting; this room only reads one small file there.
 *
 * Returns: (transfer full) (nullable): the mountpoint, or %NULL on failure
 */
typedef char *(*BscStatusStoreMountFunc)(const BscSlot *slot, gpointer data,
					 gpointer *out_unmount_data, GError **error);

/* Where the status is and how RAUC's per-slot status is reached; zero everywhere: the
 * configuration's data-directory, and no per-slot status. */
typedef struct {
	const char *dir; /* in place of the configuration's data-directory */
	BscStatusStoreMountFunc mount;
	void (*unmount)(gpointer unmount_data);
	gpointer data; /* for @mount */
} BscStatusStoreOptions;

/*
 * The records of all slots and some values of the whole device. Any thread may call any function;
 * getters return copies.
 *
 * On disk: `bascule-slots.a` and `bascule-slots.b` in the data directory, each whole in itself
 * with format version, sequence number and SHA-256. A save replaces the one that is older (or
 * damaged), so a power cut at any moment leaves at least the state before. Where one copy is
 * damaged the other may be the older one: then the digests of the images are forgotten, so that
 * nothing is skipped on the strength of a stale record. Where RAUC's `central.raucs` exists it is
 * written after ours; when it is not what we last wrote there, RAUC ran since, and its records
 * win over ours.
 */
typedef struct _BscStatusStore BscStatusStore;

/**
 * bsc_status_store_open:
 * @config: the configuration; a reference is kept
 * @options: (nullable): see the struct
 * @error: return location
 *
 * Reads what is recorded and creates the data directory (mode 0700) if it is missing. A missing,
 * damaged or unreadable record is no error: see bsc_status_store_get_warning().
 *
 * Errors: %G_IO_ERROR_NOT_SUPPORTED if a newer version of this program wrote what is there.
 *
 * Returns: (transfer full) (nullable): the store, or %NULL on failure
 */
BscStatusStore *bsc_status_store_open(const BscSystemConfig *config,
				      const BscStatusStoreOptions *options, GError **error);

/**
 * bsc_status_store_free:
 * @self: (transfer full) (nullable): a store; what was not saved is lost
 */
void bsc_status_store_free(BscStatusStore *self);

/**
 * bsc_status_store_reload:
 * @self: a store
 * @error: return location
 *
 * Reads the disk again; a job does so when it has got the writers' lock. Unsaved changes are lost.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_status_store_reload(BscStatusStore *self, GError **error);

/**
 * bsc_status_store_get_slot:
 * @self: a store
 * @slot: a slot
 *
 * Returns: (transfer full): a copy of its record, empty where nothing is recorded; free with
 *   bsc_slot_status_free()
 */
BscSlotStatus *bsc_status_store_get_slot(BscStatusStore *self, const BscSlot *slot);

/**
 * bsc_status_store_set_slot:
 * @self: a store
 * @slot: a slot
 * @status: its new record; copied
 *
 * Changes the record in memory; durable after bsc_status_store_save().
 */
void bsc_status_store_set_slot(BscStatusStore *self, const BscSlot *slot,
			       const BscSlotStatus *status);

/**
 * bsc_status_store_get_value:
 * @self: a store
 * @key: a BSC_STATUS_… name
 *
 * Returns: (transfer full) (nullable): the value, or %NULL
 */
char *bsc_status_store_get_value(BscStatusStore *self, const char *key);

/**
 * bsc_status_store_set_value:
 * @self: a store
 * @key: a BSC_STATUS_… name: lower case letters, digits and `-`
 * @value: (nullable): its value; %NULL removes it
 *
 * Changes the value in memory; durable after bsc_status_store_save().
 */
void bsc_status_store_set_value(BscStatusStore *self, const char *key, const char *value);

/**
 * bsc_status_store_save:
 * @self: a store
 * @error: return location
 *
 * Makes all changes durable: one copy replaced and synced, then RAUC's file where it exists. The
 * caller holds the writers' lock. Without a usable directory this does nothing and succeeds: an
 * installation must work in a rescue system too (bsc_status_store_is_durable() tells).
 *
 * Errors: %G_IO_ERROR_NO_SPACE and other failures of writing; the old record is then still valid.
 * That RAUC's file cannot be written is a warning.
 *
 * Returns: %TRUE if the state is durable or has no place
 */
gboolean bsc_status_store_save(BscStatusStore *self, GError **error);

/**
 * bsc_status_store_is_durable:
 * @self: a store
 *
 * Returns: whether changes survive a restart. If not, nothing may be skipped on the strength of
 *   records or of their absence.
 */
gboolean bsc_status_store_is_durable(BscStatusStore *self);

/**
 * bsc_status_store_get_dir:
 * @self: a store
 *
 * Returns: (transfer none) (nullable): the data directory in use; %NULL = none
 */
const char *bsc_status_store_get_dir(BscStatusStore *self);

/**
 * bsc_status_store_get_warning:
 * @self: a store
 *
 * Returns: (transfer full) (nullable): what an operator should know of the records' place or
 *   state, in one sentence; %NULL = all is well
 */
char *bsc_status_store_get_warning(BscStatusStore *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscStatusStore, bsc_status_store_free)
