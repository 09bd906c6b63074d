/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/read-back.h - compares what the medium holds with what was written */
#pragma once

#include "installer/write/copy-job.h"

/**
 * bsc_read_back_run:
 * @job: a job whose items are all stored and whose device was flushed since; they may still
 *   be hashed. How much was read is counted in it
 * @error: return location
 *
 * Reads from the medium, in several threads, what the job's @verify asks for. The first unit is
 * left out. Errors: %BSC_WRITE_ERROR_DEVICE where the medium holds something else,
 * %G_IO_ERROR_CANCELLED.
 *
 * Returns: %TRUE if the medium holds what was written
 */
gboolean bsc_read_back_run(BscCopyJob *job, GError **error);
