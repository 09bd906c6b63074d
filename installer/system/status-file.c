/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/system/status-file.h"

#include "common/digest.h"
#include "common/error.h"
#include "common/hex.h"
#include "common/keyfile.h"

#include <gio/gio.h>
#include <string.h>

static const char checksum_head[] = "[checksum]\nsha256=";

/* Length of `[checksum]`, the digest and the last line end. */
#define TAIL_BYTES (sizeof(checksum_head) - 1 + 2 * BSC_DIGEST_LEN + 1)

BscStatusFile *
bsc_status_file_new(void)
{
	BscStatusFile *self = g_new0(BscStatusFile, 1);

	self->slots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					    (GDestroyNotify)bsc_slot_status_free);
	self->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return self;
}

void
bsc_status_file_free(BscStatusFile *self)
{
	if (self == NULL)
		return;
	g_hash_table_unref(self->slots);
	g_hash_table_unref(self->values);
	g_free(self->central);
	g_free(self->central_before);
	g_free(self);
}

char *
bsc_status_file_digest(const char *data, size_t len)
{
	uint8_t digest[BSC_DIGEST_LEN];

	bsc_digest_compute(data, len, digest);
	return bsc_hex_encode(digest, sizeof(digest));
}

static gboolean
check_tail(const char *data, size_t len, GError **error)
{
	g_autofree char *digest = NULL;
	const char *tail = len >= TAIL_BYTES ? data + len - TAIL_BYTES : NULL;

	if (tail == NULL || memcmp(tail, checksum_head, sizeof(checksum_head) - 1) != 0 ||
	    data[len - 1] != '\n')
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				     "it does not end with a checksum");
	digest = bsc_status_file_digest(data, len - TAIL_BYTES);
	if (memcmp(tail + sizeof(checksum_head) - 1, digest, strlen(digest)) != 0)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				     "the checksum does not match");
	return TRUE;
}

static void
read_slots(BscStatusFile *self, GKeyFile *file)
{
	g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

	for (size_t i = 0; groups[i] != NULL; i++) {
		if (g_str_has_prefix(groups[i], "slot."))
			g_hash_table_replace(self->slots, g_strdup(groups[i] + strlen("slot.")),
					     bsc_slot_status_read(file, groups[i]));
	}
}

static void
read_values(BscStatusFile *self, GKeyFile *file)
{
	g_auto(GStrv) keys = g_key_file_get_keys(file, "values", NULL, NULL);

	for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
		char *value = g_key_file_get_string(file, "values", keys[i], NULL);

		if (value != NULL)
			g_hash_table_replace(self->values, g_strdup(keys[i]), value);
	}
}

BscStatusFile *
bsc_status_file_parse(const char *data, size_t len, GError **error)
{
	g_autoptr(BscStatusFile) self = bsc_status_file_new();
	g_autoptr(GKeyFile) file = NULL;
	uint64_t format;

	if (!check_tail(data, len, error))
		return NULL;
	file = bsc_keyfile_parse(data, len - TAIL_BYTES, error);
	if (file == NULL)
		return NULL;
	format = g_key_file_get_uint64(file, "status", "format", NULL);
	if (format != BSC_STATUS_FILE_FORMAT) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			      "it has format %" G_GUINT64_FORMAT ", this version knows %d", format,
			      BSC_STATUS_FILE_FORMAT);
		return NULL;
	}
	self->sequence = g_key_file_get_uint64(file, "status", "sequence", NULL);
	self->central = g_key_file_get_string(file, "status", "central", NULL);
	self->central_before = g_key_file_get_string(file, "status", "central-before", NULL);
	read_values(self, file);
	read_slots(self, file);
	return g_steal_pointer(&self);
}

/* Sorted, so that the same records give the same bytes. */
static GList *
sorted_keys(GHashTable *table)
{
	return g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)strcmp);
}

