/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/boot/bootloader.h"

#include "common/error.h"
#include "common/keyfile.h"
#include "common/run.h"
#include "installer/boot/boot-barebox.h"
#include "installer/boot/boot-custom.h"
#include "installer/boot/boot-grub.h"
#include "installer/boot/boot-none.h"
#include "installer/boot/boot-uboot.h"

#include <string.h>

#define TOOL_TIMEOUT_USEC (60 * G_USEC_PER_SEC)

struct _BscBootloader {
	const BscBootloaderOps *ops;
	BscBootEnv env; /* its config is owned */
};

static const BscBootloaderOps *const bootloaders[] = {
	&bsc_boot_uboot_ops, &bsc_boot_grub_ops,    &bsc_boot_custom_ops,
	&bsc_boot_none_ops,  &bsc_boot_barebox_ops, &bsc_boot_none_efi_ops,
};

static const BscBootloaderOps *
find_ops(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(bootloaders); i++) {
		if (g_str_equal(bootloaders[i]->name, name))
			return bootloaders[i];
	}
	return NULL;
}

static gboolean
check_word(const BscSystemConfig *config, GError **error)
{
	const char *known[G_N_ELEMENTS(bootloaders) + 1] = {NULL};
	const char *nearest;

	if (find_ops(config->bootloader) != NULL)
		return TRUE;
	for (size_t i = 0; i < G_N_ELEMENTS(bootloaders); i++)
		known[i] = bootloaders[i]->name;
	nearest = bsc_keyfile_find_nearest(config->bootloader, known);
	return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE,
			     "%s: [system] bootloader: '%s' is not known%s%s%s", config->path,
			     config->bootloader, nearest ? ", did you mean '" : "",
			     nearest ? nearest : "", nearest ? "'?" : "");
}

/* A bootname becomes a part of variable names and a word of scripts. */
static gboolean
check_bootnames(const BscSystemConfig *config, GError **error)
{
	g_autoptr(GPtrArray) slots = bsc_slot_table_list_bootable(config);

	for (guint i = 0; i < slots->len; i++) {
		const BscSlot *slot = g_ptr_array_index(slots, i);

		if (strpbrk(slot->bootname, "=#\\\"'$;") != NULL)
			return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE,
					     "%s: [slot.%s] bootname: '%s' cannot be kept by %s: "
					     "letters, digits and _ can",
					     config->path, slot->name, slot->bootname,
					     config->bootloader);
	}
	return TRUE;
}

gboolean
bsc_bootloader_check_config(const BscSystemConfig *config, GError **error)
{
	static const char *const by_variables[] = {"uboot", "grub", "barebox", NULL};

	if (!check_word(config, error))
		return FALSE;
	if (g_str_equal(config->bootloader, "custom") &&
	    config->handlers.bootloader_custom_backend == NULL)
		return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_CONFLICT,
				     "%s: [handlers] bootloader-custom-backend: is missing, "
				     "bootloader=custom needs it",
				     config->path);
	return !g_strv_contains(by_variables, config->bootloader) || check_bootnames(config, error);
}

static gboolean
feed_and_wait(BscRun *run, const char *input, char **out_text, GError **error)
{
	if (input != NULL && !bsc_run_feed(run, input, strlen(input), error))
		return FALSE;
	return bsc_run_wait(run, NULL, out_text, NULL, error);
}

/* The real runner. Backends of integrators expect the environment that the service has. */
static gboolean
run_program(const char *const *argv, const char *input, gboolean with_stderr, char **out_text,
	    gpointer data, GError **error)
{
	g_auto(GStrv) env = g_get_environ();
	g_autoptr(BscRun) run = bsc_run_start(argv,
					      &(BscRunOptions){
						      .timeout_usec = TOOL_TIMEOUT_USEC,
						      .env = (const char *const *)env,
						      .want_stdin = input != NULL,
						      .merge_stderr = with_stderr,
					      },
					      error);

	return run != NULL && feed_and_wait(run, input, out_text, error);
}

BscBootloader *
bsc_bootloader_new_for_ops(const BscBootloaderOps *ops, const BscSystemConfig *config,
			   const BscBootEnv *env)
{
	BscBootloader *self = g_new0(BscBootloader, 1);

	self->ops = ops;
	if (env != NULL)
		self->env = *env;
	self->env.config = bsc_system_config_ref(config);
	if (self->env.fw_printenv == NULL)
		self->env.fw_printenv = "fw_printenv";
	if (self->env.fw_setenv == NULL)
		self->env.fw_setenv = "fw_setenv";
	if (self->env.fw_env_config == NULL)
		self->env.fw_env_config = config->fw_env_config;
	if (self->env.barebox_state == NULL)
		self->env.barebox_state = "barebox-state";
	if (self->env.cmdline_path == NULL)
		self->env.cmdline_path = "/proc/cmdline";
	if (self->env.run == NULL)
		self->env.run = run_program;
	return self;
}

BscBootloader *
bsc_bootloader_new(const BscSystemConfig *config, const BscBootEnv *env, GError **error)
{
	if (!bsc_bootloader_check_config(config, error))
		return NULL;
	return bsc_bootloader_new_for_ops(find_ops(config->bootloader), config, env);
}

void
bsc_bootloader_free(BscBootloader *self)
{
	if (self == NULL)
		return;
	bsc_system_config_unref(self->env.config);
	g_free(self);
}

/* One prefix for all that comes from below; codes of other domains become ENVIRONMENT. */
static gboolean
fail(const BscBootloader *self, GError *why, GError **error)
{
	int code = why->domain == BSC_BOOT_ERROR ? why->code : BSC_BOOT_ERROR_ENVIRONMENT;

	bsc_error_set(error, BSC_BOOT_ERROR, code, "boot loader %s: %s", self->ops->name,
		      why->message);
	g_error_free(why);
	return FALSE;
}

