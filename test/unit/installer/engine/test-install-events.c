/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/engine/test-install-events.c - the catalogue and docs/events.md agree */
#include "config.h"

#include "installer/engine/install-events.h"

#include <string.h>

/* docs/events.md holds exactly this table between its two marks. */
static char *
draw_table(void)
{
	GString *text =
		g_string_new("| event | MESSAGE_ID | priority | text |\n|---|---|---|---|\n");

	for (int i = 0; i < BSC_INSTALL_EVENT_N; i++) {
		const BscEventType *type = bsc_install_events_get((BscInstallEvent)i);

		g_string_append_printf(
			text, "| `%s` | `%s` | %s | %s |\n", type->name, type->message_id,
			type->level == G_LOG_LEVEL_WARNING ? "warning" : "notice", type->text);
	}
	return g_string_free(text, FALSE);
}

static void
test_document(void)
{
	const char *srcdir = g_getenv("BSC_SRCDIR");
	g_autofree char *path = NULL;
	g_autofree char *text = NULL;
	g_autofree char *table = draw_table();

	if (!srcdir) {
		g_test_skip("BSC_SRCDIR is not set");
		return;
	}
	path = g_build_filename(srcdir, "docs/events.md", NULL);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	if (!strstr(text, table))
		g_test_message("docs/events.md should hold:\n%s", table);
	g_assert_nonnull(strstr(text, table));
}

static void
test_ids(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (int i = 0; i < BSC_INSTALL_EVENT_N; i++) {
		const BscEventType *type = bsc_install_events_get((BscInstallEvent)i);

		g_assert_cmpuint(strlen(type->message_id), ==, 32);
		g_assert_cmpuint(strspn(type->message_id, "0123456789abcdef"), ==, 32);
		g_assert_true(g_hash_table_add(seen, (gpointer)type->message_id));
		g_assert_true(g_hash_table_add(seen, (gpointer)type->name));
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/install-events/are-the-ones-in-the-document", test_document);
	g_test_add_func("/engine/install-events/have-ids-of-their-own", test_ids);
	return g_test_run();
}
