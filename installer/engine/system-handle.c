/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/system-handle.h"

#include "common/error.h"
#include "common/io.h"
#include "installer/engine/install-error.h"
#include "installer/engine/install-events.h"
#include "installer/write/mount.h"
#include "installer/write/slot-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define DEFAULT_RUN_DIR "/run/bascule"

struct _BscSystem {
	gatomicrefcount ref_count;
	const BscSystemConfig *config;
	BscSystemInfo *info;
	BscStatusStore *store;
	char *boot_slot;
	char *mount_prefix;
	char *override_boot_slot;
	char *keyring_path;
	char *run_dir;
	char *root_dir;
	char *fw_env_config;
	gboolean is_confined;
	BscBootloader *(*open_bootloader)(const BscSystemConfig *config, gpointer data);
	gpointer data; /* for @open_bootloader */

	GMutex mutex; /* guards all that follows */
	char *read_only;
	unsigned n_writers; /* threads of this process that hold the lock: 0 or 1 */
	char *job_transaction;
	GCancellable *job_cancellable;
	gboolean job_is_committed;
};

struct _BscSystemLock {
	BscSystem *system;
	int fd;
};

static char *
mount_for_status(const BscSlot *slot, gpointer data, gpointer *out_unmount_data, GError **error)
{
	BscSystem *self = data;
	/* a mount would take the device from under a writer that is about to open it */
	gboolean may_mount = !bsc_system_handle_is_locked(self);
	BscMountOptions options = {
		.prefix = self->mount_prefix,
		.read_only = TRUE,
		/* replaying a journal writes to a slot that may be in use elsewhere */
		.extra_options = g_str_equal(slot->type, "ext4") ? "noload" : NULL,
	};
	BscMount *mount;

	if (!may_mount) {
		bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY,
			      "Slots are being written");
		return NULL;
	}
	mount = bsc_mount_slot(slot, &options, error);
	if (!mount)
		return NULL;
	*out_unmount_data = mount;
	return g_strdup(bsc_mount_get_path(mount));
}

static void
unmount_for_status(gpointer unmount_data)
{
	bsc_mount_free(unmount_data);
}

static void
copy_options(BscSystem *self, const BscSystemOptions *options)
{
	const char *prefix = options->mount_prefix;

	self->override_boot_slot = g_strdup(options->override_boot_slot);
	self->keyring_path = g_strdup(options->keyring_path);
	self->run_dir = g_strdup(options->run_dir ? options->run_dir : DEFAULT_RUN_DIR);
	self->root_dir = g_strdup(options->root_dir);
	self->mount_prefix = g_strdup(prefix ? prefix : self->config->mount_prefix);
	self->is_confined = options->is_confined;
	self->open_bootloader = options->open_bootloader;
	self->data = options->data;
	if (options->root_dir)
		self->fw_env_config =
			g_build_filename(options->root_dir, "etc/fw_env.config", NULL);
}

static gboolean
open_status(BscSystem *self, GError **error)
{
	BscStatusStoreOptions options = {
		.mount = mount_for_status,
		.unmount = unmount_for_status,
		.data = self,
	};

	self->store = bsc_status_store_open(self->config, &options, error);
	return self->store != NULL;
}

static gboolean
load_parts(BscSystem *self, GError **error)
{
	BscSystemInfoOptions info_options = {.root_dir = self->root_dir};

	if (!self->open_bootloader && !bsc_bootloader_check_config(self->config, error))
		return FALSE;
	if (!bsc_slot_writer_check_config(self->config, error))
		return FALSE;
	self->info = bsc_system_info_load(self->config, &info_options, error);
	return self->info && open_status(self, error);
}

static void
find_boot_slot(BscSystem *self)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSlotStates) states = bsc_system_handle_detect_states(self, &error);

	if (!states)
		g_debug("booted slot not found: %s", error->message);
	self->boot_slot = g_strdup(states ? states->boot_slot : "");
}

BscSystem *
bsc_system_handle_new(const BscSystemOptions *options, GError **error)
{
	const BscSystemOptions defaults = {0};
	const BscSystemOptions *given = options ? options : &defaults;
	BscSystemConfigOptions config_options = {
		.root_dir = given->root_dir,
		.overrides = given->overrides,
	};
	g_autoptr(BscSystemConfig) config =
		bsc_system_config_load(given->config_path, &config_options, error);
	g_autoptr(BscSystem) self = NULL;

	if (!config)
		return NULL;
	self = g_new0(BscSystem, 1);
	g_atomic_ref_count_init(&self->ref_count);
	g_mutex_init(&self->mutex);
	self->config = g_steal_pointer(&config);
	copy_options(self, given);
	if (!load_parts(self, error))
		return NULL;
	find_boot_slot(self);
	return g_steal_pointer(&self);
}

