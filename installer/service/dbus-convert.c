/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/service/dbus-convert.h"

#include "common/error.h"
#include "common/hex.h"
#include "common/io.h"
#include "dbus/dbus-names.h"
#include "dbus/outcome.h"
#include "installer/engine/install-error.h"
#include "installer/engine/outcome-map.h"
#include "installer/engine/view-dict.h"

#include <string.h>

/* One option: where its value goes. */
typedef struct {
	const char *key;
	const char *type;
	size_t offset; /* in BscInstallRequest */
} Option;

#define NOWHERE	    G_MAXSIZE /* accepted, not used: for downloads, which a later release brings */
#define FIELD(name) offsetof(BscInstallRequest, name)

static const Option install_options[] = {
	{BSC_DBUS_OPTION_FD, "h", FIELD(fd)},
	{BSC_DBUS_OPTION_FORCE_ON_TRIAL, "b", FIELD(force_on_trial)},
	{BSC_DBUS_OPTION_HANDLER_ARGS, "s", FIELD(handler_args)},
	{BSC_DBUS_OPTION_IGNORE_COMPATIBLE, "b", FIELD(ignore_compatible)},
	{BSC_DBUS_OPTION_IGNORE_VERSION_LIMIT, "b", FIELD(ignore_version_limit)},
	{BSC_DBUS_OPTION_REQUIRE_MANIFEST_HASH, "s", FIELD(require_manifest_hash)},
	{BSC_DBUS_OPTION_TRANSACTION_ID, "s", FIELD(transaction_id)},
	{NULL},
};

static const Option inspect_options[] = {
	{BSC_DBUS_OPTION_FD, "h", FIELD(fd)},
	{NULL},
};

/* RAUC's names happen to be ours. */
static const Option rauc_install_options[] = {
	{BSC_DBUS_OPTION_IGNORE_COMPATIBLE, "b", FIELD(ignore_compatible)},
	{BSC_DBUS_OPTION_IGNORE_VERSION_LIMIT, "b", FIELD(ignore_version_limit)},
	{BSC_DBUS_OPTION_TRANSACTION_ID, "s", FIELD(transaction_id)},
	{BSC_DBUS_OPTION_REQUIRE_MANIFEST_HASH, "s", FIELD(require_manifest_hash)},
	{"tls-cert", "s", NOWHERE},
	{"tls-key", "s", NOWHERE},
	{"tls-ca", "s", NOWHERE},
	{"tls-no-verify", "b", NOWHERE},
	{"http-headers", "as", NOWHERE},
	{NULL},
};

static const Option rauc_inspect_options[] = {
	{"tls-cert", "s", NOWHERE},	 {"tls-key", "s", NOWHERE},	  {"tls-ca", "s", NOWHERE},
	{"tls-no-verify", "b", NOWHERE}, {"http-headers", "as", NOWHERE}, {NULL},
};

/* What RAUC tells of a slot; GetSlots() has more. */
static const char *const rauc_slot_keys[] = {
	"class",
	"device",
	"type",
	"state",
	"description",
	"parent",
	"bootname",
	"mountpoint",
	"boot-status",
	"bundle.compatible",
	"bundle.version",
	"bundle.description",
	"bundle.build",
	"bundle.hash",
	"status",
	"sha256",
	"size",
	"installed.transaction",
	"installed.timestamp",
	"installed.count",
	"activated.timestamp",
	"activated.count",
	NULL,
};

static gboolean
take_fd(GVariant *value, GUnixFDList *fds, int *out, GError **error)
{
	gint32 handle = g_variant_get_handle(value);
	int fd;

	if (fds == NULL || handle < 0 || handle >= g_unix_fd_list_get_length(fds))
		return bsc_error_set(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
				     "Option fd: the descriptor is missing");
	fd = g_unix_fd_list_get(fds, handle, error);
	if (fd < 0)
		return FALSE;
	bsc_io_clear_fd(out); /* the key may stand twice */
	*out = fd;
	return TRUE;
}

static gboolean
apply_option(const Option *option, GVariant *value, GUnixFDList *fds, BscInstallRequest *request,
	     GError **error)
{
	gpointer field;

	if (option->offset == NOWHERE)
		return TRUE;
	field = G_STRUCT_MEMBER_P(request, option->offset);
	switch (option->type[0]) {
	case 'b':
		*(gboolean *)field = g_variant_get_boolean(value);
		return TRUE;
	case 's':
		g_free(*(char **)field);
		*(char **)field = g_variant_dup_string(value, NULL);
		return TRUE;
	default:
		return take_fd(value, fds, field, error);
	}
}

static const Option *
find_option(const Option *options, const char *key, GVariant *value)
{
	for (const Option *option = options; option->key != NULL; option++) {
		if (strcmp(option->key, key) == 0 &&
		    g_variant_is_of_type(value, G_VARIANT_TYPE(option->type)))
			return option;
	}
	return NULL;
}

