/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/rauc-front/rauc-output.h"

#include "installer/output/output.h"

#define COLOUR_BOLD  "\033[1m"
#define COLOUR_RED   "\033[31m"
#define COLOUR_GREEN "\033[32m"
#define COLOUR_BLUE  "\033[34m"
#define COLOUR_OFF   "\033[0m"

static void
add_rauc_event(GString *text, GVariant *dict, const char *word)
{
	g_autofree char *timestamp = g_strconcat(word, ".timestamp", NULL);
	g_autofree char *count = g_strconcat(word, ".count", NULL);
	uint64_t number = 0;

	if (bsc_output_get(dict, timestamp) == NULL)
		return;
	bsc_output_get_number(dict, count, &number);
	g_string_append_printf(text, "\n          %s:\n              timestamp=%s", word,
			       bsc_output_get(dict, timestamp));
	g_string_append_printf(text, "\n              count=%u", (unsigned)number);
}

static void
add_rauc_slot_status(GString *text, GVariant *dict)
{
	static const char *const keys[] = {"version", "description", "build"};
	const char *compatible = bsc_output_get(dict, "bundle.compatible");
	uint64_t size = 0;

	g_string_append_printf(text, "\n      slot status:\n          bundle:");
	g_string_append_printf(text, "\n              compatible=%s",
			       compatible ? compatible : "(null)");
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autofree char *key = g_strconcat("bundle.", keys[i], NULL);
		const char *value = bsc_output_get(dict, key);

		if (value != NULL)
			g_string_append_printf(text, "\n              %s=%s", keys[i], value);
	}
	if (bsc_output_get(dict, "sha256") != NULL) {
		bsc_output_get_number(dict, "size", &size);
		g_string_append_printf(text, "\n          checksum:\n              sha256=%s",
				       bsc_output_get(dict, "sha256"));
		g_string_append_printf(text, "\n              size=%" G_GUINT64_FORMAT, size);
	}
	add_rauc_event(text, dict, "installed");
	add_rauc_event(text, dict, "activated");
	if (bsc_output_get(dict, "status") != NULL)
		g_string_append_printf(text, "\n          status=%s",
				       bsc_output_get(dict, "status"));
}

/* One slot; @lead is what stands before its name. */
static void
add_rauc_slot(GString *text, const char *lead, const char *name, GVariant *dict, gboolean detailed)
{
	const char *state = bsc_output_get_or_empty(dict, "state");
	gboolean is_booted = g_str_equal(state, "booted");
	gboolean is_inactive = g_str_equal(state, "inactive");
	const char *bootname = bsc_output_get(dict, "bootname");
	const char *boot_status = bsc_output_get(dict, "boot-status");

	g_string_append_printf(
		text, "%s%s%s" COLOUR_BOLD "[%s]" COLOUR_OFF " (%s, %s, %s%s" COLOUR_OFF ")", lead,
		is_inactive ? "" : COLOUR_GREEN, is_booted ? COLOUR_GREEN : "", name,
		bsc_output_get_or_empty(dict, "device"), bsc_output_get_or_empty(dict, "type"),
		is_booted ? COLOUR_BOLD : "", state);
	if (bootname != NULL)
		g_string_append_printf(text, "\n\tbootname: " COLOUR_BLUE "%s" COLOUR_OFF,
				       bootname);
	if (bsc_output_get(dict, "mountpoint") != NULL)
		g_string_append_printf(text, "\n\tmounted: %s", bsc_output_get(dict, "mountpoint"));
	if (bsc_output_get(dict, "description") != NULL)
		g_string_append_printf(text, "\n\tdescription: %s",
				       bsc_output_get(dict, "description"));
	if (boot_status != NULL)
		g_string_append_printf(text, "\n\tboot status: %s%s" COLOUR_OFF,
				       g_str_equal(boot_status, "good") ? COLOUR_GREEN : COLOUR_RED,
				       boot_status);
	if (detailed)
		add_rauc_slot_status(text, dict);
	g_string_append_c(text, '\n');
}

static void
add_rauc_children(GString *text, GVariant *slots, const char *parent, gboolean detailed)
{
	GVariantIter iter;
	const char *name;
	GVariant *dict;

	g_variant_iter_init(&iter, slots);
	while (g_variant_iter_loop(&iter, "(&s@a{sv})", &name, &dict)) {
		if (g_strcmp0(bsc_output_get(dict, "parent"), parent) == 0)
			add_rauc_slot(text, "    ", name, dict, detailed);
	}
}

char *
bsc_rauc_output_format_status(GVariant *status, GVariant *slots, gboolean detailed)
{
	GString *text = g_string_new(NULL);
	const char *primary = bsc_output_get(status, "primary");
	g_autofree char *bootname =
		primary ? bsc_output_dup_in_slot(slots, primary, "bootname") : NULL;
	const char *booted = bsc_output_get(status, "booted");
	GVariantIter iter;
	const char *name;
	GVariant *dict;

	g_string_append_printf(text, "=== System Info ===\nCompatible:  %s\nVariant:     %s\n",
			       bsc_output_get_or_empty(status, "compatible"),
			       bsc_output_get_or_empty(status, "variant"));
	g_string_append_printf(text, "Booted from: %s (%s)\n\n", booted ? booted : "external",
			       bsc_output_get_or_empty(status, "boot-slot"));
	g_string_append_printf(text, "=== Bootloader ===\nActivated: %s (%s)\n\n",
			       primary ? primary : "(null)", bootname ? bootname : "(null)");
	g_string_append(text, "=== Slot States ===\n");
	g_variant_iter_init(&iter, slots);
	while (g_variant_iter_loop(&iter, "(&s@a{sv})", &name, &dict)) {
		gboolean is_bootable = bsc_output_get(dict, "bootname") != NULL;
		gboolean is_primary = g_strcmp0(name, primary) == 0;

		if (bsc_output_get(dict, "parent") != NULL)
			continue;
		add_rauc_slot(text,
			      !is_bootable ? "  "
			      : is_primary ? "⏺ "
					   : "○ ",
			      name, dict, detailed);
		add_rauc_children(text, slots, name, detailed);
		g_string_append_c(text, '\n');
	}
	return g_string_free(text, FALSE);
}
