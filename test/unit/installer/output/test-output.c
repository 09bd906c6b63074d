/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/output/test-output.c - status and bundles as text, shell and JSON */
#include "config.h"

#include "installer/output/bundle-output.h"
#include "installer/output/status-output.h"
#include "installer/rauc-front/rauc-output.h"

#include <string.h>

static const char status_text[] =
	"{'compatible': <'acme'>, 'boot-slot': <'A'>, 'booted': <'rootfs.0'>, "
	"'bootloader': <'grub'>, 'config-file': <'/etc/bascule/system.conf'>, "
	"'primary': <'rootfs.1'>, 'on-trial': <false>, "
	"'warnings': <['status is kept per slot']>}";

static const char slots_text[] =
	"[('rootfs.1', {'class': <'rootfs'>, 'device': <'/dev/b'>, 'type': <'raw'>, "
	"'state': <'inactive'>, 'bootname': <'B'>, 'boot-status': <'good'>, "
	"'description': <'second one'>, 'boot-attempts': <uint32 3>, "
	"'bundle.compatible': <'acme'>, 'bundle.version': <'1.0'>, 'bundle.description': <'desc'>, "
	"'bundle.build': <'b1'>, 'sha256': <'01'>, 'size': <uint64 1024>, "
	"'installed.timestamp': <'2026-01-01T00:00:00Z'>, 'installed.count': <uint32 2>, "
	"'activated.timestamp': <'2026-01-01T00:00:01Z'>, 'activated.count': <uint32 3>, "
	"'status': <'ok'>, 'trial': <true>}), "
	"('rootfs.0', {'class': <'rootfs'>, 'device': <'/dev/a'>, 'type': <'raw'>, "
	"'state': <'booted'>, 'bootname': <'A'>, 'boot-status': <'bad'>}), "
	"('appfs.0', {'class': <'appfs'>, 'device': <'/dev/c'>, 'type': <'raw'>, "
	"'state': <'active'>, 'parent': <'rootfs.0'>, 'mountpoint': <'/it\\'s'>})]";

static GVariant *
parse(const char *type, const char *text)
{
	g_autoptr(GError) error = NULL;
	GVariant *value = g_variant_parse(G_VARIANT_TYPE(type), text, NULL, NULL, &error);

	g_assert_no_error(error);
	return value;
}

static char *
format_status(BscOutputFormat format, gboolean detailed)
{
	g_autoptr(GVariant) status = parse("a{sv}", status_text);
	g_autoptr(GVariant) slots = parse("a(sa{sv})", slots_text);

	return bsc_status_output_format(status, slots, format, detailed);
}

static void
test_status_readable(void)
{
	g_autofree char *text = format_status(BSC_OUTPUT_READABLE, FALSE);

	g_assert_cmpstr(text, ==,
			"System\n"
			"  compatible   acme\n"
			"  booted from  rootfs.0 (A)\n"
			"  boots next   rootfs.1 (B)\n"
			"  boot loader  grub\n"
			"  config file  /etc/bascule/system.conf\n"
			"\n"
			"Slots\n"
			"  slot       bootname  state     boot status            content        "
			"type  device\n"
			"  rootfs.1   B         inactive  good, 3 attempts left  1.0, on trial  "
			"raw   /dev/b\n"
			"  rootfs.0   A         booted    bad                                   "
			"raw   /dev/a\n"
			"    appfs.0            active                                          "
			"raw   /dev/c\n"
			"\n"
			"Warnings\n"
			"  status is kept per slot\n");
}

static void
test_status_shell(void)
{
	g_autofree char *text = format_status(BSC_OUTPUT_SHELL, FALSE);

	g_assert_true(g_str_has_prefix(text, "RAUC_SYSTEM_COMPATIBLE='acme'\n"
					     "RAUC_SYSTEM_VARIANT=''\n"
					     "RAUC_SYSTEM_VERSION=''\n"
					     "RAUC_SYSTEM_BOOTED_BOOTNAME='A'\n"
					     "RAUC_BOOT_PRIMARY='rootfs.1'\n"
					     "RAUC_SYSTEM_SLOTS='rootfs.1 rootfs.0 appfs.0'\n"
					     "RAUC_SLOTS='1 2 3'\n"
					     "RAUC_SLOT_STATE_1='inactive'\n"));
	g_assert_nonnull(strstr(text, "RAUC_SLOT_PARENT_3='rootfs.0'\n"));
	g_assert_nonnull(strstr(text, "RAUC_SLOT_MOUNTPOINT_3='/it'\\''s'\n"));
	g_assert_null(strstr(text, "RAUC_SLOT_STATUS_"));
}

