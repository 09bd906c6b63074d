/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/system/slot-state.h"

#include "common/error.h"
#include "installer/system/block-device.h"
#include "installer/system/proc-text.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

/* What was read, once for all slots. */
typedef struct {
	BscBlockDeviceEnv devices;
	GPtrArray *mounts; /* of BscProcMount */
	GPtrArray *names;  /* device name of each mount, or NULL */
	char **swaps;	   /* paths */
	GHashTable *swap_names;
} Facts;

static void
facts_clear(Facts *facts)
{
	g_clear_pointer(&facts->mounts, g_ptr_array_unref);
	g_clear_pointer(&facts->names, g_ptr_array_unref);
	g_clear_pointer(&facts->swaps, g_strfreev);
	g_clear_pointer(&facts->swap_names, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Facts, facts_clear)

static const char *
get_root_dir(const BscSlotStateEnv *env)
{
	return env != NULL && env->root_dir != NULL ? env->root_dir : "/";
}

/* Files of /proc say that they are empty, so GLib reads them. */
static gboolean
read_proc(const BscSlotStateEnv *env, const char *name, char **out_text, GError **error)
{
	g_autofree char *path = g_build_filename(get_root_dir(env), "proc", name, NULL);

	return g_file_get_contents(path, out_text, NULL, error);
}

static char *
find_mount_device(const Facts *facts, const BscProcMount *mount)
{
	if (!g_str_has_prefix(mount->number, "0:"))
		return bsc_block_device_find_number(&facts->devices, mount->number);
	return bsc_block_device_find_source(&facts->devices, mount->source);
}

/* The mounts of PID 1 count, not those of a service in a namespace of its own. */
static gboolean
read_facts(Facts *facts, const BscSlotStateEnv *env, GError **error)
{
	g_autofree char *mounts = NULL;
	g_autofree char *swaps = NULL;

	facts->devices.root_dir = get_root_dir(env);
	facts->devices.get_device_number = env != NULL ? env->get_device_number : NULL;
	facts->devices.data = env != NULL ? env->data : NULL;
	if (!read_proc(env, "1/mountinfo", &mounts, NULL) &&
	    !read_proc(env, "self/mountinfo", &mounts, error))
		return FALSE;
	facts->mounts = bsc_proc_text_parse_mounts(mounts);
	facts->names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < facts->mounts->len; i++)
		g_ptr_array_add(facts->names,
				find_mount_device(facts, g_ptr_array_index(facts->mounts, i)));
	/* A kernel without swap has no such file. */
	(void)read_proc(env, "swaps", &swaps, NULL);
	facts->swaps = bsc_proc_text_parse_swaps(swaps != NULL ? swaps : "");
	facts->swap_names = bsc_block_device_new_set();
	for (size_t i = 0; facts->swaps[i] != NULL; i++) {
		char *name = bsc_block_device_find(&facts->devices, facts->swaps[i]);

		if (name != NULL)
			g_hash_table_add(facts->swap_names, name);
	}
	return TRUE;
}

static const BscProcMount *
find_mount_of(const Facts *facts, const char *name)
{
	for (guint i = 0; i < facts->mounts->len; i++) {
		if (g_strcmp0(g_ptr_array_index(facts->names, i), name) == 0)
			return g_ptr_array_index(facts->mounts, i);
	}
	return NULL;
}

/* Why the device @name keeps a slot from being written, or NULL. */
static char *
describe_use(const Facts *facts, const char *name, const char *own_name)
{
	const BscProcMount *mount = find_mount_of(facts, name);
	g_autofree char *through = g_strcmp0(name, own_name) != 0
					   ? g_strdup_printf(" through '%s'", name)
					   : g_strdup("");

	if (mount != NULL)
		return g_strdup_printf("mounted on '%s'%s", mount->mountpoint, through);
	if (g_hash_table_contains(facts->swap_names, name))
		return g_strdup_printf("used as swap%s", through);
	return NULL;
}

