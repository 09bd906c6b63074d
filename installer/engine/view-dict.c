/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/view-dict.h"

#include "common/clock.h"
#include "common/hex.h"

static void
add_string(GVariantDict *dict, const char *key, const char *value)
{
	if (value != NULL)
		g_variant_dict_insert(dict, key, "s", value);
}

static void
add_strings(GVariantDict *dict, const char *key, char *const *values)
{
	if (values != NULL && values[0] != NULL)
		g_variant_dict_insert(dict, key, "^as", values);
}

static void
add_time(GVariantDict *dict, const char *key, gint64 usec)
{
	g_autofree char *text = usec > 0 ? bsc_clock_format_utc(usec) : NULL;

	add_string(dict, key, text);
}

static void
add_warnings(GVariantDict *dict, const GPtrArray *warnings)
{
	g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_STRING_ARRAY);

	for (guint i = 0; warnings != NULL && i < warnings->len; i++)
		g_variant_builder_add(&builder, "s", warnings->pdata[i]);
	g_variant_dict_insert_value(dict, "warnings", g_variant_builder_end(&builder));
}

GVariant *
bsc_view_dict_from_status(const BscStatusView *view)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);

	add_string(&dict, "compatible", view->compatible);
	add_string(&dict, "variant", view->variant);
	add_string(&dict, "version", view->system_version);
	add_string(&dict, "serial", view->serial);
	add_string(&dict, "boot-slot", view->boot_slot);
	add_string(&dict, "booted", view->booted_slot);
	add_string(&dict, "bootloader", view->bootloader);
	add_string(&dict, "config-file", view->config_path);
	add_string(&dict, "primary", view->primary_slot);
	add_string(&dict, "primary-error", view->primary_error);
	add_string(&dict, "status-location", view->status_location);
	add_string(&dict, "highest-good-version", view->highest_good_version);
	add_time(&dict, "time-floor", view->time_floor_usec);
	add_string(&dict, "read-only", view->read_only);
	add_string(&dict, "last-transaction", view->last_transaction);
	add_string(&dict, "last-outcome", view->last_outcome);
	g_variant_dict_insert(&dict, "on-trial", "b", view->on_trial);
	add_warnings(&dict, view->warnings);
	return g_variant_dict_end(&dict);
}

static void
add_record(GVariantDict *dict, const BscSlotStatus *status)
{
	add_string(dict, "bundle.compatible", status->bundle_compatible);
	add_string(dict, "bundle.version", status->bundle_version);
	add_string(dict, "bundle.description", status->bundle_description);
	add_string(dict, "bundle.build", status->bundle_build);
	add_string(dict, "bundle.hash", status->bundle_hash);
	add_string(dict, "status", status->status);
	if (status->sha256 != NULL) {
		add_string(dict, "sha256", status->sha256);
		g_variant_dict_insert(dict, "size", "t", status->size_bytes);
	}
	add_string(dict, "installed.transaction", status->installed_transaction);
	/* as RAUC: a count only stands beside its timestamp */
	if (status->installed_timestamp != NULL) {
		add_string(dict, "installed.timestamp", status->installed_timestamp);
		g_variant_dict_insert(dict, "installed.count", "u",
				      (guint32)status->installed_count);
	}
	if (status->activated_timestamp != NULL) {
		add_string(dict, "activated.timestamp", status->activated_timestamp);
		g_variant_dict_insert(dict, "activated.count", "u",
				      (guint32)status->activated_count);
	}
	if (status->trial)
		g_variant_dict_insert(dict, "trial", "b", TRUE);
}

static GVariant *
dict_from_slot(const BscSlotView *slot)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);

	add_string(&dict, "class", slot->slot_class);
	add_string(&dict, "device", slot->device);
	add_string(&dict, "type", slot->type);
	add_string(&dict, "state", slot->state);
	add_string(&dict, "description", slot->description);
	add_string(&dict, "parent", slot->parent);
	add_string(&dict, "bootname", slot->bootname);
	add_string(&dict, "mountpoint", slot->mountpoint);
	add_string(&dict, "in-use", slot->in_use);
	add_string(&dict, "boot-status", slot->boot_status);
	add_string(&dict, "boot-error", slot->boot_error);
	if (slot->attempts_left >= 0)
		g_variant_dict_insert(&dict, "boot-attempts", "u", (guint32)slot->attempts_left);
	if (slot->status != NULL)
		add_record(&dict, slot->status);
	return g_variant_dict_end(&dict);
}

