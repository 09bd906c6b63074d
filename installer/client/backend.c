/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/client/backend.h"

#include "common/error.h"
#include "installer/client/backend-bus.h"
#include "installer/client/backend-local.h"

static BscBackend *(*const backends[BSC_BACKEND_KIND_N])(const BscBackendOptions *, GError **) = {
	[BSC_BACKEND_KIND_BUS] = bsc_backend_bus_new,
	[BSC_BACKEND_KIND_LOCAL] = bsc_backend_local_new,
};

BscBackend *
bsc_backend_open(const BscBackendOptions *options, GError **error)
{
	g_return_val_if_fail(options->kind < BSC_BACKEND_KIND_N, NULL);

	return backends[options->kind](options, error);
}

void
bsc_backend_free(BscBackend *self)
{
	if (self != NULL)
		self->ops->free(self);
}

gboolean
bsc_backend_install(BscBackend *self, const BscBackendRequest *request,
		    BscBackendProgressFunc on_progress, gpointer data, GCancellable *cancellable,
		    BscBackendResult *out, GError **error)
{
	return self->ops->install(self, request, on_progress, data, cancellable, out, error);
}

gboolean
bsc_backend_query(BscBackend *self, GVariant **out_status, GVariant **out_slots, GError **error)
{
	return self->ops->query(self, out_status, out_slots, error);
}

GVariant *
bsc_backend_inspect(BscBackend *self, const char *path, GError **error)
{
	return self->ops->inspect(self, path, error);
}

gboolean
bsc_backend_mark(BscBackend *self, const char *state, const char *slot, char **out_message,
		 GError **error)
{
	return self->ops->mark(self, state, slot, out_message, error);
}

gboolean
bsc_backend_get_result(BscBackend *self, const char *transaction, BscBackendResult *out,
		       GError **error)
{
	return self->ops->get_result(self, transaction, out, error);
}

gboolean
bsc_backend_cancel(BscBackend *self, const char *transaction, GError **error)
{
	if (self->ops->cancel == NULL)
		return bsc_error_set(error, BSC_BACKEND_ERROR, BSC_OUTCOME_REJECTED,
				     "A standalone installation is cancelled where it runs: press "
				     "Ctrl-C there or send it SIGTERM");
	return self->ops->cancel(self, transaction, error);
}
