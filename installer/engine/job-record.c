/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/job-record.h"

#include "common/clock.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/hex.h"
#include "common/io.h"
#include "common/keyfile.h"
#include "installer/engine/install-error.h"
#include "installer/engine/install-events.h"
#include "installer/system/slot-table.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * All records are in one file, newest last: a line with format version and SHA-256 of all that
 * follows, then a key file. It is replaced as a whole.
 */
#define FILE_NAME      "jobs"
#define HEADER	       "# bascule jobs 1 sha256="
#define HEADER_LEN     (strlen(HEADER) + 2 * BSC_DIGEST_LEN + 1)
#define MAX_FILE_BYTES (1024 * 1024)
#define MAX_RECORDS    32  /* kept whole */
#define MAX_USED_IDS   512 /* kept as ids that may not be used again */
#define LIST_GROUP     "jobs"

/* The content of the file. */
typedef struct {
	GPtrArray *records; /* of BscJobRecord, oldest first */
	GPtrArray *used;    /* of char *: ids of records that are gone, oldest first */
} JobList;

static const char *const phase_words[] = {
	[BSC_JOB_PHASE_WRITING] = "writing",
	[BSC_JOB_PHASE_ACTIVATING] = "activating",
	[BSC_JOB_PHASE_FINISHED] = "finished",
};
G_STATIC_ASSERT(G_N_ELEMENTS(phase_words) == BSC_JOB_PHASE_N);

/* Text fields and where they are, for reading, writing, copying and freeing alike. */
static const struct {
	const char *key;
	size_t offset;
} text_rows[] = {
	{"transaction", offsetof(BscJobRecord, transaction_id)},
	{"uri", offsetof(BscJobRecord, uri)},
	{"manifest-hash", offsetof(BscJobRecord, manifest_hash)},
	{"bundle-version", offsetof(BscJobRecord, bundle_version)},
	{"from", offsetof(BscJobRecord, from_slot)},
	{"boot-id", offsetof(BscJobRecord, boot_id)},
	{"message", offsetof(BscJobRecord, message)},
};

static char **
text_of(const BscJobRecord *record, size_t row)
{
	return (char **)((char *)record + text_rows[row].offset);
}

void
bsc_job_record_free(BscJobRecord *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(text_rows); i++)
		g_free(*text_of(self, i));
	g_strfreev(self->to_slots);
	g_free(self);
}

static BscJobRecord *
copy_record(const BscJobRecord *record)
{
	BscJobRecord *copy = g_new(BscJobRecord, 1);

	*copy = *record;
	for (size_t i = 0; i < G_N_ELEMENTS(text_rows); i++)
		*text_of(copy, i) = g_strdup(*text_of(record, i));
	copy->to_slots = g_strdupv(record->to_slots);
	return copy;
}

