/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/output/status-output.h - the status of system and slots as text */
#pragma once

#include "installer/output/output.h"

/**
 * bsc_status_output_format:
 * @status: `a{sv}`: the system, as GetStatus() of org.bascule.Update1
 * @slots: `a(sa{sv})`: the slots, as GetSlots()
 * @format: how
 * @detailed: also what is recorded of each slot
 *
 * Shell variables and JSON members are RAUC's, with ours beside them.
 *
 * Returns: (transfer full): the text
 */
char *bsc_status_output_format(GVariant *status, GVariant *slots, BscOutputFormat format,
			       gboolean detailed);
