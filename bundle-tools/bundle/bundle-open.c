/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/bundle/bundle-open.h"

#include "bundle-tools/format/cms-envelope.h"
#include "bundle-tools/format/trailer.h"
#include "bundle-tools/layer/layer-decrypt.h"
#include "bundle-tools/layer/layer-pinned.h"
#include "bundle-tools/layer/layer-verity.h"
#include "bundle-tools/layer/layer-window.h"
#include "bundle-tools/source/bundle-error.h"
#include "bundle-tools/source/source-file.h"
#include "bundle-tools/squashfs/squashfs.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/hex.h"

#define BLOCK_BYTES	     4096
#define MAX_MANIFEST_BYTES   (1024 * 1024) /* of a plain bundle; the others fit into a signature */
#define LAYER_SHARE	     8		   /* part of the memory that checked blocks get */
#define DEFAULT_MEMORY_BYTES (8 * 1024 * 1024)

/* One call of bsc_bundle_open(). */
typedef struct {
	BscByteSource *source; /* not owned */
	const BscBundleOpenOptions *options;
	uint64_t memory_bytes;
	BscBundleProgressFunc on_progress;
	gpointer user;
	GCancellable *cancellable;	/* not owned */
	BscLayerPinnedBuilder *builder; /* owned; plain only */
	uint64_t fed_bytes;
	BscBundle *bundle; /* owned; what is built */
} OpenJob;

static void
clear_job(OpenJob *job)
{
	bsc_layer_pinned_builder_free(job->builder);
	bsc_bundle_unref(job->bundle);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OpenJob, clear_job)

static const uint8_t *
get_cms(OpenJob *job, size_t *out_len)
{
	return g_bytes_get_data(job->bundle->cms, out_len);
}

static gboolean
read_trailer(OpenJob *job, GError **error)
{
	BscBundle *bundle = job->bundle;
	uint8_t last8[BSC_TRAILER_LEN] = {0};
	uint64_t size = bsc_byte_source_get_size(job->source);
	g_autofree uint8_t *cms = NULL;
	BscTrailer trailer;

	if (size >= sizeof(last8) && !bsc_byte_source_read_at(job->source, size - sizeof(last8),
							      last8, sizeof(last8), error))
		return FALSE;
	if (!bsc_trailer_parse(size, last8, job->options->max_cms_bytes, &trailer, error))
		return FALSE;
	cms = g_malloc(trailer.cms_bytes);
	if (!bsc_byte_source_read_at(job->source, trailer.cms_offset, cms, trailer.cms_bytes,
				     error))
		return FALSE;
	bundle->cms = g_bytes_new_take(g_steal_pointer(&cms), trailer.cms_bytes);
	bundle->file_bytes = size;
	bundle->payload_bytes = trailer.payload_bytes;
	bundle->payload = bsc_layer_window_new(job->source, 0, trailer.payload_bytes);
	return TRUE;
}

/* Takes the signature out of its envelope, if it is in one. */
static gboolean
open_envelope(OpenJob *job, BscCmsKind *kind, GError **error)
{
	BscBundle *bundle = job->bundle;
	size_t len;
	const uint8_t *der = get_cms(job, &len);

	if (!bsc_cms_inspect(der, len, kind, error))
		return FALSE;
	if (*kind != BSC_CMS_ENVELOPED)
		return TRUE;
	if (job->options->decryption_key == NULL)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_DECRYPT,
				     "The bundle is encrypted and no decryption key is given");
	bundle->envelope = g_steal_pointer(&bundle->cms);
	bundle->was_encrypted = TRUE;
	bundle->cms = bsc_cms_envelope_open(der, len, job->options->decryption_key, error);
	if (bundle->cms == NULL)
		return FALSE;
	der = get_cms(job, &len);
	if (!bsc_cms_inspect(der, len, kind, error))
		return FALSE;
	if (*kind != BSC_CMS_ATTACHED)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "The envelope does not hold a signature with a manifest");
	return TRUE;
}

static gboolean
check_allowed(OpenJob *job, BscBundleFormat format, GError **error)
{
	const char *const *allowed = job->options->allowed_formats;
	const char *name = bsc_manifest_format_to_string(format);

	if (allowed == NULL || g_strv_contains(allowed, name))
		return TRUE;
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
			     "Bundle format '%s' is not allowed here (see [system] bundle-formats)",
			     name);
}

