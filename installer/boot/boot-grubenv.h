/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/boot/boot-grubenv.h - pure: GRUB's environment block, 1024 bytes of text */
#pragma once

#include <glib.h>
#include <stdint.h>

#define BSC_BOOT_GRUBENV_BYTES	1024 /* what GRUB and grub-editenv make, and all GRUB reads */
#define BSC_BOOT_GRUBENV_SECTOR 512  /* what a disk writes at once */

/*
 * The block is `# GRUB Environment Block\n`, then lines `NAME=VALUE\n` in which `\` stands before
 * a `\` or a line end of the value, and lines that begin with `#`; `#` without a line end fills it
 * up. Of a name that stands twice the last line counts, as for GRUB's load_env.
 */
typedef struct _BscBootGrubenv BscBootGrubenv;

/**
 * bsc_boot_grubenv_parse:
 * @data: (array length=len): the content of a grubenv
 * @len: its length; anything but %BSC_BOOT_GRUBENV_BYTES is refused
 * @error: return location
 *
 * Errors: %BSC_BOOT_ERROR_ENVIRONMENT
 *
 * Returns: (transfer full) (nullable): the variables, or %NULL on failure
 */
BscBootGrubenv *bsc_boot_grubenv_parse(const uint8_t *data, size_t len, GError **error);

/**
 * bsc_boot_grubenv_free:
 * @self: (transfer full) (nullable): variables
 */
void bsc_boot_grubenv_free(BscBootGrubenv *self);

/**
 * bsc_boot_grubenv_get:
 * @self: variables
 * @name: a name
 *
 * Returns: (transfer none) (nullable): its value, valid until the next change; %NULL = not set
 */
const char *bsc_boot_grubenv_get(const BscBootGrubenv *self, const char *name);

/**
 * bsc_boot_grubenv_set:
 * @self: variables
 * @name: a name without `=`, `#`, `\` and line ends
 * @value: any text
 *
 * Sets a variable and counts it among the deciding ones, which are written first.
 */
void bsc_boot_grubenv_set(BscBootGrubenv *self, const char *name, const char *value);

/**
 * bsc_boot_grubenv_serialise:
 * @self: variables
 * @out: (out caller-allocates): %BSC_BOOT_GRUBENV_BYTES bytes
 * @error: return location
 *
 * Makes the block. The variables that were set stand in the first sector, and where there is room
 * the others begin in the second, so that a later change of the first touches one sector.
 *
 * Errors: %BSC_BOOT_ERROR_ENVIRONMENT if they do not fit; @out is then undefined.
 *
 * Returns: %TRUE on success
 */
gboolean bsc_boot_grubenv_serialise(const BscBootGrubenv *self, uint8_t *out, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscBootGrubenv, bsc_boot_grubenv_free)
