/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/engine/test-mark.c - good, bad and active, and what is refused */
#include "config.h"

#include "installer/engine/install-error.h"
#include "installer/engine/mark.h"
#include "installer/system/slot-table.h"
#include "test/support/device.h"
#include "test/support/fake-bootloader.h"
#include "test/support/pki.h"

#include <string.h>

static const char three_slots[] = "[slot.rootfs.0]\ndevice=@DIR@/a.img\nbootname=A\n"
				  "[slot.rootfs.1]\ndevice=@DIR@/b.img\nbootname=B\n"
				  "[slot.rootfs.2]\ndevice=@DIR@/c.img\nbootname=C\n"
				  "[slot.data.0]\ndevice=@DIR@/d.img\n";

static void
assert_env(TestDevice *device, const char *name, const char *wanted)
{
	g_autofree char *value = test_device_read_env(device, name);

	g_assert_cmpstr(value, ==, wanted);
}

static void
set_status(BscSystem *system, const char *slot_name, const char *word, const char *version)
{
	BscStatusStore *store = bsc_system_handle_get_store(system);
	const BscSlot *slot = bsc_slot_table_find(bsc_system_handle_get_config(system), slot_name);
	g_autoptr(BscSlotStatus) status = bsc_status_store_get_slot(store, slot);

	g_free(status->status);
	status->status = g_strdup(word);
	g_free(status->bundle_version);
	status->bundle_version = g_strdup(version);
	status->trial = TRUE;
	status->signing_time_usec = 4 * G_GINT64_CONSTANT(1000000000000000);
	bsc_status_store_set_slot(store, slot, status);
	g_assert_true(bsc_status_store_save(store, NULL));
}

static void
test_words(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	const struct {
		const char *state, *who, *slot, *message;
	} words[] = {
		{"good", "booted", "rootfs.0", "marked slot(s) rootfs.0 as good"},
		{"bad", "other", "rootfs.1", "marked slot(s) rootfs.1 as bad"},
		{"active", "rootfs.1", "rootfs.1", "marked slot(s) rootfs.1 as active"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autofree char *slot = NULL;
		g_autofree char *message = NULL;
		g_autoptr(GError) error = NULL;

		g_assert_true(
			bsc_mark(system, words[i].state, words[i].who, &slot, &message, &error));
		g_assert_no_error(error);
		g_assert_cmpstr(slot, ==, words[i].slot);
		g_assert_cmpstr(message, ==, words[i].message);
	}
	assert_env(device, "ORDER", "B A");
	assert_env(device, "B_OK", "1");
}

static void
test_refusals(void)
{
	g_autoptr(TestDevice) device = test_device_new(&(TestDeviceOptions){.slots = three_slots});
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	const struct {
		const char *state, *who, *message;
	} words[] = {
		{"fine", "booted", "unknown subcommand fine"},
		{"good", "rootfs.7", "No slot is called 'rootfs.7'"},
		{"good", "data.0", "Slot data.0 has no bootname"},
		{"good", "other", "There are 2 other slots"},
		{"active", "other", "There are 2 other slots"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_false(bsc_mark(system, words[i].state, words[i].who, NULL, NULL, &error));
		g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED);
		g_assert_nonnull(strstr(error->message, words[i].message));
	}
	assert_env(device, "ORDER", "A B");
}

static void
test_bad_hits_several(void)
{
	g_autoptr(TestDevice) device = test_device_new(&(TestDeviceOptions){.slots = three_slots});
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autofree char *message = NULL;

	g_assert_true(bsc_mark(system, "bad", "other", NULL, &message, NULL));
	g_assert_cmpstr(message, ==, "marked slot(s) rootfs.1 rootfs.2 as bad");
	assert_env(device, "B_OK", "0");
}

static void
test_last_one(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	g_autoptr(GError) error = NULL;

	g_assert_true(bsc_mark(system, "bad", "other", NULL, NULL, NULL));
	g_assert_false(bsc_mark(system, "bad", "booted", NULL, NULL, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED);
	assert_env(device, "A_OK", "1");
}

static void
test_half_written(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	const char *const states[] = {"good", "active"};
	g_autoptr(GError) error = NULL;

	g_assert_true(bsc_mark(system, "bad", "other", NULL, NULL, NULL));
	set_status(system, "rootfs.1", "failed", "2.0");
	for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
		g_assert_false(bsc_mark(system, states[i], "other", NULL, NULL, &error));
		g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED);
		g_assert_nonnull(strstr(error->message, "no complete system"));
		g_clear_error(&error);
	}
	assert_env(device, "B_OK", "0");
}

