/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/install-context.h - one installation on its way through the steps */
#pragma once

#include "bundle-tools/bundle/bundle.h"
#include "installer/engine/hooks.h"
#include "installer/engine/install-plan.h"
#include "installer/engine/install-request.h"
#include "installer/engine/install-result.h"
#include "installer/engine/job-record.h"
#include "installer/engine/progress.h"

/* Only the modules install-*.c look inside; each step fills in what the next ones need. */
typedef struct {
	BscSystem *system; /* borrowed, as the next three */
	const BscInstallRequest *request;
	BscInstallResult *result;
	BscProgress *progress;
	GCancellable *cancellable; /* owned, as all that follows */
	BscJobRecord *record;

	BscBootloader *boot;
	BscSlotStates *states;
	GPtrArray *statuses; /* of BscSlotStatus, by slot->index */
	BscBundle *bundle;
	BscInstallPlan *plan;
	BscHooks *hooks;

	BscOutcome fallback;   /* outcome of an error that has no row, by the step it is in */
	gboolean has_touched;  /* the destination is not what it was */
	gboolean has_switched; /* the boot loader may have been told to boot it */
	gboolean is_committed;
	uint64_t bytes_before; /* of images before the present one */
	double copy_share;     /* of an image's step that is the copy; the rest is reading back */
} BscInstallContext;

/**
 * bsc_install_context_clear:
 * @self: an installation; what it owns is freed
 */
void bsc_install_context_clear(BscInstallContext *self);

/**
 * bsc_install_context_get_status:
 * @self: an installation
 * @slot: a slot
 *
 * Returns: (transfer none): the slot's record, to be changed and saved
 */
BscSlotStatus *bsc_install_context_get_status(BscInstallContext *self, const BscSlot *slot);

/**
 * bsc_install_context_save_status:
 * @self: an installation
 * @slot: a slot
 * @error: return location
 *
 * Returns: %TRUE when the slot's record is durable
 */
gboolean bsc_install_context_save_status(BscInstallContext *self, const BscSlot *slot,
					 GError **error);

/**
 * bsc_install_context_will_activate:
 * @self: an installation with a plan
 *
 * Returns: whether it ends with the destination as the primary boot choice
 */
gboolean bsc_install_context_will_activate(BscInstallContext *self);

/**
 * bsc_install_context_get_memory:
 * @self: an installation
 *
 * Returns: bytes that reading and writing may use together
 */
uint64_t bsc_install_context_get_memory(BscInstallContext *self);

/**
 * bsc_install_context_set_word:
 * @field: (inout): an owned string
 * @word: (nullable): what it becomes a copy of
 */
void bsc_install_context_set_word(char **field, const char *word);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BscInstallContext, bsc_install_context_clear)
