/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/write/test-write-archive.c - archives: what they hold arrives, what would be
 * lost is refused */
#include "config.h"

#include "bundle-tools/source/bundle-error.h"
#include "bundle-tools/source/source-file.h"
#include "common/run.h"
#include "installer/write/archive-tar.h"
#include "installer/write/mount.h"
#include "installer/write/slot-writer.h"
#include "installer/write/tree-digest.h"
#include "test/support/loop-device.h"
#include "test/support/memory-source.h"
#include "test/support/temp-dir.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1024 * 1024)

static void
test_knows_compressions_by_content(void)
{
	static const struct {
		const char *head;
		size_t len;
		const char *option;
	} rows[] = {
		{"\x1f\x8b\x08", 3, "--gzip"},
		{"BZh9", 4, "--bzip2"},
		{"\xfd"
		 "7zXZ\0",
		 6, "--xz"},
		{"\x28\xb5\x2f\xfd", 4, "--zstd"},
		{"LZIP\1", 5, "--lzip"},
		{"\x89LZO\0", 5, "--lzop"},
		{"\x1f\x9d\x90", 3, "--uncompress"},
		{"\x5d\0\0\x80\0", 5, "--lzma"},
		{"PK\3\4", 4, NULL},
		{"\x1f", 1, NULL},
		{"", 0, NULL},
	};
	uint8_t plain[512] = {0};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpstr(
			bsc_archive_tar_get_filter((const uint8_t *)rows[i].head, rows[i].len), ==,
			rows[i].option);
	memcpy(plain + 257, "ustar", 5);
	g_assert_cmpstr(bsc_archive_tar_get_filter(plain, sizeof(plain)), ==, "");
	g_assert_null(bsc_archive_tar_get_filter(plain, 261));
}

