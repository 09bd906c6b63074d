/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/client/backend-ops.h"

G_DEFINE_QUARK(bsc - backend - error - quark, bsc_backend_error)

void
bsc_backend_ops_clear_result(BscBackendResult *result)
{
	g_clear_pointer(&result->transaction, g_free);
	g_clear_pointer(&result->outcome, g_free);
	g_clear_pointer(&result->message, g_free);
	g_clear_pointer(&result->details, g_variant_unref);
}
