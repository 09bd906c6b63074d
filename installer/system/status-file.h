/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/status-file.h - pure: the text of one status copy, and of RAUC's central file */
#pragma once

#include "installer/system/slot-status.h"

#define BSC_STATUS_FILE_FORMAT 1

/*
 * One copy:
 *
 *     [status]
 *     format=1
 *     sequence=17
 *     central=…            digest of the central.raucs that belongs to this copy
 *     central-before=…     and of the one it replaces
 *     [values]
 *     boot-id=…
 *     [slot.rootfs.0]
 *     status=ok
 *     …
 *     [checksum]
 *     sha256=…             of all bytes before `[checksum]`; nothing follows
 */
typedef struct {
	uint64_t sequence;    /* the higher one is newer */
	char *central;	      /* hex digest or %NULL */
	char *central_before; /* hex digest or %NULL */
	GHashTable *slots; /* name (char *) → BscSlotStatus; also of slots no longer configured */
	GHashTable *values; /* key (char *) → value (char *) */
} BscStatusFile;

/**
 * bsc_status_file_new:
 *
 * Returns: (transfer full): an empty one, sequence 0
 */
BscStatusFile *bsc_status_file_new(void);

/**
 * bsc_status_file_free:
 * @self: (transfer full) (nullable): a status file
 */
void bsc_status_file_free(BscStatusFile *self);

/**
 * bsc_status_file_parse:
 * @data: (array length=len): a copy as found
 * @len: its length
 * @error: return location
 *
 * Errors: %G_IO_ERROR_INVALID_DATA for anything cut off or changed,
 * %G_IO_ERROR_NOT_SUPPORTED for a whole copy of a later format.
 *
 * Returns: (transfer full) (nullable): its content, or %NULL on failure
 */
BscStatusFile *bsc_status_file_parse(const char *data, size_t len, GError **error);

/**
 * bsc_status_file_serialise:
 * @self: a status file
 *
 * Returns: (transfer full): its text
 */
char *bsc_status_file_serialise(const BscStatusFile *self);

/**
 * bsc_status_file_digest:
 * @data: (array length=len): any text
 * @len: its length
 *
 * Returns: (transfer full): its SHA-256 in hex, as @central has it
 */
char *bsc_status_file_digest(const char *data, size_t len);

/**
 * bsc_status_file_import:
 * @self: a status file
 * @central: (array length=len): RAUC's central.raucs
 * @len: its length
 * @error: return location
 *
 * Takes RAUC's records over ours. What only we know of a slot stays where it still is the same
 * installation.
 *
 * Errors: what GKeyFile cannot read; @self is then unchanged.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_status_file_import(BscStatusFile *self, const char *central, size_t len,
				GError **error);

/**
 * bsc_status_file_export:
 * @self: a status file
 * @central: (nullable) (array length=len): RAUC's central.raucs as it is
 * @len: its length
 *
 * Returns: (transfer full): @central with the records of @self in it; what else it holds is kept
 */
char *bsc_status_file_export(const BscStatusFile *self, const char *central, size_t len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscStatusFile, bsc_status_file_free)
