/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/system/proc-text.h"

#include <string.h>

static void
mount_free(gpointer data)
{
	BscProcMount *mount = data;

	g_free(mount->number);
	g_free(mount->root);
	g_free(mount->mountpoint);
	g_free(mount->fs_type);
	g_free(mount->source);
	g_free(mount->super_options);
	g_free(mount);
}

/* The kernel writes blank, tab, line end and backslash as three octal digits. */
static char *
unescape(const char *text)
{
	GString *plain = g_string_new(NULL);

	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && strspn(text + 1, "01234567") >= 3) {
			g_string_append_c(plain, (char)(((text[1] - '0') & 3) << 6 |
							(text[2] - '0') << 3 | (text[3] - '0')));
			text += 3;
		} else {
			g_string_append_c(plain, *text);
		}
	}
	return g_string_free(plain, FALSE);
}

/* ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG…] - TYPE SOURCE SUPER-OPTIONS */
static BscProcMount *
parse_mount(const char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	size_t n = g_strv_length(words);
	BscProcMount *mount;
	size_t dash = 6;

	while (dash < n && !g_str_equal(words[dash], "-"))
		dash++;
	if (dash + 3 > n)
		return NULL;
	mount = g_new0(BscProcMount, 1);
	mount->number = g_strdup(words[2]);
	mount->root = unescape(words[3]);
	mount->mountpoint = unescape(words[4]);
	mount->fs_type = g_strdup(words[dash + 1]);
	mount->source = unescape(words[dash + 2]);
	mount->super_options = unescape(dash + 3 < n ? words[dash + 3] : "");
	return mount;
}

GPtrArray *
bsc_proc_text_parse_mounts(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GPtrArray *mounts = g_ptr_array_new_with_free_func(mount_free);

	for (size_t i = 0; lines[i] != NULL; i++) {
		BscProcMount *mount = parse_mount(lines[i]);

		if (mount != NULL)
			g_ptr_array_add(mounts, mount);
	}
	return mounts;
}

char **
bsc_proc_text_parse_swaps(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	for (size_t i = 0; lines[i] != NULL; i++) {
		g_autofree char *path = g_strndup(lines[i], strcspn(lines[i], " \t"));
		g_autofree char *plain = unescape(path);

		/* The first line is the heading. */
		if (*plain == '/')
			g_strv_builder_add(builder, plain);
	}
	return g_strv_builder_end(builder);
}

/* Cuts the next word off @rest; `"` are taken away. */
static char *
next_word(const char **rest)
{
	GString *word = g_string_new(NULL);
	const char *at = *rest + strspn(*rest, " \t\r\n");
	gboolean is_quoted = FALSE;

	for (; *at != '\0' && (is_quoted || strchr(" \t\r\n", *at) == NULL); at++) {
		if (*at == '"')
			is_quoted = !is_quoted;
		else
			g_string_append_c(word, *at);
	}
	*rest = at;
	return g_string_free(word, FALSE);
}

char *
bsc_proc_text_find_word(const char *cmdline, const char *key)
{
	gboolean has_value = g_str_has_suffix(key, "=");
	const char *rest = cmdline;
	char *found = NULL;

	while (rest[strspn(rest, " \t\r\n")] != '\0') {
		g_autofree char *word = next_word(&rest);

		if (g_str_equal(word, "--"))
			break;
		if (has_value ? !g_str_has_prefix(word, key) : !g_str_equal(word, key))
			continue;
		g_free(found);
		found = g_strdup(word + strlen(key));
	}
	return found;
}

char *
bsc_proc_text_find_option(const char *options, const char *key)
{
	g_auto(GStrv) words = g_strsplit(options, ",", -1);

	for (size_t i = 0; words[i] != NULL; i++) {
		if (g_str_has_prefix(words[i], key))
			return g_strdup(words[i] + strlen(key));
	}
	return NULL;
}
