/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/write/test-slot-writer.c - which writer, and its verbs on loop devices */
#include "config.h"

#include "common/io.h"
#include "common/keyfile.h"
#include "common/run.h"
#include "installer/write/device.h"
#include "installer/write/mount.h"
#include "installer/write/slot-writer.h"
#include "test/support/loop-device.h"
#include "test/support/memory-source.h"
#include "test/support/pattern.h"
#include "test/support/temp-dir.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MIB (1024 * 1024)

static void
test_table(void)
{
	static const struct {
		const char *image;
		const char *slot;
		const char *message; /* NULL = written */
	} rows[] = {
		{"raw", "raw", NULL},
		{"raw", "ext4", NULL},
		{"raw", "vfat", NULL},
		{"ext4", "ext4", NULL},
		{"ext4", "raw", NULL},
		{"ext4", "vfat", "Image type 'ext4' cannot be written to a slot of type 'vfat'"},
		{"vfat", "vfat", NULL},
		{"vfat", "raw", NULL},
		{"vfat", "ext4", "Image type 'vfat' cannot be written to a slot of type 'ext4'"},
		{"squashfs", "raw", NULL},
		{"squashfs", "ext4", "Image type 'squashfs' cannot be written"},
		{"tar", "ext4", NULL},
		{"tar", "vfat", NULL},
		{"tar", "raw", "Image type 'tar' cannot be written to a slot of type 'raw'"},
		{"tar", "ubifs", "'tar' to a slot of type 'ubifs' is not supported yet"},
		{"raw", "nand", "'raw' to a slot of type 'nand' is not supported yet"},
		{"squashfs", "ubivol", "is not supported yet"},
		{"vfat", "boot-mbr-switch", "is not supported yet"},
		{"ext4", "boot-emmc", "cannot be written"},
		{"caidx", "ext4", "is not supported yet"},
		{"emptyfs", "ext4", "is not supported yet"},
		{"img.caibx", "nor", "is not supported yet"},
		{"files", "ext4", "Image type 'files' cannot be written"},
		{"raw", "a b", "cannot be written"},
		{"raw", "", "cannot be written"},
		{NULL, "raw", "The image has no type"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		gboolean ok =
			bsc_slot_writer_check_pair(rows[i].image, rows[i].slot, FALSE, &error);

		g_assert_cmpint(ok, ==, rows[i].message == NULL);
		if (ok)
			continue;
		g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_NO_WRITER);
		g_assert_nonnull(strstr(error->message, rows[i].message));
	}
	g_assert_true(bsc_slot_writer_check_pair("files", "raw", TRUE, NULL));
}

static void
test_verify_words(void)
{
	BscWriteVerify verify;

	for (int i = 0; i < BSC_WRITE_VERIFY_N; i++) {
		g_assert_true(bsc_slot_writer_verify_from_string(
			bsc_slot_writer_verify_to_string((BscWriteVerify)i), &verify));
		g_assert_cmpint(verify, ==, i);
	}
	g_assert_false(bsc_slot_writer_verify_from_string("on", &verify));
}

static void
test_judges_the_configuration(void)
{
	char name[] = "rootfs.0";
	char path[] = "/etc/bascule/system.conf";
	char type[] = "floppy";
	char verify[] = "perhaps";
	BscSlot slot = {.name = name, .type = type};
	BscSystemConfig config = {.path = path, .slots = g_ptr_array_new()};
	g_autoptr(GError) error = NULL;

	g_assert_true(bsc_slot_writer_check_config(&config, NULL));
	config.verify_written = verify;
	g_assert_false(bsc_slot_writer_check_config(&config, &error));
	g_assert_error(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE);
	g_clear_error(&error);
	g_ptr_array_add(config.slots, &slot);
	g_assert_false(bsc_slot_writer_check_config(&config, &error));
	g_assert_cmpstr(error->message, ==,
			"/etc/bascule/system.conf: [slot.rootfs.0] type: 'floppy' is no slot type; "
			"known are raw, ext4, vfat, nand, nor, ubivol, ubifs, jffs2 and boot-*");
	g_ptr_array_unref(config.slots);
}

/* A loop device as slot. */
typedef struct {
	TestTempDir *dir;
	TestLoopDevice *loop; /* NULL: the case is skipped */
	char *mounts;
	BscSlot slot;
} Fixture;

static void
set_up(Fixture *self, gconstpointer type)
{
	static char name[] = "rootfs.1";

	self->dir = test_temp_dir_new();
	self->mounts = test_temp_dir_get_path(self->dir, "mnt");
	self->loop = test_loop_device_new(self->dir->path, 16 * MIB);
	self->slot.name = name;
	self->slot.type = (char *)type;
	self->slot.device = self->loop != NULL ? self->loop->path : NULL;
}

