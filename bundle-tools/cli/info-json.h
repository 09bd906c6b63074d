/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/info-json.h - what a bundle says, as JSON */
#pragma once

#include "bundle-tools/bundle/bundle.h"

/**
 * bsc_info_json_format:
 * @bundle: a bundle
 * @pretty: with line breaks and indentation
 *
 * The keys of `rauc info`, and more behind them: hash, format, encrypted, size, meta, signature.
 *
 * Returns: (transfer full): one JSON object
 */
char *bsc_info_json_format(const BscBundle *bundle, gboolean pretty);

/**
 * bsc_info_json_format_2:
 * @bundle: a bundle
 *
 * The shape of RAUC's `json-2`: the dictionary of its bus method InspectBundle.
 *
 * Returns: (transfer full): one JSON object
 */
char *bsc_info_json_format_2(const BscBundle *bundle);
