/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/boot/boot-grub.h"

#include "common/error.h"
#include "common/io.h"
#include "installer/boot/boot-grubenv.h"
#include "installer/boot/boot-order.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The block as it is on disk, open for writing where wanted. */
typedef struct {
	int fd;
	uint8_t bytes[BSC_BOOT_GRUBENV_BYTES];
	BscBootGrubenv *variables;
} Block;

static void
block_clear(Block *block)
{
	bsc_io_clear_fd(&block->fd);
	g_clear_pointer(&block->variables, bsc_boot_grubenv_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Block, block_clear)

static gboolean
environment_error(GError **error, const char *path, const GError *why)
{
	return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT, "'%s': %s", path,
			     why->message);
}

static gboolean
block_open(Block *block, const BscBootEnv *env, int flags, GError **error)
{
	const char *path = env->config->grubenv;
	g_autoptr(GError) why = NULL;
	int saved_errno;
	struct stat st;

	/* Not O_TRUNC and not by rename: GRUB finds the blocks of the file where they were. */
	block->fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	saved_errno = errno;
	if (block->fd < 0 || fstat(block->fd, &st) < 0)
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
				     "Failed to open '%s': %s%s", path, g_strerror(saved_errno),
				     saved_errno == ENOENT ? "; grub-editenv FILE create makes one"
							   : "");
	if (!S_ISREG(st.st_mode) || st.st_size != BSC_BOOT_GRUBENV_BYTES)
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
				     "'%s' is not a GRUB environment block: it has not 1024 bytes",
				     path);
	if (!bsc_io_pread_exact(block->fd, block->bytes, sizeof(block->bytes), 0, &why))
		return environment_error(error, path, why);
	block->variables = bsc_boot_grubenv_parse(block->bytes, sizeof(block->bytes), &why);
	return block->variables != NULL || environment_error(error, path, why);
}

/*
 * One write in place, of one sector where only that changes. A disk writes a sector whole or not
 * at all, so a power cut leaves the deciding variables as before or as wanted. The first time they
 * are gathered in front both sectors change; a cut between can then cost variables of others
 * (`saved_entry`), never ours.
 */
static gboolean
block_write(Block *block, const BscBootEnv *env, GError **error)
{
	uint8_t bytes[BSC_BOOT_GRUBENV_BYTES];
	size_t len = BSC_BOOT_GRUBENV_SECTOR;
	g_autoptr(GError) why = NULL;

	if (!bsc_boot_grubenv_serialise(block->variables, bytes, error))
		return FALSE;
	if (memcmp(bytes, block->bytes, sizeof(bytes)) == 0)
		return TRUE;
	if (memcmp(bytes + len, block->bytes + len, sizeof(bytes) - len) != 0)
		len = sizeof(bytes);
	if (!bsc_io_pwrite_all(block->fd, bytes, len, 0, &why))
		return environment_error(error, env->config->grubenv, why);
	if (fsync(block->fd) < 0)
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
				     "Failed to sync '%s': %s", env->config->grubenv,
				     g_strerror(errno));
	return bsc_io_close(&block->fd, error);
}

static const char *
get_flag(const Block *block, const char *bootname, const char *what)
{
	g_autofree char *name = g_strdup_printf("%s_%s", bootname, what);
	const char *value = bsc_boot_grubenv_get(block->variables, name);

	return value != NULL ? value : "";
}

static void
set_flag(Block *block, const char *bootname, const char *what, const char *value)
{
	g_autofree char *name = g_strdup_printf("%s_%s", bootname, what);

	bsc_boot_grubenv_set(block->variables, name, value);
}

static gboolean
is_bootable(const Block *block, const char *bootname)
{
	return g_str_equal(get_flag(block, bootname, "OK"), "1") &&
	       g_str_equal(get_flag(block, bootname, "TRY"), "0");
}

static void
set_again(Block *block, const char *name)
{
	const char *value = bsc_boot_grubenv_get(block->variables, name);

	if (value != NULL)
		bsc_boot_grubenv_set(block->variables, name, value);
}

/* Sets every variable of ours to itself, so that all stand in the first sector, in the same order
 * each time. What was never set stays so: its default is grub.cfg's. */
static void
gather(Block *block, const BscBootEnv *env)
{
	g_autoptr(GPtrArray) slots = bsc_slot_table_list_bootable(env->config);

	set_again(block, "ORDER");
	for (guint i = 0; i < slots->len; i++) {
		const BscSlot *slot = g_ptr_array_index(slots, i);
		g_autofree char *ok = g_strdup_printf("%s_OK", slot->bootname);
		g_autofree char *try = g_strdup_printf("%s_TRY", slot->bootname);

		set_again(block, ok);
		set_again(block, try);
	}
}

