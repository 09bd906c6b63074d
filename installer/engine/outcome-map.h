/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/outcome-map.h - error domain and code to the outside's word for it */
#pragma once

#include "dbus/outcome.h"

#include <glib.h>

/**
 * bsc_outcome_map_from_error:
 * @error: (nullable): how something of the engine failed; %NULL = it did not
 *
 * Returns: the outcome; %BSC_OUTCOME_INTERNAL for what has no row
 */
BscOutcome bsc_outcome_map_from_error(const GError *error);

/**
 * bsc_outcome_map_has_row:
 * @domain: an error domain
 * @code: a code of it
 *
 * Returns: whether the table names the pair, for the test that none is forgotten
 */
gboolean bsc_outcome_map_has_row(GQuark domain, int code);
