/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* dbus/dbus-names.h - bus names, paths, option and dictionary keys, actions */
#pragma once

/* Our own name; the interface has the name of the service. */
#define BSC_DBUS_NAME	   "org.bascule.Update1"
#define BSC_DBUS_PATH	   "/org/bascule/Update1"
#define BSC_DBUS_INTERFACE "org.bascule.Update1"

/* The names that clients of RAUC call, and the error name that all its refusals carry. */
#define BSC_DBUS_RAUC_NAME	"de.pengutronix.rauc"
#define BSC_DBUS_RAUC_PATH	"/"
#define BSC_DBUS_RAUC_INTERFACE "de.pengutronix.rauc.Installer"
#define BSC_DBUS_RAUC_ERROR	"org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code30"

/* Errors of our interface besides those of dbus/outcome.h. */
#define BSC_DBUS_ERROR_COMMITTED  "org.bascule.Update1.Error.Committed" /* too late to cancel */
#define BSC_DBUS_ERROR_UNKNOWN_ID "org.bascule.Update1.Error.UnknownTransaction"
#define BSC_DBUS_ERROR_USED_ID	  "org.bascule.Update1.Error.UsedTransaction" /* it ran before */

/* Options of Install; Inspect knows the first one. */
#define BSC_DBUS_OPTION_FD		      "fd"
#define BSC_DBUS_OPTION_FORCE_ON_TRIAL	      "force-on-trial"
#define BSC_DBUS_OPTION_HANDLER_ARGS	      "handler-args"
#define BSC_DBUS_OPTION_IGNORE_COMPATIBLE     "ignore-compatible"
#define BSC_DBUS_OPTION_IGNORE_VERSION_LIMIT  "ignore-version-limit"
#define BSC_DBUS_OPTION_REQUIRE_MANIFEST_HASH "require-manifest-hash"
#define BSC_DBUS_OPTION_TRANSACTION_ID	      "transaction-id"

/* Values of the property Operation. */
#define BSC_DBUS_OPERATION_IDLE	      "idle"
#define BSC_DBUS_OPERATION_INSTALLING "installing"

/* Keys of the property Progress. */
#define BSC_DBUS_PROGRESS_TRANSACTION  "transaction"  /* s */
#define BSC_DBUS_PROGRESS_PHASE	       "phase"	      /* s */
#define BSC_DBUS_PROGRESS_MESSAGE      "message"      /* s */
#define BSC_DBUS_PROGRESS_PERCENT      "percent"      /* u, 0 to 100 */
#define BSC_DBUS_PROGRESS_BYTES_DONE   "bytes-done"   /* t */
#define BSC_DBUS_PROGRESS_BYTES_TOTAL  "bytes-total"  /* t */
#define BSC_DBUS_PROGRESS_RATE	       "rate"	      /* t, bytes per second */
#define BSC_DBUS_PROGRESS_SECONDS_LEFT "seconds-left" /* t, only while it is known */

/* polkit actions, see dbus/org.bascule.Update1.policy. */
#define BSC_DBUS_ACTION_INSTALL "org.bascule.Update1.install"
#define BSC_DBUS_ACTION_MARK	"org.bascule.Update1.mark"
#define BSC_DBUS_ACTION_INSPECT "org.bascule.Update1.inspect"
