/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/bundle/bundle-input.h"

#include "bundle-tools/layer/block-index.h"
#include "bundle-tools/source/bundle-error.h"
#include "bundle-tools/source/source-file.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/io.h"
#include "common/keyfile.h"
#include "common/parallel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_MANIFEST_BYTES (1024 * 1024)
#define READ_BYTES	   (1024 * 1024)
#define MAX_DEPTH	   64
#define ADAPTIVE_INDEX	   "block-hash-index"

/* How a file looked; another one means that somebody wrote to it. */
typedef struct {
	char *path;
	struct stat st;
} Stamp;

static void
free_stamp(gpointer data)
{
	Stamp *stamp = data;

	g_free(stamp->path);
	g_free(stamp);
}

void
bsc_bundle_input_free(BscBundleInput *self)
{
	if (self == NULL)
		return;
	g_free(self->dir);
	bsc_manifest_unref(self->manifest);
	g_clear_pointer(&self->names, g_ptr_array_unref);
	g_clear_pointer(&self->stamps, g_ptr_array_unref);
	g_free(self);
}

static gboolean
set_format_error(GError **error, const char *name, const char *why)
{
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT, "'%s' %s", name,
			     why);
}

static gboolean check_dir(BscBundleInput *self, const char *path, unsigned depth, GError **error);

static gboolean
check_link(const char *path, const char *name, GError **error)
{
	g_autofree char *target = g_file_read_link(path, error);

	if (target == NULL)
		return FALSE;
	if (strchr(target, '/') != NULL)
		return set_format_error(error, name,
					"is a link out of its directory: put the file itself, or a "
					"link to a file beside it, into the bundle");
	return TRUE;
}

static gboolean
check_entry(BscBundleInput *self, const char *dir, const char *name, unsigned depth, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	struct stat st;

	if (lstat(path, &st) < 0)
		return bsc_error_set_errno(error, errno, "Failed to look at '%s'", path);
	if (S_ISLNK(st.st_mode))
		return check_link(path, name, error);
	if (S_ISREG(st.st_mode)) {
		self->content_bytes += (uint64_t)st.st_size;
		return TRUE;
	}
	if (!S_ISDIR(st.st_mode))
		return set_format_error(error, name,
					"is neither file, link nor directory and cannot be in a "
					"bundle");
	if (depth == 0 && name[0] == '.')
		return set_format_error(error, name,
					"is a hidden directory: move it out of the content");
	return check_dir(self, path, depth + 1, error);
}

static gboolean
check_dir(BscBundleInput *self, const char *path, unsigned depth, GError **error)
{
	g_autoptr(GDir) dir = NULL;
	const char *name;

	if (depth > MAX_DEPTH)
		return set_format_error(error, path, "is nested too deep");
	dir = g_dir_open(path, 0, error);
	if (dir == NULL)
		return FALSE;
	while ((name = g_dir_read_name(dir)) != NULL) {
		if (depth == 0 && strcmp(name, BSC_MANIFEST_FILE_NAME) != 0)
			g_ptr_array_add(self->names, g_strdup(name));
		if (!check_entry(self, path, name, depth, error))
			return FALSE;
	}
	return TRUE;
}

/* The format decides what else may stand in a manifest, so it is put in before anything is read. */
static GBytes *
add_format(GBytes *text, BscBundleFormat format)
{
	size_t len;
	const char *data = g_bytes_get_data(text, &len);
	g_autoptr(GKeyFile) file = bsc_keyfile_parse(data, len, NULL);
	char *with_format;

	/* What is no key file is refused in a moment, with better words. */
	if (file == NULL || g_key_file_has_key(file, "bundle", "format", NULL))
		return g_bytes_ref(text);
	g_key_file_set_string(file, "bundle", "format", bsc_manifest_format_to_string(format));
	with_format = g_key_file_to_data(file, &len, NULL);
	return g_bytes_new_take(with_format, len);
}

static gboolean
load_manifest(BscBundleInput *self, BscBundleFormat default_format, GError **error)
{
	g_autofree char *path = g_build_filename(self->dir, BSC_MANIFEST_FILE_NAME, NULL);
	g_autoptr(GBytes) text = bsc_io_read_file(path, MAX_MANIFEST_BYTES, error);
	g_autoptr(GBytes) whole = NULL;
	size_t len;
	const char *data;

	if (text == NULL)
		return FALSE;
	whole = add_format(text, default_format);
	data = g_bytes_get_data(whole, &len);
	self->manifest = bsc_manifest_parse(data, len, BSC_MANIFEST_INPUT, error);
	if (self->manifest == NULL)
		g_prefix_error(error, "'%s': ", self->dir);
	return self->manifest != NULL;
}

