/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/system-handle.h - one handle for configuration, slots, boot loader and status */
#pragma once

#include "bundle-tools/format/keyring.h"
#include "installer/boot/bootloader.h"
#include "installer/system/slot-state.h"
#include "installer/system/status-store.h"
#include "installer/system/system-info.h"

#include <gio/gio.h>

/*
 * Everything the engine knows about this device, opened once at start. The engine is synchronous
 * and knows neither D-Bus nor a main loop. Several threads may use one handle at once: one
 * installs or marks, others look (inspect.h, job-record.h).
 */
typedef struct _BscSystem BscSystem;
typedef struct _BscSystemLock BscSystemLock;

/* Where things are; zero everywhere is a real device. All strings are copied. */
typedef struct {
	const char *config_path;	/* explicit system.conf; %NULL = search */
	const char *const *overrides;	/* SECTION:KEY=VALUE, %NULL-terminated; %NULL = none */
	const char *mount_prefix;	/* beats `[system] mountprefix`; %NULL = configuration */
	const char *override_boot_slot; /* bootname or slot name taken as booted; %NULL = detect */
	const char *keyring_path; /* PEM file instead of `[keyring] path`; %NULL = configuration */
	const char *run_dir;	  /* lock, hook files, volatile records; %NULL = /run/bascule */
	const char *root_dir; /* where /etc, /run, /usr, /proc and /sys are looked for; %NULL = / */
	gboolean is_confined; /* this process runs in a sandbox: hooks run outside, as units of
				 systemd */
	/* For tests: opens the boot loader in place of bsc_bootloader_new(). */
	BscBootloader *(*open_bootloader)(const BscSystemConfig *config, gpointer data);
	gpointer data; /* for @open_bootloader */
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
 * @error: return location
 *
 * Becomes the one writer of this device (flock on a fixed file, over all processes of ours and all
 * threads of this one) and reads the status anew. Does not wait; the kernel releases the lock when
 * the process dies. The verbs of install-run.h and mark.h take it themselves.
 *
 * Errors: %BSC_INSTALL_ERROR_BUSY with the holder's process id.
 *
 * Returns: (transfer full) (nullable): the lock, or %NULL on failure; free it to let others write
 */
BscSystemLock *bsc_system_handle_lock(BscSystem *self, GError **error);

/**
 * bsc_system_handle_unlock:
 * @lock: (transfer full) (nullable): a lock
 */
void bsc_system_handle_unlock(BscSystemLock *lock);

/**
 * bsc_system_handle_is_locked:
 * @self: a handle
 *
 * Returns: whether somebody, this process included, is writing now
 */
gboolean bsc_system_handle_is_locked(BscSystem *self);

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
 *   path or `_external_`; empty if it could not be found, which fails every verb that needs it
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

/**
 * bsc_system_handle_get_read_only:
 * @self: a handle
 *
 * Returns: (transfer full) (nullable): the reason of bsc_system_handle_set_read_only()
 */
char *bsc_system_handle_get_read_only(BscSystem *self);

/**
 * bsc_system_handle_is_confined:
 * @self: a handle
 *
 * Returns: whether programs of the integrator must be run outside this process's sandbox
 */
gboolean bsc_system_handle_is_confined(const BscSystem *self);

/**
 * bsc_system_handle_get_store:
 * @self: a handle
 *
 * Returns: (transfer none): the records of the slots; only a holder of the lock may change them
 */
BscStatusStore *bsc_system_handle_get_store(BscSystem *self);

/**
 * bsc_system_handle_refresh:
 * @self: a handle
 *
 * Reads the records anew if another process may have changed them.
 */
void bsc_system_handle_refresh(BscSystem *self);

/**
 * bsc_system_handle_note_boot:
 * @self: a handle
 * @error: return location
 *
 * For a service at its start: tells the event which slot was booted, once in each boot. Does
 * nothing while somebody else writes.
 *
 * Returns: %FALSE if that cannot be found or recorded
 */
gboolean bsc_system_handle_note_boot(BscSystem *self, GError **error);

/**
 * bsc_system_handle_open_bootloader:
 * @self: a handle
 * @error: return location
 *
 * Returns: (transfer full) (nullable): the boot loader, for one thread, or %NULL on failure
 */
BscBootloader *bsc_system_handle_open_bootloader(BscSystem *self, GError **error);

/**
 * bsc_system_handle_detect_states:
 * @self: a handle
 * @error: return location
 *
 * Looks which slots are booted, mounted and in use now. May run a program of the boot loader.
 *
 * Errors: as bsc_slot_state_detect()
 *
 * Returns: (transfer full) (nullable): the states, or %NULL on failure
 */
BscSlotStates *bsc_system_handle_detect_states(BscSystem *self, GError **error);

/**
 * bsc_system_handle_load_keyring:
 * @self: a handle
 * @path: (nullable): PEM file in place of the configured keyring
 * @no_check_time: validity times do not matter
 * @error: return location
 *
 * Returns: (transfer full) (nullable): the keyring with the configuration's rules, or %NULL on
 *   failure
 */
BscKeyring *bsc_system_handle_load_keyring(BscSystem *self, const char *path,
					   gboolean no_check_time, GError **error);

/**
 * bsc_system_handle_load_decryption_key:
 * @self: a handle
 * @out: (out) (transfer full) (nullable): the configured key; %NULL if none is configured
 * @error: return location
 *
 * Returns: %TRUE on success
 */
gboolean bsc_system_handle_load_decryption_key(BscSystem *self, BscDecryptionKey **out,
					       GError **error);

/**
 * bsc_system_handle_get_time_floor:
 * @self: a handle
 *
 * Returns: certificates are judged at this time or later: the newer one of the program's build and
 *   the newest signing time of a bundle marked good here, in microseconds since 1970
 */
gint64 bsc_system_handle_get_time_floor(BscSystem *self);

/**
 * bsc_system_handle_begin_job:
 * @self: a handle
 * @transaction_id: of the installation that begins
 * @cancellable: what stops it
 *
 * For install-run.c: from now on bsc_system_handle_cancel_job() finds it. The caller holds the
 * lock.
 */
void bsc_system_handle_begin_job(BscSystem *self, const char *transaction_id,
				 GCancellable *cancellable);

/**
 * bsc_system_handle_commit_job:
 * @self: a handle
 * @error: return location
 *
 * For install-run.c, just before its commit point: from now on a cancel is refused.
 *
 * Errors: %G_IO_ERROR_CANCELLED if one came before.
 *
 * Returns: %TRUE if it may commit
 */
gboolean bsc_system_handle_commit_job(BscSystem *self, GError **error);

/**
 * bsc_system_handle_end_job:
 * @self: a handle
 *
 * For install-run.c: it is over.
 */
void bsc_system_handle_end_job(BscSystem *self);

/**
 * bsc_system_handle_cancel_job:
 * @self: a handle
 * @transaction_id: (nullable): %NULL = whichever runs
 * @error: return location
 *
 * See bsc_install_run_cancel(). Any thread.
 *
 * Returns: %TRUE if it will stop
 */
gboolean bsc_system_handle_cancel_job(BscSystem *self, const char *transaction_id, GError **error);

/**
 * bsc_system_handle_get_running_job:
 * @self: a handle
 *
 * Returns: (transfer full) (nullable): transaction of the installation that runs in this process
 */
char *bsc_system_handle_get_running_job(BscSystem *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSystem, bsc_system_handle_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscSystemLock, bsc_system_handle_unlock)
