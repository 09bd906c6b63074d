/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/installer/write/write-once.c - writes one file to one slot, to be cut short by
 * test-power-cut */
#include "config.h"

#include "bundle-tools/source/source-file.h"
#include "installer/write/slot-writer.h"

int
main(int argc, char **argv)
{
	g_autoptr(BscByteSource) source = NULL;
	g_autoptr(GError) error = NULL;
	char name[] = "rootfs.1";
	char type[] = "raw";
	BscSlot slot = {.name = name, .type = type};
	BscWriteRequest request = {.slot = &slot, .image_type = "raw"};
	BscWriteReport report;

	if (argc != 3)
		return 2;
	slot.device = argv[2];
	source = bsc_source_file_open(argv[1], &error);
	if (source != NULL && bsc_slot_writer_write(source, &request, &report, NULL, &error))
		return 0;
	g_printerr("%s\n", error->message);
	return 1;
}
