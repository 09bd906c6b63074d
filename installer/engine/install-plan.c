/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/install-plan.h"

#include "bundle-tools/format/version.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"
#include "common/hex.h"
#include "installer/engine/install-error.h"
#include "installer/system/slot-table.h"
#include "installer/write/slot-writer.h"

void
bsc_install_plan_free(BscInstallPlan *self)
{
	if (!self)
		return;
	g_clear_pointer(&self->roots, g_ptr_array_unref);
	g_clear_pointer(&self->images, g_ptr_array_unref);
	g_clear_pointer(&self->notes, g_ptr_array_unref);
	g_free(self);
}

static BscInstallPlan *
plan_alloc(void)
{
	BscInstallPlan *self = g_new0(BscInstallPlan, 1);

	self->roots = g_ptr_array_new();
	self->images = g_ptr_array_new_with_free_func(g_free);
	self->notes = g_ptr_array_new_with_free_func(g_free);
	return self;
}

static gboolean G_GNUC_PRINTF(2, 3) reject(GError **error, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED, "%s", text);
}

static gboolean
has_check_hook(const BscManifest *manifest)
{
	return manifest->hooks &&
	       g_strv_contains((const char *const *)manifest->hooks, "install-check");
}

static gboolean
check_hash(const BscInstallPlanInput *input, GError **error)
{
	const char *wanted = input->request->require_manifest_hash;

	if (!wanted || g_ascii_strcasecmp(wanted, input->manifest_hash) == 0)
		return TRUE;
	return reject(error, "Manifest hash is %s, but %s is required", input->manifest_hash,
		      wanted);
}

static gboolean
check_compatible(const BscInstallPlanInput *input, GError **error)
{
	const char *wanted = input->config->compatible;
	const char *given = input->manifest->compatible;

	if (input->request->ignore_compatible || has_check_hook(input->manifest) ||
	    g_strcmp0(wanted, given) == 0)
		return TRUE;
	return reject(error, "Compatible mismatch: this device is '%s', the bundle is for '%s'",
		      wanted, given);
}

/* Fails with @words if @version is lower than @floor, or not a version at all. */
static gboolean
check_not_below(const char *version, const char *floor, const char *words, GError **error)
{
	int order;

	if (!version)
		return reject(error,
			      "The bundle has no version, but %s %s is the lowest allowed; "
			      "--ignore-version-limit installs it all the same",
			      words, floor);
	if (!bsc_version_compare(version, floor, &order, error)) {
		g_prefix_error(error, "Cannot compare with %s %s: ", words, floor);
		return FALSE;
	}
	if (order >= 0)
		return TRUE;
	return reject(error,
		      "Bundle version %s is lower than %s %s; --ignore-version-limit installs "
		      "it all the same",
		      version, words, floor);
}

static gboolean
check_version(const BscInstallPlanInput *input, GError **error)
{
	const char *version = input->manifest->version;
	const char *min = input->config->min_bundle_version;
	g_autoptr(GError) local_error = NULL;

	if (input->request->ignore_version_limit)
		return TRUE;
	if (min && !check_not_below(version, min, "min-bundle-version", &local_error))
		return reject(error, "%s", local_error->message);
	if (g_strcmp0(input->config->downgrade, "refuse") != 0 || !input->highest_good_version)
		return TRUE;
	if (!check_not_below(version, input->highest_good_version,
			     "the highest version marked good here,", &local_error))
		return reject(error, "%s", local_error->message);
	return TRUE;
}

static gboolean
check_trial(const BscInstallPlanInput *input, GError **error)
{
	const BscSlot *booted = input->states->booted;

	if (!booted || input->request->force_on_trial || input->config->install_on_trial ||
	    !input->statuses[booted->index]->trial)
		return TRUE;
	return reject(error,
		      "The booted slot %s is not yet marked good, so the other one may be the last "
		      "good system; run 'bascule status mark-good' once it works, or use "
		      "--force-on-trial",
		      booted->name);
}

static gboolean
check_supported(const BscInstallPlanInput *input, GError **error)
{
	const BscManifest *manifest = input->manifest;

	for (guint i = 0; i < manifest->images->len; i++) {
		const BscManifestImage *image = manifest->images->pdata[i];
		g_autofree char *name = bsc_manifest_image_name(image);

		if (image->artifact)
			return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
					     "Image '%s' is an artifact; artifact repositories are "
					     "not supported yet",
					     name);
		if (image->filename && (!image->has_sha256 || !image->has_size))
			return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
					     "Image '%s' has no sha256 or no size in the manifest",
					     name);
	}
	return TRUE;
}

gboolean
bsc_install_plan_check_bundle(const BscInstallPlanInput *input, GError **error)
{
	return check_hash(input, error) && check_compatible(input, error) &&
	       check_version(input, error) && check_trial(input, error) &&
	       check_supported(input, error);
}

