/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/engine/view-dict.h - views and records as dictionaries, for the bus and the client */
#pragma once

#include "installer/engine/inspect.h"
#include "installer/engine/job-record.h"

/*
 * The keys are those of org.bascule.Update1 (dbus/org.bascule.Update1.xml), which is their
 * documentation. The service sends the dictionaries, the client in standalone mode prints them:
 * one place makes them. A key without a value is left out. All results are floating.
 */

/**
 * bsc_view_dict_from_status:
 * @view: a status
 *
 * Returns: (transfer floating): `a{sv}` as GetStatus() answers
 */
GVariant *bsc_view_dict_from_status(const BscStatusView *view);

/**
 * bsc_view_dict_from_slots:
 * @view: a status
 *
 * Returns: (transfer floating): `a(sa{sv})` as GetSlots() answers
 */
GVariant *bsc_view_dict_from_slots(const BscStatusView *view);

/**
 * bsc_view_dict_from_bundle:
 * @view: a bundle
 *
 * Returns: (transfer floating): `a{sv}` as Inspect() answers
 */
GVariant *bsc_view_dict_from_bundle(const BscBundleView *view);

/**
 * bsc_view_dict_from_record:
 * @record: a job record
 *
 * Returns: (transfer floating): `a{sv}` as the details of GetResult()
 */
GVariant *bsc_view_dict_from_record(const BscJobRecord *record);
