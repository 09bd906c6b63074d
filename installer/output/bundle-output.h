/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/output/bundle-output.h - what is in a bundle as text */
#pragma once

#include "installer/output/output.h"

/**
 * bsc_bundle_output_format:
 * @info: `a{sv}`: a bundle, as Inspect() of org.bascule.Update1
 * @format: how
 *
 * Shell variables and JSON members are RAUC's, with ours beside them.
 *
 * Returns: (transfer full): the text
 */
char *bsc_bundle_output_format(GVariant *info, BscOutputFormat format);
