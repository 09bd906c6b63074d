/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/backend-local.h - standalone mode: calls the engine directly */
#pragma once

#include "installer/client/backend-ops.h"

/**
 * bsc_backend_local_new:
 * @options: see backend-ops.h
 * @error: return location
 *
 * Returns: (transfer full) (nullable): a backend, or %NULL on failure
 */
BscBackend *bsc_backend_local_new(const BscBackendOptions *options, GError **error);

/**
 * bsc_backend_local_doctor:
 * @options: where things are; the kind does not matter
 *
 * Looks at everything an installation will need, without the service.
 *
 * Returns: (transfer full): `a(ssss)`: level (`ok`, `warning`, `error`), subject, text, and advice,
 *   which may be empty
 */
GVariant *bsc_backend_local_doctor(const BscBackendOptions *options);
