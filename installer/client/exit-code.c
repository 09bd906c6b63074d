/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/client/exit-code.h"

#include "installer/client/backend-ops.h"

static const int codes[BSC_OUTCOME_N] = {
	[BSC_OUTCOME_OK] = BSC_EXIT_CODE_OK,
	[BSC_OUTCOME_REJECTED] = 10,
	[BSC_OUTCOME_BUSY] = 11,
	[BSC_OUTCOME_NO_DESTINATION] = 12,
	[BSC_OUTCOME_UNTRUSTED] = 13,
	[BSC_OUTCOME_CORRUPT] = 14,
	[BSC_OUTCOME_DOWNLOAD] = 15,
	[BSC_OUTCOME_WRITE] = 16,
	[BSC_OUTCOME_HOOK] = 17,
	[BSC_OUTCOME_BOOT] = 18,
	[BSC_OUTCOME_CANCELLED] = 19,
	[BSC_OUTCOME_INTERNAL] = BSC_EXIT_CODE_FAILED,
};

int
bsc_exit_code_from_outcome(BscOutcome outcome)
{
	return (unsigned)outcome < BSC_OUTCOME_N ? codes[outcome] : BSC_EXIT_CODE_FAILED;
}

int
bsc_exit_code_from_error(const GError *error)
{
	if (error == NULL || error->domain != BSC_BACKEND_ERROR)
		return BSC_EXIT_CODE_FAILED;
	if (error->code > BSC_OUTCOME_OK && error->code < BSC_OUTCOME_N)
		return codes[error->code];
	switch ((BscBackendError)error->code) {
	case BSC_BACKEND_ERROR_SERVICE:
	case BSC_BACKEND_ERROR_DENIED:
		return BSC_EXIT_CODE_SERVICE;
	case BSC_BACKEND_ERROR_DETACHED:
		return BSC_EXIT_CODE_DETACHED;
	case BSC_BACKEND_ERROR_UNKNOWN_ID:
		return bsc_exit_code_from_outcome(BSC_OUTCOME_REJECTED);
	}
	return BSC_EXIT_CODE_FAILED;
}