static void
write_slots(const BscStatusFile *self, GKeyFile *file, gboolean for_rauc)
{
	g_autoptr(GList) names = sorted_keys(self->slots);

	for (GList *name = names; name != NULL; name = name->next) {
		g_autofree char *group = g_strconcat("slot.", name->data, NULL);

		bsc_slot_status_write(g_hash_table_lookup(self->slots, name->data), file, group,
				      for_rauc);
	}
}

static void
write_values(const BscStatusFile *self, GKeyFile *file)
{
	g_autoptr(GList) keys = sorted_keys(self->values);

	for (GList *key = keys; key != NULL; key = key->next) {
		const char *value = g_hash_table_lookup(self->values, key->data);
		g_autofree char *valid = g_utf8_make_valid(value, -1);

		g_key_file_set_string(file, "values", key->data, valid);
	}
}

char *
bsc_status_file_serialise(const BscStatusFile *self)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *body = NULL;
	g_autofree char *text = NULL;
	g_autofree char *digest = NULL;

	g_key_file_set_uint64(file, "status", "format", BSC_STATUS_FILE_FORMAT);
	g_key_file_set_uint64(file, "status", "sequence", self->sequence);
	if (self->central != NULL)
		g_key_file_set_string(file, "status", "central", self->central);
	if (self->central_before != NULL)
		g_key_file_set_string(file, "status", "central-before", self->central_before);
	write_values(self, file);
	write_slots(self, file, FALSE);
	text = g_key_file_to_data(file, NULL, NULL);
	body = g_strconcat(text, "\n", NULL);
	digest = bsc_status_file_digest(body, strlen(body));
	return g_strconcat(body, checksum_head, digest, "\n", NULL);
}

/* RAUC's file as GKeyFile reads it, as RAUC does. */
static GKeyFile *
parse_central(const char *central, size_t len, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();

	/* GKeyFile takes names that are not UTF-8, and our own copy would be unreadable by them. */
	if (!g_utf8_validate_len(len > 0 ? central : "", len, NULL)) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "it is not UTF-8");
		return NULL;
	}
	if (!g_key_file_load_from_data(file, len > 0 ? central : "\n", len > 0 ? len : 1,
				       G_KEY_FILE_KEEP_COMMENTS, error))
		return NULL;
	return g_steal_pointer(&file);
}

static void
import_slot(BscStatusFile *self, const char *name, BscSlotStatus *theirs)
{
	const BscSlotStatus *ours = g_hash_table_lookup(self->slots, name);

	if (ours != NULL && g_strcmp0(ours->bundle_hash, theirs->bundle_hash) == 0 &&
	    g_strcmp0(ours->installed_timestamp, theirs->installed_timestamp) == 0) {
		/* RAUC writes the transaction and loses it at its next start. */
		if (theirs->installed_transaction == NULL)
			theirs->installed_transaction = g_strdup(ours->installed_transaction);
		theirs->trial = ours->trial;
		theirs->signing_time_usec = ours->signing_time_usec;
	} else {
		theirs->trial = FALSE;
		theirs->signing_time_usec = 0;
	}
	g_hash_table_replace(self->slots, g_strdup(name), theirs);
}

gboolean
bsc_status_file_import(BscStatusFile *self, const char *central, size_t len, GError **error)
{
	g_autoptr(GKeyFile) file = parse_central(central, len, error);
	g_auto(GStrv) groups = file != NULL ? g_key_file_get_groups(file, NULL) : NULL;

	for (size_t i = 0; groups != NULL && groups[i] != NULL; i++) {
		if (g_str_has_prefix(groups[i], "slot."))
			import_slot(self, groups[i] + strlen("slot."),
				    bsc_slot_status_read(file, groups[i]));
	}
	return file != NULL;
}

char *
bsc_status_file_export(const BscStatusFile *self, const char *central, size_t len)
{
	g_autoptr(GKeyFile) file = parse_central(central, len, NULL);

	if (file == NULL)
		file = g_key_file_new();
	write_slots(self, file, TRUE);
	return g_key_file_to_data(file, NULL, NULL);
}
