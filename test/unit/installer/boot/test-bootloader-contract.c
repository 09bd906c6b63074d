/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/boot/test-bootloader-contract.c - what every boot loader backend keeps */
#include "config.h"

#include "common/run.h"
#include "installer/boot/bootloader.h"
#include "test/support/fake-bootloader.h"
#include "test/support/temp-dir.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#define SLOTS                                                                                      \
	"[slot.rootfs.0]\ndevice=/dev/a\nbootname=A\n"                                             \
	"[slot.rootfs.1]\ndevice=/dev/b\nbootname=B\n"

/* One implementation on a place of its own, with A and B good and A first. */
typedef struct {
	TestTempDir *dir;
	BscSystemConfig *config;
	BscBootEnv env;
	char *paths[3]; /* what env points to */
	TestFakeBootloader *fake;
	BscBootloader *loader;
} Fixture;

typedef struct {
	const char *name;
	const char *word;		/* of bootloader= */
	gboolean (*set_up)(Fixture *f); /* FALSE: a tool is missing */
	gboolean can_break;		/* break_environment() makes it unreadable */
} Backend;

static void
write_script(Fixture *f, const char *name, const char *text)
{
	g_autofree char *path = test_temp_dir_write(f->dir, name, text);

	g_assert_cmpint(g_chmod(path, 0755), ==, 0);
}

static void
run_tool(const char *const *argv)
{
	g_autoptr(GError) error = NULL;

	bsc_run(argv, NULL, NULL, NULL, &error);
	g_assert_no_error(error);
}

static gboolean
set_up_libubootenv(Fixture *f, gboolean redundant)
{
	g_autofree char *mkenvimage = bsc_run_find_program("mkenvimage");
	g_autofree char *tool = bsc_run_find_program("fw_setenv");
	g_autofree char *text = test_temp_dir_write(
		f->dir, "env.txt",
		"BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=3\nethaddr=00:11:22:33:44:55\n");
	g_autofree char *first = test_temp_dir_get_path(f->dir, "env.0");
	g_autofree char *second = test_temp_dir_get_path(f->dir, "env.1");
	const char *plain[] = {mkenvimage, "-s", "0x4000", "-o", first, text, NULL};
	const char *twice[] = {mkenvimage, "-r", "-s", "0x4000", "-o", first, text, NULL};
	g_autofree char *config =
		g_strdup_printf("# copies\n%s 0x0 0x4000\n%s%s%s\n", first, redundant ? second : "",
				redundant ? " 0x0 0x4000" : "", "");

	if (mkenvimage == NULL || tool == NULL)
		return FALSE;
	run_tool(redundant ? twice : plain);
	twice[5] = second;
	if (redundant)
		run_tool(twice);
	f->paths[0] = test_temp_dir_write(f->dir, "fw_env.config", config);
	f->env.fw_env_config = f->paths[0];
	return TRUE;
}

static gboolean
set_up_redundant(Fixture *f)
{
	return set_up_libubootenv(f, TRUE);
}

static gboolean
set_up_single(Fixture *f)
{
	return set_up_libubootenv(f, FALSE);
}

/* U-Boot's own tools, played on a text file. They take `KEY VALUE` lines and complain about a `=`
 * in a key; %s is the text file. */
#define OWN_PRINTENV                                                                               \
	"#!/bin/sh\n"                                                                              \
	"env=$2; shift 2\n"                                                                        \
	"if grep -q BROKEN \"$env\"; then\n"                                                       \
	"  echo 'Warning: Bad CRC, using default environment' >&2\n"                               \
	"  echo \"$1=default\"; exit 0\n"                                                          \
	"fi\n"                                                                                     \
	"grep \"^$1=\" \"$env\" || { echo \"## Error: \\\"$1\\\" not defined\" >&2; exit 1; }\n"
