/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/service/authorize.h - who may call which method: one table, one check before handlers
 */
#pragma once

#include <gio/gio.h>
#include <sys/types.h>

/*
 * Asked in this order, the first yes counts: root (and the service's own user); the users and
 * groups that `[dbus]` names; polkit, where it can be reached. The bus asks nobody else: its
 * policy only says who may own the names.
 */
typedef struct _BscAuthorize BscAuthorize;

/* Answer of bsc_authorize_get_caller() for methods that everybody may call. */
#define BSC_AUTHORIZE_NOBODY ((uid_t)-1)

/**
 * bsc_authorize_new:
 * @bus: the bus the callers are on
 * @users: (nullable) (array zero-terminated=1): names of users who may do everything
 * @groups: (nullable) (array zero-terminated=1): names of groups, likewise
 *
 * Returns: (transfer full): the check; free with bsc_authorize_unref()
 */
BscAuthorize *bsc_authorize_new(GDBusConnection *bus, const char *const *users,
				const char *const *groups);

/**
 * bsc_authorize_unref:
 * @self: (transfer full) (nullable): the check
 */
void bsc_authorize_unref(BscAuthorize *self);

/**
 * bsc_authorize_guard:
 * @self: the check
 * @skeleton: an interface that is about to be exported
 *
 * From now on no handler of @skeleton runs before its caller is authorised; the others get
 * org.freedesktop.DBus.Error.AccessDenied. The main loop never waits for an answer.
 */
void bsc_authorize_guard(BscAuthorize *self, GDBusInterfaceSkeleton *skeleton);

/**
 * bsc_authorize_get_caller:
 * @invocation: a call of a method that needs an action
 *
 * Returns: the user who calls; %BSC_AUTHORIZE_NOBODY if the method is for everybody
 */
uid_t bsc_authorize_get_caller(GDBusMethodInvocation *invocation);

/**
 * bsc_authorize_find_action:
 * @interface: name of an interface
 * @method: name of a method of it
 * @out_action: (out): the polkit action it needs; %NULL = it is for everybody
 *
 * Returns: %FALSE if the table does not know the method; then nobody may call it
 */
gboolean bsc_authorize_find_action(const char *interface, const char *method,
				   const char **out_action);

/**
 * bsc_authorize_is_listed:
 * @uid: a user
 * @users: (nullable) (array zero-terminated=1): names of users
 * @groups: (nullable) (array zero-terminated=1): names of groups
 *
 * Asks the user database, so it may block.
 *
 * Returns: whether @uid is one of @users or a member of one of @groups
 */
gboolean bsc_authorize_is_listed(uid_t uid, const char *const *users, const char *const *groups);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscAuthorize, bsc_authorize_unref)