BscSystem *
bsc_system_handle_ref(BscSystem *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void
bsc_system_handle_unref(BscSystem *self)
{
	if (!self || !g_atomic_ref_count_dec(&self->ref_count))
		return;
	bsc_status_store_free(self->store);
	bsc_system_info_free(self->info);
	bsc_system_config_unref(self->config);
	g_free(self->boot_slot);
	g_free(self->mount_prefix);
	g_free(self->override_boot_slot);
	g_free(self->keyring_path);
	g_free(self->run_dir);
	g_free(self->root_dir);
	g_free(self->fw_env_config);
	g_free(self->read_only);
	g_free(self->job_transaction);
	g_clear_object(&self->job_cancellable);
	g_mutex_clear(&self->mutex);
	g_free(self);
}

void
bsc_system_handle_set_read_only(BscSystem *self, const char *reason)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	g_free(self->read_only);
	self->read_only = g_strdup(reason);
}

/* The file stays for ever: a lock file that is removed can be held twice. */
static int
open_lock_file(BscSystem *self, GError **error)
{
	g_autofree char *path = g_build_filename(self->run_dir, "writer.lock", NULL);
	int fd;

	if (g_mkdir_with_parents(self->run_dir, 0755) < 0) {
		bsc_error_set_errno(error, errno, "Failed to create '%s'", self->run_dir);
		return -1;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		bsc_error_set_errno(error, errno, "Failed to open lock file '%s'", path);
	return fd;
}

static gboolean
fail_busy(int fd, GError **error)
{
	char pid[32] = "";
	ssize_t len = pread(fd, pid, sizeof(pid) - 1, 0);

	pid[MAX(len, 0)] = '\0';
	g_strstrip(pid);
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY,
			     "Another process (pid %s) is installing or marking a slot; try again "
			     "when it has ended",
			     *pid ? pid : "unknown");
}

static gboolean
check_may_write(BscSystem *self, GError **error)
{
	g_autofree char *reason = bsc_system_handle_get_read_only(self);

	if (!reason)
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY,
			     "Refused to write: %s", reason);
}

BscSystemLock *
bsc_system_handle_lock(BscSystem *self, GError **error)
{
	g_autofree char *pid = g_strdup_printf("%ld\n", (long)getpid());
	BSC_AUTO_FD int fd = -1;
	BscSystemLock *lock;

	if (!check_may_write(self, error))
		return NULL;
	fd = open_lock_file(self, error);
	if (fd < 0)
		return NULL;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			fail_busy(fd, error);
		else
			bsc_error_set_errno(error, errno, "Failed to lock '%s'", self->run_dir);
		return NULL;
	}
	/* only words for people: whoever is told to wait wants to know for whom */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
		g_debug("lock file not labelled: %s", g_strerror(errno));
	bsc_system_handle_refresh(self);
	lock = g_new0(BscSystemLock, 1);
	lock->system = bsc_system_handle_ref(self);
	lock->fd = bsc_io_steal_fd(&fd);
	g_mutex_lock(&self->mutex);
	self->n_writers++;
	g_mutex_unlock(&self->mutex);
	return lock;
}

void
bsc_system_handle_unlock(BscSystemLock *lock)
{
	if (!lock)
		return;
	g_mutex_lock(&lock->system->mutex);
	lock->system->n_writers--;
	g_mutex_unlock(&lock->system->mutex);
	(void)close(lock->fd);
	bsc_system_handle_unref(lock->system);
	g_free(lock);
}

gboolean
bsc_system_handle_is_locked(BscSystem *self)
{
	BSC_AUTO_FD int fd = open_lock_file(self, NULL);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

const BscSystemConfig *
bsc_system_handle_get_config(const BscSystem *self)
{
	return self->config;
}

const BscSystemInfo *
bsc_system_handle_get_info(const BscSystem *self)
{
	return self->info;
}

const char *
bsc_system_handle_get_boot_slot(const BscSystem *self)
{
	return self->boot_slot;
}

const char *
bsc_system_handle_get_mount_prefix(const BscSystem *self)
{
	return self->mount_prefix;
}

const char *
bsc_system_handle_get_run_dir(const BscSystem *self)
{
	return self->run_dir;
}

gboolean
bsc_system_handle_is_confined(const BscSystem *self)
{
	return self->is_confined;
}

char *
bsc_system_handle_get_read_only(BscSystem *self)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	return g_strdup(self->read_only);
}

BscStatusStore *
bsc_system_handle_get_store(BscSystem *self)
{
	return self->store;
}

void
bsc_system_handle_refresh(BscSystem *self)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	/*
	 * What this process has not saved yet must not be lost, and nobody else writes meanwhile.
	 * Records without a durable place are nowhere but in this process.
	 */
	if (self->n_writers > 0 || !bsc_status_store_is_durable(self->store))
		return;
	if (!bsc_status_store_reload(self->store, &error))
		g_debug("status not read anew: %s", error->message);
}

BscBootloader *
bsc_system_handle_open_bootloader(BscSystem *self, GError **error)
{
	BscBootEnv env = {.fw_env_config = self->fw_env_config};

	if (self->open_bootloader)
		return self->open_bootloader(self->config, self->data);
	return bsc_bootloader_new(self->config, &env, error);
}

