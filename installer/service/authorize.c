/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/service/authorize.h"

#include "dbus/dbus-names.h"
#include "installer/service/caller.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#define ACCESS_DENIED "org.freedesktop.DBus.Error.AccessDenied"

typedef struct {
	const char *interface;
	const char *method;
	const char *action; /* NULL: for everybody */
} Rule;

static const Rule rules[] = {
	{BSC_DBUS_INTERFACE, "Install", BSC_DBUS_ACTION_INSTALL},
	{BSC_DBUS_INTERFACE, "Cancel", BSC_DBUS_ACTION_INSTALL},
	{BSC_DBUS_INTERFACE, "Mark", BSC_DBUS_ACTION_MARK},
	{BSC_DBUS_INTERFACE, "Inspect", BSC_DBUS_ACTION_INSPECT},
	{BSC_DBUS_INTERFACE, "GetSlots", NULL},
	{BSC_DBUS_INTERFACE, "GetPrimary", NULL},
	{BSC_DBUS_INTERFACE, "GetStatus", NULL},
	{BSC_DBUS_INTERFACE, "GetResult", NULL},
	{BSC_DBUS_RAUC_INTERFACE, "Install", BSC_DBUS_ACTION_INSTALL},
	{BSC_DBUS_RAUC_INTERFACE, "InstallBundle", BSC_DBUS_ACTION_INSTALL},
	{BSC_DBUS_RAUC_INTERFACE, "Mark", BSC_DBUS_ACTION_MARK},
	{BSC_DBUS_RAUC_INTERFACE, "Info", BSC_DBUS_ACTION_INSPECT},
	{BSC_DBUS_RAUC_INTERFACE, "InspectBundle", BSC_DBUS_ACTION_INSPECT},
	{BSC_DBUS_RAUC_INTERFACE, "GetSlotStatus", NULL},
	{BSC_DBUS_RAUC_INTERFACE, "GetArtifactStatus", NULL},
	{BSC_DBUS_RAUC_INTERFACE, "GetPrimary", NULL},
};

struct _BscAuthorize {
	GDBusConnection *bus;
	char **users;
	char **groups;
};

/* One call that waits for its answer. */
typedef struct {
	BscAuthorize *authorize;
	GDBusInterfaceSkeleton *skeleton;
	GDBusMethodInvocation *invocation; /* the reference that a reply uses up */
	const Rule *rule;
	uid_t uid;
} Check;

/* Where an invocation keeps its caller. */
static GQuark
get_caller_quark(void)
{
	return g_quark_from_static_string("bsc-authorize-caller");
}

static void
check_free(Check *check)
{
	bsc_authorize_unref(check->authorize);
	g_object_unref(check->skeleton);
	g_free(check);
}

/* Goes on where GDBus would have: the handler gets the call. */
static void
allow(Check *check)
{
	GDBusMethodInvocation *invocation = check->invocation;
	const GDBusInterfaceVTable *vtable = g_dbus_interface_skeleton_get_vtable(check->skeleton);

	/* +1, so that root is told from "not set" */
	g_object_set_qdata(G_OBJECT(invocation), get_caller_quark(),
			   GSIZE_TO_POINTER((gsize)check->uid + 1));
	vtable->method_call(g_dbus_method_invocation_get_connection(invocation),
			    g_dbus_method_invocation_get_sender(invocation),
			    g_dbus_method_invocation_get_object_path(invocation),
			    g_dbus_method_invocation_get_interface_name(invocation),
			    g_dbus_method_invocation_get_method_name(invocation),
			    g_dbus_method_invocation_get_parameters(invocation), invocation,
			    check->skeleton);
	check_free(check);
}

static void
deny(Check *check, const char *why)
{
	g_autofree char *message = g_strdup_printf(
		"%s is not allowed for user %u (%s): be root, be named in [dbus] install-users or "
		"install-groups, or have the polkit action %s",
		check->rule->method, (unsigned)check->uid, why, check->rule->action);

	g_message("%s", message);
	g_dbus_method_invocation_return_dbus_error(check->invocation, ACCESS_DENIED, message);
	check_free(check);
}