/* The class of every image must exist here; of the class, not of this device's variant. */
static gboolean
check_classes(const BscInstallPlanInput *input, GError **error)
{
	for (guint i = 0; i < input->manifest->images->len; i++) {
		const BscManifestImage *image = input->manifest->images->pdata[i];

		if (!bsc_slot_table_has_class(input->config, image->slot_class))
			return bsc_error_set(
				error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_NO_DESTINATION,
				"The bundle has an image for slot class '%s', and this "
				"device has no slot of it",
				image->slot_class);
	}
	return TRUE;
}

/* Classes of root slots whose groups take an image, in the order of the configuration. */
static GPtrArray *
list_root_classes(const BscInstallPlanInput *input)
{
	GPtrArray *classes = g_ptr_array_new();
	const BscSystemConfig *config = input->config;

	for (guint i = 0; i < config->slots->len; i++) {
		const BscSlot *slot = config->slots->pdata[i];
		const BscSlot *root = bsc_slot_table_get_root(slot);

		if (bsc_manifest_find_image(input->manifest, slot->slot_class, input->variant) &&
		    !g_ptr_array_find_with_equal_func(classes, root->slot_class, g_str_equal, NULL))
			g_ptr_array_add(classes, root->slot_class);
	}
	return classes;
}

static const char *
why_not(const BscInstallPlanInput *input, const BscSlot *root)
{
	if (bsc_slot_state_get(input->states, root)->state != BSC_SLOT_STATE_INACTIVE)
		return "is the running system";
	if (root->readonly)
		return "is read-only";
	return NULL;
}

/* What a candidate is worth: a slot that failed or was never installed is taken at once. */
static gboolean
wins_at_once(const BscSlotStatus *status)
{
	return g_strcmp0(status->status, BSC_SLOT_STATUS_FAILED) == 0 ||
	       g_strcmp0(status->status, BSC_SLOT_STATUS_PENDING) == 0 ||
	       !status->installed_timestamp;
}

/*
 * Among the slots of a root class that are not running: without durable records the first; with
 * them the first that failed or never was installed, else the one installed longest ago, so that
 * three slots rotate (reference 1.7, but in the order of the configuration).
 */
static const BscSlot *
choose_root(const BscInstallPlanInput *input, const char *root_class, GError **error)
{
	g_autoptr(GPtrArray) slots = bsc_slot_table_list_class(input->config, root_class);
	g_autoptr(GString) reasons = g_string_new(NULL);
	const BscSlot *best = NULL;

	for (guint i = 0; i < slots->len; i++) {
		const BscSlot *slot = slots->pdata[i];
		const BscSlotStatus *status = input->statuses[slot->index];
		const char *reason = slot->parent ? "is no root slot" : why_not(input, slot);

		if (reason) {
			g_string_append_printf(reasons, "%s%s %s", reasons->len ? ", " : "",
					       slot->name, reason);
			continue;
		}
		if (!input->status_is_durable || wins_at_once(status))
			return slot;
		/* timestamps are UTC in one fixed form: their order is that of their text */
		if (!best || strcmp(status->installed_timestamp,
				    input->statuses[best->index]->installed_timestamp) < 0)
			best = slot;
	}
	if (!best)
		bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_NO_DESTINATION,
			      "No slot of class '%s' can be written: %s", root_class, reasons->str);
	return best;
}

static gboolean
choose_roots(BscInstallPlan *self, const BscInstallPlanInput *input, GError **error)
{
	g_autoptr(GPtrArray) classes = list_root_classes(input);

	for (guint i = 0; i < classes->len; i++) {
		const BscSlot *root = choose_root(input, classes->pdata[i], error);

		if (!root)
			return FALSE;
		g_ptr_array_add(self->roots, (gpointer)root);
		if (!root->bootname)
			continue;
		if (self->boot_slot)
			return reject(error,
				      "The bundle updates %s and %s, which both are booted by "
				      "name, and only one of them can boot next; install them "
				      "with two bundles",
				      self->boot_slot->name, root->name);
		self->boot_slot = root;
	}
	return TRUE;
}

static gboolean
check_free(const BscInstallPlanInput *input, const BscSlot *slot, const BscManifestImage *image,
	   GError **error)
{
	const BscSlotCondition *condition = bsc_slot_state_get(input->states, slot);

	if (slot->readonly)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_NO_DESTINATION,
				     "Slot %s is read-only, and the bundle has an image for it",
				     slot->name);
	if (!condition->in_use ||
	    (slot->allow_mounted && bsc_manifest_image_has_hook(image, "install")))
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_NO_DESTINATION,
			     "Slot %s cannot be written: its device %s is in use, %s", slot->name,
			     slot->device, condition->in_use);
}

static gboolean
holds_already(const BscInstallPlanInput *input, const BscSlot *slot, const BscManifestImage *image)
{
	const BscSlotStatus *status = input->statuses[slot->index];
	g_autofree char *sha256 = bsc_hex_encode(image->sha256, sizeof(image->sha256));

	return !slot->install_same && input->status_is_durable && image->has_sha256 &&
	       g_strcmp0(status->status, BSC_SLOT_STATUS_OK) == 0 &&
	       g_strcmp0(status->sha256, sha256) == 0 && status->size_bytes == image->size_bytes;
}

