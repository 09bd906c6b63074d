/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* common/keyfile.h - strict GKeyFile reading from a table of rows */
#pragma once

#include <glib.h>
#include <stdint.h>

#define BSC_CONFIG_ERROR bsc_config_error_quark()
GQuark bsc_config_error_quark(void);

typedef enum {
	BSC_CONFIG_ERROR_SYNTAX,      /* not a key file, or a group or key stands twice */
	BSC_CONFIG_ERROR_UNKNOWN_KEY, /* a group or key that nobody knows */
	BSC_CONFIG_ERROR_VALUE,	      /* the value is missing, empty or out of range */
	BSC_CONFIG_ERROR_CONFLICT,    /* each value is good, but not both together */
} BscConfigError;

/* What a value looks like, and the C type of the field it goes to. */
typedef enum {
	BSC_KEYFILE_STRING,   /* char *, not empty */
	BSC_KEYFILE_PATH,     /* char *, made absolute against the base directory */
	BSC_KEYFILE_WORD,     /* char *, no white space in it */
	BSC_KEYFILE_FILENAME, /* char *, no `/` in it, neither `.` nor `..` */
	BSC_KEYFILE_HEX32,    /* char *, 64 hex digits, stored in lower case */
	BSC_KEYFILE_BOOLEAN,  /* gboolean: true, false, yes, no, 1, 0 */
	BSC_KEYFILE_UINT,     /* uint64_t, decimal */
	BSC_KEYFILE_SIZE,     /* uint64_t in bytes: a number with K, M, G or T (powers of 1024) */
	BSC_KEYFILE_LIST,     /* char **, separated by `;` (or by white space, see @separators) */
} BscKeyfileType;

/* One key of a group. */
typedef struct {
	const char *key;
	BscKeyfileType type;
	size_t offset; /* offsetof() of the field in the struct that is filled */
	gboolean required;
	uint64_t min, max; /* UINT and SIZE; max 0 = no limit */
	const char
		*default_value;	  /* parsed like a value of the file; %NULL leaves the field zero */
	const char *const *words; /* STRING, WORD and LIST: allowed words, %NULL-terminated */
	const char *separators;	  /* LIST: characters that separate; %NULL = ";" */
} BscKeyfileRow;

/**
 * bsc_keyfile_parse:
 * @data: (array length=len): foreign bytes
 * @len: their number
 * @error: return location
 *
 * Parses a key file as GKeyFile does, but refuses what GKeyFile lets pass: a group or a key that
 * stands twice, a NUL, text that is not UTF-8.
 *
 * Errors: %BSC_CONFIG_ERROR_SYNTAX with the line number.
 *
 * Returns: (transfer full) (nullable): the key file, or %NULL on failure
 */
GKeyFile *bsc_keyfile_parse(const char *data, size_t len, GError **error);

/**
 * bsc_keyfile_read_group:
 * @file: a key file
 * @group: the group to read; need not exist (then defaults apply and required keys fail)
 * @rows: (array length=n_rows): the keys of the group
 * @n_rows: their number
 * @base_dir: (nullable): what relative paths are relative to; %NULL = the working directory
 * @out: zeroed struct whose fields @rows name; filled in as far as it went on failure, so that
 *   bsc_keyfile_clear_group() is right either way
 * @error: return location, prefixed with `[group] key: `
 *
 * Reads all keys of @group. A key without a row is an error; so is an empty value.
 *
 * Errors: %BSC_CONFIG_ERROR_UNKNOWN_KEY, %BSC_CONFIG_ERROR_VALUE
 *
 * Returns: %TRUE on success
 */
gboolean bsc_keyfile_read_group(GKeyFile *file, const char *group, const BscKeyfileRow *rows,
				size_t n_rows, const char *base_dir, gpointer out, GError **error);

/**
 * bsc_keyfile_clear_group:
 * @rows: (array length=n_rows): the rows the struct was read with
 * @n_rows: their number
 * @fields: the struct
 *
 * Frees and clears the strings and lists that bsc_keyfile_read_group() stored.
 */
void bsc_keyfile_clear_group(const BscKeyfileRow *rows, size_t n_rows, gpointer fields);

/**
 * bsc_keyfile_find_nearest:
 * @word: a word that is not known
 * @words: (array zero-terminated=1): the known ones
 *
 * For "did you mean": the known word with the fewest differing letters.
 *
 * Returns: (transfer none) (nullable): it, or %NULL when none is near
 */
const char *bsc_keyfile_find_nearest(const char *word, const char *const *words);
