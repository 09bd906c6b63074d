/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/boot/boot-order.h"

#include <string.h>

char *
bsc_boot_order_get(const char *text, const BscSystemConfig *config)
{
	g_autoptr(GPtrArray) slots = bsc_slot_table_list_bootable(config);
	g_autoptr(GString) order = g_string_new(NULL);

	if (text != NULL && text[strspn(text, " \t")] != '\0')
		return g_strdup(text);
	for (guint i = 0; i < slots->len; i++) {
		const BscSlot *slot = g_ptr_array_index(slots, i);

		g_string_append_printf(order, "%s%s", i > 0 ? " " : "", slot->bootname);
	}
	return g_string_free(g_steal_pointer(&order), FALSE);
}

char **
bsc_boot_order_split(const char *order)
{
	g_auto(GStrv) words = g_strsplit_set(order, " \t", -1);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	for (size_t i = 0; words[i] != NULL; i++) {
		if (*words[i] != '\0' && g_hash_table_add(seen, words[i]))
			g_strv_builder_add(builder, words[i]);
	}
	return g_strv_builder_end(builder);
}

gboolean
bsc_boot_order_has(const char *order, const char *bootname)
{
	g_auto(GStrv) names = bsc_boot_order_split(order != NULL ? order : "");

	return g_strv_contains((const char *const *)names, bootname);
}

char *
bsc_boot_order_remove(const char *order, const char *bootname)
{
	g_auto(GStrv) names = bsc_boot_order_split(order);
	g_autoptr(GString) rest = g_string_new(NULL);

	for (size_t i = 0; names[i] != NULL; i++) {
		if (!g_str_equal(names[i], bootname))
			g_string_append_printf(rest, "%s%s", rest->len > 0 ? " " : "", names[i]);
	}
	return g_string_free(g_steal_pointer(&rest), FALSE);
}

char *
bsc_boot_order_put_first(const char *order, const char *bootname)
{
	g_autofree char *rest = bsc_boot_order_remove(order, bootname);

	return g_strdup_printf("%s%s%s", bootname, *rest != '\0' ? " " : "", rest);
}

char *
bsc_boot_order_put_last(const char *order, const char *bootname)
{
	g_autofree char *rest = bsc_boot_order_remove(order, bootname);

	if (bsc_boot_order_has(order, bootname))
		return g_strdup(order);
	return g_strdup_printf("%s%s%s", rest, *rest != '\0' ? " " : "", bootname);
}

int
bsc_boot_order_parse_attempts(const char *text)
{
	guint64 count;

	if (text != NULL && (g_str_has_prefix(text, "0x") || g_str_has_prefix(text, "0X")))
		text += 2;
	if (text == NULL || !g_ascii_string_to_unsigned(text, 16, 0, G_MAXINT, &count, NULL))
		return -1;
	return (int)count;
}
