/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "test/support/device.h"

#include "bundle-tools/bundle/bundle-create.h"
#include "common/io.h"
#include "test/support/pki.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define GRUBENV_BYTES 1024

static const char default_slots[] = "[slot.rootfs.0]\ndevice=@DIR@/a.img\nbootname=A\n"
				    "[slot.rootfs.1]\ndevice=@DIR@/b.img\nbootname=B\n";

static char *
replace_dir(const TestDevice *self, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text ? text : "", "@DIR@", -1);

	return g_strjoinv(self->dir->path, parts);
}

static void
write_conf(TestDevice *self, const TestDeviceOptions *options)
{
	const char *boot = options->bootloader ? options->bootloader
					       : "bootloader=grub\ngrubenv=@DIR@/grubenv\n";
	g_autofree char *text =
		g_strdup_printf("[system]\ncompatible=test-board\n%s%s%s"
				"mountprefix=@DIR@/mnt\n[keyring]\npath=%s\n%s%s",
				boot, options->has_no_data_dir ? "" : "data-directory=@DIR@/data\n",
				options->system ? options->system : "", test_pki_path("ca.pem"),
				options->slots ? options->slots : default_slots,
				options->more ? options->more : "");
	g_autofree char *full = replace_dir(self, text);

	self->conf = test_temp_dir_write(self->dir, "system.conf", full);
}

static void
write_grubenv(TestDevice *self)
{
	static const char head[] = "# GRUB Environment Block\nORDER=A B\nA_OK=1\nA_TRY=0\n"
				   "B_OK=1\nB_TRY=0\n";
	char block[GRUBENV_BYTES + 1];
	g_autofree char *path = NULL;

	memset(block, '#', GRUBENV_BYTES);
	memcpy(block, head, strlen(head));
	block[GRUBENV_BYTES] = '\0';
	path = test_temp_dir_write(self->dir, "grubenv", block);
}

static char *
fill_file(const TestDevice *self, const char *name, char seed, size_t size_bytes)
{
	g_autofree char *text = g_malloc(size_bytes + 1);

	memset(text, seed, size_bytes);
	text[size_bytes] = '\0';
	return test_temp_dir_write(self->dir, name, text);
}

TestDevice *
test_device_new(const TestDeviceOptions *options)
{
	const TestDeviceOptions defaults = {0};
	TestDevice *self = g_new0(TestDevice, 1);

	self->dir = test_temp_dir_new();
	self->run_dir = test_temp_dir_get_path(self->dir, "run");
	for (const char *seed = "abc"; *seed; seed++) {
		g_autofree char *name = g_strdup_printf("%c.img", *seed);
		g_autofree char *path = fill_file(self, name, *seed, TEST_DEVICE_SLOT_BYTES);
	}
	write_grubenv(self);
	write_conf(self, options ? options : &defaults);
	return self;
}

void
test_device_free(TestDevice *self)
{
	if (!self)
		return;
	test_temp_dir_free(self->dir);
	g_free(self->conf);
	g_free(self->run_dir);
	g_free(self);
}

BscSystem *
test_device_start(TestDevice *self, const char *boot_slot)
{
	BscSystemOptions options = {
		.config_path = self->conf,
		.override_boot_slot = boot_slot,
		.run_dir = self->run_dir,
	};
	g_autoptr(GError) error = NULL;
	BscSystem *system = bsc_system_handle_new(&options, &error);

	g_assert_no_error(error);
	return system;
}

char *
test_device_make_image(TestDevice *self, char seed, size_t size_bytes)
{
	g_autofree char *name = g_strdup_printf("image-%c-%zu", seed, size_bytes);

	return fill_file(self, name, seed, size_bytes);
}

char *
test_device_make_bundle(TestDevice *self, const char *manifest, const char *const *files)
{
	static const char one_image[] = "[update]\ncompatible=test-board\nversion=1.0\n"
					"[bundle]\nformat=verity\n"
					"[image.rootfs]\nfilename=rootfs.img\n";
	g_autoptr(BscSigningKey) key = test_pki_load_signer("signer");
	BscBundleCreateOptions options = {.key = key, .source_date_epoch = 0};
	g_autofree char *name = g_strdup_printf("bundle-%u", self->n_bundles++);
	g_autofree char *text_name = g_build_filename(name, "manifest.raucm", NULL);
	g_autofree char *dir = test_temp_dir_get_path(self->dir, name);
	g_autofree char *text_path =
		test_temp_dir_write(self->dir, text_name, manifest ? manifest : one_image);
	g_autofree char *out = g_strconcat(dir, ".raucb", NULL);
	g_autoptr(GError) error = NULL;

	for (size_t i = 0; files && files[i]; i += 2) {
		g_autofree char *path = g_build_filename(dir, files[i], NULL);

		g_assert_cmpint(link(files[i + 1], path), ==, 0);
	}
	bsc_bundle_create(dir, out, &options, NULL, &error);
	g_assert_no_error(error);
	return g_steal_pointer(&out);
}

char *
test_device_read_env(TestDevice *self, const char *name)
{
	g_autofree char *text = test_temp_dir_read(self->dir, "grubenv");
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	size_t len = strlen(name);

	for (size_t i = 0; lines[i]; i++)
		if (strncmp(lines[i], name, len) == 0 && lines[i][len] == '=')
			return g_strdup(lines[i] + len + 1);
	return NULL;
}

void
test_device_assert_filled(TestDevice *self, const char *name, char seed, size_t size_bytes)
{
	g_autofree char *path = test_temp_dir_get_path(self->dir, name);
	g_autofree char *data = NULL;
	size_t len;

	g_assert_true(g_file_get_contents(path, &data, &len, NULL));
	g_assert_cmpuint(len, >=, size_bytes);
	for (size_t i = 0; i < size_bytes; i++)
		g_assert_cmphex((uint8_t)data[i], ==, (uint8_t)seed);
}
