/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/output/status-export.h"

/* a slot's variable or member in RAUC's outputs, and its key in the dictionary */
typedef struct {
	const char *name;
	const char *key;
	gboolean is_number; /* unset is 0 */
} Field;

static void
add_slot_shell(GString *text, GVariant *dict, const Field *fields, size_t n_fields, unsigned number)
{
	for (size_t i = 0; i < n_fields; i++) {
		g_autofree char *name = g_strdup_printf("%s_%u", fields[i].name, number);
		g_autofree char *digits = NULL;
		const char *value = bsc_output_get(dict, fields[i].key);
		uint64_t size = 0;

		bsc_output_get_number(dict, fields[i].key, &size);
		if (fields[i].is_number)
			digits = g_strdup_printf("%" G_GUINT64_FORMAT, size);
		bsc_output_add_shell(text, name, value ? value : digits);
	}
}

static const Field shell_fields[] = {
	{"RAUC_SLOT_STATE", "state"},		{"RAUC_SLOT_CLASS", "class"},
	{"RAUC_SLOT_DEVICE", "device"},		{"RAUC_SLOT_TYPE", "type"},
	{"RAUC_SLOT_BOOTNAME", "bootname"},	{"RAUC_SLOT_PARENT", "parent"},
	{"RAUC_SLOT_MOUNTPOINT", "mountpoint"}, {"RAUC_SLOT_BOOT_STATUS", "boot-status"},
};

static const Field shell_status_fields[] = {
	{"RAUC_SLOT_STATUS_BUNDLE_COMPATIBLE", "bundle.compatible"},
	{"RAUC_SLOT_STATUS_BUNDLE_VERSION", "bundle.version"},
	{"RAUC_SLOT_STATUS_BUNDLE_DESCRIPTION", "bundle.description"},
	{"RAUC_SLOT_STATUS_BUNDLE_BUILD", "bundle.build"},
	{"RAUC_SLOT_STATUS_BUNDLE_HASH", "bundle.hash"},
	{"RAUC_SLOT_STATUS_CHECKSUM_SHA256", "sha256"},
	{"RAUC_SLOT_STATUS_CHECKSUM_SIZE", "size", TRUE},
	{"RAUC_SLOT_STATUS_INSTALLED_TIMESTAMP", "installed.timestamp"},
	{"RAUC_SLOT_STATUS_INSTALLED_COUNT", "installed.count", TRUE},
	{"RAUC_SLOT_STATUS_ACTIVATED_TIMESTAMP", "activated.timestamp"},
	{"RAUC_SLOT_STATUS_ACTIVATED_COUNT", "activated.count", TRUE},
	{"RAUC_SLOT_STATUS_STATUS", "status"},
};

static char *
join_slots(GVariant *slots, gboolean numbers)
{
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < g_variant_n_children(slots); i++) {
		const char *name = NULL;

		g_variant_get_child(slots, i, "(&s@a{sv})", &name, NULL);
		if (i > 0)
			g_string_append_c(text, ' ');
		if (numbers)
			g_string_append_printf(text, "%u", (unsigned)i + 1);
		else
			g_string_append(text, name);
	}
	return g_string_free(text, FALSE);
}

char *
bsc_status_export_shell(GVariant *status, GVariant *slots, gboolean detailed)
{
	GString *text = g_string_new(NULL);
	g_autofree char *names = join_slots(slots, FALSE);
	g_autofree char *numbers = join_slots(slots, TRUE);

	bsc_output_add_shell(text, "RAUC_SYSTEM_COMPATIBLE", bsc_output_get(status, "compatible"));
	bsc_output_add_shell(text, "RAUC_SYSTEM_VARIANT", bsc_output_get(status, "variant"));
	bsc_output_add_shell(text, "RAUC_SYSTEM_VERSION", bsc_output_get(status, "version"));
	bsc_output_add_shell(text, "RAUC_SYSTEM_BOOTED_BOOTNAME",
			     bsc_output_get(status, "boot-slot"));
	bsc_output_add_shell(text, "RAUC_BOOT_PRIMARY", bsc_output_get(status, "primary"));
	bsc_output_add_shell(text, "RAUC_SYSTEM_SLOTS", names);
	bsc_output_add_shell(text, "RAUC_SLOTS", numbers);
	for (gsize i = 0; i < g_variant_n_children(slots); i++) {
		g_autoptr(GVariant) dict = NULL;

		g_variant_get_child(slots, i, "(&s@a{sv})", NULL, &dict);
		add_slot_shell(text, dict, shell_fields, G_N_ELEMENTS(shell_fields),
			       (unsigned)i + 1);
		if (detailed)
			add_slot_shell(text, dict, shell_status_fields,
				       G_N_ELEMENTS(shell_status_fields), (unsigned)i + 1);
	}
	return g_string_free(text, FALSE);
}

static void
add_number(JsonBuilder *builder, GVariant *dict, const char *member, const char *key)
{
	uint64_t value;

	if (!bsc_output_get_number(dict, key, &value))
		return;
	json_builder_set_member_name(builder, member);
	json_builder_add_int_value(builder, (gint64)value);
}