#define OWN_SETENV                                                                                 \
	"#!/bin/sh\n"                                                                              \
	"if [ \"$1\" = -V ]; then %s; exit 0; fi\n"                                                \
	"env=$2\n"                                                                                 \
	"[ \"$3 $4\" = '-s -' ] || exit 7\n"                                                       \
	"while read -r key value; do\n"                                                            \
	"  case $key in *=*) echo 'illegal character = in variable name' >&2; exit 1;; esac\n"     \
	"  grep -v \"^$key=\" \"$env\" > \"$env.new\"\n"                                           \
	"  [ -z \"$value\" ] || echo \"$key=$value\" >> \"$env.new\"\n"                            \
	"  mv \"$env.new\" \"$env\"\n"                                                             \
	"done\n"

static gboolean
set_up_own(Fixture *f, const char *version_command)
{
	g_autofree char *setenv_text = g_strdup_printf(OWN_SETENV, version_command);

	f->paths[0] = test_temp_dir_write(f->dir, "env",
					  "BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=3\n");
	write_script(f, "fw_printenv", OWN_PRINTENV);
	write_script(f, "fw_setenv", setenv_text);
	f->paths[1] = test_temp_dir_get_path(f->dir, "fw_printenv");
	f->paths[2] = test_temp_dir_get_path(f->dir, "fw_setenv");
	f->env.fw_env_config = f->paths[0];
	f->env.fw_printenv = f->paths[1];
	f->env.fw_setenv = f->paths[2];
	return TRUE;
}

static gboolean
set_up_uboots_own(Fixture *f)
{
	return set_up_own(f, "echo 'Compiled with U-Boot 2023.01'");
}

static gboolean
set_up_unknown_tool(Fixture *f)
{
	return set_up_own(f, "echo 'a version nobody knows'");
}

/* barebox-state, played on a text file: all changes of a call or none. */
#define BAREBOX_STATE                                                                              \
	"#!/bin/sh\n"                                                                              \
	"env='%s/barebox'; cp \"$env\" \"$env.new\"; changed=\n"                                   \
	"if grep -q BROKEN \"$env\"; then echo 'no valid copy' >&2; exit 1; fi\n"                  \
	"while [ $# -gt 0 ]; do\n"                                                                 \
	"  case $1 in\n"                                                                           \
	"  -g) grep \"^$2=\" \"$env\" | cut -d= -f2 | grep . || exit 1;;\n"                        \
	"  -s) grep -q \"^${2%%=*}=\" \"$env\" || exit 1\n"                                        \
	"      sed -i \"s/^${2%%=*}=.*/$2/\" \"$env.new\"; changed=1;;\n"                          \
	"  *) exit 2;;\n"                                                                          \
	"  esac\n"                                                                                 \
	"  shift 2\n"                                                                              \
	"done\n"                                                                                   \
	"[ -z \"$changed\" ] || mv \"$env.new\" \"$env\"\n"

static gboolean
set_up_barebox(Fixture *f)
{
	g_autofree char *text = g_strdup_printf(BAREBOX_STATE, f->dir->path);

	f->paths[0] =
		test_temp_dir_write(f->dir, "barebox",
				    "bootstate.A.priority=20\nbootstate.A.remaining_attempts=3\n"
				    "bootstate.B.priority=10\nbootstate.B.remaining_attempts=3\n");
	write_script(f, "barebox-state", text);
	f->paths[1] = test_temp_dir_get_path(f->dir, "barebox-state");
	f->env.barebox_state = f->paths[1];
	return TRUE;
}

static gboolean
set_up_grub(Fixture *f)
{
	g_autofree char *editor = bsc_run_find_program("grub-editenv");
	const char *create[] = {editor, f->config->grubenv, "create", NULL};
	const char *set[] = {editor,   f->config->grubenv, "set",    "saved_entry=x", "ORDER=A B",
			     "A_OK=1", "A_TRY=0",	   "B_OK=1", "B_TRY=0",	      NULL};

	if (editor == NULL)
		return FALSE;
	run_tool(create);
	run_tool(set);
	return TRUE;
}