static void
job_list_free(JobList *list)
{
	g_ptr_array_unref(list->records);
	g_ptr_array_unref(list->used);
	g_free(list);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(JobList, job_list_free)

static JobList *
job_list_new(void)
{
	JobList *list = g_new0(JobList, 1);

	list->records = g_ptr_array_new_with_free_func((GDestroyNotify)bsc_job_record_free);
	list->used = g_ptr_array_new_with_free_func(g_free);
	return list;
}

static int
find_record(const JobList *list, const char *transaction_id)
{
	for (guint i = 0; i < list->records->len; i++) {
		const BscJobRecord *record = list->records->pdata[i];

		if (g_strcmp0(record->transaction_id, transaction_id) == 0)
			return (int)i;
	}
	return -1;
}

static gboolean
is_used(const JobList *list, const char *transaction_id)
{
	return find_record(list, transaction_id) >= 0 ||
	       g_ptr_array_find_with_equal_func(list->used, transaction_id, g_str_equal, NULL);
}

static gboolean
read_phase(GKeyFile *file, const char *group, BscJobPhase *out)
{
	g_autofree char *word = g_key_file_get_string(file, group, "phase", NULL);

	for (int i = 0; i < BSC_JOB_PHASE_N; i++)
		if (g_strcmp0(word, phase_words[i]) == 0) {
			*out = (BscJobPhase)i;
			return TRUE;
		}
	return FALSE;
}

static BscJobRecord *
read_record(GKeyFile *file, const char *group)
{
	g_autoptr(BscJobRecord) record = g_new0(BscJobRecord, 1);
	g_autofree char *outcome = g_key_file_get_string(file, group, "outcome", NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(text_rows); i++)
		*text_of(record, i) = g_key_file_get_string(file, group, text_rows[i].key, NULL);
	record->to_slots = g_key_file_get_string_list(file, group, "to", NULL, NULL);
	record->activates = g_key_file_get_boolean(file, group, "activates", NULL);
	record->resolved = g_key_file_get_boolean(file, group, "resolved", NULL);
	record->started_usec = g_key_file_get_int64(file, group, "started", NULL);
	record->finished_usec = g_key_file_get_int64(file, group, "finished", NULL);
	if (!record->transaction_id || !read_phase(file, group, &record->phase))
		return NULL;
	if (!bsc_outcome_from_string(outcome, &record->outcome))
		record->outcome = BSC_OUTCOME_INTERNAL;
	return g_steal_pointer(&record);
}

static void
write_record(const BscJobRecord *record, GKeyFile *file, const char *group)
{
	for (size_t i = 0; i < G_N_ELEMENTS(text_rows); i++)
		if (*text_of(record, i))
			g_key_file_set_string(file, group, text_rows[i].key, *text_of(record, i));
	if (record->to_slots)
		g_key_file_set_string_list(file, group, "to", (const char *const *)record->to_slots,
					   g_strv_length(record->to_slots));
	g_key_file_set_boolean(file, group, "activates", record->activates);
	g_key_file_set_boolean(file, group, "resolved", record->resolved);
	g_key_file_set_int64(file, group, "started", record->started_usec);
	g_key_file_set_int64(file, group, "finished", record->finished_usec);
	g_key_file_set_string(file, group, "phase", phase_words[record->phase]);
	if (record->phase == BSC_JOB_PHASE_FINISHED)
		g_key_file_set_string(file, group, "outcome",
				      bsc_outcome_to_string(record->outcome));
}

static JobList *
parse_list(const char *text, size_t len, GError **error)
{
	g_autoptr(JobList) list = job_list_new();
	g_autoptr(GKeyFile) file = NULL;
	g_auto(GStrv) groups = NULL;
	g_auto(GStrv) used = NULL;
	uint8_t wanted[BSC_DIGEST_LEN], digest[BSC_DIGEST_LEN];
	g_autofree char *hex = NULL;

	if (len < HEADER_LEN || !g_str_has_prefix(text, HEADER))
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				     "no job records of a format this program knows"),
		       NULL;
	hex = g_strndup(text + strlen(HEADER), 2 * BSC_DIGEST_LEN);
	bsc_digest_compute(text + HEADER_LEN, len - HEADER_LEN, digest);
	if (!bsc_hex_decode(hex, wanted, sizeof(wanted)) ||
	    memcmp(wanted, digest, sizeof(digest)) != 0)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				     "checksum does not fit"),
		       NULL;
	file = bsc_keyfile_parse(text + HEADER_LEN, len - HEADER_LEN, error);
	if (!file)
		return NULL;
	used = g_key_file_get_string_list(file, LIST_GROUP, "used", NULL, NULL);
	for (size_t i = 0; used && used[i]; i++)
		g_ptr_array_add(list->used, g_strdup(used[i]));
	groups = g_key_file_get_groups(file, NULL);
	for (size_t i = 0; groups[i]; i++) {
		BscJobRecord *record = read_record(file, groups[i]);

		if (record)
			g_ptr_array_add(list->records, record);
	}
	return g_steal_pointer(&list);
}

static char *
print_list(const JobList *list)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *body = NULL;
	g_autofree char *hex = NULL;
	uint8_t digest[BSC_DIGEST_LEN];
	size_t len;

	g_key_file_set_string_list(file, LIST_GROUP, "used", (const char *const *)list->used->pdata,
				   list->used->len);
	for (guint i = 0; i < list->records->len; i++) {
		g_autofree char *group = g_strdup_printf("job.%u", i);

		write_record(list->records->pdata[i], file, group);
	}
	body = g_key_file_to_data(file, &len, NULL);
	bsc_digest_compute(body, len, digest);
	hex = bsc_hex_encode(digest, sizeof(digest));
	return g_strdup_printf(HEADER "%s\n%s", hex, body);
}

