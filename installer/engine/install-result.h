/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/install-result.h - how an installation ended, and what it did */
#pragma once

#include "dbus/outcome.h"

#include <glib.h>
#include <stdint.h>

/* What became of one image. */
typedef struct {
	char *slot_name;
	char *image_name;
	gboolean skipped;	 /* install-same=false and the slot holds it already */
	uint64_t bytes_total;	 /* of the image */
	uint64_t bytes_written;	 /* really written */
	uint64_t bytes_equal;	 /* found on the device already */
	uint64_t bytes_zeroed;	 /* punched or found zero */
	uint64_t bytes_verified; /* read back from the medium */
} BscInstallSlotReport;

typedef struct {
	char *transaction_id; /* set as soon as the request is accepted */
	BscOutcome outcome;
	char *message;	      /* why it failed, one line; %NULL on success */
	char *manifest_hash;  /* hex; %NULL if the bundle could not be read */
	char *bundle_version; /* (nullable) */
	gboolean activated;   /* the next boot starts the new system */
	GPtrArray *slots;     /* of BscInstallSlotReport, in the order of writing */
} BscInstallResult;