static gboolean
set_up_custom(Fixture *f)
{
	g_autofree char *text = g_strdup_printf(
		"#!/bin/sh\n"
		"cd '%s/state' || exit 1\n"
		"echo chatter >&2\n"
		"case $1 in\n"
		"get-primary) for n in $(cat order); do [ $(cat $n) = good ] && "
		"{ echo $n; exit 0; }; done; exit 0;;\n"
		"set-primary) echo \"$2 $(sed s/$2// order)\" > order; echo good > $2;;\n"
		"get-state) cat $2;;\n"
		"set-state) echo $3 > $2;;\n"
		"get-current) cat current;;\n"
		"esac\n",
		f->dir->path);
	g_autofree char *order = test_temp_dir_write(f->dir, "state/order", "A B\n");
	g_autofree char *a = test_temp_dir_write(f->dir, "state/A", "good\n");
	g_autofree char *b = test_temp_dir_write(f->dir, "state/B", "good\n");
	g_autofree char *current = test_temp_dir_write(f->dir, "state/current", "A\n");

	write_script(f, "backend.sh", text);
	return TRUE;
}

static gboolean
set_up_fake(Fixture *f)
{
	f->fake = test_fake_bootloader_new("A B");
	return TRUE;
}

static const Backend backends[] = {
	{"uboot-redundant", "uboot", set_up_redundant, TRUE},
	{"uboot-single", "uboot", set_up_single, TRUE},
	{"uboot-own-tool", "uboot", set_up_uboots_own, TRUE},
	{"uboot-unknown-tool", "uboot", set_up_unknown_tool, TRUE},
	{"grub", "grub", set_up_grub, TRUE},
	{"barebox", "barebox", set_up_barebox, TRUE},
	{"custom", "custom", set_up_custom, FALSE},
	{"fake", "noop", set_up_fake, TRUE},
};

static void
fixture_set_up(Fixture *f, gconstpointer data)
{
	const Backend *backend = data;
	g_autofree char *text = NULL;
	g_autofree char *path = NULL;
	g_autoptr(GError) error = NULL;

	f->dir = test_temp_dir_new();
	text = g_strdup_printf("[system]\ncompatible=x\nbootloader=%s\ngrubenv=grubenv\n%s" SLOTS,
			       backend->word,
			       g_str_equal(backend->word, "custom")
				       ? "[handlers]\nbootloader-custom-backend=backend.sh\n"
				       : "");
	path = test_temp_dir_write(f->dir, "system.conf", text);
	f->config = bsc_system_config_load(path, NULL, &error);
	g_assert_no_error(error);
	if (!backend->set_up(f)) {
		g_test_skip("a tool is missing: u-boot-tools, libubootenv-tool or grub-common");
		return;
	}
	f->loader = f->fake != NULL ? test_fake_bootloader_open(f->fake, f->config)
				    : bsc_bootloader_new(f->config, &f->env, &error);
	g_assert_no_error(error);
}

static void
fixture_tear_down(Fixture *f, gconstpointer data)
{
	bsc_bootloader_free(f->loader);
	test_fake_bootloader_free(f->fake);
	bsc_system_config_unref(f->config);
	for (size_t i = 0; i < G_N_ELEMENTS(f->paths); i++)
		g_free(f->paths[i]);
	test_temp_dir_free(f->dir);
}

static void
assert_primary(Fixture *f, const char *wanted)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *primary = NULL;

	bsc_bootloader_get_primary(f->loader, &primary, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(primary, ==, wanted);
}

static void
assert_state(Fixture *f, const char *bootname, BscBootState wanted)
{
	g_autoptr(GError) error = NULL;
	BscBootState state;

	bsc_bootloader_get_state(f->loader, bootname, &state, &error);
	g_assert_no_error(error);
	g_assert_cmpint(state, ==, wanted);
}

static void
assert_bootable(Fixture *f, const char *wanted)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) names = bsc_bootloader_list_bootable(f->loader, &error);
	g_autofree char *joined = NULL;

	g_assert_no_error(error);
	joined = g_strjoinv(" ", names);
	g_assert_cmpstr(joined, ==, wanted);
}

static void
mark(Fixture *f, const char *bootname, BscBootState state)
{
	g_autoptr(GError) error = NULL;

	bsc_bootloader_set_state(f->loader, bootname, state, &error);
	g_assert_no_error(error);
	assert_state(f, bootname, state);
}