static void
tear_down(Fixture *self, gconstpointer type)
{
	test_loop_device_free(self->loop);
	test_temp_dir_free(self->dir);
	g_free(self->mounts);
}

static gboolean
write_pattern(Fixture *self, size_t len, BscWriteReport *report, GError **error)
{
	g_autofree uint8_t *data = test_pattern_new(len);
	g_autoptr(BscByteSource) source = test_memory_source_new(data, len);
	BscWriteRequest request = {.slot = &self->slot, .image_type = "raw"};

	return bsc_slot_writer_write(source, &request, report, NULL, error);
}

static void
assert_holds_pattern(Fixture *self, size_t len)
{
	g_autofree uint8_t *data = test_pattern_new(len);
	g_autofree uint8_t *is = g_malloc(len);
	BSC_AUTO_FD int fd = open(self->slot.device, O_RDONLY | O_CLOEXEC);

	g_assert_true(bsc_io_pread_exact(fd, is, len, 0, NULL));
	g_assert_cmpmem(is, len, data, len);
}

static void
test_writes_a_device(Fixture *self, gconstpointer type)
{
	g_autoptr(GError) error = NULL;
	BscWriteReport report;

	if (self->loop == NULL)
		return;
	g_assert_true(bsc_slot_writer_check_fit(&self->slot, "raw", 16 * MIB, &error));
	g_assert_true(write_pattern(self, 16 * MIB, &report, &error));
	assert_holds_pattern(self, 16 * MIB);
	g_assert_true(write_pattern(self, 5 * MIB + 777, &report, &error));
	g_assert_cmpuint(report.bytes_written, ==, 4096);
	assert_holds_pattern(self, 16 * MIB);
	g_assert_no_error(error);
}

static void
test_clears_the_first_block(Fixture *self, gconstpointer type)
{
	static const uint8_t zeros[4096] = {0};
	uint8_t is[8192];
	BSC_AUTO_FD int fd = -1;

	if (self->loop == NULL)
		return;
	g_assert_true(bsc_slot_writer_clear(&self->slot, NULL));
	g_assert_true(bsc_slot_writer_clear(&self->slot, NULL));
	fd = open(self->slot.device, O_RDONLY | O_CLOEXEC);
	g_assert_true(bsc_io_pread_exact(fd, is, sizeof(is), 0, NULL));
	g_assert_cmpmem(is, 4096, zeros, 4096);
	g_assert_cmpint(is[4096], ==, 0xe5);
}

static void
test_refuses_an_image_that_is_too_large(Fixture *self, gconstpointer type)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *message = NULL;
	BscWriteReport report;

	if (self->loop == NULL)
		return;
	message = g_strdup_printf("Slot 'rootfs.1' on '%s': The image has 16777217 bytes, the "
				  "device only 16777216; build a smaller image",
				  self->slot.device);
	g_assert_false(bsc_slot_writer_check_fit(&self->slot, "raw", 16 * MIB + 1, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_TOO_SMALL);
	g_assert_cmpstr(error->message, ==, message);
	g_clear_error(&error);
	g_assert_false(write_pattern(self, 16 * MIB + 1, &report, &error));
	g_assert_cmpstr(error->message, ==, message);
}

