/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/output/output.h"

#include <string.h>

static const char *const format_words[BSC_OUTPUT_N] = {
	[BSC_OUTPUT_READABLE] = "readable",
	[BSC_OUTPUT_SHELL] = "shell",
	[BSC_OUTPUT_JSON] = "json",
	[BSC_OUTPUT_JSON_PRETTY] = "json-pretty",
};

gboolean
bsc_output_format_from_string(const char *word, BscOutputFormat *out)
{
	for (unsigned i = 0; i < BSC_OUTPUT_N; i++) {
		if (g_strcmp0(word ? word : "readable", format_words[i]) == 0) {
			*out = (BscOutputFormat)i;
			return TRUE;
		}
	}
	return FALSE;
}

const char *
bsc_output_get(GVariant *dict, const char *key)
{
	const char *value = NULL;

	if (dict != NULL)
		g_variant_lookup(dict, key, "&s", &value);
	return value;
}

const char *
bsc_output_get_or_empty(GVariant *dict, const char *key)
{
	const char *value = bsc_output_get(dict, key);

	return value != NULL ? value : "";
}

char *
bsc_output_dup_in_slot(GVariant *slots, const char *name, const char *key)
{
	GVariantIter iter;
	const char *slot;
	GVariant *dict;

	g_variant_iter_init(&iter, slots);
	while (g_variant_iter_next(&iter, "(&s@a{sv})", &slot, &dict)) {
		g_autoptr(GVariant) owned = dict;

		if (g_strcmp0(slot, name) == 0)
			return g_strdup(bsc_output_get(owned, key));
	}
	return NULL;
}

gboolean
bsc_output_get_number(GVariant *dict, const char *key, uint64_t *out)
{
	guint64 wide;
	guint32 narrow;

	if (dict == NULL)
		return FALSE;
	if (g_variant_lookup(dict, key, "t", &wide)) {
		*out = wide;
		return TRUE;
	}
	if (g_variant_lookup(dict, key, "u", &narrow)) {
		*out = narrow;
		return TRUE;
	}
	return FALSE;
}

gboolean
bsc_output_get_flag(GVariant *dict, const char *key)
{
	gboolean value = FALSE;

	if (dict != NULL)
		g_variant_lookup(dict, key, "b", &value);
	return value;
}

char *
bsc_output_join(GVariant *dict, const char *key)
{
	g_autofree const char **words = NULL;

	if (dict == NULL || !g_variant_lookup(dict, key, "^a&s", &words))
		return g_strdup("");
	return g_strjoinv(" ", (char **)words);
}

void
bsc_output_add_shell(GString *text, const char *name, const char *value)
{
	g_autofree char *quoted = g_shell_quote(value ? value : "");

	g_string_append_printf(text, "%s=%s\n", name, quoted);
}

void
bsc_output_add_json(JsonBuilder *builder, const char *member, const char *value)
{
	json_builder_set_member_name(builder, member);
	if (value != NULL)
		json_builder_add_string_value(builder, value);
	else
		json_builder_add_null_value(builder);
}

static void
add_json_dict(JsonBuilder *builder, GVariant *dict)
{
	GVariantIter iter;
	const char *key;
	GVariant *value;

	json_builder_begin_object(builder);
	g_variant_iter_init(&iter, dict);
	while (g_variant_iter_loop(&iter, "{&s*}", &key, &value)) {
		g_autofree char *member = g_strdelimit(g_strdup(key), "-.", '_');

		json_builder_set_member_name(builder, member);
		bsc_output_add_json_value(builder, value);
	}
	json_builder_end_object(builder);
}

static void
add_json_array(JsonBuilder *builder, GVariant *array)
{
	json_builder_begin_array(builder);
	for (gsize i = 0; i < g_variant_n_children(array); i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(array, i);

		bsc_output_add_json_value(builder, child);
	}
	json_builder_end_array(builder);
}

void
bsc_output_add_json_value(JsonBuilder *builder, GVariant *value)
{
	const GVariantType *type = g_variant_get_type(value);

	if (g_variant_type_equal(type, G_VARIANT_TYPE_VARIANT)) {
		g_autoptr(GVariant) inner = g_variant_get_variant(value);

		bsc_output_add_json_value(builder, inner);
	} else if (g_variant_type_equal(type, G_VARIANT_TYPE_STRING)) {
		json_builder_add_string_value(builder, g_variant_get_string(value, NULL));
	} else if (g_variant_type_equal(type, G_VARIANT_TYPE_BOOLEAN)) {
		json_builder_add_boolean_value(builder, g_variant_get_boolean(value));
	} else if (g_variant_type_equal(type, G_VARIANT_TYPE_UINT64)) {
		json_builder_add_int_value(builder, (gint64)g_variant_get_uint64(value));
	} else if (g_variant_type_equal(type, G_VARIANT_TYPE_UINT32)) {
		json_builder_add_int_value(builder, g_variant_get_uint32(value));
	} else if (g_variant_type_is_subtype_of(type, G_VARIANT_TYPE_DICTIONARY)) {
		add_json_dict(builder, value);
	} else if (g_variant_type_is_array(type)) {
		add_json_array(builder, value);
	} else {
		json_builder_add_null_value(builder);
	}
}

char *
bsc_output_end_json(JsonBuilder *builder, BscOutputFormat format)
{
	g_autoptr(JsonGenerator) generator = json_generator_new();
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *text = NULL;

	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, format == BSC_OUTPUT_JSON_PRETTY);
	text = json_generator_to_data(generator, NULL);
	return g_strconcat(text, "\n", NULL);
}

char *
bsc_output_format_size(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024)
		return g_strdup_printf("%u B", (unsigned)bytes);
	for (; value >= 1024 && unit + 1 < G_N_ELEMENTS(units); unit++)
		value /= 1024;
	return g_strdup_printf("%.1f %s", value, units[unit]);
}

static GArray *
measure_columns(const GPtrArray *rows)
{
	GArray *widths = g_array_new(FALSE, TRUE, sizeof(size_t));

	for (guint i = 0; i < rows->len; i++) {
		char **cells = rows->pdata[i];

		for (guint k = 0; cells[k] != NULL; k++) {
			size_t len = (size_t)g_utf8_strlen(cells[k], -1);

			if (k >= widths->len)
				g_array_set_size(widths, k + 1);
			g_array_index(widths, size_t, k) =
				MAX(g_array_index(widths, size_t, k), len);
		}
	}
	return widths;
}

char *
bsc_output_align(const GPtrArray *rows, unsigned indent)
{
	g_autoptr(GArray) widths = measure_columns(rows);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < rows->len; i++) {
		char **cells = rows->pdata[i];
		size_t blanks = indent;

		for (guint k = 0; cells[k] != NULL; k++) {
			if (cells[k][0] != '\0') {
				g_string_append_printf(text, "%*s%s", (int)blanks, "", cells[k]);
				blanks = 0;
			}
			blanks += g_array_index(widths, size_t, k) + 2 -
				  (size_t)g_utf8_strlen(cells[k], -1);
		}
		g_string_append_c(text, '\n');
	}
	return g_string_free(text, FALSE);
}
