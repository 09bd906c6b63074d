/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "test/support/loop-device.h"

#include "common/run.h"

#include <string.h>
#include <unistd.h>

static void
fill_file(const char *path, uint64_t size_bytes)
{
	g_autofree char *junk = g_malloc(size_bytes);

	memset(junk, 0xe5, size_bytes);
	g_assert_true(g_file_set_contents(path, junk, (gssize)size_bytes, NULL));
}

TestLoopDevice *
test_loop_device_new(const char *dir, uint64_t size_bytes)
{
	static unsigned number;
	g_autofree char *file_path = g_strdup_printf("%s/loop-%u.img", dir, number++);
	const char *argv[] = {"losetup", "-f", "--show", file_path, NULL};
	g_autoptr(GError) error = NULL;
	TestLoopDevice *self;
	char *path = NULL;

	if (geteuid() != 0) {
		g_test_skip("loop devices need root");
		return NULL;
	}
	fill_file(file_path, size_bytes);
	if (!bsc_run(argv, NULL, &path, NULL, &error)) {
		g_autofree char *why = g_strdup_printf("no loop device: %s", error->message);

		(void)unlink(file_path);
		g_test_skip(why);
		return NULL;
	}
	self = g_new0(TestLoopDevice, 1);
	self->path = g_strchomp(path);
	self->file_path = g_steal_pointer(&file_path);
	return self;
}

void
test_loop_device_free(TestLoopDevice *self)
{
	if (self == NULL)
		return;
	(void)bsc_run((const char *const[]){"losetup", "-d", self->path, NULL}, NULL, NULL, NULL,
		      NULL);
	(void)unlink(self->file_path);
	g_free(self->path);
	g_free(self->file_path);
	g_free(self);
}
