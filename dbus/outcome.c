/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "dbus/outcome.h"

#define ERROR_PREFIX "org.bascule.Update1.Error."

static const struct {
	const char *word;
	const char *bus_error; /* NULL: no error */
} outcomes[BSC_OUTCOME_N] = {
	[BSC_OUTCOME_OK] = {"ok", NULL},
	[BSC_OUTCOME_REJECTED] = {"rejected", ERROR_PREFIX "Rejected"},
	[BSC_OUTCOME_BUSY] = {"busy", ERROR_PREFIX "Busy"},
	[BSC_OUTCOME_NO_DESTINATION] = {"no-destination", ERROR_PREFIX "NoDestination"},
	[BSC_OUTCOME_UNTRUSTED] = {"untrusted", ERROR_PREFIX "Untrusted"},
	[BSC_OUTCOME_CORRUPT] = {"corrupt", ERROR_PREFIX "Corrupt"},
	[BSC_OUTCOME_DOWNLOAD] = {"download", ERROR_PREFIX "Download"},
	[BSC_OUTCOME_WRITE] = {"write", ERROR_PREFIX "Write"},
	[BSC_OUTCOME_HOOK] = {"hook", ERROR_PREFIX "Hook"},
	[BSC_OUTCOME_BOOT] = {"boot", ERROR_PREFIX "Boot"},
	[BSC_OUTCOME_CANCELLED] = {"cancelled", ERROR_PREFIX "Cancelled"},
	[BSC_OUTCOME_INTERNAL] = {"internal", ERROR_PREFIX "Internal"},
};

const char *
bsc_outcome_to_string(BscOutcome outcome)
{
	g_return_val_if_fail(outcome < BSC_OUTCOME_N, "internal");
	return outcomes[outcome].word;
}

gboolean
bsc_outcome_from_string(const char *word, BscOutcome *out)
{
	for (BscOutcome i = 0; i < BSC_OUTCOME_N; i++) {
		if (g_strcmp0(outcomes[i].word, word) != 0)
			continue;
		*out = i;
		return TRUE;
	}
	return FALSE;
}

const char *
bsc_outcome_to_bus_error(BscOutcome outcome)
{
	g_return_val_if_fail(outcome < BSC_OUTCOME_N && outcome != BSC_OUTCOME_OK,
			     ERROR_PREFIX "Internal");
	return outcomes[outcome].bus_error;
}

gboolean
bsc_outcome_from_bus_error(const char *bus_error, BscOutcome *out)
{
	for (BscOutcome i = 0; bus_error != NULL && i < BSC_OUTCOME_N; i++) {
		if (g_strcmp0(outcomes[i].bus_error, bus_error) != 0)
			continue;
		*out = i;
		return TRUE;
	}
	return FALSE;
}
