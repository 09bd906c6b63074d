/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/notify.h - tell the service manager what we are at */
#pragma once

#include <glib.h>

/**
 * bsc_notify:
 * @state: assignments as in sd_notify(3), one a line: `READY=1`, `STATUS=…`, `WATCHDOG=1`
 *
 * Sends one datagram to $NOTIFY_SOCKET; without that variable does nothing. A failure is logged
 * at debug: the service manager's picture is never worth a failed update.
 */
void bsc_notify(const char *state);
