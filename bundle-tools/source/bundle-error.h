/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/source/bundle-error.h - the error domain of all rooms of bundle-tools */
#pragma once

#include <glib.h>

#define BSC_BUNDLE_ERROR bsc_bundle_error_quark()
GQuark bsc_bundle_error_quark(void);

typedef enum {
	BSC_BUNDLE_ERROR_FORMAT, /* not a bundle, or a manifest or squashfs that breaks its rules */
	BSC_BUNDLE_ERROR_SIGNATURE,   /* the signature does not fit the bytes, or is no signature */
	BSC_BUNDLE_ERROR_UNTRUSTED,   /* signed, but by nobody we trust (now, for this purpose) */
	BSC_BUNDLE_ERROR_CORRUPT,     /* bytes differ from what was signed */
	BSC_BUNDLE_ERROR_DECRYPT,     /* we hold no key for it, or the wrong one */
	BSC_BUNDLE_ERROR_UNSUPPORTED, /* well-formed, but beyond what this build or device can do */
	BSC_BUNDLE_ERROR_CHANGED,     /* the file changed while it was read */
} BscBundleError;
