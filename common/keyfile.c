/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "common/keyfile.h"

#include "common/error.h"

#include <string.h>

G_DEFINE_QUARK(bsc - config - error - quark, bsc_config_error)

/* The key of a line `key = value`, without blanks around it, or NULL where it is none. */
static char *
key_of_line(const char *line)
{
	const char *equals = strchr(line, '=');

	if (line[0] == '#' || line[0] == '\0' || equals == NULL)
		return NULL;
	return g_strstrip(g_strndup(line, (size_t)(equals - line)));
}

static char *
group_of_line(const char *line)
{
	const char *end = line[0] == '[' ? strchr(line, ']') : NULL;

	return end != NULL ? g_strndup(line + 1, (size_t)(end - line - 1)) : NULL;
}

/* GKeyFile merges groups that stand twice and lets the last of two equal keys win. */
static gboolean
check_unique(const char *text, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *group = g_strdup("");

	for (size_t i = 0; lines[i] != NULL; i++) {
		g_autofree char *next = group_of_line(g_strchug(lines[i]));
		g_autofree char *key = next == NULL ? key_of_line(lines[i]) : NULL;

		if (next == NULL && key == NULL)
			continue;
		if (next != NULL) {
			g_free(group);
			group = g_strdup(next);
		}
		if (!g_hash_table_add(seen, g_strdup_printf("%s\n%s", group, key ? key : "")))
			return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_SYNTAX,
					     "line %zu: %s '%s' stands twice", i + 1,
					     key != NULL ? "key" : "group", key ? key : group);
	}
	return TRUE;
}

GKeyFile *
bsc_keyfile_parse(const char *data, size_t len, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GError) why = NULL;
	g_autofree char *text = NULL;

	if (len == 0)
		data = ""; /* of an empty file it may be NULL */
	if (memchr(data, '\0', len) != NULL || !g_utf8_validate(data, (gssize)len, NULL)) {
		bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_SYNTAX,
			      "the text is not UTF-8");
		return NULL;
	}
	text = g_strndup(data, len);
	if (!g_key_file_load_from_data(file, text, len, G_KEY_FILE_NONE, &why)) {
		bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_SYNTAX, "%s", why->message);
		return NULL;
	}
	if (!check_unique(text, error))
		return NULL;
	return g_steal_pointer(&file);
}

static gboolean
value_error(GError **error, const char *words)
{
	return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE, "%s", words);
}

static gboolean
check_word(const BscKeyfileRow *row, const char *word, GError **error)
{
	const char *nearest;

	if (row->words == NULL || g_strv_contains(row->words, word))
		return TRUE;
	nearest = bsc_keyfile_find_nearest(word, row->words);
	return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE,
			     "'%s' is not known%s%s%s", word, nearest ? ", did you mean '" : "",
			     nearest ? nearest : "", nearest ? "'?" : "");
}

static gboolean
parse_text(const BscKeyfileRow *row, const char *value, const char *base_dir, char **out,
	   GError **error)
{
	switch (row->type) {
	case BSC_KEYFILE_WORD:
		if (strpbrk(value, " \t\r\n\v\f") != NULL)
			return value_error(error, "white space is not allowed");
		break;
	case BSC_KEYFILE_FILENAME:
		if (strchr(value, '/') != NULL || g_str_equal(value, ".") ||
		    g_str_equal(value, ".."))
			return value_error(error, "a file name without '/' is wanted");
		break;
	case BSC_KEYFILE_HEX32:
		if (strlen(value) != 64 || strspn(value, "0123456789abcdefABCDEF") != 64)
			return value_error(error, "64 hex digits are wanted");
		*out = g_ascii_strdown(value, -1);
		return TRUE;
	case BSC_KEYFILE_PATH:
		*out = g_canonicalize_filename(value, base_dir);
		return TRUE;
	case BSC_KEYFILE_STRING:
	case BSC_KEYFILE_BOOLEAN:
	case BSC_KEYFILE_UINT:
	case BSC_KEYFILE_SIZE:
	case BSC_KEYFILE_LIST:
		break;
	}
	*out = g_strdup(value);
	return check_word(row, value, error);
}

static gboolean
parse_boolean(const char *value, gboolean *out, GError **error)
{
	static const char *const yes[] = {"true", "yes", "1", NULL};
	static const char *const no[] = {"false", "no", "0", NULL};

	*out = g_strv_contains(yes, value);
	if (!*out && !g_strv_contains(no, value))
		return value_error(error, "true or false is wanted");
	return TRUE;
}

static gboolean
parse_number(const BscKeyfileRow *row, const char *value, uint64_t *out, GError **error)
{
	static const char units[] = "KMGT";
	uint64_t max = row->max != 0 ? row->max : G_MAXUINT64;
	g_autofree char *digits = g_strdup(value);
	size_t len = strlen(digits);
	const char *unit = NULL;
	unsigned shift = 0;

	if (row->type == BSC_KEYFILE_SIZE && len > 1)
		unit = strchr(units, g_ascii_toupper(digits[len - 1]));
	if (unit != NULL) {
		shift = 10 * (unsigned)(unit - units + 1);
		digits[len - 1] = '\0';
	}
	if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT64, out, NULL))
		return value_error(error, row->type == BSC_KEYFILE_SIZE
						  ? "a size as 4096, 64K, 10M or 2G is wanted"
						  : "a decimal number is wanted");
	if (*out > G_MAXUINT64 >> shift || *out << shift > max || *out << shift < row->min)
		return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE,
				     "%s is not between %" G_GUINT64_FORMAT
				     " and %" G_GUINT64_FORMAT,
				     value, row->min, max);
	*out <<= shift;
	return TRUE;
}

