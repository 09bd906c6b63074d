/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* bundle-tools/format/manifest.h - what a bundle says about itself: parse, validate, write */
#pragma once

#include "bundle-tools/format/manifest-image.h"

/*
 * A manifest is a key file that describes a bundle (docs/format.md). Parsing is strict: an unknown
 * group or key, one that stands twice, and a value out of its form are errors.
 *
 * A parsed manifest is plain data, shared by reference and not changed once shared. Who builds a
 * bundle parses the input or takes bsc_manifest_copy(), fills in digests and keys while holding
 * the only reference, and writes it with bsc_manifest_to_string(). All functions are pure; any
 * thread.
 */
#define BSC_MANIFEST_FILE_NAME	  "manifest.raucm" /* in the root of the payload */
#define BSC_MANIFEST_RAUC_VERSION "1.16"	   /* what `min-rauc-version` is compared with */

typedef enum {
	BSC_BUNDLE_FORMAT_PLAIN,
	BSC_BUNDLE_FORMAT_VERITY,
	BSC_BUNDLE_FORMAT_CRYPT,
	BSC_BUNDLE_FORMAT_N,
} BscBundleFormat;

/* Where the text comes from; without a flag: the file in the payload of a finished bundle. */
typedef enum {
	BSC_MANIFEST_FLAGS_NONE = 0,
	BSC_MANIFEST_INPUT =
		1 << 0, /* from a developer: no verity and crypt keys, digests optional */
	BSC_MANIFEST_SIGNED =
		1 << 1, /* content of a signature: verity (and crypt) keys must be there */
} BscManifestFlags;

typedef struct {
	char *key;
	char *value;
} BscManifestPair;

/* A group that is kept as it is: [meta.LABEL], [rollout]. */
typedef struct {
	char *label;	  /* LABEL; `rollout` for [rollout] */
	GPtrArray *pairs; /* of BscManifestPair, in file order */
} BscManifestMeta;

typedef struct {
	gatomicrefcount ref_count;
	/* [update] */
	char *compatible; /* never %NULL */
	char *version;	  /* these four may be %NULL */
	char *description;
	char *build;
	char *min_rauc_version;
	/* [bundle] */
	BscBundleFormat format;
	gboolean has_format_key; /* the format stood in the manifest; else it is plain */
	gboolean has_verity;	 /* the next three are set */
	uint8_t verity_hash[32]; /* root of the hash tree */
	uint8_t verity_salt[32];
	uint64_t verity_size_bytes; /* size of the hash tree behind the data */
	gboolean has_crypt_key;
	uint8_t crypt_key[32]; /* AES-256; a secret: never print it */
	/* [handler] */
	char *handler_filename;
	char *handler_args;
	/* [hooks] */
	char *hooks_filename;
	char **hooks; /* of install-check; %NULL = none */

	GPtrArray *images;	  /* of BscManifestImage, in file order */
	GPtrArray *meta;	  /* of BscManifestMeta, in file order */
	BscManifestMeta *rollout; /* (nullable) */
} BscManifest;

/**
 * bsc_manifest_format_to_string:
 * @format: a bundle format
 *
 * Returns: (transfer none): `plain`, `verity` or `crypt`
 */
const char *bsc_manifest_format_to_string(BscBundleFormat format);

/**
 * bsc_manifest_format_from_string:
 * @text: (nullable): the word
 * @out: (out): the format; not touched on failure
 *
 * Returns: %FALSE if no format has that name
 */
gboolean bsc_manifest_format_from_string(const char *text, BscBundleFormat *out);

/**
 * bsc_manifest_parse:
 * @data: (array length=len): text of a manifest
 * @len: its length in bytes
 * @flags: where it comes from
 * @error: return location
 *
 * Errors: %BSC_BUNDLE_ERROR_FORMAT with group and key if it breaks a rule,
 * %BSC_BUNDLE_ERROR_UNSUPPORTED if `min-rauc-version` asks for more than
 * %BSC_MANIFEST_RAUC_VERSION.
 *
 * Returns: (transfer full) (nullable): the manifest, or %NULL on failure
 */
BscManifest *bsc_manifest_parse(const char *data, size_t len, BscManifestFlags flags,
				GError **error);

/**
 * bsc_manifest_copy:
 * @self: a manifest
 *
 * Returns: (transfer full): a deep copy with one reference, which its holder may change
 */
BscManifest *bsc_manifest_copy(const BscManifest *self);

/**
 * bsc_manifest_ref:
 * @self: a manifest
 *
 * Returns: (transfer full): @self
 */
BscManifest *bsc_manifest_ref(BscManifest *self);

/**
 * bsc_manifest_unref:
 * @self: (transfer full) (nullable): a manifest
 */
void bsc_manifest_unref(BscManifest *self);

/**
 * bsc_manifest_to_string:
 * @self: a manifest
 * @for_signing: with the verity keys and the crypt key, as the content of a signature; without
 *   them, as the file in the payload
 *
 * Writes the canonical text: groups and keys in the order of docs/format.md, one blank line
 * between groups. The same manifest always gives the same bytes.
 *
 * Returns: (transfer full): the text
 */
char *bsc_manifest_to_string(const BscManifest *self, gboolean for_signing);

/**
 * bsc_manifest_compute_hash:
 * @data: (array length=len): the manifest's bytes as they were signed
 * @len: their number
 * @out: (out caller-allocates): 32 bytes
 *
 * The manifest hash, by which two bundles are the same bundle.
 */
void bsc_manifest_compute_hash(const void *data, size_t len, uint8_t out[32]);

/**
 * bsc_manifest_find_image:
 * @self: a manifest
 * @slot_class: class of a slot
 * @variant: (nullable): variant of the system
 *
 * An image of exactly that variant comes before one without variant; images of other variants
 * and artifacts do not count.
 *
 * Returns: (transfer none) (nullable): the image for slots of the class, or %NULL
 */
BscManifestImage *bsc_manifest_find_image(const BscManifest *self, const char *slot_class,
					  const char *variant);

/**
 * bsc_manifest_has_images_of_class:
 * @self: a manifest
 * @slot_class: class of a slot
 *
 * Returns: whether there is an image of the class, for whatever variant
 */
gboolean bsc_manifest_has_images_of_class(const BscManifest *self, const char *slot_class);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscManifest, bsc_manifest_unref)
