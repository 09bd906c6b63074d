/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/bundle/bundle-seal.h"

#include "bundle-tools/format/trailer.h"
#include "bundle-tools/source/source-file.h"
#include "common/error.h"
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

gboolean
bsc_bundle_seal_append(const char *path, GBytes *cms, GError **error)
{
	BSC_AUTO_FD int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	uint8_t trailer[BSC_TRAILER_LEN];
	size_t len;
	const uint8_t *data = g_bytes_get_data(cms, &len);

	if (fd < 0)
		return bsc_error_set_errno(error, errno, "Failed to open '%s'", path);
	bsc_trailer_write((uint32_t)len, trailer);
	if (!bsc_io_write_all(fd, data, len, error) ||
	    !bsc_io_write_all(fd, trailer, sizeof(trailer), error))
		return FALSE;
	return bsc_io_close(&fd, error);
}

gboolean
bsc_bundle_seal_check(const char *path, const BscBundleOpenOptions *options,
		      GCancellable *cancellable, GError **error)
{
	BscBundleOpenOptions any_size = *options;
	g_autoptr(BscByteSource) source = bsc_source_file_open(path, error);
	g_autoptr(BscBundle) bundle = NULL;

	if (source == NULL)
		return FALSE;
	any_size.max_cms_bytes = G_MAXUINT32;
	bundle = bsc_bundle_open(source, &any_size, NULL, NULL, cancellable, error);
	return bundle != NULL;
}

void
bsc_bundle_seal_notice_size(GBytes *cms, BscBundleNoticeFunc on_notice, gpointer user)
{
	g_autofree char *text = NULL;

	if (g_bytes_get_size(cms) <= BSC_TRAILER_MAX_CMS_BYTES || on_notice == NULL)
		return;
	text = g_strdup_printf("the signature has %zu bytes; devices accept %d unless "
			       "max-bundle-signature-size= says otherwise",
			       g_bytes_get_size(cms), BSC_TRAILER_MAX_CMS_BYTES);
	on_notice(text, user);
}
