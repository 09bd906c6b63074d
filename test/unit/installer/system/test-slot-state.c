/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/system/test-slot-state.c - booted and used slots, on a played /proc and /sys
 */
#include "config.h"

#include "installer/system/proc-text.h"
#include "installer/system/slot-state.h"
#include "test/support/temp-dir.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MOUNT(number, where, type, source, options)                                                \
	"20 1 " number " / " where " rw - " type " " source " " options "\n"
#define ROOT(number) MOUNT(number, "/", "ext4", "/dev/root", "rw")

static const struct {
	const char *path;
	unsigned major, minor;
} nodes[] = {
	{"/dev/sda", 8, 0},
	{"/dev/sda1", 8, 1},
	{"/dev/sda2", 8, 2},
	{"/dev/sda3", 8, 3},
	{"/dev/dm-0", 254, 0},
	{"/dev/loop0", 7, 0},
	{"/dev/sdb1", 8, 17},
	{"/dev/mapper/v", 254, 0},
	{"/dev/disk/by-partuuid/ab-2", 8, 2},
	{"/dev/ubiblock0_1", 252, 0},
};

static dev_t
get_number(const char *path, gpointer data)
{
	for (size_t i = 0; i < G_N_ELEMENTS(nodes); i++) {
		if (g_str_equal(nodes[i].path, path))
			return makedev(nodes[i].major, nodes[i].minor);
	}
	return 0;
}

typedef struct {
	TestTempDir *dir;
	BscSlotStateEnv env;
	BscSystemConfig *config;
} Fixture;

/* A device in sysfs at devices/@place, with its links. */
static void
add_device(Fixture *f, const char *place, unsigned major, unsigned minor)
{
	g_autofree char *base = g_path_get_basename(place);
	g_autofree char *uevent = g_strdup_printf("sys/devices/%s/uevent", place);
	g_autofree char *class_link = g_strdup_printf("sys/class/block/%s", base);
	g_autofree char *class_path = test_temp_dir_get_path(f->dir, class_link);
	g_autofree char *class_target = g_strdup_printf("../../devices/%s", place);
	g_autofree char *dev_link = g_strdup_printf("sys/dev/block/%u:%u", major, minor);
	g_autofree char *dev_path = test_temp_dir_get_path(f->dir, dev_link);

	g_free(test_temp_dir_write(f->dir, uevent, ""));
	g_assert_cmpint(symlink(class_target, class_path), ==, 0);
	g_assert_cmpint(symlink(class_target, dev_path), ==, 0);
}

static void
mark(Fixture *f, const char *path, const char *text)
{
	g_free(test_temp_dir_write(f->dir, path, text));
}

static void
play(Fixture *f, const char *cmdline, const char *mounts)
{
	mark(f, "proc/cmdline", cmdline);
	mark(f, "proc/1/mountinfo", mounts);
}

static void
load_config(Fixture *f, const char *slots)
{
	g_autofree char *text =
		g_strdup_printf("[system]\ncompatible=x\nbootloader=noop\n%s", slots);
	g_autoptr(GError) error = NULL;

	g_clear_pointer(&f->config, bsc_system_config_unref);
	f->config = bsc_system_config_parse(
		&(BscSystemConfigText){
			.data = text, .len = strlen(text), .path = "/etc/bascule/system.conf"},
		&error);
	g_assert_no_error(error);
}

static void
fixture_set_up(Fixture *f, gconstpointer data)
{
	f->dir = test_temp_dir_new();
	f->env.root_dir = f->dir->path;
	f->env.get_device_number = get_number;
	mark(f, "sys/class/block/x", "");
	mark(f, "sys/dev/block/x", "");
	add_device(f, "sda", 8, 0);
	add_device(f, "sda/sda1", 8, 1);
	add_device(f, "sda/sda2", 8, 2);
	add_device(f, "sda/sda3", 8, 3);
	add_device(f, "dm-0", 254, 0);
	add_device(f, "loop0", 7, 0);
	mark(f, "sys/devices/sda/sda1/partition", "1");
	mark(f, "sys/devices/sda/sda2/partition", "2");
	mark(f, "sys/devices/sda/sda3/partition", "3");
	load_config(f, "[slot.rootfs.0]\ndevice=/dev/sda1\nbootname=A\n"
		       "[slot.appfs.0]\ndevice=/dev/sda3\nparent=rootfs.0\n"
		       "[slot.rootfs.1]\ndevice=/dev/sda2\nbootname=B\n");
}

