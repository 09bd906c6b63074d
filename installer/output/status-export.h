/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/output/status-export.h - the status as shell variables and JSON */
#pragma once

#include "installer/output/output.h"

/**
 * bsc_status_export_shell:
 * @status: `a{sv}`: the system
 * @slots: `a(sa{sv})`: the slots
 * @detailed: also what is recorded of each slot
 *
 * Returns: (transfer full): RAUC's variables, one a line
 */
char *bsc_status_export_shell(GVariant *status, GVariant *slots, gboolean detailed);

/**
 * bsc_status_export_json:
 * @status: `a{sv}`: the system
 * @slots: `a(sa{sv})`: the slots
 * @format: JSON or JSON_PRETTY
 * @detailed: also what is recorded of each slot
 *
 * Returns: (transfer full): RAUC's members, with ours beside them
 */
char *bsc_status_export_json(GVariant *status, GVariant *slots, BscOutputFormat format,
			     gboolean detailed);