static char *
get_path(BscSystem *system)
{
	BscStatusStore *store = bsc_system_handle_get_store(system);
	const char *dir = bsc_status_store_is_durable(store)
				  ? bsc_status_store_get_dir(store)
				  : bsc_system_handle_get_run_dir(system);

	return g_build_filename(dir, FILE_NAME, NULL);
}

/*
 * Records that cannot be read are set aside, not an error: what they could tell is lost, and a
 * device that refuses every update for that would be worse off.
 */
static JobList *
load_list(BscSystem *system, GError **error)
{
	g_autofree char *path = get_path(system);
	g_autofree char *broken = g_strconcat(path, ".broken", NULL);
	g_autoptr(GError) local_error = NULL;
	g_autoptr(GBytes) bytes = bsc_io_read_file(path, MAX_FILE_BYTES, &local_error);
	JobList *list = NULL;
	size_t len;

	if (g_error_matches(local_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
		return job_list_new();
	if (!bytes) {
		g_propagate_error(error, g_steal_pointer(&local_error));
		return NULL;
	}
	list = parse_list(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &local_error);
	if (list)
		return list;
	len = g_bytes_get_size(bytes);
	g_debug("job records in '%s' (%zu bytes) set aside: %s", path, len, local_error->message);
	if (g_rename(path, broken) < 0)
		g_debug("'%s' not renamed: %s", path, g_strerror(errno));
	return job_list_new();
}

static void
forget_oldest(JobList *list)
{
	while (list->records->len > MAX_RECORDS) {
		BscJobRecord *oldest = list->records->pdata[0];

		g_ptr_array_add(list->used, g_strdup(oldest->transaction_id));
		g_ptr_array_remove_index(list->records, 0);
	}
	if (list->used->len > MAX_USED_IDS)
		g_ptr_array_remove_range(list->used, 0, list->used->len - MAX_USED_IDS);
}

static gboolean
save_list(BscSystem *system, JobList *list, GError **error)
{
	g_autofree char *path = get_path(system);
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *text = NULL;

	forget_oldest(list);
	text = print_list(list);
	if (g_mkdir_with_parents(dir, 0755) < 0)
		return bsc_error_set_errno(error, errno, "Failed to create '%s'", dir);
	return bsc_io_replace_file(path, text, strlen(text), 0644, error);
}

const char *
bsc_job_record_phase_to_string(BscJobPhase phase)
{
	g_return_val_if_fail(phase < BSC_JOB_PHASE_N, "finished");
	return phase_words[phase];
}

BscJobRecord *
bsc_job_record_lookup(BscSystem *system, const char *transaction_id, GError **error)
{
	g_autoptr(JobList) list = load_list(system, error);
	int found;

	if (!list)
		return NULL;
	found = transaction_id ? find_record(list, transaction_id) : (int)list->records->len - 1;
	if (found >= 0)
		return copy_record(list->records->pdata[found]);
	if (transaction_id)
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			      "Nothing is recorded of an installation '%s'", transaction_id);
	else
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			      "No installation is recorded");
	return NULL;
}

gboolean
bsc_job_record_check_unused(BscSystem *system, const char *transaction_id, GError **error)
{
	g_autoptr(JobList) list = load_list(system, error);

	if (!list)
		return FALSE;
	if (!is_used(list, transaction_id))
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_USED,
			     "Transaction '%s' ran before and never runs twice; choose another id",
			     transaction_id);
}

gboolean
bsc_job_record_save(BscSystem *system, const BscJobRecord *record, GError **error)
{
	g_autoptr(JobList) list = load_list(system, error);
	int found;

	if (!list)
		return FALSE;
	found = find_record(list, record->transaction_id);
	if (found >= 0)
		g_ptr_array_remove_index(list->records, (guint)found);
	g_ptr_array_add(list->records, copy_record(record));
	if (save_list(system, list, error))
		return TRUE;
	g_prefix_error(error, "Failed to record installation '%s': ", record->transaction_id);
	return FALSE;
}

