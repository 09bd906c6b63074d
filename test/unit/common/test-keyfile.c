/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/common/test-keyfile.c - strict key files */
#include "config.h"

#include "common/keyfile.h"

#include <string.h>

typedef struct {
	char *name;
	char *path;
	gboolean flag;
	uint64_t size;
	char **words;
} Fields;

static const char *const colours[] = {"red", "green", NULL};

static const BscKeyfileRow rows[] = {
	{.key = "name",
	 .type = BSC_KEYFILE_WORD,
	 .offset = offsetof(Fields, name),
	 .required = TRUE},
	{.key = "path", .type = BSC_KEYFILE_PATH, .offset = offsetof(Fields, path)},
	{.key = "flag", .type = BSC_KEYFILE_BOOLEAN, .offset = offsetof(Fields, flag)},
	{.key = "size",
	 .type = BSC_KEYFILE_SIZE,
	 .offset = offsetof(Fields, size),
	 .default_value = "64K",
	 .max = 1 << 30},
	{.key = "words",
	 .type = BSC_KEYFILE_LIST,
	 .offset = offsetof(Fields, words),
	 .words = colours},
};

static gboolean
read_text(const char *text, Fields *fields, GError **error)
{
	g_autoptr(GKeyFile) file = bsc_keyfile_parse(text, strlen(text), error);

	return file != NULL &&
	       bsc_keyfile_read_group(file, "g", rows, G_N_ELEMENTS(rows), "/base", fields, error);
}

static void
test_reads_values(void)
{
	g_autoptr(GError) error = NULL;
	Fields fields = {0};

	g_assert_true(read_text("[g]\nname=x\npath=a/../b\nflag=yes\nwords=red;green;\n", &fields,
				&error));
	g_assert_no_error(error);
	g_assert_cmpstr(fields.name, ==, "x");
	g_assert_cmpstr(fields.path, ==, "/base/b");
	g_assert_true(fields.flag);
	g_assert_cmpuint(fields.size, ==, 65536);
	g_assert_cmpstr(fields.words[1], ==, "green");
	bsc_keyfile_clear_group(rows, G_N_ELEMENTS(rows), &fields);
	g_assert_null(fields.words);
}

static void
test_refuses(void)
{
	static const struct {
		const char *text;
		BscConfigError code;
		const char *words;
	} cases[] = {
		{"[g]\nname=x\nname=y\n", BSC_CONFIG_ERROR_SYNTAX,
		 "line 3: key 'name' stands twice"},
		{"[g]\nname=x\n[g]\n", BSC_CONFIG_ERROR_SYNTAX, "line 3: group 'g' stands twice"},
		{"name=x\n", BSC_CONFIG_ERROR_SYNTAX, NULL},
		{"[g]\nname=\xff\n", BSC_CONFIG_ERROR_SYNTAX, "the text is not UTF-8"},
		{"[g]\nflag=true\n", BSC_CONFIG_ERROR_VALUE, "[g] name: is missing"},
		{"[g]\nname=\n", BSC_CONFIG_ERROR_VALUE, "[g] name: the value is empty"},
		{"[g]\nname=a\\qb\n", BSC_CONFIG_ERROR_VALUE,
		 "[g] name: the value has a bad escape sequence"},
		{"[g]\nname=a b\n", BSC_CONFIG_ERROR_VALUE, NULL},
		{"[g]\nname=x\nsize=2G\n", BSC_CONFIG_ERROR_VALUE, NULL},
		{"[g]\nname=x\nsize=-1\n", BSC_CONFIG_ERROR_VALUE, NULL},
		{"[g]\nname=x\nwords=gren\n", BSC_CONFIG_ERROR_VALUE,
		 "[g] words: 'gren' is not known, did you mean 'green'?"},
		{"[g]\nname=x\nnmae=y\n", BSC_CONFIG_ERROR_UNKNOWN_KEY,
		 "[g] nmae: unknown key, did you mean 'name'?"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		Fields fields = {0};

		g_assert_false(read_text(cases[i].text, &fields, &error));
		g_assert_error(error, BSC_CONFIG_ERROR, (int)cases[i].code);
		if (cases[i].words != NULL)
			g_assert_cmpstr(error->message, ==, cases[i].words);
		bsc_keyfile_clear_group(rows, G_N_ELEMENTS(rows), &fields);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/common/keyfile/reads-values", test_reads_values);
	g_test_add_func("/common/keyfile/refuses-with-words", test_refuses);
	return g_test_run();
}
