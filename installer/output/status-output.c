/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/output/status-output.h"

#include "installer/output/status-export.h"

/* a line of a slot's details and its key in the dictionary */
typedef struct {
	const char *name;
	const char *key;
} Field;

static void
add_pair(GPtrArray *rows, const char *name, char *value)
{
	if (value != NULL)
		g_ptr_array_add(rows, g_strdupv((char *[]){(char *)name, value, NULL}));
	g_free(value);
}

static char *
name_with_bootname(GVariant *slots, const char *slot)
{
	g_autofree char *bootname = bsc_output_dup_in_slot(slots, slot, "bootname");

	return bootname ? g_strdup_printf("%s (%s)", slot, bootname) : g_strdup(slot);
}

static char *
describe_booted(GVariant *status, GVariant *slots)
{
	const char *booted = bsc_output_get(status, "booted");

	return booted ? name_with_bootname(slots, booted)
		      : g_strdup(bsc_output_get(status, "boot-slot"));
}

static char *
describe_primary(GVariant *status, GVariant *slots)
{
	const char *primary = bsc_output_get(status, "primary");
	const char *why = bsc_output_get(status, "primary-error");

	if (primary != NULL)
		return name_with_bootname(slots, primary);
	return g_strdup_printf("unknown%s%s", why ? ": " : "", why ? why : "");
}

static void
add_system(GString *text, GVariant *status, GVariant *slots, gboolean detailed)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	g_autofree char *table = NULL;

	add_pair(rows, "compatible", g_strdup(bsc_output_get(status, "compatible")));
	add_pair(rows, "variant", g_strdup(bsc_output_get(status, "variant")));
	add_pair(rows, "version", g_strdup(bsc_output_get(status, "version")));
	add_pair(rows, "booted from", describe_booted(status, slots));
	add_pair(rows, "boots next", describe_primary(status, slots));
	if (bsc_output_get_flag(status, "on-trial"))
		add_pair(rows, "on trial",
			 g_strdup("the booted slot is not yet marked good (bascule mark good)"));
	add_pair(rows, "boot loader", g_strdup(bsc_output_get(status, "bootloader")));
	add_pair(rows, "config file", g_strdup(bsc_output_get(status, "config-file")));
	add_pair(rows, "last update", g_strdup(bsc_output_get(status, "last-outcome")));
	if (detailed) {
		add_pair(rows, "transaction", g_strdup(bsc_output_get(status, "last-transaction")));
		add_pair(rows, "status kept in",
			 g_strdup(bsc_output_get(status, "status-location")));
		add_pair(rows, "serial", g_strdup(bsc_output_get(status, "serial")));
		add_pair(rows, "highest good version",
			 g_strdup(bsc_output_get(status, "highest-good-version")));
		add_pair(rows, "certificates judged at",
			 g_strdup(bsc_output_get(status, "time-floor")));
	}
	table = bsc_output_align(rows, 2);
	g_string_append_printf(text, "System\n%s", table);
}

static char *
describe_boot_status(GVariant *dict)
{
	const char *word = bsc_output_get(dict, "boot-status");
	uint64_t attempts;

	if (word == NULL)
		return g_strdup("");
	if (!bsc_output_get_number(dict, "boot-attempts", &attempts))
		return g_strdup(word);
	return g_strdup_printf("%s, %u %s left", word, (unsigned)attempts,
			       attempts == 1 ? "attempt" : "attempts");
}

static char *
describe_content(GVariant *dict)
{
	const char *version = bsc_output_get(dict, "bundle.version");
	const char *word = bsc_output_get(dict, "status");
	const char *trial = bsc_output_get_flag(dict, "trial") ? ", on trial" : "";

	if (word != NULL && !g_str_equal(word, "ok"))
		return g_strdup_printf("%s%s", word, trial);
	return g_strdup_printf("%s%s", version ? version : "", trial);
}