static void
add_optional(JsonBuilder *builder, GVariant *dict, const char *member, const char *key)
{
	const char *value = bsc_output_get(dict, key);

	if (value != NULL)
		bsc_output_add_json(builder, member, value);
}

static void
add_event(JsonBuilder *builder, GVariant *dict, const char *member)
{
	g_autofree char *timestamp = g_strconcat(member, ".timestamp", NULL);
	g_autofree char *count = g_strconcat(member, ".count", NULL);
	g_autofree char *transaction = g_strconcat(member, ".transaction", NULL);

	if (bsc_output_get(dict, timestamp) == NULL)
		return;
	json_builder_set_member_name(builder, member);
	json_builder_begin_object(builder);
	add_optional(builder, dict, "transaction", transaction);
	add_optional(builder, dict, "timestamp", timestamp);
	add_number(builder, dict, "count", count);
	json_builder_end_object(builder);
}

static void
add_slot_status(JsonBuilder *builder, GVariant *dict)
{
	json_builder_set_member_name(builder, "slot_status");
	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "bundle");
	json_builder_begin_object(builder);
	bsc_output_add_json(builder, "compatible", bsc_output_get(dict, "bundle.compatible"));
	add_optional(builder, dict, "version", "bundle.version");
	add_optional(builder, dict, "description", "bundle.description");
	add_optional(builder, dict, "build", "bundle.build");
	add_optional(builder, dict, "hash", "bundle.hash");
	json_builder_end_object(builder);
	if (bsc_output_get(dict, "sha256") != NULL) {
		json_builder_set_member_name(builder, "checksum");
		json_builder_begin_object(builder);
		add_optional(builder, dict, "sha256", "sha256");
		add_number(builder, dict, "size", "size");
		json_builder_end_object(builder);
	}
	add_event(builder, dict, "installed");
	add_event(builder, dict, "activated");
	add_optional(builder, dict, "status", "status");
	json_builder_end_object(builder);
}

static void
add_slot_json(JsonBuilder *builder, const char *name, GVariant *dict, gboolean detailed)
{
	static const Field fields[] = {
		{"class", "class"},
		{"device", "device"},
		{"type", "type"},
		{"bootname", "bootname"},
		{"state", "state"},
		{"parent", "parent"},
		{"mountpoint", "mountpoint"},
		{"boot_status", "boot-status"},
	};

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, name);
	json_builder_begin_object(builder);
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
		bsc_output_add_json(builder, fields[i].name, bsc_output_get(dict, fields[i].key));
	add_optional(builder, dict, "description", "description");
	add_optional(builder, dict, "boot_error", "boot-error");
	add_optional(builder, dict, "in_use", "in-use");
	add_number(builder, dict, "boot_attempts", "boot-attempts");
	json_builder_set_member_name(builder, "trial");
	json_builder_add_boolean_value(builder, bsc_output_get_flag(dict, "trial"));
	if (detailed)
		add_slot_status(builder, dict);
	json_builder_end_object(builder);
	json_builder_end_object(builder);
}

/* Our own members: everything of the dictionary that RAUC has no name for. */
static void
add_own_members(JsonBuilder *builder, GVariant *status)
{
	static const char *const keys[] = {
		"booted",
		"primary-error",
		"on-trial",
		"bootloader",
		"config-file",
		"serial",
		"status-location",
		"read-only",
		"last-transaction",
		"last-outcome",
		"highest-good-version",
		"time-floor",
		"warnings",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autoptr(GVariant) value = g_variant_lookup_value(status, keys[i], NULL);
		g_autofree char *member = g_strdelimit(g_strdup(keys[i]), "-", '_');

		if (value == NULL)
			continue;
		json_builder_set_member_name(builder, g_str_equal(member, "booted") ? "booted_slot"
										    : member);
		bsc_output_add_json_value(builder, value);
	}
}

char *
bsc_status_export_json(GVariant *status, GVariant *slots, BscOutputFormat format, gboolean detailed)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	GVariantIter iter;
	const char *name;
	GVariant *dict;

	json_builder_begin_object(builder);
	bsc_output_add_json(builder, "compatible", bsc_output_get(status, "compatible"));
	bsc_output_add_json(builder, "variant", bsc_output_get_or_empty(status, "variant"));
	bsc_output_add_json(builder, "system_version", bsc_output_get_or_empty(status, "version"));
	bsc_output_add_json(builder, "booted", bsc_output_get(status, "boot-slot"));
	bsc_output_add_json(builder, "boot_primary", bsc_output_get(status, "primary"));
	add_own_members(builder, status);
	json_builder_set_member_name(builder, "slots");
	json_builder_begin_array(builder);
	g_variant_iter_init(&iter, slots);
	while (g_variant_iter_loop(&iter, "(&s@a{sv})", &name, &dict))
		add_slot_json(builder, name, dict, detailed);
	json_builder_end_array(builder);
	json_builder_set_member_name(builder, "artifact-repositories");
	json_builder_begin_array(builder);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	return bsc_output_end_json(builder, format);
}
