/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/cmd-resign.c - a new signature around the same payload */
#include "config.h"

#include "bundle-tools/bundle/bundle-rewrite.h"
#include "bundle-tools/cli/cmd.h"
#include "bundle-tools/cli/progress-line.h"
#include "bundle-tools/cli/reader.h"
#include "common/error.h"

#include <stdio.h>

static void
on_notice(const char *text, gpointer unused)
{
	bsc_progress_line_clear();
	fprintf(stderr, "bascule-bundle: note: %s\n", text);
}

static gboolean
load_options(const BscAccess *access, BscReader *reader, BscKeyring **out_keyring,
	     BscBundleRewriteOptions *options, GError **error)
{
	if (!bsc_reader_load(reader, access, FALSE, error) ||
	    !bsc_access_load_output_keyring(access, out_keyring, error))
		return FALSE;
	options->keyring = reader->keyring;
	options->no_verify = access->no_verify;
	options->out_keyring = *out_keyring;
	options->on_progress = bsc_progress_line_update;
	options->on_notice = on_notice;
	if (*out_keyring == NULL)
		on_notice("no keyring given, so the new signature is not verified", NULL);
	return TRUE;
}

static gboolean
parse_resign(BscAccess *access, gboolean *append, int *argc, char ***argv, GError **error)
{
	const GOptionEntry entries[] = {
		{"append", 0, 0, G_OPTION_ARG_NONE, append,
		 "keep the signers that are there (cannot be verified yet)", NULL},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("BUNDLE NEW-BUNDLE");

	g_option_context_set_summary(context, "Makes a copy of a bundle with a new signature; "
					      "payload and manifest stay as they are.");
	g_option_context_add_main_entries(context, entries, NULL);
	bsc_access_add_signing(access, context);
	bsc_access_add_trust(access, context);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (*argc != 3)
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "resign takes a BUNDLE and a NEW-BUNDLE to make");
	return TRUE;
}

gboolean
bsc_cmd_resign(int argc, char **argv, GCancellable *cancellable, GError **error)
{
	g_auto(BscAccess) access = {0};
	g_auto(BscReader) reader = {0};
	g_autoptr(BscKeyring) out_keyring = NULL;
	g_autoptr(BscSigningKey) key = NULL;
	BscBundleRewriteOptions options = {0};
	BscCmsSignOptions sign = {0};
	gboolean append = FALSE;

	if (!parse_resign(&access, &append, &argc, &argv, error))
		return FALSE;
	key = bsc_access_load_signer(&access, &sign, error);
	if (key == NULL || !load_options(&access, &reader, &out_keyring, &options, error))
		return FALSE;
	if (!bsc_bundle_rewrite_resign(argv[1], argv[2], key, &sign, append, &options, cancellable,
				       error))
		return FALSE;
	bsc_progress_line_clear();
	printf("Created '%s'\n", argv[2]);
	return TRUE;
}

static gboolean
parse_replace(BscAccess *access, int *argc, char ***argv, GError **error)
{
	const GOptionEntry entries[] = {
		{"signing-keyring", 0, 0, G_OPTION_ARG_STRING, &access->signing_keyring,
		 "verify the result against this keyring", "PEM|DIR"},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("BUNDLE SIGNATURE NEW-BUNDLE");

	g_option_context_set_summary(context, "Makes a copy of a bundle with a signature that was "
					      "made elsewhere (CMS in DER).");
	g_option_context_add_main_entries(context, entries, NULL);
	bsc_access_add_trust(access, context);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (*argc != 4)
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "replace-signature takes a BUNDLE, a SIGNATURE and a "
				     "NEW-BUNDLE to make");
	return TRUE;
}

gboolean
bsc_cmd_replace_signature(int argc, char **argv, GCancellable *cancellable, GError **error)
{
	g_auto(BscAccess) access = {0};
	g_auto(BscReader) reader = {0};
	g_autoptr(BscKeyring) out_keyring = NULL;
	BscBundleRewriteOptions options = {0};

	if (!parse_replace(&access, &argc, &argv, error) ||
	    !load_options(&access, &reader, &out_keyring, &options, error))
		return FALSE;
	if (!bsc_bundle_rewrite_replace_signature(argv[1], argv[2], argv[3], &options, cancellable,
						  error))
		return FALSE;
	bsc_progress_line_clear();
	printf("Created '%s'\n", argv[3]);
	return TRUE;
}
