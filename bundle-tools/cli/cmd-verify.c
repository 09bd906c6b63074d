/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/cmd-verify.c - check signature, payload and images of a bundle */
#include "config.h"

#include "bundle-tools/cli/cmd.h"
#include "bundle-tools/cli/progress-line.h"
#include "bundle-tools/cli/reader.h"
#include "common/error.h"

#include <stdio.h>

static gboolean
check_content(BscBundle *bundle, GCancellable *cancellable, GError **error)
{
	static char payload[] = "checking the payload";
	static char images[] = "checking the images";

	return bsc_bundle_check_payload(bundle, bsc_progress_line_update_phase, payload,
					cancellable, error) &&
	       bsc_bundle_check_images(bundle, bsc_progress_line_update_phase, images, cancellable,
				       error);
}

static void
print_result(const char *path, const BscBundle *bundle)
{
	const BscCmsCert *signer = bundle->signer != NULL ? bundle->signer->chain->pdata[0] : NULL;

	bsc_progress_line_clear();
	printf("'%s' is whole: format %s, %u image%s, manifest hash %s, %s%s\n", path,
	       bsc_manifest_format_to_string(bundle->format), bundle->manifest->images->len,
	       bundle->manifest->images->len == 1 ? "" : "s", bundle->manifest_hash,
	       signer != NULL ? "signed by " : "signature not verified",
	       signer != NULL ? signer->subject : "");
}

gboolean
bsc_cmd_verify(int argc, char **argv, GCancellable *cancellable, GError **error)
{
	g_auto(BscAccess) access = {0};
	g_autoptr(GOptionContext) context = g_option_context_new("BUNDLE");
	g_autoptr(BscBundle) bundle = NULL;

	g_option_context_set_summary(context, "Checks the signature, every block of the payload "
					      "and the digest of every image.");
	bsc_access_add_trust(&access, context);
	bsc_access_add_decryption(&access, context);
	if (!g_option_context_parse(context, &argc, &argv, error))
		return FALSE;
	if (argc != 2)
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "verify takes a BUNDLE");
	bundle = bsc_reader_open(&access, argv[1], cancellable, error);
	if (bundle == NULL)
		return FALSE;
	if (!check_content(bundle, cancellable, error)) {
		g_prefix_error(error, "'%s': ", argv[1]);
		return FALSE;
	}
	print_result(argv[1], bundle);
	return TRUE;
}
