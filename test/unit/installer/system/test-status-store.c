/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/system/test-status-store.c - two copies, damage, RAUC's files */
#include "config.h"

#include "installer/system/status-file.h"
#include "installer/system/status-store.h"
#include "test/support/temp-dir.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#define COPY_A	"data/bascule-slots.a"
#define COPY_B	"data/bascule-slots.b"
#define CENTRAL "data/central.raucs"

typedef struct {
	TestTempDir *dir;
	BscSystemConfig *config;
	const BscSlot *a;
	const BscSlot *b;
} Fixture;

static void
load_config(Fixture *f, const char *status_key)
{
	g_autofree char *text =
		g_strdup_printf("[system]\ncompatible=x\nbootloader=noop\n%s"
				"[slot.rootfs.0]\ndevice=a\ntype=ext4\nbootname=A\n"
				"[slot.rootfs.1]\ndevice=b\ntype=ext4\nbootname=B\n",
				status_key);
	g_autofree char *path = test_temp_dir_write(f->dir, "system.conf", text);
	g_autoptr(GError) error = NULL;

	g_clear_pointer(&f->config, bsc_system_config_unref);
	f->config = bsc_system_config_load(path, NULL, &error);
	g_assert_no_error(error);
	f->a = bsc_slot_table_find(f->config, "rootfs.0");
	f->b = bsc_slot_table_find(f->config, "rootfs.1");
}

static void
fixture_set_up(Fixture *f, gconstpointer data)
{
	f->dir = test_temp_dir_new();
	load_config(f, "data-directory=data\n");
}

static void
fixture_tear_down(Fixture *f, gconstpointer data)
{
	bsc_system_config_unref(f->config);
	test_temp_dir_free(f->dir);
}

static BscStatusStore *
open_store(Fixture *f)
{
	g_autoptr(GError) error = NULL;
	BscStatusStore *store = bsc_status_store_open(f->config, NULL, &error);

	g_assert_no_error(error);
	return store;
}

static void
save(BscStatusStore *store)
{
	g_autoptr(GError) error = NULL;

	bsc_status_store_save(store, &error);
	g_assert_no_error(error);
}

/* Records @status and @version for a slot, and an image digest. */
static void
record(BscStatusStore *store, const BscSlot *slot, const char *status, const char *version)
{
	g_autoptr(BscSlotStatus) old = bsc_status_store_get_slot(store, slot);

	bsc_slot_status_clear_image(old);
	old->status = g_strdup(status);
	old->bundle_version = g_strdup(version);
	old->sha256 = g_strdup("aa");
	old->size_bytes = 4096;
	bsc_status_store_set_slot(store, slot, old);
	save(store);
}

static void
assert_version(BscStatusStore *store, const BscSlot *slot, const char *wanted)
{
	g_autoptr(BscSlotStatus) status = bsc_status_store_get_slot(store, slot);

	g_assert_cmpstr(status->bundle_version, ==, wanted);
}

static void
test_keeps_all(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = open_store(f);
	g_autoptr(BscStatusStore) again = NULL;
	g_autoptr(BscSlotStatus) read = NULL;
	g_autoptr(BscSlotStatus) empty = NULL;
	g_autofree char *value = NULL;
	g_autofree char *warning = bsc_status_store_get_warning(store);
	BscSlotStatus status = {
		.bundle_compatible = (char *)"board",
		.bundle_version = (char *)"1.0",
		.bundle_description = (char *)"two\nlines; = [x] \xff",
		.bundle_build = (char *)"b",
		.bundle_hash = (char *)"00ff",
		.status = (char *)BSC_SLOT_STATUS_OK,
		.sha256 = (char *)"abcd",
		.size_bytes = G_MAXUINT64,
		.installed_transaction = (char *)"d6a1-x",
		.installed_timestamp = (char *)"2026-11-23T08:15:00Z",
		.installed_count = 3,
		.activated_timestamp = (char *)"2026-11-23T08:16:00Z",
		.activated_count = 2,
		.trial = TRUE,
		.signing_time_usec = 1700000000000000,
	};

	g_assert_null(warning);
	g_assert_true(bsc_status_store_is_durable(store));
	bsc_status_store_set_slot(store, f->b, &status);
	bsc_status_store_set_value(store, BSC_STATUS_HIGHEST_GOOD_VERSION, "1.2.3");
	bsc_status_store_set_value(store, BSC_STATUS_BOOT_ID, "x");
	bsc_status_store_set_value(store, BSC_STATUS_BOOT_ID, NULL);
	save(store);
	again = open_store(f);
	read = bsc_status_store_get_slot(again, f->b);
	g_assert_cmpstr(read->bundle_compatible, ==, "board");
	g_assert_cmpstr(read->bundle_description, ==, "two\nlines; = [x] \xef\xbf\xbd");
	g_assert_cmpstr(read->bundle_hash, ==, "00ff");
	g_assert_cmpuint(read->size_bytes, ==, G_MAXUINT64);
	g_assert_cmpstr(read->installed_transaction, ==, "d6a1-x");
	g_assert_cmpstr(read->installed_timestamp, ==, "2026-11-23T08:15:00Z");
	g_assert_cmpuint(read->installed_count, ==, 3);
	g_assert_cmpuint(read->activated_count, ==, 2);
	g_assert_true(read->trial);
	g_assert_cmpint(read->signing_time_usec, ==, 1700000000000000);
	value = bsc_status_store_get_value(again, BSC_STATUS_HIGHEST_GOOD_VERSION);
	g_assert_cmpstr(value, ==, "1.2.3");
	g_assert_null(bsc_status_store_get_value(again, BSC_STATUS_BOOT_ID));
	empty = bsc_status_store_get_slot(again, f->a);
	g_assert_null(empty->status);
}

