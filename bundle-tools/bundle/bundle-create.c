/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/bundle/bundle-create.h"

#include "bundle-tools/bundle/bundle-input.h"
#include "bundle-tools/bundle/output-file.h"
#include "bundle-tools/layer/crypt.h"
#include "bundle-tools/layer/verity-tree.h"
#include "bundle-tools/source/bundle-error.h"
#include "bundle-tools/source/source-file.h"
#include "bundle-tools/squashfs/squashfs-write.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/io.h"
#include "common/parallel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES	 4096
#define PIECE_BYTES	 (1024 * 1024)
#define MAX_PLAIN_BYTES	 G_MAXINT32	   /* what RAUC can sign detached */
#define MIN_HASHED_BYTES (2 * BLOCK_BYTES) /* a hash tree needs more than one block */

/* One call of bsc_bundle_create(). */
typedef struct {
	const BscBundleCreateOptions *options;
	GCancellable *cancellable; /* not owned */
	BscBundleInput *input;	   /* owned, as all below */
	BscOutputFile *output;
	const char *phase;
	int fd; /* of the payload while it is encrypted */
	BscCrypt *crypt;
	uint64_t payload_bytes;
} CreateJob;

static void
clear_job(CreateJob *job)
{
	bsc_bundle_input_free(job->input);
	bsc_output_file_free(job->output);
	bsc_crypt_free(job->crypt);
	bsc_io_clear_fd(&job->fd);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CreateJob, clear_job)

static void
on_bytes(uint64_t done, uint64_t total, gpointer user)
{
	CreateJob *job = user;

	if (job->options->on_progress != NULL)
		job->options->on_progress(job->phase, done, total, job->options->user);
}

static void
on_pieces(uint64_t done, uint64_t total, gpointer user)
{
	on_bytes(done * PIECE_BYTES, total * PIECE_BYTES, user);
}

static void
on_percent(unsigned percent, gpointer user)
{
	CreateJob *job = user;

	on_bytes(job->input->content_bytes / 100 * percent, job->input->content_bytes, job);
}

/* What goes into the payload: files where they lie, and what we made in the work directory. */
static GPtrArray *
list_sources(CreateJob *job, const char *made_dir, GError **error)
{
	g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) made = g_dir_open(made_dir, 0, error);
	const char *name;

	if (made == NULL)
		return NULL;
	for (guint i = 0; i < job->input->names->len; i++)
		g_ptr_array_add(sources, g_build_filename(job->input->dir,
							  job->input->names->pdata[i], NULL));
	while ((name = g_dir_read_name(made)) != NULL)
		g_ptr_array_add(sources, g_build_filename(made_dir, name, NULL));
	g_ptr_array_add(sources, NULL);
	return g_steal_pointer(&sources);
}

static gboolean
write_manifest(CreateJob *job, const char *made_dir, GError **error)
{
	g_autofree char *path = g_build_filename(made_dir, BSC_MANIFEST_FILE_NAME, NULL);
	g_autofree char *text = bsc_manifest_to_string(job->input->manifest, FALSE);

	return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, error);
}

static gboolean
pack(CreateJob *job, const char *made_dir, GError **error)
{
	const BscBundleCreateOptions *options = job->options;
	BscSquashfsWriteOptions write = BSC_SQUASHFS_WRITE_OPTIONS_INIT;
	g_autoptr(GPtrArray) sources = list_sources(job, made_dir, error);

	if (sources == NULL)
		return FALSE;
	job->phase = "packing";
	write.codec = options->compression;
	write.extra_args = options->mksquashfs_args;
	write.source_date_epoch = options->source_date_epoch;
	write.on_progress = on_percent;
	write.progress_data = job;
	return bsc_squashfs_write_sources((const char *const *)sources->pdata,
					  bsc_output_file_get_path(job->output), &write,
					  job->cancellable, error) &&
	       bsc_bundle_input_check_unchanged(job->input, error);
}