/*
 * Without polkit, inspecting is for everybody as with RAUC: a path is opened with the caller's
 * own rights and nothing is written.
 */
static void
decide_without_polkit(Check *check, const GError *error)
{
	g_debug("polkit: %s", error->message);
	if (strcmp(check->rule->action, BSC_DBUS_ACTION_INSPECT) == 0)
		allow(check);
	else
		deny(check, "polkit cannot be reached");
}

static void
on_polkit_answer(GObject *source, GAsyncResult *result, gpointer data)
{
	Check *check = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	gboolean is_authorized = FALSE;

	if (reply == NULL) {
		decide_without_polkit(check, error);
		return;
	}
	g_variant_get(reply, "((bba{ss}))", &is_authorized, NULL, NULL);
	if (is_authorized)
		allow(check);
	else
		deny(check, "polkit says no");
}

static void
ask_polkit(Check *check)
{
	GDBusMessage *message = g_dbus_method_invocation_get_message(check->invocation);
	gboolean may_ask = (g_dbus_message_get_flags(message) &
			    G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
	GVariantBuilder subject = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{sv}"));

	/* The bus name cannot be reused while the caller waits; a process id could be. */
	g_variant_builder_add(
		&subject, "{sv}", "name",
		g_variant_new_string(g_dbus_method_invocation_get_sender(check->invocation)));
	g_dbus_connection_call(check->authorize->bus, "org.freedesktop.PolicyKit1",
			       "/org/freedesktop/PolicyKit1/Authority",
			       "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization",
			       g_variant_new("((sa{sv})sa{ss}us)", "system-bus-name", &subject,
					     check->rule->action, NULL, may_ask ? 1u : 0u, ""),
			       G_VARIANT_TYPE("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE,
			       may_ask ? G_MAXINT : -1 /* somebody types a password */, NULL,
			       on_polkit_answer, check);
}

static void
look_up_lists(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Check *check = data;

	g_task_return_boolean(
		task,
		bsc_authorize_is_listed(check->uid, (const char *const *)check->authorize->users,
					(const char *const *)check->authorize->groups));
}

static void
on_lists_answer(GObject *source, GAsyncResult *result, gpointer data)
{
	if (g_task_propagate_boolean(G_TASK(result), NULL))
		allow(data);
	else
		ask_polkit(data);
}

static void
decide(Check *check)
{
	g_autoptr(GTask) task = NULL;

	if (check->uid == 0 || check->uid == geteuid()) {
		allow(check);
		return;
	}
	if (check->authorize->users == NULL && check->authorize->groups == NULL) {
		ask_polkit(check);
		return;
	}
	task = g_task_new(NULL, NULL, on_lists_answer, check);
	g_task_set_priority(task,
			    G_PRIORITY_LOW); /* anybody may ask often: installing comes first */
	g_task_set_task_data(task, check, NULL);
	g_task_run_in_thread(task, look_up_lists);
}

static void
on_credentials(GObject *source, GAsyncResult *result, gpointer data)
{
	Check *check = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	g_autoptr(GVariant) credentials = NULL;
	guint32 uid;

	if (reply != NULL)
		credentials = g_variant_get_child_value(reply, 0);
	if (credentials == NULL || !g_variant_lookup(credentials, "UnixUserID", "u", &uid)) {
		deny(check, "the bus does not tell who calls");
		return;
	}
	check->uid = uid;
	decide(check);
}

static const Rule *
find_rule(const char *interface, const char *method)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
		if (strcmp(rules[i].interface, interface) == 0 &&
		    strcmp(rules[i].method, method) == 0)
			return &rules[i];
	}
	return NULL;
}

