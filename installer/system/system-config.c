/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/system/system-config.h"

#include "common/error.h"
#include "common/io.h"
#include "common/keyfile.h"
#include "installer/system/config-keys.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_FILE_BYTES (1024 * 1024)

static const char *const bundle_formats[] = {"plain", "verity", "crypt", NULL};

static gboolean
set_error(GError **error, BscConfigError code, const char *group, const char *key,
	  const char *words)
{
	if (key == NULL)
		return bsc_error_set(error, BSC_CONFIG_ERROR, (int)code, "[%s]: %s", group, words);
	return bsc_error_set(error, BSC_CONFIG_ERROR, (int)code, "[%s] %s: %s", group, key, words);
}

/* Parses one text and judges its words, so that an error names the file it stands in. */
static GKeyFile *
parse_file(const char *data, size_t len, const char *path, gboolean is_rauc_file, GError **error)
{
	g_autoptr(GKeyFile) file = bsc_keyfile_parse(data, len, error);

	if (file != NULL && bsc_config_keys_check_file(file, is_rauc_file, error))
		return g_steal_pointer(&file);
	g_prefix_error(error, "%s: ", path);
	return NULL;
}

/* Takes over one group. A relative path stays relative to the file it stands in. */
static void
merge_group(GKeyFile *file, GKeyFile *more, const char *name, const char *more_dir)
{
	g_auto(GStrv) keys = g_key_file_get_keys(more, name, NULL, NULL);
	const BscConfigGroup *group = bsc_config_keys_find_group(name);

	for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
		g_autofree char *raw = g_key_file_get_value(more, name, keys[i], NULL);
		g_autofree char *text = g_key_file_get_string(more, name, keys[i], NULL);

		if (bsc_config_keys_find_row(group, keys[i])->type == BSC_KEYFILE_PATH &&
		    text != NULL && *g_strstrip(text) != '\0') {
			g_autofree char *full = g_canonicalize_filename(text, more_dir);

			g_key_file_set_string(file, name, keys[i], full);
		} else {
			g_key_file_set_value(file, name, keys[i], raw);
		}
	}
}

static gboolean
merge_more(GKeyFile *file, const BscSystemConfigText *text, GError **error)
{
	g_autoptr(GKeyFile) more =
		parse_file(text->more_data, text->more_len, text->more_path, FALSE, error);
	g_autofree char *dir = g_path_get_dirname(text->more_path);
	g_auto(GStrv) names = more != NULL ? g_key_file_get_groups(more, NULL) : NULL;

	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		merge_group(file, more, names[i], dir);
	return more != NULL;
}

static gboolean
apply_override(GKeyFile *file, const char *override, GError **error)
{
	g_auto(GStrv) halves = g_strsplit(override, ":", 2);
	const char *rest = halves[0] != NULL && halves[1] != NULL ? halves[1] : "";
	g_auto(GStrv) parts = g_strsplit(rest, "=", 2);

	if (g_strv_length(parts) != 2 || !g_utf8_validate(override, -1, NULL))
		return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_SYNTAX,
				     "override '%s': SECTION:KEY=VALUE is wanted", override);
	if (!bsc_config_keys_check_key(halves[0], parts[0], error)) {
		g_prefix_error(error, "override '%s': ", override);
		return FALSE;
	}
	g_key_file_set_string(file, halves[0], parts[0], parts[1]);
	return TRUE;
}

static gboolean
resolve_formats(BscSystemConfig *self, GError **error)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) words = g_steal_pointer(&self->bundle_formats);
	gboolean allowed[G_N_ELEMENTS(bundle_formats)] = {FALSE};
	gboolean is_change = words != NULL && words[0] != NULL && strchr("+-", words[0][0]) != NULL;
	size_t n = 0;

	for (size_t i = 0; bundle_formats[i] != NULL; i++)
		allowed[i] = words == NULL || is_change;
	for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
		gboolean has_sign = strchr("+-", words[i][0]) != NULL;
		gboolean known = FALSE;

		for (size_t k = 0; bundle_formats[k] != NULL; k++) {
			if (!g_str_equal(words[i] + has_sign, bundle_formats[k]))
				continue;
			known = TRUE;
			allowed[k] = words[i][0] != '-';
		}
		if (!known || has_sign != is_change)
			return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE,
					     "[system] bundle-formats: '%s': a list of plain, "
					     "verity and crypt is wanted, or changes, all with + "
					     "or -",
					     words[i]);
	}
	for (size_t i = 0; bundle_formats[i] != NULL; i++) {
		if (allowed[i] && ++n)
			g_strv_builder_add(builder, bundle_formats[i]);
	}
	self->bundle_formats = g_strv_builder_end(builder);
	return n > 0 || set_error(error, BSC_CONFIG_ERROR_VALUE, "system", "bundle-formats",
				  "no format is left");
}

