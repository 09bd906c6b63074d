/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/engine/test-install-plan.c - which bundle may go where, as a table */
#include "config.h"

#include "bundle-tools/source/bundle-error.h"
#include "installer/engine/install-error.h"
#include "installer/engine/install-plan.h"
#include "installer/system/slot-table.h"
#include "installer/write/write-error.h"

#include <string.h>

#define HASH   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UPDATE "[update]\ncompatible=board\nversion=2.0\n"
#define SUM    "sha256=" HASH "\nsize=1000\n"
#define IMAGE  "[image.rootfs]\nfilename=rootfs.ext4\n" SUM
#define AB                                                                                         \
	"[slot.rootfs.0]\ndevice=/dev/a\ntype=ext4\nbootname=A\n"                                  \
	"[slot.rootfs.1]\ndevice=/dev/b\ntype=ext4\nbootname=B\n"
#define APPS                                                                                       \
	"[slot.appfs.0]\ndevice=/dev/c\ntype=ext4\nparent=rootfs.0\n"                              \
	"[slot.appfs.1]\ndevice=/dev/d\ntype=ext4\nparent=rootfs.1\n"
#define APP_IMAGE "[image.appfs]\nfilename=app.ext4\n" SUM

/* One situation; zero is: A/B, A booted, nothing recorded, and a good bundle for rootfs. */
typedef struct {
	const char *name;
	const char *system;   /* more lines of [system] */
	const char *slots;    /* groups in place of AB */
	const char *manifest; /* in place of UPDATE IMAGE */
	const char *booted;   /* slot name; "" = external; %NULL = rootfs.0 */
	const char *variant;
	const char *statuses; /* `SLOT=STATUS@TIME` with blanks between; `!` behind = trial */
	const char *in_use;   /* a slot that is mounted */
	const char *highest;  /* version marked good */
	gboolean not_durable;
	gboolean ignore_compatible, ignore_version, force_on_trial;
	const char *wanted_hash;

	const char *plan; /* `SLOT:FILE …`, `-` before what is skipped; %NULL = refused with … */
	GQuark (*domain)(void);
	int code;
	const char *message; /* part of the refusal */
} Row;

#define REJECTED       .domain = bsc_install_error_quark, .code = BSC_INSTALL_ERROR_REJECTED
#define NO_DESTINATION .domain = bsc_install_error_quark, .code = BSC_INSTALL_ERROR_NO_DESTINATION