/* A named file must be there; a link to one beside it will do. */
static gboolean
check_named(BscBundleInput *self, const char *name, const char *where, GError **error)
{
	g_autofree char *path = NULL;
	struct stat st;

	if (name == NULL)
		return TRUE;
	path = g_build_filename(self->dir, name, NULL);
	if (stat(path, &st) < 0)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "%s names '%s', which is not in '%s': %s", where, name,
				     self->dir, g_strerror(errno));
	if (!S_ISREG(st.st_mode))
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "%s names '%s', which is not a regular file", where, name);
	return TRUE;
}

static gboolean
check_image(BscBundleInput *self, const BscManifestImage *image, GError **error)
{
	g_autofree char *name = bsc_manifest_image_name(image);
	g_autofree char *where = g_strdup_printf("[image.%s]", name);

	if (image->convert != NULL && image->convert[0] != NULL)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
				     "%s convert=: converting artifacts is not supported yet",
				     where);
	return check_named(self, image->filename, where, error);
}

static gboolean
check_manifest(BscBundleInput *self, GError **error)
{
	const BscManifest *manifest = self->manifest;

	for (guint i = 0; i < manifest->images->len; i++)
		if (!check_image(self, manifest->images->pdata[i], error))
			return FALSE;
	return check_named(self, manifest->handler_filename, "[handler] filename", error) &&
	       check_named(self, manifest->hooks_filename, "[hooks] filename", error);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

BscBundleInput *
bsc_bundle_input_load(const char *dir, BscBundleFormat default_format, GError **error)
{
	g_autoptr(BscBundleInput) self = g_new0(BscBundleInput, 1);

	self->dir = g_canonicalize_filename(dir, NULL);
	self->names = g_ptr_array_new_with_free_func(g_free);
	self->stamps = g_ptr_array_new_with_free_func(free_stamp);
	if (!load_manifest(self, default_format, error) || !check_dir(self, self->dir, 0, error) ||
	    !check_manifest(self, error))
		return NULL;
	g_ptr_array_sort(self->names, compare_names);
	return g_steal_pointer(&self);
}

/* One call of bsc_bundle_input_measure(). */
typedef struct {
	BscBundleInput *input; /* not owned */
	const char *out_dir;
	BscBundleProgressFunc on_progress;
	gpointer user;
	GCancellable *cancellable;
	GMutex lock; /* done and the input's lists */
	uint64_t done;
	uint64_t total;
} MeasureJob;

static void
add_done(MeasureJob *job, uint64_t bytes)
{
	g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&job->lock);

	job->done += bytes;
	if (job->on_progress != NULL)
		job->on_progress(job->done, job->total, job->user);
}

static gboolean
hash_file(MeasureJob *job, BscByteSource *source, uint8_t *out, GError **error)
{
	g_autoptr(BscDigest) digest = bsc_digest_new();
	g_autofree uint8_t *buf = g_malloc(READ_BYTES);
	uint64_t size = bsc_byte_source_get_size(source);

	for (uint64_t offset = 0; offset < size; offset += READ_BYTES) {
		size_t len = (size_t)MIN(READ_BYTES, size - offset);

		if (g_cancellable_set_error_if_cancelled(job->cancellable, error) ||
		    !bsc_byte_source_read_at(source, offset, buf, len, error))
			return FALSE;
		bsc_digest_update(digest, buf, len);
		add_done(job, len);
	}
	bsc_digest_finish(digest, out);
	return TRUE;
}

static gboolean
wants_index(const BscManifestImage *image)
{
	return image->adaptive != NULL &&
	       g_strv_contains((const char *const *)image->adaptive, ADAPTIVE_INDEX);
}

/* A stale index of the input directory makes room for ours. */
static void
drop_name(MeasureJob *job, const char *name)
{
	g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&job->lock);

	for (guint i = 0; i < job->input->names->len; i++)
		if (strcmp(job->input->names->pdata[i], name) == 0) {
			g_ptr_array_remove_index(job->input->names, i);
			return;
		}
}

