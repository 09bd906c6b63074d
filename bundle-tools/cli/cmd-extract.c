/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/cmd-extract.c - content or signature of a bundle as files */
#include "config.h"

#include "bundle-tools/bundle/bundle-rewrite.h"
#include "bundle-tools/bundle/bundle-tree.h"
#include "bundle-tools/cli/cmd.h"
#include "bundle-tools/cli/progress-line.h"
#include "bundle-tools/cli/reader.h"
#include "common/error.h"
#include "common/io.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static gboolean
parse_two(BscAccess *access, int *argc, char ***argv, const char *arguments, const char *summary,
	  GError **error)
{
	g_autoptr(GOptionContext) context = g_option_context_new(arguments);

	g_option_context_set_summary(context, summary);
	bsc_access_add_trust(access, context);
	bsc_access_add_decryption(access, context);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (*argc != 3)
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s takes %s",
				     (*argv)[0], arguments);
	return TRUE;
}

static gboolean
extract_content(BscBundle *bundle, const char *dir, GCancellable *cancellable, GError **error)
{
	static char phase[] = "extracting";
	g_autoptr(GError) why = NULL;

	if (mkdir(dir, 0755) < 0)
		return bsc_error_set_errno(error, errno, "Failed to make '%s'", dir);
	if (bsc_bundle_tree_extract_all(bundle, dir, bsc_progress_line_update_phase, phase,
					cancellable, error))
		return TRUE;
	if (!bsc_io_remove_tree(dir, &why))
		g_debug("%s", why->message);
	return FALSE;
}

gboolean
bsc_cmd_extract(int argc, char **argv, GCancellable *cancellable, GError **error)
{
	g_auto(BscAccess) access = {0};
	g_autoptr(BscBundle) bundle = NULL;

	if (!parse_two(&access, &argc, &argv, "BUNDLE DIRECTORY",
		       "Writes the content of a bundle into a new directory.", error))
		return FALSE;
	bundle = bsc_reader_open(&access, argv[1], cancellable, error);
	if (bundle == NULL)
		return FALSE;
	if (!extract_content(bundle, argv[2], cancellable, error)) {
		g_prefix_error(error, "'%s': ", argv[1]);
		return FALSE;
	}
	bsc_progress_line_clear();
	printf("Extracted into '%s'\n", argv[2]);
	return TRUE;
}

gboolean
bsc_cmd_extract_signature(int argc, char **argv, GCancellable *cancellable, GError **error)
{
	g_auto(BscAccess) access = {0};
	g_auto(BscReader) reader = {0};
	BscBundleRewriteOptions options = {0};

	if (!parse_two(&access, &argc, &argv, "BUNDLE SIGNATURE",
		       "Writes the signature of a bundle (CMS in DER) into a new file.", error) ||
	    !bsc_reader_load(&reader, &access, TRUE, error))
		return FALSE;
	options.keyring = reader.keyring;
	options.decryption_key = reader.key;
	options.no_verify = access.no_verify;
	options.on_progress = bsc_progress_line_update;
	if (!bsc_bundle_rewrite_extract_signature(argv[1], argv[2], &options, cancellable, error))
		return FALSE;
	bsc_progress_line_clear();
	printf("Wrote '%s'\n", argv[2]);
	return TRUE;
}
