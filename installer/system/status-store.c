/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/system/status-store.h"

#include "common/error.h"
#include "common/io.h"
#include "installer/system/slot-state.h"
#include "installer/system/status-file.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_BYTES (1024 * 1024)

static const char *const copy_names[] = {"bascule-slots.a", "bascule-slots.b"};

#define N_COPIES G_N_ELEMENTS(copy_names)

struct _BscStatusStore {
	GMutex mutex; /* guards all below but dir, config and options */
	const BscSystemConfig *config;
	BscStatusStoreOptions options;
	char *dir; /* NULL: none is configured */
	gboolean is_durable;
	BscStatusFile *file; /* what is true now */
	unsigned next_copy;  /* the copy that the next save replaces */
	GString *warning;    /* sentences, separated by `; ` */
};

static void warn(BscStatusStore *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
warn(BscStatusStore *self, const char *format, ...)
{
	g_autofree char *words = NULL;
	va_list args;

	va_start(args, format);
	words = g_strdup_vprintf(format, args);
	va_end(args);
	if (strstr(self->warning->str, words) == NULL)
		g_string_append_printf(self->warning, "%s%s", self->warning->len > 0 ? "; " : "",
				       words);
}

static char *
choose_dir(const BscSystemConfig *config, const BscStatusStoreOptions *options)
{
	if (options->dir != NULL)
		return g_strdup(options->dir);
	if (config->data_directory != NULL)
		return g_strdup(config->data_directory);
	return config->statusfile != NULL ? g_path_get_dirname(config->statusfile) : NULL;
}

/* Makes the directory and finds out whether it can be written. Neither is an error. */
static void
prepare_dir(BscStatusStore *self)
{
	const BscSlot *slot;

	self->is_durable = FALSE;
	if (self->dir == NULL) {
		warn(self, "no data-directory is configured: what is installed where is forgotten "
			   "at every restart, and nothing is skipped");
		return;
	}
	if (g_mkdir_with_parents(self->dir, 0700) < 0 || access(self->dir, W_OK) < 0) {
		warn(self,
		     "the data-directory '%s' cannot be written (%s): what is installed is "
		     "not recorded",
		     self->dir, g_strerror(errno));
		return;
	}
	self->is_durable = TRUE;
	slot = bsc_slot_state_find_slot_of_path(self->config, self->dir, NULL);
	if (slot != NULL)
		warn(self,
		     "the data-directory '%s' lies in slot %s and is lost when that is "
		     "installed: move it to storage that no slot holds",
		     self->dir, slot->name);
}

/* NULL without an error means that the copy is missing. */
static BscStatusFile *
read_copy(BscStatusStore *self, size_t i, GError **error)
{
	g_autofree char *path = g_build_filename(self->dir, copy_names[i], NULL);
	g_autoptr(GError) why = NULL;
	g_autoptr(GBytes) bytes = bsc_io_read_file(path, MAX_FILE_BYTES, &why);
	BscStatusFile *file;
	const char *data;
	size_t len;

	if (bytes == NULL) {
		if (!g_error_matches(why, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
			g_propagate_error(error, g_steal_pointer(&why));
		return NULL;
	}
	data = g_bytes_get_data(bytes, &len);
	file = bsc_status_file_parse(data, len, error);
	if (file == NULL)
		g_prefix_error(error, "'%s': ", path);
	return file;
}

static void
forget_digests(BscStatusFile *file)
{
	GHashTableIter iter;
	gpointer status;

	g_hash_table_iter_init(&iter, file->slots);
	while (g_hash_table_iter_next(&iter, NULL, &status))
		g_clear_pointer(&((BscSlotStatus *)status)->sha256, g_free);
}

/* Fails only where no copy is usable and one is whole and of a later format: it would be lost. */
static gboolean
read_copies(BscStatusStore *self, gboolean *out_damaged, GError **error)
{
	unsigned n_later = 0;

	*out_damaged = FALSE;
	g_clear_pointer(&self->file, bsc_status_file_free);
	self->next_copy = 0;
	for (unsigned i = 0; self->dir != NULL && i < N_COPIES; i++) {
		g_autoptr(GError) why = NULL;
		g_autoptr(BscStatusFile) file = read_copy(self, i, &why);

		if (why != NULL) {
			*out_damaged = TRUE;
			n_later += g_error_matches(why, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
			warn(self, "a status copy cannot be used: %s", why->message);
		}
		if (file == NULL || (self->file != NULL && file->sequence <= self->file->sequence))
			continue;
		g_clear_pointer(&self->file, bsc_status_file_free);
		self->file = g_steal_pointer(&file);
		self->next_copy = (i + 1) % N_COPIES;
	}
	if (n_later > 0 && self->file == NULL)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
				     "The status in '%s' was written by a later version",
				     self->dir);
	if (self->file == NULL)
		self->file = bsc_status_file_new();
	return TRUE;
}

/* RAUC's central file, or NULL where there is none. */
static GBytes *
read_central(const BscStatusStore *self)
{
	g_autoptr(GError) why = NULL;
	GBytes *bytes = NULL;

	if (self->config->statusfile != NULL)
		bytes = bsc_io_read_file(self->config->statusfile, MAX_FILE_BYTES, &why);
	if (why != NULL && !g_error_matches(why, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
		g_debug("%s", why->message);
	return bytes;
}

static void
import_central(BscStatusStore *self)
{
	g_autoptr(GBytes) bytes = read_central(self);
	g_autoptr(GError) why = NULL;
	g_autofree char *digest = NULL;
	const char *data;
	size_t len;

	if (bytes == NULL)
		return;
	data = g_bytes_get_data(bytes, &len);
	digest = bsc_status_file_digest(data, len);
	/* The one before counts as ours, too: a power cut can come between the two writes. */
	if (g_strcmp0(digest, self->file->central) == 0 ||
	    g_strcmp0(digest, self->file->central_before) == 0)
		return;
	if (!bsc_status_file_import(self->file, data, len, &why))
		warn(self, "RAUC's status file '%s' cannot be read: %s", self->config->statusfile,
		     why->message);
}

static void
read_slot_file(BscStatusStore *self, const BscSlot *slot, const char *mountpoint)
{
	g_autofree char *path = g_build_filename(mountpoint, "slot.raucs", NULL);
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GBytes) bytes = bsc_io_read_file(path, MAX_FILE_BYTES, NULL);

	if (bytes != NULL && g_key_file_load_from_bytes(file, bytes, G_KEY_FILE_NONE, NULL))
		g_hash_table_replace(self->file->slots, g_strdup(slot->name),
				     bsc_slot_status_read(file, "slot"));
}

/* RAUC's way without a central file: `slot.raucs` inside of each slot that can be mounted. */
static void
read_slot_files(BscStatusStore *self)
{
	static const char *const mountable[] = {"ext4", "ubifs", "vfat", NULL};

	if (self->options.mount == NULL || self->config->statusfile != NULL)
		return;
	for (guint i = 0; i < self->config->slots->len; i++) {
		const BscSlot *slot = g_ptr_array_index(self->config->slots, i);
		g_autoptr(GError) why = NULL;
		g_autofree char *mountpoint = NULL;
		gpointer unmount_data = NULL;

		if (!g_strv_contains(mountable, slot->type))
			continue;
		mountpoint = self->options.mount(slot, self->options.data, &unmount_data, &why);
		if (mountpoint == NULL) {
			g_debug("slot %s: %s", slot->name, why->message);
			continue;
		}
		read_slot_file(self, slot, mountpoint);
		self->options.unmount(unmount_data);
	}
}

static gboolean
load(BscStatusStore *self, GError **error)
{
	gboolean is_damaged;

	g_string_truncate(self->warning, 0);
	prepare_dir(self);
	if (!read_copies(self, &is_damaged, error))
		return FALSE;
	import_central(self);
	if (is_damaged)
		forget_digests(self->file);
	read_slot_files(self);
	return TRUE;
}

BscStatusStore *
bsc_status_store_open(const BscSystemConfig *config, const BscStatusStoreOptions *options,
		      GError **error)
{
	g_autoptr(BscStatusStore) self = g_new0(BscStatusStore, 1);

	g_mutex_init(&self->mutex);
	self->config = bsc_system_config_ref(config);
	if (options != NULL)
		self->options = *options;
	self->dir = choose_dir(config, &self->options);
	self->options.dir = self->dir;
	self->warning = g_string_new(NULL);
	return load(self, error) ? g_steal_pointer(&self) : NULL;
}

void
bsc_status_store_free(BscStatusStore *self)
{
	if (self == NULL)
		return;
	g_mutex_clear(&self->mutex);
	bsc_system_config_unref(self->config);
	bsc_status_file_free(self->file);
	g_string_free(self->warning, TRUE);
	g_free(self->dir);
	g_free(self);
}

gboolean
bsc_status_store_reload(BscStatusStore *self, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	return load(self, error);
}

BscSlotStatus *
bsc_status_store_get_slot(BscStatusStore *self, const BscSlot *slot)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);
	const BscSlotStatus *status = g_hash_table_lookup(self->file->slots, slot->name);

	return status != NULL ? bsc_slot_status_copy(status) : g_new0(BscSlotStatus, 1);
}

void
bsc_status_store_set_slot(BscStatusStore *self, const BscSlot *slot, const BscSlotStatus *status)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	g_hash_table_replace(self->file->slots, g_strdup(slot->name), bsc_slot_status_copy(status));
}

char *
bsc_status_store_get_value(BscStatusStore *self, const char *key)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	return g_strdup(g_hash_table_lookup(self->file->values, key));
}

