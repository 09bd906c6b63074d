/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/hook-env.h - pure: the variables that hooks and handlers find */
#pragma once

#include "bundle-tools/bundle/bundle.h"
#include "installer/engine/install-plan.h"
#include "installer/engine/system-handle.h"

/* All borrowed for the life of the hooks. */
typedef struct {
	BscSystem *system;
	BscBundle *bundle;
	const BscInstallPlan *plan;
	const BscSlotStates *states;
	const char *transaction_id;
	const char *handler_args; /* (nullable): shell quoted words for the handlers */
} BscHooksInput;

/**
 * bsc_hook_env_for_handler:
 * @input: what it is told about
 * @dir: where the bundle's files are
 *
 * Returns: (transfer full): `NAME=value`, for the handlers of system.conf and of a bundle
 */
char **bsc_hook_env_for_handler(const BscHooksInput *input, const char *dir);

/**
 * bsc_hook_env_for_check:
 * @input: what it is told about
 * @dir: where the bundle's files are
 *
 * Returns: (transfer full): `NAME=value`, for install-check
 */
char **bsc_hook_env_for_check(const BscHooksInput *input, const char *dir);

/**
 * bsc_hook_env_for_slot:
 * @input: what it is told about
 * @dir: where the bundle's files are
 * @planned: image and slot
 * @mountpoint: (nullable): where the slot is mounted
 *
 * Returns: (transfer full): `NAME=value`, for slot hooks
 */
char **bsc_hook_env_for_slot(const BscHooksInput *input, const char *dir,
			     const BscInstallPlanImage *planned, const char *mountpoint);
