/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/manifest-image.h"

#include "bundle-tools/format/manifest-group.h"
#include "common/hex.h"

#include <string.h>

/* [image.*]; what is unknown to BscManifestImage is read and dropped. */
typedef struct {
	BscManifestImage image;
	char *sha256;
	char *version;
	char *description;
	char *build;
} ImageFields;

#define ROW(type_, key_, struct_, field_)                                                          \
	{                                                                                          \
		.key = key_, .type = BSC_KEYFILE_##type_, .offset = offsetof(struct_, field_)      \
	}

static const char *const image_hooks[] = {"pre-install", "install", "post-install", NULL};

static const BscKeyfileRow image_rows[] = {
	ROW(HEX32, "sha256", ImageFields, sha256),
	ROW(UINT, "size", ImageFields, image.size_bytes),
	ROW(FILENAME, "filename", ImageFields, image.filename),
	ROW(WORD, "type", ImageFields, image.type),
	{.key = "hooks",
	 .type = BSC_KEYFILE_LIST,
	 .offset = offsetof(ImageFields, image.hooks),
	 .words = image_hooks},
	ROW(LIST, "adaptive", ImageFields, image.adaptive),
	ROW(LIST, "convert", ImageFields, image.convert),
	ROW(LIST, "converted", ImageFields, image.converted),
	ROW(STRING, "version", ImageFields, version),
	ROW(STRING, "description", ImageFields, description),
	ROW(STRING, "build", ImageFields, build),
};

/* First match wins: `root.tar.ext4` is an archive by the order of RAUC's table. */
static const struct {
	const char *pattern;
	const char *type;
} file_types[] = {
	{"*.ext4.caibx", "ext4.caibx"},
	{"*.vfat.caibx", "vfat.caibx"},
	{"*.ubifs.caibx", "ubifs.caibx"},
	{"*.img.caibx", "raw.caibx"},
	{"*.squashfs.caibx", "squashfs.caibx"},
	{"*.squashfs-*.caibx", "squashfs.caibx"},
	{"*.catar", "catar"},
	{"*.caidx", "caidx"},
	{"*.tar*", "tar"},
	{"*.tgz", "tar"},
	{"*.ext4", "ext4"},
	{"*.vfat", "vfat"},
	{"*.img", "raw"},
	{"*.squashfs-*", "squashfs"},
	{"*.squashfs", "squashfs"},
	{"*.ubifs", "ubifs"},
};

const char *
bsc_manifest_image_type_from_name(const char *filename)
{
	for (size_t i = 0; i < G_N_ELEMENTS(file_types); i++) {
		if (g_pattern_match_simple(file_types[i].pattern, filename))
			return file_types[i].type;
	}
	return NULL;
}

void
bsc_manifest_image_free(BscManifestImage *image)
{
	if (image == NULL)
		return;
	g_free(image->slot_class);
	g_free(image->artifact);
	g_free(image->variant);
	g_free(image->filename);
	g_free(image->type);
	g_strfreev(image->hooks);
	g_strfreev(image->adaptive);
	g_strfreev(image->convert);
	g_strfreev(image->converted);
	g_free(image);
}

BscManifestImage *
bsc_manifest_image_copy(const BscManifestImage *image)
{
	BscManifestImage *copy = g_memdup2(image, sizeof(*image));

	copy->slot_class = g_strdup(image->slot_class);
	copy->artifact = g_strdup(image->artifact);
	copy->variant = g_strdup(image->variant);
	copy->filename = g_strdup(image->filename);
	copy->type = g_strdup(image->type);
	copy->hooks = g_strdupv(image->hooks);
	copy->adaptive = g_strdupv(image->adaptive);
	copy->convert = g_strdupv(image->convert);
	copy->converted = g_strdupv(image->converted);
	return copy;
}

char *
bsc_manifest_image_name(const BscManifestImage *image)
{
	return g_strconcat(image->slot_class, image->artifact != NULL ? "/" : "",
			   image->artifact != NULL ? image->artifact : "",
			   image->variant != NULL ? "." : "",
			   image->variant != NULL ? image->variant : "", NULL);
}

gboolean
bsc_manifest_image_has_hook(const BscManifestImage *image, const char *hook)
{
	return image->hooks != NULL && g_strv_contains((const char *const *)image->hooks, hook);
}

static gboolean
is_path_name(const char *text)
{
	return text[0] != '\0' && strchr(text, '/') == NULL && !g_str_equal(text, ".") &&
	       !g_str_equal(text, "..");
}