static void
test_tells_losses_from_talk(void)
{
	static const struct {
		const char *line;
		gboolean is_loss;
	} rows[] = {
		{"tar: a: Cannot set 'security.capability' extended attribute for file 'a'", TRUE},
		{"tar: POSIX ACL support is not available", TRUE},
		{"tar: Ignoring unknown extended header keyword 'SCHILY.fflags'", TRUE},
		{"tar: Ignoring unknown extended header keyword 'LIBARCHIVE.creationtime'", FALSE},
		{"tar: Ignoring unknown extended header keyword 'SCHILY.ino'", FALSE},
		{"tar: Removing leading `/' from member names", FALSE},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpint(bsc_archive_tar_is_loss(rows[i].line), ==, rows[i].is_loss);
}

/* A directory with all that an archive can hold, and a loop device as slot. */
typedef struct {
	TestTempDir *dir;
	char *tree;
	char *archive;
	char *mounts;
	TestLoopDevice *loop; /* NULL: the case is skipped */
	BscSlot slot;
} Fixture;

static gboolean
shell(const char *script, const char *arg)
{
	static const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
	BscRunOptions options = {.env = env};
	g_autoptr(GError) error = NULL;

	if (bsc_run((const char *const[]){"sh", "-ec", script, "sh", arg, NULL}, &options, NULL,
		    NULL, &error))
		return TRUE;
	g_test_message("%s", error->message);
	return FALSE;
}

/* Each tool that is missing takes only its own attribute out of the comparison. */
static const char tree_script[] =
	"mkdir -p \"$1\"; cd \"$1\"; umask 022\n"
	"mkdir -p etc usr/bin dev; echo hello >etc/hello; chmod 4755 etc/hello\n"
	"ln etc/hello etc/hardlink; ln -s ../etc/hello usr/bin/link\n"
	"ln -s /absolute/and/long/$(printf 'x%.0s' $(seq 120)) dangling\n"
	"mkdir -p $(printf 'directory-with-a-name/%.0s' $(seq 12))\n"
	"echo deep >$(printf 'directory-with-a-name/%.0s' $(seq 12))$(printf 'n%.0s' $(seq 200))\n"
	"truncate -s 3M sparse; printf middle | dd of=sparse bs=1 seek=1500000 conv=notrunc\n"
	"head -c 300000 /dev/urandom >random; printf 'umlaut' >'f\303\274r'\n"
	"mknod dev/null c 1 3; mkfifo fifo; chown 12345:54321 random; chmod 1777 usr\n"
	"touch -d '2001-02-03 04:05:06.789' etc/hello; mkdir empty; chmod 700 empty\n"
	"cp etc/hello usr/bin/ping; chmod 755 usr/bin/ping\n"
	"if command -v setcap; then setcap cap_net_raw+ep usr/bin/ping; fi\n"
	"if command -v setfattr; then setfattr -n user.note -v kept random\n"
	"  setfattr -n trusted.secret -v kept etc; fi\n"
	"if command -v setfacl; then setfacl -m u:1234:r,m::r random\n"
	"  setfacl -d -m g:77:rx usr; fi\n";

static void
set_up(Fixture *self, gconstpointer type)
{
	static char name[] = "rootfs.1";

	self->dir = test_temp_dir_new();
	self->tree = test_temp_dir_get_path(self->dir, "tree");
	self->archive = test_temp_dir_get_path(self->dir, "archive");
	self->mounts = test_temp_dir_get_path(self->dir, "mnt");
	self->loop = test_loop_device_new(self->dir->path, 24 * MIB);
	self->slot.name = name;
	self->slot.type = (char *)type;
	self->slot.device = self->loop != NULL ? self->loop->path : NULL;
	if (self->loop != NULL && !shell(tree_script, self->tree)) {
		g_test_skip("the tree cannot be made here");
		g_clear_pointer(&self->loop, test_loop_device_free);
	}
}

static void
tear_down(Fixture *self, gconstpointer type)
{
	test_loop_device_free(self->loop);
	test_temp_dir_free(self->dir);
	g_free(self->tree);
	g_free(self->archive);
	g_free(self->mounts);
}

static gboolean
pack(Fixture *self, const char *options)
{
	g_autofree char *script =
		g_strdup_printf("tar -c -f \"$1/archive\" -C \"$1/tree\" %s .", options);

	return shell(script, self->dir->path);
}

static gboolean
unpack(Fixture *self, BscWriteReport *report, GError **error)
{
	g_autoptr(BscByteSource) source = bsc_source_file_open(self->archive, error);
	BscWriteRequest request = {
		.slot = &self->slot,
		.image_type = "tar",
		.mount_prefix = self->mounts,
	};

	return source != NULL && bsc_slot_writer_write(source, &request, report, NULL, error);
}

static void
assert_same_tree(Fixture *self)
{
	BscMountOptions options = {.prefix = self->mounts, .read_only = TRUE};
	g_autoptr(BscMount) mount = bsc_mount_slot(&self->slot, &options, NULL);
	uint8_t should[BSC_DIGEST_LEN];
	uint8_t is[BSC_DIGEST_LEN];

	g_assert_nonnull(mount);
	g_assert_true(bsc_tree_digest_compute(self->tree, should, NULL, NULL, NULL));
	g_assert_true(bsc_tree_digest_compute(bsc_mount_get_path(mount), is, NULL, NULL, NULL));
	if (memcmp(is, should, sizeof(is)) != 0) {
		g_autofree char *script = g_strdup_printf(
			"diff -r --no-dereference %s %s >&2; getfattr -dhR -m - %s >&2", self->tree,
			bsc_mount_get_path(mount), bsc_mount_get_path(mount));

		shell(script, "");
	}
	g_assert_cmpmem(is, sizeof(is), should, sizeof(should));
}

static void
test_keeps_everything(Fixture *self, gconstpointer type)
{
	static const char *const filters[] = {"",	"--gzip", "--bzip2", "--xz",
					      "--zstd", "--lzip", "--lzma",  "--lzop"};
	struct stat st;
	g_autofree char *sparse = g_build_filename(self->mounts, "rootfs.1/sparse", NULL);

	if (self->loop == NULL)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(filters); i++) {
		g_autofree char *options = g_strdup_printf(
			"--numeric-owner --sparse --xattrs '--xattrs-include=*' --acls "
			"--format=posix %s",
			filters[i]);
		g_autoptr(GError) error = NULL;
		BscWriteReport report;

		if (!pack(self, options)) {
			g_test_message("tar %s cannot be tried here", filters[i]);
			continue;
		}
		g_assert_true(unpack(self, &report, &error));
		g_assert_no_error(error);
		g_assert_cmpuint(report.bytes_verified, >, 3 * MIB);
		assert_same_tree(self);
		/* Mounted nowhere, nothing left behind. */
		g_assert_cmpint(stat(sparse, &st), !=, 0);
	}
}

static void
test_keeps_holes(Fixture *self, gconstpointer type)
{
	BscMountOptions options = {.prefix = self->mounts, .read_only = TRUE};
	g_autofree char *sparse = g_build_filename(self->mounts, "rootfs.1/sparse", NULL);
	g_autoptr(BscMount) mount = NULL;
	BscWriteReport report;
	struct stat st;

	if (self->loop == NULL)
		return;
	g_assert_true(pack(self, "--sparse --numeric-owner"));
	g_assert_true(unpack(self, &report, NULL));
	mount = bsc_mount_slot(&self->slot, &options, NULL);
	g_assert_cmpint(stat(sparse, &st), ==, 0);
	g_assert_cmpint(st.st_size, ==, 3 * MIB);
	g_assert_cmpint(st.st_blocks * 512, <, MIB);
}

static void
assert_cleared(Fixture *self)
{
	g_autofree char *head = NULL;
	static const char zeros[4096] = {0};

	g_assert_true(g_file_get_contents(self->loop->file_path, &head, NULL, NULL));
	g_assert_cmpmem(head, 4096, zeros, 4096);
}

