/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/cmd-create.c - content directory → signed bundle */
#include "config.h"

#include "bundle-tools/bundle/bundle-create.h"
#include "bundle-tools/cli/access.h"
#include "bundle-tools/cli/cmd.h"
#include "bundle-tools/cli/progress-line.h"
#include "common/error.h"
#include "common/hex.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct {
	BscAccess access;
	char **mksquashfs_args; /* texts as given; each may hold several arguments */
	char *compression;
	char *format;
	char *verity_salt;
	GPtrArray *arguments; /* of char *: the texts split, %NULL at the end */
	uint8_t salt[32];
	BscKeyring *keyring;
	BscSigningKey *key;
} CreateArgs;

static void
clear_args(CreateArgs *args)
{
	bsc_access_clear(&args->access);
	g_strfreev(args->mksquashfs_args);
	g_free(args->compression);
	g_free(args->format);
	g_free(args->verity_salt);
	g_clear_pointer(&args->arguments, g_ptr_array_unref);
	bsc_keyring_unref(args->keyring);
	bsc_keyring_free_signer(args->key);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CreateArgs, clear_args)

static gboolean
parse_args(CreateArgs *args, int *argc, char ***argv, GError **error)
{
	const GOptionEntry entries[] = {
		{"format", 0, 0, G_OPTION_ARG_STRING, &args->format,
		 "format where the manifest names none (default verity)", "plain|verity|crypt"},
		{"compression", 0, 0, G_OPTION_ARG_STRING, &args->compression,
		 "of the payload (default zstd)", "gzip|xz|zstd|lz4"},
		{"mksquashfs-args", 0, 0, G_OPTION_ARG_STRING_ARRAY, &args->mksquashfs_args,
		 "more arguments for mksquashfs", "ARGS"},
		{"verity-salt", 0, 0, G_OPTION_ARG_STRING, &args->verity_salt,
		 "salt of the hash tree (default: made from the payload)", "HEX"},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("DIRECTORY BUNDLE");

	g_option_context_set_summary(context, "Makes a signed bundle of a directory with a "
					      "manifest.raucm.");
	g_option_context_add_main_entries(context, entries, NULL);
	bsc_access_add_signing(&args->access, context);
	bsc_access_add_trust(&args->access, context);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (*argc != 3)
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "create takes a DIRECTORY and a BUNDLE to make");
	return TRUE;
}

static gboolean
split_arguments(CreateArgs *args, GError **error)
{
	args->arguments = g_ptr_array_new_with_free_func(g_free);
	for (char **text = args->mksquashfs_args; text != NULL && *text != NULL; text++) {
		g_auto(GStrv) words = NULL;

		if (!g_shell_parse_argv(*text, NULL, &words, error)) {
			g_prefix_error(error, "--mksquashfs-args: ");
			return FALSE;
		}
		for (char **word = words; *word != NULL; word++)
			g_ptr_array_add(args->arguments, g_strdup(*word));
	}
	g_ptr_array_add(args->arguments, NULL);
	return TRUE;
}

static gboolean
get_source_date_epoch(gint64 *out, GError **error)
{
	const char *text = g_getenv("SOURCE_DATE_EPOCH");

	*out = -1;
	if (text == NULL || *text == '\0')
		return TRUE;
	if (g_ascii_string_to_signed(text, 10, 0, G_MAXUINT32, out, NULL))
		return TRUE;
	return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			     "SOURCE_DATE_EPOCH='%s' is not a number of seconds since 1970", text);
}

static gboolean
make_options(CreateArgs *args, BscBundleCreateOptions *out, GError **error)
{
	out->default_format = BSC_BUNDLE_FORMAT_VERITY;
	if (args->format != NULL &&
	    !bsc_manifest_format_from_string(args->format, &out->default_format))
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "--format=%s is none of plain, verity and crypt",
				     args->format);
	if (args->verity_salt != NULL &&
	    !bsc_hex_decode(args->verity_salt, args->salt, sizeof(args->salt)))
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "--verity-salt= must be 64 hex digits");
	out->verity_salt = args->verity_salt != NULL ? args->salt : NULL;
	out->compression = args->compression;
	if (!split_arguments(args, error) || !get_source_date_epoch(&out->source_date_epoch, error))
		return FALSE;
	out->mksquashfs_args = (const char *const *)args->arguments->pdata;
	args->key = bsc_access_load_signer(&args->access, &out->sign, error);
	out->key = args->key;
	if (args->key == NULL ||
	    !bsc_access_load_output_keyring(&args->access, &args->keyring, error))
		return FALSE;
	out->keyring = args->access.no_verify ? NULL : args->keyring;
	return TRUE;
}

static void
on_notice(const char *text, gpointer unused)
{
	bsc_progress_line_clear();
	fprintf(stderr, "bascule-bundle: note: %s\n", text);
}

gboolean
bsc_cmd_create(int argc, char **argv, GCancellable *cancellable, GError **error)
{
	g_auto(CreateArgs) args = {0};
	BscBundleCreateOptions options = {.on_progress = bsc_progress_line_update,
					  .on_notice = on_notice};

	if (!parse_args(&args, &argc, &argv, error) || !make_options(&args, &options, error))
		return FALSE;
	if (options.keyring == NULL)
		on_notice("no keyring given, so the new signature is not verified", NULL);
	if (!bsc_bundle_create(argv[1], argv[2], &options, cancellable, error))
		return FALSE;
	bsc_progress_line_clear();
	printf("Created '%s'\n", argv[2]);
	return TRUE;
}
