/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/boot/test-boot-uboot.c - U-Boot's environment with the real tools */
#include "config.h"

#include "common/run.h"
#include "installer/boot/bootloader.h"
#include "test/support/temp-dir.h"

#include <glib/gstdio.h>
#include <string.h>

#define ENVIRONMENT "ethaddr=00:11:22:33:44:55\nbootcmd=run x\n"

typedef struct {
	TestTempDir *dir;
	BscSystemConfig *config;
	BscBootEnv env;
	char *fw_config;
	char *script; /* a tool of the test's own, where it has one */
	gboolean has_tools;
} Fixture;

static void
run_tool(const char *const *argv, char **out_text)
{
	g_autoptr(GError) error = NULL;

	bsc_run(argv, NULL, out_text, NULL, &error);
	g_assert_no_error(error);
}

static void
make_copy(Fixture *f, const char *name, const char *text, gboolean redundant)
{
	g_autofree char *source = test_temp_dir_write(f->dir, "env.txt", text);
	g_autofree char *path = test_temp_dir_get_path(f->dir, name);
	const char *single[] = {"mkenvimage", "-s", "0x2000", "-o", path, source, NULL};
	const char *twice[] = {"mkenvimage", "-r", "-s", "0x2000", "-o", path, source, NULL};

	run_tool(redundant ? twice : single, NULL);
}

static void
make_environment(Fixture *f, const char *text, gboolean redundant)
{
	g_autofree char *config = NULL;

	make_copy(f, "env.0", text, redundant);
	if (redundant)
		make_copy(f, "env.1", text, redundant);
	config = g_strdup_printf("# device offset size\n%s/env.0 0 0x2000\n%s%s%s", f->dir->path,
				 redundant ? f->dir->path : "",
				 redundant ? "/env.1 0 0x2000\n" : "", "\n");
	g_free(test_temp_dir_write(f->dir, "fw_env.config", config));
}

static void
fixture_set_up(Fixture *f, gconstpointer data)
{
	g_autofree char *mkenvimage = bsc_run_find_program("mkenvimage");
	g_autofree char *setenv_tool = bsc_run_find_program("fw_setenv");
	g_autofree char *path = NULL;
	g_autoptr(GError) error = NULL;

	f->dir = test_temp_dir_new();
	path = test_temp_dir_write(f->dir, "system.conf",
				   "[system]\ncompatible=x\nbootloader=uboot\nboot-attempts=16\n"
				   "boot-attempts-primary=2\n"
				   "[slot.rootfs.0]\ndevice=/dev/a\nbootname=A\n"
				   "[slot.rootfs.1]\ndevice=/dev/b\nbootname=B\n");
	f->config = bsc_system_config_load(path, NULL, &error);
	g_assert_no_error(error);
	f->fw_config = test_temp_dir_get_path(f->dir, "fw_env.config");
	f->env.fw_env_config = f->fw_config;
	f->has_tools = mkenvimage != NULL && setenv_tool != NULL;
	if (!f->has_tools)
		g_test_skip("u-boot-tools or libubootenv-tool is missing");
}

static void
fixture_tear_down(Fixture *f, gconstpointer data)
{
	bsc_system_config_unref(f->config);
	g_free(f->fw_config);
	g_free(f->script);
	test_temp_dir_free(f->dir);
}

/* Puts a shell script in the place of a tool; the real one is `/usr/bin/TOOL`. */
static const char *
put_script(Fixture *f, const char *text)
{
	f->script = test_temp_dir_write(f->dir, "tool.sh", text);
	g_assert_cmpint(g_chmod(f->script, 0755), ==, 0);
	return f->script;
}

static BscBootloader *
open_loader(Fixture *f)
{
	g_autoptr(GError) error = NULL;
	BscBootloader *loader = bsc_bootloader_new(f->config, &f->env, &error);

	g_assert_no_error(error);
	return loader;
}

static void
assert_variable(Fixture *f, const char *name, const char *wanted)
{
	const char *argv[] = {"fw_printenv", "-c", f->fw_config, "-n", name, NULL};
	g_autofree char *text = NULL;

	run_tool(argv, &text);
	g_assert_cmpstr(g_strchomp(text), ==, wanted);
}

