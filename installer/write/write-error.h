/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/write-error.h - the error domain of the room that writes slots */
#pragma once

#include <glib.h>

#define BSC_WRITE_ERROR bsc_write_error_quark()
GQuark bsc_write_error_quark(void);

typedef enum {
	BSC_WRITE_ERROR_NO_WRITER, /* nothing here writes this image type to this slot type */
	BSC_WRITE_ERROR_TOO_SMALL, /* the image is larger than the slot's device */
	BSC_WRITE_ERROR_DEVICE,	   /* the device is missing, in use, read-only, fails or lies */
} BscWriteError;
