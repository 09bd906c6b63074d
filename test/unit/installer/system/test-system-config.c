/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/system/test-system-config.c - system.conf, search and merge */
#include "config.h"

#include "common/keyfile.h"
#include "installer/system/config-keys.h"
#include "installer/system/slot-table.h"
#include "installer/system/system-config.h"
#include "test/support/temp-dir.h"

#include <gio/gio.h>
#include <string.h>

#define SYSTEM "[system]\ncompatible=board\nbootloader=uboot\n"

static BscSystemConfig *
parse(const char *text, gboolean is_rauc_file, GError **error)
{
	return bsc_system_config_parse(
		&(BscSystemConfigText){
			.data = text,
			.len = strlen(text),
			.path = is_rauc_file ? "/etc/rauc/system.conf" : "/etc/bascule/system.conf",
			.is_rauc_file = is_rauc_file,
		},
		error);
}

static void
test_defaults(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemConfig) config = parse(SYSTEM, TRUE, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(config->compatible, ==, "board");
	g_assert_cmpstr(config->mount_prefix, ==, "/mnt/rauc");
	g_assert_cmpstr(config->grubenv, ==, "/boot/grub/grubenv");
	g_assert_cmpuint(config->boot_attempts, ==, 3);
	g_assert_cmpuint(config->max_bundle_download_size, ==, 8388608);
	g_assert_cmpuint(config->max_bundle_signature_size, ==, 65536);
	g_assert_true(config->activate_installed);
	g_assert_true(config->efi_use_bootnext);
	g_assert_null(config->statusfile);
	g_assert_cmpuint(g_strv_length(config->bundle_formats), ==, 3);
	g_assert_cmpstr(config->verify_written, ==, "written");
	g_assert_cmpstr(config->downgrade, ==, "allow");
	g_assert_cmpstr(config->streaming.sandbox_user, ==, "nobody");
	g_assert_cmpuint(config->slots->len, ==, 0);
}

static void
test_slots(void)
{
	static const char text[] =
		SYSTEM "[keyring]\npath=keyring.pem\n"
		       "[slot.rootfs.0]\ndevice=/dev/a\ntype=ext4\nbootname=A\n"
		       "[slot.appfs.0]\ndevice=images/app\nparent=rootfs.0\ninstall-same=false\n"
		       "[slot.data.0]\ndevice=/dev/d\nparent=appfs.0\nregion-size=4M\n"
		       "[slot.rootfs.1]\ndevice=/dev/b\nbootname=B\nignore-checksum=false\n";
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemConfig) config = parse(text, FALSE, &error);
	g_autoptr(GPtrArray) group = NULL;
	g_autoptr(GPtrArray) roots = NULL;
	const BscSlot *data;
	const BscSlot *root;

	g_assert_no_error(error);
	g_assert_cmpuint(config->slots->len, ==, 4);
	g_assert_cmpstr(config->keyring.path, ==, "/etc/bascule/keyring.pem");
	data = bsc_slot_table_find(config, "data.0");
	g_assert_cmpuint(data->region_size, ==, 4 * 1024 * 1024);
	g_assert_cmpuint(data->index, ==, 2);
	root = bsc_slot_table_get_root(data);
	g_assert_cmpstr(root->name, ==, "rootfs.0");
	g_assert_true(root == bsc_slot_table_find_by_bootname(config, "A"));
	g_assert_cmpstr(bsc_slot_table_find(config, "appfs.0")->device, ==,
			"/etc/bascule/images/app");
	g_assert_false(bsc_slot_table_find(config, "appfs.0")->install_same);
	g_assert_false(bsc_slot_table_find(config, "rootfs.1")->install_same);
	g_assert_true(data->install_same);
	g_assert_cmpstr(bsc_slot_table_find(config, "rootfs.1")->type, ==, "raw");
	g_assert_null(bsc_slot_table_find(config, "rootfs.2"));
	group = bsc_slot_table_list_group(config, root);
	g_assert_cmpuint(group->len, ==, 3);
	roots = bsc_slot_table_list_roots(config);
	g_assert_cmpuint(roots->len, ==, 2);
	g_assert_true(bsc_slot_table_find_in_group(config, root, "data") == data);
	g_assert_null(bsc_slot_table_find_in_group(config, root, "firmware"));
	g_assert_true(bsc_slot_table_has_class(config, "appfs"));
	g_assert_true(bsc_slot_table_is_in_group(data, root));
}