static void
test_keeps_others(Fixture *f, gconstpointer data)
{
	g_autoptr(BscBootloader) loader = open_loader(f);
	g_autoptr(GError) error = NULL;

	if (!f->has_tools)
		return;
	make_environment(f, ENVIRONMENT "BOOT_ORDER=A recovery B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=0\n",
			 TRUE);
	bsc_bootloader_set_primary(loader, "B", &error);
	g_assert_no_error(error);
	assert_variable(f, "BOOT_ORDER", "B A recovery");
	assert_variable(f, "BOOT_B_LEFT", "2");
	assert_variable(f, "ethaddr", "00:11:22:33:44:55");
	bsc_bootloader_set_state(loader, "B", BSC_BOOT_STATE_GOOD, &error);
	g_assert_no_error(error);
	assert_variable(f, "BOOT_B_LEFT", "10"); /* 16 in hexadecimal */
	bsc_bootloader_set_state(loader, "A", BSC_BOOT_STATE_BAD, &error);
	g_assert_no_error(error);
	assert_variable(f, "BOOT_ORDER", "B recovery");
	assert_variable(f, "BOOT_A_LEFT", "0");
}

/* A primary that we do not know is not called one of ours. */
static void
test_unknown_primary(Fixture *f, gconstpointer data)
{
	g_autoptr(BscBootloader) loader = open_loader(f);
	g_autoptr(GError) error = NULL;
	g_autofree char *primary = NULL;

	if (!f->has_tools)
		return;
	make_environment(f, "BOOT_ORDER=R A\nBOOT_R_LEFT=1\nBOOT_A_LEFT=3\n", TRUE);
	bsc_bootloader_get_primary(loader, &primary, &error);
	g_assert_no_error(error);
	g_assert_null(primary);
}

/* Both variables change in one write: one copy of the two is as before. */
static void
test_one_write(Fixture *f, gconstpointer data)
{
	g_autoptr(BscBootloader) loader = open_loader(f);
	g_autoptr(GError) error = NULL;
	g_autofree char *path = test_temp_dir_get_path(f->dir, "env.0");
	char *before = NULL;
	char *after[2] = {NULL, NULL};
	gsize len;

	if (!f->has_tools)
		return;
	make_environment(f, "BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=0\n", TRUE);
	g_assert_true(g_file_get_contents(path, &before, &len, NULL));
	bsc_bootloader_set_primary(loader, "B", &error);
	g_assert_no_error(error);
	g_assert_true(g_file_get_contents(path, &after[0], &len, NULL));
	path[strlen(path) - 1] = '1';
	g_assert_true(g_file_get_contents(path, &after[1], &len, NULL));
	g_assert_cmpint((memcmp(before, after[0], len) == 0) + (memcmp(before, after[1], len) == 0),
			==, 1);
	g_free(before);
	g_free(after[0]);
	g_free(after[1]);
}

static void
test_unset(Fixture *f, gconstpointer data)
{
	g_autoptr(BscBootloader) loader = open_loader(f);
	g_autoptr(GError) error = NULL;
	g_autofree char *primary = NULL;
	BscBootState state = BSC_BOOT_STATE_GOOD;
	int attempts = 7;

	if (!f->has_tools)
		return;
	make_environment(f, ENVIRONMENT, TRUE);
	bsc_bootloader_get_primary(loader, &primary, &error);
	g_assert_no_error(error);
	g_assert_null(primary);
	bsc_bootloader_get_state(loader, "A", &state, &error);
	g_assert_no_error(error);
	g_assert_cmpint(state, ==, BSC_BOOT_STATE_UNKNOWN);
	bsc_bootloader_get_attempts(loader, "A", &attempts, &error);
	g_assert_no_error(error);
	g_assert_cmpint(attempts, ==, -1);
	/* The first installation on a new device. */
	bsc_bootloader_set_state(loader, "B", BSC_BOOT_STATE_BAD, &error);
	g_assert_no_error(error);
	assert_variable(f, "BOOT_ORDER", "A");
	bsc_bootloader_set_primary(loader, "B", &error);
	g_assert_no_error(error);
	assert_variable(f, "BOOT_ORDER", "B A");
}

static void
assert_warnings(Fixture *f, const char *wanted)
{
	g_autoptr(BscBootloader) loader = open_loader(f);
	g_auto(GStrv) warnings = bsc_bootloader_list_warnings(loader);

	g_assert_cmpuint(g_strv_length(warnings), ==, wanted != NULL);
	if (wanted != NULL)
		g_assert_nonnull(strstr(warnings[0], wanted));
}

static void
test_warns(Fixture *f, gconstpointer data)
{
	if (!f->has_tools)
		return;
	make_environment(f, "BOOT_ORDER=A B\n", TRUE);
	assert_warnings(f, NULL);
	make_environment(f, "BOOT_ORDER=A B\n", FALSE);
	assert_warnings(f, "single copy");
	make_environment(f, ENVIRONMENT, TRUE);
	assert_warnings(f, "BOOT_ORDER is not set");
}

