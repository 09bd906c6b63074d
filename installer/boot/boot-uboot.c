/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/boot/boot-uboot.h"

#include "common/error.h"
#include "common/io.h"
#include "installer/boot/boot-order.h"

#include <gio/gio.h>
#include <string.h>

#define DEFAULT_CONFIG	 "/etc/fw_env.config"
#define MAX_CONFIG_BYTES (64 * 1024)

/*
 * Two programs are called fw_setenv. Lines of a script are `KEY VALUE` for U-Boot's own, and
 * `KEY=VALUE` for libubootenv's, which passes silently over the other kind and exits 0.
 * U-Boot's own must never get the second kind: it would store a key `BOOT_ORDER=A`.
 */
typedef enum {
	DIALECT_UNKNOWN,
	DIALECT_UBOOT,
	DIALECT_LIBUBOOTENV,
} Dialect;

/* Some variables that change together. */
typedef struct {
	const char *key;
	char *value; /* owned; empty removes the variable, as both tools do */
} Change;

static void
clear_changes(Change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		g_clear_pointer(&changes[i].value, g_free);
}

static gboolean
run_tool(BscBootEnv *env, const char *tool, const char *first, const char *second,
	 const char *input, char **out_text, GError **error)
{
	const char *argv[6] = {tool};
	size_t n = 1;

	if (env->fw_env_config != NULL) {
		argv[n++] = "-c";
		argv[n++] = env->fw_env_config;
	}
	argv[n++] = first;
	argv[n++] = second;
	return env->run(argv, input, TRUE, out_text, env->data, error);
}

/* Both tools carry on with built-in values, exit 0, and would write them over the real ones. */
static gboolean
says_default(const char *text)
{
	return strstr(text, "using default") != NULL || strstr(text, "Cannot read env") != NULL;
}

static gboolean
refuse_default(GError **error)
{
	return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
			     "the U-Boot environment cannot be read, the tool would use its "
			     "defaults: nothing is written over it; check the places in "
			     "fw_env.config, or store a new environment from U-Boot (saveenv)");
}

static char *
find_value(const char *text, const char *key)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	size_t len = strlen(key);

	for (size_t i = 0; lines[i] != NULL; i++) {
		if (g_str_has_prefix(lines[i], key) && lines[i][len] == '=')
			return g_strdup(g_strstrip(lines[i] + len + 1));
	}
	return NULL;
}

/* *out_value is NULL for a variable that is not set. libubootenv prints `KEY=` for such a one,
 * U-Boot's own fails with `## Error: "KEY" not defined`. */
static gboolean
read_variable(BscBootEnv *env, const char *key, char **out_value, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *text = NULL;
	g_autofree char *value = NULL;

	if (!run_tool(env, env->fw_printenv, key, NULL, NULL, &text, &why)) {
		if (says_default(why->message))
			return refuse_default(error);
		if (strstr(why->message, "not defined") == NULL)
			return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
					     "cannot read %s: %s", key, why->message);
		*out_value = NULL;
		return TRUE;
	}
	if (says_default(text))
		return refuse_default(error);
	value = find_value(text, key);
	if (value == NULL)
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
				     "cannot read %s: '%s' did not print it", key,
				     env->fw_printenv);
	*out_value = *value != '\0' ? g_steal_pointer(&value) : NULL;
	return TRUE;
}

static gboolean
read_left(BscBootEnv *env, const char *bootname, int *out_left, GError **error)
{
	g_autofree char *key = g_strdup_printf("BOOT_%s_LEFT", bootname);
	g_autofree char *value = NULL;

	if (!read_variable(env, key, &value, error))
		return FALSE;
	*out_left = bsc_boot_order_parse_attempts(value);
	return TRUE;
}

/* U-Boot's own says `Compiled with U-Boot 2023.01…`, libubootenv a bare `0.3.2`. */
static Dialect
ask_version(BscBootEnv *env)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *text = NULL;
	const char *argv[] = {env->fw_setenv, "-V", NULL};

	if (!env->run(argv, NULL, TRUE, &text, env->data, &why)) {
		g_debug("%s -V: %s", env->fw_setenv, why->message);
		return DIALECT_UNKNOWN;
	}
	g_strstrip(text);
	if (strstr(text, "U-Boot") != NULL)
		return DIALECT_UBOOT;
	return *text != '\0' && strspn(text, "0123456789.") == strlen(text) ? DIALECT_LIBUBOOTENV
									    : DIALECT_UNKNOWN;
}

