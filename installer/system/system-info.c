/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/system/system-info.h"

#include "common/error.h"
#include "common/io.h"
#include "common/keyfile.h"
#include "common/run.h"

#include <gio/gio.h>
#include <string.h>

#define HANDLER_TIMEOUT_USEC (60 * G_USEC_PER_SEC)
#define MAX_FILE_BYTES	     (64 * 1024)

/* The first line of a small file; of a file with several strings, the first of them. Files of
 * /proc and /sys say that they are empty, so GLib reads them. */
static char *
read_first_line(const char *root_dir, const char *path, GError **error)
{
	g_autofree char *full = g_build_filename(root_dir, path, NULL);
	g_autofree char *text = NULL;
	char *line;

	if (!g_file_get_contents(full, &text, NULL, error))
		return NULL;
	text[strcspn(text, "\r\n")] = '\0';
	line = g_utf8_make_valid(text, -1);
	return g_strstrip(line);
}

static char *
read_id(const char *root_dir, const char *path)
{
	g_autofree char *id = read_first_line(root_dir, path, NULL);

	return id != NULL && *id != '\0' ? g_steal_pointer(&id) : NULL;
}

static gboolean
read_variant(const BscSystemConfig *config, const char *root_dir, char **out_variant,
	     GError **error)
{
	if (config->variant_name != NULL) {
		*out_variant = g_strdup(config->variant_name);
		return TRUE;
	}
	if (config->variant_file != NULL)
		*out_variant = read_first_line("/", config->variant_file, error);
	else if (config->variant_dtb)
		*out_variant =
			read_first_line(root_dir, "sys/firmware/devicetree/base/compatible", error);
	else
		return TRUE;
	if (*out_variant == NULL) {
		g_prefix_error(error, "Failed to read the variant: ");
		return FALSE;
	}
	return TRUE;
}

static gboolean
is_variable_name(const char *name, size_t len)
{
	return len > strlen("RAUC_") && g_str_has_prefix(name, "RAUC_") &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == len;
}

static void
append(char ***list, char *item)
{
	size_t n = *list != NULL ? g_strv_length(*list) : 0;

	*list = g_renew(char *, *list, n + 2);
	(*list)[n] = item;
	(*list)[n + 1] = NULL;
}

static gboolean
has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if (g_ascii_iscntrl(*text) && *text != '\t')
			return TRUE;
	}
	return FALSE;
}

static char *
make_header(const char *name, const char *value)
{
	g_autofree char *dashed = g_strdelimit(g_strdup(name), "_", '-');

	return g_strdup_printf("RAUC-%s: %s", dashed, value);
}

static gboolean
take_line(const char *line, BscSystemInfo *info, GError **error)
{
	static const struct {
		const char *name;
		size_t offset;
	} special[] = {
		{"RAUC_SYSTEM_SERIAL", offsetof(BscSystemInfo, serial)},
		{"RAUC_SYSTEM_VARIANT", offsetof(BscSystemInfo, variant)},
		{"RAUC_SYSTEM_VERSION", offsetof(BscSystemInfo, version)},
	};
	size_t len = strcspn(line, "=");
	g_autofree char *name = g_strndup(line, len);
	const char *value = line + len + 1;

	if (line[len] != '=' || !is_variable_name(line, len))
		return TRUE;
	if (!g_utf8_validate(value, -1, NULL) || has_control(value))
		return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE,
				     "%s has a value with control characters", name);
	for (size_t i = 0; i < G_N_ELEMENTS(special); i++) {
		char **field = (char **)((char *)info + special[i].offset);

		if (!g_str_equal(special[i].name, name))
			continue;
		g_free(*field);
		*field = g_strdup(value);
	}
	if (g_str_has_prefix(name, "RAUC_HTTP_") && len > strlen("RAUC_HTTP_"))
		append(&info->http_headers, make_header(name + strlen("RAUC_HTTP_"), value));
	else
		append(&info->variables, g_strdup(line));
	return TRUE;
}

gboolean
bsc_system_info_parse(const char *text, BscSystemInfo *info, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (size_t i = 0; lines[i] != NULL; i++) {
		if (!take_line(g_strchomp(lines[i]), info, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
run_handler(const char *handler, BscSystemInfo *info, GError **error)
{
	const char *const argv[] = {handler, NULL};
	g_auto(GStrv) env = g_get_environ();
	BscRunOptions options = {
		.timeout_usec = HANDLER_TIMEOUT_USEC,
		.env = (const char *const *)env,
		.max_output_bytes = MAX_FILE_BYTES,
	};
	g_autofree char *text = NULL;

	if (bsc_run(argv, &options, &text, NULL, error) && bsc_system_info_parse(text, info, error))
		return TRUE;
	g_prefix_error(error, "system-info handler: ");
	return FALSE;
}

BscSystemInfo *
bsc_system_info_load(const BscSystemConfig *config, const BscSystemInfoOptions *options,
		     GError **error)
{
	g_autoptr(BscSystemInfo) self = g_new0(BscSystemInfo, 1);
	const char *root_dir =
		options != NULL && options->root_dir != NULL ? options->root_dir : "/";

	self->compatible = g_strdup(config->compatible);
	self->boot_id = read_id(root_dir, "proc/sys/kernel/random/boot_id");
	self->machine_id = read_id(root_dir, "etc/machine-id");
	self->variables = g_new0(char *, 1);
	self->http_headers = g_new0(char *, 1);
	if (!read_variant(config, root_dir, &self->variant, error))
		return NULL;
	if (config->handlers.system_info != NULL &&
	    !run_handler(config->handlers.system_info, self, error))
		return NULL;
	return g_steal_pointer(&self);
}

void
bsc_system_info_free(BscSystemInfo *self)
{
	if (self == NULL)
		return;
	g_free(self->compatible);
	g_free(self->variant);
	g_free(self->serial);
	g_free(self->version);
	g_free(self->boot_id);
	g_free(self->machine_id);
	g_strfreev(self->variables);
	g_strfreev(self->http_headers);
	g_free(self);
}
