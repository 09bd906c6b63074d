/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/boot/boot-order.h - pure: order of boot names, counting attempts */
#pragma once

#include "installer/system/slot-table.h"

/*
 * An order is a text of bootnames with blanks between them, first to be booted first, as U-Boot's
 * BOOT_ORDER and GRUB's ORDER have it. Names that the configuration does not know are kept: they
 * belong to somebody.
 */

/**
 * bsc_boot_order_get:
 * @text: (nullable): an order as found; %NULL or empty where there is none yet
 * @config: the configuration
 *
 * Returns: (transfer full): @text, or all bootnames of the configuration in its order: what boot
 *   scripts take where nothing is set
 */
char *bsc_boot_order_get(const char *text, const BscSystemConfig *config);

/**
 * bsc_boot_order_split:
 * @order: an order
 *
 * Returns: (transfer full): its names, each once
 */
char **bsc_boot_order_split(const char *order);

/**
 * bsc_boot_order_has:
 * @order: (nullable): an order
 * @bootname: a name
 *
 * Returns: whether @bootname is in it
 */
gboolean bsc_boot_order_has(const char *order, const char *bootname);

/**
 * bsc_boot_order_put_first:
 * @order: an order
 * @bootname: a name, in it or not
 *
 * Returns: (transfer full): @order with @bootname in front
 */
char *bsc_boot_order_put_first(const char *order, const char *bootname);

/**
 * bsc_boot_order_put_last:
 * @order: an order
 * @bootname: a name
 *
 * Returns: (transfer full): @order, with @bootname behind all others if it was not in it
 */
char *bsc_boot_order_put_last(const char *order, const char *bootname);

/**
 * bsc_boot_order_remove:
 * @order: an order
 * @bootname: a name, in it or not
 *
 * Returns: (transfer full): @order without @bootname, possibly empty
 */
char *bsc_boot_order_remove(const char *order, const char *bootname);

/**
 * bsc_boot_order_parse_attempts:
 * @text: (nullable): a counter in hexadecimal, with or without `0x`
 *
 * Returns: the count, or -1 where there is none or it is no number
 */
int bsc_boot_order_parse_attempts(const char *text);