static char *
describe_loop(const Facts *facts, const BscSlot *slot)
{
	g_autoptr(GHashTable) loops = bsc_block_device_new_set();
	GHashTableIter iter;
	gpointer loop;

	bsc_block_device_add_loops(&facts->devices, slot->device, loops);
	g_hash_table_iter_init(&iter, loops);
	if (!g_hash_table_iter_next(&iter, &loop, NULL))
		return NULL;
	return g_strdup_printf("behind the loop device '%s'", (const char *)loop);
}

static char *
find_use(const Facts *facts, const BscSlot *slot)
{
	g_autofree char *own_name = bsc_block_device_find(&facts->devices, slot->device);
	g_autoptr(GHashTable) users = bsc_block_device_new_set();
	g_autoptr(GHashTable) base = bsc_block_device_new_set();
	GHashTable *const sets[] = {users, base};
	char *use = own_name != NULL ? describe_use(facts, own_name, own_name) : NULL;

	if (own_name != NULL) {
		bsc_block_device_add_users(&facts->devices, own_name, users);
		bsc_block_device_add_base(&facts->devices, own_name, base);
	}
	for (size_t i = 0; use == NULL && i < G_N_ELEMENTS(sets); i++) {
		GHashTableIter iter;
		gpointer name;

		g_hash_table_iter_init(&iter, sets[i]);
		while (use == NULL && g_hash_table_iter_next(&iter, &name, NULL))
			use = describe_use(facts, name, own_name);
	}
	return use != NULL ? use : describe_loop(facts, slot);
}

/* Where the slot itself is mounted, as device or as file behind a loop device. */
static char *
find_mountpoint(const Facts *facts, const BscSlot *slot)
{
	g_autofree char *own_name = bsc_block_device_find(&facts->devices, slot->device);
	g_autoptr(GHashTable) names = bsc_block_device_new_set();
	GHashTableIter iter;
	gpointer name;

	if (own_name != NULL)
		g_hash_table_add(names, g_strdup(own_name));
	bsc_block_device_add_loops(&facts->devices, slot->device, names);
	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &name, NULL)) {
		const BscProcMount *mount = find_mount_of(facts, name);

		if (mount != NULL)
			return g_strdup(mount->mountpoint);
	}
	return NULL;
}

