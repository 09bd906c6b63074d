/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/boot/boot-custom.h"

#include "common/error.h"

#include <string.h>

static gboolean
call_backend(BscBootEnv *env, const char *verb, const char *bootname, const char *word,
	     char **out_text, GError **error)
{
	const char *argv[] = {env->config->handlers.bootloader_custom_backend, verb, bootname, word,
			      NULL};
	g_autofree char *text = NULL;

	if (!env->run(argv, NULL, FALSE, &text, env->data, error)) {
		g_prefix_error(error, "%s: ", verb);
		return FALSE;
	}
	g_strstrip(text);
	if (strpbrk(text, " \t\r\n") != NULL || !g_utf8_validate(text, -1, NULL))
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
				     "%s: the backend printed more than one word", verb);
	*out_text = g_steal_pointer(&text);
	return TRUE;
}

static gboolean
call_for_name(BscBootEnv *env, const char *verb, char **out_bootname, GError **error)
{
	g_autofree char *text = NULL;

	if (!call_backend(env, verb, NULL, NULL, &text, error))
		return FALSE;
	*out_bootname = *text != '\0' ? g_steal_pointer(&text) : NULL;
	return TRUE;
}

static gboolean
custom_get_primary(BscBootEnv *env, char **out_bootname, GError **error)
{
	return call_for_name(env, "get-primary", out_bootname, error);
}

static gboolean
custom_set_primary(BscBootEnv *env, const char *bootname, GError **error)
{
	g_autofree char *ignored = NULL;

	return call_backend(env, "set-primary", bootname, NULL, &ignored, error);
}

static gboolean
custom_get_state(BscBootEnv *env, const char *bootname, BscBootState *out, GError **error)
{
	g_autofree char *text = NULL;

	if (!call_backend(env, "get-state", bootname, NULL, &text, error))
		return FALSE;
	if (g_str_equal(text, "good"))
		*out = BSC_BOOT_STATE_GOOD;
	else if (g_str_equal(text, "bad"))
		*out = BSC_BOOT_STATE_BAD;
	else
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
				     "get-state: the backend printed '%s' in place of good or bad",
				     text);
	return TRUE;
}

static gboolean
custom_set_state(BscBootEnv *env, const char *bootname, BscBootState state, GError **error)
{
	g_autofree char *ignored = NULL;

	return call_backend(env, "set-state", bootname,
			    state == BSC_BOOT_STATE_GOOD ? "good" : "bad", &ignored, error);
}

/* Backends older than get-current do not know the verb and fail: then nobody says. */
static gboolean
custom_get_current(BscBootEnv *env, char **out_bootname, GError **error)
{
	g_autoptr(GError) why = NULL;

	if (!call_for_name(env, "get-current", out_bootname, &why)) {
		g_debug("%s", why->message);
		*out_bootname = NULL;
	}
	return TRUE;
}

static void
custom_inspect(BscBootEnv *env, GPtrArray *warnings)
{
	const char *path = env->config->handlers.bootloader_custom_backend;

	if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
		g_ptr_array_add(warnings,
				g_strdup_printf("bootloader-custom-backend '%s' is missing or not "
						"executable",
						path));
}

const BscBootloaderOps bsc_boot_custom_ops = {
	.name = "custom",
	.get_primary = custom_get_primary,
	.set_primary = custom_set_primary,
	.get_state = custom_get_state,
	.set_state = custom_set_state,
	.get_current = custom_get_current,
	.inspect = custom_inspect,
};
