/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/system/block-device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static char *
class_path(const BscBlockDeviceEnv *env, const char *name, const char *rest)
{
	return g_build_filename(env->root_dir, "sys/class/block", name, rest, NULL);
}

static char *
read_line(const char *path)
{
	char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	return g_strchomp(text);
}

GHashTable *
bsc_block_device_new_set(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* `ubi0_3` or `mtd4`: character devices of flash. `mtd4ro` is the same chip. */
static char *
flash_name(const char *path)
{
	g_autofree char *base = g_path_get_basename(path);
	unsigned device, volume;
	char rest;

	if (sscanf(base, "ubi%u_%u%c", &device, &volume, &rest) == 2)
		return g_steal_pointer(&base);
	if (sscanf(base, "mtd%u%c", &device, &rest) == 1 ||
	    (g_str_has_suffix(base, "ro") && sscanf(base, "mtd%uro", &device) == 1) ||
	    sscanf(base, "mtdblock%u%c", &device, &rest) == 1)
		return g_strdup_printf("mtd%u", device);
	return NULL;
}

static dev_t
get_number(const BscBlockDeviceEnv *env, const char *path)
{
	g_autofree char *full = NULL;
	struct stat st;

	if (env->get_device_number != NULL)
		return env->get_device_number(path, env->data);
	full = g_build_filename(env->root_dir, path, NULL);
	return stat(full, &st) == 0 && S_ISBLK(st.st_mode) ? st.st_rdev : 0;
}

char *
bsc_block_device_find_number(const BscBlockDeviceEnv *env, const char *number)
{
	g_autofree char *link = g_build_filename(env->root_dir, "sys/dev/block", number, NULL);
	g_autofree char *real = realpath(link, NULL);
	g_autofree char *base = real != NULL ? g_path_get_basename(real) : NULL;
	g_autofree char *flash = base != NULL ? flash_name(base) : NULL;

	if (flash != NULL)
		return g_steal_pointer(&flash);
	return base != NULL ? g_steal_pointer(&base) : g_strdup(number);
}

char *
bsc_block_device_find(const BscBlockDeviceEnv *env, const char *path)
{
	g_autofree char *full = g_build_filename(env->root_dir, path, NULL);
	g_autofree char *real = realpath(full, NULL);
	g_autofree char *flash = flash_name(real != NULL ? real : path);
	g_autofree char *text = NULL;
	dev_t number;

	if (flash != NULL)
		return g_steal_pointer(&flash);
	number = get_number(env, path);
	if (number == 0)
		return NULL;
	text = g_strdup_printf("%u:%u", major(number), minor(number));
	return bsc_block_device_find_number(env, text);
}

static char *
find_ubi_volume(const BscBlockDeviceEnv *env, unsigned device, const char *wanted)
{
	for (unsigned volume = 0; volume < 128; volume++) {
		g_autofree char *name = g_strdup_printf("ubi%u_%u", device, volume);
		g_autofree char *path =
			g_build_filename(env->root_dir, "sys/class/ubi", name, "name", NULL);
		g_autofree char *found = read_line(path);

		if (g_strcmp0(found, wanted) == 0)
			return g_steal_pointer(&name);
	}
	return NULL;
}

/* What ubifs takes as source: `ubi0_3`, `ubi0:NAME`, `ubi:NAME`, `!` in place of `:`. */
static char *
find_ubi_source(const BscBlockDeviceEnv *env, const char *source)
{
	unsigned device = 0;
	int used = 0;

	if (!g_str_has_prefix(source, "ubi"))
		return NULL;
	if (strpbrk(source, ":!") == NULL)
		return flash_name(source);
	if (sscanf(source, "ubi%u%n", &device, &used) != 1)
		used = (int)strlen("ubi");
	if (source[used] != ':' && source[used] != '!')
		return NULL;
	return find_ubi_volume(env, device, source + used + 1);
}

char *
bsc_block_device_find_source(const BscBlockDeviceEnv *env, const char *source)
{
	if (g_str_has_prefix(source, "/dev/"))
		return bsc_block_device_find(env, source);
	return find_ubi_source(env, source);
}

char *
bsc_block_device_get_backing_file(const BscBlockDeviceEnv *env, const char *name)
{
	g_autofree char *path = class_path(env, name, "loop/backing_file");

	return read_line(path);
}

static gboolean
is_same_file(const BscBlockDeviceEnv *env, const char *a, const char *b)
{
	g_autofree char *full_a = g_build_filename(env->root_dir, a, NULL);
	g_autofree char *full_b = g_build_filename(env->root_dir, b, NULL);
	struct stat st_a, st_b;

	if (g_str_equal(a, b))
		return TRUE;
	return stat(full_a, &st_a) == 0 && stat(full_b, &st_b) == 0 && st_a.st_dev == st_b.st_dev &&
	       st_a.st_ino == st_b.st_ino;
}

typedef void (*EntryFunc)(const BscBlockDeviceEnv *env, const char *entry, gpointer data);

static void
for_each_entry(const BscBlockDeviceEnv *env, const char *path, EntryFunc func, gpointer data)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *entry;

	while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL)
		func(env, entry, data);
}

typedef struct {
	const char *path;
	const char *name; /* NULL: no device */
	GHashTable *set;
} LoopSearch;

