/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/boot/boot-error.h - the error domain of the boot room */
#pragma once

#include <glib.h>

#define BSC_BOOT_ERROR bsc_boot_error_quark()
GQuark bsc_boot_error_quark(void);

typedef enum {
	BSC_BOOT_ERROR_UNSUPPORTED, /* this backend cannot do that, or is not there yet */
	BSC_BOOT_ERROR_ENVIRONMENT, /* the boot loader's variables cannot be read or written */
	BSC_BOOT_ERROR_READBACK,    /* written, but something else is read */
} BscBootError;
