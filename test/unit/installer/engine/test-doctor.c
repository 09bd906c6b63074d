/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/engine/test-doctor.c - what is found before the first update needs it */
#include "config.h"

#include "installer/engine/doctor.h"
#include "test/support/device.h"
#include "test/support/pki.h"

#include <glib/gstdio.h>
#include <string.h>

static GPtrArray *
examine(TestDevice *device)
{
	BscSystemOptions options = {
		.config_path = device->conf,
		.override_boot_slot = "A",
		.run_dir = device->run_dir,
	};

	return bsc_doctor_run(&options);
}

/* The first finding about @subject that holds @words, if any. */
static const BscDoctorFinding *
look_for(const GPtrArray *findings, const char *subject, const char *words)
{
	for (guint i = 0; i < findings->len; i++) {
		const BscDoctorFinding *finding = findings->pdata[i];

		if (g_str_equal(finding->subject, subject) && strstr(finding->text, words))
			return finding;
	}
	return NULL;
}

static void
assert_finding(const GPtrArray *findings, BscDoctorLevel level, const char *subject,
	       const char *words)
{
	const BscDoctorFinding *finding = look_for(findings, subject, words);

	for (guint i = 0; !finding && i < findings->len; i++) {
		const BscDoctorFinding *other = findings->pdata[i];

		g_test_message("%s: %s: %s", bsc_doctor_level_to_string(other->level),
			       other->subject, other->text);
	}
	g_assert_nonnull(finding);
	g_assert_cmpint(finding->level, ==, level);
	if (level == BSC_DOCTOR_LEVEL_OK)
		g_assert_null(finding->advice);
	else
		g_assert_nonnull(finding->advice);
}

static void
test_healthy(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autoptr(GPtrArray) findings = examine(device);

	assert_finding(findings, BSC_DOCTOR_LEVEL_OK, "configuration", "2 slots");
	assert_finding(findings, BSC_DOCTOR_LEVEL_OK, "slot rootfs.1", "inactive");
	assert_finding(findings, BSC_DOCTOR_LEVEL_OK, "booted slot", "rootfs.0");
	assert_finding(findings, BSC_DOCTOR_LEVEL_OK, "keyring", "loaded");
	assert_finding(findings, BSC_DOCTOR_LEVEL_OK, "boot loader", "boots 'A' next");
	assert_finding(findings, BSC_DOCTOR_LEVEL_OK, "status", "kept in");
	g_assert_cmpint(bsc_doctor_get_worst(findings), <, BSC_DOCTOR_LEVEL_ERROR);
}

static void
test_broken_configuration(void)
{
	g_autoptr(TestDevice) device =
		test_device_new(&(TestDeviceOptions){.system = "no-such-key=1\n"});
	g_autoptr(GPtrArray) findings = examine(device);

	assert_finding(findings, BSC_DOCTOR_LEVEL_ERROR, "configuration", "no-such-key");
}

static void
test_missing_device(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autofree char *path = test_temp_dir_get_path(device->dir, "b.img");
	g_autoptr(GPtrArray) findings = NULL;

	g_assert_cmpint(g_unlink(path), ==, 0);
	findings = examine(device);
	assert_finding(findings, BSC_DOCTOR_LEVEL_ERROR, "slot rootfs.1", "b.img");
	g_assert_cmpint(bsc_doctor_get_worst(findings), ==, BSC_DOCTOR_LEVEL_ERROR);
}

static void
test_missing_grubenv(void)
{
	g_autoptr(TestDevice) device = test_device_new(NULL);
	g_autofree char *path = test_temp_dir_get_path(device->dir, "grubenv");
	g_autoptr(GPtrArray) findings = NULL;

	g_assert_cmpint(g_unlink(path), ==, 0);
	findings = examine(device);
	assert_finding(findings, BSC_DOCTOR_LEVEL_ERROR, "boot loader", "grubenv");
}

static void
test_no_place_for_status(void)
{
	g_autoptr(TestDevice) device =
		test_device_new(&(TestDeviceOptions){.has_no_data_dir = TRUE});
	g_autoptr(GPtrArray) findings = examine(device);

	assert_finding(findings, BSC_DOCTOR_LEVEL_WARNING, "status", "data-directory");
}

static void
test_single_slot(void)
{
	g_autoptr(TestDevice) device = test_device_new(&(TestDeviceOptions){
		.slots = "[slot.rootfs.0]\ndevice=@DIR@/a.img\nbootname=A\n"
			 "[slot.boot.0]\ndevice=@DIR@/b.img\n",
	});
	g_autoptr(GPtrArray) findings = examine(device);

	assert_finding(findings, BSC_DOCTOR_LEVEL_WARNING, "slots", "nothing to fall back to");
	assert_finding(findings, BSC_DOCTOR_LEVEL_WARNING, "boot.0",
		       "not safe against a power cut");
}

static void
test_shared_device(void)
{
	g_autoptr(TestDevice) device = test_device_new(&(TestDeviceOptions){
		.slots = "[slot.rootfs.0]\ndevice=@DIR@/a.img\nbootname=A\n"
			 "[slot.rootfs.1]\ndevice=@DIR@/a.img\nbootname=B\n",
	});
	g_autoptr(GPtrArray) findings = examine(device);
	const BscDoctorFinding *config = look_for(findings, "configuration", "a.img");

	/* whoever says so first: the configuration's reader or the doctor */
	if (!config)
		assert_finding(findings, BSC_DOCTOR_LEVEL_ERROR, "rootfs.1", "both on");
}

static void
test_small_memory(void)
{
	g_autoptr(TestDevice) device =
		test_device_new(&(TestDeviceOptions){.system = "memory-limit=1M\n"});
	g_autoptr(GPtrArray) findings = examine(device);

	assert_finding(findings, BSC_DOCTOR_LEVEL_WARNING, "memory", "memory-limit");
}

#define CASE(name, func) g_test_add_func("/engine/doctor/" name, func)

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
	CASE("healthy-device", test_healthy);
	CASE("broken-configuration", test_broken_configuration);
	CASE("missing-device", test_missing_device);
	CASE("missing-grubenv", test_missing_grubenv);
	CASE("no-place-for-the-status", test_no_place_for_status);
	CASE("nothing-to-fall-back-to", test_single_slot);
	CASE("two-slots-on-one-device", test_shared_device);
	CASE("too-little-memory", test_small_memory);
	status = g_test_run();
	test_pki_clear();
	return status;
}