static void
test_status_shell_detailed(void)
{
	g_autofree char *text = format_status(BSC_OUTPUT_SHELL, TRUE);

	g_assert_nonnull(strstr(text, "RAUC_SLOT_STATUS_BUNDLE_VERSION_1='1.0'\n"));
	g_assert_nonnull(strstr(text, "RAUC_SLOT_STATUS_CHECKSUM_SIZE_1='1024'\n"));
	g_assert_nonnull(strstr(text, "RAUC_SLOT_STATUS_INSTALLED_COUNT_2='0'\n"));
	g_assert_nonnull(strstr(text, "RAUC_SLOT_STATUS_STATUS_2=''\n"));
}

static JsonNode *
format_status_json(gboolean detailed)
{
	g_autofree char *text = format_status(BSC_OUTPUT_JSON, detailed);
	g_autoptr(GError) error = NULL;
	JsonNode *node = json_from_string(text, &error);

	g_assert_no_error(error);
	return node;
}

static JsonObject *
get_slot(JsonNode *root, guint index, const char *name)
{
	JsonArray *slots = json_object_get_array_member(json_node_get_object(root), "slots");

	return json_object_get_object_member(json_array_get_object_element(slots, index), name);
}

static void
test_status_json(void)
{
	g_autoptr(JsonNode) root = format_status_json(FALSE);
	JsonObject *top = json_node_get_object(root);
	JsonObject *slot = get_slot(root, 0, "rootfs.1");

	g_assert_cmpstr(json_object_get_string_member(top, "compatible"), ==, "acme");
	g_assert_cmpstr(json_object_get_string_member(top, "variant"), ==, "");
	g_assert_cmpstr(json_object_get_string_member(top, "booted"), ==, "A");
	g_assert_cmpstr(json_object_get_string_member(top, "booted_slot"), ==, "rootfs.0");
	g_assert_cmpstr(json_object_get_string_member(top, "boot_primary"), ==, "rootfs.1");
	g_assert_cmpint(json_object_get_int_member(slot, "boot_attempts"), ==, 3);
	g_assert_true(json_object_get_null_member(slot, "parent"));
	g_assert_true(json_object_get_boolean_member(slot, "trial"));
	g_assert_false(json_object_has_member(slot, "slot_status"));
}

static void
test_status_json_detailed(void)
{
	g_autoptr(JsonNode) root = format_status_json(TRUE);
	JsonObject *record =
		json_object_get_object_member(get_slot(root, 0, "rootfs.1"), "slot_status");
	JsonObject *none =
		json_object_get_object_member(get_slot(root, 1, "rootfs.0"), "slot_status");
	JsonObject *installed = json_object_get_object_member(record, "installed");
	JsonObject *checksum = json_object_get_object_member(record, "checksum");

	g_assert_cmpstr(json_object_get_string_member(record, "status"), ==, "ok");
	g_assert_cmpint(json_object_get_int_member(installed, "count"), ==, 2);
	g_assert_cmpint(json_object_get_int_member(checksum, "size"), ==, 1024);
	g_assert_false(json_object_has_member(none, "installed"));
	g_assert_true(json_object_get_null_member(json_object_get_object_member(none, "bundle"),
						  "compatible"));
}

/* As RAUC 1.8 printed it for the same slots. */
static void
test_status_as_rauc(void)
{
	g_autoptr(GVariant) status = parse("a{sv}", status_text);
	g_autoptr(GVariant) slots = parse("a(sa{sv})", slots_text);
	g_autofree char *text = bsc_rauc_output_format_status(status, slots, FALSE);

	g_assert_cmpstr(
		text, ==,
		"=== System Info ===\n"
		"Compatible:  acme\n"
		"Variant:     \n"
		"Booted from: rootfs.0 (A)\n"
		"\n"
		"=== Bootloader ===\n"
		"Activated: rootfs.1 (B)\n"
		"\n"
		"=== Slot States ===\n"
		"⏺ \033[1m[rootfs.1]\033[0m (/dev/b, raw, inactive\033[0m)\n"
		"\tbootname: \033[34mB\033[0m\n"
		"\tdescription: second one\n"
		"\tboot status: \033[32mgood\033[0m\n"
		"\n"
		"○ \033[32m\033[32m\033[1m[rootfs.0]\033[0m (/dev/a, raw, \033[1mbooted\033[0m)\n"
		"\tbootname: \033[34mA\033[0m\n"
		"\tboot status: \033[31mbad\033[0m\n"
		"    \033[32m\033[1m[appfs.0]\033[0m (/dev/c, raw, active\033[0m)\n"
		"\tmounted: /it's\n"
		"\n");
}

