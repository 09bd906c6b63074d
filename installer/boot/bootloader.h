/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/boot/bootloader.h - ask and tell the boot loader which slot boots next */
#pragma once

#include "installer/boot/boot-ops.h"

/*
 * One boot loader with its configuration. Holds no state of the boot loader: every call asks it
 * anew. One thread at a time; a second object for a second thread costs nothing. Every function
 * with an error may block for seconds. Whoever calls a set_ function holds the writers' lock.
 */
typedef struct _BscBootloader BscBootloader;

/**
 * bsc_bootloader_check_config:
 * @config: a configuration
 * @error: return location
 *
 * Judges the part of the configuration that belongs to the boot loader: the word itself, keys that
 * go with one boot loader only, bootnames this boot loader cannot keep. Touches nothing else.
 *
 * Errors: %BSC_CONFIG_ERROR_VALUE, %BSC_CONFIG_ERROR_CONFLICT. Not for a boot loader that is known
 * but not supported yet: that shows when it is used.
 *
 * Returns: %TRUE if it is in order
 */
gboolean bsc_bootloader_check_config(const BscSystemConfig *config, GError **error);

/**
 * bsc_bootloader_new:
 * @config: the configuration; a reference is kept
 * @env: (nullable): what to touch in place of this machine; copied, its strings are not
 * @error: return location
 *
 * Errors: as bsc_bootloader_check_config().
 *
 * Returns: (transfer full) (nullable): the boot loader, or %NULL on failure
 */
BscBootloader *bsc_bootloader_new(const BscSystemConfig *config, const BscBootEnv *env,
				  GError **error);

/**
 * bsc_bootloader_new_for_ops:
 * @ops: an implementation that is in no table, as a test's
 * @config: the configuration; a reference is kept
 * @env: (nullable): its environment; copied, its strings are not
 *
 * Returns: (transfer full): the boot loader
 */
BscBootloader *bsc_bootloader_new_for_ops(const BscBootloaderOps *ops,
					  const BscSystemConfig *config, const BscBootEnv *env);

/**
 * bsc_bootloader_free:
 * @self: (transfer full) (nullable): a boot loader
 */
void bsc_bootloader_free(BscBootloader *self);

/**
 * bsc_bootloader_set_primary:
 * @self: a boot loader
 * @bootname: bootname of a slot of the configuration
 * @error: return location
 *
 * Makes @bootname boot next, with full attempts, and reads back that it does. This is the commit
 * point of an installation.
 *
 * Errors: %BSC_BOOT_ERROR of all codes; after %BSC_BOOT_ERROR_READBACK it is not known what boots.
 *
 * Returns: %TRUE when the boot loader will boot it next
 */
gboolean bsc_bootloader_set_primary(BscBootloader *self, const char *bootname, GError **error);

/**
 * bsc_bootloader_set_state:
 * @self: a boot loader
 * @bootname: bootname of a slot of the configuration
 * @state: %BSC_BOOT_STATE_GOOD (attempts refilled, no longer on trial) or %BSC_BOOT_STATE_BAD
 * @error: return location
 *
 * Tells the boot loader and reads back. Whether a slot *may* be marked bad is the caller's
 * question: see bsc_bootloader_list_bootable().
 *
 * Errors: %BSC_BOOT_ERROR of all codes
 *
 * Returns: %TRUE when the boot loader keeps it
 */
gboolean bsc_bootloader_set_state(BscBootloader *self, const char *bootname, BscBootState state,
				  GError **error);

/**
 * bsc_bootloader_get_primary:
 * @self: a boot loader
 * @out_bootname: (out) (transfer full) (nullable): the bootname that boots next; %NULL if none
 *   that the configuration knows
 * @error: return location
 *
 * Errors: %BSC_BOOT_ERROR_UNSUPPORTED where there is no boot loader to ask (noop),
 * %BSC_BOOT_ERROR_ENVIRONMENT
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bootloader_get_primary(BscBootloader *self, char **out_bootname, GError **error);

/**
 * bsc_bootloader_get_state:
 * @self: a boot loader
 * @bootname: a bootname
 * @out: (out): its state; %BSC_BOOT_STATE_UNKNOWN where the boot loader has no opinion
 * @error: return location
 *
 * Errors: %BSC_BOOT_ERROR_ENVIRONMENT if it cannot be asked; show it as unknown then
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bootloader_get_state(BscBootloader *self, const char *bootname, BscBootState *out,
				  GError **error);

/**
 * bsc_bootloader_get_current:
 * @self: a boot loader
 * @out_bootname: (out) (transfer full) (nullable): what it says was booted; %NULL where it does
 *   not know
 * @error: return location
 *
 * For BscSlotStateEnv.backend_current.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bootloader_get_current(BscBootloader *self, char **out_bootname, GError **error);

/**
 * bsc_bootloader_get_attempts:
 * @self: a boot loader
 * @bootname: a bootname
 * @out: (out): boots left before the boot loader gives the slot up; -1 = it does not count
 * @error: return location
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bootloader_get_attempts(BscBootloader *self, const char *bootname, int *out,
				     GError **error);

/**
 * bsc_bootloader_list_bootable:
 * @self: a boot loader
 * @error: return location
 *
 * The bootnames of the configuration that the boot loader would still boot, the primary first.
 * Whoever marks a slot bad asks this before: the last one must stay.
 *
 * Errors: as bsc_bootloader_get_state(); %BSC_BOOT_ERROR_UNSUPPORTED where there is no opinion
 *
 * Returns: (transfer full) (nullable): bootnames, possibly none, or %NULL on failure
 */
char **bsc_bootloader_list_bootable(BscBootloader *self, GError **error);

/**
 * bsc_bootloader_get_name:
 * @self: a boot loader
 *
 * Returns: (transfer none): the word of the configuration
 */
const char *bsc_bootloader_get_name(const BscBootloader *self);

/**
 * bsc_bootloader_list_warnings:
 * @self: a boot loader
 *
 * What is dangerous or missing, as `single copy of the U-Boot environment: not safe against a
 * power cut`; for status and doctor. Starts programs.
 *
 * Returns: (transfer full): sentences, possibly none
 */
char **bsc_bootloader_list_warnings(BscBootloader *self);

/**
 * bsc_bootloader_state_to_string:
 * @state: a state
 *
 * Returns: (transfer none): `unknown`, `good` or `bad`
 */
const char *bsc_bootloader_state_to_string(BscBootState state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscBootloader, bsc_bootloader_free)
