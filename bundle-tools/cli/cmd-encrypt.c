/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/cmd-encrypt.c - put the signature of a crypt bundle into an envelope */
#include "config.h"

#include "bundle-tools/bundle/bundle-rewrite.h"
#include "bundle-tools/cli/cmd.h"
#include "bundle-tools/cli/progress-line.h"
#include "bundle-tools/cli/reader.h"
#include "common/error.h"

#include <stdio.h>

static gboolean
parse_encrypt(BscAccess *access, char ***recipients, int *argc, char ***argv, GError **error)
{
	const GOptionEntry entries[] = {
		{"to", 0, 0, G_OPTION_ARG_STRING_ARRAY, recipients,
		 "file with certificates of recipients; may be repeated", "PEM"},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("BUNDLE NEW-BUNDLE");

	g_option_context_set_summary(context, "Makes a copy of a crypt bundle that only the "
					      "recipients can read.");
	g_option_context_add_main_entries(context, entries, NULL);
	bsc_access_add_trust(access, context);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (*argc != 3)
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "encrypt takes a BUNDLE and a NEW-BUNDLE to make");
	if (*recipients == NULL)
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "No recipient given: name certificates with --to=");
	return TRUE;
}

gboolean
bsc_cmd_encrypt(int argc, char **argv, GCancellable *cancellable, GError **error)
{
	g_auto(BscAccess) access = {0};
	g_auto(BscReader) reader = {0};
	g_auto(GStrv) recipients = NULL;
	BscBundleRewriteOptions options = {0};

	if (!parse_encrypt(&access, &recipients, &argc, &argv, error) ||
	    !bsc_reader_load(&reader, &access, FALSE, error))
		return FALSE;
	options.keyring = reader.keyring;
	options.no_verify = access.no_verify;
	options.on_progress = bsc_progress_line_update;
	if (!bsc_bundle_rewrite_encrypt(argv[1], argv[2], (const char *const *)recipients, &options,
					cancellable, error))
		return FALSE;
	bsc_progress_line_clear();
	printf("Created '%s'\n", argv[2]);
	return TRUE;
}
