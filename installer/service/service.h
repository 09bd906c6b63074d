/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/service/service.h - org.bascule.Update1 on the bus: one handler per method */
#pragma once

#include "installer/service/authorize.h"
#include "installer/service/job.h"
#include "installer/service/status-reader.h"

#include <gio/gio.h>

/* What both interfaces work with; borrowed, all live as long as the main loop runs. */
typedef struct {
	BscSystem *system;
	BscJob *job;
	BscStatusReader *reader;
	BscAuthorize *authorize;
} BscServiceParts;

typedef struct _BscService BscService;

/**
 * bsc_service_new:
 * @parts: what it works with
 *
 * Returns: (transfer full): the interface, not yet on a bus; free with bsc_service_free()
 */
BscService *bsc_service_new(const BscServiceParts *parts);

/**
 * bsc_service_free:
 * @self: (transfer full) (nullable): the interface; taken from the bus
 */
void bsc_service_free(BscService *self);

/**
 * bsc_service_export:
 * @self: the interface
 * @bus: where to put it
 * @error: return location
 *
 * Returns: %TRUE if calls can arrive
 */
gboolean bsc_service_export(BscService *self, GDBusConnection *bus, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscService, bsc_service_free)
