/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/write-raw.h - block images onto block devices, with optional resize */
#pragma once

#include "installer/write/writer-ops.h"

/* Copies an image byte by byte; grows an ext4 file system where the slot asks for that. */
extern const BscWriterOps bsc_write_raw_ops;
