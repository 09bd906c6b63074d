/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/bundle/bundle-rewrite.h"

#include "bundle-tools/bundle/output-file.h"
#include "bundle-tools/format/cms-envelope.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES	    (8 * 1024 * 1024)
#define MAX_SIGNATURE_BYTES (16 * 1024 * 1024)

/* Tells the phase to those who are called back without one. */
typedef struct {
	const BscBundleRewriteOptions *options;
	const char *phase;
} Phase;

static void
on_bytes(uint64_t done, uint64_t total, gpointer user)
{
	const Phase *phase = user;

	if (phase->options->on_progress != NULL)
		phase->options->on_progress(phase->phase, done, total, phase->options->user);
}

static BscBundle *
open_input(const char *path, const BscBundleRewriteOptions *options, GCancellable *cancellable,
	   GError **error)
{
	Phase phase = {.options = options, .phase = "checking the signature"};
	BscBundleOpenOptions open_options = {.keyring = options->keyring,
					     .no_verify = options->no_verify,
					     .decryption_key = options->decryption_key,
					     .max_cms_bytes = G_MAXUINT32};

	return bsc_bundle_open_path(path, &open_options, on_bytes, &phase, cancellable, error);
}

/* The kernel shares the blocks on btrfs and xfs; where it cannot copy at all, we do. */
static gboolean
copy_piece(BscByteSource *payload, int in, int out, uint64_t offset, size_t len, GError **error)
{
	g_autofree uint8_t *buf = NULL;
	loff_t from = (loff_t)offset;
	loff_t to = (loff_t)offset;

	if (copy_file_range(in, &from, out, &to, len, 0) == (ssize_t)len)
		return TRUE;
	buf = g_malloc(len);
	return bsc_byte_source_read_at(payload, offset, buf, len, error) &&
	       bsc_io_pwrite_all(out, buf, len, offset, error);
}

static gboolean
copy_payload(BscBundle *bundle, const char *in_path, const char *out_path, Phase *phase,
	     GCancellable *cancellable, GError **error)
{
	BSC_AUTO_FD int in = open(in_path, O_RDONLY | O_CLOEXEC);
	BSC_AUTO_FD int out = open(out_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	uint64_t size = bundle->payload_bytes;

	if (in < 0 || out < 0)
		return bsc_error_set_errno(error, errno, "Failed to open '%s'",
					   in < 0 ? in_path : out_path);
	for (uint64_t offset = 0; offset < size; offset += COPY_BYTES) {
		size_t len = (size_t)MIN(COPY_BYTES, size - offset);

		if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
		    !copy_piece(bundle->payload, in, out, offset, len, error))
			return FALSE;
		on_bytes(offset + len, size, phase);
	}
	return bsc_io_close(&out, error);
}

/* The payload of @bundle with @cms behind it. */
static BscOutputFile *
write_bundle(BscBundle *bundle, const char *in_path, const char *out_path, GBytes *cms,
	     const BscBundleRewriteOptions *options, GCancellable *cancellable, GError **error)
{
	Phase phase = {.options = options, .phase = "copying the payload"};
	g_autoptr(BscOutputFile) output = bsc_output_file_new(out_path, error);

	if (output == NULL)
		return NULL;
	bsc_bundle_seal_notice_size(cms, options->on_notice, options->user);
	if (!copy_payload(bundle, in_path, bsc_output_file_get_path(output), &phase, cancellable,
			  error) ||
	    !bsc_bundle_seal_append(bsc_output_file_get_path(output), cms, error))
		return NULL;
	return g_steal_pointer(&output);
}

static gboolean
check_output(BscOutputFile *output, const BscBundleRewriteOptions *options,
	     GCancellable *cancellable, GError **error)
{
	BscBundleOpenOptions open_options = {.keyring = options->out_keyring};

	if (options->out_keyring == NULL ||
	    bsc_bundle_seal_check(bsc_output_file_get_path(output), &open_options, cancellable,
				  error))
		return TRUE;
	g_prefix_error(error, "The finished bundle does not verify: ");
	return FALSE;
}

static GBytes *
sign_again(BscBundle *bundle, const BscSigningKey *key, const BscCmsSignOptions *sign,
	   gboolean append, GError **error)
{
	size_t len;
	const uint8_t *der = g_bytes_get_data(bundle->cms, &len);

	if (append)
		return bsc_cms_sign_append(der, len, key, sign, error);
	if (bundle->format == BSC_BUNDLE_FORMAT_PLAIN)
		return bsc_cms_sign_detached(bundle->checked, key, sign, error);
	return bsc_cms_sign_attached(bundle->manifest_text, key, sign, error);
}

