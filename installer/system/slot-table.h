/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/slot-table.h - lookups over the slots of a configuration */
#pragma once

#include "installer/system/system-config.h"

/*
 * A *root slot* has no parent; it and all slots below it are a *group*, which boots and is updated
 * as one. All functions are pure and answer in the order of the configuration; slots belong to
 * the configuration.
 */

/**
 * bsc_slot_table_find:
 * @config: a configuration
 * @name: a slot's name, as `rootfs.0`
 *
 * Returns: (transfer none) (nullable): the slot, or %NULL
 */
const BscSlot *bsc_slot_table_find(const BscSystemConfig *config, const char *name);

/**
 * bsc_slot_table_find_by_bootname:
 * @config: a configuration
 * @bootname: the name the boot loader knows
 *
 * Returns: (transfer none) (nullable): the slot, or %NULL
 */
const BscSlot *bsc_slot_table_find_by_bootname(const BscSystemConfig *config, const char *bootname);

/**
 * bsc_slot_table_find_in_group:
 * @config: a configuration
 * @root: a root slot
 * @slot_class: a slot class
 *
 * Returns: (transfer none) (nullable): the group's first slot of that class, or %NULL
 */
const BscSlot *bsc_slot_table_find_in_group(const BscSystemConfig *config, const BscSlot *root,
					    const char *slot_class);

/**
 * bsc_slot_table_get_root:
 * @slot: a slot
 *
 * Returns: (transfer none): the top of its chain of parents; @slot itself if it has no parent
 */
const BscSlot *bsc_slot_table_get_root(const BscSlot *slot);

/**
 * bsc_slot_table_is_in_group:
 * @slot: a slot
 * @root: a root slot
 *
 * Returns: whether @slot is @root or below it
 */
gboolean bsc_slot_table_is_in_group(const BscSlot *slot, const BscSlot *root);

/**
 * bsc_slot_table_has_class:
 * @config: a configuration
 * @slot_class: a slot class
 *
 * Returns: whether any slot is of that class
 */
gboolean bsc_slot_table_has_class(const BscSystemConfig *config, const char *slot_class);

/**
 * bsc_slot_table_list_class:
 * @config: a configuration
 * @slot_class: a slot class
 *
 * Returns: (transfer container) (element-type BscSlot): its slots
 */
GPtrArray *bsc_slot_table_list_class(const BscSystemConfig *config, const char *slot_class);

/**
 * bsc_slot_table_list_group:
 * @config: a configuration
 * @root: a root slot
 *
 * Returns: (transfer container) (element-type BscSlot): @root and all slots below it
 */
GPtrArray *bsc_slot_table_list_group(const BscSystemConfig *config, const BscSlot *root);

/**
 * bsc_slot_table_list_roots:
 * @config: a configuration
 *
 * Returns: (transfer container) (element-type BscSlot): all slots without a parent
 */
GPtrArray *bsc_slot_table_list_roots(const BscSystemConfig *config);

/**
 * bsc_slot_table_list_bootable:
 * @config: a configuration
 *
 * Returns: (transfer container) (element-type BscSlot): all slots with a bootname
 */
GPtrArray *bsc_slot_table_list_bootable(const BscSystemConfig *config);
