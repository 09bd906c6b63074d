/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/block-device.h - how devices stand on each other, from sysfs */
#pragma once

#include <glib.h>
#include <sys/types.h>

/*
 * A device is its kernel name: `sda2`, `dm-0`, `loop1`, `ubi0_3`, `mtd4`. Where sysfs does not know
 * a block device the name is its number, `8:2`. Sets are of names (char *, owned).
 */

/* Where to look. */
typedef struct {
	const char *root_dir; /* holds sys and dev; `/` on a real machine */
	dev_t (*get_device_number)(const char *path, gpointer data); /* %NULL = stat() */
	gpointer data;
} BscBlockDeviceEnv;

/**
 * bsc_block_device_new_set:
 *
 * Returns: (transfer full): an empty set of names
 */
GHashTable *bsc_block_device_new_set(void);

/**
 * bsc_block_device_find:
 * @env: where to look
 * @path: path of a device node, or any other path
 *
 * Returns: (transfer full) (nullable): the device's name; %NULL if @path is no device
 */
char *bsc_block_device_find(const BscBlockDeviceEnv *env, const char *path);

/**
 * bsc_block_device_find_number:
 * @env: where to look
 * @number: `8:2`
 *
 * Returns: (transfer full): the device's name
 */
char *bsc_block_device_find_number(const BscBlockDeviceEnv *env, const char *number);

/**
 * bsc_block_device_find_source:
 * @env: where to look
 * @source: source of a mounted file system that has no device number of its own
 *
 * Returns: (transfer full) (nullable): name of the device or UBI volume; %NULL if there is none
 */
char *bsc_block_device_find_source(const BscBlockDeviceEnv *env, const char *source);

/**
 * bsc_block_device_add_users:
 * @env: where to look
 * @name: a device
 * @set: (inout): gets @name and all that stands on it: partitions, holders (device mapper, RAID),
 *   loop devices, UBI on MTD, block devices on UBI, and so on upwards
 */
void bsc_block_device_add_users(const BscBlockDeviceEnv *env, const char *name, GHashTable *set);

/**
 * bsc_block_device_add_base:
 * @env: where to look
 * @name: a device
 * @set: (inout): gets @name and all that it stands on: the disk of a partition, slaves, the device
 *   behind a loop device, and so on downwards
 */
void bsc_block_device_add_base(const BscBlockDeviceEnv *env, const char *name, GHashTable *set);

/**
 * bsc_block_device_get_backing_file:
 * @env: where to look
 * @name: a device
 *
 * Returns: (transfer full) (nullable): the path behind a loop device; %NULL for anything else
 */
char *bsc_block_device_get_backing_file(const BscBlockDeviceEnv *env, const char *name);

/**
 * bsc_block_device_add_loops:
 * @env: where to look
 * @path: a device node or a regular file
 * @set: (inout): gets the loop devices that have it behind them
 */
void bsc_block_device_add_loops(const BscBlockDeviceEnv *env, const char *path, GHashTable *set);
