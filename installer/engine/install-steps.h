/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/install-steps.h - the steps of an installation, in the order that is safe */
#pragma once

#include "installer/engine/install-context.h"

/**
 * bsc_install_steps_run:
 * @self: an installation
 * @error: return location
 *
 * Runs the steps until one fails. What a failed step leaves is for the caller to settle;
 * @self->fallback then tells the outcome of an error that names none itself.
 *
 * Returns: %TRUE if all succeeded
 */
gboolean bsc_install_steps_run(BscInstallContext *self, GError **error);

/**
 * bsc_install_steps_finish_record:
 * @self: an installation
 * @outcome: how it ended
 * @message: (nullable): why it failed
 * @error: return location
 *
 * Returns: %TRUE when its end is durable
 */
gboolean bsc_install_steps_finish_record(BscInstallContext *self, BscOutcome outcome,
					 const char *message, GError **error);