static gboolean
take_manifest(OpenJob *job, GBytes *text, BscManifestFlags flags, GError **error)
{
	BscBundle *bundle = job->bundle;
	uint8_t hash[BSC_DIGEST_LEN];
	size_t len;
	const char *data = g_bytes_get_data(text, &len);

	bundle->manifest = bsc_manifest_parse(data, len, flags, error);
	if (bundle->manifest == NULL)
		return FALSE;
	bundle->format = bundle->manifest->format;
	bundle->manifest_text = g_bytes_ref(text);
	bsc_manifest_compute_hash(data, len, hash);
	bundle->manifest_hash = bsc_hex_encode(hash, sizeof(hash));
	return TRUE;
}

static gboolean
open_squashfs(OpenJob *job, BscByteSource *clear, GError **error)
{
	BscSquashfsOptions options = {.memory_bytes =
					      job->memory_bytes - job->memory_bytes / LAYER_SHARE};

	job->bundle->squashfs = bsc_squashfs_open(clear, &options, error);
	return job->bundle->squashfs != NULL;
}

static gboolean
on_payload_chunk(const uint8_t *data, size_t len, gpointer user, GError **error)
{
	OpenJob *job = user;

	if (g_cancellable_set_error_if_cancelled(job->cancellable, error) ||
	    !bsc_layer_pinned_builder_feed(data, len, job->builder, error))
		return FALSE;
	job->fed_bytes += len;
	if (job->on_progress != NULL)
		job->on_progress(job->fed_bytes, job->bundle->payload_bytes, job->user);
	return TRUE;
}

static gboolean
verify_plain(OpenJob *job, GError **error)
{
	BscBundle *bundle = job->bundle;
	size_t len;
	const uint8_t *der = get_cms(job, &len);

	if (job->options->no_verify) {
		bundle->checked = bsc_byte_source_ref(bundle->payload);
		return TRUE;
	}
	job->builder = bsc_layer_pinned_builder_new(bundle->payload_bytes);
	if (!bsc_cms_verify_detached(der, len, bundle->payload, on_payload_chunk, job,
				     job->options->keyring, &bundle->signer, error))
		return FALSE;
	bundle->checked = bsc_layer_pinned_new(bundle->payload, g_steal_pointer(&job->builder),
					       (size_t)(job->memory_bytes / LAYER_SHARE), error);
	return bundle->checked != NULL;
}

static GBytes *
read_plain_manifest(OpenJob *job, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(BscByteSource) file =
		bsc_squashfs_open_file(job->bundle->squashfs, BSC_MANIFEST_FILE_NAME, &why);
	g_autofree uint8_t *text = NULL;
	size_t len;

	if (file == NULL) {
		if (g_error_matches(why, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
			bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				      "There is no '%s' in the bundle", BSC_MANIFEST_FILE_NAME);
		else
			g_propagate_error(error, g_steal_pointer(&why));
		return NULL;
	}
	if (bsc_byte_source_get_size(file) > MAX_MANIFEST_BYTES) {
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			      "The manifest is larger than %d bytes", MAX_MANIFEST_BYTES);
		return NULL;
	}
	len = (size_t)bsc_byte_source_get_size(file);
	text = g_malloc(len + 1);
	if (!bsc_byte_source_read_at(file, 0, text, len, error))
		return NULL;
	return g_bytes_new_take(g_steal_pointer(&text), len);
}

static gboolean
open_plain(OpenJob *job, GError **error)
{
	BscBundle *bundle = job->bundle;
	g_autoptr(GBytes) text = NULL;

	if (!check_allowed(job, BSC_BUNDLE_FORMAT_PLAIN, error) || !verify_plain(job, error) ||
	    !open_squashfs(job, bundle->checked, error))
		return FALSE;
	bundle->data_bytes = bundle->payload_bytes;
	text = read_plain_manifest(job, error);
	if (text == NULL || !take_manifest(job, text, BSC_MANIFEST_FLAGS_NONE, error))
		return FALSE;
	if (bundle->format != BSC_BUNDLE_FORMAT_PLAIN)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "The bundle is signed as format plain but its manifest says "
				     "'%s'",
				     bsc_manifest_format_to_string(bundle->format));
	return TRUE;
}

static GBytes *
verify_attached(OpenJob *job, GError **error)
{
	GBytes *content = NULL;
	size_t len;
	const uint8_t *der = get_cms(job, &len);

	if (job->options->no_verify)
		return bsc_cms_read_attached_unverified(der, len, error);
	if (!bsc_cms_verify_attached(der, len, job->options->keyring, &content,
				     &job->bundle->signer, error))
		return NULL;
	return content;
}

