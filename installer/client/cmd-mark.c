/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/cmd-mark.c - bascule mark: tell the boot loader what a slot is worth */
#include "config.h"

#include "installer/client/cmd.h"
#include "installer/client/exit-code.h"

int
bsc_cmd_run_mark(const BscCmdLine *line, const char *state, const char *slot)
{
	static const char *const states[] = {"good", "bad", "active", NULL};
	int status;
	g_autoptr(BscBackend) backend = NULL;
	g_autofree char *message = NULL;
	GError *error = NULL;

	if (!g_strv_contains(states, state))
		return bsc_cmd_fail_usage(line, "unknown mark '%s': it is good, bad or active",
					  state);
	backend = bsc_cmd_open(line, &status);
	if (backend == NULL)
		return status;
	if (!bsc_backend_mark(backend, state, slot ? slot : "booted", &message, &error))
		return bsc_cmd_fail(error);
	g_print("%s\n", message);
	return BSC_EXIT_CODE_OK;
}

static int
run(const BscCmdLine *line)
{
	if (line->n_args < 1 || line->n_args > 2)
		return bsc_cmd_fail_usage(
			line, "%s", line->n_args == 0 ? "no mark given" : "too many arguments");
	return bsc_cmd_run_mark(line, line->args[0], line->args[1]);
}

const BscCmd bsc_cmd_mark = {
	.name = "mark",
	.arguments = "good|bad|active [booted|other|SLOT]",
	.summary = "tell the boot loader that a slot works, does not, or boots next",
	.run = run,
};
