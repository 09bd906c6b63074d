/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/write-archive.h - an archive into a fresh file system */
#pragma once

#include "installer/write/writer-ops.h"

/* Makes a file system, mounts it privately, unpacks with tar, checks it read-only. */
extern const BscWriterOps bsc_write_archive_ops;
