/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/install-request.h"

#include "common/error.h"
#include "common/hex.h"
#include "common/io.h"
#include "installer/engine/install-error.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_TRANSACTION_CHARS 64

BscInstallRequest *
bsc_install_request_new(const char *uri)
{
	BscInstallRequest *self = g_new0(BscInstallRequest, 1);

	self->uri = g_strdup(uri);
	self->fd = -1;
	return self;
}

void
bsc_install_request_free(BscInstallRequest *self)
{
	if (!self)
		return;
	bsc_io_clear_fd(&self->fd);
	g_free(self->uri);
	g_free(self->transaction_id);
	g_free(self->require_manifest_hash);
	g_free(self->handler_args);
	g_free(self);
}

static gboolean
check_uri(BscInstallRequest *self, GError **error)
{
	g_autofree char *path = NULL;

	if (self->fd >= 0)
		return TRUE;
	if (!self->uri || !*self->uri)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
				     "No bundle given");
	if (g_str_has_prefix(self->uri, "file://")) {
		path = g_filename_from_uri(self->uri, NULL, NULL);
		if (!path)
			return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
					     "'%s' is not a valid file URI", self->uri);
		g_free(self->uri);
		self->uri = g_steal_pointer(&path);
		return TRUE;
	}
	if (strstr(self->uri, "://"))
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
				     "Cannot install from '%s': reading bundles over a network is "
				     "not supported yet; copy the bundle to this device first",
				     self->uri);
	if (!g_path_is_absolute(self->uri))
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
				     "'%s' is not an absolute path", self->uri);
	return TRUE;
}

static gboolean
check_transaction(BscInstallRequest *self, GError **error)
{
	const char *id = self->transaction_id;

	if (!id) {
		self->transaction_id = g_uuid_string_random();
		return TRUE;
	}
	if (*id && *id != '.' && strlen(id) <= MAX_TRANSACTION_CHARS &&
	    id[strspn(id, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-")] == '\0')
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
			     "Transaction id '%s' is not 1 to %d of the characters A-Z, a-z, 0-9, "
			     "'.', '_' and '-'",
			     id, MAX_TRANSACTION_CHARS);
}

static gboolean
check_manifest_hash(const BscInstallRequest *self, GError **error)
{
	uint8_t digest[32];

	if (!self->require_manifest_hash ||
	    bsc_hex_decode(self->require_manifest_hash, digest, sizeof(digest)))
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
			     "Required manifest hash '%s' is not 64 hex digits",
			     self->require_manifest_hash);
}

gboolean
bsc_install_request_check(BscInstallRequest *self, GError **error)
{
	return check_uri(self, error) && check_manifest_hash(self, error) &&
	       check_transaction(self, error);
}
