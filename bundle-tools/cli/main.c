/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/main.c - bascule-bundle: table of verbs */
#include "config.h"

#include "bundle-tools/cli/cmd.h"
#include "bundle-tools/cli/progress-line.h"
#include "common/log.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Listed in bascule-bundle(1). */
typedef enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1, /* the bundle is refused, or the work failed */
	EXIT_USAGE = 2,	 /* the command line is wrong; nothing was done */
} ExitCode;

static const struct {
	const char *name;
	BscCmdFunc run;
	const char *help;
} verbs[] = {
	{"create", bsc_cmd_create, "make a signed bundle of a directory"},
	{"info", bsc_cmd_info, "show what a bundle says about itself"},
	{"verify", bsc_cmd_verify, "check signature, payload and images"},
	{"extract", bsc_cmd_extract, "write the content into a new directory"},
	{"extract-signature", bsc_cmd_extract_signature, "write the signature into a new file"},
	{"replace-signature", bsc_cmd_replace_signature, "put in a signature made elsewhere"},
	{"resign", bsc_cmd_resign, "sign the same content with another key"},
	{"encrypt", bsc_cmd_encrypt, "encrypt a crypt bundle for recipients"},
};

static void
print_help(FILE *out)
{
	fprintf(out, "Usage: bascule-bundle [--debug] VERB [OPTIONS] ARGUMENTS\n\nVerbs:\n");
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
		fprintf(out, "  %-18s %s\n", verbs[i].name, verbs[i].help);
	fprintf(out, "\n'bascule-bundle VERB --help' lists the options of a verb.\n");
}

/* Ctrl-C lets the verb take away what it made so far. */
static gpointer
wait_for_signal(gpointer data)
{
	GCancellable *cancellable = data;
	sigset_t set;
	int number;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	while (sigwait(&set, &number) != 0)
		;
	/* A second one ends us at once. */
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	g_cancellable_cancel(cancellable);
	return NULL;
}

static GCancellable *
watch_signals(void)
{
	static GCancellable *cancellable;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	cancellable = g_cancellable_new();
	g_thread_unref(g_thread_new("signals", wait_for_signal, cancellable));
	return cancellable;
}

static ExitCode
run_verb(size_t verb, int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *name = g_strdup_printf("bascule-bundle %s", verbs[verb].name);
	gboolean ok;

	g_set_prgname(name);
	ok = verbs[verb].run(argc, argv, watch_signals(), &error);
	bsc_progress_line_clear();
	if (ok && fflush(stdout) == 0)
		return EXIT_OK;
	fprintf(stderr, "bascule-bundle: %s\n",
		error != NULL ? error->message : "Failed to write to standard output");
	if (error == NULL || (error->domain != G_OPTION_ERROR && error->domain != G_SHELL_ERROR))
		return EXIT_FAILED;
	fprintf(stderr, "Try '%s --help'.\n", name);
	return EXIT_USAGE;
}

static ExitCode
run_command(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h") ||
	    g_str_equal(argv[1], "help")) {
		print_help(stdout);
		return EXIT_OK;
	}
	if (g_str_equal(argv[1], "--version")) {
		printf("bascule-bundle %s\n", PACKAGE_VERSION);
		return EXIT_OK;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (g_str_equal(argv[1], verbs[i].name))
			return run_verb(i, argc - 1, argv + 1);
	fprintf(stderr, "bascule-bundle: Unknown verb '%s'\n", argv[1]);
	print_help(stderr);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	gboolean debug =
		argc > 1 && (g_str_equal(argv[1], "--debug") || g_str_equal(argv[1], "-d"));

	setlocale(LC_ALL, "");
	bsc_log_init(debug);
	if (debug) {
		argv[1] = argv[0];
		return (int)run_command(argc - 1, argv + 1);
	}
	return (int)run_command(argc, argv);
}
