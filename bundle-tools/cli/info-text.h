/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/cli/info-text.h - what a bundle says, for people and for shells */
#pragma once

#include "bundle-tools/bundle/bundle.h"

/**
 * bsc_info_text_format_readable:
 * @bundle: a bundle
 *
 * Returns: (transfer full): lines for people; control characters of the manifest are replaced
 */
char *bsc_info_text_format_readable(const BscBundle *bundle);

/**
 * bsc_info_text_format_chain:
 * @chain: (element-type BscCmsCert): certificates, the signer's own first
 *
 * Returns: (transfer full): lines for people
 */
char *bsc_info_text_format_chain(const GPtrArray *chain);

/**
 * bsc_info_text_format_shell:
 * @bundle: a bundle
 *
 * Returns: (transfer full): assignments of RAUC_MF_…, RAUC_IMAGE_… and RAUC_META_… variables
 */
char *bsc_info_text_format_shell(const BscBundle *bundle);
