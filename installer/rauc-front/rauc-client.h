/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/rauc-front/rauc-client.h - RAUC's install, status and mark, by its bus interface */
#pragma once

#include "installer/output/output.h"

/* What `rauc install` was asked. Nothing is owned. */
typedef struct {
	const char *source; /* absolute path, or a URL, which is handed on as it is */
	gboolean ignore_compatible;
	gboolean ignore_version_limit;
	const char *transaction_id;
	const char *require_manifest_hash;
	const char *tls_cert;
	const char *tls_key;
	const char *tls_ca;
	gboolean tls_no_verify;
	const char *const *http_headers; /* `K: V`; (nullable) */
	gboolean progress;		 /* draw a bar if stdout is a terminal */
} BscRaucClientInstall;

/**
 * bsc_rauc_client_install:
 * @install: what is asked
 *
 * Installs by whoever owns de.pengutronix.rauc and prints what RAUC's client prints.
 *
 * Returns: RAUC's exit status: 0 installed, 1 failed, 2 the bus failed, 3 interrupted (the
 *   installation goes on)
 */
int bsc_rauc_client_install(const BscRaucClientInstall *install);

/**
 * bsc_rauc_client_status:
 * @format: how
 * @detailed: also what is recorded of each slot
 *
 * Returns: the exit status, 0 or 1
 */
int bsc_rauc_client_status(BscOutputFormat format, gboolean detailed);

/**
 * bsc_rauc_client_mark:
 * @state: `good`, `bad` or `active`
 * @slot: `booted`, `other` or a slot's name
 *
 * Returns: the exit status, 0 or 1
 */
int bsc_rauc_client_mark(const char *state, const char *slot);
