/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/install-plan.h - pure: manifest, configuration and states give a plan or a no */
#pragma once

#include "bundle-tools/format/manifest.h"
#include "installer/engine/install-request.h"
#include "installer/system/slot-state.h"
#include "installer/system/slot-status.h"

/* Everything a decision rests on. All borrowed; manifest and configuration must outlive the plan.
 */
typedef struct {
	const BscSystemConfig *config;
	const BscSlotStates *states;
	const BscManifest *manifest;
	const char *manifest_hash; /* hex */
	const BscInstallRequest *request;
	const char *variant;		/* of this system; %NULL = none */
	BscSlotStatus *const *statuses; /* by slot->index; an empty record where nothing is known */
	gboolean status_is_durable;	/* what they say, and what they do not say, counts */
	const char *highest_good_version; /* %NULL = none was ever marked good */
} BscInstallPlanInput;

/* One image into one slot. */
typedef struct {
	const BscSlot *slot;
	const BscManifestImage *image;
	gboolean
		skip; /* the slot holds it already, and the configuration says not to write again */
} BscInstallPlanImage;

typedef struct {
	const BscSlot *boot_slot; /* destination that the boot loader is to boot; %NULL = none */
	GPtrArray *roots;	  /* of BscSlot, borrowed: the destination groups */
	GPtrArray *images;	  /* of BscInstallPlanImage, in the order of writing */
	uint64_t bytes_total;	  /* of the images that are written */
	gboolean has_check_hook;  /* the bundle's install-check decides about compatibility */
	gboolean has_handler;	  /* the bundle's own handler does everything; no images then */
	GPtrArray *notes; /* of char *: what an operator should know, such as unsafe slots */
} BscInstallPlan;

/**
 * bsc_install_plan_check_bundle:
 * @input: what is known; @states and @statuses only for the booted slot
 * @error: return location
 *
 * The part that needs no destination: may this bundle be installed on this device, now?
 *
 * Errors: %BSC_INSTALL_ERROR_REJECTED; %BSC_BUNDLE_ERROR_UNSUPPORTED for what this version cannot
 * do yet.
 *
 * Returns: %TRUE if it may
 */
gboolean bsc_install_plan_check_bundle(const BscInstallPlanInput *input, GError **error);

/**
 * bsc_install_plan_new:
 * @input: what is known
 * @error: return location
 *
 * Chooses the destination of every image. Calls bsc_install_plan_check_bundle() first.
 *
 * Errors: as there; %BSC_INSTALL_ERROR_NO_DESTINATION if no slot may take an image;
 * %BSC_WRITE_ERROR_NO_WRITER if an image cannot go to its slot's type.
 *
 * Returns: (transfer full) (nullable): the plan, or %NULL if it is refused
 */
BscInstallPlan *bsc_install_plan_new(const BscInstallPlanInput *input, GError **error);

/**
 * bsc_install_plan_free:
 * @self: (transfer full) (nullable): a plan
 */
void bsc_install_plan_free(BscInstallPlan *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscInstallPlan, bsc_install_plan_free)
