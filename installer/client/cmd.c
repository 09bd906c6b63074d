/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/client/cmd.h"

#include "common/error.h"
#include "installer/client/exit-code.h"

#include <errno.h>
#include <unistd.h>

int
bsc_cmd_fail(GError *error)
{
	g_autoptr(GError) owned = error;

	g_printerr("bascule: %s\n", owned->message);
	return bsc_exit_code_from_error(owned);
}

int
bsc_cmd_fail_usage(const BscCmdLine *line, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_printerr("bascule %s: %s (usage: bascule %s [OPTION…]%s%s; see --help)\n",
		   line->cmd->name, text, line->cmd->name, line->cmd->arguments[0] ? " " : "",
		   line->cmd->arguments);
	return BSC_EXIT_CODE_FAILED;
}

BscBackend *
bsc_cmd_open(const BscCmdLine *line, int *out_status)
{
	GError *error = NULL;
	BscBackend *backend;

	if (line->has_local_options && line->backend.kind != BSC_BACKEND_KIND_LOCAL) {
		*out_status =
			bsc_cmd_fail_usage(line, "-c, -C, --mount, --override-boot-slot, --keyring "
						 "and --run-dir count with --standalone "
						 "only: the service has its own");
		return NULL;
	}
	backend = bsc_backend_open(&line->backend, &error);
	if (backend == NULL)
		*out_status = bsc_cmd_fail(error);
	return backend;
}

static char *
decode_uri(const char *uri, const char *scheme, GError **error)
{
	g_autoptr(GError) cause = NULL;
	char *path;

	if (g_ascii_strcasecmp(scheme, "file") != 0) {
		bsc_error_set(error, BSC_BACKEND_ERROR, BSC_OUTCOME_REJECTED,
			      "Installing from '%s' is not supported yet: download the bundle and "
			      "give its path",
			      scheme);
		return NULL;
	}
	path = g_filename_from_uri(uri, NULL, &cause);
	if (path == NULL)
		bsc_error_set(error, BSC_BACKEND_ERROR, BSC_OUTCOME_REJECTED, "Bad URI '%s': %s",
			      uri, cause->message);
	return path;
}

char *
bsc_cmd_resolve_bundle(const char *argument, GError **error)
{
	const char *colon = strstr(argument, "://");
	g_autofree char *scheme = colon ? g_strndup(argument, (gsize)(colon - argument)) : NULL;
	g_autofree char *path = NULL;

	if (scheme != NULL)
		path = decode_uri(argument, scheme, error);
	else
		path = g_canonicalize_filename(argument, NULL);
	if (path == NULL)
		return NULL;
	if (access(path, R_OK) != 0) {
		bsc_error_set(error, BSC_BACKEND_ERROR, BSC_OUTCOME_DOWNLOAD,
			      "Failed to open bundle '%s': %s", path, g_strerror(errno));
		return NULL;
	}
	return g_steal_pointer(&path);
}
