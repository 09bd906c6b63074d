/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/fuzz/fuzz-grubenv.c - GRUB's environment block from foreign bytes */
#include "config.h"

#include "installer/boot/boot-grubenv.h"
#include "test/fuzz/fuzz-target.h"

#include <string.h>

static void
check(const uint8_t *data, size_t size)
{
	g_autoptr(BscBootGrubenv) env = bsc_boot_grubenv_parse(data, size, NULL);
	g_autoptr(BscBootGrubenv) again = NULL;
	uint8_t out[BSC_BOOT_GRUBENV_BYTES];

	if (env == NULL)
		return;
	bsc_boot_grubenv_set(env, "ORDER", "A \\ B\n");
	bsc_boot_grubenv_set(env, "A_OK", "1");
	if (!bsc_boot_grubenv_serialise(env, out, NULL))
		return;
	again = bsc_boot_grubenv_parse(out, sizeof(out), NULL);
	g_assert_nonnull(again);
	g_assert_cmpstr(bsc_boot_grubenv_get(again, "ORDER"), ==, "A \\ B\n");
	g_assert_cmpstr(bsc_boot_grubenv_get(again, "A_OK"), ==, "1");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char signature[] = "# GRUB Environment Block\n";
	uint8_t block[BSC_BOOT_GRUBENV_BYTES];
	size_t room = sizeof(block) - strlen(signature);

	check(data, size);
	/* Gets past the length and the first line. */
	memset(block, '#', sizeof(block));
	memcpy(block, signature, strlen(signature));
	if (size > 0)
		memcpy(block + strlen(signature), data, MIN(size, room));
	check(block, sizeof(block));
	return 0;
}
