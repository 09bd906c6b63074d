/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/manifest.h"

#include "bundle-tools/format/manifest-group.h"
#include "bundle-tools/format/version.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/hex.h"
#include "common/keyfile.h"

#include <string.h>

#define VERITY_BLOCK_BYTES 4096

/* `min-rauc-version` came with 1.14; a lower number asks for something that ignores it. */
#define FIRST_MIN_RAUC_VERSION "1.14"

#define META_PREFIX "meta."

static const char *const format_names[BSC_BUNDLE_FORMAT_N + 1] = {"plain", "verity", "crypt", NULL};
static const char *const bundle_hooks[] = {"install-check", NULL};

/* [bundle] as text; the numbers in it go to BscManifest as bytes. */
typedef struct {
	char *format;
	char *verity_hash;
	char *verity_salt;
	uint64_t verity_size_bytes;
	char *crypt_key;
} BundleFields;

#define ROW(type_, key_, struct_, field_)                                                          \
	{                                                                                          \
		.key = key_, .type = BSC_KEYFILE_##type_, .offset = offsetof(struct_, field_)      \
	}

static const BscKeyfileRow update_rows[] = {
	{.key = "compatible",
	 .type = BSC_KEYFILE_STRING,
	 .offset = offsetof(BscManifest, compatible),
	 .required = TRUE},
	ROW(STRING, "version", BscManifest, version),
	ROW(STRING, "description", BscManifest, description),
	ROW(STRING, "build", BscManifest, build),
	ROW(STRING, "min-rauc-version", BscManifest, min_rauc_version),
};

static const BscKeyfileRow bundle_rows[] = {
	{.key = "format",
	 .type = BSC_KEYFILE_WORD,
	 .offset = offsetof(BundleFields, format),
	 .words = format_names,
	 .default_value = "plain"},
	ROW(HEX32, "verity-hash", BundleFields, verity_hash),
	ROW(HEX32, "verity-salt", BundleFields, verity_salt),
	ROW(UINT, "verity-size", BundleFields, verity_size_bytes),
	ROW(HEX32, "crypt-key", BundleFields, crypt_key),
};

static const BscKeyfileRow handler_rows[] = {
	{.key = "filename",
	 .type = BSC_KEYFILE_FILENAME,
	 .offset = offsetof(BscManifest, handler_filename),
	 .required = TRUE},
	ROW(STRING, "args", BscManifest, handler_args),
};

static const BscKeyfileRow hooks_rows[] = {
	{.key = "filename",
	 .type = BSC_KEYFILE_FILENAME,
	 .offset = offsetof(BscManifest, hooks_filename),
	 .required = TRUE},
	{.key = "hooks",
	 .type = BSC_KEYFILE_LIST,
	 .offset = offsetof(BscManifest, hooks),
	 .words = bundle_hooks},
};

const char *
bsc_manifest_format_to_string(BscBundleFormat format)
{
	g_return_val_if_fail(format < BSC_BUNDLE_FORMAT_N, NULL);
	return format_names[format];
}

gboolean
bsc_manifest_format_from_string(const char *text, BscBundleFormat *out)
{
	for (int i = 0; i < BSC_BUNDLE_FORMAT_N; i++) {
		if (g_strcmp0(text, format_names[i]) == 0) {
			*out = (BscBundleFormat)i;
			return TRUE;
		}
	}
	return FALSE;
}

static void
pair_free(BscManifestPair *pair)
{
	g_free(pair->key);
	g_free(pair->value);
	g_free(pair);
}

static void
meta_add(BscManifestMeta *meta, const char *key, const char *value)
{
	BscManifestPair *pair = g_new0(BscManifestPair, 1);

	pair->key = g_strdup(key);
	pair->value = g_strdup(value);
	g_ptr_array_add(meta->pairs, pair);
}

static BscManifestMeta *
meta_new(const char *label)
{
	BscManifestMeta *meta = g_new0(BscManifestMeta, 1);

	meta->label = g_strdup(label);
	meta->pairs = g_ptr_array_new_with_free_func((GDestroyNotify)pair_free);
	return meta;
}

static void
meta_free(BscManifestMeta *meta)
{
	if (meta == NULL)
		return;
	g_free(meta->label);
	g_ptr_array_unref(meta->pairs);
	g_free(meta);
}

