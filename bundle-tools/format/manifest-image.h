/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/manifest-image.h - one image of a manifest: name, type, digest, hooks */
#pragma once

#include <glib.h>
#include <stdint.h>

#define BSC_MANIFEST_IMAGE_PREFIX "image." /* groups that begin so are images */

/* One [image.CLASS.VARIANT] or [image.REPO/ARTIFACT.VARIANT]. */
typedef struct {
	char *slot_class; /* slot class, or the artifact's repository */
	char *artifact;	  /* name of the artifact, %NULL for slot images */
	char *variant;	  /* %NULL = for every variant that has no image of its own */
	char *filename;	  /* in the root of the payload; %NULL only for emptyfs and install hooks */
	/*
	 * From `type=`, else from the file name: raw, ext4, vfat, squashfs, ubifs, tar, catar,
	 * caidx, ext4.caibx …; %NULL if neither says. Whether a slot can take it is not asked here.
	 */
	char *type;
	gboolean has_type_key; /* the type stood in the manifest */
	uint8_t sha256[32];
	gboolean has_sha256;
	uint64_t size_bytes;
	gboolean has_size;
	char **hooks;	  /* of pre-install, install, post-install; %NULL = none */
	char **adaptive;  /* words kept as they are; %NULL = none */
	char **convert;	  /* likewise */
	char **converted; /* likewise */
} BscManifestImage;

/**
 * bsc_manifest_image_type_from_name:
 * @filename: name of an image file
 *
 * Returns: (transfer none) (nullable): the image type its name tells, or %NULL
 */
const char *bsc_manifest_image_type_from_name(const char *filename);

/**
 * bsc_manifest_image_name:
 * @image: an image
 *
 * Returns: (transfer full): `CLASS`, `CLASS.VARIANT`, `REPO/ARTIFACT` or `REPO/ARTIFACT.VARIANT`
 */
char *bsc_manifest_image_name(const BscManifestImage *image);

/**
 * bsc_manifest_image_has_hook:
 * @image: an image
 * @hook: `pre-install`, `install` or `post-install`
 *
 * Returns: whether the image asks for the hook
 */
gboolean bsc_manifest_image_has_hook(const BscManifestImage *image, const char *hook);

/**
 * bsc_manifest_image_read:
 * @file: a manifest
 * @group: name of a group with %BSC_MANIFEST_IMAGE_PREFIX
 * @needs_sums: whether digest and size must be there, as in every finished bundle
 * @error: return location
 *
 * For manifest.c. Errors: %BSC_BUNDLE_ERROR_FORMAT.
 *
 * Returns: (transfer full) (nullable): the image, or %NULL on failure
 */
BscManifestImage *bsc_manifest_image_read(GKeyFile *file, const char *group, gboolean needs_sums,
					  GError **error);

/**
 * bsc_manifest_image_write:
 * @image: an image
 * @file: key file to which its group is added
 *
 * For manifest.c.
 */
void bsc_manifest_image_write(const BscManifestImage *image, GKeyFile *file);

/**
 * bsc_manifest_image_copy:
 * @image: an image
 *
 * Returns: (transfer full): a deep copy
 */
BscManifestImage *bsc_manifest_image_copy(const BscManifestImage *image);

/**
 * bsc_manifest_image_free:
 * @image: (transfer full) (nullable): an image
 */
void bsc_manifest_image_free(BscManifestImage *image);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscManifestImage, bsc_manifest_image_free)