static gboolean
is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return g_str_equal(dir, "/") ||
	       (strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

/* The mount that holds @path: of those with the longest mountpoint the last. */
static guint
find_mount_index(const Facts *facts, const char *path)
{
	guint best = G_MAXUINT;
	size_t best_len = 0;

	for (guint i = 0; i < facts->mounts->len; i++) {
		const BscProcMount *mount = g_ptr_array_index(facts->mounts, i);
		size_t len = strlen(mount->mountpoint);

		if (is_below(path, mount->mountpoint) && len >= best_len) {
			best = i;
			best_len = len;
		}
	}
	return best;
}

static void add_behind_path(const Facts *facts, const char *path, GHashTable *set, int depth);

/* @name, what it stands on, and the file systems that hold the files behind loop devices. */
static void
add_behind_device(const Facts *facts, const char *name, GHashTable *set, int depth)
{
	g_autoptr(GHashTable) base = bsc_block_device_new_set();
	GHashTableIter iter;
	gpointer lower;

	bsc_block_device_add_base(&facts->devices, name, base);
	g_hash_table_iter_init(&iter, base);
	while (g_hash_table_iter_next(&iter, &lower, NULL)) {
		g_autofree char *file = bsc_block_device_get_backing_file(&facts->devices, lower);

		g_hash_table_add(set, g_strdup(lower));
		if (file != NULL && g_path_is_absolute(file))
			add_behind_path(facts, file, set, depth - 1);
	}
}

/* Directories of an overlay that are mounts of their own here. Those of an initramfs that is gone
 * cannot be told: then nothing is known, which is no contradiction. */
static void
add_behind_overlay(const Facts *facts, const BscProcMount *mount, GHashTable *set, int depth)
{
	g_autofree char *lower = bsc_proc_text_find_option(mount->super_options, "lowerdir=");
	g_auto(GStrv) dirs = g_strsplit(lower != NULL ? lower : "", ":", -1);

	for (size_t i = 0; dirs[i] != NULL; i++) {
		guint found = *dirs[i] == '/' ? find_mount_index(facts, dirs[i]) : G_MAXUINT;

		/* A directory below the overlay itself tells nothing. */
		if (found != G_MAXUINT && g_ptr_array_index(facts->mounts, found) != mount)
			add_behind_path(facts, dirs[i], set, depth - 1);
	}
}

/* Devices behind the file system that holds @path; @depth ends circles. */
static void
add_behind_path(const Facts *facts, const char *path, GHashTable *set, int depth)
{
	guint found = find_mount_index(facts, path);
	const BscProcMount *mount;

	if (found == G_MAXUINT || depth <= 0)
		return;
	mount = g_ptr_array_index(facts->mounts, found);
	if (g_ptr_array_index(facts->names, found) != NULL)
		add_behind_device(facts, g_ptr_array_index(facts->names, found), set, depth);
	else if (g_str_equal(mount->fs_type, "overlay"))
		add_behind_overlay(facts, mount, set, depth);
}

static const BscSlot *
find_slot_behind(const BscSystemConfig *config, const Facts *facts, const char *path)
{
	g_autoptr(GHashTable) behind = bsc_block_device_new_set();

	add_behind_path(facts, path, behind, 8);
	for (guint i = 0; i < config->slots->len; i++) {
		const BscSlot *slot = g_ptr_array_index(config->slots, i);
		g_autofree char *name = bsc_block_device_find(&facts->devices, slot->device);

		if (name != NULL && g_hash_table_contains(behind, name))
			return slot;
	}
	return NULL;
}

/* Path of the device that `root=` or the like names. */
static char *
resolve_device_word(const char *word)
{
	static const struct {
		const char *prefix;
		const char *dir;
		gboolean is_lower;
	} kinds[] = {
		{"PARTLABEL=", "/dev/disk/by-partlabel", FALSE},
		{"PARTUUID=", "/dev/disk/by-partuuid", TRUE},
		{"LABEL=", "/dev/disk/by-label", FALSE},
		{"UUID=", "/dev/disk/by-uuid", FALSE},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const char *rest = word + strlen(kinds[i].prefix);

		if (g_str_has_prefix(word, kinds[i].prefix)) {
			g_autofree char *lower = g_ascii_strdown(rest, -1);

			return g_build_filename(kinds[i].dir, kinds[i].is_lower ? lower : rest,
						NULL);
		}
	}
	return g_strdup(word);
}

static gboolean
is_same_path(const char *root_dir, const char *a, const char *b)
{
	g_autofree char *full_a = g_build_filename(root_dir, a, NULL);
	g_autofree char *full_b = g_build_filename(root_dir, b, NULL);
	g_autofree char *real_a = realpath(full_a, NULL);
	g_autofree char *real_b = realpath(full_b, NULL);

	return g_str_equal(a, b) || (real_a != NULL && g_strcmp0(real_a, real_b) == 0);
}

static const BscSlot *
find_slot_by_device(const BscSystemConfig *config, const Facts *facts, const char *word)
{
	g_autofree char *path = resolve_device_word(word);
	g_autofree char *name = NULL;

	if (!g_path_is_absolute(path))
		return NULL;
	name = bsc_block_device_find(&facts->devices, path);
	for (guint i = 0; i < config->slots->len; i++) {
		const BscSlot *slot = g_ptr_array_index(config->slots, i);
		g_autofree char *own = bsc_block_device_find(&facts->devices, slot->device);

		if ((name != NULL && g_strcmp0(name, own) == 0) ||
		    is_same_path(facts->devices.root_dir, slot->device, path))
			return slot;
	}
	return NULL;
}

/* Bootname, slot name or device, in this order. */
static const BscSlot *
find_slot_by_word(const BscSystemConfig *config, const Facts *facts, const char *word)
{
	const BscSlot *slot = bsc_slot_table_find_by_bootname(config, word);

	if (slot == NULL)
		slot = bsc_slot_table_find(config, word);
	return slot != NULL ? slot : find_slot_by_device(config, facts, word);
}

/* Who told what; the first one that says anything is believed. */
static void
find_boot_word(BscSlotStates *self, const BscSlotStateEnv *env, const char *cmdline)
{
	static const char *const keys[] = {"bascule.slot=", "rauc.slot="};
	g_autofree char *ours = bsc_proc_text_find_word(cmdline, "bascule.external");
	g_autofree char *theirs = bsc_proc_text_find_word(cmdline, "rauc.external");
	g_autofree char *root = bsc_proc_text_find_word(cmdline, "root=");

	if (env != NULL && env->override_boot_slot != NULL) {
		self->boot_slot = g_strdup(env->override_boot_slot);
		self->boot_slot_origin = g_strdup("--override-boot-slot");
		return;
	}
	if (ours != NULL || theirs != NULL || g_strcmp0(root, "/dev/nfs") == 0) {
		self->boot_slot = g_strdup(BSC_SLOT_STATES_EXTERNAL);
		self->boot_slot_origin = g_strdup_printf("kernel command line %s",
							 ours != NULL	  ? "bascule.external"
							 : theirs != NULL ? "rauc.external"
									  : "root=/dev/nfs");
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		self->boot_slot = bsc_proc_text_find_word(cmdline, keys[i]);
		if (self->boot_slot == NULL)
			continue;
		self->boot_slot_origin = g_strdup_printf("kernel command line %s", keys[i]);
		return;
	}
	if (env != NULL && env->backend_current != NULL) {
		self->boot_slot = g_strdup(env->backend_current);
		self->boot_slot_origin = g_strdup("boot loader");
	}
}

/* Nobody named the slot: the root device does, else what is behind `/` now. */
static const BscSlot *
find_slot_by_root(BscSlotStates *self, const BscSystemConfig *config, const Facts *facts,
		  const char *cmdline)
{
	static const char *const keys[] = {"root=", "systemd.verity_root_data="};
	const BscSlot *slot;

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autofree char *word = bsc_proc_text_find_word(cmdline, keys[i]);

		slot = word != NULL ? find_slot_by_device(config, facts, word) : NULL;
		if (slot == NULL)
			continue;
		self->boot_slot = g_steal_pointer(&word);
		self->boot_slot_origin = g_strdup_printf("kernel command line %s", keys[i]);
		return slot;
	}
	slot = find_slot_behind(config, facts, "/");
	if (slot != NULL) {
		self->boot_slot = g_strdup(slot->device);
		self->boot_slot_origin = g_strdup("device behind '/'");
	}
	return slot;
}

