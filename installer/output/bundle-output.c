/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/output/bundle-output.h"

static GVariant *
lookup_images(GVariant *info)
{
	GVariant *images = g_variant_lookup_value(info, "images", G_VARIANT_TYPE("aa{sv}"));

	return images ? images : g_variant_ref_sink(g_variant_new("aa{sv}", NULL));
}

static void
add_row(GPtrArray *rows, const char *name, const char *value)
{
	const char *cells[] = {name, value, NULL};

	if (value != NULL && value[0] != '\0')
		g_ptr_array_add(rows, g_strdupv((char **)cells));
}

static void
add_image_row(GPtrArray *rows, GVariant *image)
{
	const char *variant = bsc_output_get(image, "variant");
	const char *artifact = bsc_output_get(image, "artifact");
	g_autofree char *hooks = bsc_output_join(image, "hooks");
	g_autofree char *name = g_strconcat(bsc_output_get_or_empty(image, "slot-class"),
					    artifact ? "/" : "", artifact ? artifact : "",
					    variant ? "." : "", variant ? variant : "", NULL);
	g_autofree char *size = NULL;
	uint64_t bytes;

	if (bsc_output_get_number(image, "size", &bytes))
		size = bsc_output_format_size(bytes);
	const char *cells[] = {name,
			       bsc_output_get_or_empty(image, "type"),
			       size ? size : "",
			       bsc_output_get_or_empty(image, "filename"),
			       hooks,
			       NULL};
	g_ptr_array_add(rows, g_strdupv((char **)cells));
}

static void
add_meta(GString *text, GVariant *info)
{
	g_autoptr(GVariant) meta =
		g_variant_lookup_value(info, "meta", G_VARIANT_TYPE("a{sa{ss}}"));
	GVariantIter groups;
	const char *label;
	GVariantIter *pairs;

	if (meta == NULL)
		return;
	g_variant_iter_init(&groups, meta);
	while (g_variant_iter_loop(&groups, "{&sa{ss}}", &label, &pairs)) {
		const char *key;
		const char *value;

		g_string_append_printf(text, "\nmeta.%s\n", label);
		while (g_variant_iter_loop(pairs, "{&s&s}", &key, &value))
			g_string_append_printf(text, "  %s=%s\n", key, value);
	}
}

static char *
format_readable(GVariant *info)
{
	static const char *const head[] = {"image", "type", "size", "file", "hooks", NULL};
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	g_autoptr(GVariant) list = lookup_images(info);
	g_autofree char *hooks = bsc_output_join(info, "hooks");
	g_autofree char *table = NULL;
	g_autofree char *image_table = NULL;
	GString *text = g_string_new(NULL);

	add_row(rows, "compatible", bsc_output_get(info, "compatible"));
	add_row(rows, "version", bsc_output_get(info, "version"));
	add_row(rows, "description", bsc_output_get(info, "description"));
	add_row(rows, "build", bsc_output_get(info, "build"));
	add_row(rows, "format", bsc_output_get(info, "format"));
	add_row(rows, "encrypted", bsc_output_get_flag(info, "encrypted") ? "yes" : NULL);
	add_row(rows, "signed by", bsc_output_get(info, "signer"));
	add_row(rows, "signed at", bsc_output_get(info, "signing-time"));
	add_row(rows, "manifest hash", bsc_output_get(info, "manifest-hash"));
	add_row(rows, "handler", bsc_output_get(info, "handler"));
	add_row(rows, "hooks", hooks);
	table = bsc_output_align(rows, 2);
	g_ptr_array_add(images, g_strdupv((char **)head));
	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) image = g_variant_get_child_value(list, i);

		add_image_row(images, image);
	}
	image_table = bsc_output_align(images, 2);
	g_string_append_printf(text, "Bundle\n%s\nImages\n%s", table, image_table);
	add_meta(text, info);
	return g_string_free(text, FALSE);
}

static void
add_image_shell(GString *text, GVariant *image, unsigned number)
{
	static const struct {
		const char *name;
		const char *key;
	} fields[] = {
		{"NAME", "filename"},	{"CLASS", "slot-class"}, {"ARTIFACT", "artifact"},
		{"VARIANT", "variant"}, {"DIGEST", "checksum"},
	};
	static const char *const lists[] = {"hooks", "adaptive", "convert", "converted"};
	uint64_t size = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autofree char *name = g_strdup_printf("RAUC_IMAGE_%s_%u", fields[i].name, number);

		bsc_output_add_shell(text, name, bsc_output_get(image, fields[i].key));
	}
	bsc_output_get_number(image, "size", &size);
	g_string_append_printf(text, "RAUC_IMAGE_SIZE_%u='%" G_GUINT64_FORMAT "'\n", number, size);
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_autofree char *upper = g_ascii_strup(lists[i], -1);
		g_autofree char *name = g_strdup_printf("RAUC_IMAGE_%s_%u", upper, number);
		g_autofree char *value = bsc_output_join(image, lists[i]);

		bsc_output_add_shell(text, name, value);
	}
}