static BscManifestMeta *
meta_copy(const BscManifestMeta *meta)
{
	BscManifestMeta *copy;

	if (meta == NULL)
		return NULL;
	copy = meta_new(meta->label);
	for (guint i = 0; i < meta->pairs->len; i++) {
		const BscManifestPair *pair = meta->pairs->pdata[i];

		meta_add(copy, pair->key, pair->value);
	}
	return copy;
}

static BscManifest *
manifest_new(void)
{
	BscManifest *self = g_new0(BscManifest, 1);

	g_atomic_ref_count_init(&self->ref_count);
	self->images = g_ptr_array_new_with_free_func((GDestroyNotify)bsc_manifest_image_free);
	self->meta = g_ptr_array_new_with_free_func((GDestroyNotify)meta_free);
	return self;
}

BscManifest *
bsc_manifest_ref(BscManifest *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void
bsc_manifest_unref(BscManifest *self)
{
	if (self == NULL || !g_atomic_ref_count_dec(&self->ref_count))
		return;
	bsc_keyfile_clear_group(update_rows, G_N_ELEMENTS(update_rows), self);
	bsc_keyfile_clear_group(handler_rows, G_N_ELEMENTS(handler_rows), self);
	bsc_keyfile_clear_group(hooks_rows, G_N_ELEMENTS(hooks_rows), self);
	g_ptr_array_unref(self->images);
	g_ptr_array_unref(self->meta);
	meta_free(self->rollout);
	explicit_bzero(self->crypt_key, sizeof(self->crypt_key));
	g_free(self);
}

BscManifest *
bsc_manifest_copy(const BscManifest *self)
{
	BscManifest *copy = g_memdup2(self, sizeof(*self));

	g_atomic_ref_count_init(&copy->ref_count);
	copy->compatible = g_strdup(self->compatible);
	copy->version = g_strdup(self->version);
	copy->description = g_strdup(self->description);
	copy->build = g_strdup(self->build);
	copy->min_rauc_version = g_strdup(self->min_rauc_version);
	copy->handler_filename = g_strdup(self->handler_filename);
	copy->handler_args = g_strdup(self->handler_args);
	copy->hooks_filename = g_strdup(self->hooks_filename);
	copy->hooks = g_strdupv(self->hooks);
	copy->images = g_ptr_array_new_with_free_func((GDestroyNotify)bsc_manifest_image_free);
	copy->meta = g_ptr_array_new_with_free_func((GDestroyNotify)meta_free);
	copy->rollout = meta_copy(self->rollout);
	for (guint i = 0; i < self->images->len; i++)
		g_ptr_array_add(copy->images, bsc_manifest_image_copy(self->images->pdata[i]));
	for (guint i = 0; i < self->meta->len; i++)
		g_ptr_array_add(copy->meta, meta_copy(self->meta->pdata[i]));
	return copy;
}

static gboolean
check_min_rauc_version(const char *text, GError **error)
{
	g_autoptr(GError) why = NULL;
	int order;

	if (text == NULL)
		return TRUE;
	if (!bsc_version_compare(text, FIRST_MIN_RAUC_VERSION, &order, &why))
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "[update] min-rauc-version: %s", why->message);
	if (order < 0)
		return bsc_error_set(
			error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			"[update] min-rauc-version: '%s' is lower than " FIRST_MIN_RAUC_VERSION
			", and what is older does not know this key",
			text);
	if (bsc_version_compare(text, BSC_MANIFEST_RAUC_VERSION, &order, NULL) && order > 0)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
				     "The bundle asks for what RAUC %s can do; this program can do "
				     "what RAUC " BSC_MANIFEST_RAUC_VERSION " can do",
				     text);
	return TRUE;
}

static gboolean
read_update(GKeyFile *file, BscManifest *self, GError **error)
{
	bsc_manifest_group_drop_empty(file, "update");
	return bsc_manifest_group_read(file, "update", update_rows, G_N_ELEMENTS(update_rows), self,
				       error) &&
	       check_min_rauc_version(self->min_rauc_version, error);
}

