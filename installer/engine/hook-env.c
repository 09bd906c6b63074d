/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/hook-env.h"

#include "common/hex.h"
#include "installer/system/slot-table.h"

/* Names that hooks in the field read; the order does not matter. */
#define SEARCH_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void G_GNUC_PRINTF(3, 4) add(GPtrArray *env, const char *name, const char *format, ...)
{
	g_autofree char *value = NULL;
	va_list args;

	va_start(args, format);
	value = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(env, g_strconcat(name, "=", value, NULL));
}

static void
add_word(GPtrArray *env, const char *name, const char *value)
{
	add(env, name, "%s", value ? value : "");
}

static void
add_numbered(GPtrArray *env, const char *name, unsigned number, const char *value)
{
	g_autofree char *full = g_strdup_printf("%s_%u", name, number);

	add_word(env, full, value);
}

static gboolean
has_name(const GPtrArray *env, const char *pair)
{
	size_t len = strcspn(pair, "=") + 1;

	for (guint i = 0; i < env->len; i++)
		if (strncmp(env->pdata[i], pair, len) == 0)
			return TRUE;
	return FALSE;
}

/* Of the integrator's own making: never instead of a variable that means something. */
static void
add_if_new(GPtrArray *env, char *pair)
{
	if (has_name(env, pair))
		g_free(pair);
	else
		g_ptr_array_add(env, pair);
}

static char *
to_variable(const char *text)
{
	char *name = g_ascii_strup(text, -1);

	for (char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c))
			*c = '_';
	return name;
}

static void
add_meta(GPtrArray *env, const BscManifest *manifest)
{
	for (guint i = 0; i < manifest->meta->len; i++) {
		const BscManifestMeta *meta = manifest->meta->pdata[i];
		g_autofree char *label = to_variable(meta->label);

		for (guint k = 0; k < meta->pairs->len; k++) {
			const BscManifestPair *pair = meta->pairs->pdata[k];
			g_autofree char *key = to_variable(pair->key);

			add_if_new(env,
				   g_strdup_printf("RAUC_META_%s_%s=%s", label, key, pair->value));
		}
	}
}

static void
add_system_variables(GPtrArray *env, const BscSystemInfo *info)
{
	for (size_t i = 0; info->variables && info->variables[i]; i++)
		add_if_new(env, g_strdup(info->variables[i]));
}

static GPtrArray *
start(const BscHooksInput *input)
{
	const BscSystemInfo *info = bsc_system_handle_get_info(input->system);
	GPtrArray *env = g_ptr_array_new();

	g_ptr_array_add(env, g_strdup(SEARCH_PATH));
	add_word(env, "RAUC_SYSTEM_COMPATIBLE", info->compatible);
	add_word(env, "RAUC_SYSTEM_VARIANT", info->variant);
	add_word(env, "RAUC_SYSTEM_VERSION", info->version);
	add_word(env, "RAUC_MOUNT_PREFIX", bsc_system_handle_get_mount_prefix(input->system));
	return env;
}

static char **
finish(GPtrArray *env)
{
	g_ptr_array_add(env, NULL);
	return (char **)g_ptr_array_free(env, FALSE);
}

static const char *
boot_name_of(const BscSlot *slot)
{
	return bsc_slot_table_get_root(slot)->bootname;
}

static gboolean
is_target(const BscInstallPlan *plan, const BscSlot *slot)
{
	for (guint i = 0; i < plan->roots->len; i++)
		if (bsc_slot_table_is_in_group(slot, plan->roots->pdata[i]))
			return TRUE;
	return FALSE;
}

static void
add_slot(GPtrArray *env, const BscSlot *slot, unsigned number)
{
	add_numbered(env, "RAUC_SLOT_NAME", number, slot->name);
	add_numbered(env, "RAUC_SLOT_CLASS", number, slot->slot_class);
	add_numbered(env, "RAUC_SLOT_TYPE", number, slot->type);
	add_numbered(env, "RAUC_SLOT_DEVICE", number, slot->device);
	add_numbered(env, "RAUC_SLOT_BOOTNAME", number, slot->bootname);
	add_numbered(env, "RAUC_SLOT_PARENT", number, slot->parent_name);
}

static void
add_image(GPtrArray *env, const BscManifestImage *image, unsigned number)
{
	g_autofree char *digest = bsc_hex_encode(image->sha256, sizeof(image->sha256));

	add_numbered(env, "RAUC_IMAGE_NAME", number, image->filename);
	add_numbered(env, "RAUC_IMAGE_DIGEST", number, image->has_sha256 ? digest : NULL);
	add_numbered(env, "RAUC_IMAGE_CLASS", number, image->slot_class);
}