static void
add_meta_shell(GString *text, GVariant *info)
{
	g_autoptr(GVariant) meta =
		g_variant_lookup_value(info, "meta", G_VARIANT_TYPE("a{sa{ss}}"));
	GVariantIter groups;
	const char *label;
	GVariantIter *pairs;

	if (meta == NULL)
		return;
	g_variant_iter_init(&groups, meta);
	while (g_variant_iter_loop(&groups, "{&sa{ss}}", &label, &pairs)) {
		const char *key;
		const char *value;

		while (g_variant_iter_loop(pairs, "{&s&s}", &key, &value)) {
			g_autofree char *joined = g_strdup_printf("RAUC_META_%s_%s", label, key);
			g_autofree char *name = g_ascii_strup(g_strdelimit(joined, "-", '_'), -1);

			bsc_output_add_shell(text, name, value);
		}
	}
}

static char *
format_shell(GVariant *info)
{
	GString *text = g_string_new(NULL);
	g_autoptr(GVariant) images = lookup_images(info);
	g_autofree char *count = g_strdup_printf("%u", (unsigned)g_variant_n_children(images));
	g_autofree char *hooks = bsc_output_join(info, "hooks");

	bsc_output_add_shell(text, "RAUC_MF_COMPATIBLE", bsc_output_get(info, "compatible"));
	bsc_output_add_shell(text, "RAUC_MF_VERSION", bsc_output_get(info, "version"));
	bsc_output_add_shell(text, "RAUC_MF_DESCRIPTION", bsc_output_get(info, "description"));
	bsc_output_add_shell(text, "RAUC_MF_BUILD", bsc_output_get(info, "build"));
	bsc_output_add_shell(text, "RAUC_MF_HASH", bsc_output_get(info, "manifest-hash"));
	bsc_output_add_shell(text, "RAUC_MF_FORMAT", bsc_output_get(info, "format"));
	bsc_output_add_shell(text, "RAUC_MF_IMAGES", count);
	bsc_output_add_shell(text, "RAUC_MF_HOOKS", hooks);
	add_meta_shell(text, info);
	for (gsize i = 0; i < g_variant_n_children(images); i++) {
		g_autoptr(GVariant) image = g_variant_get_child_value(images, i);

		add_image_shell(text, image, (unsigned)i);
	}
	return g_string_free(text, FALSE);
}

static void
add_list(JsonBuilder *builder, GVariant *dict, const char *key)
{
	g_autoptr(GVariant) list = g_variant_lookup_value(dict, key, G_VARIANT_TYPE_STRING_ARRAY);

	json_builder_set_member_name(builder, key);
	if (list != NULL) {
		bsc_output_add_json_value(builder, list);
		return;
	}
	json_builder_begin_array(builder);
	json_builder_end_array(builder);
}

static void
add_image_json(JsonBuilder *builder, GVariant *image)
{
	uint64_t size;

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, bsc_output_get_or_empty(image, "slot-class"));
	json_builder_begin_object(builder);
	bsc_output_add_json(builder, "variant", bsc_output_get(image, "variant"));
	bsc_output_add_json(builder, "filename", bsc_output_get(image, "filename"));
	bsc_output_add_json(builder, "checksum", bsc_output_get(image, "checksum"));
	if (bsc_output_get_number(image, "size", &size)) {
		json_builder_set_member_name(builder, "size");
		json_builder_add_int_value(builder, (gint64)size);
	}
	add_list(builder, image, "hooks");
	add_list(builder, image, "adaptive");
	bsc_output_add_json(builder, "type", bsc_output_get(image, "type"));
	bsc_output_add_json(builder, "artifact", bsc_output_get(image, "artifact"));
	json_builder_end_object(builder);
	json_builder_end_object(builder);
}

static void
add_own_members(JsonBuilder *builder, GVariant *info)
{
	static const char *const keys[] = {"format",	   "encrypted", "verified",
					   "bundle-size",  "signer",	"signer-issuer",
					   "signing-time", "handler",	"meta"};

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autoptr(GVariant) value = g_variant_lookup_value(info, keys[i], NULL);
		g_autofree char *member = g_strdelimit(g_strdup(keys[i]), "-", '_');

		if (value == NULL)
			continue;
		json_builder_set_member_name(builder, member);
		bsc_output_add_json_value(builder, value);
	}
}

static char *
format_json(GVariant *info, BscOutputFormat format)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(GVariant) images = lookup_images(info);

	json_builder_begin_object(builder);
	bsc_output_add_json(builder, "compatible", bsc_output_get(info, "compatible"));
	bsc_output_add_json(builder, "version", bsc_output_get(info, "version"));
	bsc_output_add_json(builder, "description", bsc_output_get(info, "description"));
	bsc_output_add_json(builder, "build", bsc_output_get(info, "build"));
	add_list(builder, info, "hooks");
	bsc_output_add_json(builder, "hash", bsc_output_get(info, "manifest-hash"));
	json_builder_set_member_name(builder, "images");
	json_builder_begin_array(builder);
	for (gsize i = 0; i < g_variant_n_children(images); i++) {
		g_autoptr(GVariant) image = g_variant_get_child_value(images, i);

		add_image_json(builder, image);
	}
	json_builder_end_array(builder);
	add_own_members(builder, info);
	json_builder_end_object(builder);
	return bsc_output_end_json(builder, format);
}

char *
bsc_bundle_output_format(GVariant *info, BscOutputFormat format)
{
	switch (format) {
	case BSC_OUTPUT_SHELL:
		return format_shell(info);
	case BSC_OUTPUT_JSON:
	case BSC_OUTPUT_JSON_PRETTY:
		return format_json(info, format);
	case BSC_OUTPUT_READABLE:
	case BSC_OUTPUT_N:
		break;
	}
	return format_readable(info);
}