static gboolean
store_verity(const BundleFields *fields, gboolean has_size, BscManifest *self, GError **error)
{
	gboolean has_hash = bsc_hex_decode(fields->verity_hash, self->verity_hash, 32);
	gboolean has_salt = bsc_hex_decode(fields->verity_salt, self->verity_salt, 32);

	self->has_verity = has_hash && has_salt && has_size;
	self->verity_size_bytes = fields->verity_size_bytes;
	if (!self->has_verity && (has_hash || has_salt || has_size))
		return bsc_manifest_group_refuse(
			error, "bundle", "verity-hash, verity-salt and verity-size come together");
	if (!self->has_verity)
		return TRUE;
	if (self->format == BSC_BUNDLE_FORMAT_PLAIN)
		return bsc_manifest_group_refuse(error, "bundle",
						 "format=plain has no verity keys");
	if (self->verity_size_bytes == 0 || self->verity_size_bytes % VERITY_BLOCK_BYTES != 0)
		return bsc_manifest_group_refuse(
			error, "bundle", "verity-size: a multiple of 4096, not 0, is wanted");
	return TRUE;
}

static gboolean
check_bundle(const BscManifest *self, BscManifestFlags flags, GError **error)
{
	if (self->has_crypt_key && self->format != BSC_BUNDLE_FORMAT_CRYPT)
		return bsc_manifest_group_refuse(error, "bundle",
						 "crypt-key is for format=crypt only");
	if (flags & BSC_MANIFEST_INPUT && (self->has_verity || self->has_crypt_key))
		return bsc_manifest_group_refuse(
			error, "bundle",
			"verity-* and crypt-key are written by the tool that makes the "
			"bundle; take them out");
	if (!(flags & BSC_MANIFEST_SIGNED))
		return TRUE;
	if (self->format == BSC_BUNDLE_FORMAT_PLAIN)
		return bsc_manifest_group_refuse(
			error, "bundle",
			"format: 'plain' cannot stand inside a signature, only verity "
			"and crypt can");
	if (!self->has_verity)
		return bsc_manifest_group_refuse(
			error, "bundle", "verity-hash, verity-salt and verity-size are missing");
	if (self->format == BSC_BUNDLE_FORMAT_CRYPT && !self->has_crypt_key)
		return bsc_manifest_group_refuse(error, "bundle", "crypt-key is missing");
	return TRUE;
}

static gboolean
store_bundle(GKeyFile *file, const BundleFields *fields, BscManifest *self, GError **error)
{
	gboolean has_size = g_key_file_has_key(file, "bundle", "verity-size", NULL);

	g_assert(bsc_manifest_format_from_string(fields->format, &self->format));
	self->has_format_key = g_key_file_has_key(file, "bundle", "format", NULL);
	self->has_crypt_key = bsc_hex_decode(fields->crypt_key, self->crypt_key, 32);
	return store_verity(fields, has_size, self, error);
}

static gboolean
read_bundle(GKeyFile *file, BscManifestFlags flags, BscManifest *self, GError **error)
{
	BundleFields fields = {0};
	gboolean good;

	good = bsc_manifest_group_read(file, "bundle", bundle_rows, G_N_ELEMENTS(bundle_rows),
				       &fields, error) &&
	       store_bundle(file, &fields, self, error) && check_bundle(self, flags, error);
	if (fields.crypt_key != NULL)
		explicit_bzero(fields.crypt_key, strlen(fields.crypt_key));
	bsc_keyfile_clear_group(bundle_rows, G_N_ELEMENTS(bundle_rows), &fields);
	return good;
}

/* Labels and keys become names of environment variables. */
static gboolean
is_meta_name(const char *text)
{
	if (text[0] == '\0')
		return FALSE;
	for (; *text != '\0'; text++) {
		if (!g_ascii_isalnum(*text) && *text != '-' && *text != '_')
			return FALSE;
	}
	return TRUE;
}

/* Returns: (transfer full) (nullable): the whole group, its keys unchecked */
static BscManifestMeta *
read_pairs(GKeyFile *file, const char *group, const char *label, GError **error)
{
	g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);
	BscManifestMeta *meta = meta_new(label);

	for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
		g_autoptr(GError) why = NULL;
		g_autofree char *value = g_key_file_get_string(file, group, keys[i], &why);

		if (why == NULL) {
			meta_add(meta, keys[i], value);
			continue;
		}
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			      "[%s] %s: the value has a bad escape sequence", group, keys[i]);
		meta_free(meta);
		return NULL;
	}
	return meta;
}

