/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/engine/test-install-request.c - what a caller may ask for */
#include "config.h"

#include "installer/engine/install-error.h"
#include "installer/engine/install-request.h"

static const struct {
	const char *name;
	const char *uri;
	const char *transaction;
	const char *hash;
	const char *path;    /* what the URI becomes; %NULL = refused */
	const char *message; /* part of the refusal */
} rows[] = {
	{"path", "/tmp/a b.raucb", NULL, NULL, "/tmp/a b.raucb", NULL},
	{"file-uri", "file:///tmp/a%20b.raucb", NULL, NULL, "/tmp/a b.raucb", NULL},
	{"relative", "a.raucb", NULL, NULL, NULL, "not an absolute path"},
	{"empty", "", NULL, NULL, NULL, "No bundle given"},
	{"http", "https://example.com/a.raucb", NULL, NULL, NULL, "not supported yet"},
	{"bad-file-uri", "file://%zz", NULL, NULL, NULL, "not a valid file URI"},
	{"transaction", "/a", "A-1_b.c", NULL, "/a", NULL},
	{"transaction-slash", "/a", "../x", NULL, NULL, "Transaction id"},
	{"transaction-empty", "/a", "", NULL, NULL, "Transaction id"},
	{"transaction-hidden", "/a", ".x", NULL, NULL, "Transaction id"},
	{"transaction-long", "/a",
	 "0123456789012345678901234567890123456789012345678901234567890123456789", NULL, NULL,
	 "Transaction id"},
	{"hash", "/a", NULL, "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef",
	 "/a", NULL},
	{"short-hash", "/a", NULL, "0123", NULL, "not 64 hex digits"},
};

static void
test_row(gconstpointer data)
{
	size_t row = GPOINTER_TO_SIZE(data);
	g_autoptr(BscInstallRequest) request = bsc_install_request_new(rows[row].uri);
	g_autoptr(GError) error = NULL;

	request->transaction_id = g_strdup(rows[row].transaction);
	request->require_manifest_hash = g_strdup(rows[row].hash);
	if (rows[row].path) {
		g_assert_true(bsc_install_request_check(request, &error));
		g_assert_no_error(error);
		g_assert_cmpstr(request->uri, ==, rows[row].path);
		g_assert_nonnull(request->transaction_id);
		return;
	}
	g_assert_false(bsc_install_request_check(request, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED);
	g_assert_nonnull(strstr(error->message, rows[row].message));
}

static void
test_id_is_made(void)
{
	g_autoptr(BscInstallRequest) one = bsc_install_request_new("/a");
	g_autoptr(BscInstallRequest) two = bsc_install_request_new("/a");

	g_assert_true(bsc_install_request_check(one, NULL));
	g_assert_true(bsc_install_request_check(two, NULL));
	g_assert_true(g_uuid_string_is_valid(one->transaction_id));
	g_assert_cmpstr(one->transaction_id, !=, two->transaction_id);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path =
			g_strconcat("/engine/install-request/form/", rows[i].name, NULL);

		g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_row);
	}
	g_test_add_func("/engine/install-request/makes-a-transaction-id", test_id_is_made);
	return g_test_run();
}
