/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/boot/boot-none.h"

#include "common/error.h"

static gboolean
none_set_primary(BscBootEnv *env, const char *bootname, GError **error)
{
	return TRUE;
}

static gboolean
none_set_state(BscBootEnv *env, const char *bootname, BscBootState state, GError **error)
{
	return TRUE;
}

const BscBootloaderOps bsc_boot_none_ops = {
	.name = "noop",
	.set_primary = none_set_primary,
	.set_state = none_set_state,
};

static gboolean
refuse(GError **error)
{
	return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED,
			     "this boot loader is not supported yet; bootloader=custom with a "
			     "backend script is the way until then");
}

static gboolean
later_get_primary(BscBootEnv *env, char **out_bootname, GError **error)
{
	return refuse(error);
}

static gboolean
later_set_primary(BscBootEnv *env, const char *bootname, GError **error)
{
	return refuse(error);
}

static gboolean
later_get_state(BscBootEnv *env, const char *bootname, BscBootState *out, GError **error)
{
	return refuse(error);
}

static gboolean
later_set_state(BscBootEnv *env, const char *bootname, BscBootState state, GError **error)
{
	return refuse(error);
}

static void
later_inspect(BscBootEnv *env, GPtrArray *warnings)
{
	g_ptr_array_add(warnings, g_strdup_printf("bootloader=%s is not supported yet: nothing "
						  "can be installed",
						  env->config->bootloader));
}

const BscBootloaderOps bsc_boot_none_efi_ops = {
	.name = "efi",
	.get_primary = later_get_primary,
	.set_primary = later_set_primary,
	.get_state = later_get_state,
	.set_state = later_set_state,
	.inspect = later_inspect,
};