static gboolean
check_attached_format(OpenJob *job, GError **error)
{
	BscBundle *bundle = job->bundle;

	if (bundle->format == BSC_BUNDLE_FORMAT_PLAIN || !bundle->manifest->has_verity)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "The signed manifest is not of format verity or crypt");
	if (!check_allowed(job, bundle->format, error))
		return FALSE;
	if (bundle->format == BSC_BUNDLE_FORMAT_VERITY && bundle->was_encrypted)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "The signature is encrypted but the format is not crypt");
	if (bundle->format == BSC_BUNDLE_FORMAT_CRYPT && !bundle->manifest->has_crypt_key)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "The manifest of format crypt has no crypt-key");
	if (bundle->format == BSC_BUNDLE_FORMAT_CRYPT && !bundle->was_encrypted &&
	    job->options->require_encryption)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
				     "The key of this crypt bundle lies open in its signature: "
				     "encrypt it for this device with 'bascule-bundle encrypt'");
	return TRUE;
}

/* Sizes come from the signed manifest and the trailer; each is checked before it is used. */
static gboolean
split_payload(OpenJob *job, GError **error)
{
	BscBundle *bundle = job->bundle;
	uint64_t tree_bytes = bundle->manifest->verity_size_bytes;

	if (bundle->payload_bytes % BLOCK_BYTES != 0)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "The payload of %" G_GUINT64_FORMAT
				     " bytes is not a multiple of %d bytes",
				     bundle->payload_bytes, BLOCK_BYTES);
	if (tree_bytes == 0 || tree_bytes % BLOCK_BYTES != 0 || tree_bytes >= bundle->payload_bytes)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
				     "verity-size %" G_GUINT64_FORMAT
				     " does not fit a payload of %" G_GUINT64_FORMAT " bytes",
				     tree_bytes, bundle->payload_bytes);
	bundle->data_bytes = bundle->payload_bytes - tree_bytes;
	return TRUE;
}

static gboolean
open_layers(OpenJob *job, GError **error)
{
	BscBundle *bundle = job->bundle;
	const BscManifest *manifest = bundle->manifest;
	g_autoptr(BscByteSource) clear = NULL;

	bundle->checked = bsc_layer_verity_new(bundle->payload, bundle->data_bytes,
					       manifest->verity_hash, manifest->verity_salt,
					       (size_t)(job->memory_bytes / LAYER_SHARE), error);
	if (bundle->checked == NULL)
		return FALSE;
	if (bundle->format == BSC_BUNDLE_FORMAT_CRYPT)
		clear = bsc_layer_decrypt_new(bundle->checked, manifest->crypt_key, error);
	else
		clear = bsc_byte_source_ref(bundle->checked);
	return clear != NULL && open_squashfs(job, clear, error);
}

static gboolean
open_attached(OpenJob *job, GError **error)
{
	g_autoptr(GBytes) text = verify_attached(job, error);

	return text != NULL && take_manifest(job, text, BSC_MANIFEST_SIGNED, error) &&
	       check_attached_format(job, error) && split_payload(job, error) &&
	       open_layers(job, error);
}

BscBundle *
bsc_bundle_open(BscByteSource *source, const BscBundleOpenOptions *options,
		BscBundleProgressFunc on_progress, gpointer user, GCancellable *cancellable,
		GError **error)
{
	g_auto(OpenJob) job = {.source = source,
			       .options = options,
			       .on_progress = on_progress,
			       .user = user,
			       .cancellable = cancellable};
	BscCmsKind kind;

	g_return_val_if_fail(options->no_verify || options->keyring != NULL, NULL);
	job.memory_bytes =
		options->memory_bytes != 0 ? options->memory_bytes : DEFAULT_MEMORY_BYTES;
	job.bundle = g_new0(BscBundle, 1);
	g_atomic_ref_count_init(&job.bundle->ref_count);
	if (!read_trailer(&job, error) || !open_envelope(&job, &kind, error))
		return NULL;
	if (kind == BSC_CMS_DETACHED ? !open_plain(&job, error) : !open_attached(&job, error))
		return NULL;
	return g_steal_pointer(&job.bundle);
}

BscBundle *
bsc_bundle_open_path(const char *path, const BscBundleOpenOptions *options,
		     BscBundleProgressFunc on_progress, gpointer user, GCancellable *cancellable,
		     GError **error)
{
	g_autoptr(BscByteSource) source = bsc_source_file_open(path, error);
	BscBundle *bundle;

	if (source == NULL)
		return NULL;
	bundle = bsc_bundle_open(source, options, on_progress, user, cancellable, error);
	if (bundle == NULL)
		g_prefix_error(error, "'%s': ", path);
	return bundle;
}