static gboolean
write_index(MeasureJob *job, const BscManifestImage *image, BscByteSource *source, GError **error)
{
	g_autofree char *name = g_strconcat(image->filename, BSC_BLOCK_INDEX_SUFFIX, NULL);
	g_autofree char *path = g_build_filename(job->out_dir, name, NULL);
	g_autoptr(GBytes) index = bsc_block_index_compute(source, job->cancellable, error);

	if (index == NULL) {
		g_prefix_error(error, "adaptive=%s of '%s': ", ADAPTIVE_INDEX, image->filename);
		return FALSE;
	}
	drop_name(job, name);
	return g_file_set_contents_full(path, g_bytes_get_data(index, NULL),
					(gssize)g_bytes_get_size(index), G_FILE_SET_CONTENTS_NONE,
					0644, error);
}

static gboolean
add_stamp(MeasureJob *job, const char *path, GError **error)
{
	g_autofree Stamp *stamp = g_new0(Stamp, 1);
	g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&job->lock);

	if (stat(path, &stamp->st) < 0)
		return bsc_error_set_errno(error, errno, "Failed to look at '%s'", path);
	stamp->path = g_strdup(path);
	g_ptr_array_add(job->input->stamps, g_steal_pointer(&stamp));
	return TRUE;
}

/* What the input says already must be true: it may come from who made the image. */
static gboolean
take_digest(BscManifestImage *image, const uint8_t *digest, uint64_t size_bytes, GError **error)
{
	gboolean same_digest =
		!image->has_sha256 || memcmp(image->sha256, digest, BSC_DIGEST_LEN) == 0;

	if (!same_digest || (image->has_size && image->size_bytes != size_bytes))
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "'%s' does not have the %s that the manifest says: correct "
				     "the line or leave it out",
				     image->filename, same_digest ? "size=" : "sha256=");
	memcpy(image->sha256, digest, BSC_DIGEST_LEN);
	image->has_sha256 = TRUE;
	image->size_bytes = size_bytes;
	image->has_size = TRUE;
	return TRUE;
}

static gboolean
measure_image(uint64_t item, gpointer data, GError **error)
{
	MeasureJob *job = data;
	BscManifestImage *image = job->input->manifest->images->pdata[item];
	g_autofree char *path = NULL;
	g_autoptr(BscByteSource) source = NULL;
	uint8_t digest[BSC_DIGEST_LEN];

	if (image->filename == NULL)
		return TRUE;
	path = g_build_filename(job->input->dir, image->filename, NULL);
	source = bsc_source_file_open(path, error);
	if (source == NULL || !add_stamp(job, path, error) ||
	    !hash_file(job, source, digest, error) ||
	    !take_digest(image, digest, bsc_byte_source_get_size(source), error))
		return FALSE;
	return !wants_index(image) || write_index(job, image, source, error);
}

static uint64_t
sum_images(const BscBundleInput *self)
{
	uint64_t total = 0;

	for (guint i = 0; i < self->manifest->images->len; i++) {
		const BscManifestImage *image = self->manifest->images->pdata[i];
		g_autofree char *path = NULL;
		struct stat st;

		if (image->filename == NULL)
			continue;
		path = g_build_filename(self->dir, image->filename, NULL);
		if (stat(path, &st) == 0)
			total += (uint64_t)st.st_size;
	}
	return total;
}

gboolean
bsc_bundle_input_measure(BscBundleInput *self, const char *out_dir,
			 BscBundleProgressFunc on_progress, gpointer user,
			 GCancellable *cancellable, GError **error)
{
	MeasureJob job = {.input = self,
			  .out_dir = out_dir,
			  .on_progress = on_progress,
			  .user = user,
			  .cancellable = cancellable,
			  .total = sum_images(self)};
	gboolean ok;

	g_mutex_init(&job.lock);
	ok = bsc_parallel_run(self->manifest->images->len, 0, measure_image, NULL, &job,
			      cancellable, error);
	g_mutex_clear(&job.lock);
	return ok;
}

gboolean
bsc_bundle_input_check_unchanged(BscBundleInput *self, GError **error)
{
	for (guint i = 0; i < self->stamps->len; i++) {
		const Stamp *stamp = self->stamps->pdata[i];
		struct stat st;

		if (stat(stamp->path, &st) == 0 && st.st_ino == stamp->st.st_ino &&
		    st.st_dev == stamp->st.st_dev && st.st_size == stamp->st.st_size &&
		    st.st_mtim.tv_sec == stamp->st.st_mtim.tv_sec &&
		    st.st_mtim.tv_nsec == stamp->st.st_mtim.tv_nsec)
			continue;
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CHANGED,
				     "'%s' changed while the bundle was made: try again when "
				     "nothing writes to it",
				     stamp->path);
	}
	return TRUE;
}
