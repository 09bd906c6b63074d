/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/cmd-info.c - show what a bundle says about itself */
#include "config.h"

#include "bundle-tools/cli/cmd.h"
#include "bundle-tools/cli/info-json.h"
#include "bundle-tools/cli/info-text.h"
#include "bundle-tools/cli/progress-line.h"
#include "bundle-tools/cli/reader.h"
#include "bundle-tools/format/cms-envelope.h"
#include "common/error.h"

#include <stdio.h>

typedef struct {
	BscAccess access;
	gboolean dump_cert;
	gboolean dump_recipients;
	char *output_format;
} InfoArgs;

static void
clear_args(InfoArgs *args)
{
	bsc_access_clear(&args->access);
	g_free(args->output_format);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(InfoArgs, clear_args)

/* NULL ends it; the order is that of the formatters in format_bundle(). */
static const char *const output_formats[] = {"readable",    "shell",  "json",
					     "json-pretty", "json-2", NULL};

static gboolean
parse_args(InfoArgs *args, int *argc, char ***argv, GError **error)
{
	const GOptionEntry entries[] = {
		{"output-format", 0, 0, G_OPTION_ARG_STRING, &args->output_format,
		 "readable (default), shell, json, json-pretty or json-2", "FORMAT"},
		{"dump-cert", 0, 0, G_OPTION_ARG_NONE, &args->dump_cert,
		 "print the signer's certificate", NULL},
		{"dump-recipients", 0, 0, G_OPTION_ARG_NONE, &args->dump_recipients,
		 "print who can read an encrypted bundle", NULL},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("BUNDLE");

	g_option_context_set_summary(context, "Shows what a bundle says about itself, after its "
					      "signature was checked.");
	g_option_context_add_main_entries(context, entries, NULL);
	bsc_access_add_trust(&args->access, context);
	bsc_access_add_decryption(&args->access, context);
	if (!g_option_context_parse(context, argc, argv, error))
		return FALSE;
	if (*argc != 2)
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "info takes a BUNDLE");
	if (args->output_format != NULL && !g_strv_contains(output_formats, args->output_format))
		return bsc_error_set(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
				     "Unknown output format: '%s'", args->output_format);
	return TRUE;
}

static gboolean
print_recipients(const BscBundle *bundle, GError **error)
{
	g_auto(GStrv) recipients = NULL;
	size_t len;
	const uint8_t *der;

	if (bundle->envelope == NULL) {
		printf("Recipients: none, the bundle is not encrypted\n");
		return TRUE;
	}
	der = g_bytes_get_data(bundle->envelope, &len);
	recipients = bsc_cms_envelope_list_recipients(der, len, error);
	if (recipients == NULL)
		return FALSE;
	printf("Recipients:\n");
	for (char **line = recipients; *line != NULL; line++)
		printf("  %s\n", *line);
	return TRUE;
}

/* With --no-verify: what the signers say about themselves. */
static gboolean
print_unverified_certs(const BscBundle *bundle, GError **error)
{
	size_t len;
	const uint8_t *der = g_bytes_get_data(bundle->cms, &len);
	g_autoptr(GPtrArray) signers = bsc_cms_read_signers_unverified(der, len, error);

	if (signers == NULL)
		return FALSE;
	for (guint i = 0; i < signers->len; i++) {
		const BscCmsSignerInfo *info = signers->pdata[i];

		if (info->chain->len > 0)
			printf("%s", ((const BscCmsCert *)info->chain->pdata[0])->pem);
	}
	return TRUE;
}

static gboolean
print_certs(const BscBundle *bundle, GError **error)
{
	if (bundle->signer == NULL)
		return print_unverified_certs(bundle, error);
	printf("%s", ((const BscCmsCert *)bundle->signer->chain->pdata[0])->pem);
	return TRUE;
}

static void
print_readable(const BscBundle *bundle)
{
	g_autofree char *text = bsc_info_text_format_readable(bundle);
	g_autofree char *chain =
		bundle->signer != NULL ? bsc_info_text_format_chain(bundle->signer->chain) : NULL;

	printf("%s\n%s", text, chain != NULL ? chain : "Signature not verified\n");
}

static char *
format_bundle(const BscBundle *bundle, const char *format)
{
	if (g_str_equal(format, "shell"))
		return bsc_info_text_format_shell(bundle);
	if (g_str_equal(format, "json-2"))
		return bsc_info_json_format_2(bundle);
	return bsc_info_json_format(bundle, g_str_equal(format, "json-pretty"));
}

gboolean
bsc_cmd_info(int argc, char **argv, GCancellable *cancellable, GError **error)
{
	g_auto(InfoArgs) args = {0};
	g_autoptr(BscBundle) bundle = NULL;
	g_autofree char *text = NULL;

	if (!parse_args(&args, &argc, &argv, error))
		return FALSE;
	bundle = bsc_reader_open(&args.access, argv[1], cancellable, error);
	bsc_progress_line_clear();
	if (bundle == NULL)
		return FALSE;
	if (args.dump_cert && !print_certs(bundle, error))
		return FALSE;
	if (args.dump_recipients && !print_recipients(bundle, error))
		return FALSE;
	if (args.output_format == NULL || g_str_equal(args.output_format, "readable")) {
		print_readable(bundle);
		return TRUE;
	}
	text = format_bundle(bundle, args.output_format);
	printf("%s%s", text, g_str_has_suffix(text, "\n") ? "" : "\n");
	return TRUE;
}
