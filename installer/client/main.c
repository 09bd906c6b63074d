/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/main.c - bascule: option table to verb */
#include "config.h"

#include "common/command-line.h"
#include "common/log.h"
#include "installer/client/cmd.h"
#include "installer/client/exit-code.h"

#include <locale.h>

static const BscCmd *const cmds[] = {
	&bsc_cmd_install, &bsc_cmd_status, &bsc_cmd_mark,   &bsc_cmd_info,
	&bsc_cmd_result,  &bsc_cmd_cancel, &bsc_cmd_doctor,
};

static struct {
	char *config_path;
	char **overrides;
	char *mount_prefix;
	char *override_boot_slot;
	char *keyring_path;
	char *run_dir;
	gboolean standalone;
	gboolean debug;
	gboolean version;
	gboolean help;
	char **args;
} options;

static const GOptionEntry entries[] = {
	{"standalone", 0, 0, G_OPTION_ARG_NONE, &options.standalone,
	 "do it in this process, without the service", NULL},
	{"conf", 'c', 0, G_OPTION_ARG_FILENAME, &options.config_path,
	 "configuration (standalone, doctor)", "FILE"},
	{"confopt", 'C', 0, G_OPTION_ARG_STRING_ARRAY, &options.overrides,
	 "one key of the configuration (standalone, doctor)", "SECTION:KEY=VALUE"},
	{"mount", 0, 0, G_OPTION_ARG_FILENAME, &options.mount_prefix,
	 "where slots are mounted (standalone)", "PATH"},
	{"override-boot-slot", 0, 0, G_OPTION_ARG_STRING, &options.override_boot_slot,
	 "bootname of the slot that runs (standalone, doctor)", "BOOTNAME"},
	{"keyring", 0, 0, G_OPTION_ARG_FILENAME, &options.keyring_path,
	 "trusted certificates (standalone, doctor)", "PEMFILE"},
	{"run-dir", 0, 0, G_OPTION_ARG_FILENAME, &options.run_dir,
	 "place of the writers' lock (standalone)", "DIR"},
	{"debug", 'd', 0, G_OPTION_ARG_NONE, &options.debug, "print what is done in detail", NULL},
	{"version", 0, 0, G_OPTION_ARG_NONE, &options.version, "print the version", NULL},
	{"help", 'h', 0, G_OPTION_ARG_NONE, &options.help, "print this", NULL},
	{G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.args, NULL, NULL},
	{0},
};

static const BscCmd *
find_cmd(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cmds); i++) {
		if (g_str_equal(cmds[i]->name, name))
			return cmds[i];
	}
	return NULL;
}

static gboolean
takes_value(const char *arg)
{
	gboolean found = bsc_command_line_takes_value(entries, arg);

	for (size_t i = 0; i < G_N_ELEMENTS(cmds) && !found; i++)
		found = bsc_command_line_takes_value(cmds[i]->options, arg);
	return found;
}

static char *
list_cmds(void)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	g_autofree char *table = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(cmds); i++) {
		const char *cells[] = {cmds[i]->name, cmds[i]->summary, NULL};

		g_ptr_array_add(rows, g_strdupv((char **)cells));
	}
	table = bsc_output_align(rows, 2);
	return g_strdup_printf("Verbs:\n%s\nSee bascule(1).", table);
}

static GOptionContext *
make_context(const BscCmd *cmd)
{
	g_autofree char *verbs = list_cmds();
	g_autofree char *usage =
		cmd ? g_strjoin(" ", cmd->name, cmd->arguments, NULL) : g_strdup("VERB");
	GOptionContext *context = g_option_context_new(usage);

	setlocale(LC_ALL, "");
	g_set_prgname("bascule");
	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_add_main_entries(context, entries, NULL);
	if (cmd == NULL) {
		g_option_context_set_description(context, verbs);
	} else {
		g_option_context_set_summary(context, cmd->summary);
		if (cmd->options != NULL)
			g_option_context_add_main_entries(context, cmd->options, NULL);
	}
	return context;
}

static gboolean
has_local_options(void)
{
	return options.config_path || options.overrides || options.mount_prefix ||
	       options.override_boot_slot || options.keyring_path || options.run_dir;
}

static int
run_cmd(const BscCmd *cmd)
{
	BscCmdLine line = {
		.cmd = cmd,
		.backend =
			{
				.kind = options.standalone ? BSC_BACKEND_KIND_LOCAL
							   : BSC_BACKEND_KIND_BUS,
				.config_path = options.config_path,
				.overrides = (const char *const *)options.overrides,
				.mount_prefix = options.mount_prefix,
				.override_boot_slot = options.override_boot_slot,
				.keyring_path = options.keyring_path,
				.run_dir = options.run_dir,
			},
		.args = options.args ? options.args : (char *[]){NULL},
		.has_local_options = has_local_options(),
	};

	line.n_args = g_strv_length(line.args);
	return cmd->run(&line);
}

int
main(int argc, char **argv)
{
	g_auto(GStrv) args = g_strdupv(argv);
	g_autofree char **words = g_memdup2(args, (gsize)(argc + 1) * sizeof *args);
	const char *verb = bsc_command_line_take_verb(words, takes_value);
	const BscCmd *cmd = verb ? find_cmd(verb) : NULL;
	g_autoptr(GOptionContext) context = make_context(cmd);
	g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);
	g_autoptr(GError) error = NULL;
	int n_words = (int)g_strv_length(words);
	char **rest = words;

	if (verb != NULL && cmd == NULL && !g_str_equal(verb, "help")) {
		g_printerr("bascule: there is no verb '%s'; see bascule --help\n", verb);
		return BSC_EXIT_CODE_FAILED;
	}
	if (!g_option_context_parse(context, &n_words, &rest, &error)) {
		g_printerr("bascule: %s; see bascule%s%s --help\n", error->message, verb ? " " : "",
			   verb ? verb : "");
		return BSC_EXIT_CODE_FAILED;
	}
	bsc_log_init_command(options.debug);
	if (options.version) {
		g_print("bascule %s\n", PACKAGE_VERSION);
		return BSC_EXIT_CODE_OK;
	}
	if (options.help || cmd == NULL) {
		g_print("%s", help);
		return options.help || verb ? BSC_EXIT_CODE_OK : BSC_EXIT_CODE_FAILED;
	}
	return run_cmd(cmd);
}
