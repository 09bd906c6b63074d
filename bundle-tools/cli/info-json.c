/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/cli/info-json.h"

#include "common/clock.h"
#include "common/hex.h"

#include <json-glib/json-glib.h>

static void
add_text(JsonBuilder *json, const char *key, const char *value)
{
	json_builder_set_member_name(json, key);
	if (value != NULL)
		json_builder_add_string_value(json, value);
	else
		json_builder_add_null_value(json);
}

static void
add_text_if_set(JsonBuilder *json, const char *key, const char *value)
{
	if (value != NULL)
		add_text(json, key, value);
}

static void
add_number(JsonBuilder *json, const char *key, uint64_t value)
{
	json_builder_set_member_name(json, key);
	json_builder_add_int_value(json, (gint64)value);
}

static void
add_list(JsonBuilder *json, const char *key, char **words)
{
	json_builder_set_member_name(json, key);
	json_builder_begin_array(json);
	for (char **word = words; word != NULL && *word != NULL; word++)
		json_builder_add_string_value(json, *word);
	json_builder_end_array(json);
}

static void
add_list_if_set(JsonBuilder *json, const char *key, char **words)
{
	if (words != NULL && words[0] != NULL)
		add_list(json, key, words);
}

static void
add_hex(JsonBuilder *json, const char *key, const uint8_t digest[32])
{
	g_autofree char *hex = bsc_hex_encode(digest, 32);

	add_text(json, key, hex);
}

static void
add_meta(JsonBuilder *json, const BscManifest *manifest)
{
	json_builder_set_member_name(json, "meta");
	json_builder_begin_object(json);
	for (guint i = 0; i < manifest->meta->len; i++) {
		const BscManifestMeta *meta = manifest->meta->pdata[i];

		json_builder_set_member_name(json, meta->label);
		json_builder_begin_object(json);
		for (guint j = 0; j < meta->pairs->len; j++) {
			const BscManifestPair *pair = meta->pairs->pdata[j];

			add_text(json, pair->key, pair->value);
		}
		json_builder_end_object(json);
	}
	json_builder_end_object(json);
}

/* RAUC's own shape: an object whose only key is the slot class. */
static void
add_image(JsonBuilder *json, const BscManifestImage *image)
{
	json_builder_begin_object(json);
	json_builder_set_member_name(json, image->slot_class);
	json_builder_begin_object(json);
	add_text(json, "variant", image->variant);
	add_text(json, "filename", image->filename);
	if (image->has_sha256)
		add_hex(json, "checksum", image->sha256);
	else
		add_text(json, "checksum", NULL);
	add_number(json, "size", image->size_bytes);
	add_list(json, "hooks", image->hooks);
	add_list(json, "adaptive", image->adaptive);
	add_text_if_set(json, "artifact", image->artifact);
	add_text_if_set(json, "type", image->type);
	add_list_if_set(json, "convert", image->convert);
	add_list_if_set(json, "converted", image->converted);
	json_builder_end_object(json);
	json_builder_end_object(json);
}

static void
add_time(JsonBuilder *json, const char *key, gint64 usec)
{
	g_autofree char *text = usec != 0 ? bsc_clock_format_utc(usec) : NULL;

	add_text(json, key, text);
}

static void
add_cert(JsonBuilder *json, const BscCmsCert *cert)
{
	json_builder_begin_object(json);
	add_text(json, "subject", cert->subject);
	add_text(json, "issuer", cert->issuer);
	add_text(json, "serial", cert->serial_hex);
	add_text(json, "spki-sha256", cert->spki_hash);
	add_time(json, "not-before", cert->not_before_usec);
	add_time(json, "not-after", cert->not_after_usec);
	json_builder_end_object(json);
}

static void
add_signature(JsonBuilder *json, const BscBundle *bundle)
{
	json_builder_set_member_name(json, "signature");
	if (bundle->signer == NULL) {
		json_builder_add_null_value(json);
		return;
	}
	json_builder_begin_object(json);
	add_time(json, "signing-time", bundle->signer->signing_time_usec);
	json_builder_set_member_name(json, "chain");
	json_builder_begin_array(json);
	for (guint i = 0; i < bundle->signer->chain->len; i++)
		add_cert(json, bundle->signer->chain->pdata[i]);
	json_builder_end_array(json);
	json_builder_end_object(json);
}

