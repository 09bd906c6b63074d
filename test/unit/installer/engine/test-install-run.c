/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/engine/test-install-run.c - whole installations on slots in files, and how
 * they fail */
#include "config.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/clock.h"
#include "installer/engine/inspect.h"
#include "installer/engine/install-error.h"
#include "installer/engine/install-run.h"
#include "installer/engine/job-record.h"
#include "installer/engine/mark.h"
#include "installer/system/slot-table.h"
#include "installer/write/write-error.h"
#include "test/support/device.h"
#include "test/support/pki.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define IMAGE_BYTES (256 * 1024)

static GPtrArray *events; /* of char *: names of the events since the last look */

/* Keeps events instead of printing them; a refusal is a warning, and no reason to end the test. */
static GLogWriterOutput
keep_events(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
	for (gsize i = 0; i < n_fields; i++)
		if (g_str_equal(fields[i].key, "BSC_EVENT")) {
			g_ptr_array_add(events, g_strdup(fields[i].value));
			return G_LOG_WRITER_HANDLED;
		}
	return g_log_writer_default(level, fields, n_fields, data);
}

static void
assert_events(const char *wanted)
{
	g_autofree char *seen = NULL;

	g_ptr_array_add(events, NULL);
	seen = g_strjoinv(" ", (char **)events->pdata);
	g_assert_cmpstr(seen, ==, wanted);
	g_ptr_array_set_size(events, 0);
}

static gboolean
install(BscSystem *system, const char *bundle, BscInstallResult *out, GError **error)
{
	g_autoptr(BscInstallRequest) request = bsc_install_request_new(bundle);

	g_assert_true(bsc_install_request_check(request, NULL));
	return bsc_install_run(system, request, NULL, NULL, out, error);
}

static char *
make_simple_bundle(TestDevice *device, char seed)
{
	g_autofree char *image = test_device_make_image(device, seed, IMAGE_BYTES);
	const char *files[] = {"rootfs.img", image, NULL};

	return test_device_make_bundle(device, NULL, files);
}

static void
assert_env(TestDevice *device, const char *name, const char *wanted)
{
	g_autofree char *value = test_device_read_env(device, name);

	g_assert_cmpstr(value, ==, wanted);
}

/* What must hold after every installation that failed. */
static void
assert_old_system(TestDevice *device)
{
	test_device_assert_filled(device, "a.img", 'a', TEST_DEVICE_SLOT_BYTES);
	assert_env(device, "ORDER", "A B");
	assert_env(device, "A_OK", "1");
	assert_env(device, "A_TRY", "0");
}

static BscSlotStatus *
read_status(BscSystem *system, const char *name)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(system);

	return bsc_status_store_get_slot(bsc_system_handle_get_store(system),
					 bsc_slot_table_find(config, name));
}

static void
test_good(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(BscSlotStatus) status = NULL;
	g_autoptr(BscJobRecord) record = NULL;
	g_auto(BscInstallResult) result = {0};
	g_autoptr(GError) error = NULL;

	g_ptr_array_set_size(events, 0);
	g_assert_true(install(system, bundle, &result, &error));
	g_assert_no_error(error);
	assert_events("installation-started slot-written activated installation-succeeded");
	g_assert_cmpint(result.outcome, ==, BSC_OUTCOME_OK);
	g_assert_true(result.activated);
	g_assert_cmpuint(result.slots->len, ==, 1);
	test_device_assert_filled(device, "b.img", 'n', IMAGE_BYTES);
	test_device_assert_filled(device, "a.img", 'a', TEST_DEVICE_SLOT_BYTES);
	assert_env(device, "ORDER", "B A");
	assert_env(device, "B_OK", "1");
	status = read_status(system, "rootfs.1");
	g_assert_cmpstr(status->status, ==, "ok");
	g_assert_cmpstr(status->bundle_version, ==, "1.0");
	g_assert_cmpstr(status->installed_transaction, ==, result.transaction_id);
	g_assert_true(status->trial);
	g_assert_nonnull(status->activated_timestamp);
	record = bsc_job_record_lookup(system, result.transaction_id, &error);
	g_assert_no_error(error);
	g_assert_cmpint(record->phase, ==, BSC_JOB_PHASE_FINISHED);
	g_assert_cmpint(record->outcome, ==, BSC_OUTCOME_OK);
	g_assert_cmpstr(record->to_slots[0], ==, "rootfs.1");
}