static gboolean
read_meta(GKeyFile *file, const char *group, BscManifest *self, GError **error)
{
	const char *label = group + strlen(META_PREFIX);
	BscManifestMeta *meta;

	if (!is_meta_name(label))
		return bsc_manifest_group_refuse(
			error, group, "a label of letters, digits, '-' and '_' is wanted");
	meta = read_pairs(file, group, label, error);
	if (meta == NULL)
		return FALSE;
	g_ptr_array_add(self->meta, meta);
	for (guint i = 0; i < meta->pairs->len; i++) {
		const BscManifestPair *pair = meta->pairs->pdata[i];

		if (!is_meta_name(pair->key))
			return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
					     "[%s] %s: a key of letters, digits, '-' and '_' is "
					     "wanted",
					     group, pair->key);
	}
	return TRUE;
}

static gboolean
read_rollout(GKeyFile *file, BscManifest *self, GError **error)
{
	self->rollout = read_pairs(file, "rollout", "rollout", error);
	return self->rollout != NULL;
}

static gboolean
refuse_group(const char *group, GError **error)
{
	static const char *const known[] = {"update",  "bundle",  "handler", "hooks",
					    "rollout", "image.*", "meta.*",  NULL};
	const char *nearest = bsc_keyfile_find_nearest(group, known);

	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			     "[%s]: unknown group%s%s%s", group,
			     nearest != NULL ? ", did you mean '" : "",
			     nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
}

static gboolean
read_image(GKeyFile *file, const char *group, BscManifestFlags flags, BscManifest *self,
	   GError **error)
{
	BscManifestImage *image =
		bsc_manifest_image_read(file, group, !(flags & BSC_MANIFEST_INPUT), error);

	if (image == NULL)
		return FALSE;
	g_ptr_array_add(self->images, image);
	/* Who packs the bundle may still choose a format, if the input does not. */
	if (image->artifact != NULL && self->format == BSC_BUNDLE_FORMAT_PLAIN &&
	    (self->has_format_key || !(flags & BSC_MANIFEST_INPUT)))
		return bsc_manifest_group_refuse(error, group,
						 "artifacts need format=verity or format=crypt");
	return TRUE;
}

/* [update] and [bundle] are read before: they are needed, or default, where they are missing. */
static gboolean
read_other_group(GKeyFile *file, const char *group, BscManifestFlags flags, BscManifest *self,
		 GError **error)
{
	if (g_str_equal(group, "update") || g_str_equal(group, "bundle"))
		return TRUE;
	if (g_str_equal(group, "handler"))
		return bsc_manifest_group_read(file, group, handler_rows,
					       G_N_ELEMENTS(handler_rows), self, error) &&
		       bsc_manifest_group_check_name(group, self->handler_filename, error);
	if (g_str_equal(group, "hooks"))
		return bsc_manifest_group_read(file, group, hooks_rows, G_N_ELEMENTS(hooks_rows),
					       self, error) &&
		       bsc_manifest_group_check_name(group, self->hooks_filename, error);
	if (g_str_equal(group, "rollout"))
		return read_rollout(file, self, error);
	if (g_str_has_prefix(group, BSC_MANIFEST_IMAGE_PREFIX))
		return read_image(file, group, flags, self, error);
	if (g_str_has_prefix(group, META_PREFIX))
		return read_meta(file, group, self, error);
	return refuse_group(group, error);
}

static gboolean
check_hooks(const BscManifest *self, GError **error)
{
	if (self->hooks_filename != NULL)
		return TRUE;
	for (guint i = 0; i < self->images->len; i++) {
		const BscManifestImage *image = self->images->pdata[i];
		g_autofree char *name = bsc_manifest_image_name(image);

		if (image->hooks != NULL)
			return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
					     "[image.%s] hooks: [hooks] filename is missing, which "
					     "file is to be run?",
					     name);
	}
	return TRUE;
}

static gboolean
read_all(GKeyFile *file, BscManifestFlags flags, BscManifest *self, GError **error)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	if (!read_update(file, self, error) || !read_bundle(file, flags, self, error))
		return FALSE;
	for (size_t i = 0; groups[i] != NULL; i++) {
		if (!read_other_group(file, groups[i], flags, self, error))
			return FALSE;
	}
	bsc_manifest_group_clear_empty(&self->hooks);
	return check_hooks(self, error);
}