static char *
print(JsonBuilder *json, gboolean pretty)
{
	g_autoptr(JsonNode) root = json_builder_get_root(json);

	return json_to_string(root, pretty);
}

char *
bsc_info_json_format(const BscBundle *bundle, gboolean pretty)
{
	const BscManifest *manifest = bundle->manifest;
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_object(json);
	add_text(json, "compatible", manifest->compatible);
	add_text(json, "version", manifest->version);
	add_text(json, "description", manifest->description);
	add_text(json, "build", manifest->build);
	add_list(json, "hooks", manifest->hooks);
	json_builder_set_member_name(json, "images");
	json_builder_begin_array(json);
	for (guint i = 0; i < manifest->images->len; i++)
		add_image(json, manifest->images->pdata[i]);
	json_builder_end_array(json);
	add_text(json, "hash", bundle->manifest_hash);
	add_text(json, "format", bsc_manifest_format_to_string(bundle->format));
	json_builder_set_member_name(json, "encrypted");
	json_builder_add_boolean_value(json, bundle->was_encrypted);
	add_number(json, "size", bundle->file_bytes);
	add_meta(json, manifest);
	add_signature(json, bundle);
	json_builder_end_object(json);
	return print(json, pretty);
}

static void
add_bundle_2(JsonBuilder *json, const BscBundle *bundle)
{
	const BscManifest *manifest = bundle->manifest;

	json_builder_set_member_name(json, "bundle");
	json_builder_begin_object(json);
	add_text(json, "format", bsc_manifest_format_to_string(bundle->format));
	if (manifest->has_verity) {
		add_hex(json, "verity-hash", manifest->verity_hash);
		add_hex(json, "verity-salt", manifest->verity_salt);
		add_number(json, "verity-size", manifest->verity_size_bytes);
	}
	json_builder_end_object(json);
}

static void
add_update_2(JsonBuilder *json, const BscManifest *manifest)
{
	json_builder_set_member_name(json, "update");
	json_builder_begin_object(json);
	add_text_if_set(json, "compatible", manifest->compatible);
	add_text_if_set(json, "version", manifest->version);
	add_text_if_set(json, "description", manifest->description);
	add_text_if_set(json, "build", manifest->build);
	json_builder_end_object(json);
}

static void
add_hooks_2(JsonBuilder *json, const BscManifest *manifest)
{
	if (manifest->hooks_filename != NULL) {
		json_builder_set_member_name(json, "hooks");
		json_builder_begin_object(json);
		add_text(json, "filename", manifest->hooks_filename);
		add_list(json, "hooks", manifest->hooks);
		json_builder_end_object(json);
	}
	if (manifest->handler_filename != NULL) {
		json_builder_set_member_name(json, "handler");
		json_builder_begin_object(json);
		add_text(json, "filename", manifest->handler_filename);
		add_text_if_set(json, "args", manifest->handler_args);
		json_builder_end_object(json);
	}
}

static void
add_image_2(JsonBuilder *json, const BscManifestImage *image)
{
	json_builder_begin_object(json);
	add_text(json, "slot-class", image->slot_class);
	add_text_if_set(json, "artifact", image->artifact);
	add_text_if_set(json, "variant", image->variant);
	add_text_if_set(json, "filename", image->filename);
	add_text_if_set(json, "type", image->type);
	if (image->has_sha256)
		add_hex(json, "checksum", image->sha256);
	if (image->has_size)
		add_number(json, "size", image->size_bytes);
	add_list(json, "hooks", image->hooks);
	add_list_if_set(json, "adaptive", image->adaptive);
	add_list_if_set(json, "convert", image->convert);
	add_list_if_set(json, "converted", image->converted);
	json_builder_end_object(json);
}

char *
bsc_info_json_format_2(const BscBundle *bundle)
{
	const BscManifest *manifest = bundle->manifest;
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_object(json);
	add_text(json, "manifest-hash", bundle->manifest_hash);
	add_update_2(json, manifest);
	add_bundle_2(json, bundle);
	add_hooks_2(json, manifest);
	json_builder_set_member_name(json, "images");
	json_builder_begin_array(json);
	for (guint i = 0; i < manifest->images->len; i++)
		add_image_2(json, manifest->images->pdata[i]);
	json_builder_end_array(json);
	add_meta(json, manifest);
	json_builder_end_object(json);
	return print(json, TRUE);
}
