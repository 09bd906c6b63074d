/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/install-error.h - the error domain of the engine */
#pragma once

#include <glib.h>

#define BSC_INSTALL_ERROR bsc_install_error_quark()
GQuark bsc_install_error_quark(void);

typedef enum {
	BSC_INSTALL_ERROR_BUSY,		  /* another process or job writes slots right now */
	BSC_INSTALL_ERROR_REJECTED,	  /* bundle or request is refused; nothing was written */
	BSC_INSTALL_ERROR_NO_DESTINATION, /* no slot may take the bundle; nothing was written */
	BSC_INSTALL_ERROR_HOOK,		  /* a hook or handler failed */
	BSC_INSTALL_ERROR_COMMITTED,	  /* too late: the commit point is passed */
	BSC_INSTALL_ERROR_USED,		  /* the transaction id was used before */
	BSC_INSTALL_ERROR_N,
} BscInstallError;
