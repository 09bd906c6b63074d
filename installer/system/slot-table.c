/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/system/slot-table.h"

typedef gboolean (*SlotTest)(const BscSlot *slot, gconstpointer data);

static const BscSlot *
find_first(const BscSystemConfig *config, SlotTest test, gconstpointer data)
{
	for (guint i = 0; i < config->slots->len; i++) {
		const BscSlot *slot = g_ptr_array_index(config->slots, i);

		if (test(slot, data))
			return slot;
	}
	return NULL;
}

static GPtrArray *
list_all(const BscSystemConfig *config, SlotTest test, gconstpointer data)
{
	GPtrArray *found = g_ptr_array_new();

	for (guint i = 0; i < config->slots->len; i++) {
		BscSlot *slot = g_ptr_array_index(config->slots, i);

		if (test(slot, data))
			g_ptr_array_add(found, slot);
	}
	return found;
}

static gboolean
has_name(const BscSlot *slot, gconstpointer name)
{
	return g_str_equal(slot->name, name);
}

static gboolean
has_bootname(const BscSlot *slot, gconstpointer bootname)
{
	return g_strcmp0(slot->bootname, bootname) == 0;
}

static gboolean
has_class(const BscSlot *slot, gconstpointer slot_class)
{
	return g_str_equal(slot->slot_class, slot_class);
}

static gboolean
is_in_group(const BscSlot *slot, gconstpointer root)
{
	return bsc_slot_table_get_root(slot) == root;
}

static gboolean
is_root(const BscSlot *slot, gconstpointer unused)
{
	return slot->parent == NULL;
}

static gboolean
is_bootable(const BscSlot *slot, gconstpointer unused)
{
	return slot->bootname != NULL;
}

const BscSlot *
bsc_slot_table_find(const BscSystemConfig *config, const char *name)
{
	g_return_val_if_fail(name != NULL, NULL);
	return find_first(config, has_name, name);
}

const BscSlot *
bsc_slot_table_find_by_bootname(const BscSystemConfig *config, const char *bootname)
{
	g_return_val_if_fail(bootname != NULL, NULL);
	return find_first(config, has_bootname, bootname);
}

const BscSlot *
bsc_slot_table_find_in_group(const BscSystemConfig *config, const BscSlot *root,
			     const char *slot_class)
{
	g_autoptr(GPtrArray) group = bsc_slot_table_list_group(config, root);

	for (guint i = 0; i < group->len; i++) {
		if (has_class(g_ptr_array_index(group, i), slot_class))
			return g_ptr_array_index(group, i);
	}
	return NULL;
}

const BscSlot *
bsc_slot_table_get_root(const BscSlot *slot)
{
	/* The configuration was refused if parents went round in a circle. */
	while (slot->parent != NULL)
		slot = slot->parent;
	return slot;
}

gboolean
bsc_slot_table_is_in_group(const BscSlot *slot, const BscSlot *root)
{
	return is_in_group(slot, root);
}

gboolean
bsc_slot_table_has_class(const BscSystemConfig *config, const char *slot_class)
{
	return find_first(config, has_class, slot_class) != NULL;
}

GPtrArray *
bsc_slot_table_list_class(const BscSystemConfig *config, const char *slot_class)
{
	return list_all(config, has_class, slot_class);
}

GPtrArray *
bsc_slot_table_list_group(const BscSystemConfig *config, const BscSlot *root)
{
	return list_all(config, is_in_group, root);
}

GPtrArray *
bsc_slot_table_list_roots(const BscSystemConfig *config)
{
	return list_all(config, is_root, NULL);
}

GPtrArray *
bsc_slot_table_list_bootable(const BscSystemConfig *config)
{
	return list_all(config, is_bootable, NULL);
}
