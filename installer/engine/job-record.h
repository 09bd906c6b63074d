/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/job-record.h - what an installation intends and how it ended, durably */
#pragma once

#include "dbus/outcome.h"
#include "installer/engine/system-handle.h"

/* How far it had come when the record was last written. */
typedef enum {
	BSC_JOB_PHASE_WRITING,	  /* the destination may be half written */
	BSC_JOB_PHASE_ACTIVATING, /* written and proved; the boot loader may or may not be switched
				   */
	BSC_JOB_PHASE_FINISHED,	  /* outcome and message count */
	BSC_JOB_PHASE_N,
} BscJobPhase;

typedef struct {
	char *transaction_id;
	char *uri;
	char *manifest_hash;  /* hex */
	char *bundle_version; /* (nullable) */
	char *from_slot;      /* booted slot, or `_external_` */
	gboolean activates;   /* it is to become the primary boot choice */
	char **to_slots;      /* destinations, root slot first */
	char *boot_id;	      /* of the boot that wrote it */
	BscJobPhase phase;
	BscOutcome outcome; /* meaningful when finished */
	char *message;	    /* why it failed: (nullable) */
	gint64 started_usec;
	gint64 finished_usec; /* 0 = not finished */
	gboolean resolved;    /* found unfinished at a later start and judged from boot state */
} BscJobRecord;

/**
 * bsc_job_record_phase_to_string:
 * @phase: a phase
 *
 * Returns: (transfer none): `writing`, `activating` or `finished`
 */
const char *bsc_job_record_phase_to_string(BscJobPhase phase);

/**
 * bsc_job_record_lookup:
 * @system: the device
 * @transaction_id: (nullable): whose record; %NULL = the newest
 * @error: return location
 *
 * What became of an installation, also after a restart or reboot. Reads one file.
 *
 * Errors: %G_IO_ERROR_NOT_FOUND for an id that never wrote anything, or so long ago that
 * its record is gone.
 *
 * Returns: (transfer full) (nullable): the record, or %NULL on failure
 */
BscJobRecord *bsc_job_record_lookup(BscSystem *system, const char *transaction_id, GError **error);

/**
 * bsc_job_record_free:
 * @self: (transfer full) (nullable): a record
 */
void bsc_job_record_free(BscJobRecord *self);

/**
 * bsc_job_record_resolve:
 * @system: the device
 * @error: return location
 *
 * Call once at start: an unfinished record of a dead installer is closed with the outcome that
 * boot state and slot status prove. Does nothing while another process holds the writer lock.
 *
 * Returns: %TRUE if no unfinished record is left, or its installer still runs
 */
gboolean bsc_job_record_resolve(BscSystem *system, GError **error);

/**
 * bsc_job_record_resolve_locked:
 * @system: the device
 * @error: return location
 *
 * bsc_job_record_resolve() for a caller that holds the writer lock.
 *
 * Returns: %TRUE if no unfinished record is left
 */
gboolean bsc_job_record_resolve_locked(BscSystem *system, GError **error);

/**
 * bsc_job_record_check_unused:
 * @system: the device
 * @transaction_id: an id somebody wants to use
 * @error: return location
 *
 * Errors: %BSC_INSTALL_ERROR_USED.
 *
 * Returns: %TRUE if no installation that is remembered had this id
 */
gboolean bsc_job_record_check_unused(BscSystem *system, const char *transaction_id, GError **error);

/**
 * bsc_job_record_save:
 * @system: the device
 * @record: a record; replaces the one of the same transaction
 * @error: return location
 *
 * For install-run.c: makes @record durable. A power cut leaves the records from before or these.
 * The caller holds the writer lock.
 *
 * Returns: %TRUE when it is durable, or volatile for want of a place
 */
gboolean bsc_job_record_save(BscSystem *system, const BscJobRecord *record, GError **error);

/**
 * bsc_job_record_is_volatile:
 * @system: the device
 *
 * Returns: whether records are lost with a reboot, for want of a data-directory
 */
gboolean bsc_job_record_is_volatile(BscSystem *system);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscJobRecord, bsc_job_record_free)
