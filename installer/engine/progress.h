/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/progress.h - weighted step tree and the sink that hears of it */
#pragma once

#include <glib.h>
#include <stdint.h>

/* What the installation is at, for people and programs that do not know the steps. */
typedef enum {
	BSC_PROGRESS_PHASE_IDLE,
	BSC_PROGRESS_PHASE_CHECKING,   /* signature, manifest, plan */
	BSC_PROGRESS_PHASE_WRITING,    /* images go to the destination; reading back included */
	BSC_PROGRESS_PHASE_ACTIVATING, /* status and boot loader; from its commit point on no cancel
					*/
	BSC_PROGRESS_PHASE_N,
} BscProgressPhase;

typedef struct {
	/* The triple of RAUC's Progress property. */
	int percent;	     /* 0 to 100 */
	const char *message; /* `Copying image to rootfs.1`, `… done.`, `… failed.` */
	int depth;	     /* 1 = the whole */
	gboolean
		is_step; /* the triple is to be published; %FALSE = only what follows has changed */
	/* Ours. */
	BscProgressPhase phase;
	uint64_t bytes_done;	 /* of this phase; writing: over all images */
	uint64_t bytes_total;	 /* 0 = unknown */
	uint64_t rate_bytes_sec; /* over the last seconds; 0 = unknown */
	int64_t seconds_left;	 /* -1 = unknown */
} BscProgressState;

/* Called from the thread that installs, never from two at once; @state is gone afterwards. */
typedef struct {
	void (*update)(const BscProgressState *state, gpointer data);
	gpointer data;
} BscProgressSink;

typedef struct _BscProgress BscProgress;

/**
 * bsc_progress_phase_to_string:
 * @phase: a phase
 *
 * Returns: (transfer none): `idle`, `checking`, `writing` or `activating`
 */
const char *bsc_progress_phase_to_string(BscProgressPhase phase);

/**
 * bsc_progress_new:
 * @sink: (nullable): who hears of it; copied
 *
 * Returns: (transfer full): a tree without steps; free with bsc_progress_free()
 */
BscProgress *bsc_progress_new(const BscProgressSink *sink);

/**
 * bsc_progress_free:
 * @self: (transfer full) (nullable): a tree
 */
void bsc_progress_free(BscProgress *self);

/**
 * bsc_progress_begin:
 * @self: a tree
 * @weight: share of this step in the units of the step it is part of
 * @units: sum of the weights of its own parts; 0 = it has none
 * @format: printf format of the message
 *
 * Opens a step inside the one that is open and reports it.
 */
void bsc_progress_begin(BscProgress *self, unsigned weight, unsigned units, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

/**
 * bsc_progress_end:
 * @self: a tree
 * @success: how the step ended
 *
 * Closes the innermost step and reports it as `done.` or `failed.`. A step that failed does not
 * count as done, so a failed whole never shows 100 percent.
 */
void bsc_progress_end(BscProgress *self, gboolean success);

/**
 * bsc_progress_fail:
 * @self: a tree
 *
 * Closes all open steps as failed, innermost first.
 */
void bsc_progress_fail(BscProgress *self);

/**
 * bsc_progress_set_phase:
 * @self: a tree
 * @phase: what begins now
 * @bytes_total: bytes of the phase; 0 = unknown
 */
void bsc_progress_set_phase(BscProgress *self, BscProgressPhase phase, uint64_t bytes_total);

/**
 * bsc_progress_set_total:
 * @self: a tree
 * @bytes_total: bytes of the phase, once they are known
 */
void bsc_progress_set_total(BscProgress *self, uint64_t bytes_total);

/**
 * bsc_progress_update:
 * @self: a tree
 * @share: how much of the innermost step is done, 0 to 1
 * @bytes_done: bytes of the phase that are done
 *
 * Moves the innermost step. While writing, its begin message is repeated each time its own percent
 * grows; bytes are reported at most ten times a second.
 */
void bsc_progress_update(BscProgress *self, double share, uint64_t bytes_done);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscProgress, bsc_progress_free)