static void
make_absolute(char **path, const char *base_dir)
{
	g_autofree char *text = g_steal_pointer(path);

	if (text != NULL)
		*path = g_canonicalize_filename(text, base_dir);
}

/* A PEM file, or a URI that OpenSSL's providers understand. */
static void
make_absolute_unless_uri(char **path, const char *base_dir)
{
	if (*path != NULL && !g_str_has_prefix(*path, "pkcs11:"))
		make_absolute(path, base_dir);
}

static gboolean
resolve_status(BscSystemConfig *self, const char *base_dir, GError **error)
{
	if (g_strcmp0(self->statusfile, "per-slot") == 0) {
		if (self->data_directory != NULL)
			return set_error(error, BSC_CONFIG_ERROR_CONFLICT, "system", "statusfile",
					 "'per-slot' and data-directory exclude each other");
		g_clear_pointer(&self->statusfile, g_free);
	} else if (self->statusfile == NULL && self->data_directory != NULL) {
		self->statusfile = g_build_filename(self->data_directory, "central.raucs", NULL);
	}
	make_absolute(&self->statusfile, base_dir);
	return TRUE;
}

static gboolean
check_system(BscSystemConfig *self, GKeyFile *file, GError **error)
{
	static const char *const counting[] = {"uboot", "barebox", NULL};
	static const char *const keys[] = {"boot-attempts", "boot-attempts-primary"};
	int n_variants = (self->variant_name != NULL) + (self->variant_file != NULL) +
			 (self->variant_dtb != FALSE);

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		if (g_key_file_has_key(file, "system", keys[i], NULL) &&
		    !g_strv_contains(counting, self->bootloader))
			return set_error(error, BSC_CONFIG_ERROR_CONFLICT, "system", keys[i],
					 "only uboot and barebox count attempts");
	}
	if (n_variants > 1)
		return set_error(error, BSC_CONFIG_ERROR_CONFLICT, "system", "variant-name",
				 "only one of variant-name, variant-file and variant-dtb may be "
				 "given");
	return TRUE;
}

static gboolean
check_polling(BscSystemConfig *self, GKeyFile *file, GError **error)
{
	if (!g_key_file_has_group(file, "polling"))
		return TRUE;
	if (self->polling.url == NULL)
		return set_error(error, BSC_CONFIG_ERROR_VALUE, "polling", "url", "is missing");
	if (!g_str_has_prefix(self->polling.url, "http://") &&
	    !g_str_has_prefix(self->polling.url, "https://"))
		return set_error(error, BSC_CONFIG_ERROR_VALUE, "polling", "url",
				 "an http or https URL is wanted");
	if (self->polling.max_interval_sec == 0)
		self->polling.max_interval_sec = 4 * self->polling.interval_sec;
	if (self->polling.max_interval_sec <= self->polling.interval_sec)
		return set_error(error, BSC_CONFIG_ERROR_CONFLICT, "polling", "max-interval-sec",
				 "must be larger than interval-sec");
	return TRUE;
}

static gboolean
read_fixed_groups(BscSystemConfig *self, GKeyFile *file, const char *base_dir, GError **error)
{
	size_t n;
	const BscConfigGroup *groups = bsc_config_keys_list(&n);

	for (size_t i = 0; i < n; i++) {
		if (groups[i].kind == BSC_CONFIG_GROUP_FIXED &&
		    !bsc_keyfile_read_group(file, groups[i].name, groups[i].rows, groups[i].n_rows,
					    base_dir, self, error))
			return FALSE;
	}
	if (!resolve_formats(self, error) || !resolve_status(self, base_dir, error) ||
	    !check_system(self, file, error) || !check_polling(self, file, error))
		return FALSE;
	if (self->mount_prefix == NULL)
		self->mount_prefix =
			g_strdup(self->is_rauc_file ? "/mnt/rauc" : "/run/bascule/mnt");
	make_absolute_unless_uri(&self->encryption.key, base_dir);
	make_absolute_unless_uri(&self->encryption.cert, base_dir);
	make_absolute_unless_uri(&self->streaming.tls_cert, base_dir);
	make_absolute_unless_uri(&self->streaming.tls_key, base_dir);
	make_absolute_unless_uri(&self->streaming.tls_ca, base_dir);
	for (size_t i = 0; self->polling.inhibit_files && self->polling.inhibit_files[i]; i++)
		make_absolute(&self->polling.inhibit_files[i], base_dir);
	return TRUE;
}