static const Row rows[] = {
	{"ab", .plan = "rootfs.1:rootfs.ext4"},
	{"ba", .booted = "rootfs.1", .plan = "rootfs.0:rootfs.ext4"},
	{"external", .booted = "", .plan = "rootfs.0:rootfs.ext4"},

	{"other-compatible", .manifest = "[update]\ncompatible=other\n" IMAGE, REJECTED,
	 .message = "this device is 'board', the bundle is for 'other'"},
	{"other-compatible-ignored", .manifest = "[update]\ncompatible=other\n" IMAGE,
	 .ignore_compatible = TRUE, .plan = "rootfs.1:rootfs.ext4"},
	{"check-hook-decides",
	 .manifest = "[update]\ncompatible=other\n[hooks]\nfilename=h\nhooks=install-check\n" IMAGE,
	 .plan = "rootfs.1:rootfs.ext4"},

	{"min-version", .system = "min-bundle-version=2.1\n", REJECTED,
	 .message = "2.0 is lower than min-bundle-version 2.1"},
	{"min-version-equal", .system = "min-bundle-version=2.0.0\n",
	 .plan = "rootfs.1:rootfs.ext4"},
	{"min-version-ignored", .system = "min-bundle-version=2.1\n", .ignore_version = TRUE,
	 .plan = "rootfs.1:rootfs.ext4"},
	{"min-version-without-version", .system = "min-bundle-version=1.0\n",
	 .manifest = "[update]\ncompatible=board\n" IMAGE, REJECTED, .message = "has no version"},
	{"downgrade-allowed", .highest = "3.0", .plan = "rootfs.1:rootfs.ext4"},
	{"downgrade-refused", .system = "downgrade=refuse\n", .highest = "3.0", REJECTED,
	 .message = "marked good here"},
	{"downgrade-equal", .system = "downgrade=refuse\n", .highest = "2.0",
	 .plan = "rootfs.1:rootfs.ext4"},
	{"downgrade-ignored", .system = "downgrade=refuse\n", .highest = "3.0",
	 .ignore_version = TRUE, .plan = "rootfs.1:rootfs.ext4"},

	{"wanted-hash", .wanted_hash = HASH, .plan = "rootfs.1:rootfs.ext4"},
	{"other-hash",
	 .wanted_hash = "ffff456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	 REJECTED, .message = "is required"},

	{"trial", .statuses = "rootfs.0=ok@2026!", REJECTED, .message = "not yet marked good"},
	{"trial-forced", .statuses = "rootfs.0=ok@2026!", .force_on_trial = TRUE,
	 .plan = "rootfs.1:rootfs.ext4"},
	{"trial-configured", .system = "install-on-trial=true\n", .statuses = "rootfs.0=ok@2026!",
	 .plan = "rootfs.1:rootfs.ext4"},
	{"trial-of-the-other", .statuses = "rootfs.1=ok@2026!", .plan = "rootfs.1:rootfs.ext4"},

	{"variant", .variant = "big",
	 .manifest = UPDATE IMAGE "[image.rootfs.big]\nfilename=big.ext4\n" SUM,
	 .plan = "rootfs.1:big.ext4"},
	{"variant-falls-back", .variant = "small",
	 .manifest = UPDATE IMAGE "[image.rootfs.big]\nfilename=big.ext4\n" SUM,
	 .plan = "rootfs.1:rootfs.ext4"},
	{"foreign-variants-only", .variant = "small",
	 .manifest = UPDATE "[image.rootfs.big]\nfilename=big.ext4\n" SUM, REJECTED,
	 .message = "no image for this device"},

	{"no-such-class", .manifest = UPDATE "[image.nofs]\nfilename=a.img\n" SUM, NO_DESTINATION,
	 .message = "slot class 'nofs'"},
	{"artifact",
	 .manifest = UPDATE "[bundle]\nformat=verity\nverity-hash=" HASH "\nverity-salt=" HASH
			    "\nverity-size=4096\n"
			    "[image.repo/thing]\nfilename=a.img\n" SUM,
	 .domain = bsc_bundle_error_quark, .code = BSC_BUNDLE_ERROR_UNSUPPORTED,
	 .message = "artifact"},
	{"pair-that-no-writer-takes",
	 .slots = "[slot.rootfs.0]\ndevice=/dev/a\ntype=raw\nbootname=A\n"
		  "[slot.rootfs.1]\ndevice=/dev/b\ntype=raw\nbootname=B\n",
	 .manifest = UPDATE "[image.rootfs]\nfilename=rootfs.tar.gz\n" SUM,
	 .domain = bsc_write_error_quark, .code = BSC_WRITE_ERROR_NO_WRITER, .message = "tar"},
	{"only-slot-is-booted", .slots = "[slot.rootfs.0]\ndevice=/dev/a\ntype=ext4\nbootname=A\n",
	 NO_DESTINATION, .message = "rootfs.0 is the running system"},
	{"other-slot-read-only",
	 .slots = "[slot.rootfs.0]\ndevice=/dev/a\ntype=ext4\nbootname=A\n"
		  "[slot.rootfs.1]\ndevice=/dev/b\ntype=ext4\nbootname=B\nreadonly=true\n",
	 NO_DESTINATION, .message = "rootfs.1 is read-only"},
	{"mounted", .in_use = "rootfs.1", NO_DESTINATION, .message = "mounted on '/x'"},
	{"mounted-allowed-without-hook", .in_use = "rootfs.1",
	 .slots = "[slot.rootfs.0]\ndevice=/dev/a\ntype=ext4\nbootname=A\n"
		  "[slot.rootfs.1]\ndevice=/dev/b\ntype=ext4\nbootname=B\nallow-mounted=true\n",
	 NO_DESTINATION, .message = "in use"},
	{"mounted-allowed-with-hook", .in_use = "rootfs.1",
	 .slots = "[slot.rootfs.0]\ndevice=/dev/a\ntype=ext4\nbootname=A\n"
		  "[slot.rootfs.1]\ndevice=/dev/b\ntype=ext4\nbootname=B\nallow-mounted=true\n",
	 .manifest =
		 UPDATE "[hooks]\nfilename=h\n[image.rootfs]\nfilename=a.img\nhooks=install\n" SUM,
	 .plan = "rootfs.1:a.img"},

	{"group", .slots = AB APPS, .manifest = UPDATE IMAGE APP_IMAGE,
	 .plan = "rootfs.1:rootfs.ext4 appfs.1:app.ext4"},
	{"group-follows-its-root", .slots = AB APPS, .booted = "rootfs.1",
	 .manifest = UPDATE APP_IMAGE IMAGE, .plan = "appfs.0:app.ext4 rootfs.0:rootfs.ext4"},
	{"part-of-a-group", .slots = AB APPS, .manifest = UPDATE APP_IMAGE,
	 .plan = "appfs.1:app.ext4"},
	{"part-of-a-group-with-a-failed-rest", .slots = AB APPS, .statuses = "rootfs.1=failed@2026",
	 .manifest = UPDATE APP_IMAGE, REJECTED, .message = "no image for slot rootfs.1"},
	{"group-without-the-class",
	 .slots = AB "[slot.appfs.0]\ndevice=/dev/c\ntype=ext4\nparent=rootfs.0\n",
	 .manifest = UPDATE IMAGE APP_IMAGE, NO_DESTINATION, .message = "'appfs'"},
	{"recovery-from-a",
	 .slots = "[slot.rootfs.0]\ndevice=/dev/a\ntype=ext4\nbootname=A\n"
		  "[slot.recovery.0]\ndevice=/dev/b\ntype=ext4\nbootname=R\n",
	 .booted = "recovery.0", .plan = "rootfs.0:rootfs.ext4"},
	{"two-boot-slots-at-once",
	 .slots = AB "[slot.recovery.0]\ndevice=/dev/c\ntype=ext4\nbootname=R\n",
	 .manifest = UPDATE IMAGE "[image.recovery]\nfilename=r.ext4\n" SUM, REJECTED,
	 .message = "only one of them can boot next"},
	{"slot-without-group", .slots = AB "[slot.boot.0]\ndevice=/dev/c\n",
	 .manifest = UPDATE IMAGE "[image.boot]\nfilename=b.img\n" SUM,
	 .plan = "rootfs.1:rootfs.ext4 boot.0:b.img"},

	{"rotation-takes-the-failed-one",
	 .slots = AB "[slot.rootfs.2]\ndevice=/dev/c\ntype=ext4\nbootname=C\n",
	 .statuses = "rootfs.1=ok@2025 rootfs.2=failed@2026", .plan = "rootfs.2:rootfs.ext4"},
	{"rotation-takes-the-pending-one",
	 .slots = AB "[slot.rootfs.2]\ndevice=/dev/c\ntype=ext4\nbootname=C\n",
	 .statuses = "rootfs.1=ok@2025 rootfs.2=pending", .plan = "rootfs.2:rootfs.ext4"},
	{"rotation-takes-the-never-installed-one",
	 .slots = AB "[slot.rootfs.2]\ndevice=/dev/c\ntype=ext4\nbootname=C\n",
	 .statuses = "rootfs.1=ok@2025", .plan = "rootfs.2:rootfs.ext4"},
	{"rotation-takes-the-oldest",
	 .slots = AB "[slot.rootfs.2]\ndevice=/dev/c\ntype=ext4\nbootname=C\n",
	 .statuses = "rootfs.1=ok@2026 rootfs.2=ok@2025", .plan = "rootfs.2:rootfs.ext4"},
	{"rotation-without-records-takes-the-first", .not_durable = TRUE,
	 .slots = AB "[slot.rootfs.2]\ndevice=/dev/c\ntype=ext4\nbootname=C\n",
	 .statuses = "rootfs.1=ok@2026 rootfs.2=ok@2025", .plan = "rootfs.1:rootfs.ext4"},

	{"install-same",
	 .slots = "[slot.rootfs.0]\ndevice=/dev/a\ntype=ext4\nbootname=A\n"
		  "[slot.rootfs.1]\ndevice=/dev/b\ntype=ext4\nbootname=B\ninstall-same=false\n",
	 .statuses = "rootfs.1=ok@2026", .plan = "-rootfs.1:rootfs.ext4"},
	{"install-same-after-failure",
	 .slots = "[slot.rootfs.0]\ndevice=/dev/a\ntype=ext4\nbootname=A\n"
		  "[slot.rootfs.1]\ndevice=/dev/b\ntype=ext4\nbootname=B\ninstall-same=false\n",
	 .statuses = "rootfs.1=failed@2026", .plan = "rootfs.1:rootfs.ext4"},
	{"install-same-without-durable-records", .not_durable = TRUE,
	 .slots = "[slot.rootfs.0]\ndevice=/dev/a\ntype=ext4\nbootname=A\n"
		  "[slot.rootfs.1]\ndevice=/dev/b\ntype=ext4\nbootname=B\ninstall-same=false\n",
	 .statuses = "rootfs.1=ok@2026", .plan = "rootfs.1:rootfs.ext4"},
};

typedef struct {
	BscSystemConfig *config;
	BscSlotStates states;
	GPtrArray *statuses;
	BscManifest *manifest;
	BscInstallRequest *request;
	BscInstallPlanInput input;
} Fixture;

static void
make_states(Fixture *self, const Row *row)
{
	const char *booted = row->booted ? row->booted : "rootfs.0";

	self->states.booted = bsc_slot_table_find(self->config, booted);
	self->states.is_external = !*booted;
	self->states.conditions = g_array_new(FALSE, TRUE, sizeof(BscSlotCondition));
	g_array_set_size(self->states.conditions, self->config->slots->len);
	for (guint i = 0; i < self->config->slots->len; i++) {
		const BscSlot *slot = self->config->slots->pdata[i];
		BscSlotCondition *condition =
			&g_array_index(self->states.conditions, BscSlotCondition, i);

		if (slot == self->states.booted)
			condition->state = BSC_SLOT_STATE_BOOTED;
		else if (self->states.booted &&
			 bsc_slot_table_is_in_group(slot, self->states.booted))
			condition->state = BSC_SLOT_STATE_ACTIVE;
		if (g_strcmp0(row->in_use, slot->name) == 0)
			condition->in_use = (char *)"mounted on '/x'";
	}
}

/* `SLOT=STATUS@TIME!` */
static void
apply_status(Fixture *self, const char *word)
{
	g_auto(GStrv) parts = g_strsplit(word, "=", 2);
	g_auto(GStrv) values = g_strsplit(parts[1], "@", 2);
	const BscSlot *slot = bsc_slot_table_find(self->config, parts[0]);
	BscSlotStatus *status = self->statuses->pdata[slot->index];

	status->trial = g_str_has_suffix(word, "!");
	status->status = g_strdup(values[0]);
	status->installed_timestamp = g_strdup(values[1]);
	status->sha256 = g_strdup(HASH);
	status->size_bytes = 1000;
}

static void
make_statuses(Fixture *self, const Row *row)
{
	g_auto(GStrv) words = g_strsplit(row->statuses ? row->statuses : "", " ", -1);

	self->statuses = g_ptr_array_new_with_free_func((GDestroyNotify)bsc_slot_status_free);
	for (guint i = 0; i < self->config->slots->len; i++)
		g_ptr_array_add(self->statuses, g_new0(BscSlotStatus, 1));
	for (size_t i = 0; words[i]; i++)
		if (*words[i])
			apply_status(self, words[i]);
}

static void
make_input(Fixture *self, const Row *row)
{
	self->request = bsc_install_request_new("/a");
	self->request->ignore_compatible = row->ignore_compatible;
	self->request->ignore_version_limit = row->ignore_version;
	self->request->force_on_trial = row->force_on_trial;
	self->request->require_manifest_hash = g_strdup(row->wanted_hash);
	self->input = (BscInstallPlanInput){
		.config = self->config,
		.states = &self->states,
		.manifest = self->manifest,
		.manifest_hash = HASH,
		.request = self->request,
		.variant = row->variant,
		.statuses = (BscSlotStatus *const *)self->statuses->pdata,
		.status_is_durable = !row->not_durable,
		.highest_good_version = row->highest,
	};
}

static void
set_up(Fixture *self, const Row *row)
{
	g_autofree char *conf =
		g_strdup_printf("[system]\ncompatible=board\nbootloader=grub\n%s%s",
				row->system ? row->system : "", row->slots ? row->slots : AB);
	const char *manifest = row->manifest ? row->manifest : UPDATE IMAGE;
	BscSystemConfigText text = {.data = conf, .len = strlen(conf), .path = "/x/system.conf"};
	g_autoptr(GError) error = NULL;

	self->config = bsc_system_config_parse(&text, &error);
	g_assert_no_error(error);
	self->manifest = bsc_manifest_parse(
		manifest, strlen(manifest),
		strstr(manifest, "verity") ? BSC_MANIFEST_SIGNED : BSC_MANIFEST_FLAGS_NONE, &error);
	g_assert_no_error(error);
	make_states(self, row);
	make_statuses(self, row);
	make_input(self, row);
}

static void
tear_down(Fixture *self)
{
	bsc_install_request_free(self->request);
	bsc_manifest_unref(self->manifest);
	g_ptr_array_unref(self->statuses);
	g_array_unref(self->states.conditions);
	bsc_system_config_unref(self->config);
}

static char *
describe(const BscInstallPlan *plan)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < plan->images->len; i++) {
		const BscInstallPlanImage *planned = plan->images->pdata[i];

		g_string_append_printf(text, "%s%s%s:%s", i > 0 ? " " : "",
				       planned->skip ? "-" : "", planned->slot->name,
				       planned->image->filename);
	}
	return g_string_free(text, FALSE);
}