static gboolean
on_authorize_method(GDBusInterfaceSkeleton *skeleton, GDBusMethodInvocation *invocation,
		    gpointer data)
{
	const char *interface = g_dbus_method_invocation_get_interface_name(invocation);
	const char *method = g_dbus_method_invocation_get_method_name(invocation);
	const Rule *rule = find_rule(interface, method);
	Check *check;

	if (rule == NULL) {
		g_dbus_method_invocation_return_dbus_error(invocation, ACCESS_DENIED,
							   "Nobody may call this method");
		return FALSE;
	}
	if (rule->action == NULL)
		return TRUE;
	check = g_new0(Check, 1);
	check->authorize = g_rc_box_acquire(data);
	check->skeleton = g_object_ref(skeleton);
	check->invocation = invocation;
	check->rule = rule;
	check->uid = BSC_AUTHORIZE_NOBODY;
	g_dbus_connection_call(
		check->authorize->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
		"org.freedesktop.DBus", "GetConnectionCredentials",
		g_variant_new("(s)", g_dbus_method_invocation_get_sender(invocation)),
		G_VARIANT_TYPE("(a{sv})"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_credentials, check);
	return FALSE; /* answered by allow() or deny() */
}

static void
authorize_clear(gpointer data)
{
	BscAuthorize *self = data;

	g_object_unref(self->bus);
	g_strfreev(self->users);
	g_strfreev(self->groups);
}

BscAuthorize *
bsc_authorize_new(GDBusConnection *bus, const char *const *users, const char *const *groups)
{
	BscAuthorize *self = g_rc_box_new0(BscAuthorize);

	self->bus = g_object_ref(bus);
	self->users = g_strdupv((char **)users);
	self->groups = g_strdupv((char **)groups);
	return self;
}

void
bsc_authorize_unref(BscAuthorize *self)
{
	if (self != NULL)
		g_rc_box_release_full(self, authorize_clear);
}

void
bsc_authorize_guard(BscAuthorize *self, GDBusInterfaceSkeleton *skeleton)
{
	g_signal_connect_data(skeleton, "g-authorize-method", G_CALLBACK(on_authorize_method),
			      g_rc_box_acquire(self), (GClosureNotify)(void *)bsc_authorize_unref,
			      0);
}

uid_t
bsc_authorize_get_caller(GDBusMethodInvocation *invocation)
{
	gsize value =
		GPOINTER_TO_SIZE(g_object_get_qdata(G_OBJECT(invocation), get_caller_quark()));

	return value == 0 ? BSC_AUTHORIZE_NOBODY : (uid_t)(value - 1);
}

gboolean
bsc_authorize_find_action(const char *interface, const char *method, const char **out_action)
{
	const Rule *rule = find_rule(interface, method);

	if (rule == NULL)
		return FALSE;
	*out_action = rule->action;
	return TRUE;
}

static gboolean
is_member(const BscCaller *caller, const char *group_name)
{
	size_t buf_len = 1024;

	for (;;) {
		g_autofree char *buf = g_malloc(buf_len);
		struct group entry;
		struct group *found = NULL;
		int failed = getgrnam_r(group_name, &entry, buf, buf_len, &found);

		if (failed == ERANGE && buf_len < 1024 * 1024) {
			buf_len *= 4;
			continue;
		}
		for (size_t i = 0; found != NULL && i < caller->n_groups; i++) {
			if (caller->groups[i] == found->gr_gid)
				return TRUE;
		}
		return FALSE;
	}
}

gboolean
bsc_authorize_is_listed(uid_t uid, const char *const *users, const char *const *groups)
{
	g_autoptr(BscCaller) caller = bsc_caller_lookup(uid);

	if (users != NULL && caller->name != NULL && g_strv_contains(users, caller->name))
		return TRUE;
	for (size_t i = 0; groups != NULL && groups[i] != NULL; i++) {
		if (is_member(caller, groups[i]))
			return TRUE;
	}
	return FALSE;
}