static gboolean
make_squashfs(CreateJob *job, GError **error)
{
	g_autofree char *made_dir =
		g_build_filename(bsc_output_file_get_dir(job->output), ".made", NULL);

	if (mkdir(made_dir, 0700) < 0)
		return bsc_error_set_errno(error, errno, "Failed to make '%s'", made_dir);
	job->phase = "hashing images";
	return bsc_bundle_input_measure(job->input, made_dir, on_bytes, job, job->cancellable,
					error) &&
	       write_manifest(job, made_dir, error) && pack(job, made_dir, error);
}

/* mksquashfs pads to 4096 bytes, unless its arguments say otherwise. */
static gboolean
pad_payload(CreateJob *job, GError **error)
{
	const char *path = bsc_output_file_get_path(job->output);
	gboolean is_plain = job->input->manifest->format == BSC_BUNDLE_FORMAT_PLAIN;
	struct stat st;
	uint64_t size;

	if (stat(path, &st) < 0)
		return bsc_error_set_errno(error, errno, "Failed to look at '%s'", path);
	size = ((uint64_t)st.st_size + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
	if (!is_plain)
		size = MAX(size, MIN_HASHED_BYTES);
	if (is_plain && size > MAX_PLAIN_BYTES)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
				     "The payload has %" G_GUINT64_FORMAT
				     " bytes and format plain ends at %d: use format=verity",
				     size, MAX_PLAIN_BYTES);
	if (size != (uint64_t)st.st_size && truncate(path, (off_t)size) < 0)
		return bsc_error_set_errno(error, errno, "Failed to write '%s'", path);
	job->payload_bytes = size;
	return TRUE;
}

static gboolean
encrypt_piece(uint64_t item, gpointer data, GError **error)
{
	CreateJob *job = data;
	uint64_t offset = item * PIECE_BYTES;
	size_t len = (size_t)MIN(PIECE_BYTES, job->payload_bytes - offset);
	g_autofree uint8_t *buf = g_malloc(len);

	if (!bsc_io_pread_exact(job->fd, buf, len, offset, error))
		return FALSE;
	bsc_crypt_encrypt(job->crypt, offset / BSC_CRYPT_SECTOR_BYTES, buf,
			  len / BSC_CRYPT_SECTOR_BYTES);
	return bsc_io_pwrite_all(job->fd, buf, len, offset, error);
}

static gboolean
encrypt_payload(CreateJob *job, GError **error)
{
	BscManifest *manifest = job->input->manifest;
	const char *path = bsc_output_file_get_path(job->output);

	if (manifest->format != BSC_BUNDLE_FORMAT_CRYPT)
		return TRUE;
	if (!bsc_crypt_make_random(manifest->crypt_key, sizeof(manifest->crypt_key), error))
		return FALSE;
	manifest->has_crypt_key = TRUE;
	job->crypt = bsc_crypt_new(manifest->crypt_key);
	job->fd = open(path, O_RDWR | O_CLOEXEC);
	if (job->fd < 0)
		return bsc_error_set_errno(error, errno, "Failed to open '%s'", path);
	job->phase = "encrypting";
	return bsc_parallel_run((job->payload_bytes + PIECE_BYTES - 1) / PIECE_BYTES, 0,
				encrypt_piece, on_pieces, job, job->cancellable, error) &&
	       bsc_io_close(&job->fd, error);
}

static gboolean
hash_payload(BscByteSource *payload, uint8_t *out, GError **error)
{
	g_autoptr(BscDigest) digest = bsc_digest_new();
	g_autofree uint8_t *buf = g_malloc(PIECE_BYTES);
	uint64_t size = bsc_byte_source_get_size(payload);

	for (uint64_t offset = 0; offset < size; offset += PIECE_BYTES) {
		size_t len = (size_t)MIN(PIECE_BYTES, size - offset);

		if (!bsc_byte_source_read_at(payload, offset, buf, len, error))
			return FALSE;
		bsc_digest_update(digest, buf, len);
	}
	bsc_digest_finish(digest, out);
	return TRUE;
}

static gboolean
choose_salt(CreateJob *job, BscByteSource *payload, GError **error)
{
	BscManifest *manifest = job->input->manifest;

	if (job->options->verity_salt != NULL) {
		memcpy(manifest->verity_salt, job->options->verity_salt, BSC_DIGEST_LEN);
		return TRUE;
	}
	if (manifest->format == BSC_BUNDLE_FORMAT_CRYPT)
		return bsc_crypt_make_random(manifest->verity_salt, BSC_DIGEST_LEN, error);
	return hash_payload(payload, manifest->verity_salt, error);
}

