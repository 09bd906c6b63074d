/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/hooks.h - bundle and system hooks through common/run */
#pragma once

#include "installer/engine/hook-env.h"

/*
 * Hooks and handlers are programs of the integrator: those of system.conf are part of the running
 * system, those of a bundle are run only after its signature was checked. They find what they need
 * in RAUC_ variables (bascule-hooks(7) lists them), have no standard input and
 * inherit nothing but a search path.
 */
typedef struct _BscHooks BscHooks;

typedef enum {
	BSC_HOOKS_PRE_INSTALL,	/* system.conf's, before anything is written */
	BSC_HOOKS_POST_INSTALL, /* system.conf's, after everything */
	BSC_HOOKS_BUNDLE,	/* the bundle's own handler, in place of the slots */
} BscHooksHandler;

/**
 * bsc_hooks_new:
 * @input: what they are told about
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Puts the files that the bundle's hooks and handlers need into a private directory, on a file
 * system that allows to run them. Does nothing if there are none.
 *
 * Returns: (transfer full) (nullable): the hooks, or %NULL on failure
 */
BscHooks *bsc_hooks_new(const BscHooksInput *input, GCancellable *cancellable, GError **error);

/**
 * bsc_hooks_free:
 * @self: (transfer full) (nullable): hooks; their directory is removed
 */
void bsc_hooks_free(BscHooks *self);

/**
 * bsc_hooks_run_handler:
 * @self: hooks
 * @handler: which
 * @cancellable: (nullable): kills it
 * @error: return location
 *
 * Runs a handler if there is one.
 *
 * Errors: %BSC_INSTALL_ERROR_HOOK with its last words.
 *
 * Returns: %TRUE if it agreed, or there is none
 */
gboolean bsc_hooks_run_handler(BscHooks *self, BscHooksHandler handler, GCancellable *cancellable,
			       GError **error);

/**
 * bsc_hooks_run_check:
 * @self: hooks
 * @cancellable: (nullable): kills it
 * @error: return location
 *
 * Asks the bundle's install-check hook, if it has one, whether it fits this device.
 *
 * Errors: %BSC_INSTALL_ERROR_REJECTED with the hook's last line if it exits with 10 or more,
 * %BSC_INSTALL_ERROR_HOOK if it fails otherwise.
 *
 * Returns: %TRUE if it agreed, or there is none
 */
gboolean bsc_hooks_run_check(BscHooks *self, GCancellable *cancellable, GError **error);

/**
 * bsc_hooks_run_slot:
 * @self: hooks
 * @name: `pre-install`, `install` or `post-install`
 * @planned: the image and its slot
 * @cancellable: (nullable): kills it
 * @error: return location
 *
 * Runs a slot hook of the bundle if @planned asks for it. Slots with a file system are mounted for
 * the pre-install hook (old content; an unmountable one gives an empty mount point) and the
 * post-install hook (new content).
 *
 * Errors: %BSC_INSTALL_ERROR_HOOK with its last words.
 *
 * Returns: %TRUE if it agreed, or there is none
 */
gboolean bsc_hooks_run_slot(BscHooks *self, const char *name, const BscInstallPlanImage *planned,
			    GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscHooks, bsc_hooks_free)