static gboolean
check_known(const BscBootloader *self, const char *bootname, GError **error)
{
	if (bsc_slot_table_find_by_bootname(self->env.config, bootname) != NULL)
		return TRUE;
	return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED,
			     "boot loader %s: no slot has the bootname '%s'", self->ops->name,
			     bootname);
}

static gboolean
check_primary_is(BscBootloader *self, const char *bootname, GError **error)
{
	g_autofree char *found = NULL;

	if (self->ops->get_primary == NULL)
		return TRUE;
	if (!bsc_bootloader_get_primary(self, &found, error))
		return FALSE;
	return g_strcmp0(found, bootname) == 0 ||
	       bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_READBACK,
			     "boot loader %s: '%s' was made primary, but '%s' would boot",
			     self->ops->name, bootname, found != NULL ? found : "nothing known");
}

gboolean
bsc_bootloader_set_primary(BscBootloader *self, const char *bootname, GError **error)
{
	GError *why = NULL;

	if (!check_known(self, bootname, error))
		return FALSE;
	if (!self->ops->set_primary(&self->env, bootname, &why))
		return fail(self, why, error);
	return check_primary_is(self, bootname, error);
}

static gboolean
check_state_is(BscBootloader *self, const char *bootname, BscBootState state, GError **error)
{
	BscBootState found;

	if (self->ops->get_state == NULL)
		return TRUE;
	if (!bsc_bootloader_get_state(self, bootname, &found, error))
		return FALSE;
	return found == state ||
	       bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_READBACK,
			     "boot loader %s: '%s' was marked %s, but it is %s", self->ops->name,
			     bootname, bsc_bootloader_state_to_string(state),
			     bsc_bootloader_state_to_string(found));
}

gboolean
bsc_bootloader_set_state(BscBootloader *self, const char *bootname, BscBootState state,
			 GError **error)
{
	GError *why = NULL;

	g_return_val_if_fail(state == BSC_BOOT_STATE_GOOD || state == BSC_BOOT_STATE_BAD, FALSE);
	if (!check_known(self, bootname, error))
		return FALSE;
	if (!self->ops->set_state(&self->env, bootname, state, &why))
		return fail(self, why, error);
	return check_state_is(self, bootname, state, error);
}

gboolean
bsc_bootloader_get_primary(BscBootloader *self, char **out_bootname, GError **error)
{
	GError *why = NULL;

	if (self->ops->get_primary == NULL)
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED,
				     "boot loader %s: there is none to ask", self->ops->name);
	return self->ops->get_primary(&self->env, out_bootname, &why) || fail(self, why, error);
}

gboolean
bsc_bootloader_get_state(BscBootloader *self, const char *bootname, BscBootState *out,
			 GError **error)
{
	GError *why = NULL;

	*out = BSC_BOOT_STATE_UNKNOWN;
	if (self->ops->get_state == NULL)
		return TRUE;
	return self->ops->get_state(&self->env, bootname, out, &why) || fail(self, why, error);
}

gboolean
bsc_bootloader_get_current(BscBootloader *self, char **out_bootname, GError **error)
{
	GError *why = NULL;

	*out_bootname = NULL;
	if (self->ops->get_current == NULL)
		return TRUE;
	return self->ops->get_current(&self->env, out_bootname, &why) || fail(self, why, error);
}

gboolean
bsc_bootloader_get_attempts(BscBootloader *self, const char *bootname, int *out, GError **error)
{
	GError *why = NULL;

	*out = -1;
	if (self->ops->get_attempts == NULL)
		return TRUE;
	return self->ops->get_attempts(&self->env, bootname, out, &why) || fail(self, why, error);
}

char **
bsc_bootloader_list_bootable(BscBootloader *self, GError **error)
{
	g_autoptr(GPtrArray) slots = bsc_slot_table_list_bootable(self->env.config);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_autofree char *primary = NULL;

	if (!bsc_bootloader_get_primary(self, &primary, error))
		return NULL;
	if (primary != NULL)
		g_strv_builder_add(builder, primary);
	for (guint i = 0; i < slots->len; i++) {
		const BscSlot *slot = g_ptr_array_index(slots, i);
		BscBootState state;

		if (!bsc_bootloader_get_state(self, slot->bootname, &state, error))
			return NULL;
		if (state == BSC_BOOT_STATE_GOOD && g_strcmp0(slot->bootname, primary) != 0)
			g_strv_builder_add(builder, slot->bootname);
	}
	return g_strv_builder_end(builder);
}

const char *
bsc_bootloader_get_name(const BscBootloader *self)
{
	return self->ops->name;
}

char **
bsc_bootloader_list_warnings(BscBootloader *self)
{
	GPtrArray *warnings = g_ptr_array_new();

	if (self->ops->inspect != NULL)
		self->ops->inspect(&self->env, warnings);
	g_ptr_array_add(warnings, NULL);
	return (char **)g_ptr_array_free(warnings, FALSE);
}

const char *
bsc_bootloader_state_to_string(BscBootState state)
{
	static const char *const words[BSC_BOOT_STATE_N] = {
		[BSC_BOOT_STATE_UNKNOWN] = "unknown",
		[BSC_BOOT_STATE_GOOD] = "good",
		[BSC_BOOT_STATE_BAD] = "bad",
	};

	g_return_val_if_fail(state < BSC_BOOT_STATE_N, "unknown");
	return words[state];
}
