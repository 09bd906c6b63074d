/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/bundle-tools/layer/test-layer-decrypt.c - sector cipher, and reading through it */
#include "config.h"

#include "bundle-tools/layer/crypt.h"
#include "bundle-tools/layer/layer-decrypt.h"
#include "bundle-tools/source/bundle-error.h"
#include "common/digest.h"
#include "common/hex.h"
#include "test/support/memory-source.h"
#include "test/support/pattern.h"

#define SIZE (40 * 4096)

static uint8_t key[BSC_CRYPT_KEY_LEN];

/* Expected digests: `openssl enc -aes-256-cbc -nopad` over the pattern. */
static void
test_known_sectors(void)
{
	static const struct {
		uint64_t sector;
		const char *digest;
	} cases[] = {
		{0, "4316adadd22f8533695a238ed772baf9a061cba9f7479638b30aee9265e081c6"},
		{3, "620ca8850d118ee2ec2bae99e492604229313f25493a0ba541778cdfa8df4734"},
		{UINT64_C(1) << 33,
		 "f0f2a50cff606e89bf4e5c6a0d57248ee08ec8b34850e8ae544ab42f0a083b51"},
	};
	g_autoptr(BscCrypt) crypt = bsc_crypt_new(key);

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree uint8_t *clear = test_pattern_new(4096);
		g_autofree uint8_t *data = test_pattern_new(4096);
		uint8_t digest[BSC_DIGEST_LEN];
		g_autofree char *hex = NULL;

		bsc_crypt_encrypt(crypt, cases[i].sector, data, 1);
		bsc_digest_compute(data, 4096, digest);
		hex = bsc_hex_encode(digest, sizeof(digest));
		g_assert_cmpstr(hex, ==, cases[i].digest);
		bsc_crypt_decrypt(crypt, cases[i].sector, data, 1);
		g_assert_cmpmem(data, 4096, clear, 4096);
	}
}

static void
test_any_alignment(void)
{
	static const size_t lens[] = {1, 16, 4095, 4096, 4097, 30000};
	g_autofree uint8_t *clear = test_pattern_new(SIZE);
	g_autofree uint8_t *data = test_pattern_new(SIZE);
	g_autoptr(BscCrypt) crypt = bsc_crypt_new(key);
	g_autoptr(BscByteSource) lower = NULL;
	g_autoptr(BscByteSource) source = NULL;

	bsc_crypt_encrypt(crypt, 0, data, SIZE / 4096);
	lower = test_memory_source_new(data, SIZE);
	source = bsc_layer_decrypt_new(lower, key, NULL);
	for (size_t j = 0; j < G_N_ELEMENTS(lens); j++)
		for (size_t offset = 0; offset + lens[j] <= SIZE; offset += 3000) {
			g_autofree uint8_t *buf = g_malloc(lens[j]);

			g_assert_true(bsc_byte_source_read_at(source, offset, buf, lens[j], NULL));
			g_assert_cmpmem(buf, lens[j], clear + offset, lens[j]);
		}
}

static void
test_refuses_size(void)
{
	g_autoptr(BscByteSource) lower = test_memory_source_new(key, sizeof(key));
	g_autoptr(GError) error = NULL;

	g_assert_null(bsc_layer_decrypt_new(lower, key, &error));
	g_assert_error(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	g_test_add_func("/layer/crypt/known-sectors", test_known_sectors);
	g_test_add_func("/layer/layer-decrypt/reads-at-any-alignment", test_any_alignment);
	g_test_add_func("/layer/layer-decrypt/refuses-half-sectors", test_refuses_size);
	return g_test_run();
}
