/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/bundle/bundle-seal.h - put the signature behind a payload, and prove the result */
#pragma once

#include "bundle-tools/bundle/bundle-open.h"

#include <gio/gio.h>

/**
 * BscBundlePhaseFunc:
 * @phase: what is done now, for people: `hashing images`
 * @done: bytes done
 * @total: all bytes
 * @user: what was given
 *
 * May be called from any thread, but never from two at once.
 */
typedef void (*BscBundlePhaseFunc)(const char *phase, uint64_t done, uint64_t total, gpointer user);

typedef void (*BscBundleNoticeFunc)(const char *text, gpointer user);

/**
 * bsc_bundle_seal_append:
 * @path: a file that holds the payload and nothing else
 * @cms: the signature or its envelope
 * @error: return location
 *
 * Appends @cms and the trailer.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_bundle_seal_append(const char *path, GBytes *cms, GError **error);

/**
 * bsc_bundle_seal_check:
 * @path: a bundle
 * @options: whom to trust; max_cms_bytes is not looked at
 * @cancellable: (nullable): ends the work early
 * @error: return location
 *
 * Opens the bundle as a device would. Errors: as bsc_bundle_open().
 *
 * Returns: %TRUE if the bundle opens
 */
gboolean bsc_bundle_seal_check(const char *path, const BscBundleOpenOptions *options,
			       GCancellable *cancellable, GError **error);

/**
 * bsc_bundle_seal_notice_size:
 * @cms: a signature
 * @on_notice: (nullable): told if devices with the default configuration will refuse its size
 * @user: for @on_notice
 */
void bsc_bundle_seal_notice_size(GBytes *cms, BscBundleNoticeFunc on_notice, gpointer user);
