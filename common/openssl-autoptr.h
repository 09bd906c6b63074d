/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/openssl-autoptr.h - g_autoptr for the OpenSSL types we hold */
#pragma once

#include <glib.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/store.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

static inline void
bsc_openssl_autoptr_free_infos(STACK_OF(X509_INFO) * infos)
{
	sk_X509_INFO_pop_free(infos, X509_INFO_free);
}

static inline void
bsc_openssl_autoptr_free_certs(STACK_OF(X509) * certs)
{
	sk_X509_pop_free(certs, X509_free);
}

typedef STACK_OF(X509_INFO) BscX509InfoStack; /* owns what it holds */
typedef STACK_OF(X509) BscX509Stack;	      /* owns its certificates */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CMS_ContentInfo, CMS_ContentInfo_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_STORE_CTX, OSSL_STORE_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_CRL, X509_CRL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE_CTX, X509_STORE_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_VERIFY_PARAM, X509_VERIFY_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscX509Stack, bsc_openssl_autoptr_free_certs)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BscX509InfoStack, bsc_openssl_autoptr_free_infos)
