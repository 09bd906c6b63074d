/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/install-error.h"

G_DEFINE_QUARK(bsc - install - error - quark, bsc_install_error)