static gboolean
apply_options(GVariant *dict, const Option *options, GUnixFDList *fds, BscInstallRequest *request,
	      GError **error)
{
	GVariantIter iter;
	const char *key;
	GVariant *child;

	g_variant_iter_init(&iter, dict);
	while (g_variant_iter_next(&iter, "{&sv}", &key, &child)) {
		g_autoptr(GVariant) value = child;
		const Option *option = find_option(options, key, value);

		if (option == NULL)
			return bsc_error_set(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
					     "Unsupported key: %s", key);
		if (!apply_option(option, value, fds, request, error))
			return FALSE;
	}
	return TRUE;
}

static BscInstallRequest *
convert(const char *uri, GVariant *dict, const Option *options, GUnixFDList *fds, GError **error)
{
	g_autoptr(BscInstallRequest) request = bsc_install_request_new(uri);

	if (!apply_options(dict, options, fds, request, error) ||
	    !bsc_install_request_check(request, error))
		return NULL;
	return g_steal_pointer(&request);
}

BscInstallRequest *
bsc_dbus_convert_to_request(const char *uri, GVariant *options, GUnixFDList *fds, GError **error)
{
	return convert(uri, options, install_options, fds, error);
}

BscInstallRequest *
bsc_dbus_convert_to_inspection(const char *uri, GVariant *options, GUnixFDList *fds, GError **error)
{
	return convert(uri, options, inspect_options, fds, error);
}

BscInstallRequest *
bsc_dbus_convert_to_rauc_request(const char *source, GVariant *args, GError **error)
{
	return convert(source, args, rauc_install_options, NULL, error);
}

BscInstallRequest *
bsc_dbus_convert_to_rauc_inspection(const char *source, GVariant *args, GError **error)
{
	return convert(source, args, rauc_inspect_options, NULL, error);
}

GVariant *
bsc_dbus_convert_from_progress(const char *transaction, const BscProgressState *state)
{
	g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);

	g_variant_dict_insert(&dict, BSC_DBUS_PROGRESS_TRANSACTION, "s", transaction);
	g_variant_dict_insert(&dict, BSC_DBUS_PROGRESS_PHASE, "s",
			      bsc_progress_phase_to_string(state->phase));
	g_variant_dict_insert(&dict, BSC_DBUS_PROGRESS_MESSAGE, "s",
			      state->message != NULL ? state->message : "");
	g_variant_dict_insert(&dict, BSC_DBUS_PROGRESS_PERCENT, "u", (guint32)state->percent);
	g_variant_dict_insert(&dict, BSC_DBUS_PROGRESS_BYTES_DONE, "t", state->bytes_done);
	g_variant_dict_insert(&dict, BSC_DBUS_PROGRESS_BYTES_TOTAL, "t", state->bytes_total);
	g_variant_dict_insert(&dict, BSC_DBUS_PROGRESS_RATE, "t", state->rate_bytes_sec);
	if (state->seconds_left >= 0)
		g_variant_dict_insert(&dict, BSC_DBUS_PROGRESS_SECONDS_LEFT, "t",
				      (guint64)state->seconds_left);
	return g_variant_dict_end(&dict);
}

GVariant *
bsc_dbus_convert_to_rauc_slots(const BscStatusView *view)
{
	g_autoptr(GVariant) slots = g_variant_ref_sink(bsc_view_dict_from_slots(view));
	g_auto(GVariantBuilder) builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sa{sv})"));
	GVariantIter iter;
	const char *name;
	GVariant *child;

	g_variant_iter_init(&iter, slots);
	while (g_variant_iter_next(&iter, "(&s@a{sv})", &name, &child)) {
		g_autoptr(GVariant) slot = child;
		GVariantBuilder dict = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

		for (size_t i = 0; rauc_slot_keys[i] != NULL; i++) {
			GVariant *value = g_variant_lookup_value(slot, rauc_slot_keys[i], NULL);

			if (value == NULL)
				continue;
			g_variant_builder_add(&dict, "{sv}", rauc_slot_keys[i], value);
			g_variant_unref(value);
		}
		g_variant_builder_add(&builder, "(sa{sv})", name, &dict);
	}
	return g_variant_builder_end(&builder);
}

static void
add_string(GVariantBuilder *dict, const char *key, const char *value)
{
	if (value != NULL)
		g_variant_builder_add(dict, "{sv}", key, g_variant_new_string(value));
}

static void
add_strings(GVariantBuilder *dict, const char *key, char *const *values)
{
	if (values != NULL && values[0] != NULL)
		g_variant_builder_add(dict, "{sv}", key,
				      g_variant_new_strv((const char *const *)values, -1));
}

static void
add_hex(GVariantBuilder *dict, const char *key, const uint8_t *bytes)
{
	g_autofree char *hex = bsc_hex_encode(bytes, 32);

	add_string(dict, key, hex);
}

/* The trap: a dictionary in a variant in a variant. */
static void
add_wrapped(GVariantBuilder *dict, const char *key, GVariant *value)
{
	g_variant_builder_add(dict, "{sv}", key, g_variant_new_variant(value));
}