static void
test_refuses_a_device_in_use(Fixture *self, gconstpointer type)
{
	g_autoptr(BscDevice) other = NULL;
	g_autoptr(GError) error = NULL;
	BscWriteReport report;

	if (self->loop == NULL)
		return;
	other = bsc_device_open(self->slot.device, BSC_DEVICE_WRITE, NULL);
	g_assert_nonnull(other);
	g_assert_false(write_pattern(self, MIB, &report, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE);
	g_assert_nonnull(strstr(error->message, "The device is in use"));
	g_clear_error(&error);
	g_assert_false(bsc_slot_writer_clear(&self->slot, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE);
}

static gboolean
run(const char *program, const char *a, const char *b)
{
	return bsc_run((const char *const[]){program, a, b, NULL}, NULL, NULL, NULL, NULL);
}

static void
test_refuses_a_mounted_device(Fixture *self, gconstpointer type)
{
	g_autoptr(BscMount) mount = NULL;
	g_autoptr(GError) error = NULL;
	BscMountOptions options = {.prefix = self->mounts};
	BscWriteReport report;

	if (self->loop == NULL)
		return;
	if (!run("mkfs.ext4", "-qF", self->slot.device)) {
		g_test_skip("no mkfs.ext4");
		return;
	}
	mount = bsc_mount_slot(&self->slot, &options, &error);
	g_assert_no_error(error);
	g_assert_false(write_pattern(self, MIB, &report, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE);
	g_assert_nonnull(strstr(error->message, "The device is in use"));
	g_assert_true(bsc_mount_close(mount, NULL));
	g_assert_true(write_pattern(self, MIB, &report, NULL));
}

static void
test_unmounts_what_is_forgotten(Fixture *self, gconstpointer type)
{
	g_autofree char *point = g_build_filename(self->mounts, "rootfs.1", NULL);
	BscMountOptions options = {.prefix = self->mounts};
	g_autoptr(GError) error = NULL;
	BscMount *mount;

	if (self->loop == NULL)
		return;
	if (!run("mkfs.ext4", "-qF", self->slot.device)) {
		g_test_skip("no mkfs.ext4");
		return;
	}
	mount = bsc_mount_slot(&self->slot, &options, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(bsc_mount_get_path(mount), ==, point);
	bsc_mount_free(mount);
	g_assert_false(g_file_test(point, G_FILE_TEST_EXISTS));
	g_assert_true(bsc_slot_writer_clear(&self->slot, NULL));
	mount = bsc_mount_slot(&self->slot, &options, &error);
	g_assert_null(mount);
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE);
	g_assert_false(g_file_test(point, G_FILE_TEST_EXISTS));
}

static void
test_grows_a_file_system(Fixture *self, gconstpointer type)
{
	g_autofree char *image = test_temp_dir_get_path(self->dir, "small.ext4");
	g_autofree char *data = g_malloc0(4 * MIB);
	g_autofree char *told = NULL;
	g_autofree char *dumped = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(BscByteSource) source = NULL;
	BscWriteRequest request = {.slot = &self->slot, .image_type = "ext4"};
	BscWriteReport report;
	size_t len = 0;

	if (self->loop == NULL)
		return;
	g_assert_true(g_file_set_contents(image, data, 4 * MIB, NULL));
	if (!run("mkfs.ext4", "-qF", image)) {
		g_test_skip("no mkfs.ext4");
		return;
	}
	g_clear_pointer(&data, g_free);
	g_assert_true(g_file_get_contents(image, &data, &len, NULL));
	source = test_memory_source_new(data, len);
	self->slot.resize = TRUE;
	g_assert_true(bsc_slot_writer_write(source, &request, &report, NULL, &error));
	g_assert_no_error(error);
	g_assert_true(bsc_run((const char *const[]){"dumpe2fs", "-h", self->slot.device, NULL},
			      NULL, &dumped, NULL, NULL));
	told = g_strdup_printf("Block count:              %d\n", 16 * 1024);
	g_assert_nonnull(strstr(dumped, told));
	g_assert_true(run("e2fsck", "-fn", self->slot.device));
}

static void
test_refuses_what_is_no_device(void)
{
	static const struct {
		const char *path;
		const char *message;
	} rows[] = {
		{"/does/not/exist", "Failed to open the device: No such file or directory"},
		{"/dev/null", "Neither a block device nor a regular file"},
		{"/", "Failed to open the device: Is a directory"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(bsc_device_open(rows[i].path, BSC_DEVICE_WRITE, &error));
		g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE);
		g_assert_nonnull(strstr(error->message, rows[i].message));
	}
}

static void
test_file_behind_a_loop_device_is_in_use(Fixture *self, gconstpointer type)
{
	g_autoptr(GError) error = NULL;

	if (self->loop == NULL)
		return;
	g_assert_null(bsc_device_open(self->loop->file_path, BSC_DEVICE_WRITE, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE);
	g_assert_nonnull(strstr(error->message, "The file is in use by /dev/loop"));
}

static void
add(const char *name, const char *type, void (*func)(Fixture *, gconstpointer))
{
	g_autofree char *path = g_strconcat("/write/slot-writer/", name, NULL);

	g_test_add(path, Fixture, type, set_up, func, tear_down);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/write/slot-writer/table", test_table);
	g_test_add_func("/write/slot-writer/verify-words", test_verify_words);
	g_test_add_func("/write/slot-writer/judges-the-configuration",
			test_judges_the_configuration);
	g_test_add_func("/write/slot-writer/refuses-what-is-no-device",
			test_refuses_what_is_no_device);
	add("writes-a-device", "raw", test_writes_a_device);
	add("clears-the-first-block", "raw", test_clears_the_first_block);
	add("refuses-an-image-that-is-too-large", "raw", test_refuses_an_image_that_is_too_large);
	add("refuses-a-device-in-use", "raw", test_refuses_a_device_in_use);
	add("refuses-a-mounted-device", "ext4", test_refuses_a_mounted_device);
	add("unmounts-what-is-forgotten", "ext4", test_unmounts_what_is_forgotten);
	add("grows-a-file-system", "ext4", test_grows_a_file_system);
	add("file-behind-a-loop-device-is-in-use", "raw", test_file_behind_a_loop_device_is_in_use);
	return g_test_run();
}
