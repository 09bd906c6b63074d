/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/fuzz/fuzz-manifest.c - manifests: what is read can be written and read again */
#include "config.h"

#include "bundle-tools/format/manifest.h"
#include "test/fuzz/fuzz-target.h"

#include <string.h>

static void
check_images(const BscManifest *manifest)
{
	for (guint i = 0; i < manifest->images->len; i++) {
		const BscManifestImage *image = manifest->images->pdata[i];

		g_assert_true(image->filename == NULL || strchr(image->filename, '/') == NULL);
		g_assert_cmpstr(image->slot_class, !=, "");
		g_assert_true(image->artifact != NULL ||
			      bsc_manifest_find_image(manifest, image->slot_class,
						      image->variant) == image);
	}
}

static void
parse(const char *data, size_t size, BscManifestFlags flags)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(BscManifest) manifest = bsc_manifest_parse(data, size, flags, &error);
	g_autoptr(BscManifest) copy = NULL;
	g_autoptr(BscManifest) again = NULL;
	g_autoptr(BscManifest) inner = NULL;
	g_autofree char *text = NULL;
	g_autofree char *second = NULL;
	g_autofree char *payload = NULL;

	g_assert_true((manifest != NULL) == (error == NULL));
	if (manifest == NULL)
		return;
	check_images(manifest);
	copy = bsc_manifest_copy(manifest);
	text = bsc_manifest_to_string(copy, TRUE);
	again = bsc_manifest_parse(text, strlen(text), flags, &error);
	g_assert_no_error(error);
	second = bsc_manifest_to_string(again, TRUE);
	g_assert_cmpstr(text, ==, second);
	payload = bsc_manifest_to_string(manifest, FALSE);
	inner = bsc_manifest_parse(payload, strlen(payload), flags & ~(unsigned)BSC_MANIFEST_SIGNED,
				   &error);
	g_assert_no_error(error);
	g_assert_false(inner->has_crypt_key || inner->has_verity);
}

/* The first byte chooses where the text comes from. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const BscManifestFlags flags[] = {
		BSC_MANIFEST_FLAGS_NONE,
		BSC_MANIFEST_INPUT,
		BSC_MANIFEST_SIGNED,
	};

	if (size > 0)
		parse((const char *)data + 1, size - 1, flags[data[0] % G_N_ELEMENTS(flags)]);
	return 0;
}