static GVariant *
make_rauc_update(const BscManifest *manifest)
{
	GVariantBuilder dict = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

	add_string(&dict, "compatible", manifest->compatible);
	add_string(&dict, "version", manifest->version);
	add_string(&dict, "description", manifest->description);
	add_string(&dict, "build", manifest->build);
	return g_variant_builder_end(&dict);
}

static GVariant *
make_rauc_bundle(const BscManifest *manifest)
{
	GVariantBuilder dict = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

	add_string(&dict, "format", bsc_manifest_format_to_string(manifest->format));
	if (manifest->has_verity) {
		add_hex(&dict, "verity-hash", manifest->verity_hash);
		add_hex(&dict, "verity-salt", manifest->verity_salt);
		g_variant_builder_add(&dict, "{sv}", "verity-size",
				      g_variant_new_uint64(manifest->verity_size_bytes));
	}
	return g_variant_builder_end(&dict);
}

static GVariant *
make_rauc_hooks(const BscManifest *manifest)
{
	GVariantBuilder dict = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

	add_string(&dict, "filename", manifest->hooks_filename);
	add_strings(&dict, "hooks", manifest->hooks);
	return g_variant_builder_end(&dict);
}

static GVariant *
make_rauc_handler(const BscManifest *manifest)
{
	GVariantBuilder dict = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

	add_string(&dict, "filename", manifest->handler_filename);
	add_string(&dict, "args", manifest->handler_args);
	return g_variant_builder_end(&dict);
}

static GVariant *
make_rauc_image(const BscManifestImage *image)
{
	static const char *const none[] = {NULL};
	GVariantBuilder dict = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

	add_string(&dict, "slot-class", image->slot_class);
	add_string(&dict, "artifact", image->artifact);
	add_string(&dict, "variant", image->variant);
	add_string(&dict, "filename", image->filename);
	add_string(&dict, "type", image->type);
	if (image->has_sha256)
		add_hex(&dict, "checksum", image->sha256);
	if (image->has_size)
		g_variant_builder_add(&dict, "{sv}", "size",
				      g_variant_new_uint64(image->size_bytes));
	g_variant_builder_add(
		&dict, "{sv}", "hooks",
		g_variant_new_strv(image->hooks != NULL ? (const char *const *)image->hooks : none,
				   -1)); /* always there */
	add_strings(&dict, "adaptive", image->adaptive);
	add_strings(&dict, "convert", image->convert);
	add_strings(&dict, "converted", image->converted);
	return g_variant_builder_end(&dict);
}

static GVariant *
make_rauc_images(const BscManifest *manifest)
{
	GVariantBuilder images = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

	for (guint i = 0; i < manifest->images->len; i++)
		g_variant_builder_add_value(&images, make_rauc_image(manifest->images->pdata[i]));
	return g_variant_builder_end(&images);
}

static GVariant *
make_rauc_meta(const BscManifest *manifest)
{
	GVariantBuilder sections = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{sa{ss}}"));

	for (guint i = 0; manifest->meta != NULL && i < manifest->meta->len; i++) {
		const BscManifestMeta *meta = manifest->meta->pdata[i];
		GVariantBuilder pairs = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{ss}"));

		for (guint k = 0; k < meta->pairs->len; k++) {
			const BscManifestPair *pair = meta->pairs->pdata[k];

			g_variant_builder_add(&pairs, "{ss}", pair->key, pair->value);
		}
		g_variant_builder_add(&sections, "{sa{ss}}", meta->label, &pairs);
	}
	return g_variant_builder_end(&sections);
}

GVariant *
bsc_dbus_convert_to_rauc_info(const BscBundleView *view)
{
	const BscManifest *manifest = view->manifest;
	GVariantBuilder dict = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

	add_string(&dict, "manifest-hash", view->manifest_hash);
	add_wrapped(&dict, "update", make_rauc_update(manifest));
	add_wrapped(&dict, "bundle", make_rauc_bundle(manifest));
	add_wrapped(&dict, "hooks", make_rauc_hooks(manifest));
	add_wrapped(&dict, "handler", make_rauc_handler(manifest));
	add_wrapped(&dict, "images", make_rauc_images(manifest));
	g_variant_builder_add(&dict, "{sv}", "meta", make_rauc_meta(manifest));
	return g_variant_builder_end(&dict);
}

char *
bsc_dbus_convert_get_error_name(const GError *error)
{
	if (error->domain == G_DBUS_ERROR)
		return g_dbus_error_encode_gerror(error);
	if (g_error_matches(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_COMMITTED))
		return g_strdup(BSC_DBUS_ERROR_COMMITTED);
	if (g_error_matches(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_USED))
		return g_strdup(BSC_DBUS_ERROR_USED_ID);
	return g_strdup(bsc_outcome_to_bus_error(bsc_outcome_map_from_error(error)));
}

gboolean
bsc_dbus_convert_check_id(const char *transaction)
{
	size_t len = strlen(transaction);

	return len > 0 && len <= BSC_DBUS_CONVERT_MAX_ID && transaction[0] != '.' &&
	       strspn(transaction, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789._-") == len;
}