static void
test_row(gconstpointer data)
{
	const Row *row = data;
	Fixture fixture = {0};
	g_autoptr(BscInstallPlan) plan = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	set_up(&fixture, row);
	plan = bsc_install_plan_new(&fixture.input, &error);
	if (row->plan) {
		g_assert_no_error(error);
		text = describe(plan);
		g_assert_cmpstr(text, ==, row->plan);
	} else {
		g_assert_null(plan);
		g_assert_error(error, row->domain(), row->code);
		if (!strstr(error->message, row->message))
			g_test_message("%s", error->message);
		g_assert_nonnull(strstr(error->message, row->message));
	}
	tear_down(&fixture);
}

static void
test_notes(void)
{
	const Row row = {.slots = AB "[slot.boot.0]\ndevice=/dev/c\n",
			 .manifest = UPDATE IMAGE "[image.boot]\nfilename=b.img\n" SUM};
	Fixture fixture = {0};
	g_autoptr(BscInstallPlan) plan = NULL;

	set_up(&fixture, &row);
	plan = bsc_install_plan_new(&fixture.input, NULL);
	g_assert_cmpuint(plan->notes->len, ==, 1);
	g_assert_nonnull(strstr(plan->notes->pdata[0], "boot.0"));
	g_assert_cmpstr(plan->boot_slot->name, ==, "rootfs.1");
	g_assert_cmpuint(plan->bytes_total, ==, 2000);
	tear_down(&fixture);
}

static void
test_contradiction(void)
{
	const Row row = {0};
	Fixture fixture = {0};
	g_autoptr(GError) error = NULL;

	set_up(&fixture, &row);
	fixture.states.contradiction = (char *)"told A, but '/' is /dev/b";
	g_assert_null(bsc_install_plan_new(&fixture.input, &error));
	g_assert_error(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_NO_DESTINATION);
	g_assert_nonnull(strstr(error->message, "told A"));
	tear_down(&fixture);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strconcat("/engine/install-plan/", rows[i].name, NULL);

		g_test_add_data_func(path, &rows[i], test_row);
	}
	g_test_add_func("/engine/install-plan/names-what-has-no-second-copy", test_notes);
	g_test_add_func("/engine/install-plan/contradicting-facts-refuse-every-write",
			test_contradiction);
	return g_test_run();
}
