/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/support/loop-device.h - a block device over a temporary file, for tests that run as root */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct {
	char *path;	 /* /dev/loopN */
	char *file_path; /* behind it; removed with it */
} TestLoopDevice;

/**
 * test_loop_device_new:
 * @dir: directory of the file behind it
 * @size_bytes: its size, a multiple of 512
 *
 * Returns: (transfer full) (nullable): a loop device full of bytes that are not zero, or %NULL
 *   after saying g_test_skip() why there can be none
 */
TestLoopDevice *test_loop_device_new(const char *dir, uint64_t size_bytes);

/**
 * test_loop_device_free:
 * @self: (transfer full) (nullable): detached and removed
 */
void test_loop_device_free(TestLoopDevice *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestLoopDevice, test_loop_device_free)
