/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/service/rauc-name.h"

#include "dbus/dbus-names.h"

/* D-Bus Specification, "org.freedesktop.DBus.RequestName" */
#define NAME_FLAG_DO_NOT_QUEUE 4u
#define REPLY_PRIMARY_OWNER    1u
#define REPLY_ALREADY_OWNER    4u

struct _BscRaucName {
	GDBusConnection *bus;
	BscSystem *system;
	guint subscription;
};

static GVariant *
call_bus(BscRaucName *self, const char *method, GVariant *args, const char *reply_type,
	 GError **error)
{
	return g_dbus_connection_call_sync(
		self->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
		method, args, G_VARIANT_TYPE(reply_type), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
}

static gboolean
request_name(BscRaucName *self)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) reply = call_bus(
		self, "RequestName",
		g_variant_new("(su)", BSC_DBUS_RAUC_NAME, NAME_FLAG_DO_NOT_QUEUE), "(u)", &error);
	guint32 answer;

	if (reply == NULL) {
		g_debug("The bus does not give us the name %s: %s", BSC_DBUS_RAUC_NAME,
			error->message);
		return FALSE;
	}
	g_variant_get(reply, "(u)", &answer);
	return answer == REPLY_PRIMARY_OWNER || answer == REPLY_ALREADY_OWNER;
}

static char *
find_owner(BscRaucName *self)
{
	g_autoptr(GVariant) reply = call_bus(self, "GetNameOwner",
					     g_variant_new("(s)", BSC_DBUS_RAUC_NAME), "(s)", NULL);
	char *owner = NULL;

	if (reply != NULL)
		g_variant_get(reply, "(s)", &owner);
	return owner;
}

/* Words for a log, never a base of a decision: the process may be gone by now. */
static char *
describe_owner(BscRaucName *self, const char *owner)
{
	g_autoptr(GVariant) reply = call_bus(self, "GetConnectionUnixProcessID",
					     g_variant_new("(s)", owner), "(u)", NULL);
	g_autofree char *path = NULL;
	g_autofree char *command = NULL;
	guint32 pid;

	if (reply == NULL)
		return g_strdup(owner);
	g_variant_get(reply, "(u)", &pid);
	path = g_strdup_printf("/proc/%u/comm", pid);
	if (!g_file_get_contents(path, &command, NULL, NULL))
		return g_strdup_printf("process %u", pid);
	return g_strdup_printf("'%s' (process %u)", g_strchomp(command), pid);
}

static void
forbid_writing(BscRaucName *self, const char *owner)
{
	g_autofree char *who = describe_owner(self, owner);
	g_autofree char *reason = g_strdup_printf(
		"The bus name %s belongs to %s, which may write slots too: stop it to let this "
		"service write",
		BSC_DBUS_RAUC_NAME, who);

	g_warning("%s", reason);
	bsc_system_handle_set_read_only(self->system, reason);
}

static void
settle(BscRaucName *self)
{
	g_autofree char *owner = NULL;

	if (!request_name(self))
		owner = find_owner(self);
	if (owner != NULL)
		forbid_writing(self, owner);
	else
		bsc_system_handle_set_read_only(self->system, NULL);
}

static void
on_owner_changed(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
		 const char *signal, GVariant *args, gpointer data)
{
	BscRaucName *self = data;
	const char *owner;

	g_variant_get(args, "(&s&s&s)", NULL, NULL, &owner);
	if (g_strcmp0(owner, g_dbus_connection_get_unique_name(bus)) == 0)
		return;
	settle(self);
}

BscRaucName *
bsc_rauc_name_new(GDBusConnection *bus, BscSystem *system)
{
	BscRaucName *self = g_new0(BscRaucName, 1);

	self->bus = g_object_ref(bus);
	self->system = bsc_system_handle_ref(system);
	self->subscription = g_dbus_connection_signal_subscribe(
		bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
		"/org/freedesktop/DBus", BSC_DBUS_RAUC_NAME, G_DBUS_SIGNAL_FLAGS_NONE,
		on_owner_changed, self, NULL);
	settle(self);
	return self;
}

void
bsc_rauc_name_free(BscRaucName *self)
{
	if (self == NULL)
		return;
	g_dbus_connection_signal_unsubscribe(self->bus, self->subscription);
	bsc_system_handle_unref(self->system);
	g_object_unref(self->bus);
	g_free(self);
}
