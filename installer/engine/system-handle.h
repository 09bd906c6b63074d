/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/system-handle.h - one handle for configuration, slots, boot loader and status */
#pragma once

#include <gio/gio.h>

typedef struct _BscSystemConfig BscSystemConfig;
typedef struct _BscBootloader BscBootloader;
typedef struct _BscStatusStore BscStatusStore;
typedef struct _BscSystemInfo BscSystemInfo;

/*
 * Everything the engine knows about this device, opened once at start. The engine is synchronous
 * and knows neither D-Bus nor a main loop. Several threads may use one handle at once: one
 * installs or marks, others look (inspect.h, job-record.h).
 */
typedef struct _BscSystem BscSystem;

/* Where things are; zero everywhere is a real device. All strings are copied. */
typedef struct {
	const char *config_path;	/* explicit system.conf; %NULL = search */
	const char *const *overrides;	/* SECTION:KEY=VALUE, %NULL-terminated; %NULL = none */
	const char *mount_prefix;	/* beats `[system] mountprefix`; %NULL = configuration */
	const char *override_boot_slot; /* bootname or slot name taken as booted; %NULL = detect */
	const char *keyring_path; /* PEM file instead of `[keyring] path`; %NULL = configuration */
	const char *run_dir;	  /* lock, hook files, volatile records; %NULL = /run/bascule */
	const char *root_dir; /* where /etc, /run, /usr, /proc and /sys are looked for; %NULL = / */
} BscSystemOptions;

/**
 * bsc_system_handle_new:
 * @options: (nullable): where things are
 * @error: return location
 *
 * Loads and checks the configuration, opens boot loader and status and finds the booted slot.
 * Runs programs (system-info handler, boot loader tools), so it may block for seconds. Takes no
 * lock and writes nothing.
 *
 * Errors: %BSC_CONFIG_ERROR_*, %BSC_BOOT_ERROR_*, %BSC_WRITE_ERROR_NO_WRITER for a slot type that
 * nothing can write, and what the file system reports.
 *
 * Returns: (transfer full) (nullable): the handle, or %NULL on failure
 */
BscSystem *bsc_system_handle_new(const BscSystemOptions *options, GError **error);

/**
 * bsc_system_handle_ref:
 * @self: a handle
 *
 * Returns: (transfer full): @self
 */
BscSystem *bsc_system_handle_ref(BscSystem *self);

/**
 * bsc_system_handle_unref:
 * @self: (transfer full) (nullable): a handle
 */
void bsc_system_handle_unref(BscSystem *self);

/**
 * bsc_system_handle_set_read_only:
 * @self: a handle
 * @reason: (nullable): why this process may not write slots, status or boot state, one line;
 *   %NULL = it may
 *
 * For the service, while RAUC's bus name belongs to another program. Everything that would write
 * then fails with %BSC_INSTALL_ERROR_BUSY and @reason. Any thread.
 */
void bsc_system_handle_set_read_only(BscSystem *self, const char *reason);

/**
 * bsc_system_handle_lock:
 * @self: a handle
 * @out_fd: (out): the lock; released when it is closed (BSC_AUTO_FD), also by the kernel when the
 *   process dies
 * @error: return location
 *
 * Becomes the one writer of this device (flock on a fixed file, over all processes of ours and all
 * threads of this one). Does not wait. The verbs of install-run.h and mark.h take it themselves.
 *
 * Errors: %BSC_INSTALL_ERROR_BUSY with the holder's process id.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_system_handle_lock(BscSystem *self, int *out_fd, GError **error);

/**
 * bsc_system_handle_get_config:
 * @self: a handle
 *
 * Returns: (transfer none): the configuration; immutable
 */
const BscSystemConfig *bsc_system_handle_get_config(const BscSystem *self);

/**
 * bsc_system_handle_get_info:
 * @self: a handle
 *
 * Returns: (transfer none): variant, serial, system version, boot id; immutable
 */
const BscSystemInfo *bsc_system_handle_get_info(const BscSystem *self);

/**
 * bsc_system_handle_get_boot_slot:
 * @self: a handle
 *
 * Returns: (transfer none): how the running system was detected: a bootname, a slot name, a device
 *   path or `_external_`; never %NULL
 */
const char *bsc_system_handle_get_boot_slot(const BscSystem *self);

/**
 * bsc_system_handle_get_mount_prefix:
 * @self: a handle
 *
 * Returns: (transfer none): directory below which slots are mounted
 */
const char *bsc_system_handle_get_mount_prefix(const BscSystem *self);

/**
 * bsc_system_handle_get_run_dir:
 * @self: a handle
 *
 * Returns: (transfer none): directory of lock, hook files and volatile records
 */
const char *bsc_system_handle_get_run_dir(const BscSystem *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSystem, bsc_system_handle_unref)
