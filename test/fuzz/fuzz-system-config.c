/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/fuzz/fuzz-system-config.c - system.conf from foreign bytes */
#include "config.h"

#include "installer/system/slot-table.h"
#include "test/fuzz/fuzz-target.h"

static void
parse(const BscSystemConfigText *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemConfig) config = bsc_system_config_parse(text, &error);

	g_assert_true((config != NULL) == (error == NULL));
	for (guint i = 0; config != NULL && i < config->slots->len; i++)
		(void)bsc_slot_table_get_root(g_ptr_array_index(config->slots, i));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t half = size / 2;
	BscSystemConfigText text = {
		.data = (const char *)data,
		.len = size,
		.path = "/etc/rauc/system.conf",
		.is_rauc_file = TRUE,
	};
	BscSystemConfigText merged = {
		.data = (const char *)data,
		.len = half,
		.path = "/etc/bascule/system.conf",
		.more_data = (const char *)data + half,
		.more_len = size - half,
		.more_path = "/run/bascule/bascule.conf",
	};

	parse(&text);
	parse(&merged);
	return 0;
}
