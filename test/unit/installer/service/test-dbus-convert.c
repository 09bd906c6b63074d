/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/service/test-dbus-convert.c - options, dictionaries and errors on the bus */
#include "config.h"

#include "dbus/dbus-names.h"
#include "installer/engine/install-error.h"
#include "installer/service/dbus-convert.h"

#include <string.h>

static GVariant *
parse(const char *text)
{
	return g_variant_ref_sink(g_variant_new_parsed(text));
}

static void
test_takes_all_options(void)
{
	g_autofree char *hash = g_strnfill(64, 'a');
	g_autofree char *text =
		g_strdup_printf("{'ignore-compatible': <true>, 'ignore-version-limit': <true>, "
				"'force-on-trial': <true>, 'transaction-id': <'t-1'>, "
				"'require-manifest-hash': <'%s'>, 'handler-args': <'--x y'>}",
				hash);
	g_autoptr(GVariant) options = parse(text);
	g_autoptr(GError) error = NULL;
	g_autoptr(BscInstallRequest) request =
		bsc_dbus_convert_to_request("/b", options, NULL, &error);

	g_assert_no_error(error);
	g_assert_true(request->ignore_compatible);
	g_assert_true(request->ignore_version_limit);
	g_assert_true(request->force_on_trial);
	g_assert_cmpstr(request->transaction_id, ==, "t-1");
	g_assert_cmpstr(request->require_manifest_hash, ==, hash);
	g_assert_cmpstr(request->handler_args, ==, "--x y");
	g_assert_cmpint(request->fd, ==, -1);
}

static void
test_makes_an_id(void)
{
	g_autoptr(GVariant) none = parse("@a{sv} {}");
	g_autoptr(BscInstallRequest) request =
		bsc_dbus_convert_to_request("file:///b%20c", none, NULL, NULL);

	g_assert_cmpstr(request->uri, ==, "/b c");
	g_assert_true(g_uuid_string_is_valid(request->transaction_id));
}

static void
test_refuses_unknown_options(void)
{
	static const struct {
		const char *options;
		const char *key;
	} rows[] = {
		{"{'colour': <'red'>}", "colour"},
		{"{'ignore-compatible': <'yes'>}", "ignore-compatible"},
		{"{'transaction-id': <uint32 1>}", "transaction-id"},
		{"{'tls-cert': <'/x'>}", "tls-cert"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GVariant) options = parse(rows[i].options);
		g_autofree char *message = g_strdup_printf("Unsupported key: %s", rows[i].key);
		g_autoptr(GError) error = NULL;

		g_assert_null(bsc_dbus_convert_to_request("/b", options, NULL, &error));
		g_assert_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
		g_assert_cmpstr(error->message, ==, message);
	}
}

static void
test_refuses_a_missing_descriptor(void)
{
	g_autoptr(GVariant) options = parse("{'fd': <handle 3>}");
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_dbus_convert_to_request("", options, NULL, &error));
	g_assert_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

static void
test_takes_options_of_rauc(void)
{
	g_autoptr(GVariant) args =
		parse("{'ignore-compatible': <true>, 'tls-cert': <'/c'>, 'tls-key': <'/k'>, "
		      "'tls-ca': <'/a'>, 'tls-no-verify': <true>, 'http-headers': <['A: b']>}");
	g_autoptr(GVariant) unknown = parse("{'force-on-trial': <true>}");
	g_autoptr(GError) error = NULL;
	g_autoptr(BscInstallRequest) request = bsc_dbus_convert_to_rauc_request("/b", args, &error);

	g_assert_no_error(error);
	g_assert_true(request->ignore_compatible);
	g_assert_null(bsc_dbus_convert_to_rauc_request("/b", unknown, &error));
	g_assert_cmpstr(error->message, ==, "Unsupported key: force-on-trial");
	g_clear_error(&error);
	g_assert_null(bsc_dbus_convert_to_rauc_inspection("/b", args, &error));
	g_assert_cmpstr(error->message, ==, "Unsupported key: ignore-compatible");
}

static BscManifest *
make_manifest(void)
{
	static const char text[] =
		"[update]\ncompatible=Test\nversion=1.2\n\n"
		"[bundle]\nformat=plain\n\n"
		"[hooks]\nfilename=hook.sh\nhooks=install-check;\n\n"
		"[image.rootfs]\nfilename=rootfs.ext4\nsha256="
		"0000000000000000000000000000000000000000000000000000000000000001"
		"\nsize=4096\n\n[meta.label]\nkey=value\n";
	g_autoptr(GError) error = NULL;
	BscManifest *manifest =
		bsc_manifest_parse(text, strlen(text), BSC_MANIFEST_FLAGS_NONE, &error);

	g_assert_no_error(error);
	return manifest;
}

/* A variant in a variant; clients unwrap twice. */
static GVariant *
unwrap(GVariant *dict, const char *key, const char *type)
{
	g_autoptr(GVariant) outer = g_variant_lookup_value(dict, key, G_VARIANT_TYPE_VARIANT);
	GVariant *inner;

	g_assert_nonnull(outer);
	inner = g_variant_get_variant(outer);
	g_assert_cmpstr(g_variant_get_type_string(inner), ==, type);
	return inner;
}