static void
fixture_tear_down(Fixture *f, gconstpointer data)
{
	bsc_system_config_unref(f->config);
	test_temp_dir_free(f->dir);
}

static BscSlotStates *
detect(Fixture *f)
{
	g_autoptr(GError) error = NULL;
	BscSlotStates *states = bsc_slot_state_detect(f->config, &f->env, &error);

	g_assert_no_error(error);
	return states;
}

static const BscSlotCondition *
get(Fixture *f, const BscSlotStates *states, const char *name)
{
	return bsc_slot_state_get(states, bsc_slot_table_find(f->config, name));
}

static void
test_states(Fixture *f, gconstpointer data)
{
	g_autoptr(BscSlotStates) states = NULL;
	g_autoptr(GError) error = NULL;

	play(f, "quiet rauc.slot=A\n", ROOT("8:1") MOUNT("8:3", "/app", "ext4", "/dev/sda3", "rw"));
	states = detect(f);
	g_assert_cmpstr(states->boot_slot, ==, "A");
	g_assert_cmpstr(states->boot_slot_origin, ==, "kernel command line rauc.slot=");
	g_assert_cmpint(get(f, states, "rootfs.0")->state, ==, BSC_SLOT_STATE_BOOTED);
	g_assert_cmpint(get(f, states, "appfs.0")->state, ==, BSC_SLOT_STATE_ACTIVE);
	g_assert_cmpint(get(f, states, "rootfs.1")->state, ==, BSC_SLOT_STATE_INACTIVE);
	g_assert_cmpstr(get(f, states, "rootfs.0")->mountpoint, ==, "/");
	g_assert_cmpstr(get(f, states, "appfs.0")->in_use, ==, "mounted on '/app'");
	g_assert_null(get(f, states, "rootfs.1")->in_use);
	g_assert_null(states->contradiction);
	g_assert_true(bsc_slot_state_check_writable(states, &error));
}

static void
test_told_by(Fixture *f, gconstpointer data)
{
	static const struct {
		const char *cmdline;
		const char *current;
		const char *override;
		const char *booted; /* NULL: external */
		const char *origin;
	} cases[] = {
		{"rauc.slot=A bascule.slot=B", NULL, NULL, "rootfs.1",
		 "kernel command line bascule.slot="},
		{"rauc.slot=rootfs.1", NULL, NULL, "rootfs.1", "kernel command line rauc.slot="},
		{"rauc.slot=/dev/sda2", NULL, NULL, "rootfs.1", "kernel command line rauc.slot="},
		{"rauc.slot=B rauc.slot=A", NULL, NULL, "rootfs.0",
		 "kernel command line rauc.slot="},
		{"root=/dev/sda2", "A", NULL, "rootfs.0", "boot loader"},
		{"root=/dev/sda2 ro", NULL, NULL, "rootfs.1", "kernel command line root="},
		{"root=PARTUUID=AB-2", NULL, NULL, "rootfs.1", "kernel command line root="},
		{"root=\"PARTLABEL=root b\"", NULL, NULL, "rootfs.1", "kernel command line root="},
		{"root=LABEL=rb", NULL, NULL, "rootfs.1", "kernel command line root="},
		{"root=/dev/sda3", NULL, NULL, "rootfs.0", "kernel command line root="},
		{"root=/dev/dm-0 systemd.verity_root_data=/dev/sda2", NULL, NULL, "rootfs.1",
		 "kernel command line systemd.verity_root_data="},
		{"rauc.external rauc.slot=A", NULL, NULL, NULL,
		 "kernel command line rauc.external"},
		{"bascule.external", NULL, NULL, NULL, "kernel command line bascule.external"},
		{"root=/dev/nfs rauc.slot=A", NULL, NULL, NULL,
		 "kernel command line root=/dev/nfs"},
		{"rauc.external", NULL, "B", "rootfs.1", "--override-boot-slot"},
		{"init -- rauc.slot=B root=/dev/sda1", "A", NULL, "rootfs.0", "boot loader"},
	};
	g_autofree char *label = NULL;

	mark(f, "dev/sda2", "");
	mark(f, "dev/disk/by-label/x", "");
	mark(f, "dev/disk/by-partlabel/x", "");
	label = test_temp_dir_get_path(f->dir, "dev/disk/by-label/rb");
	g_assert_cmpint(symlink("../../sda2", label), ==, 0);
	g_free(label);
	label = test_temp_dir_get_path(f->dir, "dev/disk/by-partlabel/root b");
	g_assert_cmpint(symlink("../../sda2", label), ==, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(BscSlotStates) states = NULL;

		play(f, cases[i].cmdline, ROOT("0:5"));
		f->env.backend_current = cases[i].current;
		f->env.override_boot_slot = cases[i].override;
		states = detect(f);
		g_assert_cmpstr(states->boot_slot_origin, ==, cases[i].origin);
		g_assert_cmpint(states->is_external, ==, cases[i].booted == NULL);
		g_assert_cmpstr(states->booted != NULL ? states->booted->name : NULL, ==,
				cases[i].booted);
	}
}

