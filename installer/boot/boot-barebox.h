/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/boot/boot-barebox.h - barebox: the state that bootchooser reads, by barebox-state */
#pragma once

#include "installer/boot/boot-ops.h"

/* `bootloader=barebox` */
extern const BscBootloaderOps bsc_boot_barebox_ops;