static gboolean
find_booted(BscSlotStates *self, const BscSystemConfig *config, const BscSlotStateEnv *env,
	    const Facts *facts, GError **error)
{
	g_autofree char *cmdline = NULL;
	const BscSlot *slot;

	if (!read_proc(env, "cmdline", &cmdline, error))
		return FALSE;
	find_boot_word(self, env, cmdline);
	self->is_external = g_strcmp0(self->boot_slot, BSC_SLOT_STATES_EXTERNAL) == 0;
	if (self->is_external)
		return TRUE;
	slot = self->boot_slot != NULL ? find_slot_by_word(config, facts, self->boot_slot)
				       : find_slot_by_root(self, config, facts, cmdline);
	if (slot != NULL) {
		self->booted = bsc_slot_table_get_root(slot);
		return TRUE;
	}
	if (self->boot_slot != NULL)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
				     "The booted slot is '%s' (%s), but no slot of '%s' has that "
				     "bootname, name or device",
				     self->boot_slot, self->boot_slot_origin, config->path);
	return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			     "Nothing tells which slot is booted: add bascule.slot=BOOTNAME to the "
			     "kernel command line, or bascule.external");
}

static void
compare_with_root(BscSlotStates *self, const BscSystemConfig *config, const BscSlotStateEnv *env,
		  const Facts *facts)
{
	const BscSlot *behind;

	if (env != NULL && env->override_boot_slot != NULL)
		return;
	behind = find_slot_behind(config, facts, "/");
	if (behind == NULL || bsc_slot_table_get_root(behind) == self->booted)
		return;
	self->contradiction = g_strdup_printf(
		"the booted slot is '%s' (%s), but '/' is on '%s' of slot %s", self->boot_slot,
		self->boot_slot_origin, behind->device, behind->name);
}

