/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/write-archive.h"

#include "common/error.h"
#include "installer/write/write-error.h"

static gboolean
archive_write(BscByteSource *image, const BscWriteRequest *request, BscWriteReport *out_report,
	      GCancellable *cancellable, GError **error)
{
	return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_NO_WRITER,
			     "Archives are not supported yet");
}

const BscWriterOps bsc_write_archive_ops = {
	.name = "archive",
	.write = archive_write,
};
