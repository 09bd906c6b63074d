/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/boot/test-boot-grub.c - GRUB's block, with grub-editenv as the oracle */
#include "config.h"

#include "common/run.h"
#include "installer/boot/boot-grubenv.h"
#include "installer/boot/bootloader.h"
#include "test/support/temp-dir.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
	TestTempDir *dir;
	BscSystemConfig *config;
	BscBootloader *loader;
	char *path; /* of grubenv */
	gboolean has_tool;
} Fixture;

/* grub-editenv FILE VERB [WORD…], with the words of @words. */
static char *
edit(Fixture *f, const char *verb, const char *const *words)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	char *text = NULL;

	g_ptr_array_add(argv, (gpointer) "grub-editenv");
	g_ptr_array_add(argv, f->path);
	g_ptr_array_add(argv, (gpointer)verb);
	for (size_t i = 0; words != NULL && words[i] != NULL; i++)
		g_ptr_array_add(argv, (gpointer)words[i]);
	g_ptr_array_add(argv, NULL);
	bsc_run((const char *const *)argv->pdata, NULL, &text, NULL, &error);
	g_assert_no_error(error);
	return text;
}

static void
fixture_set_up(Fixture *f, gconstpointer data)
{
	g_autofree char *tool = bsc_run_find_program("grub-editenv");
	g_autofree char *conf = NULL;
	g_autoptr(GError) error = NULL;

	f->dir = test_temp_dir_new();
	conf = test_temp_dir_write(f->dir, "system.conf",
				   "[system]\ncompatible=x\nbootloader=grub\ngrubenv=grubenv\n"
				   "[slot.rootfs.0]\ndevice=/dev/a\nbootname=A\n"
				   "[slot.rootfs.1]\ndevice=/dev/b\nbootname=B\n");
	f->config = bsc_system_config_load(conf, NULL, &error);
	g_assert_no_error(error);
	f->path = test_temp_dir_get_path(f->dir, "grubenv");
	f->loader = bsc_bootloader_new(f->config, NULL, &error);
	g_assert_no_error(error);
	f->has_tool = tool != NULL;
	if (f->has_tool)
		g_free(edit(f, "create", NULL));
	else
		g_test_skip("grub-editenv (grub-common) is missing");
}

static void
fixture_tear_down(Fixture *f, gconstpointer data)
{
	bsc_bootloader_free(f->loader);
	bsc_system_config_unref(f->config);
	g_free(f->path);
	test_temp_dir_free(f->dir);
}

static void
set(Fixture *f, ...)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	va_list args;
	char *word;

	va_start(args, f);
	while ((word = va_arg(args, char *)) != NULL)
		g_ptr_array_add(words, word);
	va_end(args);
	g_ptr_array_add(words, NULL);
	g_free(edit(f, "set", (const char *const *)words->pdata));
}

static void
assert_listed(Fixture *f, const char *wanted)
{
	g_autofree char *text = edit(f, "list", NULL);
	g_autofree char *line = g_strconcat(wanted, "\n", NULL);

	if (strstr(text, line) == NULL)
		g_test_fail_printf("'%s' is not in '%s'", wanted, text);
}

static uint8_t *
read_block(Fixture *f)
{
	char *data = NULL;
	gsize len;

	g_assert_true(g_file_get_contents(f->path, &data, &len, NULL));
	g_assert_cmpuint(len, ==, BSC_BOOT_GRUBENV_BYTES);
	return (uint8_t *)data;
}

static void
set_primary(Fixture *f, const char *bootname)
{
	g_autoptr(GError) error = NULL;

	bsc_bootloader_set_primary(f->loader, bootname, &error);
	g_assert_no_error(error);
}

static void
set_state(Fixture *f, const char *bootname, BscBootState state)
{
	g_autoptr(GError) error = NULL;

	bsc_bootloader_set_state(f->loader, bootname, state, &error);
	g_assert_no_error(error);
}

static void
set_typical(Fixture *f)
{
	set(f, "saved_entry=a\\b\nc", "ORDER=A X B", "A_OK=1", "other=1", "A_TRY=1", "B_OK=1",
	    "B_TRY=0", NULL);
}

static void
test_oracle(Fixture *f, gconstpointer data)
{
	if (!f->has_tool)
		return;
	set_typical(f);
	set_state(f, "B", BSC_BOOT_STATE_BAD);
	assert_listed(f, "B_OK=0");
	assert_listed(f, "A_TRY=1");
	set_primary(f, "B");
	assert_listed(f, "ORDER=B A X");
	assert_listed(f, "B_OK=1");
	assert_listed(f, "B_TRY=0");
	assert_listed(f, "saved_entry=a\\b\nc");
	assert_listed(f, "other=1");
	set_state(f, "A", BSC_BOOT_STATE_GOOD);
	assert_listed(f, "A_TRY=0");
	/* And GRUB's own tool can go on with it. */
	set(f, "B_TRY=1", "more=2", NULL);
	assert_listed(f, "B_TRY=1");
	assert_listed(f, "more=2");
	assert_listed(f, "saved_entry=a\\b\nc");
}

static void
test_in_place(Fixture *f, gconstpointer data)
{
	struct stat before;
	struct stat after;

	if (!f->has_tool)
		return;
	set_typical(f);
	g_assert_cmpint(stat(f->path, &before), ==, 0);
	set_primary(f, "B");
	g_assert_cmpint(stat(f->path, &after), ==, 0);
	g_assert_cmpuint(before.st_ino, ==, after.st_ino);
	g_assert_cmpint(after.st_size, ==, BSC_BOOT_GRUBENV_BYTES);
}

