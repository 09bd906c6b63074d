/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/boot/boot-grub.h - GRUB's environment block, written in place */
#pragma once

#include "installer/boot/boot-ops.h"

/* Variables: `ORDER`, and for each bootname `<NAME>_OK` and `<NAME>_TRY`, 0 or 1. */
extern const BscBootloaderOps bsc_boot_grub_ops;