gboolean
bsc_bundle_rewrite_resign(const char *in_path, const char *out_path, const BscSigningKey *key,
			  const BscCmsSignOptions *sign, gboolean append,
			  const BscBundleRewriteOptions *options, GCancellable *cancellable,
			  GError **error)
{
	g_autoptr(BscBundle) bundle = open_input(in_path, options, cancellable, error);
	g_autoptr(GBytes) cms = NULL;
	g_autoptr(BscOutputFile) output = NULL;

	if (bundle == NULL)
		return FALSE;
	cms = sign_again(bundle, key, sign, append, error);
	if (cms == NULL)
		return FALSE;
	output = write_bundle(bundle, in_path, out_path, cms, options, cancellable, error);
	if (output == NULL)
		return FALSE;
	/* Verification takes exactly one signer. */
	if (!append && !check_output(output, options, cancellable, error))
		return FALSE;
	return bsc_output_file_commit(output, error);
}

static gboolean
check_signature(BscBundle *bundle, GBytes *cms, GError **error)
{
	size_t len;
	const uint8_t *der = g_bytes_get_data(cms, &len);
	gboolean is_plain = bundle->format == BSC_BUNDLE_FORMAT_PLAIN;
	g_autoptr(GBytes) text = NULL;
	BscCmsKind kind;

	if (!bsc_cms_inspect(der, len, &kind, error))
		return FALSE;
	if (kind != (is_plain ? BSC_CMS_DETACHED : BSC_CMS_ATTACHED))
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_SIGNATURE,
				     "The signature must be %s for a bundle of format %s",
				     is_plain ? "detached" : "over an attached manifest",
				     bsc_manifest_format_to_string(bundle->format));
	if (is_plain)
		return TRUE;
	text = bsc_cms_read_attached_unverified(der, len, error);
	if (text == NULL)
		return FALSE;
	if (!g_bytes_equal(text, bundle->manifest_text))
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_SIGNATURE,
				     "The signature is over the manifest of another bundle");
	return TRUE;
}

gboolean
bsc_bundle_rewrite_replace_signature(const char *in_path, const char *signature_path,
				     const char *out_path, const BscBundleRewriteOptions *options,
				     GCancellable *cancellable, GError **error)
{
	g_autoptr(BscBundle) bundle = open_input(in_path, options, cancellable, error);
	g_autoptr(GBytes) cms = NULL;
	g_autoptr(BscOutputFile) output = NULL;

	if (bundle == NULL)
		return FALSE;
	cms = bsc_io_read_file(signature_path, MAX_SIGNATURE_BYTES, error);
	if (cms == NULL)
		return FALSE;
	if (!check_signature(bundle, cms, error)) {
		g_prefix_error(error, "'%s': ", signature_path);
		return FALSE;
	}
	output = write_bundle(bundle, in_path, out_path, cms, options, cancellable, error);
	return output != NULL && check_output(output, options, cancellable, error) &&
	       bsc_output_file_commit(output, error);
}

gboolean
bsc_bundle_rewrite_extract_signature(const char *in_path, const char *out_path,
				     const BscBundleRewriteOptions *options,
				     GCancellable *cancellable, GError **error)
{
	g_autoptr(BscBundle) bundle = open_input(in_path, options, cancellable, error);
	g_autoptr(BscOutputFile) output = NULL;

	if (bundle == NULL)
		return FALSE;
	output = bsc_output_file_new(out_path, error);
	return output != NULL &&
	       g_file_set_contents_full(bsc_output_file_get_path(output),
					g_bytes_get_data(bundle->cms, NULL),
					(gssize)g_bytes_get_size(bundle->cms),
					G_FILE_SET_CONTENTS_NONE, 0644, error) &&
	       bsc_output_file_commit(output, error);
}

gboolean
bsc_bundle_rewrite_encrypt(const char *in_path, const char *out_path,
			   const char *const *recipient_pems,
			   const BscBundleRewriteOptions *options, GCancellable *cancellable,
			   GError **error)
{
	g_autoptr(BscBundle) bundle = open_input(in_path, options, cancellable, error);
	g_autoptr(GBytes) envelope = NULL;
	g_autoptr(BscOutputFile) output = NULL;

	if (bundle == NULL)
		return FALSE;
	if (bundle->format != BSC_BUNDLE_FORMAT_CRYPT)
		return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
				     "'%s' has format %s and only crypt can be encrypted: make it "
				     "with format=crypt in the manifest's [bundle] section",
				     in_path, bsc_manifest_format_to_string(bundle->format));
	envelope = bsc_cms_envelope_seal(bundle->cms, recipient_pems, error);
	if (envelope == NULL)
		return FALSE;
	output = write_bundle(bundle, in_path, out_path, envelope, options, cancellable, error);
	return output != NULL && bsc_output_file_commit(output, error);
}