/* Reads the group of one slot, repository or log into its struct. */
static gboolean
read_member(GKeyFile *file, const char *name, const char *base_dir, gpointer out, GError **error)
{
	const BscConfigGroup *group = bsc_config_keys_find_group(name);

	return bsc_keyfile_read_group(file, name, group->rows, group->n_rows, base_dir, out, error);
}

/* install-same and the names it had before. */
static gboolean
check_aliases(GKeyFile *file, const char *group, GError **error)
{
	int n = g_key_file_has_key(file, group, "install-same", NULL) +
		g_key_file_has_key(file, group, "force-install-same", NULL) +
		g_key_file_has_key(file, group, "ignore-checksum", NULL);

	return n <= 1 || set_error(error, BSC_CONFIG_ERROR_CONFLICT, group, "install-same",
				   "force-install-same and ignore-checksum are other names of the "
				   "same key: give one");
}

static gboolean
add_slot(BscSystemConfig *self, GKeyFile *file, const char *group, const char *base_dir,
	 GError **error)
{
	g_autoptr(BscSlot) slot = g_new0(BscSlot, 1);
	const char *name = group + strlen("slot.");

	slot->name = g_strdup(name);
	slot->slot_class = g_strndup(name, (size_t)(strchr(name, '.') - name));
	slot->index = self->slots->len;
	if (!read_member(file, group, base_dir, slot, error) || !check_aliases(file, group, error))
		return FALSE;
	if (slot->bootname != NULL && slot->parent_name != NULL)
		return set_error(error, BSC_CONFIG_ERROR_CONFLICT, group, "bootname",
				 "a slot with a parent boots with its parent and has no bootname");
	g_ptr_array_add(self->slots, g_steal_pointer(&slot));
	return TRUE;
}

static void
artifacts_free(gpointer data)
{
	BscSystemConfigArtifacts *artifacts = data;

	g_free(artifacts->path);
	g_free(artifacts->type);
	g_free(artifacts->description);
	g_free(artifacts->parent_class);
	g_free(artifacts->name);
	g_free(artifacts);
}

static gboolean
add_artifacts(BscSystemConfig *self, GKeyFile *file, const char *group, const char *base_dir,
	      GError **error)
{
	BscSystemConfigArtifacts *artifacts = g_new0(BscSystemConfigArtifacts, 1);

	g_ptr_array_add(self->artifacts, artifacts);
	artifacts->name = g_strdup(group + strlen("artifacts."));
	if (!read_member(file, group, base_dir, artifacts, error))
		return FALSE;
	return artifacts->parent_class == NULL || set_error(error, BSC_CONFIG_ERROR_VALUE, group,
							    "parent-class", "is not supported yet");
}

static void
log_free(gpointer data)
{
	BscSystemConfigLog *log = data;

	g_free(log->filename);
	g_free(log->format);
	g_strfreev(log->events);
	g_free(log->name);
	g_free(log);
}

static gboolean
add_log(BscSystemConfig *self, GKeyFile *file, const char *group, const char *base_dir,
	GError **error)
{
	BscSystemConfigLog *log = g_new0(BscSystemConfigLog, 1);

	g_ptr_array_add(self->logs, log);
	log->name = g_strdup(group + strlen("log."));
	if (!read_member(file, group, base_dir, log, error))
		return FALSE;
	if (g_strv_contains((const char *const *)log->events, "all") && log->events[1] != NULL)
		return set_error(error, BSC_CONFIG_ERROR_CONFLICT, group, "events",
				 "'all' stands alone");
	if (!g_path_is_absolute(log->filename) && self->data_directory == NULL)
		return set_error(error, BSC_CONFIG_ERROR_CONFLICT, group, "filename",
				 "a relative name needs [system] data-directory");
	make_absolute(&log->filename, self->data_directory);
	return TRUE;
}