static void
test_refuses(void)
{
	static const struct {
		const char *text;
		BscConfigError code;
		const char *words;
	} cases[] = {
		{"[system]\nbootloader=noop\n", BSC_CONFIG_ERROR_VALUE,
		 "[system] compatible: is missing"},
		{SYSTEM "[sistem]\n", BSC_CONFIG_ERROR_UNKNOWN_KEY,
		 "[sistem]: unknown group, did you mean [system]?"},
		{SYSTEM "boot-atempts=3\n", BSC_CONFIG_ERROR_UNKNOWN_KEY,
		 "[system] boot-atempts: unknown key, did you mean 'boot-attempts'?"},
		{SYSTEM "[slot.rootfs]\n", BSC_CONFIG_ERROR_UNKNOWN_KEY,
		 "[slot.rootfs]: a slot's group is [slot.CLASS.INDEX] with a decimal index"},
		{SYSTEM "[slot.rootfs.x]\n", BSC_CONFIG_ERROR_UNKNOWN_KEY, NULL},
		{SYSTEM "[slot.rootfs.0]\ntype=raw\n", BSC_CONFIG_ERROR_VALUE,
		 "[slot.rootfs.0] device: is missing"},
		{SYSTEM "[slot.a.0]\ndevice=x\nbootname=A B\n", BSC_CONFIG_ERROR_VALUE, NULL},
		{SYSTEM "[slot.a.0]\ndevice=x\nbootname=A\n[slot.a.1]\ndevice=y\nbootname=A\n",
		 BSC_CONFIG_ERROR_CONFLICT, "[slot.a.1] bootname: another slot has 'A', too"},
		{SYSTEM "[slot.a.0]\ndevice=x\n[slot.b.0]\ndevice=y\nparent=a.0\nbootname=B\n",
		 BSC_CONFIG_ERROR_CONFLICT, NULL},
		{SYSTEM "[slot.a.0]\ndevice=x\nparent=b.0\n", BSC_CONFIG_ERROR_VALUE,
		 "[slot.a.0] parent: there is no slot 'b.0'"},
		{SYSTEM "[slot.a.0]\ndevice=x\nparent=a.0\n", BSC_CONFIG_ERROR_CONFLICT, NULL},
		{SYSTEM "[slot.a.0]\ndevice=x\nparent=b.0\n[slot.b.0]\ndevice=x\nparent=a.0\n",
		 BSC_CONFIG_ERROR_CONFLICT, "[slot.a.0] parent: the parents go round in a circle"},
		{"[system]\ncompatible=x\nbootloader=grub\nboot-attempts=2\n",
		 BSC_CONFIG_ERROR_CONFLICT,
		 "[system] boot-attempts: only uboot and barebox count attempts"},
		{SYSTEM "bundle-formats=plain -crypt\n", BSC_CONFIG_ERROR_VALUE, NULL},
		{SYSTEM "bundle-formats=zip\n", BSC_CONFIG_ERROR_VALUE, NULL},
		{SYSTEM "bundle-formats=-plain -verity -crypt\n", BSC_CONFIG_ERROR_VALUE,
		 "[system] bundle-formats: no format is left"},
		{SYSTEM "statusfile=per-slot\ndata-directory=/data\n", BSC_CONFIG_ERROR_CONFLICT,
		 NULL},
		{SYSTEM "variant-name=a\nvariant-dtb=true\n", BSC_CONFIG_ERROR_CONFLICT, NULL},
		{SYSTEM "min-bundle-version=\n", BSC_CONFIG_ERROR_VALUE,
		 "[system] min-bundle-version: the value is empty"},
		{SYSTEM "[polling]\n", BSC_CONFIG_ERROR_VALUE, "[polling] url: is missing"},
		{SYSTEM "[polling]\nurl=http://x\ninterval-sec=59\n", BSC_CONFIG_ERROR_VALUE, NULL},
		{SYSTEM "[polling]\nurl=http://x\nmax-interval-sec=60\n", BSC_CONFIG_ERROR_CONFLICT,
		 NULL},
		{SYSTEM "[log.x]\nfilename=rel\n", BSC_CONFIG_ERROR_CONFLICT, NULL},
		{SYSTEM "[log.x]\nfilename=/l\nevents=all;boot\n", BSC_CONFIG_ERROR_CONFLICT, NULL},
		{SYSTEM "[artifacts.x]\npath=/a\ntype=files\nparent-class=rootfs\n",
		 BSC_CONFIG_ERROR_VALUE, "[artifacts.x] parent-class: is not supported yet"},
		{SYSTEM "verify-written=some\n", BSC_CONFIG_ERROR_VALUE, NULL},
		{SYSTEM "[slot.a.0]\ndevice=x\ninstall-same=true\nignore-checksum=true\n",
		 BSC_CONFIG_ERROR_CONFLICT, NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(BscSystemConfig) config = parse(cases[i].text, FALSE, &error);

		g_assert_null(config);
		g_assert_error(error, BSC_CONFIG_ERROR, (int)cases[i].code);
		g_assert_true(g_str_has_prefix(error->message, "/etc/bascule/system.conf: "));
		if (cases[i].words != NULL)
			g_assert_cmpstr(strchr(error->message, ' ') + 1, ==, cases[i].words);
	}
}

static void
test_own_keys_in_rauc_file(void)
{
	static const char *const texts[] = {
		SYSTEM "[dbus]\ninstall-users=agent\n",
		SYSTEM "install-on-trial=true\n",
		SYSTEM "memory-limit=8M\n",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GError) no_error = NULL;
		g_autoptr(BscSystemConfig) refused = parse(texts[i], TRUE, &error);
		g_autoptr(BscSystemConfig) taken = parse(texts[i], FALSE, &no_error);

		g_assert_null(refused);
		g_assert_error(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_UNKNOWN_KEY);
		g_assert_nonnull(strstr(error->message, "/etc/bascule/bascule.conf"));
		g_assert_no_error(no_error);
		g_assert_nonnull(taken);
	}
}