/* `image.CLASS[.VARIANT]` or `image.REPO/ARTIFACT[.VARIANT]`; only a variant may hold a dot. */
static gboolean
read_name(const char *group, BscManifestImage *image, GError **error)
{
	g_auto(GStrv) parts = g_strsplit(group + strlen(BSC_MANIFEST_IMAGE_PREFIX), ".", 2);
	char *slash;

	if (parts[0] == NULL || (parts[1] != NULL && parts[1][0] == '\0'))
		return bsc_manifest_group_refuse(error, group,
						 "the name of a class or variant is empty");
	slash = strchr(parts[0], '/');
	image->slot_class = slash != NULL ? g_strndup(parts[0], (size_t)(slash - parts[0]))
					  : g_strdup(parts[0]);
	image->artifact = slash != NULL ? g_strdup(slash + 1) : NULL;
	image->variant = g_strdup(parts[1]);
	if (!is_path_name(image->slot_class) || (slash != NULL && !is_path_name(image->artifact)))
		return bsc_manifest_group_refuse(
			error, group,
			"CLASS, CLASS.VARIANT, REPO/ARTIFACT or REPO/ARTIFACT.VARIANT "
			"is wanted");
	return TRUE;
}

static gboolean
check_image(const char *group, const BscManifestImage *image, gboolean needs_sums, GError **error)
{
	gboolean is_empty = g_strcmp0(image->type, "emptyfs") == 0;

	if (!bsc_manifest_group_check_name(group, image->filename, error))
		return FALSE;
	if (is_empty && (image->filename != NULL || image->has_sha256 || image->has_size))
		return bsc_manifest_group_refuse(
			error, group, "type=emptyfs goes without filename, sha256 and size");
	if (!is_empty && image->filename == NULL && !bsc_manifest_image_has_hook(image, "install"))
		return bsc_manifest_group_refuse(
			error, group,
			"filename: is missing (only type=emptyfs and hooks=install go "
			"without)");
	if (needs_sums && image->filename != NULL && (!image->has_sha256 || !image->has_size))
		return bsc_manifest_group_refuse(error, group, "sha256 and size are missing");
	return TRUE;
}

/* Takes over what @fields holds. */
static BscManifestImage *
take_fields(GKeyFile *file, const char *group, ImageFields *fields)
{
	BscManifestImage *image = g_memdup2(&fields->image, sizeof(fields->image));

	memset(&fields->image, 0, sizeof(fields->image));
	image->has_sha256 = bsc_hex_decode(fields->sha256, image->sha256, 32);
	image->has_size = g_key_file_has_key(file, group, "size", NULL);
	image->has_type_key = image->type != NULL;
	if (image->type == NULL && image->filename != NULL)
		image->type = g_strdup(bsc_manifest_image_type_from_name(image->filename));
	bsc_manifest_group_clear_empty(&image->hooks);
	bsc_manifest_group_clear_empty(&image->adaptive);
	bsc_manifest_group_clear_empty(&image->convert);
	bsc_manifest_group_clear_empty(&image->converted);
	return image;
}

BscManifestImage *
bsc_manifest_image_read(GKeyFile *file, const char *group, gboolean needs_sums, GError **error)
{
	g_autoptr(BscManifestImage) image = NULL;
	ImageFields fields = {0};
	gboolean good;

	bsc_manifest_group_drop_empty(file, group);
	good = bsc_manifest_group_read(file, group, image_rows, G_N_ELEMENTS(image_rows), &fields,
				       error);
	image = take_fields(file, group, &fields);
	bsc_keyfile_clear_group(image_rows, G_N_ELEMENTS(image_rows), &fields);
	if (!good || !read_name(group, image, error) ||
	    !check_image(group, image, needs_sums, error))
		return NULL;
	return g_steal_pointer(&image);
}

void
bsc_manifest_image_write(const BscManifestImage *image, GKeyFile *file)
{
	g_autofree char *name = bsc_manifest_image_name(image);
	g_autofree char *group = g_strconcat(BSC_MANIFEST_IMAGE_PREFIX, name, NULL);

	if (image->has_sha256)
		bsc_manifest_group_write_hex(file, group, "sha256", image->sha256);
	if (image->has_size)
		g_key_file_set_uint64(file, group, "size", image->size_bytes);
	bsc_manifest_group_write_text(file, group, "filename", image->filename);
	bsc_manifest_group_write_text(file, group, "type",
				      image->has_type_key ? image->type : NULL);
	bsc_manifest_group_write_list(file, group, "hooks", image->hooks);
	bsc_manifest_group_write_list(file, group, "adaptive", image->adaptive);
	bsc_manifest_group_write_list(file, group, "convert", image->convert);
	bsc_manifest_group_write_list(file, group, "converted", image->converted);
}
