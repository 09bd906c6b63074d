/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/rauc-front/rauc-output.h - the status as RAUC prints it */
#pragma once

#include <glib.h>

/**
 * bsc_rauc_output_format_status:
 * @status: `a{sv}`: the system, as GetStatus() of org.bascule.Update1
 * @slots: `a(sa{sv})`: the slots, as GetSlots()
 * @detailed: also what is recorded of each slot
 *
 * Returns: (transfer full): the readable text as RAUC prints it, colours included
 */
char *bsc_rauc_output_format_status(GVariant *status, GVariant *slots, gboolean detailed);
