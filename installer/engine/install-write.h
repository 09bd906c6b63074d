/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/install-write.h - the step that puts the images into their slots */
#pragma once

#include "installer/engine/install-context.h"

/**
 * bsc_install_write_images:
 * @self: an installation whose destinations are cleared
 * @error: return location
 *
 * Writes the images one after another, with their hooks; each is proved by its digest and by
 * reading it back. A power cut in here leaves some destinations complete, and none is booted.
 *
 * Errors: as bsc_slot_writer_write(); %BSC_INSTALL_ERROR_HOOK
 *
 * Returns: %TRUE when all are durable
 */
gboolean bsc_install_write_images(BscInstallContext *self, GError **error);