/* Whether every destination is recorded as complete, by this very installation. */
static gboolean
slots_are_complete(BscSystem *system, const BscJobRecord *record)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(system);
	BscStatusStore *store = bsc_system_handle_get_store(system);

	for (size_t i = 0; record->to_slots && record->to_slots[i]; i++) {
		const BscSlot *slot = bsc_slot_table_find(config, record->to_slots[i]);
		g_autoptr(BscSlotStatus) status = NULL;

		if (!slot)
			return FALSE;
		status = bsc_status_store_get_slot(store, slot);
		if (g_strcmp0(status->status, BSC_SLOT_STATUS_OK) != 0 ||
		    g_strcmp0(status->installed_transaction, record->transaction_id) != 0)
			return FALSE;
	}
	return record->to_slots && record->to_slots[0];
}

/* Whether the boot loader boots the destination next, or has booted it. */
static gboolean
boot_was_switched(BscSystem *system, const BscJobRecord *record)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(system);
	g_autoptr(BscBootloader) boot = bsc_system_handle_open_bootloader(system, NULL);
	g_autoptr(BscSlotStates) states = bsc_system_handle_detect_states(system, NULL);
	g_autofree char *primary = NULL;

	if (boot)
		bsc_bootloader_get_primary(boot, &primary, NULL);
	for (size_t i = 0; record->to_slots && record->to_slots[i]; i++) {
		const BscSlot *slot = bsc_slot_table_find(config, record->to_slots[i]);
		const BscSlot *root = slot ? bsc_slot_table_get_root(slot) : NULL;

		if (root && root->bootname && g_strcmp0(root->bootname, primary) == 0)
			return TRUE;
		if (root && states && states->booted == root)
			return TRUE;
	}
	return FALSE;
}

static void
judge(BscSystem *system, BscJobRecord *record)
{
	gboolean done;

	if (record->activates)
		done = record->phase == BSC_JOB_PHASE_ACTIVATING &&
		       boot_was_switched(system, record);
	else
		done = slots_are_complete(system, record);
	record->phase = BSC_JOB_PHASE_FINISHED;
	record->outcome = done ? BSC_OUTCOME_OK : BSC_OUTCOME_INTERNAL;
	record->finished_usec = bsc_clock_now_usec();
	record->resolved = TRUE;
	g_free(record->message);
	record->message = done ? NULL
			       : g_strdup("The installer was ended before it was done (power cut, "
					  "crash or kill); its destination will not be booted");
	bsc_event(bsc_install_events_get(BSC_INSTALL_EVENT_INTERRUPTED), "BSC_JOB",
		  record->transaction_id, "BSC_OUTCOME", bsc_outcome_to_string(record->outcome),
		  "BSC_MANIFEST_HASH", record->manifest_hash, NULL);
}

/* A slot that is still pending now is half written: nobody is writing it any more. */
static gboolean
fail_pending_slots(BscSystem *system, GError **error)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(system);
	BscStatusStore *store = bsc_system_handle_get_store(system);
	gboolean changed = FALSE;

	for (guint i = 0; i < config->slots->len; i++) {
		const BscSlot *slot = config->slots->pdata[i];
		g_autoptr(BscSlotStatus) status = bsc_status_store_get_slot(store, slot);

		if (g_strcmp0(status->status, BSC_SLOT_STATUS_PENDING) != 0)
			continue;
		g_free(status->status);
		status->status = g_strdup(BSC_SLOT_STATUS_FAILED);
		bsc_status_store_set_slot(store, slot, status);
		changed = TRUE;
	}
	return !changed || bsc_status_store_save(store, error);
}

gboolean
bsc_job_record_resolve_locked(BscSystem *system, GError **error)
{
	g_autoptr(JobList) list = load_list(system, error);
	gboolean changed = FALSE;

	if (!list || !fail_pending_slots(system, error))
		return FALSE;
	for (guint i = 0; i < list->records->len; i++) {
		BscJobRecord *record = list->records->pdata[i];

		if (record->phase == BSC_JOB_PHASE_FINISHED)
			continue;
		judge(system, record);
		changed = TRUE;
	}
	return !changed || save_list(system, list, error);
}

gboolean
bsc_job_record_resolve(BscSystem *system, GError **error)
{
	g_autoptr(GError) local_error = NULL;
	g_autoptr(BscSystemLock) lock = bsc_system_handle_lock(system, &local_error);

	if (lock)
		return bsc_job_record_resolve_locked(system, error);
	if (g_error_matches(local_error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&local_error));
	return FALSE;
}

gboolean
bsc_job_record_is_volatile(BscSystem *system)
{
	return !bsc_status_store_is_durable(bsc_system_handle_get_store(system));
}
