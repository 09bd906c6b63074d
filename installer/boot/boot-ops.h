/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/boot/boot-ops.h - what a boot loader backend implements, and all it may touch */
#pragma once

#include "installer/boot/boot-error.h"
#include "installer/system/slot-table.h"

/* What the boot loader thinks of a slot. */
typedef enum {
	BSC_BOOT_STATE_UNKNOWN, /* it cannot be asked: neither good nor bad */
	BSC_BOOT_STATE_GOOD,	/* it would boot this slot */
	BSC_BOOT_STATE_BAD,	/* it would not */
	BSC_BOOT_STATE_N,
} BscBootState;

/**
 * BscBootRunFunc:
 * @argv: (array zero-terminated=1): program and arguments
 * @input: (nullable): what it reads from stdin
 * @with_stderr: @out_text also has what it printed to stderr
 * @out_text: (out) (transfer full): what it printed to stdout
 * @data: the caller's
 * @error: return location
 *
 * Runs a program of the boot loader. The default is common/run; a test gives its own.
 *
 * Returns: %TRUE if it exited with status 0
 */
typedef gboolean (*BscBootRunFunc)(const char *const *argv, const char *input, gboolean with_stderr,
				   char **out_text, gpointer data, GError **error);

/* Everything a backend may touch; zero everywhere means this machine. Strings must live as long
 * as the BscBootloader made with them. */
typedef struct {
	const BscSystemConfig *config; /* set by bsc_bootloader_new() */
	const char *fw_printenv;       /* program; %NULL = looked up */
	const char *fw_setenv;
	const char *fw_env_config; /* given to both with -c; %NULL = /etc/fw_env.config */
	const char *barebox_state; /* program; %NULL = looked up */
	const char *cmdline_path;  /* of the kernel; %NULL = /proc/cmdline */
	BscBootRunFunc run;
	gpointer data;	    /* for @run, and for the ops of a test */
	int setenv_dialect; /* private to boot-uboot: what fw_setenv understands; 0 = unknown */
} BscBootEnv;

/*
 * One boot loader. Every function may block for seconds (it starts programs). Names are
 * bootnames of the configuration.
 */
typedef struct {
	const char *name; /* the word in `bootloader=` */

	/* The bootname that boots next; %NULL if that is none of the configuration. Optional: where
	 * it is %NULL, asking is an error and set_primary is not read back. */
	gboolean (*get_primary)(BscBootEnv *env, char **out_bootname, GError **error);

	/* Makes @bootname boot next with full attempts, as one atomic write where possible. */
	gboolean (*set_primary)(BscBootEnv *env, const char *bootname, GError **error);

	/* UNKNOWN without an error is an answer: nothing is said of this slot. Optional: where it
	 * is %NULL all is UNKNOWN and set_state is not read back. */
	gboolean (*get_state)(BscBootEnv *env, const char *bootname, BscBootState *out,
			      GError **error);

	/* GOOD or BAD; a slot marked bad is never booted until marked good or primary. */
	gboolean (*set_state)(BscBootEnv *env, const char *bootname, BscBootState state,
			      GError **error);

	/* Optional: what this boot loader says was booted; %NULL where it does not know. */
	gboolean (*get_current)(BscBootEnv *env, char **out_bootname, GError **error);

	/* Optional: boots left before the slot counts as bad; -1 = not counted. */
	gboolean (*get_attempts)(BscBootEnv *env, const char *bootname, int *out, GError **error);

	/* Optional: adds sentences to @warnings on what is dangerous or missing here. */
	void (*inspect)(BscBootEnv *env, GPtrArray *warnings);
} BscBootloaderOps;
