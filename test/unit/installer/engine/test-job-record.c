/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/engine/test-job-record.c - what is known of an installation after a restart
 */
#include "config.h"

#include "common/clock.h"
#include "installer/engine/install-error.h"
#include "installer/engine/job-record.h"
#include "installer/system/slot-table.h"
#include "test/support/device.h"
#include "test/support/pki.h"

#include <string.h>

static BscJobRecord *
make_record(const char *transaction, BscJobPhase phase)
{
	BscJobRecord *record = g_new0(BscJobRecord, 1);
	const char *to[] = {"rootfs.1", NULL};

	record->transaction_id = g_strdup(transaction);
	record->uri = g_strdup("/tmp/a;b=c.raucb");
	record->from_slot = g_strdup("A");
	record->to_slots = g_strdupv((char **)to);
	record->activates = TRUE;
	record->phase = phase;
	record->outcome = BSC_OUTCOME_WRITE;
	record->message = g_strdup("line with = and ; and \\");
	record->started_usec = 17;
	return record;
}

static void
save(BscSystem *system, const char *transaction, BscJobPhase phase)
{
	g_autoptr(BscJobRecord) record = make_record(transaction, phase);
	g_autoptr(GError) error = NULL;

	g_assert_true(bsc_job_record_save(system, record, &error));
	g_assert_no_error(error);
}

static void
set_status(BscSystem *system, const char *word, const char *transaction)
{
	BscStatusStore *store = bsc_system_handle_get_store(system);
	const BscSlot *slot = bsc_slot_table_find(bsc_system_handle_get_config(system), "rootfs.1");
	g_autoptr(BscSlotStatus) status = bsc_status_store_get_slot(store, slot);

	status->status = g_strdup(word);
	status->installed_transaction = g_strdup(transaction);
	bsc_status_store_set_slot(store, slot, status);
	g_assert_true(bsc_status_store_save(store, NULL));
}

static char *
get_status(BscSystem *system)
{
	const BscSlot *slot = bsc_slot_table_find(bsc_system_handle_get_config(system), "rootfs.1");
	g_autoptr(BscSlotStatus) status =
		bsc_status_store_get_slot(bsc_system_handle_get_store(system), slot);

	return g_strdup(status->status);
}

static void
switch_to_b(BscSystem *system)
{
	g_autoptr(BscBootloader) boot = bsc_system_handle_open_bootloader(system, NULL);

	g_assert_true(bsc_bootloader_set_primary(boot, "B", NULL));
}