static gboolean
read_families(BscSystemConfig *self, GKeyFile *file, const char *base_dir, GError **error)
{
	g_auto(GStrv) names = g_key_file_get_groups(file, NULL);

	for (size_t i = 0; names[i] != NULL; i++) {
		const BscConfigGroup *group = bsc_config_keys_find_group(names[i]);
		gboolean ok = TRUE;

		if (group->kind == BSC_CONFIG_GROUP_SLOT)
			ok = add_slot(self, file, names[i], base_dir, error);
		else if (group->kind == BSC_CONFIG_GROUP_ARTIFACTS)
			ok = add_artifacts(self, file, names[i], base_dir, error);
		else if (group->kind == BSC_CONFIG_GROUP_LOG)
			ok = add_log(self, file, names[i], base_dir, error);
		if (!ok)
			return FALSE;
	}
	return TRUE;
}

static BscSlot *
find_slot(const BscSystemConfig *self, const char *name)
{
	for (guint i = 0; i < self->slots->len; i++) {
		BscSlot *slot = g_ptr_array_index(self->slots, i);

		if (g_str_equal(slot->name, name))
			return slot;
	}
	return NULL;
}

/* More steps up than there are slots: a circle. */
static gboolean
has_parent_circle(const BscSlot *slot, guint n_slots)
{
	while (slot != NULL && n_slots-- > 0)
		slot = slot->parent;
	return slot != NULL;
}

static gboolean
link_parents(BscSystemConfig *self, GError **error)
{
	for (guint i = 0; i < self->slots->len; i++) {
		BscSlot *slot = g_ptr_array_index(self->slots, i);

		if (slot->parent_name == NULL)
			continue;
		slot->parent = find_slot(self, slot->parent_name);
		if (slot->parent == NULL)
			return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE,
					     "[slot.%s] parent: there is no slot '%s'", slot->name,
					     slot->parent_name);
	}
	for (guint i = 0; i < self->slots->len; i++) {
		BscSlot *slot = g_ptr_array_index(self->slots, i);

		if (has_parent_circle(slot, self->slots->len))
			return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_CONFLICT,
					     "[slot.%s] parent: the parents go round in a circle",
					     slot->name);
	}
	return TRUE;
}

static gboolean
check_bootnames(BscSystemConfig *self, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < self->slots->len; i++) {
		BscSlot *slot = g_ptr_array_index(self->slots, i);

		if (slot->bootname != NULL && !g_hash_table_add(seen, slot->bootname))
			return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_CONFLICT,
					     "[slot.%s] bootname: another slot has '%s', too",
					     slot->name, slot->bootname);
	}
	return TRUE;
}

static gboolean
read_all(BscSystemConfig *self, GKeyFile *file, GError **error)
{
	g_autofree char *base_dir = g_path_get_dirname(self->path);

	if (read_fixed_groups(self, file, base_dir, error) &&
	    read_families(self, file, base_dir, error) && link_parents(self, error) &&
	    check_bootnames(self, error))
		return TRUE;
	if (self->merged_path != NULL)
		g_prefix_error(error, "%s with %s over it: ", self->path, self->merged_path);
	else
		g_prefix_error(error, "%s: ", self->path);
	return FALSE;
}

BscSystemConfig *
bsc_system_config_parse(const BscSystemConfigText *text, GError **error)
{
	g_autoptr(BscSystemConfig) self = g_new0(BscSystemConfig, 1);
	g_autoptr(GKeyFile) file = NULL;

	self->ref_count = 1;
	self->path = g_strdup(text->path);
	self->merged_path = text->more_data != NULL ? g_strdup(text->more_path) : NULL;
	self->is_rauc_file = text->is_rauc_file;
	self->slots = g_ptr_array_new_with_free_func((GDestroyNotify)bsc_slot_free);
	self->artifacts = g_ptr_array_new_with_free_func(artifacts_free);
	self->logs = g_ptr_array_new_with_free_func(log_free);
	file = parse_file(text->data, text->len, text->path, text->is_rauc_file, error);
	if (file == NULL)
		return NULL;
	if (text->more_data != NULL && !merge_more(file, text, error))
		return NULL;
	for (size_t i = 0; text->overrides != NULL && text->overrides[i] != NULL; i++) {
		if (!apply_override(file, text->overrides[i], error))
			return NULL;
	}
	return read_all(self, file, error) ? g_steal_pointer(&self) : NULL;
}

static gboolean
is_in_dir_named(const char *path, const char *name)
{
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *base = g_path_get_basename(dir);

	return g_str_equal(base, name);
}