static void
condition_clear(gpointer data)
{
	BscSlotCondition *condition = data;

	g_free(condition->mountpoint);
	g_free(condition->in_use);
}

static BscSlotState
get_state(const BscSlotStates *self, const BscSlot *slot)
{
	if (slot == self->booted)
		return BSC_SLOT_STATE_BOOTED;
	return self->booted != NULL && bsc_slot_table_is_in_group(slot, self->booted)
		       ? BSC_SLOT_STATE_ACTIVE
		       : BSC_SLOT_STATE_INACTIVE;
}

static void
look_at_slots(BscSlotStates *self, const BscSystemConfig *config, const Facts *facts)
{
	self->conditions = g_array_new(FALSE, TRUE, sizeof(BscSlotCondition));
	g_array_set_clear_func(self->conditions, condition_clear);
	for (guint i = 0; i < config->slots->len; i++) {
		const BscSlot *slot = g_ptr_array_index(config->slots, i);
		BscSlotCondition condition = {
			.state = get_state(self, slot),
			.mountpoint = find_mountpoint(facts, slot),
			.in_use = find_use(facts, slot),
		};

		g_array_append_val(self->conditions, condition);
	}
}

BscSlotStates *
bsc_slot_state_detect(const BscSystemConfig *config, const BscSlotStateEnv *env, GError **error)
{
	g_autoptr(BscSlotStates) self = g_new0(BscSlotStates, 1);
	g_auto(Facts) facts = {0};

	if (!read_facts(&facts, env, error) || !find_booted(self, config, env, &facts, error))
		return NULL;
	compare_with_root(self, config, env, &facts);
	look_at_slots(self, config, &facts);
	return g_steal_pointer(&self);
}

void
bsc_slot_state_free(BscSlotStates *self)
{
	if (self == NULL)
		return;
	g_free(self->boot_slot);
	g_free(self->boot_slot_origin);
	g_free(self->contradiction);
	g_clear_pointer(&self->conditions, g_array_unref);
	g_free(self);
}

const BscSlotCondition *
bsc_slot_state_get(const BscSlotStates *self, const BscSlot *slot)
{
	g_return_val_if_fail(slot->index < self->conditions->len, NULL);
	return &g_array_index(self->conditions, BscSlotCondition, slot->index);
}

gboolean
bsc_slot_state_check_free(const BscSlot *slot, const BscSlotStateEnv *env, GError **error)
{
	g_auto(Facts) facts = {0};
	g_autofree char *use = NULL;

	if (!read_facts(&facts, env, error))
		return FALSE;
	use = find_use(&facts, slot);
	return use == NULL || bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_BUSY,
					    "slot %s: '%s' is %s", slot->name, slot->device, use);
}

const BscSlot *
bsc_slot_state_find_slot_of_path(const BscSystemConfig *config, const char *path,
				 const BscSlotStateEnv *env)
{
	g_auto(Facts) facts = {0};

	return read_facts(&facts, env, NULL) ? find_slot_behind(config, &facts, path) : NULL;
}

gboolean
bsc_slot_state_check_writable(const BscSlotStates *self, GError **error)
{
	return self->contradiction == NULL ||
	       bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			     "No slot is written: %s; correct the boot script or say "
			     "--override-boot-slot=BOOTNAME",
			     self->contradiction);
}
