/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/system/config-keys.h"

#include "common/error.h"
#include "installer/system/config-data.h"

#include <string.h>

#define LIST_SEPARATORS "; \t"

/* A row of BscSystemConfig, of a slot, of a repository or of a log. */
#define ROW(Struct, name, kind, field, ...)                                                        \
	{                                                                                          \
		.key = name, .type = BSC_KEYFILE_##kind, .offset = offsetof(Struct, field),        \
		__VA_ARGS__                                                                        \
	}
#define CONF(name, kind, field, ...) ROW(BscSystemConfig, name, kind, field, __VA_ARGS__)
#define SLOT(name, kind, field, ...) ROW(BscSlot, name, kind, field, __VA_ARGS__)

/* clang-format off */
static const char *const verify_words[] = { "written", "all", "off", NULL };
static const char *const downgrade_words[] = { "allow", "refuse", NULL };
static const char *const artifact_types[] = { "files", "trees", "composefs", NULL };
static const char *const log_formats[] = { "readable", "short", "json", "json-pretty", NULL };
static const char *const log_events[] = { "all", "boot", "mark", "install", "service",
					  "writeslot", NULL };
static const char *const header_words[] = { "boot-id", "machine-id", "system-version", "serial",
					    "variant", "transaction-id", "uptime", NULL };
static const char *const candidate_words[] = { "higher-semver", "different-version", NULL };
static const char *const install_words[] = { "higher-semver", "different-version", "always",
					     NULL };
static const char *const reboot_words[] = { "updated-slots", "updated-artifacts",
					    "failed-update", NULL };

static const BscKeyfileRow system_rows[] = {
	CONF("compatible", STRING, compatible, .required = TRUE),
	CONF("bootloader", WORD, bootloader, .required = TRUE),
	CONF("min-bundle-version", STRING, min_bundle_version),
	CONF("bundle-formats", LIST, bundle_formats, .separators = LIST_SEPARATORS),
	CONF("mountprefix", PATH, mount_prefix),
	CONF("grubenv", PATH, grubenv, .default_value = "/boot/grub/grubenv"),
	CONF("barebox-statename", STRING, barebox_statename),
	CONF("barebox-dtbpath", PATH, barebox_dtbpath),
	CONF("boot-attempts", UINT, boot_attempts, .default_value = "3", .min = 1,
	     .max = G_MAXINT32),
	CONF("boot-attempts-primary", UINT, boot_attempts_primary, .default_value = "3", .min = 1,
	     .max = G_MAXINT32),
	CONF("efi-use-bootnext", BOOLEAN, efi_use_bootnext, .default_value = "true"),
	CONF("activate-installed", BOOLEAN, activate_installed, .default_value = "true"),
	CONF("statusfile", STRING, statusfile),
	CONF("data-directory", PATH, data_directory),
	CONF("max-bundle-download-size", UINT, max_bundle_download_size,
	     .default_value = "8388608", .min = 1),
	CONF("max-bundle-signature-size", UINT, max_bundle_signature_size,
	     .default_value = "65536", .min = 1, .max = G_MAXINT32),
	CONF("variant-name", STRING, variant_name),
	CONF("variant-file", PATH, variant_file),
	CONF("variant-dtb", BOOLEAN, variant_dtb),
	CONF("perform-pre-check", BOOLEAN, perform_pre_check),
	CONF("prevent-late-fallback", BOOLEAN, prevent_late_fallback),
	/* Ours: named in own_system_keys, too. */
	CONF("install-on-trial", BOOLEAN, install_on_trial),
	CONF("verify-written", WORD, verify_written, .default_value = "written",
	     .words = verify_words),
	CONF("downgrade", WORD, downgrade, .default_value = "allow", .words = downgrade_words),
	CONF("memory-limit", SIZE, memory_limit, .min = 1024 * 1024),
	CONF("workers", UINT, workers, .min = 1, .max = 1024),
	CONF("fw-env-config", PATH, fw_env_config),
};

static const char *const own_system_keys[] = { "install-on-trial", "verify-written", "downgrade",
					       "memory-limit", "workers", "fw-env-config",
					       NULL };

static const BscKeyfileRow dbus_rows[] = {
	CONF("install-users", LIST, install_users, .separators = LIST_SEPARATORS),
	CONF("install-groups", LIST, install_groups, .separators = LIST_SEPARATORS),
};

static const BscKeyfileRow keyring_rows[] = {
	CONF("path", PATH, keyring.path),
	CONF("directory", PATH, keyring.directory),
	CONF("check-crl", BOOLEAN, keyring.check_crl),
	CONF("allow-partial-chain", BOOLEAN, keyring.allow_partial_chain),
	CONF("use-bundle-signing-time", BOOLEAN, keyring.use_bundle_signing_time),
	CONF("check-purpose", WORD, keyring.check_purpose),
	CONF("allowed-signer-cns", LIST, keyring.allowed_signer_cns),
};

static const BscKeyfileRow encryption_rows[] = {
	CONF("key", STRING, encryption.key),
	CONF("cert", STRING, encryption.cert),
};