static void
test_external(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "_external_");
	g_autoptr(GError) error = NULL;

	g_assert_false(bsc_mark(system, "good", "booted", NULL, NULL, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED);
	g_assert_true(bsc_mark(system, "active", "rootfs.1", NULL, NULL, NULL));
	assert_env(device, "ORDER", "B A");
}

static void
test_prevent_late_fallback(void)
{
	g_autoptr(TestDevice) device =
		test_device_new(&(TestDeviceOptions){.system = "prevent-late-fallback=true\n"});
	g_autoptr(BscSystem) system = test_device_start(device, "A");

	g_assert_true(bsc_mark(system, "good", "booted", NULL, NULL, NULL));
	assert_env(device, "A_OK", "1");
	assert_env(device, "B_OK", "0");
}

/* What marking good leaves as the floor of downgrade=refuse. */
static const struct {
	const char *name, *booted, *other, *before, *after;
} floors[] = {
	{"own-version", "2.0", "2.0", NULL, "2.0"},
	{"not-above-the-fall-back", "3.0", "2.0", NULL, "2.0"},
	{"newer-fall-back", "2.0", "3.0", NULL, "2.0"},
	{"never-lower", "2.0", "2.0", "2.5", "2.5"},
	{"unknown-fall-back", "2.0", NULL, NULL, NULL},
	{"no-version", NULL, "2.0", NULL, NULL},
};

static void
test_floor(gconstpointer data)
{
	size_t row = GPOINTER_TO_SIZE(data);
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	BscStatusStore *store = bsc_system_handle_get_store(system);
	g_autofree char *highest = NULL;

	bsc_status_store_set_value(store, BSC_STATUS_HIGHEST_GOOD_VERSION, floors[row].before);
	set_status(system, "rootfs.0", "ok", floors[row].booted);
	if (floors[row].other)
		set_status(system, "rootfs.1", "ok", floors[row].other);
	g_assert_true(bsc_mark(system, "good", "booted", NULL, NULL, NULL));
	highest = bsc_status_store_get_value(store, BSC_STATUS_HIGHEST_GOOD_VERSION);
	g_assert_cmpstr(highest, ==, floors[row].after);
}

static void
test_trial_ends(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(BscSystem) system = test_device_start(device, "A");
	BscStatusStore *store = bsc_system_handle_get_store(system);
	const BscSlot *slot = bsc_slot_table_find(bsc_system_handle_get_config(system), "rootfs.0");
	g_autoptr(BscSlotStatus) status = NULL;

	set_status(system, "rootfs.0", "ok", "1.0");
	g_assert_true(bsc_mark(system, "good", "booted", NULL, NULL, NULL));
	status = bsc_status_store_get_slot(store, slot);
	g_assert_false(status->trial);
	g_assert_cmpint(bsc_system_handle_get_time_floor(system), ==,
			4 * G_GINT64_CONSTANT(1000000000000000));
}

static BscBootloader *
open_fake(const BscSystemConfig *config, gpointer data)
{
	return test_fake_bootloader_open(data, config);
}

static void
test_boot_loader_that_lies(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(TestFakeBootloader) fake = test_fake_bootloader_new("A B");
	BscSystemOptions options = {
		.config_path = device->conf,
		.override_boot_slot = "A",
		.run_dir = device->run_dir,
		.open_bootloader = open_fake,
		.data = fake,
	};
	g_autoptr(BscSystem) system = bsc_system_handle_new(&options, NULL);
	g_autoptr(GError) error = NULL;

	fake->ignore_sets = TRUE;
	g_assert_false(bsc_mark(system, "active", "other", NULL, NULL, &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_READBACK);
	g_clear_error(&error);
	fake->is_unreadable = TRUE;
	g_assert_false(bsc_mark(system, "bad", "other", NULL, NULL, &error));
	g_assert_error(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT);
}

#define CASE(name, func) g_test_add_func("/engine/mark/" name, func)

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
	CASE("answers-in-raucs-words", test_words);
	CASE("refuses-what-it-does-not-know", test_refusals);
	CASE("bad-may-hit-several", test_bad_hits_several);
	CASE("last-boot-choice-stays", test_last_one);
	CASE("half-written-slot-stays-unbootable", test_half_written);
	CASE("external-system-names-its-slot", test_external);
	CASE("prevent-late-fallback", test_prevent_late_fallback);
	for (size_t i = 0; i < G_N_ELEMENTS(floors); i++) {
		g_autofree char *path = g_strconcat("/engine/mark/floor/", floors[i].name, NULL);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_floor);
	}
	CASE("good-ends-the-trial", test_trial_ends);
	CASE("boot-loader-that-lies", test_boot_loader_that_lies);
	status = g_test_run();
	test_pki_clear();
	return status;
}