/*
 * One script is one write of the environment. A power cut during it leaves the old environment
 * where that is redundant; where it is single, a damaged one, and U-Boot takes its built-in
 * default: list_warnings says so.
 */
static gboolean
write_script(BscBootEnv *env, Dialect dialect, const Change *changes, size_t n, GError **error)
{
	g_autoptr(GString) script = g_string_new(NULL);
	g_autofree char *text = NULL;

	for (size_t i = 0; i < n; i++)
		g_string_append_printf(script, "%s%s%s\n", changes[i].key,
				       dialect == DIALECT_UBOOT ? " " : "=", changes[i].value);
	if (!run_tool(env, env->fw_setenv, "-s", "-", script->str, &text, error)) {
		g_prefix_error(error, "cannot write: ");
		return FALSE;
	}
	return !says_default(text) || refuse_default(error);
}

static gboolean
is_as_wanted(BscBootEnv *env, const Change *changes, size_t n, gboolean *out_same, GError **error)
{
	*out_same = TRUE;
	for (size_t i = 0; i < n && *out_same; i++) {
		g_autofree char *value = NULL;

		if (!read_variable(env, changes[i].key, &value, error))
			return FALSE;
		*out_same = g_str_equal(value != NULL ? value : "", changes[i].value);
	}
	return TRUE;
}

/* Writes in the dialect the tool is known to speak. Where that is not known, U-Boot's goes first:
 * the other tool ignores it, and then the other dialect is right. */
static gboolean
write_changes(BscBootEnv *env, const Change *changes, size_t n, GError **error)
{
	static const Dialect order[] = {DIALECT_UBOOT, DIALECT_LIBUBOOTENV};
	gboolean same = FALSE;

	if (!is_as_wanted(env, changes, n, &same, error))
		return FALSE;
	if (same)
		return TRUE; /* spares the flash and a moment of danger */
	if (env->setenv_dialect == DIALECT_UNKNOWN)
		env->setenv_dialect = (int)ask_version(env);
	for (size_t i = 0; i < G_N_ELEMENTS(order) && !same; i++) {
		if (env->setenv_dialect != DIALECT_UNKNOWN && env->setenv_dialect != (int)order[i])
			continue;
		if (!write_script(env, order[i], changes, n, error) ||
		    !is_as_wanted(env, changes, n, &same, error))
			return FALSE;
		if (same)
			env->setenv_dialect = (int)order[i];
	}
	if (!same)
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_READBACK,
				     "'%s' succeeded but %s is not what was written",
				     env->fw_setenv, changes[0].key);
	return TRUE;
}

/* The order as it is at this moment; the configuration's where U-Boot has none yet. */
static gboolean
read_order(BscBootEnv *env, char **out_order, GError **error)
{
	g_autofree char *text = NULL;

	if (!read_variable(env, "BOOT_ORDER", &text, error))
		return FALSE;
	*out_order = bsc_boot_order_get(text, env->config);
	return TRUE;
}

static gboolean
uboot_get_primary(BscBootEnv *env, char **out_bootname, GError **error)
{
	g_autofree char *order = NULL;
	g_auto(GStrv) names = NULL;

	if (!read_variable(env, "BOOT_ORDER", &order, error))
		return FALSE;
	*out_bootname = NULL;
	names = bsc_boot_order_split(order != NULL ? order : "");
	for (size_t i = 0; names[i] != NULL; i++) {
		int left;

		if (!read_left(env, names[i], &left, error))
			return FALSE;
		if (left <= 0)
			continue;
		if (bsc_slot_table_find_by_bootname(env->config, names[i]) != NULL)
			*out_bootname = g_strdup(names[i]);
		return TRUE;
	}
	return TRUE;
}

static gboolean
uboot_set_primary(BscBootEnv *env, const char *bootname, GError **error)
{
	g_autofree char *left_key = g_strdup_printf("BOOT_%s_LEFT", bootname);
	g_autofree char *order = NULL;
	Change changes[2] = {{.key = "BOOT_ORDER"}, {.key = left_key}};
	gboolean ok;

	if (!read_order(env, &order, error))
		return FALSE;
	changes[0].value = bsc_boot_order_put_first(order, bootname);
	changes[1].value = g_strdup_printf("%x", (unsigned)env->config->boot_attempts_primary);
	ok = write_changes(env, changes, G_N_ELEMENTS(changes), error);
	clear_changes(changes, G_N_ELEMENTS(changes));
	return ok;
}

