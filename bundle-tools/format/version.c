/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/format/version.h"

#include "common/error.h"

#include <gio/gio.h>
#include <string.h>

#define N_NUMBERS 3 /* major, minor, patch */

typedef struct {
	char **numbers;	   /* 1 to N_NUMBERS strings of digits */
	char **prerelease; /* identifiers; %NULL = a release */
} Version;

static void
version_clear(Version *version)
{
	g_strfreev(version->numbers);
	g_strfreev(version->prerelease);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Version, version_clear)

static gboolean
is_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static gboolean
is_identifier(const char *text)
{
	if (text[0] == '\0')
		return FALSE;
	for (; *text != '\0'; text++) {
		if (!g_ascii_isalnum(*text) && *text != '-')
			return FALSE;
	}
	return TRUE;
}

static gboolean
split_identifiers(const char *text, char ***out)
{
	g_auto(GStrv) parts = g_strsplit(text, ".", -1);

	for (size_t i = 0; parts[i] != NULL; i++) {
		if (!is_identifier(parts[i]))
			return FALSE;
	}
	*out = g_steal_pointer(&parts);
	return (*out)[0] != NULL; /* the empty text has no parts */
}

static gboolean
split_numbers(const char *text, char ***out)
{
	*out = g_strsplit(text, ".", -1);
	for (size_t i = 0; (*out)[i] != NULL; i++) {
		if (i == N_NUMBERS || !is_digits((*out)[i]))
			return FALSE;
	}
	return (*out)[0] != NULL;
}

/* The first `+` begins the build, the first `-` before it the prerelease: identifiers may hold `-`.
 */
static gboolean
split_version(const char *text, Version *out)
{
	g_auto(GStrv) build = NULL;
	g_autofree char *rest = g_strdup(text);
	char *plus = strchr(rest, '+');
	char *minus;

	if (plus != NULL) {
		*plus = '\0';
		if (!split_identifiers(plus + 1, &build))
			return FALSE;
	}
	minus = strchr(rest, '-');
	if (minus != NULL) {
		*minus = '\0';
		if (!split_identifiers(minus + 1, &out->prerelease))
			return FALSE;
	}
	return split_numbers(rest, &out->numbers);
}

static gboolean
parse_version(const char *text, Version *out, GError **error)
{
	if (split_version(text, out))
		return TRUE;
	return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			     "'%s' is not a version: MAJOR[.MINOR[.PATCH]][-PRERELEASE][+BUILD] is "
			     "wanted",
			     text);
}

/* Numbers of any length: the longer one without leading zeros is the higher one. */
static int
compare_numbers(const char *a, const char *b)
{
	size_t len_a, len_b;

	a += strspn(a, "0");
	b += strspn(b, "0");
	len_a = strlen(a);
	len_b = strlen(b);
	if (len_a != len_b)
		return len_a < len_b ? -1 : 1;
	return strcmp(a, b);
}

static int
compare_core(char **a, char **b)
{
	guint n_a = g_strv_length(a);
	guint n_b = g_strv_length(b);

	for (guint i = 0; i < N_NUMBERS; i++) {
		int order = compare_numbers(i < n_a ? a[i] : "0", i < n_b ? b[i] : "0");

		if (order != 0)
			return order;
	}
	return 0;
}

static int
compare_identifiers(const char *a, const char *b)
{
	gboolean a_is_number = is_digits(a);

	if (a_is_number != is_digits(b))
		return a_is_number ? -1 : 1;
	return a_is_number ? compare_numbers(a, b) : strcmp(a, b);
}

/* A release is higher than its prereleases; of two lists equal so far the longer one is higher. */
static int
compare_prereleases(char **a, char **b)
{
	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	for (size_t i = 0;; i++) {
		int order;

		if (a[i] == NULL || b[i] == NULL)
			return (a[i] != NULL) - (b[i] != NULL);
		order = compare_identifiers(a[i], b[i]);
		if (order != 0)
			return order;
	}
}

gboolean
bsc_version_check(const char *text, GError **error)
{
	g_auto(Version) version = {0};

	return parse_version(text, &version, error);
}

gboolean
bsc_version_compare(const char *a, const char *b, int *out, GError **error)
{
	g_auto(Version) version_a = {0};
	g_auto(Version) version_b = {0};
	int order;

	if (!parse_version(a, &version_a, error) || !parse_version(b, &version_b, error))
		return FALSE;
	order = compare_core(version_a.numbers, version_b.numbers);
	if (order == 0)
		order = compare_prereleases(version_a.prerelease, version_b.prerelease);
	*out = order;
	return TRUE;
}
