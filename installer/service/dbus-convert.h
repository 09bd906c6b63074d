/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/service/dbus-convert.h - our structs and errors, and their shapes on the bus */
#pragma once

#include "installer/engine/inspect.h"
#include "installer/engine/install-request.h"
#include "installer/engine/progress.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

/* Longest a transaction id may be; its characters are A-Z a-z 0-9 . _ -, no dot first. */
#define BSC_DBUS_CONVERT_MAX_ID 64

/**
 * bsc_dbus_convert_to_request:
 * @uri: absolute path or URI of a bundle; may be empty with the option `fd`
 * @options: `a{sv}` as Install() takes
 * @fds: (nullable): descriptors that came with the call
 * @error: return location
 *
 * Errors: %G_DBUS_ERROR_INVALID_ARGS for an unknown key or a wrong type, and what
 * bsc_install_request_check() says.
 *
 * Returns: (transfer full) (nullable): the request, or %NULL on failure
 */
BscInstallRequest *bsc_dbus_convert_to_request(const char *uri, GVariant *options, GUnixFDList *fds,
					       GError **error);

/**
 * bsc_dbus_convert_to_inspection:
 * @uri: absolute path or URI of a bundle; may be empty with the option `fd`
 * @options: `a{sv}` as Inspect() takes
 * @fds: (nullable): descriptors that came with the call
 * @error: return location
 *
 * Errors: as bsc_dbus_convert_to_request().
 *
 * Returns: (transfer full) (nullable): a request of which only uri and fd are set
 */
BscInstallRequest *bsc_dbus_convert_to_inspection(const char *uri, GVariant *options,
						  GUnixFDList *fds, GError **error);

/**
 * bsc_dbus_convert_to_rauc_request:
 * @source: absolute path or URI of a bundle
 * @args: `a{sv}` as InstallBundle() takes
 * @error: return location
 *
 * Errors: `Unsupported key: KEY` for an unknown key or a wrong type, and what
 * bsc_install_request_check() says.
 *
 * Returns: (transfer full) (nullable): the request, or %NULL on failure
 */
BscInstallRequest *bsc_dbus_convert_to_rauc_request(const char *source, GVariant *args,
						    GError **error);

/**
 * bsc_dbus_convert_to_rauc_inspection:
 * @source: absolute path or URI of a bundle
 * @args: `a{sv}` as InspectBundle() takes
 * @error: return location
 *
 * Errors: as bsc_dbus_convert_to_rauc_request().
 *
 * Returns: (transfer full) (nullable): a request of which only the uri is set
 */
BscInstallRequest *bsc_dbus_convert_to_rauc_inspection(const char *source, GVariant *args,
						       GError **error);

/**
 * bsc_dbus_convert_from_progress:
 * @transaction: whose progress it is
 * @state: the progress
 *
 * Returns: (transfer floating): `a{sv}` as in the property Progress
 */
GVariant *bsc_dbus_convert_from_progress(const char *transaction, const BscProgressState *state);

/**
 * bsc_dbus_convert_to_rauc_slots:
 * @view: a status
 *
 * Returns: (transfer floating): `a(sa{sv})` as GetSlotStatus() answers: only keys that RAUC has
 */
GVariant *bsc_dbus_convert_to_rauc_slots(const BscStatusView *view);

/**
 * bsc_dbus_convert_to_rauc_info:
 * @view: a bundle
 *
 * The dictionaries inside are variants in variants, as RAUC sends them: clients unwrap twice.
 *
 * Returns: (transfer floating): `a{sv}` as InspectBundle() answers
 */
GVariant *bsc_dbus_convert_to_rauc_info(const BscBundleView *view);

/**
 * bsc_dbus_convert_get_error_name:
 * @error: how something failed
 *
 * Returns: (transfer full): the name of the D-Bus error of our interface
 */
char *bsc_dbus_convert_get_error_name(const GError *error);

/**
 * bsc_dbus_convert_check_id:
 * @transaction: a transaction id
 *
 * Returns: whether it has the form of one
 */
gboolean bsc_dbus_convert_check_id(const char *transaction);
