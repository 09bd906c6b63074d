/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/support/fake-bootloader.h - a boot loader in memory that records calls and fails on demand
 */
#pragma once

#include "installer/boot/bootloader.h"

/* What the fake keeps; shared with the BscBootloader made for it, which must not outlive it. */
typedef struct {
	char *order;		/* bootnames, first to be booted first; NULL = never set */
	GHashTable *attempts;	/* bootname → int; missing = never set */
	char *current;		/* what get_current says; NULL = nothing */
	GPtrArray *calls;	/* of char *: `set_primary B`, `set_state A bad`, … (no get_) */
	int fail_at;		/* the n-th set_ call from now on fails; 0 = none */
	gboolean ignore_sets;	/* set_ calls succeed and change nothing */
	gboolean is_unreadable; /* get_ calls fail with ENVIRONMENT */
} TestFakeBootloader;

/**
 * test_fake_bootloader_new:
 * @order: (nullable): bootnames with blanks between them, each with three attempts
 *
 * Returns: (transfer full): a fake
 */
TestFakeBootloader *test_fake_bootloader_new(const char *order);

/**
 * test_fake_bootloader_free:
 * @self: (transfer full) (nullable): a fake
 */
void test_fake_bootloader_free(TestFakeBootloader *self);

/**
 * test_fake_bootloader_open:
 * @self: a fake
 * @config: a configuration, of any bootloader=
 *
 * Returns: (transfer full): a boot loader that asks and tells @self
 */
BscBootloader *test_fake_bootloader_open(TestFakeBootloader *self, const BscSystemConfig *config);

/**
 * test_fake_bootloader_boot:
 * @self: a fake
 *
 * Plays one start: the first name in the order with attempts left loses one of them and becomes
 * the current one.
 *
 * Returns: (transfer none) (nullable): what was booted; %NULL = nothing is left
 */
const char *test_fake_bootloader_boot(TestFakeBootloader *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestFakeBootloader, test_fake_bootloader_free)