GVariant *
bsc_view_dict_from_slots(const BscStatusView *view)
{
	g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sa{sv})"));

	for (guint i = 0; i < view->slots->len; i++) {
		const BscSlotView *slot = view->slots->pdata[i];

		g_variant_builder_add(&builder, "(s@a{sv})", slot->name, dict_from_slot(slot));
	}
	return g_variant_builder_end(&builder);
}

static GVariant *
dict_from_image(const BscManifestImage *image)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);

	add_string(&dict, "slot-class", image->slot_class);
	add_string(&dict, "artifact", image->artifact);
	add_string(&dict, "variant", image->variant);
	add_string(&dict, "filename", image->filename);
	add_string(&dict, "type", image->type);
	if (image->has_sha256) {
		g_autofree char *hex = bsc_hex_encode(image->sha256, sizeof image->sha256);

		add_string(&dict, "checksum", hex);
	}
	if (image->has_size)
		g_variant_dict_insert(&dict, "size", "t", image->size_bytes);
	add_strings(&dict, "hooks", image->hooks);
	add_strings(&dict, "adaptive", image->adaptive);
	add_strings(&dict, "convert", image->convert);
	add_strings(&dict, "converted", image->converted);
	return g_variant_dict_end(&dict);
}

static void
add_images(GVariantDict *dict, const GPtrArray *images)
{
	g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

	for (guint i = 0; i < images->len; i++)
		g_variant_builder_add_value(&builder, dict_from_image(images->pdata[i]));
	g_variant_dict_insert_value(dict, "images", g_variant_builder_end(&builder));
}

static void
add_meta(GVariantDict *dict, const GPtrArray *groups)
{
	g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{sa{ss}}"));

	if (groups == NULL || groups->len == 0)
		return;
	for (guint i = 0; i < groups->len; i++) {
		const BscManifestMeta *meta = groups->pdata[i];

		g_variant_builder_open(&builder, G_VARIANT_TYPE("{sa{ss}}"));
		g_variant_builder_add(&builder, "s", meta->label);
		g_variant_builder_open(&builder, G_VARIANT_TYPE("a{ss}"));
		for (guint k = 0; k < meta->pairs->len; k++) {
			const BscManifestPair *pair = meta->pairs->pdata[k];

			g_variant_builder_add(&builder, "{ss}", pair->key, pair->value);
		}
		g_variant_builder_close(&builder);
		g_variant_builder_close(&builder);
	}
	g_variant_dict_insert_value(dict, "meta", g_variant_builder_end(&builder));
}

GVariant *
bsc_view_dict_from_bundle(const BscBundleView *view)
{
	const BscManifest *manifest = view->manifest;
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);

	add_string(&dict, "manifest-hash", view->manifest_hash);
	add_string(&dict, "compatible", manifest->compatible);
	add_string(&dict, "version", manifest->version);
	add_string(&dict, "description", manifest->description);
	add_string(&dict, "build", manifest->build);
	add_string(&dict, "format", bsc_manifest_format_to_string(manifest->format));
	g_variant_dict_insert(&dict, "encrypted", "b", view->was_encrypted);
	g_variant_dict_insert(&dict, "verified", "b", view->verified);
	g_variant_dict_insert(&dict, "bundle-size", "t", view->file_bytes);
	add_string(&dict, "signer", view->signer_subject);
	add_string(&dict, "signer-issuer", view->signer_issuer);
	add_time(&dict, "signing-time", view->signing_time_usec);
	add_strings(&dict, "hooks", manifest->hooks);
	add_string(&dict, "handler", manifest->handler_filename);
	add_images(&dict, manifest->images);
	add_meta(&dict, manifest->meta);
	return g_variant_dict_end(&dict);
}

static const char *
get_phase_word(BscJobPhase phase)
{
	static const char *const words[BSC_JOB_PHASE_N] = {
		[BSC_JOB_PHASE_WRITING] = "writing",
		[BSC_JOB_PHASE_ACTIVATING] = "activating",
		[BSC_JOB_PHASE_FINISHED] = "finished",
	};

	return phase < BSC_JOB_PHASE_N ? words[phase] : NULL;
}

GVariant *
bsc_view_dict_from_record(const BscJobRecord *record)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);

	add_string(&dict, "transaction", record->transaction_id);
	add_string(&dict, "manifest-hash", record->manifest_hash);
	add_string(&dict, "version", record->bundle_version);
	add_string(&dict, "from", record->from_slot);
	add_strings(&dict, "to", record->to_slots);
	add_time(&dict, "started", record->started_usec);
	add_time(&dict, "ended", record->finished_usec);
	add_string(&dict, "phase", get_phase_word(record->phase));
	return g_variant_dict_end(&dict);
}
