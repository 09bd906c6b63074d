/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/boot/boot-error.h"

G_DEFINE_QUARK(bsc - boot - error - quark, bsc_boot_error)
