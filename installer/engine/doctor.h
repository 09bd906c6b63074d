/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/doctor.h - what this device lacks, in words */
#pragma once

#include "installer/engine/system-handle.h"

typedef enum {
	BSC_DOCTOR_LEVEL_OK,
	BSC_DOCTOR_LEVEL_WARNING, /* works, but less safe than it could be */
	BSC_DOCTOR_LEVEL_ERROR,	  /* an installation would fail */
	BSC_DOCTOR_LEVEL_N,
} BscDoctorLevel;

typedef struct {
	BscDoctorLevel level;
	char *subject; /* what was looked at: `configuration`, `slot rootfs.1`, `keyring` */
	char *text;    /* what was found */
	char *advice;  /* what to do: %NULL when all is well */
} BscDoctorFinding;

/**
 * bsc_doctor_run:
 * @options: (nullable): where things are, as for bsc_system_handle_new()
 *
 * Looks at everything an installation will need: configuration, tools, devices, keyring, boot
 * loader, place of the status, clock. Writes nothing; goes on after a finding as far as it makes
 * sense. May run programs.
 *
 * Returns: (transfer full) (element-type BscDoctorFinding): findings in the order of looking; free
 *   with g_ptr_array_unref()
 */
GPtrArray *bsc_doctor_run(const BscSystemOptions *options);

/**
 * bsc_doctor_level_to_string:
 * @level: a level
 *
 * Returns: (transfer none): `ok`, `warning` or `error`
 */
const char *bsc_doctor_level_to_string(BscDoctorLevel level);

/**
 * bsc_doctor_get_worst:
 * @findings: (element-type BscDoctorFinding): findings
 *
 * Returns: the highest level among them
 */
BscDoctorLevel bsc_doctor_get_worst(const GPtrArray *findings);
