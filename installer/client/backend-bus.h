/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/backend-bus.h - by the service org.bascule.Update1 on the bus */
#pragma once

#include "installer/client/backend-ops.h"

/**
 * bsc_backend_bus_new:
 * @options: see backend-ops.h
 * @error: return location
 *
 * Returns: (transfer full) (nullable): a backend, or %NULL on failure
 */
BscBackend *bsc_backend_bus_new(const BscBackendOptions *options, GError **error);
