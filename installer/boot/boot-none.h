/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/boot/boot-none.h - no boot loader, and one that is not supported yet */
#pragma once

#include "installer/boot/boot-ops.h"

/* `bootloader=noop`: accepts everything, knows nothing. */
extern const BscBootloaderOps bsc_boot_none_ops;

/* `bootloader=efi`: configurations that name it can be read; using it fails. */
extern const BscBootloaderOps bsc_boot_none_efi_ops;
