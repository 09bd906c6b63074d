/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/support/device.h - a device in a directory: configuration, slots in files, grubenv, bundles
 */
#pragma once

#include "installer/engine/system-handle.h"
#include "test/support/temp-dir.h"

#include <stdint.h>

/* What differs from two raw slots `rootfs.0` (A) and `rootfs.1` (B) with GRUB; zero is that. */
typedef struct {
	const char *system;	/* more lines of [system] */
	const char *more;	/* more groups; `@DIR@` stands for the directory */
	const char *slots;	/* groups in place of the two slots; `@DIR@` likewise */
	const char *bootloader; /* lines in place of GRUB's */
	gboolean has_no_data_dir;
} TestDeviceOptions;

typedef struct {
	TestTempDir *dir;
	char *conf;
	char *run_dir;
	unsigned n_bundles;
} TestDevice;

#define TEST_DEVICE_SLOT_BYTES (1024 * 1024)

/**
 * test_device_new:
 * @options: (nullable): what differs
 *
 * Returns: (transfer full): a device that trusts the test PKI's CA; slot files `a.img`, `b.img` and
 *   `c.img` of %TEST_DEVICE_SLOT_BYTES are full of the letter they are named by
 */
TestDevice *test_device_new(const TestDeviceOptions *options);

/**
 * test_device_free:
 * @self: (transfer full) (nullable): a device
 */
void test_device_free(TestDevice *self);

/**
 * test_device_start:
 * @self: a device
 * @boot_slot: what is booted: bootname or `_external_`
 *
 * Returns: (transfer full): the handle of a program that starts now; aborts on failure
 */
BscSystem *test_device_start(TestDevice *self, const char *boot_slot);

/**
 * test_device_make_image:
 * @self: a device
 * @seed: a letter, which fills it
 * @size_bytes: its size
 *
 * Returns: (transfer full): path of a file to put into a bundle
 */
char *test_device_make_image(TestDevice *self, char seed, size_t size_bytes);

/**
 * test_device_make_bundle:
 * @self: a device
 * @manifest: text of the input manifest; %NULL = one image `rootfs.img` for class rootfs
 * @files: (array zero-terminated=1): pairs of name in the bundle and path of the file
 *
 * Returns: (transfer full): path of a verity bundle by the test PKI's signer; aborts on failure
 */
char *test_device_make_bundle(TestDevice *self, const char *manifest, const char *const *files);

/**
 * test_device_read_env:
 * @self: a device
 * @name: a variable of grubenv
 *
 * Returns: (transfer full) (nullable): its value
 */
char *test_device_read_env(TestDevice *self, const char *name);

/**
 * test_device_assert_filled:
 * @self: a device
 * @name: a slot's file
 * @seed: the letter that must fill its beginning
 * @size_bytes: up to here
 */
void test_device_assert_filled(TestDevice *self, const char *name, char seed, size_t size_bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestDevice, test_device_free)