static const BscKeyfileRow handler_rows[] = {
	CONF("system-info", PATH, handlers.system_info),
	CONF("pre-install", PATH, handlers.pre_install),
	CONF("post-install", PATH, handlers.post_install),
	CONF("bootloader-custom-backend", PATH, handlers.bootloader_custom_backend),
};

static const BscKeyfileRow casync_rows[] = {
	CONF("storepath", STRING, casync.storepath),
	CONF("tmppath", STRING, casync.tmppath),
	CONF("install-args", STRING, casync.install_args),
	CONF("use-desync", BOOLEAN, casync.use_desync),
};

static const BscKeyfileRow streaming_rows[] = {
	CONF("sandbox-user", WORD, streaming.sandbox_user, .default_value = "nobody"),
	CONF("tls-cert", STRING, streaming.tls_cert),
	CONF("tls-key", STRING, streaming.tls_key),
	CONF("tls-ca", STRING, streaming.tls_ca),
	CONF("send-headers", LIST, streaming.send_headers, .words = header_words),
};

static const BscKeyfileRow polling_rows[] = {
	CONF("url", STRING, polling.url),
	CONF("interval-sec", UINT, polling.interval_sec, .default_value = "86400", .min = 60,
	     .max = G_MAXINT32),
	CONF("max-interval-sec", UINT, polling.max_interval_sec, .max = G_MAXUINT32),
	CONF("inhibit-files", LIST, polling.inhibit_files),
	CONF("candidate-criteria", LIST, polling.candidate_criteria,
	     .default_value = "higher-semver", .words = candidate_words),
	CONF("install-criteria", LIST, polling.install_criteria, .words = install_words),
	CONF("reboot-criteria", LIST, polling.reboot_criteria, .words = reboot_words),
	CONF("reboot-cmd", STRING, polling.reboot_cmd, .default_value = "reboot"),
};

static const BscKeyfileRow autoinstall_rows[] = {
	CONF("path", PATH, autoinstall.path),
};

static const BscKeyfileRow slot_rows[] = {
	SLOT("device", PATH, device, .required = TRUE),
	SLOT("type", WORD, type, .default_value = "raw"),
	SLOT("description", STRING, description),
	SLOT("bootname", WORD, bootname),
	SLOT("parent", WORD, parent_name),
	SLOT("allow-mounted", BOOLEAN, allow_mounted),
	SLOT("readonly", BOOLEAN, readonly),
	SLOT("install-same", BOOLEAN, install_same, .default_value = "true"),
	SLOT("force-install-same", BOOLEAN, install_same),
	SLOT("ignore-checksum", BOOLEAN, install_same),
	SLOT("extra-mount-opts", STRING, extra_mount_opts),
	SLOT("extra-mkfs-opts", STRING, extra_mkfs_opts),
	SLOT("resize", BOOLEAN, resize),
	SLOT("region-start", SIZE, region_start),
	SLOT("region-size", SIZE, region_size),
	SLOT("size-limit", SIZE, size_limit),
	SLOT("efi-loader", STRING, efi_loader),
	SLOT("efi-cmdline", STRING, efi_cmdline),
};

static const BscKeyfileRow artifacts_rows[] = {
	ROW(BscSystemConfigArtifacts, "path", PATH, path, .required = TRUE),
	ROW(BscSystemConfigArtifacts, "type", WORD, type, .required = TRUE,
	    .words = artifact_types),
	ROW(BscSystemConfigArtifacts, "description", STRING, description),
	ROW(BscSystemConfigArtifacts, "parent-class", WORD, parent_class),
};

static const BscKeyfileRow log_rows[] = {
	ROW(BscSystemConfigLog, "filename", STRING, filename, .required = TRUE),
	ROW(BscSystemConfigLog, "format", WORD, format, .default_value = "readable",
	    .words = log_formats),
	ROW(BscSystemConfigLog, "events", LIST, events, .default_value = "all",
	    .words = log_events),
	ROW(BscSystemConfigLog, "max-size", SIZE, max_size_bytes),
	ROW(BscSystemConfigLog, "max-files", UINT, max_files, .default_value = "10", .min = 1,
	    .max = 1000),
};

#define GROUP(text, what, table)                                                                   \
	{ .name = text, .kind = BSC_CONFIG_GROUP_##what, .rows = table,                            \
	  .n_rows = G_N_ELEMENTS(table) }
static const BscConfigGroup groups[] = {
	GROUP("system", FIXED, system_rows),
	GROUP("keyring", FIXED, keyring_rows),
	GROUP("encryption", FIXED, encryption_rows),
	GROUP("handlers", FIXED, handler_rows),
	GROUP("casync", FIXED, casync_rows),
	GROUP("streaming", FIXED, streaming_rows),
	GROUP("polling", FIXED, polling_rows),
	GROUP("autoinstall", FIXED, autoinstall_rows),
	GROUP("dbus", FIXED, dbus_rows),
	GROUP("slot.", SLOT, slot_rows),
	GROUP("artifacts.", ARTIFACTS, artifacts_rows),
	GROUP("log.", LOG, log_rows),
};
/* clang-format on */

