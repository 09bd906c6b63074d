/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/manifest-group.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"
#include "common/hex.h"

gboolean
bsc_manifest_group_refuse(GError **error, const char *group, const char *words)
{
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT, "[%s] %s", group,
			     words);
}

gboolean
bsc_manifest_group_read(GKeyFile *file, const char *group, const BscKeyfileRow *rows, size_t n_rows,
			gpointer out, GError **error)
{
	g_autoptr(GError) why = NULL;

	if (bsc_keyfile_read_group(file, group, rows, n_rows, NULL, out, &why))
		return TRUE;
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT, "%s", why->message);
}

/* Build scripts write `build=` where they have nothing to say. */
void
bsc_manifest_group_drop_empty(GKeyFile *file, const char *group)
{
	static const char *const keys[] = {"version", "description", "build"};

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autofree char *value = g_key_file_get_value(file, group, keys[i], NULL);

		if (value != NULL && *g_strstrip(value) == '\0')
			g_key_file_remove_key(file, group, keys[i], NULL);
	}
}

gboolean
bsc_manifest_group_check_name(const char *group, const char *name, GError **error)
{
	for (const char *c = name; c != NULL && *c != '\0'; c++) {
		if (g_ascii_iscntrl(*c))
			return bsc_manifest_group_refuse(
				error, group, "filename: control characters are not allowed");
	}
	return TRUE;
}

void
bsc_manifest_group_clear_empty(char ***list)
{
	if (*list != NULL && (*list)[0] == NULL)
		g_clear_pointer(list, g_strfreev);
}

void
bsc_manifest_group_write_text(GKeyFile *file, const char *group, const char *key, const char *value)
{
	if (value != NULL)
		g_key_file_set_string(file, group, key, value);
}

void
bsc_manifest_group_write_hex(GKeyFile *file, const char *group, const char *key,
			     const uint8_t value[32])
{
	g_autofree char *text = bsc_hex_encode(value, 32);

	g_key_file_set_string(file, group, key, text);
}

void
bsc_manifest_group_write_list(GKeyFile *file, const char *group, const char *key, char **list)
{
	if (list != NULL)
		g_key_file_set_string_list(file, group, key, (const char *const *)list,
					   g_strv_length(list));
}