static gboolean
uboot_get_state(BscBootEnv *env, const char *bootname, BscBootState *out, GError **error)
{
	g_autofree char *order = NULL;
	int left;

	if (!read_variable(env, "BOOT_ORDER", &order, error) ||
	    !read_left(env, bootname, &left, error))
		return FALSE;
	/* What is not set is up to the boot script. */
	if (left == 0 || (order != NULL && !bsc_boot_order_has(order, bootname)))
		*out = BSC_BOOT_STATE_BAD;
	else if (left < 0 || order == NULL)
		*out = BSC_BOOT_STATE_UNKNOWN;
	else
		*out = BSC_BOOT_STATE_GOOD;
	return TRUE;
}

static gboolean
uboot_set_state(BscBootEnv *env, const char *bootname, BscBootState state, GError **error)
{
	g_autofree char *left_key = g_strdup_printf("BOOT_%s_LEFT", bootname);
	g_autofree char *order = NULL;
	Change changes[2] = {{.key = "BOOT_ORDER"}, {.key = left_key}};
	gboolean ok;

	if (!read_order(env, &order, error))
		return FALSE;
	if (state == BSC_BOOT_STATE_GOOD) {
		changes[0].value = bsc_boot_order_put_last(order, bootname);
		changes[1].value = g_strdup_printf("%x", (unsigned)env->config->boot_attempts);
	} else {
		changes[0].value = bsc_boot_order_remove(order, bootname);
		changes[1].value = g_strdup("0");
	}
	ok = write_changes(env, changes, G_N_ELEMENTS(changes), error);
	clear_changes(changes, G_N_ELEMENTS(changes));
	return ok;
}

static gboolean
uboot_get_attempts(BscBootEnv *env, const char *bootname, int *out, GError **error)
{
	return read_left(env, bootname, out, error);
}

/* Each line that is neither empty nor a comment is one copy of the environment; in the YAML that
 * newer libubootenv reads, each `path`. */
static unsigned
count_copies(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	gboolean is_yaml = strstr(text, "devices:") != NULL;
	unsigned n = 0;

	for (size_t i = 0; lines[i] != NULL; i++) {
		const char *line = g_strstrip(lines[i]);

		line += strspn(line, "- ");
		if (*line != '\0' && *line != '#')
			n += !is_yaml || g_str_has_prefix(line, "path");
	}
	return n;
}

static void
inspect_copies(BscBootEnv *env, GPtrArray *warnings)
{
	const char *path = env->fw_env_config != NULL ? env->fw_env_config : DEFAULT_CONFIG;
	g_autoptr(GError) why = NULL;
	g_autoptr(GBytes) bytes = bsc_io_read_file(path, MAX_CONFIG_BYTES, &why);
	const char *text = bytes != NULL ? g_bytes_get_data(bytes, NULL) : NULL;

	if (text == NULL)
		g_ptr_array_add(warnings, g_strdup_printf("no U-Boot environment is configured: %s",
							  why != NULL ? why->message : path));
	else if (count_copies(text) < 2)
		g_ptr_array_add(warnings, g_strdup("single copy of the U-Boot environment: not "
						   "safe against a power cut"));
}

static void
uboot_inspect(BscBootEnv *env, GPtrArray *warnings)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *order = NULL;

	inspect_copies(env, warnings);
	if (!read_variable(env, "BOOT_ORDER", &order, &why))
		g_ptr_array_add(warnings, g_strdup(why->message));
	else if (order == NULL)
		g_ptr_array_add(warnings, g_strdup("BOOT_ORDER is not set: the boot script "
						   "decides what boots"));
}

const BscBootloaderOps bsc_boot_uboot_ops = {
	.name = "uboot",
	.get_primary = uboot_get_primary,
	.set_primary = uboot_set_primary,
	.get_state = uboot_get_state,
	.set_state = uboot_set_state,
	.get_attempts = uboot_get_attempts,
	.inspect = uboot_inspect,
};
