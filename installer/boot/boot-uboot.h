/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/boot/boot-uboot.h - U-Boot's environment through fw_printenv and fw_setenv */
#pragma once

#include "installer/boot/boot-ops.h"

/* Variables: `BOOT_ORDER`, and for each bootname `BOOT_<NAME>_LEFT` in hexadecimal. */
extern const BscBootloaderOps bsc_boot_uboot_ops;
