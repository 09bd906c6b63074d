/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/boot/test-bootloader.c - configuration, read-back, and boot orders */
#include "config.h"

#include "common/keyfile.h"
#include "installer/boot/boot-order.h"
#include "installer/boot/bootloader.h"
#include "test/support/fake-bootloader.h"

#include <string.h>

static BscSystemConfig *
make_config(const char *bootloader, const char *bootname)
{
	g_autofree char *text = g_strdup_printf("[system]\ncompatible=x\nbootloader=%s\n"
						"[slot.r.0]\ndevice=a\nbootname=%s\n"
						"[slot.r.1]\ndevice=b\nbootname=B\n",
						bootloader, bootname);
	g_autoptr(GError) error = NULL;
	BscSystemConfig *config = bsc_system_config_parse(
		&(BscSystemConfigText){.data = text, .len = strlen(text), .path = "/c"}, &error);

	g_assert_no_error(error);
	return config;
}

static void
test_check_config(void)
{
	static const struct {
		const char *bootloader;
		const char *bootname;
		int code; /* -1 = good */
	} cases[] = {
		{"uboot", "A", -1},
		{"grub", "system-a", -1},
		{"noop", "a=b", -1},
		{"efi", "A", -1},
		{"barebox", "A", -1},
		{"u-boot", "A", BSC_CONFIG_ERROR_VALUE},
		{"uboot", "a=b", BSC_CONFIG_ERROR_VALUE},
		{"grub", "a\\\\b", BSC_CONFIG_ERROR_VALUE},
		{"custom", "A", BSC_CONFIG_ERROR_CONFLICT},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(BscSystemConfig) config =
			make_config(cases[i].bootloader, cases[i].bootname);
		g_autoptr(GError) error = NULL;

		g_assert_cmpint(bsc_bootloader_check_config(config, &error), ==, cases[i].code < 0);
		if (cases[i].code >= 0)
			g_assert_error(error, BSC_CONFIG_ERROR, cases[i].code);
	}
}

static void
test_not_supported_yet(void)
{
	static const char *const words[] = {"efi"};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autoptr(BscSystemConfig) config = make_config(words[i], "A");
		g_autoptr(GError) error = NULL;
		g_autoptr(BscBootloader) loader = bsc_bootloader_new(config, NULL, &error);
		g_autofree char *current = NULL;

		g_assert_no_error(error);
		g_assert_true(bsc_bootloader_get_current(loader, &current, &error));
		g_assert_false(bsc_bootloader_set_primary(loader, "A", &error));
		g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED);
		g_assert_nonnull(strstr(error->message, words[i]));
		g_assert_nonnull(strstr(error->message, "not supported yet"));
	}
}

static void
test_noop(void)
{
	g_autoptr(BscSystemConfig) config = make_config("noop", "A");
	g_autoptr(GError) error = NULL;
	g_autoptr(BscBootloader) loader = bsc_bootloader_new(config, NULL, &error);
	g_autofree char *primary = NULL;
	BscBootState state = BSC_BOOT_STATE_GOOD;
	int attempts;

	g_assert_true(bsc_bootloader_set_primary(loader, "A", &error));
	g_assert_true(bsc_bootloader_set_state(loader, "A", BSC_BOOT_STATE_BAD, &error));
	g_assert_true(bsc_bootloader_get_state(loader, "A", &state, &error));
	g_assert_cmpint(state, ==, BSC_BOOT_STATE_UNKNOWN);
	g_assert_true(bsc_bootloader_get_attempts(loader, "A", &attempts, &error));
	g_assert_cmpint(attempts, ==, -1);
	g_assert_no_error(error);
	g_assert_false(bsc_bootloader_get_primary(loader, &primary, &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED);
	g_clear_error(&error);
	g_assert_null(bsc_bootloader_list_bootable(loader, &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED);
}

static void
test_read_back(void)
{
	g_autoptr(BscSystemConfig) config = make_config("noop", "A");
	g_autoptr(TestFakeBootloader) fake = test_fake_bootloader_new("A B");
	g_autoptr(BscBootloader) loader = test_fake_bootloader_open(fake, config);
	g_autoptr(GError) error = NULL;

	fake->ignore_sets = TRUE;
	g_assert_false(bsc_bootloader_set_primary(loader, "B", &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_READBACK);
	g_clear_error(&error);
	g_assert_false(bsc_bootloader_set_state(loader, "B", BSC_BOOT_STATE_BAD, &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_READBACK);
	g_clear_error(&error);
	fake->ignore_sets = FALSE;
	fake->fail_at = 2;
	g_assert_true(bsc_bootloader_set_primary(loader, "B", &error));
	g_assert_false(bsc_bootloader_set_primary(loader, "A", &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
	g_assert_cmpstr(error->message, ==, "boot loader fake: planned: set_primary A");
	g_assert_cmpstr(test_fake_bootloader_boot(fake), ==, "B");
}

static void
test_orders(void)
{
	static const struct {
		char *(*change)(const char *order, const char *bootname);
		const char *order;
		const char *wanted;
	} cases[] = {
		{bsc_boot_order_put_first, "A B", "B A"},
		{bsc_boot_order_put_first, "", "B"},
		{bsc_boot_order_put_first, "B  B\tA", "B A"},
		{bsc_boot_order_put_first, "A AB B BA", "B A AB BA"},
		{bsc_boot_order_put_last, "A", "A B"},
		{bsc_boot_order_put_last, "B A", "B A"},
		{bsc_boot_order_remove, "A B", "A"},
		{bsc_boot_order_remove, "B", ""},
		{bsc_boot_order_remove, "A", "A"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *order = cases[i].change(cases[i].order, "B");

		g_assert_cmpstr(order, ==, cases[i].wanted);
	}
	g_assert_false(bsc_boot_order_has(NULL, "B"));
	g_assert_false(bsc_boot_order_has("AB", "B"));
}

static void
test_attempts(void)
{
	static const struct {
		const char *text;
		int wanted;
	} cases[] = {
		{"0", 0},   {"3", 3}, {"10", 16}, {"0x1f", 31},	      {"A", 10},
		{NULL, -1}, {"", -1}, {"-1", -1}, {"ffffffffff", -1}, {"3 ", -1},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(bsc_boot_order_parse_attempts(cases[i].text), ==, cases[i].wanted);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/boot/bootloader/judges-the-configuration", test_check_config);
	g_test_add_func("/boot/bootloader/says-not-supported-when-used", test_not_supported_yet);
	g_test_add_func("/boot/bootloader/noop-accepts-all-knows-nothing", test_noop);
	g_test_add_func("/boot/bootloader/reads-back", test_read_back);
	g_test_add_func("/boot/boot-order/changes-orders", test_orders);
	g_test_add_func("/boot/boot-order/parses-attempts", test_attempts);
	return g_test_run();
}