/* The way of an installation: bad, written, primary, booted, good. */
static void
test_update_cycle(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	if (f->loader == NULL)
		return;
	assert_primary(f, "A");
	assert_state(f, "A", BSC_BOOT_STATE_GOOD);
	mark(f, "B", BSC_BOOT_STATE_BAD);
	assert_primary(f, "A");
	assert_bootable(f, "A");
	bsc_bootloader_set_primary(f->loader, "B", &error);
	g_assert_no_error(error);
	assert_primary(f, "B");
	assert_state(f, "B", BSC_BOOT_STATE_GOOD);
	assert_state(f, "A", BSC_BOOT_STATE_GOOD);
	assert_bootable(f, "B A");
	mark(f, "B", BSC_BOOT_STATE_GOOD);
	assert_primary(f, "B");
}

static void
test_fall_back(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	if (f->loader == NULL)
		return;
	bsc_bootloader_set_primary(f->loader, "B", &error);
	g_assert_no_error(error);
	mark(f, "B", BSC_BOOT_STATE_BAD);
	assert_primary(f, "A");
	mark(f, "A", BSC_BOOT_STATE_BAD);
	assert_primary(f, NULL);
	assert_bootable(f, "");
	mark(f, "A", BSC_BOOT_STATE_GOOD);
	assert_primary(f, "A");
}

static void
test_repeats(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	if (f->loader == NULL)
		return;
	for (int i = 0; i < 3; i++) {
		bsc_bootloader_set_primary(f->loader, i == 1 ? "A" : "B", &error);
		g_assert_no_error(error);
		mark(f, "A", BSC_BOOT_STATE_GOOD);
		mark(f, "A", BSC_BOOT_STATE_GOOD);
	}
	assert_primary(f, "B");
}

static void
test_unknown_name(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	if (f->loader == NULL)
		return;
	g_assert_false(bsc_bootloader_set_primary(f->loader, "C", &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED);
	g_clear_error(&error);
	g_assert_false(bsc_bootloader_set_state(f->loader, "C", BSC_BOOT_STATE_BAD, &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED);
	assert_primary(f, "A");
}

static void
break_environment(Fixture *f)
{
	static const char *const names[] = {"env.0", "env.1", "env", "grubenv", "barebox"};

	if (f->fake != NULL)
		f->fake->is_unreadable = TRUE;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = test_temp_dir_get_path(f->dir, names[i]);

		if (g_file_test(path, G_FILE_TEST_EXISTS))
			g_free(test_temp_dir_write(f->dir, names[i], "BROKEN"));
	}
}

/* Nothing may be written over what cannot be read. */
static void
test_unreadable(Fixture *f, gconstpointer data)
{
	static const char *const names[] = {"env.0", "env.1", "env", "grubenv", "barebox"};
	const Backend *backend = data;
	g_autoptr(GError) error = NULL;
	BscBootState state;

	if (f->loader == NULL || !backend->can_break)
		return;
	break_environment(f);
	g_assert_false(bsc_bootloader_get_state(f->loader, "A", &state, &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
	g_assert_cmpint(state, ==, BSC_BOOT_STATE_UNKNOWN);
	g_clear_error(&error);
	g_assert_false(bsc_bootloader_set_primary(f->loader, "B", &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
	g_clear_error(&error);
	g_assert_false(bsc_bootloader_set_state(f->loader, "A", BSC_BOOT_STATE_BAD, &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *text = test_temp_dir_read(f->dir, names[i]);

		g_assert_true(text == NULL || g_str_equal(text, "BROKEN"));
	}
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(Fixture *f, gconstpointer data);
	} cases[] = {
		{"goes-through-an-update", test_update_cycle},
		{"falls-back", test_fall_back},
		{"takes-the-same-twice", test_repeats},
		{"refuses-unknown-names", test_unknown_name},
		{"never-writes-over-the-unreadable", test_unreadable},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(backends); i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
			g_autofree char *path =
				g_strdup_printf("/boot/%s/%s", backends[i].name, cases[k].name);

			g_test_add(path, Fixture, &backends[i], fixture_set_up, cases[k].run,
				   fixture_tear_down);
		}
	}
	return g_test_run();
}
