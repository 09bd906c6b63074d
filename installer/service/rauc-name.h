/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/service/rauc-name.h - holds RAUC's bus name, or tells who does */
#pragma once

#include "installer/engine/system-handle.h"

#include <gio/gio.h>

/*
 * While RAUC's name belongs to another program, that program may write slots: the engine is then
 * told to refuse all writing. The name is asked for without queueing, at the start and whenever
 * its owner goes.
 */
typedef struct _BscRaucName BscRaucName;

/**
 * bsc_rauc_name_new:
 * @bus: the bus, with RAUC's interface exported
 * @system: who is told not to write
 *
 * Asks for the name and waits for the bus's answer: when this returns, the rule is in force.
 * A bus whose policy does not let us own the name is no error, as long as nobody owns it.
 *
 * Returns: (transfer full): the watch; free with bsc_rauc_name_free()
 */
BscRaucName *bsc_rauc_name_new(GDBusConnection *bus, BscSystem *system);

/**
 * bsc_rauc_name_free:
 * @self: (transfer full) (nullable): the watch; the name goes with the connection
 */
void bsc_rauc_name_free(BscRaucName *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscRaucName, bsc_rauc_name_free)