static gboolean
add_image(BscInstallPlan *self, const BscInstallPlanInput *input, const BscSlot *slot,
	  const BscManifestImage *image, GError **error)
{
	gboolean has_hook = bsc_manifest_image_has_hook(image, "install");
	BscInstallPlanImage *planned;

	if (!check_free(input, slot, image, error) ||
	    !bsc_slot_writer_check_pair(image->type, slot->type, has_hook, error)) {
		g_prefix_error(error, "Image '%s': ",
			       image->filename ? image->filename : image->slot_class);
		return FALSE;
	}
	planned = g_new0(BscInstallPlanImage, 1);
	planned->slot = slot;
	planned->image = image;
	planned->skip = holds_already(input, slot, image);
	if (!planned->skip)
		self->bytes_total += image->size_bytes;
	g_ptr_array_add(self->images, planned);
	return TRUE;
}

/* Puts one manifest image into the slot of its class in every destination group. */
static gboolean
place_image(BscInstallPlan *self, const BscInstallPlanInput *input, const BscManifestImage *image,
	    GError **error)
{
	gboolean placed = FALSE;

	for (guint i = 0; i < self->roots->len; i++) {
		const BscSlot *slot = bsc_slot_table_find_in_group(
			input->config, self->roots->pdata[i], image->slot_class);

		if (!slot)
			continue;
		if (!add_image(self, input, slot, image, error))
			return FALSE;
		placed = TRUE;
	}
	if (placed)
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_NO_DESTINATION,
			     "No slot of class '%s' belongs to the destination", image->slot_class);
}

static gboolean
place_images(BscInstallPlan *self, const BscInstallPlanInput *input, GError **error)
{
	for (guint i = 0; i < input->manifest->images->len; i++) {
		const BscManifestImage *image = input->manifest->images->pdata[i];
		const BscManifestImage *chosen =
			bsc_manifest_find_image(input->manifest, image->slot_class, input->variant);

		if (chosen == image && !place_image(self, input, image, error))
			return FALSE;
	}
	if (self->images->len > 0)
		return TRUE;
	return reject(error, "The bundle has no image for this device (its variant is '%s')",
		      input->variant ? input->variant : "");
}

static gboolean
is_written(const BscInstallPlan *self, const BscSlot *slot)
{
	for (guint i = 0; i < self->images->len; i++)
		if (((const BscInstallPlanImage *)self->images->pdata[i])->slot == slot)
			return TRUE;
	return FALSE;
}

/* A group that becomes active must be whole: what the bundle does not bring must be good there. */
static gboolean
check_rest_of_group(const BscInstallPlan *self, const BscInstallPlanInput *input, GError **error)
{
	g_autoptr(GPtrArray) group = NULL;

	if (!self->boot_slot)
		return TRUE;
	group = bsc_slot_table_list_group(input->config, self->boot_slot);
	for (guint i = 0; i < group->len; i++) {
		const BscSlot *slot = group->pdata[i];
		const char *status = input->statuses[slot->index]->status;

		if (is_written(self, slot) || !status || g_str_equal(status, BSC_SLOT_STATUS_OK))
			continue;
		return reject(error,
			      "The bundle has no image for slot %s, whose last installation did "
			      "not succeed; the group would not be complete",
			      slot->name);
	}
	return TRUE;
}

static void
add_notes(BscInstallPlan *self, const BscInstallPlanInput *input)
{
	for (guint i = 0; i < self->images->len; i++) {
		const BscInstallPlanImage *planned = self->images->pdata[i];
		const BscSlot *root = bsc_slot_table_get_root(planned->slot);
		g_autoptr(GPtrArray) copies =
			bsc_slot_table_list_class(input->config, planned->slot->slot_class);

		if (!root->bootname || copies->len < 2)
			g_ptr_array_add(self->notes,
					g_strdup_printf("Slot %s has no second copy that the boot "
							"loader could fall back to: not safe "
							"against a power cut",
							planned->slot->name));
	}
}

BscInstallPlan *
bsc_install_plan_new(const BscInstallPlanInput *input, GError **error)
{
	g_autoptr(BscInstallPlan) self = plan_alloc();
	g_autoptr(GError) local_error = NULL;

	if (!bsc_install_plan_check_bundle(input, error))
		return NULL;
	if (!bsc_slot_state_check_writable(input->states, &local_error)) {
		bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_NO_DESTINATION, "%s",
			      local_error->message);
		return NULL;
	}
	self->has_check_hook = has_check_hook(input->manifest);
	self->has_handler = input->manifest->handler_filename != NULL;
	if (!check_classes(input, error) || !choose_roots(self, input, error))
		return NULL;
	if (!self->has_handler && !place_images(self, input, error))
		return NULL;
	if (!self->has_handler && !check_rest_of_group(self, input, error))
		return NULL;
	add_notes(self, input);
	return g_steal_pointer(&self);
}