static void
test_second_writes_nothing(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_auto(BscInstallResult) result = {0};
	g_autoptr(GError) error = NULL;
	const BscInstallSlotReport *report;

	g_assert_true(install(system, bundle, NULL, &error));
	g_assert_true(install(system, bundle, &result, &error));
	g_assert_no_error(error);
	report = result.slots->pdata[0];
	/* the first block was cleared */
	g_assert_cmpuint(report->bytes_written, <=, 4096);
	g_assert_cmpuint(report->bytes_equal, >=, IMAGE_BYTES - 4096);
}

static void
test_trial(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(BscInstallRequest) forced = bsc_install_request_new(bundle);
	g_autoptr(GError) error = NULL;
	g_autofree char *message = NULL;

	{
		g_autoptr(BscSystem) system = test_device_start(device, "A");

		g_assert_true(install(system, bundle, NULL, &error));
	}
	{
		g_autoptr(BscSystem) system = test_device_start(device, "B");

		g_assert_false(install(system, bundle, NULL, &error));
		g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED);
		g_assert_nonnull(strstr(error->message, "not yet marked good"));
		g_clear_error(&error);
		forced->force_on_trial = TRUE;
		g_assert_true(bsc_install_request_check(forced, NULL));
		g_assert_true(bsc_mark(system, "good", "booted", NULL, &message, &error));
		g_assert_cmpstr(message, ==, "marked slot(s) rootfs.1 as good");
		g_assert_true(install(system, bundle, NULL, &error));
		g_assert_no_error(error);
	}
	assert_env(device, "ORDER", "A B");
	test_device_assert_filled(device, "a.img", 'n', IMAGE_BYTES);
}