static void
add_loop(const BscBlockDeviceEnv *env, const char *entry, gpointer data)
{
	const LoopSearch *search = data;
	g_autofree char *file = NULL;
	g_autofree char *name = NULL;

	if (!g_str_has_prefix(entry, "loop"))
		return;
	file = bsc_block_device_get_backing_file(env, entry);
	if (file == NULL)
		return;
	name = search->name != NULL ? bsc_block_device_find(env, file) : NULL;
	if ((name != NULL && g_str_equal(name, search->name)) ||
	    (search->path != NULL && is_same_file(env, file, search->path)))
		g_hash_table_add(search->set, g_strdup(entry));
}

void
bsc_block_device_add_loops(const BscBlockDeviceEnv *env, const char *path, GHashTable *set)
{
	g_autofree char *dir = class_path(env, "", NULL);
	g_autofree char *name = bsc_block_device_find(env, path);

	for_each_entry(env, dir, add_loop, &(LoopSearch){.path = path, .name = name, .set = set});
}

static void
add_user_entry(const BscBlockDeviceEnv *env, const char *entry, gpointer set)
{
	bsc_block_device_add_users(env, entry, set);
}

typedef struct {
	const char *disk;
	GHashTable *set;
} PartitionSearch;

static void
add_partition(const BscBlockDeviceEnv *env, const char *entry, gpointer data)
{
	const PartitionSearch *search = data;
	g_autofree char *disk_path = class_path(env, search->disk, entry);
	g_autofree char *mark = g_build_filename(disk_path, "partition", NULL);

	if (g_file_test(mark, G_FILE_TEST_EXISTS))
		bsc_block_device_add_users(env, entry, search->set);
}

/* UBI devices that are attached to a chip: each of their volumes stands on it. */
static void
add_ubi_of_mtd(const BscBlockDeviceEnv *env, const char *entry, gpointer data)
{
	const PartitionSearch *search = data;
	g_autofree char *device = g_strndup(entry, strcspn(entry, "_"));
	g_autofree char *path =
		g_build_filename(env->root_dir, "sys/class/ubi", device, "mtd_num", NULL);
	g_autofree char *number = strchr(entry, '_') != NULL ? read_line(path) : NULL;

	if (number != NULL && g_str_equal(number, search->disk + strlen("mtd")))
		bsc_block_device_add_users(env, entry, search->set);
}

static void
add_flash_users(const BscBlockDeviceEnv *env, const char *name, GHashTable *set)
{
	g_autofree char *block = NULL;
	g_autofree char *path = NULL;

	if (g_str_has_prefix(name, "mtd")) {
		path = g_build_filename(env->root_dir, "sys/class/ubi", NULL);
		for_each_entry(env, path, add_ubi_of_mtd,
			       &(PartitionSearch){.disk = name, .set = set});
	} else if (g_str_has_prefix(name, "ubi") && strchr(name, '_') != NULL) {
		block = g_strdup_printf("ubiblock%s", name + strlen("ubi"));
		path = class_path(env, block, NULL);
		if (g_file_test(path, G_FILE_TEST_EXISTS))
			bsc_block_device_add_users(env, block, set);
	}
}

void
bsc_block_device_add_users(const BscBlockDeviceEnv *env, const char *name, GHashTable *set)
{
	g_autofree char *own = class_path(env, name, NULL);
	g_autofree char *holders = class_path(env, name, "holders");
	g_autofree char *all = class_path(env, "", NULL);

	if (!g_hash_table_add(set, g_strdup(name)))
		return;
	for_each_entry(env, holders, add_user_entry, set);
	for_each_entry(env, own, add_partition, &(PartitionSearch){.disk = name, .set = set});
	for_each_entry(env, all, add_loop, &(LoopSearch){.name = name, .set = set});
	if (!g_str_has_prefix(name, "ubiblock"))
		add_flash_users(env, name, set);
}

static void
add_base_entry(const BscBlockDeviceEnv *env, const char *entry, gpointer set)
{
	bsc_block_device_add_base(env, entry, set);
}

/* The disk a partition is on is the directory above it. */
static void
add_disk(const BscBlockDeviceEnv *env, const char *name, GHashTable *set)
{
	g_autofree char *mark = class_path(env, name, "partition");
	g_autofree char *link = class_path(env, name, NULL);
	g_autofree char *real = realpath(link, NULL);
	g_autofree char *dir = real != NULL ? g_path_get_dirname(real) : NULL;
	g_autofree char *disk = dir != NULL ? g_path_get_basename(dir) : NULL;

	if (disk != NULL && g_file_test(mark, G_FILE_TEST_EXISTS))
		bsc_block_device_add_base(env, disk, set);
}

void
bsc_block_device_add_base(const BscBlockDeviceEnv *env, const char *name, GHashTable *set)
{
	g_autofree char *slaves = class_path(env, name, "slaves");
	g_autofree char *file = NULL;
	g_autofree char *below = NULL;

	if (!g_hash_table_add(set, g_strdup(name)))
		return;
	for_each_entry(env, slaves, add_base_entry, set);
	add_disk(env, name, set);
	if (g_str_has_prefix(name, "ubiblock")) {
		below = g_strdup_printf("ubi%s", name + strlen("ubiblock"));
	} else {
		file = bsc_block_device_get_backing_file(env, name);
		below = file != NULL ? bsc_block_device_find(env, file) : NULL;
	}
	if (below != NULL)
		bsc_block_device_add_base(env, below, set);
}
