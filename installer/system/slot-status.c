/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/system/slot-status.h"

typedef enum {
	FIELD_STRING,
	FIELD_NUMBER, /* uint64_t */
	FIELD_TIME,   /* gint64 */
	FIELD_FLAG,   /* gboolean */
} FieldType;

/* RAUC's names of the keys, then ours. */
static const struct {
	const char *key;
	FieldType type;
	size_t offset;
	gboolean is_ours;
} fields[] = {
#define FIELD(name, kind, member, ours)                                                            \
	{                                                                                          \
		name, FIELD_##kind, offsetof(BscSlotStatus, member), ours                          \
	}
	FIELD("bundle.compatible", STRING, bundle_compatible, FALSE),
	FIELD("bundle.version", STRING, bundle_version, FALSE),
	FIELD("bundle.description", STRING, bundle_description, FALSE),
	FIELD("bundle.build", STRING, bundle_build, FALSE),
	FIELD("bundle.hash", STRING, bundle_hash, FALSE),
	FIELD("status", STRING, status, FALSE),
	FIELD("sha256", STRING, sha256, FALSE),
	FIELD("size", NUMBER, size_bytes, FALSE),
	FIELD("installed.transaction", STRING, installed_transaction, FALSE),
	FIELD("installed.timestamp", STRING, installed_timestamp, FALSE),
	FIELD("installed.count", NUMBER, installed_count, FALSE),
	FIELD("activated.timestamp", STRING, activated_timestamp, FALSE),
	FIELD("activated.count", NUMBER, activated_count, FALSE),
	FIELD("trial", FLAG, trial, TRUE),
	FIELD("signing-time", TIME, signing_time_usec, TRUE),
#undef FIELD
};

static gpointer
get_field(const BscSlotStatus *self, size_t i)
{
	return (char *)self + fields[i].offset;
}

BscSlotStatus *
bsc_slot_status_copy(const BscSlotStatus *self)
{
	BscSlotStatus *copy = g_memdup2(self, sizeof(*self));

	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		char **text = get_field(copy, i);

		if (fields[i].type == FIELD_STRING)
			*text = g_strdup(*text);
	}
	return copy;
}

void
bsc_slot_status_free(BscSlotStatus *self)
{
	for (size_t i = 0; self != NULL && i < G_N_ELEMENTS(fields); i++) {
		if (fields[i].type == FIELD_STRING)
			g_free(*(char **)get_field(self, i));
	}
	g_free(self);
}

void
bsc_slot_status_clear_image(BscSlotStatus *self)
{
	uint64_t installed = self->installed_count;
	uint64_t activated = self->activated_count;

	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (fields[i].type == FIELD_STRING)
			g_free(*(char **)get_field(self, i));
	}
	*self = (BscSlotStatus){.installed_count = installed, .activated_count = activated};
}

BscSlotStatus *
bsc_slot_status_read(GKeyFile *file, const char *group)
{
	BscSlotStatus *self = g_new0(BscSlotStatus, 1);

	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		const char *key = fields[i].key;
		gpointer field = get_field(self, i);

		switch (fields[i].type) {
		case FIELD_STRING:
			*(char **)field = g_key_file_get_string(file, group, key, NULL);
			break;
		case FIELD_NUMBER:
			*(uint64_t *)field = g_key_file_get_uint64(file, group, key, NULL);
			break;
		case FIELD_TIME:
			*(gint64 *)field = g_key_file_get_int64(file, group, key, NULL);
			break;
		case FIELD_FLAG:
			*(gboolean *)field = g_key_file_get_boolean(file, group, key, NULL);
			break;
		}
	}
	return self;
}

static void
write_field(const BscSlotStatus *self, size_t i, GKeyFile *file, const char *group)
{
	const char *key = fields[i].key;
	gpointer field = get_field(self, i);
	g_autofree char *text = NULL;

	switch (fields[i].type) {
	case FIELD_STRING:
		if (*(char **)field == NULL)
			return;
		/* What is not UTF-8 would make the whole file unreadable. */
		text = g_utf8_make_valid(*(char **)field, -1);
		g_key_file_set_string(file, group, key, text);
		return;
	case FIELD_NUMBER:
		if (*(uint64_t *)field != 0)
			g_key_file_set_uint64(file, group, key, *(uint64_t *)field);
		return;
	case FIELD_TIME:
		if (*(gint64 *)field != 0)
			g_key_file_set_int64(file, group, key, *(gint64 *)field);
		return;
	case FIELD_FLAG:
		if (*(gboolean *)field)
			g_key_file_set_boolean(file, group, key, TRUE);
		return;
	}
}

void
bsc_slot_status_write(const BscSlotStatus *self, GKeyFile *file, const char *group,
		      gboolean for_rauc)
{
	g_key_file_remove_group(file, group, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (!for_rauc || !fields[i].is_ours)
			write_field(self, i, file, group);
	}
}
