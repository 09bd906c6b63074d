/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/fuzz/fuzz-target.h - the entry every fuzz target defines */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's name. Feeds foreign bytes to one parser; must not crash, leak or hang. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
