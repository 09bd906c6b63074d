/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/service/status-reader.h - reads the status in a worker, once for all who wait */
#pragma once

#include "installer/engine/inspect.h"

/*
 * Reading the status asks the boot loader's tools. Everybody may ask for it, so however many ask
 * at once, one thread reads; who asks while it reads gets the next reading.
 */
typedef struct _BscStatusReader BscStatusReader;

/**
 * BscStatusReaderFunc:
 * @view: (nullable): the status; %NULL on failure
 * @error: (nullable): why it failed
 * @data: the caller's
 */
typedef void (*BscStatusReaderFunc)(const BscStatusView *view, const GError *error, gpointer data);

/**
 * bsc_status_reader_new:
 * @system: the device
 *
 * Returns: (transfer full): a reader; lives as long as the main loop runs
 */
BscStatusReader *bsc_status_reader_new(BscSystem *system);

/**
 * bsc_status_reader_free:
 * @self: (transfer full) (nullable): a reader that reads nothing
 */
void bsc_status_reader_free(BscStatusReader *self);

/**
 * bsc_status_reader_read:
 * @self: a reader
 * @func: called once from the main loop
 * @data: for @func
 *
 * Asks for a status that is not older than this call.
 */
void bsc_status_reader_read(BscStatusReader *self, BscStatusReaderFunc func, gpointer data);

/**
 * bsc_status_reader_is_idle:
 * @self: a reader
 *
 * Returns: whether nobody waits
 */
gboolean bsc_status_reader_is_idle(const BscStatusReader *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscStatusReader, bsc_status_reader_free)
