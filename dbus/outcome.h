/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* dbus/outcome.h - how an update ended, in the words that programs outside the service hear */
#pragma once

#include <glib.h>

/*
 * The short vocabulary at the border. Inside, errors are GErrors of the rooms; outside, a caller
 * only needs to know what to do next. The words and bus error names never change.
 */
typedef enum {
	BSC_OUTCOME_OK,		    /* the update is complete and boots next */
	BSC_OUTCOME_REJECTED,	    /* not for this device, not allowed, or a bad request */
	BSC_OUTCOME_BUSY,	    /* something else is being done; try again later */
	BSC_OUTCOME_NO_DESTINATION, /* no slot that could take the image */
	BSC_OUTCOME_UNTRUSTED,	    /* not signed by anybody we trust */
	BSC_OUTCOME_CORRUPT,	    /* the bundle's bytes are not what was signed, or no bundle */
	BSC_OUTCOME_DOWNLOAD,	    /* the bundle could not be fetched or read */
	BSC_OUTCOME_WRITE,	    /* a slot could not be written or holds the wrong bytes */
	BSC_OUTCOME_HOOK,	    /* a hook or handler failed or said no */
	BSC_OUTCOME_BOOT,	    /* the boot loader's state could not be read or changed */
	BSC_OUTCOME_CANCELLED,	    /* stopped on request before the commit point */
	BSC_OUTCOME_INTERNAL,	    /* everything else: the log knows more */
	BSC_OUTCOME_N,
} BscOutcome;

/**
 * bsc_outcome_to_string:
 * @outcome: an outcome
 *
 * Returns: (transfer none): its word, such as `no-destination`
 */
const char *bsc_outcome_to_string(BscOutcome outcome);

/**
 * bsc_outcome_from_string:
 * @word: (nullable): a word
 * @out: (out): the outcome; not touched on failure
 *
 * Returns: %FALSE if @word is none of ours
 */
gboolean bsc_outcome_from_string(const char *word, BscOutcome *out);

/**
 * bsc_outcome_to_bus_error:
 * @outcome: an outcome other than %BSC_OUTCOME_OK
 *
 * Returns: (transfer none): the D-Bus error name, such as `org.bascule.Update1.Error.Rejected`
 */
const char *bsc_outcome_to_bus_error(BscOutcome outcome);

/**
 * bsc_outcome_from_bus_error:
 * @bus_error: (nullable): a D-Bus error name
 * @out: (out): the outcome; not touched on failure
 *
 * Returns: %FALSE if the name is none of ours
 */
gboolean bsc_outcome_from_bus_error(const char *bus_error, BscOutcome *out);
