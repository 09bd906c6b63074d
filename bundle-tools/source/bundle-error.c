/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/source/bundle-error.h"

G_DEFINE_QUARK(bsc - bundle - error - quark, bsc_bundle_error)
