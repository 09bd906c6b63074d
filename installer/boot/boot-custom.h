/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/boot/boot-custom.h - a program of the integrator speaks for the boot loader */
#pragma once

#include "installer/boot/boot-ops.h"

/*
 * The program of `[handlers] bootloader-custom-backend` is called with `get-primary`,
 * `set-primary NAME`, `get-state NAME`, `set-state NAME good|bad` or `get-current`, answers on
 * stdout, and fails by its exit status. A program without `get-current` may fail there.
 */
extern const BscBootloaderOps bsc_boot_custom_ops;
