/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/system/config-data.h - the structs that system.conf fills */
#pragma once

#include "installer/system/slot.h"

#include <glib.h>
#include <stdint.h>

/* An artifact repository, `[artifacts.NAME]`. */
typedef struct {
	char *name;
	char *path;
	char *type;	    /* `files`, `trees` or `composefs` */
	char *description;  /* %NULL = not set */
	char *parent_class; /* always %NULL: refused, not supported yet */
} BscSystemConfigArtifacts;

/* An event log, `[log.NAME]`. */
typedef struct {
	char *name;
	char *filename;		 /* absolute */
	char *format;		 /* `readable`, `short`, `json` or `json-pretty` */
	char **events;		 /* `all`, or some of `boot mark install service writeslot` */
	uint64_t max_size_bytes; /* 0 = never rotated */
	uint64_t max_files;
} BscSystemConfigLog;

/*
 * The whole configuration. Parsed once, never changed, shared by threads without locks and
 * replaced as a whole. Strings and lists that the file does not set are %NULL unless a default is
 * named here. Words such as @bootloader or a slot's type are kept as written: the room that knows
 * them judges them (bsc_bootloader_check_config(), bsc_slot_writer_check_config()).
 */
typedef struct {
	int ref_count;	       /* private */
	char *path;	       /* the file that won */
	char *merged_path;     /* bascule.conf beside it, merged over it; %NULL = none */
	gboolean is_rauc_file; /* @path is in a directory named `rauc`: only RAUC's keys in it */

	/* [system], RAUC's keys */
	char *compatible; /* never %NULL */
	char *bootloader; /* never %NULL */
	char *min_bundle_version;
	char **bundle_formats; /* resolved: the allowed ones of `plain verity crypt` */
	char *mount_prefix;    /* /run/bascule/mnt, or /mnt/rauc for RAUC's file */
	char *grubenv;	       /* /boot/grub/grubenv */
	char *barebox_statename;
	char *barebox_dtbpath;
	uint64_t boot_attempts;		/* 3 */
	uint64_t boot_attempts_primary; /* 3 */
	gboolean efi_use_bootnext;	/* %TRUE */
	gboolean activate_installed;	/* %TRUE */
	char *statusfile; /* absolute, also `<data-directory>/central.raucs`; %NULL = per slot */
	char *data_directory;
	uint64_t max_bundle_download_size;  /* bytes; 8 MiB */
	uint64_t max_bundle_signature_size; /* bytes; 64 KiB */
	char *variant_name;
	char *variant_file;
	gboolean variant_dtb;
	gboolean perform_pre_check;
	gboolean prevent_late_fallback;

	/* [system], ours */
	gboolean install_on_trial; /* may install while the booted slot is not yet marked good */
	char *verify_written;	   /* `written` (default), `all` or `off` */
	char *downgrade;	   /* `allow` (default) or `refuse` */
	uint64_t memory_limit;	   /* bytes an installation may use; 0 = the engine's default */
	uint64_t workers;	   /* 0 = one for each core */
	char *fw_env_config;	   /* of U-Boot's tools; %NULL = /etc/fw_env.config */

	/* [dbus], ours */
	char **install_users;
	char **install_groups;

	/* [keyring] */
	struct {
		char *path;
		char *directory;
		gboolean check_crl;
		gboolean allow_partial_chain;
		gboolean use_bundle_signing_time;
		char *check_purpose;
		char **allowed_signer_cns;
	} keyring;

	/* [encryption]: PEM file or pkcs11: URI */
	struct {
		char *key;
		char *cert;
	} encryption;

	/* [handlers]: absolute paths */
	struct {
		char *system_info;
		char *pre_install;
		char *post_install;
		char *bootloader_custom_backend;
	} handlers;

	/* [casync] */
	struct {
		char *storepath;
		char *tmppath;
		char *install_args;
		gboolean use_desync;
	} casync;

	/* [streaming] */
	struct {
		char *sandbox_user; /* `nobody` */
		char *tls_cert;
		char *tls_key;
		char *tls_ca;
		char **send_headers;
	} streaming;

	/* [polling] */
	struct {
		char *url;		   /* %NULL = no polling */
		uint64_t interval_sec;	   /* 86400 */
		uint64_t max_interval_sec; /* 4 × @interval_sec */
		char **inhibit_files;
		char **candidate_criteria; /* `higher-semver` */
		char **install_criteria;
		char **reboot_criteria;
		char *reboot_cmd; /* `reboot` */
	} polling;

	/* [autoinstall] */
	struct {
		char *path;
	} autoinstall;

	GPtrArray *slots;     /* of BscSlot, order of the file; a slot's index is its place here */
	GPtrArray *artifacts; /* of BscSystemConfigArtifacts */
	GPtrArray *logs;      /* of BscSystemConfigLog */
} BscSystemConfig;
