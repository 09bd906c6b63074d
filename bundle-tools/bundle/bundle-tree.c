/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/bundle/bundle-tree.h"

#include "bundle-tools/layer/block-index.h"
#include "bundle-tools/source/bundle-error.h"
#include "bundle-tools/squashfs/squashfs-extract.h"
#include "bundle-tools/squashfs/squashfs.h"
#include "common/error.h"

#include <errno.h>
#include <sys/stat.h>

#define SMALL_FILE_BYTES (4 * 1024 * 1024)
#define MAX_DEPTH	 64

typedef struct {
	BscSquashfs *squashfs; /* not owned */
	GHashTable *images;    /* names in the top directory that are left out */
	GCancellable *cancellable;
} TreeJob;

static gboolean extract_small(TreeJob *job, const char *from, const char *to, unsigned depth,
			      GError **error);

static gboolean
extract_dir(TreeJob *job, const char *path, const char *name, const char *to, unsigned depth,
	    GError **error)
{
	g_autofree char *dest = g_build_filename(to, name, NULL);

	if (depth == MAX_DEPTH)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "Directories of the bundle are nested deeper than %d",
				     MAX_DEPTH);
	if (mkdir(dest, 0700) < 0)
		return bsc_error_set_errno(error, errno, "Failed to make '%s'", dest);
	return extract_small(job, path, dest, depth + 1, error);
}

static gboolean
extract_entry(TreeJob *job, const BscSquashfsEntry *entry, const char *from, const char *to,
	      unsigned depth, GError **error)
{
	g_autofree char *path = g_build_filename(from, entry->name, NULL);

	if (depth == 0 && g_hash_table_contains(job->images, entry->name))
		return TRUE;
	if (entry->type == BSC_SQUASHFS_DIR)
		return extract_dir(job, path, entry->name, to, depth, error);
	if (entry->type == BSC_SQUASHFS_OTHER ||
	    (entry->type == BSC_SQUASHFS_FILE && entry->size_bytes > SMALL_FILE_BYTES))
		return TRUE;
	return bsc_squashfs_extract(job->squashfs, path, to, job->cancellable, error);
}

static gboolean
extract_small(TreeJob *job, const char *from, const char *to, unsigned depth, GError **error)
{
	g_autoptr(GPtrArray) entries = bsc_squashfs_list(job->squashfs, from, error);

	if (entries == NULL)
		return FALSE;
	for (guint i = 0; i < entries->len; i++)
		if (!extract_entry(job, entries->pdata[i], from, to, depth, error))
			return FALSE;
	return TRUE;
}

static GHashTable *
list_images(const BscManifest *manifest)
{
	GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < manifest->images->len; i++) {
		const BscManifestImage *image = manifest->images->pdata[i];

		if (image->filename == NULL)
			continue;
		g_hash_table_add(names, g_strdup(image->filename));
		g_hash_table_add(names, g_strconcat(image->filename, BSC_BLOCK_INDEX_SUFFIX, NULL));
	}
	return names;
}

gboolean
bsc_bundle_tree_extract(BscBundle *bundle, const char *dir, BscBundleTreeFlags flags,
			GCancellable *cancellable, GError **error)
{
	g_autoptr(GHashTable) images = NULL;
	TreeJob job = {.squashfs = bundle->squashfs, .cancellable = cancellable};

	if (flags == BSC_BUNDLE_TREE_ALL)
		return bsc_bundle_tree_extract_all(bundle, dir, NULL, NULL, cancellable, error);
	images = list_images(bundle->manifest);
	job.images = images;
	return extract_small(&job, "", dir, 0, error);
}

typedef struct {
	BscBundleProgressFunc on_progress; /* (nullable) */
	gpointer user;
	uint64_t total; /* of the images; what else there is hardly counts */
} TreeProgress;

static void
on_bytes(uint64_t done, gpointer data)
{
	TreeProgress *progress = data;

	if (progress->on_progress != NULL)
		progress->on_progress(MIN(done, progress->total), progress->total, progress->user);
}

gboolean
bsc_bundle_tree_extract_all(BscBundle *bundle, const char *dir, BscBundleProgressFunc on_progress,
			    gpointer user, GCancellable *cancellable, GError **error)
{
	TreeProgress progress = {.on_progress = on_progress, .user = user};

	for (guint i = 0; i < bundle->manifest->images->len; i++) {
		const BscManifestImage *image = bundle->manifest->images->pdata[i];

		progress.total += image->size_bytes;
	}
	return bsc_squashfs_extract_with_progress(bundle->squashfs, "", dir, on_bytes, &progress,
						  cancellable, error);
}