static void
test_formats(void)
{
	static const struct {
		const char *value;
		const char *joined;
	} cases[] = {
		{"-plain", "verity crypt"},
		{"verity", "verity"},
		{"crypt;verity", "verity crypt"},
		{"+plain -crypt", "plain verity"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text =
			g_strdup_printf(SYSTEM "bundle-formats=%s\n", cases[i].value);
		g_autoptr(GError) error = NULL;
		g_autoptr(BscSystemConfig) config = parse(text, TRUE, &error);
		g_autofree char *joined = NULL;

		g_assert_no_error(error);
		joined = g_strjoinv(" ", config->bundle_formats);
		g_assert_cmpstr(joined, ==, cases[i].joined);
	}
}

static void
test_status_places(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemConfig) dir = parse(SYSTEM "data-directory=/data\n", TRUE, &error);
	g_autoptr(BscSystemConfig) file = parse(SYSTEM "statusfile=s.raucs\n", TRUE, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(dir->statusfile, ==, "/data/central.raucs");
	g_assert_cmpstr(file->statusfile, ==, "/etc/rauc/s.raucs");
}

static void
test_search(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	BscSystemConfigOptions options = {.root_dir = dir->path};
	static const char *const order[] = {
		"usr/lib/rauc/system.conf",    "run/rauc/system.conf",	  "etc/rauc/system.conf",
		"usr/lib/bascule/system.conf", "run/bascule/system.conf", "etc/bascule/system.conf",
	};
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_system_config_load(NULL, &options, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
	g_clear_error(&error);
	for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
		g_autofree char *path = test_temp_dir_write(dir, order[i], SYSTEM);
		g_autoptr(BscSystemConfig) config = bsc_system_config_load(NULL, &options, &error);

		g_assert_no_error(error);
		g_assert_cmpstr(config->path, ==, path);
		g_assert_cmpint(config->is_rauc_file, ==, i < 3);
	}
}

static void
test_merge(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *path = test_temp_dir_write(
		dir, "etc/rauc/system.conf",
		SYSTEM "data-directory=/data\n[slot.rootfs.0]\ndevice=/dev/a\nbootname=A\n");
	g_autofree char *more = test_temp_dir_write(
		dir, "etc/bascule/bascule.conf",
		"[system]\ninstall-on-trial=true\n[dbus]\ninstall-users=agent;root\n"
		"[keyring]\npath=keys.pem\n");
	g_autofree char *keys = test_temp_dir_get_path(dir, "etc/bascule/keys.pem");
	BscSystemConfigOptions options = {.root_dir = dir->path};
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemConfig) config = bsc_system_config_load(NULL, &options, &error);
	g_autoptr(BscSystemConfig) explicit = NULL;

	g_assert_no_error(error);
	g_assert_cmpstr(config->path, ==, path);
	g_assert_cmpstr(config->merged_path, ==, more);
	g_assert_true(config->install_on_trial);
	g_assert_cmpstr(config->install_users[1], ==, "root");
	g_assert_cmpstr(config->keyring.path, ==, keys);
	g_assert_cmpstr(config->compatible, ==, "board");
	g_assert_cmpuint(config->slots->len, ==, 1);
	explicit = bsc_system_config_load(path, &options, &error);
	g_assert_no_error(error);
	g_assert_null(explicit->merged_path);
	g_assert_false(explicit->install_on_trial);
}

static void
test_merge_error_names_its_file(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *path = test_temp_dir_write(dir, "etc/rauc/system.conf", SYSTEM);
	g_autofree char *more =
		test_temp_dir_write(dir, "etc/bascule/bascule.conf", "[system]\nfoo=1\n");
	BscSystemConfigOptions options = {.root_dir = dir->path};
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_system_config_load(NULL, &options, &error));
	g_assert_error(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_UNKNOWN_KEY);
	g_assert_true(g_str_has_prefix(error->message, more));
}