static void
test_wraps_twice_for_rauc(void)
{
	g_autoptr(BscManifest) manifest = make_manifest();
	BscBundleView view = {.manifest = manifest, .manifest_hash = (char *)"abc"};
	g_autoptr(GVariant) info = g_variant_ref_sink(bsc_dbus_convert_to_rauc_info(&view));
	g_autoptr(GVariant) update = unwrap(info, "update", "a{sv}");
	g_autoptr(GVariant) bundle = unwrap(info, "bundle", "a{sv}");
	g_autoptr(GVariant) hooks = unwrap(info, "hooks", "a{sv}");
	g_autoptr(GVariant) handler = unwrap(info, "handler", "a{sv}");
	g_autoptr(GVariant) images = unwrap(info, "images", "aa{sv}");
	g_autoptr(GVariant) meta =
		g_variant_lookup_value(info, "meta", G_VARIANT_TYPE("a{sa{ss}}"));
	g_autofree char *update_text = g_variant_print(update, FALSE);
	g_autofree char *bundle_text = g_variant_print(bundle, FALSE);
	g_autofree char *hooks_text = g_variant_print(hooks, FALSE);
	g_autofree char *images_text = g_variant_print(images, FALSE);
	g_autofree char *meta_text = g_variant_print(meta, FALSE);

	g_assert_cmpstr(update_text, ==, "{'compatible': <'Test'>, 'version': <'1.2'>}");
	g_assert_cmpstr(bundle_text, ==, "{'format': <'plain'>}");
	g_assert_cmpstr(hooks_text, ==, "{'filename': <'hook.sh'>, 'hooks': <['install-check']>}");
	g_assert_cmpuint(g_variant_n_children(handler), ==, 0);
	g_assert_cmpstr(
		images_text, ==,
		"[{'slot-class': <'rootfs'>, 'filename': <'rootfs.ext4'>, 'type': <'ext4'>, "
		"'checksum': <'"
		"0000000000000000000000000000000000000000000000000000000000000001'>, "
		"'size': <uint64 4096>, 'hooks': <@as []>}]");
	g_assert_cmpstr(meta_text, ==, "{'label': {'key': 'value'}}");
}

static void
test_tells_rauc_no_new_keys(void)
{
	BscSlotView slot = {
		.name = (char *)"rootfs.0",
		.slot_class = (char *)"rootfs",
		.device = (char *)"/dev/x",
		.type = (char *)"ext4",
		.state = (char *)"booted",
		.bootname = (char *)"A",
		.boot_status = (char *)"good",
		.in_use = (char *)"mounted",
		.attempts_left = 3,
	};
	BscStatusView view = {.slots = g_ptr_array_new()};
	g_autoptr(GVariant) slots = NULL;
	g_autoptr(GVariant) dict = NULL;

	g_ptr_array_add(view.slots, &slot);
	slots = g_variant_ref_sink(bsc_dbus_convert_to_rauc_slots(&view));
	g_ptr_array_unref(view.slots);
	g_assert_cmpstr(g_variant_get_type_string(slots), ==, "a(sa{sv})");
	g_variant_get_child(slots, 0, "(s@a{sv})", NULL, &dict);
	g_assert_cmpuint(g_variant_n_children(dict), ==, 6);
	g_assert_null(g_variant_lookup_value(dict, "boot-attempts", NULL));
	g_assert_null(g_variant_lookup_value(dict, "in-use", NULL));
}

static void
test_names_errors(void)
{
	static const struct {
		int code;
		const char *name;
	} rows[] = {
		{BSC_INSTALL_ERROR_BUSY, "org.bascule.Update1.Error.Busy"},
		{BSC_INSTALL_ERROR_REJECTED, "org.bascule.Update1.Error.Rejected"},
		{BSC_INSTALL_ERROR_NO_DESTINATION, "org.bascule.Update1.Error.NoDestination"},
		{BSC_INSTALL_ERROR_HOOK, "org.bascule.Update1.Error.Hook"},
		{BSC_INSTALL_ERROR_COMMITTED, BSC_DBUS_ERROR_COMMITTED},
		{BSC_INSTALL_ERROR_USED, BSC_DBUS_ERROR_USED_ID},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = g_error_new(BSC_INSTALL_ERROR, rows[i].code, "x");
		g_autofree char *name = bsc_dbus_convert_get_error_name(error);

		g_assert_cmpstr(name, ==, rows[i].name);
	}
}

static void
test_knows_ids(void)
{
	g_autofree char *longest = g_strnfill(BSC_DBUS_CONVERT_MAX_ID, 'x');
	g_autofree char *too_long = g_strnfill(BSC_DBUS_CONVERT_MAX_ID + 1, 'x');

	g_assert_true(bsc_dbus_convert_check_id("A-1_b.c"));
	g_assert_true(bsc_dbus_convert_check_id(longest));
	g_assert_false(bsc_dbus_convert_check_id(too_long));
	g_assert_false(bsc_dbus_convert_check_id(""));
	g_assert_false(bsc_dbus_convert_check_id("../x"));
	g_assert_false(bsc_dbus_convert_check_id("a/b"));
	g_assert_false(bsc_dbus_convert_check_id("a b"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/service/dbus-convert/takes-all-options", test_takes_all_options);
	g_test_add_func("/service/dbus-convert/makes-an-id", test_makes_an_id);
	g_test_add_func("/service/dbus-convert/refuses-unknown-options",
			test_refuses_unknown_options);
	g_test_add_func("/service/dbus-convert/refuses-a-missing-descriptor",
			test_refuses_a_missing_descriptor);
	g_test_add_func("/service/dbus-convert/takes-options-of-rauc", test_takes_options_of_rauc);
	g_test_add_func("/service/dbus-convert/wraps-twice-for-rauc", test_wraps_twice_for_rauc);
	g_test_add_func("/service/dbus-convert/tells-rauc-no-new-keys",
			test_tells_rauc_no_new_keys);
	g_test_add_func("/service/dbus-convert/names-errors", test_names_errors);
	g_test_add_func("/service/dbus-convert/knows-ids", test_knows_ids);
	return g_test_run();
}