static void
test_alternates(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = open_store(f);
	g_autofree char *first = NULL;
	g_autofree char *same = NULL;
	g_autofree char *second = NULL;

	record(store, f->a, "ok", "1");
	first = test_temp_dir_read(f->dir, COPY_A);
	g_assert_nonnull(first);
	record(store, f->a, "ok", "2");
	same = test_temp_dir_read(f->dir, COPY_A);
	second = test_temp_dir_read(f->dir, COPY_B);
	g_assert_cmpstr(first, ==, same);
	g_assert_nonnull(strstr(second, "sequence=2"));
}

/* Whatever is left of the newer copy, the older one counts, without digests. */
static void
test_survives_damage(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = open_store(f);
	g_autofree char *newer = NULL;
	g_autofree char *newer_path = test_temp_dir_get_path(f->dir, COPY_B);

	record(store, f->a, "ok", "1");
	record(store, f->a, "pending", "2");
	newer = test_temp_dir_read(f->dir, COPY_B);
	for (size_t len = 0; len < strlen(newer); len++) {
		g_autoptr(BscStatusStore) again = NULL;
		g_autoptr(BscSlotStatus) status = NULL;
		g_autofree char *warning = NULL;

		g_assert_true(g_file_set_contents(newer_path, newer, (gssize)len, NULL));
		again = open_store(f);
		status = bsc_status_store_get_slot(again, f->a);
		g_assert_cmpstr(status->bundle_version, ==, "1");
		g_assert_null(status->sha256);
		warning = bsc_status_store_get_warning(again);
		g_assert_nonnull(strstr(warning, "bascule-slots.b"));
	}
}

static void
test_survives_bit_flips(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = open_store(f);
	g_autofree char *newer = NULL;
	size_t len;

	record(store, f->a, "ok", "1");
	record(store, f->a, "ok", "2");
	newer = test_temp_dir_read(f->dir, COPY_B);
	len = strlen(newer);
	for (size_t i = 0; i < len; i += 3) {
		g_autoptr(BscStatusStore) again = NULL;

		newer[i] ^= 0x04;
		g_free(test_temp_dir_write(f->dir, COPY_B, newer));
		newer[i] ^= 0x04;
		again = open_store(f);
		assert_version(again, f->a, "1");
	}
}

static void
test_damaged_copy_is_replaced(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = open_store(f);
	g_autoptr(BscStatusStore) again = NULL;
	g_autoptr(BscStatusStore) last = NULL;
	g_autofree char *warning = NULL;

	record(store, f->a, "ok", "1");
	record(store, f->a, "ok", "2");
	g_free(test_temp_dir_write(f->dir, COPY_A, "junk"));
	again = open_store(f);
	assert_version(again, f->a, "2");
	record(again, f->a, "ok", "3");
	last = open_store(f);
	assert_version(last, f->a, "3");
	warning = bsc_status_store_get_warning(last);
	g_assert_null(warning);
}

static void
test_both_damaged(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = NULL;
	g_autofree char *warning = NULL;

	g_free(test_temp_dir_write(f->dir, COPY_A, "junk"));
	g_free(test_temp_dir_write(f->dir, COPY_B, ""));
	store = open_store(f);
	assert_version(store, f->a, NULL);
	warning = bsc_status_store_get_warning(store);
	g_assert_nonnull(warning);
	record(store, f->a, "ok", "1");
}

