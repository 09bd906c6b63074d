/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/boot/boot-none.h - no boot loader, and those that are not supported yet */
#pragma once

#include "installer/boot/boot-ops.h"

/* `bootloader=noop`: accepts everything, knows nothing. */
extern const BscBootloaderOps bsc_boot_none_ops;

/* `bootloader=barebox` and `efi`: configurations that name them can be read; using them fails. */
extern const BscBootloaderOps bsc_boot_none_barebox_ops;
extern const BscBootloaderOps bsc_boot_none_efi_ops;