void
bsc_status_store_set_value(BscStatusStore *self, const char *key, const char *value)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	g_return_if_fail(strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(key));
	if (value != NULL)
		g_hash_table_replace(self->file->values, g_strdup(key), g_strdup(value));
	else
		g_hash_table_remove(self->file->values, key);
}

/* Ours is durable by now, and that counts: RAUC's file is not worth failing an installation. */
static void
write_central(BscStatusStore *self, const char *central)
{
	g_autoptr(GError) why = NULL;

	if (!bsc_io_replace_file(self->config->statusfile, central, strlen(central), 0644, &why))
		warn(self, "RAUC's status file cannot be kept up to date: %s", why->message);
}

/*
 * The older copy is replaced by rename: a power cut before leaves the newer one and the old older
 * one, after it the new one. Then RAUC's file: a cut before leaves it as @central_before says.
 */
static gboolean
save(BscStatusStore *self, GError **error)
{
	g_autofree char *path = g_build_filename(self->dir, copy_names[self->next_copy], NULL);
	g_autoptr(GBytes) before = read_central(self);
	g_autofree char *central = NULL;
	g_autofree char *text = NULL;

	if (before != NULL) {
		size_t len;
		const char *data = g_bytes_get_data(before, &len);

		central = bsc_status_file_export(self->file, data, len);
		g_free(self->file->central_before);
		self->file->central_before = bsc_status_file_digest(data, len);
		g_free(self->file->central);
		self->file->central = bsc_status_file_digest(central, strlen(central));
	}
	self->file->sequence++;
	text = bsc_status_file_serialise(self->file);
	if (!bsc_io_replace_file(path, text, strlen(text), 0600, error))
		return FALSE;
	self->next_copy = (self->next_copy + 1) % N_COPIES;
	if (central != NULL)
		write_central(self, central);
	return TRUE;
}

gboolean
bsc_status_store_save(BscStatusStore *self, GError **error)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	if (!self->is_durable)
		return TRUE;
	if (save(self, error))
		return TRUE;
	g_prefix_error(error, "slot status: ");
	return FALSE;
}

gboolean
bsc_status_store_is_durable(BscStatusStore *self)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	return self->is_durable;
}

const char *
bsc_status_store_get_dir(BscStatusStore *self)
{
	return self->dir;
}

char *
bsc_status_store_get_warning(BscStatusStore *self)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);

	return self->warning->len > 0 ? g_strdup(self->warning->str) : NULL;
}
