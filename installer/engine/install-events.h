/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/install-events.h - catalogue of the device's operator events: one row each */
#pragma once

#include "common/event.h"

/* Names of rows in the catalogue. The first block keeps the MESSAGE_IDs of RAUC's events. */
typedef enum {
	BSC_INSTALL_EVENT_STARTED,
	BSC_INSTALL_EVENT_SUCCEEDED,
	BSC_INSTALL_EVENT_FAILED,
	BSC_INSTALL_EVENT_REJECTED,
	BSC_INSTALL_EVENT_MARKED_ACTIVE,
	BSC_INSTALL_EVENT_MARKED_GOOD,
	BSC_INSTALL_EVENT_MARKED_BAD,
	BSC_INSTALL_EVENT_BOOTED_SLOT,
	BSC_INSTALL_EVENT_BOOTED_EXTERNAL,

	BSC_INSTALL_EVENT_SLOT_WRITTEN,
	BSC_INSTALL_EVENT_SLOT_SKIPPED,
	BSC_INSTALL_EVENT_ACTIVATED,
	BSC_INSTALL_EVENT_CANCELLED,
	BSC_INSTALL_EVENT_INTERRUPTED,
	BSC_INSTALL_EVENT_N,
} BscInstallEvent;

/**
 * bsc_install_events_get:
 * @event: a row
 *
 * Returns: (transfer none): its type, for bsc_event()
 */
const BscEventType *bsc_install_events_get(BscInstallEvent event);
