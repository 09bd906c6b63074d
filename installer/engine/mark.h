/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/mark.h - good, bad or active for a slot, `booted` or `other` */
#pragma once

#include "installer/engine/system-handle.h"

/**
 * bsc_mark:
 * @system: the device
 * @state: `good`, `bad` or `active`
 * @identifier: `booted`, `other` or a slot's name
 * @out_slot: (out) (optional) (transfer full): names of the slots marked, blank-separated
 * @out_message: (out) (optional) (transfer full): `marked slot(s) rootfs.0 as good`
 * @error: return location
 *
 * Tells the boot loader. `good` for the booted slot also ends its trial, raises the highest good
 * version and the newest signing time, and with prevent-late-fallback marks all other boot slots
 * bad. Takes the writer lock.
 *
 * Errors: %BSC_INSTALL_ERROR_REJECTED for an unknown state or identifier, and for a mark that
 * would leave nothing to boot; %BSC_INSTALL_ERROR_BUSY; %BSC_BOOT_ERROR_*.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_mark(BscSystem *system, const char *state, const char *identifier, char **out_slot,
		  char **out_message, GError **error);