static void
test_survives(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) first = test_device_start(device, "A");
	g_autoptr(BscSystem) second = NULL;
	g_autoptr(BscJobRecord) record = NULL;
	g_autoptr(BscJobRecord) newest = NULL;
	g_autoptr(GError) error = NULL;

	save(first, "one", BSC_JOB_PHASE_FINISHED);
	save(first, "two", BSC_JOB_PHASE_WRITING);
	second = test_device_start(device, "A");
	record = bsc_job_record_lookup(second, "one", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(record->uri, ==, "/tmp/a;b=c.raucb");
	g_assert_cmpstr(record->message, ==, "line with = and ; and \\");
	g_assert_cmpint(record->outcome, ==, BSC_OUTCOME_WRITE);
	g_assert_cmpint(record->started_usec, ==, 17);
	g_assert_true(record->activates);
	newest = bsc_job_record_lookup(second, NULL, &error);
	g_assert_cmpstr(newest->transaction_id, ==, "two");
	g_assert_cmpint(newest->phase, ==, BSC_JOB_PHASE_WRITING);
	g_assert_null(bsc_job_record_lookup(second, "three", &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* What a start makes of an unfinished record. */
static const struct {
	const char *name;
	BscJobPhase phase;
	const char *status;
	gboolean is_switched;
	const char *booted;
	BscOutcome outcome;
	const char *status_after;
} rows[] = {
	{"half-written", BSC_JOB_PHASE_WRITING, "pending", FALSE, "A", BSC_OUTCOME_INTERNAL,
	 "failed"},
	{"before-the-switch", BSC_JOB_PHASE_ACTIVATING, "ok", FALSE, "A", BSC_OUTCOME_INTERNAL,
	 "ok"},
	{"after-the-switch", BSC_JOB_PHASE_ACTIVATING, "ok", TRUE, "A", BSC_OUTCOME_OK, "ok"},
	{"booted-into-it", BSC_JOB_PHASE_ACTIVATING, "ok", TRUE, "B", BSC_OUTCOME_OK, "ok"},
	{"switched-by-somebody-else", BSC_JOB_PHASE_WRITING, "pending", TRUE, "A",
	 BSC_OUTCOME_INTERNAL, "failed"},
};

static void
test_resolve(gconstpointer data)
{
	size_t row = GPOINTER_TO_SIZE(data);
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, rows[row].booted);
	g_autoptr(BscJobRecord) record = NULL;
	g_autofree char *status = NULL;
	g_autoptr(GError) error = NULL;

	save(system, "one", rows[row].phase);
	set_status(system, rows[row].status, "one");
	if (rows[row].is_switched)
		switch_to_b(system);
	g_assert_true(bsc_job_record_resolve(system, &error));
	g_assert_no_error(error);
	record = bsc_job_record_lookup(system, "one", &error);
	g_assert_cmpint(record->phase, ==, BSC_JOB_PHASE_FINISHED);
	g_assert_cmpint(record->outcome, ==, rows[row].outcome);
	g_assert_true(record->resolved);
	status = get_status(system);
	g_assert_cmpstr(status, ==, rows[row].status_after);
}

static void
test_not_activating(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autoptr(BscJobRecord) record = make_record("one", BSC_JOB_PHASE_ACTIVATING);
	g_autoptr(BscJobRecord) after = NULL;

	record->activates = FALSE;
	g_assert_true(bsc_job_record_save(system, record, NULL));
	set_status(system, "ok", "one");
	g_assert_true(bsc_job_record_resolve(system, NULL));
	after = bsc_job_record_lookup(system, "one", NULL);
	g_assert_cmpint(after->outcome, ==, BSC_OUTCOME_OK);
}

static void
test_installer_still_runs(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autoptr(BscSystem) other = test_device_start(device, "A");
	g_autoptr(BscSystemLock) lock = bsc_system_handle_lock(other, NULL);
	g_autoptr(BscJobRecord) record = NULL;

	g_assert_true(bsc_system_handle_is_locked(system));
	save(other, "one", BSC_JOB_PHASE_WRITING);
	g_assert_true(bsc_job_record_resolve(system, NULL));
	record = bsc_job_record_lookup(system, "one", NULL);
	g_assert_cmpint(record->phase, ==, BSC_JOB_PHASE_WRITING);
}

static void
test_never_twice(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autoptr(GError) error = NULL;

	for (int i = 0; i < 40; i++) {
		g_autofree char *id = g_strdup_printf("job-%d", i);

		g_assert_true(bsc_job_record_check_unused(system, id, NULL));
		save(system, id, BSC_JOB_PHASE_FINISHED);
	}
	g_assert_false(bsc_job_record_check_unused(system, "job-39", &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_USED);
	g_clear_error(&error);
	/* its record is gone by now, its id is not */
	g_assert_null(bsc_job_record_lookup(system, "job-0", NULL));
	g_assert_false(bsc_job_record_check_unused(system, "job-0", &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_USED);
}

static void
test_damaged_file(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *text = NULL;
	g_autofree char *path = NULL;
	g_autofree char *broken = NULL;

	save(system, "one", BSC_JOB_PHASE_FINISHED);
	text = test_temp_dir_read(device->dir, "data/jobs");
	text[strlen(text) - 3] ^= 1;
	path = test_temp_dir_write(device->dir, "data/jobs", text);
	g_assert_null(bsc_job_record_lookup(system, "one", NULL));
	save(system, "two", BSC_JOB_PHASE_FINISHED);
	broken = test_temp_dir_read(device->dir, "data/jobs.broken");
	g_assert_cmpstr(broken, ==, text);
}

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
	g_test_add_func("/engine/job-record/survives-a-restart", test_survives);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path =
			g_strconcat("/engine/job-record/resolves/", rows[i].name, NULL);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_resolve);
	}
	g_test_add_func("/engine/job-record/resolves/not-activating", test_not_activating);
	g_test_add_func("/engine/job-record/leaves-a-running-installation-alone",
			test_installer_still_runs);
	g_test_add_func("/engine/job-record/an-id-never-runs-twice", test_never_twice);
	g_test_add_func("/engine/job-record/sets-a-damaged-file-aside", test_damaged_file);
	status = g_test_run();
	test_pki_clear();
	return status;
}