static gboolean
set_error(GError **error, BscConfigError code, const char *group, const char *key,
	  const char *words)
{
	if (key == NULL)
		return bsc_error_set(error, BSC_CONFIG_ERROR, (int)code, "[%s]: %s", group, words);
	return bsc_error_set(error, BSC_CONFIG_ERROR, (int)code, "[%s] %s: %s", group, key, words);
}

/* `slot.CLASS.INDEX` has a decimal index; the other families have one word after the dot. */
static gboolean
is_member(const BscConfigGroup *group, const char *name)
{
	const char *rest;
	const char *dot;

	if (!g_str_has_prefix(name, group->name))
		return FALSE;
	rest = name + strlen(group->name);
	dot = strchr(rest, '.');
	if (*rest == '\0' || strpbrk(rest, " \t\r\n/[]") != NULL)
		return FALSE;
	if (group->kind != BSC_CONFIG_GROUP_SLOT)
		return dot == NULL;
	return dot != NULL && dot != rest && dot[1] != '\0' &&
	       strspn(dot + 1, "0123456789") == strlen(dot + 1);
}

const BscConfigGroup *
bsc_config_keys_find_group(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
		if (groups[i].kind != BSC_CONFIG_GROUP_FIXED ? is_member(&groups[i], name)
							     : g_str_equal(groups[i].name, name))
			return &groups[i];
	}
	return NULL;
}

const BscKeyfileRow *
bsc_config_keys_find_row(const BscConfigGroup *group, const char *key)
{
	for (size_t i = 0; i < group->n_rows; i++) {
		if (g_str_equal(group->rows[i].key, key))
			return &group->rows[i];
	}
	return NULL;
}

static gboolean
unknown_group(const char *name, GError **error)
{
	const char *known[G_N_ELEMENTS(groups) + 1] = {NULL};
	g_autofree char *words = NULL;
	const char *nearest;
	size_t n = 0;

	if (g_str_has_prefix(name, "slot."))
		return set_error(error, BSC_CONFIG_ERROR_UNKNOWN_KEY, name, NULL,
				 "a slot's group is [slot.CLASS.INDEX] with a decimal index");
	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
		if (groups[i].kind == BSC_CONFIG_GROUP_FIXED)
			known[n++] = groups[i].name;
	}
	nearest = bsc_keyfile_find_nearest(name, known);
	words = nearest != NULL ? g_strdup_printf("unknown group, did you mean [%s]?", nearest)
				: g_strdup("unknown group");
	return set_error(error, BSC_CONFIG_ERROR_UNKNOWN_KEY, name, NULL, words);
}

static gboolean
unknown_key(const BscConfigGroup *group, const char *name, const char *key, GError **error)
{
	g_autofree const char **known = g_new0(const char *, group->n_rows + 1);
	g_autofree char *words = NULL;
	const char *nearest;

	for (size_t i = 0; i < group->n_rows; i++)
		known[i] = group->rows[i].key;
	nearest = bsc_keyfile_find_nearest(key, known);
	words = nearest != NULL ? g_strdup_printf("unknown key, did you mean '%s'?", nearest)
				: g_strdup("unknown key");
	return set_error(error, BSC_CONFIG_ERROR_UNKNOWN_KEY, name, key, words);
}

static gboolean
check_group(GKeyFile *file, const char *name, gboolean is_rauc_file, GError **error)
{
	static const char wrong_file[] = "Bascule's own, which RAUC would refuse in its file: it "
					 "belongs into /etc/bascule/bascule.conf";
	g_auto(GStrv) keys = g_key_file_get_keys(file, name, NULL, NULL);
	const BscConfigGroup *group = bsc_config_keys_find_group(name);

	if (group == NULL)
		return unknown_group(name, error);
	if (group->rows == dbus_rows && is_rauc_file)
		return set_error(error, BSC_CONFIG_ERROR_UNKNOWN_KEY, name, NULL, wrong_file);
	for (size_t i = 0; keys != NULL && keys[i] != NULL; i++) {
		if (bsc_config_keys_find_row(group, keys[i]) == NULL)
			return unknown_key(group, name, keys[i], error);
		if (is_rauc_file && group->rows == system_rows &&
		    g_strv_contains(own_system_keys, keys[i]))
			return set_error(error, BSC_CONFIG_ERROR_UNKNOWN_KEY, name, keys[i],
					 wrong_file);
	}
	return TRUE;
}

gboolean
bsc_config_keys_check_file(GKeyFile *file, gboolean is_rauc_file, GError **error)
{
	g_auto(GStrv) names = g_key_file_get_groups(file, NULL);

	for (size_t i = 0; names[i] != NULL; i++) {
		if (!check_group(file, names[i], is_rauc_file, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
bsc_config_keys_check_key(const char *name, const char *key, GError **error)
{
	const BscConfigGroup *group = bsc_config_keys_find_group(name);

	if (group == NULL)
		return unknown_group(name, error);
	return bsc_config_keys_find_row(group, key) != NULL || unknown_key(group, name, key, error);
}

const BscConfigGroup *
bsc_config_keys_list(size_t *out_n)
{
	*out_n = G_N_ELEMENTS(groups);
	return groups;
}