static gboolean
parse_list(const BscKeyfileRow *row, const char *value, char ***out, GError **error)
{
	g_auto(GStrv) parts =
		g_strsplit_set(value, row->separators != NULL ? row->separators : ";", -1);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	for (size_t i = 0; parts[i] != NULL; i++) {
		if (*g_strstrip(parts[i]) == '\0')
			continue;
		if (!check_word(row, parts[i], error))
			return FALSE;
		g_strv_builder_add(builder, parts[i]);
	}
	*out = g_strv_builder_end(builder);
	return TRUE;
}

static gboolean
parse_value(const BscKeyfileRow *row, const char *value, const char *base_dir, gpointer field,
	    GError **error)
{
	if (value[0] == '\0')
		return value_error(error, "the value is empty");
	switch (row->type) {
	case BSC_KEYFILE_BOOLEAN:
		return parse_boolean(value, field, error);
	case BSC_KEYFILE_UINT:
	case BSC_KEYFILE_SIZE:
		return parse_number(row, value, field, error);
	case BSC_KEYFILE_LIST:
		return parse_list(row, value, field, error);
	case BSC_KEYFILE_STRING:
	case BSC_KEYFILE_PATH:
	case BSC_KEYFILE_WORD:
	case BSC_KEYFILE_FILENAME:
	case BSC_KEYFILE_HEX32:
		return parse_text(row, value, base_dir, field, error);
	}
	g_assert_not_reached();
}

static gboolean
read_row(GKeyFile *file, const char *group, const BscKeyfileRow *row, const char *base_dir,
	 gpointer out, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *value = g_key_file_get_string(file, group, row->key, &why);

	if (why != NULL && g_key_file_has_key(file, group, row->key, NULL))
		return value_error(error, "the value has a bad escape sequence");
	if (value == NULL && row->required)
		return value_error(error, "is missing");
	if (value == NULL && row->default_value == NULL)
		return TRUE;
	return parse_value(row, value != NULL ? g_strstrip(value) : row->default_value, base_dir,
			   (char *)out + row->offset, error);
}

static gboolean
check_known(GKeyFile *file, const char *group, const BscKeyfileRow *rows, size_t n_rows,
	    GError **error)
{
	g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);
	g_autofree const char **known = g_new0(const char *, n_rows + 1);
	const char *nearest;

	for (size_t i = 0; i < n_rows; i++)
		known[i] = rows[i].key;
	for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
		if (g_strv_contains(known, keys[i]))
			continue;
		nearest = bsc_keyfile_find_nearest(keys[i], known);
		return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_UNKNOWN_KEY,
				     "[%s] %s: unknown key%s%s%s", group, keys[i],
				     nearest ? ", did you mean '" : "", nearest ? nearest : "",
				     nearest ? "'?" : "");
	}
	return TRUE;
}

gboolean
bsc_keyfile_read_group(GKeyFile *file, const char *group, const BscKeyfileRow *rows, size_t n_rows,
		       const char *base_dir, gpointer out, GError **error)
{
	if (!check_known(file, group, rows, n_rows, error))
		return FALSE;
	for (size_t i = 0; i < n_rows; i++) {
		if (!read_row(file, group, &rows[i], base_dir, out, error)) {
			g_prefix_error(error, "[%s] %s: ", group, rows[i].key);
			return FALSE;
		}
	}
	return TRUE;
}

void
bsc_keyfile_clear_group(const BscKeyfileRow *rows, size_t n_rows, gpointer fields)
{
	for (size_t i = 0; i < n_rows; i++) {
		gpointer field = (char *)fields + rows[i].offset;

		switch (rows[i].type) {
		case BSC_KEYFILE_LIST:
			g_clear_pointer((char ***)field, g_strfreev);
			break;
		case BSC_KEYFILE_STRING:
		case BSC_KEYFILE_PATH:
		case BSC_KEYFILE_WORD:
		case BSC_KEYFILE_FILENAME:
		case BSC_KEYFILE_HEX32:
			g_clear_pointer((char **)field, g_free);
			break;
		case BSC_KEYFILE_BOOLEAN:
		case BSC_KEYFILE_UINT:
		case BSC_KEYFILE_SIZE:
			break;
		}
	}
}

/* Levenshtein distance, one row at a time. */
static size_t
word_distance(const char *a, const char *b)
{
	size_t len = strlen(b);
	g_autofree size_t *row = g_new(size_t, len + 1);

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t above = row[j];
			size_t cost = diagonal + (a[i - 1] != b[j - 1]);

			row[j] = MIN(MIN(above, row[j - 1]) + 1, cost);
			diagonal = above;
		}
	}
	return row[len];
}

const char *
bsc_keyfile_find_nearest(const char *word, const char *const *words)
{
	const char *nearest = NULL;
	size_t best = MAX(strlen(word) / 3, 2) + 1;

	if (strlen(word) > 64)
		return NULL;
	for (size_t i = 0; words[i] != NULL; i++) {
		size_t distance = word_distance(word, words[i]);

		if (distance < best) {
			best = distance;
			nearest = words[i];
		}
	}
	return nearest;
}