static void
test_busy(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autoptr(BscSystem) other = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemLock) lock = bsc_system_handle_lock(other, &error);

	g_assert_no_error(error);
	g_assert_false(install(system, bundle, NULL, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY);
	g_clear_error(&error);
	g_assert_false(bsc_mark(system, "good", "booted", NULL, NULL, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY);
	assert_old_system(device);
}

static void
test_transaction_runs_once(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(BscInstallRequest) request = bsc_install_request_new(bundle);
	g_autoptr(GError) error = NULL;

	request->transaction_id = g_strdup("only-once");
	g_assert_true(bsc_install_run(system, request, NULL, NULL, NULL, &error));
	g_assert_false(bsc_install_run(system, request, NULL, NULL, NULL, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_USED);
}

/* Flips one bit of a file. */
static void
flip(const char *path, goffset offset)
{
	uint8_t byte;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(pread(fd, &byte, 1, offset), ==, 1);
	byte ^= 1;
	g_assert_cmpint(pwrite(fd, &byte, 1, offset), ==, 1);
	close(fd);
}

static void
test_damaged_payload(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *image = test_device_make_image(device, 'n', 512 * 1024);
	const char *files[] = {"rootfs.img", image, NULL};
	g_autofree char *bundle = NULL;
	g_autofree char *good = make_simple_bundle(device, 'g');
	g_autoptr(BscSlotStatus) status = NULL;
	g_auto(BscInstallResult) result = {0};
	g_autoptr(GError) error = NULL;
	int fd = open(image, O_WRONLY | O_CLOEXEC);

	/* something that does not compress, so that the flipped bit lies in the image */
	for (uint32_t i = 0, x = 1; i < 128 * 1024; i++) {
		x = x * 1664525 + 1013904223;
		g_assert_cmpint(pwrite(fd, &x, 4, i * 4), ==, 4);
	}
	close(fd);
	bundle = test_device_make_bundle(device, NULL, files);
	flip(bundle, 300 * 1024);
	g_assert_false(install(system, bundle, &result, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT);
	g_assert_cmpint(result.outcome, ==, BSC_OUTCOME_CORRUPT);
	assert_old_system(device);
	assert_env(device, "B_OK", "0");
	status = read_status(system, "rootfs.1");
	g_assert_cmpstr(status->status, ==, "failed");
	g_clear_error(&error);
	g_assert_true(install(system, good, NULL, &error));
	g_assert_no_error(error);
	assert_env(device, "ORDER", "B A");
}

static void
test_too_large(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *image = test_device_make_image(device, 'n', TEST_DEVICE_SLOT_BYTES + 1);
	const char *files[] = {"rootfs.img", image, NULL};
	g_autofree char *bundle = test_device_make_bundle(device, NULL, files);
	g_autoptr(GError) error = NULL;

	g_assert_false(install(system, bundle, NULL, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_TOO_SMALL);
	assert_old_system(device);
	/* refused before anything was touched */
	assert_env(device, "B_OK", "1");
	test_device_assert_filled(device, "b.img", 'b', TEST_DEVICE_SLOT_BYTES);
}

static void
test_missing_bundle(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_auto(BscInstallResult) result = {0};
	g_autoptr(BscJobRecord) record = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_false(install(system, "/nonexistent.raucb", &result, &error));
	g_assert_cmpint(result.outcome, ==, BSC_OUTCOME_DOWNLOAD);
	assert_old_system(device);
	record = bsc_job_record_lookup(system, result.transaction_id, NULL);
	g_assert_cmpint(record->outcome, ==, BSC_OUTCOME_DOWNLOAD);
}

/* Cancels when the copy has begun. */
static void
cancel_while_copying(const BscProgressState *state, gpointer data)
{
	if (state->phase == BSC_PROGRESS_PHASE_WRITING)
		g_cancellable_cancel(data);
}

static void
test_cancel(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(BscInstallRequest) request = bsc_install_request_new(bundle);
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	BscProgressSink sink = {cancel_while_copying, cancellable};
	g_auto(BscInstallResult) result = {0};
	g_autoptr(GError) error = NULL;

	g_assert_true(bsc_install_request_check(request, NULL));
	g_assert_false(bsc_install_run(system, request, &sink, cancellable, &result, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	g_assert_cmpint(result.outcome, ==, BSC_OUTCOME_CANCELLED);
	assert_old_system(device);
	assert_env(device, "B_OK", "0");
	g_clear_error(&error);
	g_assert_true(install(system, bundle, NULL, &error));
	assert_env(device, "ORDER", "B A");
}

/* Tries to cancel when everything is over but the end itself. */
static void
cancel_at_end(const BscProgressState *state, gpointer data)
{
	BscSystem *system = data;
	g_autoptr(GError) error = NULL;

	if (!g_str_equal(state->message, "Updating slots done."))
		return;
	g_assert_false(bsc_install_run_cancel(system, NULL, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_COMMITTED);
}

static void
test_cancel_too_late(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(BscInstallRequest) request = bsc_install_request_new(bundle);
	BscProgressSink sink = {cancel_at_end, system};
	g_autoptr(GError) error = NULL;

	g_assert_true(bsc_install_request_check(request, NULL));
	g_assert_true(bsc_install_run(system, request, &sink, NULL, NULL, &error));
	assert_env(device, "ORDER", "B A");
	g_assert_false(bsc_install_run_cancel(system, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_not_activated(void)
{
	g_autoptr(TestDevice) device =
		test_device_new(&(TestDeviceOptions){.system = "activate-installed=false\n"});
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_auto(BscInstallResult) result = {0};
	g_autoptr(GError) error = NULL;

	g_assert_true(install(system, bundle, &result, &error));
	g_assert_false(result.activated);
	assert_old_system(device);
	assert_env(device, "B_OK", "0");
	g_assert_true(bsc_mark(system, "active", "other", NULL, NULL, &error));
	g_assert_no_error(error);
	assert_env(device, "ORDER", "B A");
	assert_env(device, "B_OK", "1");
}

static void
test_no_data_directory(void)
{
	g_autoptr(TestDevice) device =
		test_device_new(&(TestDeviceOptions){.has_no_data_dir = TRUE});
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_auto(BscInstallResult) result = {0};
	g_autoptr(BscJobRecord) record = NULL;
	g_autoptr(BscSlotStatus) status = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_true(bsc_job_record_is_volatile(system));
	g_assert_true(install(system, bundle, &result, &error));
	g_assert_no_error(error);
	record = bsc_job_record_lookup(system, result.transaction_id, &error);
	g_assert_cmpint(record->outcome, ==, BSC_OUTCOME_OK);
	assert_env(device, "ORDER", "B A");
	/* what cannot be kept on a disk is kept as long as this program runs */
	g_assert_true(bsc_mark(system, "good", "booted", NULL, NULL, &error));
	status = read_status(system, "rootfs.1");
	g_assert_cmpstr(status->status, ==, "ok");
	g_assert_true(status->trial);
}

static void
test_no_boot_loader(void)
{
	g_autoptr(TestDevice) device =
		test_device_new(&(TestDeviceOptions){.bootloader = "bootloader=noop\n"});
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(BscStatusView) view = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_true(install(system, bundle, NULL, &error));
	g_assert_no_error(error);
	test_device_assert_filled(device, "b.img", 'n', IMAGE_BYTES);
	view = bsc_inspect_status(system, &error);
	g_assert_no_error(error);
	g_assert_nonnull(view->primary_error);
	g_assert_null(view->primary_slot);
}

static const char three_slots[] = "[slot.rootfs.0]\ndevice=@DIR@/a.img\nbootname=A\n"
				  "[slot.rootfs.1]\ndevice=@DIR@/b.img\nbootname=B\n"
				  "[slot.rootfs.2]\ndevice=@DIR@/c.img\nbootname=C\n";

static void
test_three_slots_rotate(void)
{
	g_autoptr(TestDevice) device = test_device_new(&(TestDeviceOptions){.slots = three_slots});
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	const char *const wanted[] = {"rootfs.1", "rootfs.2", "rootfs.1", "rootfs.2"};
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
		g_auto(BscInstallResult) result = {0};
		const BscInstallSlotReport *report;

		bsc_clock_set_for_test(G_USEC_PER_SEC * (gint64)(1900000000 + i));
		g_assert_true(install(system, bundle, &result, &error));
		report = result.slots->pdata[0];
		g_assert_cmpstr(report->slot_name, ==, wanted[i]);
	}
	bsc_clock_set_for_test(-1);
}

static void
test_last_choice_stays(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(GError) error = NULL;

	g_assert_true(bsc_mark(system, "bad", "booted", NULL, NULL, &error));
	g_assert_false(bsc_mark(system, "bad", "other", NULL, NULL, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED);
	g_clear_error(&error);
	g_assert_false(install(system, bundle, NULL, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED);
	g_assert_nonnull(strstr(error->message, "last one that the boot loader would boot"));
	assert_env(device, "B_OK", "1");
	test_device_assert_filled(device, "b.img", 'b', TEST_DEVICE_SLOT_BYTES);
}

static void
test_external(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "_external_");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(GError) error = NULL;

	g_assert_true(install(system, bundle, NULL, &error));
	g_assert_no_error(error);
	test_device_assert_filled(device, "a.img", 'n', IMAGE_BYTES);
	assert_env(device, "ORDER", "A B");
}

static void
test_read_only(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(GError) error = NULL;

	bsc_system_handle_set_read_only(system, "RAUC runs");
	g_assert_false(install(system, bundle, NULL, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_BUSY);
	assert_old_system(device);
}

static const char hook_manifest[] = "[update]\ncompatible=other-board\nversion=2\n"
				    "[bundle]\nformat=verity\n"
				    "[hooks]\nfilename=hook.sh\nhooks=install-check\n"
				    "[image.rootfs]\nfilename=rootfs.img\n"
				    "hooks=pre-install;post-install\n"
				    "[meta.demo]\nsome-key=some value\n";

static char *
make_hook_bundle(TestDevice *device, const char *script, const char *manifest)
{
	g_autofree char *image = test_device_make_image(device, 'n', IMAGE_BYTES);
	g_autofree char *full =
		g_strdup_printf("#!/bin/sh\nexec 3>>%s/log\n%s", device->dir->path, script);
	g_autofree char *hook = test_temp_dir_write(device->dir, "hook.sh", full);
	const char *files[] = {"rootfs.img", image, "hook.sh", hook, NULL};
	char *bundle;

	g_assert_cmpint(g_chmod(hook, 0755), ==, 0);
	bundle = test_device_make_bundle(device, manifest, files);
	g_assert_cmpint(g_unlink(hook), ==, 0);
	return bundle;
}

static void
test_hooks(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_hook_bundle(
		device,
		"echo \"$1 $RAUC_SLOT_NAME $RAUC_SLOT_BOOTNAME $RAUC_MF_COMPATIBLE\" >&3\n"
		"echo \"$RAUC_META_DEMO_SOME_KEY\" >&3\n",
		hook_manifest);
	g_autoptr(GError) error = NULL;
	g_autofree char *log = NULL;

	g_assert_true(install(system, bundle, NULL, &error));
	g_assert_no_error(error);
	log = test_temp_dir_read(device->dir, "log");
	g_assert_cmpstr(log, ==,
			"install-check   other-board\nsome value\n"
			"slot-pre-install rootfs.1 B \nsome value\n"
			"slot-post-install rootfs.1 B \nsome value\n");
}

static void
test_check_hook_says_no(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_hook_bundle(
		device, "echo first >&2; echo 'no: battery is low' >&2; exit 10\n", hook_manifest);
	g_autoptr(GError) error = NULL;

	g_assert_false(install(system, bundle, NULL, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED);
	g_assert_nonnull(strstr(error->message, "no: battery is low"));
	assert_old_system(device);
	assert_env(device, "B_OK", "1");
}

static void
test_slot_hook_fails(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_hook_bundle(
		device, "test $1 != slot-post-install || { echo broken >&2; exit 3; }\n",
		hook_manifest);
	g_auto(BscInstallResult) result = {0};
	g_autoptr(GError) error = NULL;

	g_assert_false(install(system, bundle, &result, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_HOOK);
	g_assert_nonnull(strstr(error->message, "exit status 3: broken"));
	g_assert_cmpint(result.outcome, ==, BSC_OUTCOME_HOOK);
	assert_old_system(device);
	assert_env(device, "B_OK", "0");
}

static void
test_install_hook(void)
{
	static const char manifest[] = "[update]\ncompatible=test-board\n[bundle]\nformat=verity\n"
				       "[hooks]\nfilename=hook.sh\n"
				       "[image.rootfs]\nfilename=rootfs.img\nhooks=install\n";
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_hook_bundle(
		device, "cat \"$RAUC_IMAGE_NAME\" > \"$RAUC_SLOT_DEVICE\"\n", manifest);
	g_autoptr(GError) error = NULL;

	g_assert_true(install(system, bundle, NULL, &error));
	g_assert_no_error(error);
	test_device_assert_filled(device, "b.img", 'n', IMAGE_BYTES);
	assert_env(device, "ORDER", "B A");
}

static void
test_handlers(void)
{
	g_autoptr(TestDevice) device = test_device_new(&(TestDeviceOptions){
		.more = "[handlers]\npre-install=@DIR@/handler.sh\npost-install=@DIR@/handler.sh\n",
	});
	g_autofree char *script =
		g_strdup_printf("#!/bin/sh\nenv | grep ^RAUC_ | sort > %s/handler.env\n"
				"echo run >> %s/handler.log\n",
				device->dir->path, device->dir->path);
	g_autofree char *path = test_temp_dir_write(device->dir, "handler.sh", script);
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(BscSystem) system = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *env = NULL;
	g_autofree char *log = NULL;

	g_assert_cmpint(g_chmod(path, 0755), ==, 0);
	system = test_device_start(device, "A");
	g_assert_true(install(system, bundle, NULL, &error));
	g_assert_no_error(error);
	env = test_temp_dir_read(device->dir, "handler.env");
	log = test_temp_dir_read(device->dir, "handler.log");
	g_assert_cmpstr(log, ==, "run\nrun\n");
	g_assert_nonnull(strstr(env, "RAUC_TARGET_SLOTS=2\n"));
	g_assert_nonnull(strstr(env, "RAUC_SLOTS=1 2\n"));
	g_assert_nonnull(strstr(env, "RAUC_IMAGE_NAME_2=rootfs.img\n"));
	g_assert_nonnull(strstr(env, "RAUC_SLOT_BOOTNAME_1=A\n"));
	g_assert_nonnull(strstr(env, "RAUC_CURRENT_BOOTNAME=A\n"));
}

static void
test_full_handler(void)
{
	static const char manifest[] = "[update]\ncompatible=test-board\n[bundle]\nformat=verity\n"
				       "[handler]\nfilename=hook.sh\nargs=one 'two words'\n"
				       "[image.rootfs]\nfilename=rootfs.img\n";
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_hook_bundle(
		device, "echo \"$# $2 $(wc -c < $RAUC_BUNDLE_MOUNT_POINT/rootfs.img)\" >&3\n",
		manifest);
	g_autoptr(GError) error = NULL;
	g_autofree char *log = NULL;

	g_assert_true(install(system, bundle, NULL, &error));
	g_assert_no_error(error);
	log = test_temp_dir_read(device->dir, "log");
	g_assert_cmpstr(log, ==, "2 two words 262144\n");
	assert_old_system(device);
	test_device_assert_filled(device, "b.img", 'b', TEST_DEVICE_SLOT_BYTES);
}

static void
test_status_view(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *bundle = make_simple_bundle(device, 'n');
	g_autoptr(BscStatusView) view = NULL;
	g_autoptr(BscBundleView) info = NULL;
	g_autoptr(GError) error = NULL;
	const BscSlotView *slot;

	info = bsc_inspect_bundle(system, bundle, NULL, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(info->verified);
	g_assert_cmpstr(info->manifest->version, ==, "1.0");
	g_assert_true(install(system, bundle, NULL, &error));
	view = bsc_inspect_status(system, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(view->booted_slot, ==, "rootfs.0");
	g_assert_cmpstr(view->primary_slot, ==, "rootfs.1");
	g_assert_cmpstr(view->last_outcome, ==, "ok");
	g_assert_false(view->on_trial);
	slot = view->slots->pdata[1];
	g_assert_cmpstr(slot->boot_status, ==, "good");
	g_assert_cmpstr(slot->state, ==, "inactive");
	g_assert_true(slot->is_primary);
	g_assert_cmpstr(slot->status->status, ==, "ok");
}

static void
test_boot_is_noted_once(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) first = test_device_start(device, "A");
	g_autoptr(BscSystem) second = NULL;
	g_autoptr(GError) error = NULL;

	g_ptr_array_set_size(events, 0);
	g_assert_true(bsc_system_handle_note_boot(first, &error));
	g_assert_no_error(error);
	assert_events("booted-slot");
	second = test_device_start(device, "A");
	g_assert_true(bsc_system_handle_note_boot(second, &error));
	assert_events("");
}

#define CASE(name, func) g_test_add_func("/engine/install-run/" name, func)

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	events = g_ptr_array_new_with_free_func(g_free);
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
	g_log_set_writer_func(keep_events, NULL, NULL);
	CASE("makes-the-bundle-the-next-system", test_good);
	CASE("second-time-writes-next-to-nothing", test_second_writes_nothing);
	CASE("refuses-while-the-booted-slot-is-on-trial", test_trial);
	CASE("one-writer-at-a-time", test_busy);
	CASE("transaction-runs-once", test_transaction_runs_once);
	CASE("flipped-bit-in-the-payload", test_damaged_payload);
	CASE("image-larger-than-its-slot", test_too_large);
	CASE("bundle-that-is-not-there", test_missing_bundle);
	CASE("cancel-before-the-commit-point", test_cancel);
	CASE("cancel-after-the-commit-point-is-refused", test_cancel_too_late);
	CASE("activate-installed-false", test_not_activated);
	CASE("works-without-data-directory", test_no_data_directory);
	CASE("works-without-boot-loader", test_no_boot_loader);
	CASE("three-slots-rotate", test_three_slots_rotate);
	CASE("last-boot-choice-stays", test_last_choice_stays);
	CASE("from-an-external-system", test_external);
	CASE("read-only-service", test_read_only);
	CASE("slot-hooks", test_hooks);
	CASE("install-check-says-no", test_check_hook_says_no);
	CASE("slot-hook-fails", test_slot_hook_fails);
	CASE("install-hook-writes-the-slot", test_install_hook);
	CASE("handlers-of-the-system", test_handlers);
	CASE("handler-of-the-bundle", test_full_handler);
	CASE("status-and-info", test_status_view);
	CASE("boot-is-noted-once", test_boot_is_noted_once);
	status = g_test_run();
	test_pki_clear();
	g_ptr_array_unref(events);
	return status;
}
