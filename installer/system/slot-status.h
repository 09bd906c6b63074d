/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/slot-status.h - what is recorded of one slot, and its words in key files */
#pragma once

#include <glib.h>
#include <stdint.h>

/* How the last installation into a slot ended. */
#define BSC_SLOT_STATUS_OK	"ok"
#define BSC_SLOT_STATUS_PENDING "pending" /* begun, not finished: content unknown */
#define BSC_SLOT_STATUS_FAILED	"failed"

/* What is recorded of one slot. Strings are owned; %NULL and 0 mean not recorded. */
typedef struct {
	char *bundle_compatible;
	char *bundle_version;
	char *bundle_description;
	char *bundle_build;
	char *bundle_hash;   /* hex digest of the manifest */
	char *status;	     /* one of BSC_SLOT_STATUS_… */
	char *sha256;	     /* hex digest of the image */
	uint64_t size_bytes; /* of the image; counts only with @sha256 */
	char *installed_transaction;
	char *installed_timestamp; /* `2026-11-23T08:15:00Z` */
	uint64_t installed_count;
	char *activated_timestamp;
	uint64_t activated_count;
	gboolean trial; /* activated by an installation, not yet marked good; ours, not RAUC's */
	gint64 signing_time_usec; /* of the installed bundle; 0 = unknown; ours */
} BscSlotStatus;

/**
 * bsc_slot_status_copy:
 * @self: a record
 *
 * Returns: (transfer full): a copy
 */
BscSlotStatus *bsc_slot_status_copy(const BscSlotStatus *self);

/**
 * bsc_slot_status_free:
 * @self: (transfer full) (nullable): a record
 */
void bsc_slot_status_free(BscSlotStatus *self);

/**
 * bsc_slot_status_clear_image:
 * @self: a record
 *
 * Forgets everything about the image, as before a new one is written. The two counters stay.
 */
void bsc_slot_status_clear_image(BscSlotStatus *self);

/**
 * bsc_slot_status_read:
 * @file: a key file, of ours or of RAUC
 * @group: the slot's group
 *
 * Takes what is there and passes over what is unusable: a record is never a reason to fail.
 *
 * Returns: (transfer full): the record
 */
BscSlotStatus *bsc_slot_status_read(GKeyFile *file, const char *group);

/**
 * bsc_slot_status_write:
 * @self: a record
 * @file: (inout): a key file
 * @group: the slot's group, which is replaced
 * @for_rauc: only the keys RAUC knows
 *
 * The counterpart of bsc_slot_status_read(). A record in which nothing is set writes no group.
 */
void bsc_slot_status_write(const BscSlotStatus *self, GKeyFile *file, const char *group,
			   gboolean for_rauc);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSlotStatus, bsc_slot_status_free)