static void
add_slot_rows(GPtrArray *rows, GVariant *slots)
{
	GVariantIter iter;
	const char *name;
	GVariant *dict;

	g_variant_iter_init(&iter, slots);
	while (g_variant_iter_loop(&iter, "(&s@a{sv})", &name, &dict)) {
		const char *parent = bsc_output_get(dict, "parent");
		g_autofree char *shown = g_strconcat(parent ? "  " : "", name, NULL);
		g_autofree char *boot_status = describe_boot_status(dict);
		g_autofree char *content = describe_content(dict);
		const char *cells[] = {
			shown,
			bsc_output_get_or_empty(dict, "bootname"),
			bsc_output_get_or_empty(dict, "state"),
			boot_status,
			content,
			bsc_output_get_or_empty(dict, "type"),
			bsc_output_get_or_empty(dict, "device"),
			NULL,
		};

		g_ptr_array_add(rows, g_strdupv((char **)cells));
	}
}

static void
add_slots(GString *text, GVariant *slots)
{
	static const char *const head[] = {"slot",    "bootname", "state",  "boot status",
					   "content", "type",	  "device", NULL};
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	g_autofree char *table = NULL;

	g_ptr_array_add(rows, g_strdupv((char **)head));
	add_slot_rows(rows, slots);
	table = bsc_output_align(rows, 2);
	g_string_append_printf(text, "\nSlots\n%s", table);
}

static void
add_slot_details(GString *text, GVariant *slots)
{
	static const Field fields[] = {
		{"description", "description"},
		{"mounted on", "mountpoint"},
		{"in use", "in-use"},
		{"boot status unknown", "boot-error"},
		{"bundle compatible", "bundle.compatible"},
		{"bundle version", "bundle.version"},
		{"bundle description", "bundle.description"},
		{"bundle build", "bundle.build"},
		{"manifest hash", "bundle.hash"},
		{"image sha256", "sha256"},
		{"status", "status"},
		{"installed", "installed.timestamp"},
		{"transaction", "installed.transaction"},
		{"activated", "activated.timestamp"},
	};
	GVariantIter iter;
	const char *name;
	GVariant *dict;

	g_variant_iter_init(&iter, slots);
	while (g_variant_iter_loop(&iter, "(&s@a{sv})", &name, &dict)) {
		g_autoptr(GPtrArray) rows =
			g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
		g_autofree char *table = NULL;

		for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
			add_pair(rows, fields[i].name,
				 g_strdup(bsc_output_get(dict, fields[i].key)));
		table = bsc_output_align(rows, 2);
		if (rows->len > 0)
			g_string_append_printf(text, "\n%s\n%s", name, table);
	}
}

static void
add_warnings(GString *text, GVariant *status)
{
	g_autofree const char **warnings = NULL;
	const char *read_only = bsc_output_get(status, "read-only");

	if (read_only != NULL)
		g_string_append_printf(text, "\nread only: %s\n", read_only);
	if (!g_variant_lookup(status, "warnings", "^a&s", &warnings) || warnings[0] == NULL)
		return;
	g_string_append(text, "\nWarnings\n");
	for (size_t i = 0; warnings[i] != NULL; i++)
		g_string_append_printf(text, "  %s\n", warnings[i]);
}

static char *
format_readable(GVariant *status, GVariant *slots, gboolean detailed)
{
	GString *text = g_string_new(NULL);

	add_system(text, status, slots, detailed);
	add_slots(text, slots);
	if (detailed)
		add_slot_details(text, slots);
	add_warnings(text, status);
	return g_string_free(text, FALSE);
}

char *
bsc_status_output_format(GVariant *status, GVariant *slots, BscOutputFormat format,
			 gboolean detailed)
{
	switch (format) {
	case BSC_OUTPUT_SHELL:
		return bsc_status_export_shell(status, slots, detailed);
	case BSC_OUTPUT_JSON:
	case BSC_OUTPUT_JSON_PRETTY:
		return bsc_status_export_json(status, slots, format, detailed);
	case BSC_OUTPUT_READABLE:
	case BSC_OUTPUT_N:
		break;
	}
	return format_readable(status, slots, detailed);
}
