/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/service/test-authorize.c - the table of who may call what */
#include "config.h"

#include "dbus/dbus-names.h"
#include "dbus/dbus-rauc.h"
#include "dbus/dbus-update.h"
#include "installer/service/authorize.h"

static void
check_interface(const GDBusInterfaceInfo *info)
{
	for (size_t i = 0; info->methods[i] != NULL; i++) {
		const char *action = NULL;

		g_test_message("%s.%s", info->name, info->methods[i]->name);
		g_assert_true(
			bsc_authorize_find_action(info->name, info->methods[i]->name, &action));
	}
}

static void
test_every_method_has_a_row(void)
{
	check_interface(bsc_dbus_update1_interface_info());
	check_interface(bsc_rauc_installer_interface_info());
}

static void
test_refuses_what_the_table_lacks(void)
{
	const char *action = "untouched";

	g_assert_false(bsc_authorize_find_action(BSC_DBUS_INTERFACE, "Explode", &action));
	g_assert_false(bsc_authorize_find_action("org.example", "Install", &action));
	g_assert_cmpstr(action, ==, "untouched");
}

static void
test_both_interfaces_agree(void)
{
	static const struct {
		const char *ours;
		const char *rauc;
	} pairs[] = {
		{"Install", "Install"},
		{"Install", "InstallBundle"},
		{"Mark", "Mark"},
		{"Inspect", "InspectBundle"},
		{"Inspect", "Info"},
		{"GetSlots", "GetSlotStatus"},
		{"GetPrimary", "GetPrimary"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
		const char *ours = NULL;
		const char *rauc = NULL;

		g_assert_true(bsc_authorize_find_action(BSC_DBUS_INTERFACE, pairs[i].ours, &ours));
		g_assert_true(
			bsc_authorize_find_action(BSC_DBUS_RAUC_INTERFACE, pairs[i].rauc, &rauc));
		g_assert_cmpstr(ours, ==, rauc);
	}
}

static void
test_what_writes_needs_an_action(void)
{
	static const char *const writers[] = {"Install", "Cancel", "Mark"};

	for (size_t i = 0; i < G_N_ELEMENTS(writers); i++) {
		const char *action = NULL;

		g_assert_true(bsc_authorize_find_action(BSC_DBUS_INTERFACE, writers[i], &action));
		g_assert_nonnull(action);
	}
}

static void
test_lists_are_names(void)
{
	static const char *const root[] = {"root", NULL};
	static const char *const nobody[] = {"no-such-user", NULL};

	g_assert_true(bsc_authorize_is_listed(0, root, NULL));
	g_assert_true(bsc_authorize_is_listed(0, NULL, root)); /* root's group */
	g_assert_false(bsc_authorize_is_listed(0, nobody, nobody));
	g_assert_false(bsc_authorize_is_listed(0, NULL, NULL));
	g_assert_false(bsc_authorize_is_listed(4000000000u, root, root));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/service/authorize/every-method-has-a-row", test_every_method_has_a_row);
	g_test_add_func("/service/authorize/refuses-what-the-table-lacks",
			test_refuses_what_the_table_lacks);
	g_test_add_func("/service/authorize/both-interfaces-agree", test_both_interfaces_agree);
	g_test_add_func("/service/authorize/what-writes-needs-an-action",
			test_what_writes_needs_an_action);
	g_test_add_func("/service/authorize/lists-are-names", test_lists_are_names);
	return g_test_run();
}