/* @change_order is NULL where the order stays as it is, even if there is none. */
static gboolean
change_slot(BscBootEnv *env, const char *bootname, const char *ok,
	    char *(*change_order)(const char *order, const char *bootname), GError **error)
{
	g_auto(Block) block = {.fd = -1};

	if (!block_open(&block, env, O_RDWR, error))
		return FALSE;
	if (change_order != NULL) {
		g_autofree char *old = bsc_boot_order_get(
			bsc_boot_grubenv_get(block.variables, "ORDER"), env->config);
		g_autofree char *order = change_order(old, bootname);

		bsc_boot_grubenv_set(block.variables, "ORDER", order);
	}
	set_flag(&block, bootname, "OK", ok);
	set_flag(&block, bootname, "TRY", "0");
	gather(&block, env);
	return block_write(&block, env, error);
}

static gboolean
grub_get_primary(BscBootEnv *env, char **out_bootname, GError **error)
{
	g_auto(Block) block = {.fd = -1};
	g_auto(GStrv) names = NULL;
	const char *order;

	if (!block_open(&block, env, O_RDONLY, error))
		return FALSE;
	order = bsc_boot_grubenv_get(block.variables, "ORDER");
	names = bsc_boot_order_split(order != NULL ? order : "");
	*out_bootname = NULL;
	for (size_t i = 0; names[i] != NULL; i++) {
		if (!is_bootable(&block, names[i]))
			continue;
		if (bsc_slot_table_find_by_bootname(env->config, names[i]) != NULL)
			*out_bootname = g_strdup(names[i]);
		break;
	}
	return TRUE;
}

static gboolean
grub_set_primary(BscBootEnv *env, const char *bootname, GError **error)
{
	return change_slot(env, bootname, "1", bsc_boot_order_put_first, error);
}

static gboolean
grub_get_state(BscBootEnv *env, const char *bootname, BscBootState *out, GError **error)
{
	g_auto(Block) block = {.fd = -1};
	const char *order;

	if (!block_open(&block, env, O_RDONLY, error))
		return FALSE;
	order = bsc_boot_grubenv_get(block.variables, "ORDER");
	if (order == NULL && *get_flag(&block, bootname, "OK") == '\0')
		*out = BSC_BOOT_STATE_UNKNOWN; /* never written: grub.cfg decides */
	else
		*out = bsc_boot_order_has(order, bootname) && is_bootable(&block, bootname)
			       ? BSC_BOOT_STATE_GOOD
			       : BSC_BOOT_STATE_BAD;
	return TRUE;
}

static gboolean
grub_set_state(BscBootEnv *env, const char *bootname, BscBootState state, GError **error)
{
	if (state == BSC_BOOT_STATE_GOOD)
		return change_slot(env, bootname, "1", bsc_boot_order_put_last, error);
	return change_slot(env, bootname, "0", NULL, error);
}

/* One attempt: grub.cfg sets TRY before it boots, and only mark-good clears it. */
static gboolean
grub_get_attempts(BscBootEnv *env, const char *bootname, int *out, GError **error)
{
	g_auto(Block) block = {.fd = -1};

	if (!block_open(&block, env, O_RDONLY, error))
		return FALSE;
	*out = is_bootable(&block, bootname) ? 1 : 0;
	return TRUE;
}

static void
grub_inspect(BscBootEnv *env, GPtrArray *warnings)
{
	g_auto(Block) block = {.fd = -1};
	g_autoptr(GError) why = NULL;
	uint8_t bytes[BSC_BOOT_GRUBENV_BYTES];

	if (!block_open(&block, env, O_RDONLY, &why)) {
		g_ptr_array_add(warnings, g_strdup(why->message));
		return;
	}
	if (bsc_boot_grubenv_get(block.variables, "ORDER") == NULL)
		g_ptr_array_add(warnings, g_strdup("ORDER is not set in grubenv: grub.cfg decides "
						   "what boots"));
	gather(&block, env);
	if (!bsc_boot_grubenv_serialise(block.variables, bytes, &why))
		g_ptr_array_add(warnings, g_strdup(why->message));
}

const BscBootloaderOps bsc_boot_grub_ops = {
	.name = "grub",
	.get_primary = grub_get_primary,
	.set_primary = grub_set_primary,
	.get_state = grub_get_state,
	.set_state = grub_set_state,
	.get_attempts = grub_get_attempts,
	.inspect = grub_inspect,
};
