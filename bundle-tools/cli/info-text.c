/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/cli/info-text.h"

#include "bundle-tools/cli/size-text.h"
#include "common/clock.h"
#include "common/hex.h"

#include <string.h>

/* What a manifest says must not move the cursor. */
static char *
make_safe(const char *text)
{
	char *safe = g_strdup(text != NULL ? text : "");

	for (char *c = safe; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return safe;
}

static void
add_line(GString *out, const char *label, const char *value)
{
	g_autofree char *safe = make_safe(value);

	if (value != NULL)
		g_string_append_printf(out, "%-16s %s\n", label, safe);
}

static char *
join(char **words, const char *separator)
{
	return words != NULL ? g_strjoinv(separator, words) : g_strdup("");
}

static void
add_list(GString *out, const char *label, char **words)
{
	g_autofree char *text = join(words, ", ");

	if (*text != '\0')
		add_line(out, label, text);
}

static void
add_size(GString *out, const char *label, uint64_t bytes)
{
	g_autofree char *text = bsc_size_text_format(bytes);
	g_autofree char *whole = g_strdup_printf("%s (%" G_GUINT64_FORMAT " bytes)", text, bytes);

	add_line(out, label, whole);
}

static void
add_image(GString *out, const BscManifestImage *image)
{
	g_autofree char *name = bsc_manifest_image_name(image);
	g_autofree char *safe = make_safe(name);
	g_autofree char *digest = bsc_hex_encode(image->sha256, sizeof(image->sha256));

	g_string_append_printf(out, "\n[image.%s]\n", safe);
	add_line(out, "  Filename:", image->filename);
	add_line(out, "  Type:", image->type);
	if (image->has_size)
		add_size(out, "  Size:", image->size_bytes);
	if (image->has_sha256)
		add_line(out, "  SHA-256:", digest);
	add_list(out, "  Hooks:", image->hooks);
	add_list(out, "  Adaptive:", image->adaptive);
	add_list(out, "  Convert:", image->convert);
	add_list(out, "  Converted:", image->converted);
}

static void
add_meta(GString *out, const BscManifestMeta *meta)
{
	g_string_append_printf(out, "\n[meta.%s]\n", meta->label);
	for (guint i = 0; i < meta->pairs->len; i++) {
		const BscManifestPair *pair = meta->pairs->pdata[i];
		g_autofree char *label = g_strdup_printf("  %s:", pair->key);

		add_line(out, label, pair->value);
	}
}

static void
add_verity(GString *out, const BscManifest *manifest)
{
	g_autofree char *hash =
		bsc_hex_encode(manifest->verity_hash, sizeof(manifest->verity_hash));
	g_autofree char *salt =
		bsc_hex_encode(manifest->verity_salt, sizeof(manifest->verity_salt));

	if (!manifest->has_verity)
		return;
	add_line(out, "  Verity hash:", hash);
	add_line(out, "  Verity salt:", salt);
	add_size(out, "  Verity size:", manifest->verity_size_bytes);
}

char *
bsc_info_text_format_readable(const BscBundle *bundle)
{
	const BscManifest *manifest = bundle->manifest;
	g_autofree char *format =
		g_strdup_printf("%s%s", bsc_manifest_format_to_string(bundle->format),
				bundle->was_encrypted ? " (encrypted)" : "");
	GString *out = g_string_new(NULL);

	add_line(out, "Compatible:", manifest->compatible);
	add_line(out, "Version:", manifest->version);
	add_line(out, "Description:", manifest->description);
	add_line(out, "Build:", manifest->build);
	add_line(out, "Needs RAUC:", manifest->min_rauc_version);
	add_line(out, "Handler:", manifest->handler_filename);
	add_list(out, "Hooks:", manifest->hooks);
	add_line(out, "Bundle format:", format);
	add_verity(out, manifest);
	add_line(out, "Manifest hash:", bundle->manifest_hash);
	add_size(out, "Bundle size:", bundle->file_bytes);
	for (guint i = 0; i < manifest->images->len; i++)
		add_image(out, manifest->images->pdata[i]);
	for (guint i = 0; i < manifest->meta->len; i++)
		add_meta(out, manifest->meta->pdata[i]);
	return g_string_free(out, FALSE);
}

char *
bsc_info_text_format_chain(const GPtrArray *chain)
{
	GString *out = g_string_new("Certificate chain:\n");

	for (guint i = 0; i < chain->len; i++) {
		const BscCmsCert *cert = chain->pdata[i];
		g_autofree char *from = bsc_clock_format_utc(cert->not_before_usec);
		g_autofree char *to = bsc_clock_format_utc(cert->not_after_usec);
		g_autofree char *subject = g_strdup_printf("%2u Subject:", i);

		add_line(out, subject, cert->subject);
		add_line(out, "   Issuer:", cert->issuer);
		add_line(out, "   SPKI sha256:", cert->spki_hash);
		add_line(out, "   Not before:", from);
		add_line(out, "   Not after:", to);
	}
	return g_string_free(out, FALSE);
}

static void
add_variable(GString *out, const char *name, const char *value)
{
	g_autofree char *quoted = g_shell_quote(value != NULL ? value : "");

	g_string_append_printf(out, "%s=%s\n", name, quoted);
}

static void
add_list_variable(GString *out, const char *name, char **words)
{
	g_autofree char *text = join(words, " ");

	add_variable(out, name, text);
}

static void
add_image_variable(GString *out, const char *name, unsigned index, const char *value)
{
	g_autofree char *whole = g_strdup_printf("RAUC_IMAGE_%s_%u", name, index);

	add_variable(out, whole, value);
}

static void
add_image_list(GString *out, const char *name, unsigned index, char **words)
{
	g_autofree char *text = join(words, " ");

	add_image_variable(out, name, index, text);
}

static void
add_image_variables(GString *out, const BscManifestImage *image, unsigned index)
{
	g_autofree char *digest = bsc_hex_encode(image->sha256, sizeof(image->sha256));

	add_image_variable(out, "NAME", index, image->filename);
	add_image_variable(out, "CLASS", index, image->slot_class);
	if (image->artifact != NULL)
		add_image_variable(out, "ARTIFACT", index, image->artifact);
	add_image_variable(out, "VARIANT", index, image->variant);
	add_image_variable(out, "DIGEST", index, image->has_sha256 ? digest : NULL);
	g_string_append_printf(out, "RAUC_IMAGE_SIZE_%u=%" G_GUINT64_FORMAT "\n", index,
			       image->size_bytes);
	add_image_list(out, "HOOKS", index, image->hooks);
	add_image_list(out, "ADAPTIVE", index, image->adaptive);
	add_image_list(out, "CONVERT", index, image->convert);
	add_image_list(out, "CONVERTED", index, image->converted);
}

/* Labels and keys are of [a-z0-9-] by the manifest's rules. */
static void
add_meta_variables(GString *out, const BscManifestMeta *meta)
{
	for (guint i = 0; i < meta->pairs->len; i++) {
		const BscManifestPair *pair = meta->pairs->pdata[i];
		g_autofree char *name = g_strdup_printf("RAUC_META_%s_%s", meta->label, pair->key);
		g_autofree char *upper = g_ascii_strup(name, -1);

		g_strdelimit(upper, "-", '_');
		add_variable(out, upper, pair->value);
	}
}

char *
bsc_info_text_format_shell(const BscBundle *bundle)
{
	const BscManifest *manifest = bundle->manifest;
	GString *out = g_string_new(NULL);

	add_variable(out, "RAUC_MF_COMPATIBLE", manifest->compatible);
	add_variable(out, "RAUC_MF_VERSION", manifest->version);
	add_variable(out, "RAUC_MF_DESCRIPTION", manifest->description);
	add_variable(out, "RAUC_MF_BUILD", manifest->build);
	add_variable(out, "RAUC_MF_HASH", bundle->manifest_hash);
	add_variable(out, "RAUC_MF_FORMAT", bsc_manifest_format_to_string(bundle->format));
	g_string_append_printf(out, "RAUC_MF_IMAGES=%u\n", manifest->images->len);
	add_list_variable(out, "RAUC_MF_HOOKS", manifest->hooks);
	for (guint i = 0; i < manifest->meta->len; i++)
		add_meta_variables(out, manifest->meta->pdata[i]);
	for (guint i = 0; i < manifest->images->len; i++)
		add_image_variables(out, manifest->images->pdata[i], i);
	return g_string_free(out, FALSE);
}