/* Slots are counted from 1, in the order of the configuration. */
static void
add_slots(GPtrArray *env, const BscHooksInput *input)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(input->system);
	const char *variant = bsc_system_handle_get_info(input->system)->variant;
	g_autoptr(GString) all = g_string_new(NULL);
	g_autoptr(GString) targets = g_string_new(NULL);

	for (guint i = 0; i < config->slots->len; i++) {
		const BscSlot *slot = config->slots->pdata[i];
		const BscManifestImage *image =
			bsc_manifest_find_image(input->bundle->manifest, slot->slot_class, variant);

		add_slot(env, slot, i + 1);
		g_string_append_printf(all, "%s%u", all->len ? " " : "", i + 1);
		if (!is_target(input->plan, slot))
			continue;
		g_string_append_printf(targets, "%s%u", targets->len ? " " : "", i + 1);
		if (image)
			add_image(env, image, i + 1);
	}
	add_word(env, "RAUC_SLOTS", all->str);
	add_word(env, "RAUC_TARGET_SLOTS", targets->str);
}

char **
bsc_hook_env_for_handler(const BscHooksInput *input, const char *dir)
{
	GPtrArray *env = start(input);

	add_word(env, "RAUC_SYSTEM_CONFIG", bsc_system_handle_get_config(input->system)->path);
	add_word(env, "RAUC_CURRENT_BOOTNAME", input->states->boot_slot);
	add_word(env, "RAUC_BUNDLE_MOUNT_POINT", dir);
	add_word(env, "RAUC_UPDATE_SOURCE", dir);
	add_word(env, "RAUC_TRANSACTION_ID", input->transaction_id);
	add_slots(env, input);
	add_meta(env, input->bundle->manifest);
	add_system_variables(env, bsc_system_handle_get_info(input->system));
	return finish(env);
}

char **
bsc_hook_env_for_check(const BscHooksInput *input, const char *dir)
{
	const BscManifest *manifest = input->bundle->manifest;
	GPtrArray *env = start(input);

	add_word(env, "RAUC_MF_COMPATIBLE", manifest->compatible);
	add_word(env, "RAUC_MF_VERSION", manifest->version);
	add_word(env, "RAUC_MF_BUILD", manifest->build);
	add_word(env, "RAUC_BUNDLE_MOUNT_POINT", dir);
	add_meta(env, manifest);
	return finish(env);
}

char **
bsc_hook_env_for_slot(const BscHooksInput *input, const char *dir,
		      const BscInstallPlanImage *planned, const char *mountpoint)
{
	const BscSlot *slot = planned->slot;
	const BscManifestImage *image = planned->image;
	const BscCmsSignerInfo *signer = input->bundle->signer;
	BscSlotState state = bsc_slot_state_get(input->states, slot)->state;
	g_autofree char *path =
		image->filename ? g_build_filename(dir, image->filename, NULL) : NULL;
	g_autofree char *digest = bsc_hex_encode(image->sha256, sizeof(image->sha256));
	g_autofree char *keys = signer ? g_strjoinv(" ", signer->spki_hashes) : NULL;
	GPtrArray *env = start(input);

	add_word(env, "RAUC_SLOT_NAME", slot->name);
	add_word(env, "RAUC_SLOT_STATE", bsc_slot_state_to_string(state));
	add_word(env, "RAUC_SLOT_CLASS", slot->slot_class);
	add_word(env, "RAUC_SLOT_TYPE", slot->type);
	add_word(env, "RAUC_SLOT_DEVICE", slot->device);
	add_word(env, "RAUC_SLOT_BOOTNAME", boot_name_of(slot));
	add_word(env, "RAUC_SLOT_PARENT", slot->parent_name);
	if (mountpoint)
		add_word(env, "RAUC_SLOT_MOUNT_POINT", mountpoint);
	add_word(env, "RAUC_IMAGE_NAME", path);
	add(env, "RAUC_IMAGE_SIZE", "%" G_GUINT64_FORMAT, image->size_bytes);
	add_word(env, "RAUC_IMAGE_DIGEST", image->has_sha256 ? digest : NULL);
	add_word(env, "RAUC_IMAGE_CLASS", image->slot_class);
	add_word(env, "RAUC_BUNDLE_MOUNT_POINT", dir);
	add_word(env, "RAUC_BUNDLE_SPKI_HASHES", keys);
	add_meta(env, input->bundle->manifest);
	return finish(env);
}