static void
test_explicit_file(void)
{
	g_autoptr(TestTempDir) dir = test_temp_dir_new();
	g_autofree char *ours =
		test_temp_dir_write(dir, "my.conf", SYSTEM "install-on-trial=true\n");
	g_autofree char *theirs =
		test_temp_dir_write(dir, "rauc/my.conf", SYSTEM "install-on-trial=true\n");
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemConfig) config = bsc_system_config_load(ours, NULL, &error);

	g_assert_no_error(error);
	g_assert_true(config->install_on_trial);
	g_assert_null(bsc_system_config_load(theirs, NULL, &error));
	g_assert_error(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_UNKNOWN_KEY);
}

static void
test_overrides(void)
{
	static const struct {
		const char *override;
		int code; /* -1 = good */
	} cases[] = {
		{"system:compatible=other", -1},
		{"slot.rootfs.0:device=/dev/x=y:z", -1},
		{"system:compatible", BSC_CONFIG_ERROR_SYNTAX},
		{"system", BSC_CONFIG_ERROR_SYNTAX},
		{"", BSC_CONFIG_ERROR_SYNTAX},
		{"sys]tem:a=b", BSC_CONFIG_ERROR_UNKNOWN_KEY},
		{"artifacts.a]b:path=b", BSC_CONFIG_ERROR_UNKNOWN_KEY},
		{"system:nope=1", BSC_CONFIG_ERROR_UNKNOWN_KEY},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *const overrides[] = {cases[i].override, NULL};
		BscSystemConfigText text = {.data = SYSTEM,
					    .len = strlen(SYSTEM),
					    .path = "/x/system.conf",
					    .overrides = overrides};
		g_autoptr(GError) error = NULL;
		g_autoptr(BscSystemConfig) config = bsc_system_config_parse(&text, &error);

		if (cases[i].code < 0)
			g_assert_no_error(error);
		else
			g_assert_error(error, BSC_CONFIG_ERROR, cases[i].code);
	}
}

static void
test_unsupported(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemConfig) plain = parse(SYSTEM, TRUE, &error);
	g_autoptr(BscSystemConfig) rich =
		parse(SYSTEM "[polling]\nurl=http://x\n[log.a]\nfilename=/l\n", TRUE, &error);
	g_auto(GStrv) none = bsc_system_config_list_unsupported(plain);
	g_auto(GStrv) some = bsc_system_config_list_unsupported(rich);

	g_assert_no_error(error);
	g_assert_cmpuint(g_strv_length(none), ==, 0);
	g_assert_cmpuint(g_strv_length(some), ==, 2);
}

static char *
read_source(const char *name)
{
	const char *root = g_getenv("BSC_SRCDIR");
	g_autofree char *path = g_build_filename(root != NULL ? root : ".", name, NULL);
	g_autoptr(GError) error = NULL;
	char *text = NULL;

	g_file_get_contents(path, &text, NULL, &error);
	g_assert_no_error(error);
	return text;
}

static void
test_manual(void)
{
	g_autofree char *page = read_source("docs/man/system.conf.5.rst");
	size_t n;
	const BscConfigGroup *groups = bsc_config_keys_list(&n);

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < groups[i].n_rows; k++) {
			if (strstr(page, groups[i].rows[k].key) == NULL)
				g_test_fail_printf("[%s] %s is not in system.conf(5)",
						   groups[i].name, groups[i].rows[k].key);
		}
	}
}

static void
test_example(void)
{
	g_autofree char *text = read_source("installer/data/system.conf.example");
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemConfig) config = parse(text, FALSE, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(config->slots->len, ==, 2);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/system/system-config/fills-in-defaults", test_defaults);
	g_test_add_func("/system/system-config/links-slots", test_slots);
	g_test_add_func("/system/system-config/refuses-with-words", test_refuses);
	g_test_add_func("/system/system-config/keeps-own-keys-out-of-raucs-file",
			test_own_keys_in_rauc_file);
	g_test_add_func("/system/system-config/resolves-bundle-formats", test_formats);
	g_test_add_func("/system/system-config/resolves-status-places", test_status_places);
	g_test_add_func("/system/system-config/searches-in-order", test_search);
	g_test_add_func("/system/system-config/merges-bascule-conf", test_merge);
	g_test_add_func("/system/system-config/names-the-merged-file",
			test_merge_error_names_its_file);
	g_test_add_func("/system/system-config/explicit-file-may-have-own-keys",
			test_explicit_file);
	g_test_add_func("/system/system-config/takes-overrides", test_overrides);
	g_test_add_func("/system/system-config/lists-what-is-not-supported", test_unsupported);
	g_test_add_func("/system/system-config/manual-has-every-key", test_manual);
	g_test_add_func("/system/system-config/reads-the-example", test_example);
	return g_test_run();
}