/* After the first change each change is one sector. */
static void
test_one_sector(Fixture *f, gconstpointer data)
{
	static const char *const names[] = {"A", "B"};
	g_autofree uint8_t *first = NULL;

	if (!f->has_tool)
		return;
	set_typical(f);
	set_primary(f, "A");
	first = read_block(f);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree uint8_t *now = NULL;
		const char *deciding;

		set_primary(f, names[1 - i]);
		set_state(f, names[i], BSC_BOOT_STATE_BAD);
		set_state(f, names[i], BSC_BOOT_STATE_GOOD);
		now = read_block(f);
		g_assert_cmpmem(now + BSC_BOOT_GRUBENV_SECTOR, BSC_BOOT_GRUBENV_SECTOR,
				first + BSC_BOOT_GRUBENV_SECTOR, BSC_BOOT_GRUBENV_SECTOR);
		deciding = g_strrstr_len((const char *)now, BSC_BOOT_GRUBENV_BYTES, "B_TRY=");
		g_assert_cmpint(deciding - (const char *)now, <, BSC_BOOT_GRUBENV_SECTOR - 8);
	}
}

static void
get_deciding(const uint8_t *block, char **out_text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscBootGrubenv) env =
		bsc_boot_grubenv_parse(block, BSC_BOOT_GRUBENV_BYTES, &error);

	g_assert_no_error(error);
	*out_text = g_strdup_printf(
		"%s|%s|%s|%s|%s", bsc_boot_grubenv_get(env, "ORDER"),
		bsc_boot_grubenv_get(env, "A_OK"), bsc_boot_grubenv_get(env, "A_TRY"),
		bsc_boot_grubenv_get(env, "B_OK"), bsc_boot_grubenv_get(env, "B_TRY"));
}

/* Every mixture of old and new sectors says the old or the new, also at the first change. */
static void
test_power_cut(Fixture *f, gconstpointer data)
{
	if (!f->has_tool)
		return;
	set_typical(f);
	for (int round = 0; round < 3; round++) {
		g_autofree uint8_t *old = read_block(f);
		g_autofree uint8_t *new = NULL;
		g_autofree char *before = NULL;
		g_autofree char *after = NULL;

		if (round == 1)
			set_state(f, "B", BSC_BOOT_STATE_BAD);
		else
			set_primary(f, "B");
		new = read_block(f);
		get_deciding(old, &before);
		get_deciding(new, &after);
		for (unsigned mix = 0; mix < 4; mix++) {
			uint8_t block[BSC_BOOT_GRUBENV_BYTES];
			g_autofree char *found = NULL;
			size_t half = BSC_BOOT_GRUBENV_SECTOR;

			memcpy(block, mix & 1 ? new : old, half);
			memcpy(block + half, (mix & 2 ? new : old) + half, half);
			get_deciding(block, &found);
			g_assert_true(g_str_equal(found, before) || g_str_equal(found, after));
		}
	}
}

static void
test_unset(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	BscBootState state = BSC_BOOT_STATE_GOOD;
	g_autofree char *text = NULL;

	if (!f->has_tool)
		return;
	bsc_bootloader_get_state(f->loader, "A", &state, &error);
	g_assert_no_error(error);
	g_assert_cmpint(state, ==, BSC_BOOT_STATE_UNKNOWN);
	set_state(f, "B", BSC_BOOT_STATE_BAD);
	text = edit(f, "list", NULL);
	g_assert_cmpstr(text, ==, "B_OK=0\nB_TRY=0\n");
	set_primary(f, "B");
	assert_listed(f, "ORDER=B A");
}

static void
test_no_room(Fixture *f, gconstpointer data)
{
	g_autofree char *large = g_strnfill(985, 'x');
	g_autofree char *word = g_strconcat("big=", large, NULL);
	g_autofree uint8_t *before = NULL;
	g_autofree uint8_t *after = NULL;
	g_autoptr(GError) error = NULL;

	if (!f->has_tool)
		return;
	{
		/* Without the comment line that grub-editenv adds there is just room. */
		g_autofree char *full = g_strdup_printf("# GRUB Environment Block\n%s\n", word);
		g_autofree char *fill = g_strnfill(BSC_BOOT_GRUBENV_BYTES - strlen(full), '#');
		g_autofree char *block = g_strconcat(full, fill, NULL);

		g_free(test_temp_dir_write(f->dir, "grubenv", block));
	}
	before = read_block(f);
	g_assert_false(bsc_bootloader_set_primary(f->loader, "B", &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
	g_assert_nonnull(strstr(error->message, "do not fit"));
	after = read_block(f);
	g_assert_cmpmem(before, BSC_BOOT_GRUBENV_BYTES, after, BSC_BOOT_GRUBENV_BYTES);
}

static void
test_missing(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) warnings = NULL;

	(void)g_unlink(f->path);
	g_assert_false(bsc_bootloader_set_primary(f->loader, "B", &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
	g_assert_nonnull(strstr(error->message, "grub-editenv"));
	g_assert_false(g_file_test(f->path, G_FILE_TEST_EXISTS));
	warnings = bsc_bootloader_list_warnings(f->loader);
	g_assert_cmpuint(g_strv_length(warnings), ==, 1);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *f, gconstpointer data);
	} cases[] = {
		{"agrees-with-grub-editenv", test_oracle},
		{"writes-in-place", test_in_place},
		{"changes-one-sector", test_one_sector},
		{"survives-a-torn-write", test_power_cut},
		{"knows-unset-from-bad", test_unset},
		{"refuses-what-does-not-fit", test_no_room},
		{"does-not-make-a-missing-file", test_missing},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strconcat("/boot/boot-grub/", cases[i].path, NULL);

		g_test_add(path, Fixture, NULL, fixture_set_up, cases[i].run, fixture_tear_down);
	}
	return g_test_run();
}