BscSlotStates *
bsc_system_handle_detect_states(BscSystem *self, GError **error)
{
	g_autoptr(GError) boot_error = NULL;
	g_autofree char *current = NULL;
	g_autoptr(BscBootloader) boot = bsc_system_handle_open_bootloader(self, &boot_error);
	BscSlotStateEnv env = {
		.root_dir = self->root_dir,
		.override_boot_slot = self->override_boot_slot,
	};

	/* an unreadable boot loader leaves the other ways to find the booted slot */
	if (!boot || !bsc_bootloader_get_current(boot, &current, &boot_error))
		g_debug("boot loader does not tell what was booted: %s", boot_error->message);
	env.backend_current = current;
	return bsc_slot_state_detect(self->config, &env, error);
}

static void
tell_booted(const BscSystem *self, const BscSlotStates *states)
{
	const BscSlot *slot = states->booted;

	if (slot)
		bsc_event(bsc_install_events_get(BSC_INSTALL_EVENT_BOOTED_SLOT), "BSC_SLOT",
			  slot->name, "BSC_BOOTNAME", slot->bootname, NULL);
	else
		bsc_event(bsc_install_events_get(BSC_INSTALL_EVENT_BOOTED_EXTERNAL), NULL);
}

gboolean
bsc_system_handle_note_boot(BscSystem *self, GError **error)
{
	g_autofree char *known = bsc_status_store_get_value(self->store, BSC_STATUS_BOOT_ID);
	g_autoptr(BscSystemLock) lock = NULL;
	g_autoptr(BscSlotStates) states = NULL;

	if (!self->info->boot_id || g_strcmp0(known, self->info->boot_id) == 0)
		return TRUE;
	lock = bsc_system_handle_lock(self, NULL);
	if (!lock)
		return TRUE;
	states = bsc_system_handle_detect_states(self, error);
	if (!states)
		return FALSE;
	tell_booted(self, states);
	bsc_status_store_set_value(self->store, BSC_STATUS_BOOT_ID, self->info->boot_id);
	return bsc_status_store_save(self->store, error);
}

gint64
bsc_system_handle_get_time_floor(BscSystem *self)
{
	g_autofree char *newest =
		bsc_status_store_get_value(self->store, BSC_STATUS_NEWEST_GOOD_SIGNING);
	gint64 good_usec = newest ? g_ascii_strtoll(newest, NULL, 10) : 0;
	gint64 built_usec = (gint64)BSC_BUILD_TIME * G_USEC_PER_SEC;

	return MAX(good_usec, built_usec);
}

BscKeyring *
bsc_system_handle_load_keyring(BscSystem *self, const char *path, gboolean no_check_time,
			       GError **error)
{
	const BscSystemConfig *config = self->config;
	const char *override = path ? path : self->keyring_path;
	BscKeyringOptions options = {
		.path = override ? override : config->keyring.path,
		.directory = override ? NULL : config->keyring.directory,
		.check_crl = config->keyring.check_crl,
		.allow_partial_chain = config->keyring.allow_partial_chain,
		.use_bundle_signing_time = config->keyring.use_bundle_signing_time,
		.no_check_time = no_check_time,
		.check_purpose = config->keyring.check_purpose,
		.allowed_signer_cns = (const char *const *)config->keyring.allowed_signer_cns,
		.time_floor_usec = bsc_system_handle_get_time_floor(self),
	};

	return bsc_keyring_load(&options, error);
}

gboolean
bsc_system_handle_load_decryption_key(BscSystem *self, BscDecryptionKey **out, GError **error)
{
	BscKeyringKeyOptions options = {
		.cert = self->config->encryption.cert,
		.key = self->config->encryption.key,
	};
	BscDecryptionKey *key = NULL;

	if (options.key) {
		key = bsc_keyring_load_decryption_key(&options, error);
		if (!key)
			return FALSE;
	}
	*out = key;
	return TRUE;
}

void
bsc_system_handle_begin_job(BscSystem *self, const char *transaction_id, GCancellable *cancellable)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	g_return_if_fail(!self->job_transaction);
	self->job_transaction = g_strdup(transaction_id);
	self->job_cancellable = g_object_ref(cancellable);
	self->job_is_committed = FALSE;
}

gboolean
bsc_system_handle_commit_job(BscSystem *self, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	if (g_cancellable_set_error_if_cancelled(self->job_cancellable, error))
		return FALSE;
	self->job_is_committed = TRUE;
	return TRUE;
}

void
bsc_system_handle_end_job(BscSystem *self)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	g_clear_pointer(&self->job_transaction, g_free);
	g_clear_object(&self->job_cancellable);
}

gboolean
bsc_system_handle_cancel_job(BscSystem *self, const char *transaction_id, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	if (!self->job_transaction)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
				     "No installation is running");
	if (transaction_id && !g_str_equal(transaction_id, self->job_transaction))
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
				     "Installation '%s' is not running", transaction_id);
	if (self->job_is_committed)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_COMMITTED,
				     "Installation '%s' is past its commit point: the new system "
				     "boots next",
				     self->job_transaction);
	g_cancellable_cancel(self->job_cancellable);
	return TRUE;
}

char *
bsc_system_handle_get_running_job(BscSystem *self)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	return g_strdup(self->job_transaction);
}