static const char info_text[] =
	"{'manifest-hash': <'aabb'>, 'compatible': <'acme'>, 'version': <'1.0'>, "
	"'format': <'verity'>, 'encrypted': <false>, 'verified': <true>, "
	"'bundle-size': <uint64 4096>, 'signer': <'CN = signer'>, "
	"'hooks': <['install-check']>, "
	"'images': <[{'slot-class': <'rootfs'>, 'filename': <'r.ext4'>, 'type': <'ext4'>, "
	"'checksum': <'01'>, 'size': <uint64 1048576>, 'hooks': <['pre-install', "
	"'post-install']>}]>, "
	"'meta': <{'update-info': {'some-key': 'a value'}}>}";

static char *
format_info(BscOutputFormat format)
{
	g_autoptr(GVariant) info = parse("a{sv}", info_text);

	return bsc_bundle_output_format(info, format);
}

static void
test_bundle_readable(void)
{
	g_autofree char *text = format_info(BSC_OUTPUT_READABLE);

	g_assert_cmpstr(text, ==,
			"Bundle\n"
			"  compatible     acme\n"
			"  version        1.0\n"
			"  format         verity\n"
			"  signed by      CN = signer\n"
			"  manifest hash  aabb\n"
			"  hooks          install-check\n"
			"\n"
			"Images\n"
			"  image   type  size     file    hooks\n"
			"  rootfs  ext4  1.0 MiB  r.ext4  pre-install post-install\n"
			"\n"
			"meta.update-info\n"
			"  some-key=a value\n");
}

static void
test_bundle_shell(void)
{
	g_autofree char *text = format_info(BSC_OUTPUT_SHELL);

	g_assert_nonnull(strstr(text, "RAUC_MF_IMAGES='1'\n"));
	g_assert_nonnull(strstr(text, "RAUC_MF_HOOKS='install-check'\n"));
	g_assert_nonnull(strstr(text, "RAUC_META_UPDATE_INFO_SOME_KEY='a value'\n"));
	g_assert_nonnull(strstr(text, "RAUC_IMAGE_NAME_0='r.ext4'\n"));
	g_assert_nonnull(strstr(text, "RAUC_IMAGE_HOOKS_0='pre-install post-install'\n"));
	g_assert_nonnull(strstr(text, "RAUC_IMAGE_SIZE_0='1048576'\n"));
}

static void
test_bundle_json(void)
{
	g_autofree char *text = format_info(BSC_OUTPUT_JSON_PRETTY);
	g_autoptr(GError) error = NULL;
	g_autoptr(JsonNode) root = json_from_string(text, &error);
	JsonObject *top;
	JsonObject *image;

	g_assert_no_error(error);
	top = json_node_get_object(root);
	image = json_array_get_object_element(json_object_get_array_member(top, "images"), 0);
	image = json_object_get_object_member(image, "rootfs");
	g_assert_cmpstr(json_object_get_string_member(top, "hash"), ==, "aabb");
	g_assert_cmpint(json_object_get_int_member(top, "bundle_size"), ==, 4096);
	g_assert_cmpstr(json_object_get_string_member(image, "checksum"), ==, "01");
	g_assert_cmpint(json_object_get_int_member(image, "size"), ==, 1048576);
}

static void
test_sizes(void)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0 B"},
		{1023, "1023 B"},
		{1024, "1.0 KiB"},
		{1536, "1.5 KiB"},
		{UINT64_C(1) << 40, "1.0 TiB"},
		{UINT64_MAX, "16.0 EiB"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = bsc_output_format_size(rows[i].bytes);

		g_assert_cmpstr(text, ==, rows[i].text);
	}
}

static void
test_unknown_format(void)
{
	BscOutputFormat format = BSC_OUTPUT_SHELL;

	g_assert_false(bsc_output_format_from_string("yaml", &format));
	g_assert_cmpint(format, ==, BSC_OUTPUT_SHELL);
	g_assert_true(bsc_output_format_from_string(NULL, &format));
	g_assert_cmpint(format, ==, BSC_OUTPUT_READABLE);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/output/output/status-readable", test_status_readable);
	g_test_add_func("/output/output/status-shell", test_status_shell);
	g_test_add_func("/output/output/status-shell-detailed", test_status_shell_detailed);
	g_test_add_func("/output/output/status-json", test_status_json);
	g_test_add_func("/output/output/status-json-detailed", test_status_json_detailed);
	g_test_add_func("/output/output/status-as-rauc", test_status_as_rauc);
	g_test_add_func("/output/output/bundle-readable", test_bundle_readable);
	g_test_add_func("/output/output/bundle-shell", test_bundle_shell);
	g_test_add_func("/output/output/bundle-json", test_bundle_json);
	g_test_add_func("/output/output/sizes", test_sizes);
	g_test_add_func("/output/output/unknown-format", test_unknown_format);
	return g_test_run();
}
