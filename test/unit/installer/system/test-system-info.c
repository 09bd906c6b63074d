/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/system/test-system-info.c - who this device is */
#include "config.h"

#include "common/keyfile.h"
#include "installer/system/system-info.h"
#include "test/support/temp-dir.h"

#include <glib/gstdio.h>
#include <string.h>

static BscSystemConfig *
make_config(const TestTempDir *dir, const char *keys)
{
	g_autofree char *text =
		g_strdup_printf("[system]\ncompatible=board\nbootloader=noop\n%s", keys);
	g_autofree char *path = test_temp_dir_write(dir, "system.conf", text);
	g_autoptr(GError) error = NULL;
	BscSystemConfig *config = bsc_system_config_load(path, NULL, &error);

	g_assert_no_error(error);
	return config;
}

static BscSystemInfo *
load(const TestTempDir *dir, const char *keys, GError **error)
{
	g_autoptr(BscSystemConfig) config = make_config(dir, keys);

	return bsc_system_info_load(config, &(BscSystemInfoOptions){.root_dir = dir->path}, error);
}

static void
test_ids(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemInfo) info = NULL;

	g_free(test_temp_dir_write(dir, "proc/sys/kernel/random/boot_id", "boot-1\n"));
	g_free(test_temp_dir_write(dir, "etc/machine-id", "\n"));
	info = load(dir, "", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(info->compatible, ==, "board");
	g_assert_cmpstr(info->boot_id, ==, "boot-1");
	g_assert_null(info->machine_id);
	g_assert_null(info->variant);
	g_assert_cmpuint(g_strv_length(info->variables), ==, 0);
}

static void
test_variants(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemInfo) named = load(dir, "variant-name=v1\n", &error);
	g_autoptr(BscSystemInfo) filed = NULL;
	g_autoptr(BscSystemInfo) treed = NULL;

	g_free(test_temp_dir_write(dir, "variant", "v2\nmore\n"));
	filed = load(dir, "variant-file=variant\n", &error);
	g_free(test_temp_dir_write(dir, "sys/firmware/devicetree/base/compatible", "vendor,v3"));
	treed = load(dir, "variant-dtb=true\n", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(named->variant, ==, "v1");
	g_assert_cmpstr(filed->variant, ==, "v2");
	g_assert_cmpstr(treed->variant, ==, "vendor,v3");
	g_assert_null(load(dir, "variant-file=missing\n", &error));
	g_assert_nonnull(error);
	g_assert_true(g_str_has_prefix(error->message, "Failed to read the variant: "));
}

static BscSystemInfo *
load_with_handler(const TestTempDir *dir, const char *script, GError **error)
{
	g_autofree char *text = g_strconcat("#!/bin/sh\n", script, NULL);
	g_autofree char *path = test_temp_dir_write(dir, "info.sh", text);

	g_assert_cmpint(g_chmod(path, 0755), ==, 0);
	return load(dir, "variant-name=v1\n[handlers]\nsystem-info=info.sh\n", error);
}

static void
test_handler(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemInfo) info = load_with_handler(
		dir,
		"echo RAUC_SYSTEM_SERIAL=1=2; echo RAUC_SYSTEM_VARIANT=v9; echo chatter\n"
		"echo RAUC_SYSTEM_VERSION=3.1; echo RAUC_HTTP_SITE_ID=x; echo RAUC_CUSTOM=c\n"
		"echo other=1; echo RAUC_bad=1\n",
		&error);

	g_assert_no_error(error);
	g_assert_cmpstr(info->serial, ==, "1=2");
	g_assert_cmpstr(info->variant, ==, "v9");
	g_assert_cmpstr(info->version, ==, "3.1");
	g_assert_cmpstr(info->http_headers[0], ==, "RAUC-SITE-ID: x");
	g_assert_null(info->http_headers[1]);
	g_assert_cmpuint(g_strv_length(info->variables), ==, 4);
	g_assert_cmpstr(info->variables[3], ==, "RAUC_CUSTOM=c");
}

static void
test_bad_handlers(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autoptr(GError) error = NULL;

	g_assert_null(load_with_handler(dir, "echo sad >&2; exit 3\n", &error));
	g_assert_nonnull(strstr(error->message, "system-info handler: "));
	g_assert_nonnull(strstr(error->message, "sad"));
	g_clear_error(&error);
	g_assert_null(load_with_handler(dir, "printf 'RAUC_HTTP_X=a\\033b\\n'\n", &error));
	g_assert_error(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/system/system-info/reads-ids", test_ids);
	g_test_add_func("/system/system-info/reads-variants", test_variants);
	g_test_add_func("/system/system-info/runs-the-handler", test_handler);
	g_test_add_func("/system/system-info/refuses-bad-handlers", test_bad_handlers);
	return g_test_run();
}
