/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/write-error.h"

G_DEFINE_QUARK(bsc - write - error - quark, bsc_write_error)
