/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/fuzz/fuzz-bundle.c - a whole bundle from foreign bytes, believed and read to the end */
#include "config.h"

#include "bundle-tools/bundle/bundle-open.h"
#include "test/fuzz/fuzz-target.h"
#include "test/support/memory-source.h"

/* Without a check of the signature everything behind it sees foreign bytes, as it never would. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const BscBundleOpenOptions options = {.no_verify = TRUE};
	g_autoptr(BscByteSource) source = test_memory_source_new(data, size);
	g_autoptr(GError) error = NULL;
	g_autoptr(BscBundle) bundle = bsc_bundle_open(source, &options, NULL, NULL, NULL, &error);

	if (bundle == NULL) {
		g_assert_nonnull(error);
		return 0;
	}
	g_assert_cmpuint(bundle->data_bytes, <=, bundle->payload_bytes);
	g_assert_cmpuint(bundle->payload_bytes, <, bundle->file_bytes);
	if (bsc_bundle_check_payload(bundle, NULL, NULL, NULL, &error))
		(void)bsc_bundle_check_images(bundle, NULL, NULL, NULL, &error);
	return 0;
}
