/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/service/service-rauc.h - the same verbs under RAUC's name, interface and shapes */
#pragma once

#include "installer/service/service.h"

typedef struct _BscServiceRauc BscServiceRauc;

/**
 * bsc_service_rauc_new:
 * @parts: what it works with
 *
 * Returns: (transfer full): the interface, not yet on a bus; free with bsc_service_rauc_free()
 */
BscServiceRauc *bsc_service_rauc_new(const BscServiceParts *parts);

/**
 * bsc_service_rauc_free:
 * @self: (transfer full) (nullable): the interface; taken from the bus
 */
void bsc_service_rauc_free(BscServiceRauc *self);

/**
 * bsc_service_rauc_export:
 * @self: the interface
 * @bus: where to put it
 * @error: return location
 *
 * Returns: %TRUE if calls can arrive
 */
gboolean bsc_service_rauc_export(BscServiceRauc *self, GDBusConnection *bus, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscServiceRauc, bsc_service_rauc_free)
