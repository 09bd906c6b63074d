/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/bundle/bundle.h"

#include "bundle-tools/source/bundle-error.h"
#include "bundle-tools/squashfs/squashfs.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/hex.h"
#include "common/parallel.h"

#include <string.h>

#define CHECK_PIECE_BYTES (256 * 1024)
#define MAX_LINKS	  8

BscBundle *
bsc_bundle_ref(BscBundle *self)
{
	g_atomic_ref_count_inc(&self->ref_count);
	return self;
}

void
bsc_bundle_unref(BscBundle *self)
{
	if (self == NULL || !g_atomic_ref_count_dec(&self->ref_count))
		return;
	bsc_manifest_unref(self->manifest);
	g_clear_pointer(&self->manifest_text, g_bytes_unref);
	g_free(self->manifest_hash);
	g_clear_pointer(&self->cms, g_bytes_unref);
	g_clear_pointer(&self->envelope, g_bytes_unref);
	bsc_cms_signer_info_free(self->signer);
	bsc_squashfs_unref(self->squashfs);
	bsc_byte_source_unref(self->checked);
	bsc_byte_source_unref(self->payload);
	g_free(self);
}

/* Build systems like to put `rootfs.img -> core-image-1.2.ext4` into a bundle. */
static char *
follow_links(BscBundle *self, const char *filename, GError **error)
{
	g_autofree char *name = g_strdup(filename);

	for (int i = 0; i < MAX_LINKS; i++) {
		g_autoptr(BscSquashfsEntry) entry =
			bsc_squashfs_lookup(self->squashfs, name, error);

		if (entry == NULL)
			return NULL;
		if (entry->type != BSC_SQUASHFS_SYMLINK)
			return g_steal_pointer(&name);
		if (strchr(entry->link_target, '/') != NULL) {
			bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				      "Image file '%s' is a link out of the bundle's top directory",
				      filename);
			return NULL;
		}
		g_free(name);
		name = g_strdup(entry->link_target);
	}
	bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
		      "Image file '%s' is a chain of too many links", filename);
	return NULL;
}

static BscByteSource *
open_image_file(BscBundle *self, const char *filename, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *name = follow_links(self, filename, &why);
	BscByteSource *source = NULL;

	if (name != NULL)
		source = bsc_squashfs_open_file(self->squashfs, name, &why);
	if (source != NULL)
		return source;
	if (g_error_matches(why, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			      "Image file '%s' is missing from the bundle", filename);
	else if (g_error_matches(why, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE))
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			      "Image file '%s' is not a regular file", filename);
	else
		g_propagate_error(error, g_steal_pointer(&why));
	return NULL;
}

BscByteSource *
bsc_bundle_open_image(BscBundle *self, const BscManifestImage *image, GError **error)
{
	g_autoptr(BscByteSource) source = NULL;

	if (image->filename == NULL) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			      "An image of type '%s' has no file", image->type);
		return NULL;
	}
	source = open_image_file(self, image->filename, error);
	if (source == NULL)
		return NULL;
	if (image->has_size && bsc_byte_source_get_size(source) != image->size_bytes) {
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			      "Image file '%s' has %" G_GUINT64_FORMAT
			      " bytes but the manifest says %" G_GUINT64_FORMAT,
			      image->filename, bsc_byte_source_get_size(source), image->size_bytes);
		return NULL;
	}
	return g_steal_pointer(&source);
}

typedef struct {
	BscByteSource *source; /* not owned */
	BscBundleProgressFunc on_progress;
	gpointer user;
} CheckRun;

static gboolean
check_piece(uint64_t item, gpointer data, GError **error)
{
	CheckRun *run = data;
	uint64_t offset = item * CHECK_PIECE_BYTES;
	uint64_t left = bsc_byte_source_get_size(run->source) - offset;
	size_t len = (size_t)MIN(CHECK_PIECE_BYTES, left);
	g_autofree uint8_t *buf = g_malloc(len);

	return bsc_byte_source_read_at(run->source, offset, buf, len, error);
}