/* The first of the search places that has the file. */
static char *
search_file(const char *root_dir, const char *dir_name, const char *file_name)
{
	static const char *const places[] = {"etc", "run", "usr/lib"};

	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *path =
			g_build_filename(root_dir, places[i], dir_name, file_name, NULL);

		if (g_file_test(path, G_FILE_TEST_EXISTS))
			return g_steal_pointer(&path);
	}
	return NULL;
}

static char *
find_config(const char *root_dir, GError **error)
{
	char *path = search_file(root_dir, "bascule", "system.conf");

	if (path == NULL)
		path = search_file(root_dir, "rauc", "system.conf");
	if (path == NULL)
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			      "No system.conf in bascule/ or rauc/ of /etc, /run or /usr/lib: "
			      "write /etc/bascule/system.conf, see system.conf(5)");
	return path;
}

/* Where the file that is merged over @path would be. */
static char *
find_more(const char *path, gboolean is_explicit, const char *root_dir)
{
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *beside = g_build_filename(dir, "bascule.conf", NULL);

	if (!is_explicit)
		return search_file(root_dir, "bascule", "bascule.conf");
	if (is_in_dir_named(path, "bascule") && g_str_has_suffix(path, "/system.conf") &&
	    g_file_test(beside, G_FILE_TEST_EXISTS))
		return g_steal_pointer(&beside);
	return NULL;
}

BscSystemConfig *
bsc_system_config_load(const char *path, const BscSystemConfigOptions *options, GError **error)
{
	static const BscSystemConfigOptions defaults = {0};
	const char *root_dir;
	g_autofree char *full = NULL;
	g_autofree char *more_path = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(GBytes) more = NULL;
	BscSystemConfigText text = {0};

	if (options == NULL)
		options = &defaults;
	root_dir = options->root_dir != NULL ? options->root_dir : "/";
	full = path != NULL ? g_canonicalize_filename(path, NULL) : find_config(root_dir, error);
	if (full == NULL)
		return NULL;
	bytes = bsc_io_read_file(full, MAX_FILE_BYTES, error);
	if (bytes == NULL)
		return NULL;
	more_path = find_more(full, path != NULL, root_dir);
	if (more_path != NULL) {
		more = bsc_io_read_file(more_path, MAX_FILE_BYTES, error);
		if (more == NULL)
			return NULL;
		text.more_data = g_bytes_get_data(more, &text.more_len);
	}
	text.data = g_bytes_get_data(bytes, &text.len);
	text.path = full;
	text.more_path = more_path;
	text.is_rauc_file = is_in_dir_named(full, "rauc");
	text.overrides = options->overrides;
	return bsc_system_config_parse(&text, error);
}

const BscSystemConfig *
bsc_system_config_ref(const BscSystemConfig *self)
{
	g_atomic_int_inc((int *)&self->ref_count);
	return self;
}

void
bsc_system_config_unref(const BscSystemConfig *self)
{
	BscSystemConfig *owned = (BscSystemConfig *)self;
	size_t n;
	const BscConfigGroup *groups = bsc_config_keys_list(&n);

	if (self == NULL || !g_atomic_int_dec_and_test(&owned->ref_count))
		return;
	for (size_t i = 0; i < n; i++) {
		if (groups[i].kind == BSC_CONFIG_GROUP_FIXED)
			bsc_keyfile_clear_group(groups[i].rows, groups[i].n_rows, owned);
	}
	g_ptr_array_unref(owned->slots);
	g_ptr_array_unref(owned->artifacts);
	g_ptr_array_unref(owned->logs);
	g_free(owned->path);
	g_free(owned->merged_path);
	g_free(owned);
}

char **
bsc_system_config_list_unsupported(const BscSystemConfig *self)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

	if (self->polling.url != NULL)
		g_strv_builder_add(builder, "[polling] is not supported yet: nothing is polled");
	if (self->artifacts->len > 0)
		g_strv_builder_add(builder, "[artifacts.*] is not supported yet: bundles with "
					    "artifacts are refused");
	if (self->logs->len > 0)
		g_strv_builder_add(builder, "[log.*] is not supported yet: events go to the "
					    "journal only");
	if (self->casync.storepath != NULL)
		g_strv_builder_add(builder, "[casync] is not supported yet: casync images are "
					    "refused");
	if (self->autoinstall.path != NULL)
		g_strv_builder_add(builder, "[autoinstall] is not supported yet: nothing is "
					    "installed at the service's start");
	return g_strv_builder_end(builder);
}