static void
test_told_by_root_device(Fixture *f, gconstpointer data)
{
	g_autoptr(BscSlotStates) states = NULL;

	play(f, "quiet", ROOT("8:2"));
	states = detect(f);
	g_assert_cmpstr(states->booted->name, ==, "rootfs.1");
	g_assert_cmpstr(states->boot_slot, ==, "/dev/sda2");
}

static void
test_nobody_tells(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	play(f, "quiet", ROOT("8:17"));
	g_assert_null(bsc_slot_state_detect(f->config, &f->env, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
	g_clear_error(&error);
	play(f, "rauc.slot=C", ROOT("8:17"));
	g_assert_null(bsc_slot_state_detect(f->config, &f->env, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
	g_assert_nonnull(strstr(error->message, "'C' (kernel command line rauc.slot=)"));
}

static void
assert_contradiction(Fixture *f, gboolean wanted)
{
	g_autoptr(BscSlotStates) states = detect(f);
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(states->contradiction != NULL, ==, wanted);
	g_assert_cmpint(bsc_slot_state_check_writable(states, &error), ==, !wanted);
	if (wanted) {
		g_assert_nonnull(strstr(error->message, "rauc."));
		g_assert_nonnull(strstr(error->message, "/dev/sda2"));
	}
}

static void
test_contradiction(Fixture *f, gconstpointer data)
{
	play(f, "rauc.slot=A", ROOT("8:2"));
	assert_contradiction(f, TRUE);
	/* Below '/' counts as well: verity, an overlay, a file system in a file. */
	mark(f, "sys/devices/dm-0/slaves/sda2", "");
	play(f, "rauc.slot=A", ROOT("254:0"));
	assert_contradiction(f, TRUE);
	play(f, "rauc.slot=A",
	     MOUNT("8:2", "/lower", "ext4", "/dev/sda2", "ro")
		     MOUNT("0:9", "/", "overlay", "overlay",
			   "ro,lowerdir=/lower:/other,upperdir=/u,workdir=/w"));
	assert_contradiction(f, TRUE);
	mark(f, "sys/devices/loop0/loop/backing_file", "/mnt/root.img\n");
	play(f, "rauc.slot=A", MOUNT("8:2", "/mnt", "ext4", "/dev/sda2", "ro") ROOT("7:0"));
	assert_contradiction(f, TRUE);
	play(f, "rauc.external", ROOT("8:2"));
	assert_contradiction(f, TRUE);
}

static void
test_no_contradiction(Fixture *f, gconstpointer data)
{
	/* A child of the booted group, an unknown disk, an overlay of an initramfs that is gone. */
	play(f, "rauc.slot=A", ROOT("8:3"));
	assert_contradiction(f, FALSE);
	play(f, "rauc.slot=A", ROOT("8:17"));
	assert_contradiction(f, FALSE);
	play(f, "rauc.slot=A", MOUNT("0:9", "/", "overlay", "overlay", "lowerdir=/gone"));
	assert_contradiction(f, FALSE);
	play(f, "rauc.slot=A", ROOT("8:2"));
	f->env.override_boot_slot = "A";
	assert_contradiction(f, FALSE);
}

static char *
get_use(Fixture *f)
{
	g_autoptr(GError) error = NULL;

	if (bsc_slot_state_check_free(bsc_slot_table_find(f->config, "rootfs.1"), &f->env, &error))
		return NULL;
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_BUSY);
	return g_strdup(strstr(error->message, " is ") + strlen(" is "));
}

static void
assert_use(Fixture *f, const char *wanted)
{
	g_autofree char *use = get_use(f);

	g_assert_cmpstr(use, ==, wanted);
}

static void
test_in_use(Fixture *f, gconstpointer data)
{
	play(f, "", ROOT("8:1"));
	assert_use(f, NULL);
	play(f, "", ROOT("8:1") MOUNT("8:2", "/mnt/a\\040b", "ext4", "/dev/x", "rw"));
	assert_use(f, "mounted on '/mnt/a b'");
	play(f, "", ROOT("8:1") MOUNT("8:0", "/disk", "ext4", "/dev/sda", "rw"));
	assert_use(f, "mounted on '/disk' through 'sda'");
	/* btrfs has a number of its own and names its device as source. */
	play(f, "", ROOT("8:1") MOUNT("0:40", "/b", "btrfs", "/dev/sda2", "rw"));
	assert_use(f, "mounted on '/b'");
	play(f, "", ROOT("8:1"));
	mark(f, "proc/swaps", "Filename\tType\n/dev/sda2 partition 1 0 -2\n");
	assert_use(f, "used as swap");
	mark(f, "proc/swaps", "Filename\tType\n");
	mark(f, "sys/devices/sda/sda2/holders/dm-0", "");
	assert_use(f, NULL);
	play(f, "", ROOT("8:1") MOUNT("254:0", "/v", "ext4", "/dev/dm-0", "rw"));
	assert_use(f, "mounted on '/v' through 'dm-0'");
}

static void
test_behind_loop(Fixture *f, gconstpointer data)
{
	g_autoptr(BscSlotStates) states = NULL;

	play(f, "rauc.slot=A", ROOT("8:1"));
	mark(f, "sys/devices/loop0/loop/backing_file", "/dev/sda2\n");
	assert_use(f, "behind the loop device 'loop0'");
	load_config(f, "[slot.rootfs.0]\ndevice=/dev/sda1\nbootname=A\n"
		       "[slot.rootfs.1]\ndevice=/images/b.img\nbootname=B\n");
	mark(f, "images/b.img", "");
	assert_use(f, NULL);
	mark(f, "sys/devices/loop0/loop/backing_file", "/images/b.img\n");
	assert_use(f, "behind the loop device 'loop0'");
	play(f, "rauc.slot=A", ROOT("8:1") MOUNT("7:0", "/m", "ext4", "/dev/loop0", "rw"));
	states = detect(f);
	g_assert_cmpstr(get(f, states, "rootfs.1")->mountpoint, ==, "/m");
}

/* The disk below a file system that holds a loop's file is not used by that loop's slot. */
static void
test_loop_slot_is_free(Fixture *f, gconstpointer data)
{
	load_config(f, "[slot.rootfs.0]\ndevice=/dev/sda1\nbootname=A\n"
		       "[slot.rootfs.1]\ndevice=/dev/loop0\nbootname=B\n");
	mark(f, "sys/devices/loop0/loop/backing_file", "/images/b.img\n");
	play(f, "rauc.slot=A", ROOT("8:1"));
	assert_use(f, NULL);
}

static void
test_ubi(Fixture *f, gconstpointer data)
{
	static const char *const sources[] = {"ubi0_1", "ubi0:root_b", "ubi:root_b", "ubi0!root_b",
					      "/dev/ubi0_1"};

	load_config(f, "[slot.rootfs.0]\ndevice=/dev/ubi0_0\ntype=ubifs\nbootname=A\n"
		       "[slot.rootfs.1]\ndevice=/dev/ubi0_1\ntype=ubifs\nbootname=B\n");
	mark(f, "sys/class/ubi/ubi0_0/name", "root_a\n");
	mark(f, "sys/class/ubi/ubi0_1/name", "root_b\n");
	for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
		g_autofree char *mounts =
			g_strdup_printf(MOUNT("0:15", "/", "ubifs", "ubi0:root_a", "rw")
						MOUNT("0:16", "/m", "ubifs", "%s", "rw"),
					sources[i]);

		play(f, "rauc.slot=A", mounts);
		assert_use(f, "mounted on '/m'");
	}
	play(f, "rauc.slot=A", MOUNT("0:15", "/", "ubifs", "ubi0:root_b", "rw"));
	{
		g_autoptr(BscSlotStates) states = detect(f);

		g_assert_nonnull(states->contradiction);
	}
	add_device(f, "ubiblock0_1", 252, 0);
	play(f, "rauc.slot=A",
	     ROOT("0:15") MOUNT("252:0", "/q", "squashfs", "/dev/ubiblock0_1", "ro"));
	assert_use(f, "mounted on '/q' through 'ubiblock0_1'");
}

static void
test_slot_of_path(Fixture *f, gconstpointer data)
{
	play(f, "",
	     ROOT("8:1") MOUNT("8:2", "/data", "ext4", "/dev/sda2", "rw")
		     MOUNT("8:17", "/data/safe", "ext4", "/dev/sdb1", "rw"));
	g_assert_cmpstr(bsc_slot_state_find_slot_of_path(f->config, "/data/x", &f->env)->name, ==,
			"rootfs.1");
	g_assert_cmpstr(bsc_slot_state_find_slot_of_path(f->config, "/database", &f->env)->name, ==,
			"rootfs.0");
	g_assert_null(bsc_slot_state_find_slot_of_path(f->config, "/data/safe/y", &f->env));
}

/* On the machine that runs the test: nothing is known of it but that it answers. */
static void
test_this_machine(Fixture *f, gconstpointer data)
{
	BscSlotStateEnv env = {.override_boot_slot = "A"};
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSlotStates) states = bsc_slot_state_detect(f->config, &env, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(states->booted->name, ==, "rootfs.0");
}

static void
test_words(Fixture *f, gconstpointer data)
{
	g_autofree char *value = bsc_proc_text_find_word("a=1 b=\"x y\" a=2 -- a=3", "a=");
	g_autofree char *quoted = bsc_proc_text_find_word("a=1 b=\"x y\"", "b=");
	g_autofree char *word = bsc_proc_text_find_word("quiet rauc.external", "rauc.external");

	g_assert_cmpstr(value, ==, "2");
	g_assert_cmpstr(quoted, ==, "x y");
	g_assert_cmpstr(word, ==, "");
	g_assert_null(bsc_proc_text_find_word("rauc.externals", "rauc.external"));
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *f, gconstpointer data);
	} cases[] = {
		{"knows-booted-active-inactive", test_states},
		{"believes-the-first-who-tells", test_told_by},
		{"takes-the-device-behind-root", test_told_by_root_device},
		{"fails-where-nobody-tells", test_nobody_tells},
		{"sees-contradictions", test_contradiction},
		{"sees-none-where-there-is-none", test_no_contradiction},
		{"finds-what-uses-a-slot", test_in_use},
		{"finds-loop-devices", test_behind_loop},
		{"leaves-a-slot-on-a-loop-free", test_loop_slot_is_free},
		{"knows-ubi", test_ubi},
		{"finds-the-slot-of-a-path", test_slot_of_path},
		{"answers-on-this-machine", test_this_machine},
		{"reads-words-as-the-kernel", test_words},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strconcat("/system/slot-state/", cases[i].path, NULL);

		g_test_add(path, Fixture, NULL, fixture_set_up, cases[i].run, fixture_tear_down);
	}
	return g_test_run();
}