static void
on_piece_checked(uint64_t done, uint64_t total, gpointer data)
{
	CheckRun *run = data;
	uint64_t size = bsc_byte_source_get_size(run->source);

	if (run->on_progress != NULL)
		run->on_progress(MIN(done * CHECK_PIECE_BYTES, size), size, run->user);
}

gboolean
bsc_bundle_check_payload(BscBundle *self, BscBundleProgressFunc on_progress, gpointer user,
			 GCancellable *cancellable, GError **error)
{
	CheckRun run = {.source = self->checked, .on_progress = on_progress, .user = user};
	uint64_t size = bsc_byte_source_get_size(self->checked);

	if (self->format == BSC_BUNDLE_FORMAT_PLAIN)
		return TRUE;
	return bsc_parallel_run(size / CHECK_PIECE_BYTES + (size % CHECK_PIECE_BYTES != 0), 0,
				check_piece, on_piece_checked, &run, cancellable, error);
}

typedef struct {
	BscBundleProgressFunc on_progress;
	gpointer user;
	uint64_t done;
	uint64_t total;
	GCancellable *cancellable; /* not owned */
} ImageCheck;

static gboolean
hash_image(ImageCheck *check, BscByteSource *source, uint8_t *out, GError **error)
{
	g_autoptr(BscDigest) digest = bsc_digest_new();
	size_t step = MAX(bsc_byte_source_get_block(source), CHECK_PIECE_BYTES);
	g_autofree uint8_t *buf = g_malloc(step);
	uint64_t size = bsc_byte_source_get_size(source);

	for (uint64_t offset = 0; offset < size; offset += step) {
		size_t len = (size_t)MIN(step, size - offset);

		if (g_cancellable_set_error_if_cancelled(check->cancellable, error) ||
		    !bsc_byte_source_read_at(source, offset, buf, len, error))
			return FALSE;
		bsc_digest_update(digest, buf, len);
		check->done += len;
		if (check->on_progress != NULL)
			check->on_progress(check->done, check->total, check->user);
	}
	bsc_digest_finish(digest, out);
	return TRUE;
}

static gboolean
check_image(BscBundle *self, const BscManifestImage *image, ImageCheck *check, GError **error)
{
	g_autoptr(BscByteSource) source = bsc_bundle_open_image(self, image, error);
	g_autofree char *found_hex = NULL;
	g_autofree char *wanted_hex = NULL;
	uint8_t found[BSC_DIGEST_LEN];

	if (source == NULL || !hash_image(check, source, found, error))
		return FALSE;
	if (!image->has_sha256 || memcmp(found, image->sha256, sizeof(found)) == 0)
		return TRUE;
	found_hex = bsc_hex_encode(found, sizeof(found));
	wanted_hex = bsc_hex_encode(image->sha256, sizeof(image->sha256));
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT,
			     "Image file '%s' has SHA-256 %s but the manifest says %s",
			     image->filename, found_hex, wanted_hex);
}

gboolean
bsc_bundle_check_images(BscBundle *self, BscBundleProgressFunc on_progress, gpointer user,
			GCancellable *cancellable, GError **error)
{
	ImageCheck check = {.on_progress = on_progress, .user = user, .cancellable = cancellable};

	for (guint i = 0; i < self->manifest->images->len; i++) {
		const BscManifestImage *image = self->manifest->images->pdata[i];

		check.total += image->filename != NULL ? image->size_bytes : 0;
	}
	for (guint i = 0; i < self->manifest->images->len; i++) {
		const BscManifestImage *image = self->manifest->images->pdata[i];

		if (image->filename != NULL && !check_image(self, image, &check, error)) {
			g_autofree char *name = bsc_manifest_image_name(image);

			g_prefix_error(error, "[image.%s] ", name);
			return FALSE;
		}
	}
	return TRUE;
}