static void
test_refuses_a_wrong_digest(Fixture *self, gconstpointer type)
{
	g_autoptr(BscByteSource) source = NULL;
	g_autoptr(GError) error = NULL;
	static const uint8_t wrong[BSC_DIGEST_LEN] = {1};
	BscWriteRequest request = {
		.slot = &self->slot,
		.image_type = "tar",
		.mount_prefix = self->mounts,
		.sha256 = wrong,
	};
	BscWriteReport report;

	if (self->loop == NULL)
		return;
	g_assert_true(pack(self, "--gzip"));
	source = bsc_source_file_open(self->archive, NULL);
	g_assert_false(bsc_slot_writer_write(source, &request, &report, NULL, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT);
	assert_cleared(self);
}

static void
test_refuses_a_broken_archive(Fixture *self, gconstpointer type)
{
	g_autoptr(GError) error = NULL;
	BscWriteReport report;

	if (self->loop == NULL)
		return;
	g_assert_true(pack(self, "--gzip"));
	g_assert_cmpint(truncate(self->archive, 100000), ==, 0);
	g_assert_false(unpack(self, &report, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE);
	g_assert_nonnull(strstr(error->message, "Failed to unpack the archive: 'tar' failed"));
	assert_cleared(self);
}

static void
test_refuses_what_is_no_archive(Fixture *self, gconstpointer type)
{
	g_autoptr(GError) error = NULL;
	BscWriteReport report;

	if (self->loop == NULL)
		return;
	g_assert_true(g_file_set_contents(self->archive, "PK", -1, NULL));
	g_assert_false(unpack(self, &report, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_NO_WRITER);
	assert_cleared(self);
}

static void
test_refuses_an_archive_that_does_not_fit(Fixture *self, gconstpointer type)
{
	g_autoptr(GError) error = NULL;
	BscWriteReport report;

	if (self->loop == NULL)
		return;
	g_assert_true(shell("head -c 40000000 /dev/urandom >\"$1/big\"", self->tree));
	g_assert_true(pack(self, ""));
	g_assert_false(unpack(self, &report, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_TOO_SMALL);
	assert_cleared(self);
}

static void
test_refuses_what_would_be_lost(Fixture *self, gconstpointer type)
{
	g_autoptr(GError) error = NULL;
	BscWriteReport report;

	if (self->loop == NULL)
		return;
	g_assert_true(pack(self, "--format=posix --pax-option=SCHILY.fflags:=nodump"));
	g_assert_false(unpack(self, &report, &error));
	g_assert_error(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_NO_WRITER);
	g_assert_nonnull(strstr(error->message, "SCHILY.fflags"));
	assert_cleared(self);
}

static void
cancel(BscWritePhase phase, uint64_t done, uint64_t total, gpointer data)
{
	g_cancellable_cancel(data);
}

static void
test_can_be_cancelled(Fixture *self, gconstpointer type)
{
	g_autoptr(BscByteSource) source = NULL;
	g_autoptr(GCancellable) cancellable = g_cancellable_new();
	g_autoptr(GError) error = NULL;
	BscWriteRequest request = {
		.slot = &self->slot,
		.image_type = "tar",
		.mount_prefix = self->mounts,
		.on_progress = cancel,
		.progress_data = cancellable,
	};
	BscWriteReport report;

	if (self->loop == NULL)
		return;
	g_assert_true(pack(self, ""));
	source = bsc_source_file_open(self->archive, NULL);
	g_assert_false(bsc_slot_writer_write(source, &request, &report, cancellable, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
	assert_cleared(self);
}

static void
test_unpacks_to_vfat(Fixture *self, gconstpointer type)
{
	g_autofree char *known = NULL;
	g_autoptr(GError) error = NULL;
	BscWriteReport report;

	if (self->loop == NULL)
		return;
	if (!g_file_get_contents("/proc/filesystems", &known, NULL, NULL) ||
	    strstr(known, "vfat") == NULL) {
		g_test_skip("this kernel mounts no vfat");
		return;
	}
	g_assert_true(shell("rm -r \"$1\"/*; mkdir \"$1/boot\"; echo hello >\"$1/boot/hello\"",
			    self->tree));
	g_assert_true(pack(self, "--xattrs"));
	g_assert_true(unpack(self, &report, &error));
	g_assert_no_error(error);
}

static void
add(const char *name, const char *type, void (*func)(Fixture *, gconstpointer))
{
	g_autofree char *path = g_strconcat("/write/write-archive/", name, NULL);

	g_test_add(path, Fixture, type, set_up, func, tear_down);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/write/archive-tar/knows-compressions-by-content",
			test_knows_compressions_by_content);
	g_test_add_func("/write/archive-tar/tells-losses-from-talk", test_tells_losses_from_talk);
	add("keeps-everything", "ext4", test_keeps_everything);
	add("keeps-holes", "ext4", test_keeps_holes);
	add("refuses-a-wrong-digest", "ext4", test_refuses_a_wrong_digest);
	add("refuses-a-broken-archive", "ext4", test_refuses_a_broken_archive);
	add("refuses-what-is-no-archive", "ext4", test_refuses_what_is_no_archive);
	add("refuses-an-archive-that-does-not-fit", "ext4",
	    test_refuses_an_archive_that_does_not_fit);
	add("refuses-what-would-be-lost", "ext4", test_refuses_what_would_be_lost);
	add("can-be-cancelled", "ext4", test_can_be_cancelled);
	add("unpacks-to-vfat", "vfat", test_unpacks_to_vfat);
	return g_test_run();
}
