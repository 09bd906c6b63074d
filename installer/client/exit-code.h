/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/exit-code.h - how the program ends, for scripts */
#pragma once

#include "dbus/outcome.h"

/* The table stands in bascule(1); numbers never change. */
#define BSC_EXIT_CODE_OK       0
#define BSC_EXIT_CODE_FAILED   1 /* wrong usage, or an internal error */
#define BSC_EXIT_CODE_SERVICE  2 /* no service reached, or not allowed */
#define BSC_EXIT_CODE_DETACHED 3 /* we left; the installation goes on in the service */

/**
 * bsc_exit_code_from_outcome:
 * @outcome: how an update ended
 *
 * Returns: the exit status
 */
int bsc_exit_code_from_outcome(BscOutcome outcome);

/**
 * bsc_exit_code_from_error:
 * @error: what a backend reported
 *
 * Returns: the exit status, never 0
 */
int bsc_exit_code_from_error(const GError *error);
