/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "test/support/pattern.h"

uint8_t *
test_pattern_new(size_t len)
{
	uint8_t *data = g_malloc(len);

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 12) * 13);
	return data;
}