static void
test_later_format(Fixture *f, gconstpointer data)
{
	static const char body[] = "[status]\nformat=2\nsequence=9\n\n";
	g_autofree char *digest = bsc_status_file_digest(body, strlen(body));
	g_autofree char *text = g_strconcat(body, "[checksum]\nsha256=", digest, "\n", NULL);
	g_autoptr(GError) error = NULL;

	g_free(test_temp_dir_write(f->dir, COPY_A, text));
	g_assert_null(bsc_status_store_open(f->config, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
	g_clear_error(&error);
	g_free(test_temp_dir_write(f->dir, COPY_B, text));
	g_assert_null(bsc_status_store_open(f->config, NULL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

static void
test_unwritable_central(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = NULL;
	g_autoptr(BscStatusStore) again = NULL;
	g_autofree char *path = test_temp_dir_get_path(f->dir, "data/.central.raucs.new");
	g_autofree char *warning = NULL;

	g_free(test_temp_dir_write(f->dir, CENTRAL, "[system]\nboot-id=r\n"));
	g_assert_cmpint(g_mkdir(path, 0700), ==, 0); /* in the way of the new file */
	store = open_store(f);
	record(store, f->a, "ok", "1");
	record(store, f->a, "ok", "2");
	warning = bsc_status_store_get_warning(store);
	g_assert_nonnull(strstr(warning, "cannot be kept up to date"));
	again = open_store(f);
	assert_version(again, f->a, "2");
}

static void
test_clear_keeps_counters(Fixture *f, gconstpointer data)
{
	g_autoptr(BscSlotStatus) status = g_new0(BscSlotStatus, 1);

	status->installed_count = 4;
	status->activated_count = 2;
	status->sha256 = g_strdup("aa");
	status->trial = TRUE;
	bsc_slot_status_clear_image(status);
	g_assert_null(status->sha256);
	g_assert_false(status->trial);
	g_assert_cmpuint(status->installed_count, ==, 4);
	g_assert_cmpuint(status->activated_count, ==, 2);
}

static void
test_no_place(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = NULL;
	g_autofree char *warning = NULL;

	load_config(f, "");
	store = open_store(f);
	g_assert_false(bsc_status_store_is_durable(store));
	g_assert_null(bsc_status_store_get_dir(store));
	warning = bsc_status_store_get_warning(store);
	g_assert_nonnull(strstr(warning, "data-directory"));
	record(store, f->a, "ok", "1");
	assert_version(store, f->a, "1");
}

static void
test_unwritable_place(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = NULL;

	load_config(f, "data-directory=/proc/bascule\n");
	store = open_store(f);
	g_assert_false(bsc_status_store_is_durable(store));
	record(store, f->a, "ok", "1");
}

static const char central_text[] = "[system]\nboot-id=r\n\n"
				   "[slot.rootfs.0]\nbundle.version=rauc-1\nstatus=ok\n"
				   "sha256=bb\nsize=5\ninstalled.count=7\n\n"
				   "[slot.gone.0]\nstatus=ok\n";

static void
test_imports_central(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = NULL;
	g_autoptr(BscStatusStore) again = NULL;
	g_autoptr(BscSlotStatus) status = NULL;
	g_autofree char *central = NULL;

	g_free(test_temp_dir_write(f->dir, CENTRAL, central_text));
	store = open_store(f);
	status = bsc_status_store_get_slot(store, f->a);
	g_assert_cmpstr(status->bundle_version, ==, "rauc-1");
	g_assert_cmpuint(status->installed_count, ==, 7);
	record(store, f->b, "ok", "ours-2");
	central = test_temp_dir_read(f->dir, CENTRAL);
	g_assert_nonnull(strstr(central, "[system]\nboot-id=r"));
	g_assert_nonnull(strstr(central, "bundle.version=ours-2"));
	g_assert_nonnull(strstr(central, "[slot.gone.0]"));
	g_assert_null(strstr(central, "trial"));
	again = open_store(f);
	assert_version(again, f->a, "rauc-1");
	assert_version(again, f->b, "ours-2");
}

static void
test_rauc_ran_since(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = NULL;
	g_autoptr(BscStatusStore) again = NULL;
	g_autoptr(BscSlotStatus) b = NULL;

	g_free(test_temp_dir_write(f->dir, CENTRAL, central_text));
	store = open_store(f);
	b = bsc_status_store_get_slot(store, f->b);
	b->trial = TRUE;
	b->bundle_version = g_strdup("ours");
	b->bundle_hash = g_strdup("01");
	bsc_status_store_set_slot(store, f->b, b);
	record(store, f->a, "ok", "ours");
	g_free(test_temp_dir_write(f->dir, CENTRAL,
				   "[slot.rootfs.1]\nbundle.version=rauc-2\nbundle.hash=02\n"));
	again = open_store(f);
	assert_version(again, f->a, "ours");
	assert_version(again, f->b, "rauc-2");
	g_clear_pointer(&b, bsc_slot_status_free);
	b = bsc_status_store_get_slot(again, f->b);
	g_assert_false(b->trial);
}

/* A power cut after our copy and before RAUC's file: that one is old, not RAUC's work. */
static void
test_cut_between_the_two(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = NULL;
	g_autoptr(BscStatusStore) again = NULL;
	g_autofree char *before = NULL;

	g_free(test_temp_dir_write(f->dir, CENTRAL, central_text));
	store = open_store(f);
	record(store, f->a, "ok", "1");
	before = test_temp_dir_read(f->dir, CENTRAL);
	record(store, f->a, "pending", "2");
	g_free(test_temp_dir_write(f->dir, CENTRAL, before));
	again = open_store(f);
	assert_version(again, f->a, "2");
}

static void
test_central_is_not_made(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = open_store(f);

	record(store, f->a, "ok", "1");
	g_assert_null(test_temp_dir_read(f->dir, CENTRAL));
}

static void
test_broken_central(Fixture *f, gconstpointer data)
{
	g_autoptr(BscStatusStore) store = NULL;
	g_autofree char *warning = NULL;
	g_autofree char *central = NULL;

	g_free(test_temp_dir_write(f->dir, CENTRAL, "no key file"));
	store = open_store(f);
	warning = bsc_status_store_get_warning(store);
	g_assert_nonnull(strstr(warning, "central.raucs"));
	record(store, f->a, "ok", "1");
	central = test_temp_dir_read(f->dir, CENTRAL);
	g_assert_nonnull(strstr(central, "bundle.version=1"));
}

static char *
mount_slot(const BscSlot *slot, gpointer data, gpointer *out_unmount_data, GError **error)
{
	Fixture *f = data;

	if (!g_str_equal(slot->name, "rootfs.0")) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "not mountable");
		return NULL;
	}
	*out_unmount_data = f;
	return test_temp_dir_get_path(f->dir, "mnt");
}

static unsigned n_unmounts;

static void
unmount_slot(gpointer data)
{
	n_unmounts++;
}

static void
test_reads_slots(Fixture *f, gconstpointer data)
{
	BscStatusStoreOptions options = {.mount = mount_slot, .unmount = unmount_slot, .data = f};
	g_autoptr(BscStatusStore) store = NULL;
	g_autoptr(GError) error = NULL;

	g_free(test_temp_dir_write(f->dir, "mnt/slot.raucs",
				   "[slot]\nstatus=ok\nbundle.version=in-slot\n"));
	load_config(f, "statusfile=per-slot\n");
	store = bsc_status_store_open(f->config, &options, &error);
	g_assert_no_error(error);
	assert_version(store, f->a, "in-slot");
	assert_version(store, f->b, NULL);
	g_assert_cmpuint(n_unmounts, ==, 1);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *f, gconstpointer data);
	} cases[] = {
		{"keeps-all-fields", test_keeps_all},
		{"writes-the-copies-in-turn", test_alternates},
		{"survives-any-truncation", test_survives_damage},
		{"survives-bit-flips", test_survives_bit_flips},
		{"replaces-a-damaged-copy", test_damaged_copy_is_replaced},
		{"starts-afresh-where-both-are-damaged", test_both_damaged},
		{"refuses-a-later-format", test_later_format},
		{"carries-on-without-raucs-file", test_unwritable_central},
		{"clearing-keeps-counters", test_clear_keeps_counters},
		{"works-without-a-place", test_no_place},
		{"works-where-nothing-can-be-written", test_unwritable_place},
		{"imports-raucs-central-file", test_imports_central},
		{"sees-that-rauc-ran-since", test_rauc_ran_since},
		{"knows-a-power-cut-from-rauc", test_cut_between_the_two},
		{"does-not-make-raucs-file", test_central_is_not_made},
		{"mends-a-broken-central-file", test_broken_central},
		{"reads-per-slot-files", test_reads_slots},
	};

	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strconcat("/system/status-store/", cases[i].path, NULL);

		g_test_add(path, Fixture, NULL, fixture_set_up, cases[i].run, fixture_tear_down);
	}
	return g_test_run();
}