/* The YAML that newer libubootenv reads; no tool is asked for the copies. */
static void
test_counts_yaml(Fixture *f, gconstpointer data)
{
	static const char head[] = "uboot:\n  size : 0x4000\n  devices:\n    - path : /dev/mtd0\n";
	g_autofree char *twice =
		g_strconcat(head, "      offset : 0\n    - path: /dev/mtd1\n", NULL);

	f->env.fw_printenv = put_script(f, "#!/bin/sh\necho BOOT_ORDER=A\n");
	g_free(test_temp_dir_write(f->dir, "fw_env.config", head));
	assert_warnings(f, "single copy");
	g_free(test_temp_dir_write(f->dir, "fw_env.config", twice));
	assert_warnings(f, NULL);
}

/* With a file of defaults libubootenv exits 0 over a broken environment and would store them. */
static void
test_never_takes_defaults(Fixture *f, gconstpointer data)
{
	g_autoptr(BscBootloader) loader = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *defaults = test_temp_dir_write(
		f->dir, "defaults", "BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=3\n");
	g_autofree char *text =
		g_strdup_printf("#!/bin/sh\nexec /usr/bin/fw_printenv -f '%s' \"$@\"\n", defaults);
	g_autofree char *left = NULL;
	BscBootState state;

	if (!f->has_tools)
		return;
	make_environment(f, ENVIRONMENT, FALSE);
	g_free(test_temp_dir_write(f->dir, "env.0", "broken"));
	f->env.fw_printenv = put_script(f, text);
	loader = open_loader(f);
	g_assert_false(bsc_bootloader_get_state(loader, "A", &state, &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
	g_clear_error(&error);
	g_assert_false(bsc_bootloader_set_primary(loader, "B", &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
	left = test_temp_dir_read(f->dir, "env.0");
	g_assert_cmpstr(left, ==, "broken");
}

/* The real tool behind a version that tells nothing: the dialect is found by what it does. */
static void
test_finds_the_dialect(Fixture *f, gconstpointer data)
{
	g_autoptr(BscBootloader) loader = NULL;
	g_autoptr(GError) error = NULL;

	if (!f->has_tools)
		return;
	make_environment(f, ENVIRONMENT "BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=0\n", FALSE);
	f->env.fw_setenv = put_script(f, "#!/bin/sh\n[ \"$1\" = -V ] && { echo who knows; exit; }\n"
					 "exec /usr/bin/fw_setenv \"$@\"\n");
	loader = open_loader(f);
	bsc_bootloader_set_primary(loader, "B", &error);
	g_assert_no_error(error);
	assert_variable(f, "BOOT_ORDER", "B A");
	assert_variable(f, "bootcmd", "run x");
}

static void
test_reads_back(Fixture *f, gconstpointer data)
{
	g_autoptr(BscBootloader) loader = NULL;
	g_autoptr(GError) error = NULL;

	if (!f->has_tools)
		return;
	make_environment(f, "BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=0\n", TRUE);
	f->env.fw_setenv = put_script(f, "#!/bin/sh\n[ \"$1\" = -V ] && echo 0.3.2\nexit 0\n");
	loader = open_loader(f);
	g_assert_false(bsc_bootloader_set_primary(loader, "B", &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_READBACK);
	g_clear_error(&error);
	g_assert_false(bsc_bootloader_set_state(loader, "A", BSC_BOOT_STATE_BAD, &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_READBACK);
}

static void
test_missing_tool(Fixture *f, gconstpointer data)
{
	g_autoptr(BscBootloader) loader = NULL;
	g_autoptr(GError) error = NULL;
	BscBootState state;

	f->env.fw_printenv = "/nonexistent/fw_printenv";
	loader = open_loader(f);
	g_assert_false(bsc_bootloader_get_state(loader, "A", &state, &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
	g_assert_nonnull(strstr(error->message, "is not installed"));
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *f, gconstpointer data);
	} cases[] = {
		{"keeps-what-belongs-to-others", test_keeps_others},
		{"does-not-claim-an-unknown-primary", test_unknown_primary},
		{"changes-all-in-one-write", test_one_write},
		{"knows-unset-from-bad", test_unset},
		{"warns-of-a-single-copy", test_warns},
		{"counts-copies-in-yaml", test_counts_yaml},
		{"never-takes-the-tools-defaults", test_never_takes_defaults},
		{"finds-the-dialect-by-what-it-does", test_finds_the_dialect},
		{"reads-back-what-it-wrote", test_reads_back},
		{"names-a-missing-tool", test_missing_tool},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strconcat("/boot/boot-uboot/", cases[i].path, NULL);

		g_test_add(path, Fixture, NULL, fixture_set_up, cases[i].run, fixture_tear_down);
	}
	return g_test_run();
}