BscManifest *
bsc_manifest_parse(const char *data, size_t len, BscManifestFlags flags, GError **error)
{
	g_autoptr(BscManifest) self = manifest_new();
	g_autoptr(GError) why = NULL;
	g_autoptr(GKeyFile) file = bsc_keyfile_parse(data, len, &why);

	if (file == NULL) {
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT, "manifest: %s",
			      why->message);
		return NULL;
	}
	if (!read_all(file, flags, self, error)) {
		g_prefix_error(error, "manifest: ");
		return NULL;
	}
	return g_steal_pointer(&self);
}

static void
write_bundle(GKeyFile *file, const BscManifest *self, gboolean for_signing)
{
	if (for_signing && self->has_crypt_key)
		bsc_manifest_group_write_hex(file, "bundle", "crypt-key", self->crypt_key);
	if (self->format != BSC_BUNDLE_FORMAT_PLAIN)
		bsc_manifest_group_write_text(file, "bundle", "format", format_names[self->format]);
	if (!for_signing || !self->has_verity)
		return;
	bsc_manifest_group_write_hex(file, "bundle", "verity-hash", self->verity_hash);
	bsc_manifest_group_write_hex(file, "bundle", "verity-salt", self->verity_salt);
	g_key_file_set_uint64(file, "bundle", "verity-size", self->verity_size_bytes);
}

static void
write_pairs(GKeyFile *file, const char *group, const BscManifestMeta *meta)
{
	for (guint i = 0; i < meta->pairs->len; i++) {
		const BscManifestPair *pair = meta->pairs->pdata[i];

		g_key_file_set_string(file, group, pair->key, pair->value);
	}
}

char *
bsc_manifest_to_string(const BscManifest *self, gboolean for_signing)
{
	g_autoptr(GKeyFile) file = g_key_file_new();

	bsc_manifest_group_write_text(file, "update", "compatible", self->compatible);
	bsc_manifest_group_write_text(file, "update", "version", self->version);
	bsc_manifest_group_write_text(file, "update", "description", self->description);
	bsc_manifest_group_write_text(file, "update", "build", self->build);
	bsc_manifest_group_write_text(file, "update", "min-rauc-version", self->min_rauc_version);
	write_bundle(file, self, for_signing);
	bsc_manifest_group_write_text(file, "handler", "filename", self->handler_filename);
	bsc_manifest_group_write_text(file, "handler", "args", self->handler_args);
	bsc_manifest_group_write_text(file, "hooks", "filename", self->hooks_filename);
	bsc_manifest_group_write_list(file, "hooks", "hooks", self->hooks);
	for (guint i = 0; i < self->images->len; i++)
		bsc_manifest_image_write(self->images->pdata[i], file);
	for (guint i = 0; i < self->meta->len; i++) {
		const BscManifestMeta *meta = self->meta->pdata[i];
		g_autofree char *group = g_strconcat(META_PREFIX, meta->label, NULL);

		write_pairs(file, group, meta);
	}
	if (self->rollout != NULL)
		write_pairs(file, "rollout", self->rollout);
	return g_key_file_to_data(file, NULL, NULL);
}

void
bsc_manifest_compute_hash(const void *data, size_t len, uint8_t out[32])
{
	bsc_digest_compute(data, len, out);
}

BscManifestImage *
bsc_manifest_find_image(const BscManifest *self, const char *slot_class, const char *variant)
{
	BscManifestImage *fallback = NULL;

	for (guint i = 0; i < self->images->len; i++) {
		BscManifestImage *image = self->images->pdata[i];

		if (image->artifact != NULL || !g_str_equal(image->slot_class, slot_class))
			continue;
		if (image->variant == NULL)
			fallback = image;
		else if (g_strcmp0(image->variant, variant) == 0)
			return image;
	}
	return fallback;
}

gboolean
bsc_manifest_has_images_of_class(const BscManifest *self, const char *slot_class)
{
	for (guint i = 0; i < self->images->len; i++) {
		const BscManifestImage *image = self->images->pdata[i];

		if (image->artifact == NULL && g_str_equal(image->slot_class, slot_class))
			return TRUE;
	}
	return FALSE;
}
