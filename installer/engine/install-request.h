/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/install-request.h - what the caller asked for */
#pragma once

#include <glib.h>

typedef struct {
	char *uri; /* absolute path, or file:// URI of the bundle; may be empty with @fd */
	int fd;	   /* open descriptor of the bundle, owned, read instead of @uri; -1 = none */
	char *transaction_id;	     /* %NULL = bsc_install_request_check() makes a UUID */
	char *require_manifest_hash; /* 64 hex digits the manifest must hash to; %NULL = any */
	char *handler_args; /* further arguments for handlers, shell quoted; %NULL = none */
	gboolean ignore_compatible;
	gboolean ignore_version_limit; /* min-bundle-version and downgrade=refuse do not count */
	gboolean force_on_trial;       /* install although the booted slot is not yet marked good */
} BscInstallRequest;

/**
 * bsc_install_request_new:
 * @uri: path or file:// URI of the bundle
 *
 * Returns: (transfer full): a request for @uri with defaults; free with bsc_install_request_free()
 */
BscInstallRequest *bsc_install_request_new(const char *uri);

/**
 * bsc_install_request_free:
 * @self: (transfer full) (nullable): a request
 */
void bsc_install_request_free(BscInstallRequest *self);

/**
 * bsc_install_request_check:
 * @self: a request; gets a transaction id if it has none, a file:// URI becomes a path
 * @error: return location
 *
 * Checks the form of all fields, so that a caller can refuse before it starts a job. Pure but for
 * the random transaction id.
 *
 * Errors: %BSC_INSTALL_ERROR_REJECTED naming the field.
 *
 * Returns: %TRUE if the request can be carried out
 */
gboolean bsc_install_request_check(BscInstallRequest *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscInstallRequest, bsc_install_request_free)
