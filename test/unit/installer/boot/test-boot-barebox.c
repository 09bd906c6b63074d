/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/boot/test-boot-barebox.c - calls of barebox-state, and what it may print */
#include "config.h"

#include "installer/boot/bootloader.h"
#include "test/support/temp-dir.h"

#include <string.h>

/* A runner that notes each call and answers a reading one with @answer. */
typedef struct {
	const char *answer;
	GString *calls;
	BscSystemConfig *config;
	BscBootEnv env;
	BscBootloader *loader;
} Fixture;

static gboolean
fake_run(const char *const *argv, const char *input, gboolean with_stderr, char **out_text,
	 gpointer data, GError **error)
{
	Fixture *f = data;
	g_autofree char *line = g_strjoinv(" ", (char **)argv);

	g_string_append_printf(f->calls, "%s\n", line);
	*out_text = g_strdup(strstr(line, " -s ") != NULL ? "" : f->answer);
	return TRUE;
}

static void
fixture_set_up(Fixture *f, gconstpointer data)
{
	static const char text[] = "[system]\ncompatible=x\nbootloader=barebox\n"
				   "boot-attempts=4\nboot-attempts-primary=5\n"
				   "barebox-statename=st\nbarebox-dtbpath=/dtb\n"
				   "[slot.r.0]\ndevice=/dev/a\nbootname=A\n"
				   "[slot.r.1]\ndevice=/dev/b\nbootname=B\n";
	g_autoptr(GError) error = NULL;

	f->config = bsc_system_config_parse(
		&(BscSystemConfigText){.data = text, .len = strlen(text), .path = "/c"}, &error);
	g_assert_no_error(error);
	f->calls = g_string_new(NULL);
	f->env = (BscBootEnv){.run = fake_run, .data = f};
	f->loader = bsc_bootloader_new(f->config, &f->env, &error);
	g_assert_no_error(error);
}

static void
fixture_tear_down(Fixture *f, gconstpointer data)
{
	bsc_bootloader_free(f->loader);
	bsc_system_config_unref(f->config);
	g_string_free(f->calls, TRUE);
}

static unsigned
count_writes(const Fixture *f)
{
	g_auto(GStrv) lines = g_strsplit(f->calls->str, "\n", -1);
	unsigned n = 0;

	for (size_t i = 0; lines[i] != NULL; i++)
		n += strstr(lines[i], " -s ") != NULL;
	return n;
}

static void
test_one_call(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	f->answer = "20\n3\n0\n0\n";
	g_assert_false(bsc_bootloader_set_primary(f->loader, "B", &error));
	/* The answer stays as it was, which is no success. */
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_READBACK);
	g_assert_nonnull(strstr(
		f->calls->str, "barebox-state -n st -i /dtb -s bootstate.A.priority=10 "
			       "-s bootstate.B.priority=20 -s bootstate.B.remaining_attempts=5\n"));
	g_assert_cmpuint(count_writes(f), ==, 1);
}

static void
test_spares_writes(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	f->answer = "20\n4\n10\n3\n";
	bsc_bootloader_set_state(f->loader, "A", BSC_BOOT_STATE_GOOD, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(count_writes(f), ==, 0);
}

/* Back from bad without becoming primary, whatever the others have. */
static void
test_good_is_not_primary(Fixture *f, gconstpointer data)
{
	static const struct {
		const char *answer;
		const char *wanted;
	} cases[] = {
		{"0\n0\n20\n3\n", "-s bootstate.A.priority=10 "},
		{"0\n0\n10\n3\n", "-s bootstate.A.priority=9 "},
		{"0\n0\n1\n3\n", "-s bootstate.A.priority=1 "},
		{"0\n0\n0\n0\n", "-s bootstate.A.priority=10 "},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		f->answer = cases[i].answer;
		g_string_truncate(f->calls, 0);
		bsc_bootloader_set_state(f->loader, "A", BSC_BOOT_STATE_GOOD, &error);
		g_assert_nonnull(strstr(f->calls->str, cases[i].wanted));
	}
}

/* Unknown, never bad; and nothing is written. */
static void
test_refuses_nonsense(Fixture *f, gconstpointer data)
{
	static const char *const answers[] = {
		"",
		"20\n3\n10\n",
		"20\n3\n10\n3\n1\n",
		"20\n3\n\n3\n",
		"a\n3\n10\n3",
		"-1\n3\n10\n3\n",
		"4294967296\n3\n10\n3\n",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
		g_autoptr(GError) error = NULL;
		BscBootState state;

		f->answer = answers[i];
		g_assert_false(bsc_bootloader_get_state(f->loader, "A", &state, &error));
		g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
		g_assert_cmpint(state, ==, BSC_BOOT_STATE_UNKNOWN);
		g_clear_error(&error);
		g_assert_false(bsc_bootloader_set_primary(f->loader, "B", &error));
		g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
	}
	g_assert_cmpuint(count_writes(f), ==, 0);
}

static void
test_attempts(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) warnings = NULL;
	int attempts;

	f->answer = "20\n2\n0\n3\n";
	g_assert_true(bsc_bootloader_get_attempts(f->loader, "A", &attempts, &error));
	g_assert_cmpint(attempts, ==, 2);
	g_assert_true(bsc_bootloader_get_attempts(f->loader, "B", &attempts, &error));
	g_assert_cmpint(attempts, ==, 0);
	warnings = bsc_bootloader_list_warnings(f->loader);
	g_assert_cmpuint(g_strv_length(warnings), ==, 0);
	f->answer = "";
	g_strfreev(warnings);
	warnings = bsc_bootloader_list_warnings(f->loader);
	g_assert_cmpuint(g_strv_length(warnings), ==, 1);
}

static void
test_current(Fixture *f, gconstpointer data)
{
	static const struct {
		const char *cmdline;
		const char *wanted;
	} cases[] = {
		{"quiet bootstate.active=A rw\n", "A"},
		{"bootchooser.active=B\n", "B"},
		{"xbootstate.active=A bootstate.active=\n", NULL},
		{"", NULL},
	};
	g_autoptr(TestTempDir) dir = test_temp_dir_new();

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = test_temp_dir_write(dir, "cmdline", cases[i].cmdline);
		BscBootEnv env = {.run = fake_run, .data = f, .cmdline_path = path};
		g_autoptr(GError) error = NULL;
		g_autoptr(BscBootloader) loader = bsc_bootloader_new(f->config, &env, &error);
		g_autofree char *current = NULL;

		g_assert_true(bsc_bootloader_get_current(loader, &current, &error));
		g_assert_cmpstr(current, ==, cases[i].wanted);
	}
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(Fixture *f, gconstpointer data);
	} cases[] = {
		{"writes-all-in-one-call", test_one_call},
		{"writes-nothing-that-is-there", test_spares_writes},
		{"marks-good-below-the-others", test_good_is_not_primary},
		{"refuses-what-is-no-state", test_refuses_nonsense},
		{"counts-attempts", test_attempts},
		{"knows-what-was-booted", test_current},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strdup_printf("/boot/barebox/%s", cases[i].name);

		g_test_add(path, Fixture, NULL, fixture_set_up, cases[i].run, fixture_tear_down);
	}
	return g_test_run();
}