static gboolean
append_bytes(const char *path, GBytes *bytes, GError **error)
{
	BSC_AUTO_FD int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	size_t len;
	const void *data = g_bytes_get_data(bytes, &len);

	if (fd < 0)
		return bsc_error_set_errno(error, errno, "Failed to open '%s'", path);
	return bsc_io_write_all(fd, data, len, error) && bsc_io_close(&fd, error);
}

static gboolean
add_tree(CreateJob *job, GError **error)
{
	BscManifest *manifest = job->input->manifest;
	const char *path = bsc_output_file_get_path(job->output);
	g_autoptr(BscByteSource) payload = bsc_source_file_open(path, error);
	g_autoptr(GBytes) tree = NULL;

	if (payload == NULL || !choose_salt(job, payload, error))
		return FALSE;
	job->phase = "hashing the payload";
	tree = bsc_verity_tree_build(payload, manifest->verity_salt, manifest->verity_hash,
				     on_pieces, job, job->cancellable, error);
	if (tree == NULL)
		return FALSE;
	manifest->verity_size_bytes = g_bytes_get_size(tree);
	manifest->has_verity = TRUE;
	return append_bytes(path, tree, error);
}

static GBytes *
sign_plain(CreateJob *job, GError **error)
{
	const char *path = bsc_output_file_get_path(job->output);
	g_autoptr(BscByteSource) payload = bsc_source_file_open(path, error);

	if (payload == NULL)
		return NULL;
	return bsc_cms_sign_detached(payload, job->options->key, &job->options->sign, error);
}

static GBytes *
sign_manifest(CreateJob *job, GError **error)
{
	char *text = bsc_manifest_to_string(job->input->manifest, TRUE);
	g_autoptr(GBytes) content = g_bytes_new_take(text, strlen(text));

	return bsc_cms_sign_attached(content, job->options->key, &job->options->sign, error);
}

static GBytes *
finish_payload(CreateJob *job, GError **error)
{
	if (job->input->manifest->format == BSC_BUNDLE_FORMAT_PLAIN)
		return sign_plain(job, error);
	if (!encrypt_payload(job, error) || !add_tree(job, error))
		return NULL;
	return sign_manifest(job, error);
}

static gboolean
check_result(CreateJob *job, GError **error)
{
	BscBundleOpenOptions open_options = {.keyring = job->options->keyring};

	if (job->options->keyring == NULL)
		return TRUE;
	if (bsc_bundle_seal_check(bsc_output_file_get_path(job->output), &open_options,
				  job->cancellable, error))
		return TRUE;
	g_prefix_error(error, "The finished bundle does not verify: ");
	return FALSE;
}

/* Proves key, token and signing time before minutes are spent on packing. */
static gboolean
check_signing(CreateJob *job, GError **error)
{
	g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);
	g_autoptr(GBytes) cms =
		bsc_cms_sign_attached(nothing, job->options->key, &job->options->sign, error);

	return cms != NULL;
}

gboolean
bsc_bundle_create(const char *dir, const char *out_path, const BscBundleCreateOptions *options,
		  GCancellable *cancellable, GError **error)
{
	g_auto(CreateJob) job = {.options = options, .cancellable = cancellable, .fd = -1};
	g_autoptr(GBytes) cms = NULL;

	job.input = bsc_bundle_input_load(dir, options->default_format, error);
	if (job.input == NULL || !check_signing(&job, error))
		return FALSE;
	job.output = bsc_output_file_new(out_path, error);
	if (job.output == NULL || !make_squashfs(&job, error) || !pad_payload(&job, error))
		return FALSE;
	cms = finish_payload(&job, error);
	if (cms == NULL)
		return FALSE;
	bsc_bundle_seal_notice_size(cms, options->on_notice, options->user);
	return bsc_bundle_seal_append(bsc_output_file_get_path(job.output), cms, error) &&
	       check_result(&job, error) && bsc_output_file_commit(job.output, error);
}
