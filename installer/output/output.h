/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/output/output.h - readable, shell and JSON texts from dictionaries */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdint.h>

typedef enum {
	BSC_OUTPUT_READABLE,
	BSC_OUTPUT_SHELL,
	BSC_OUTPUT_JSON,
	BSC_OUTPUT_JSON_PRETTY,
	BSC_OUTPUT_N,
} BscOutputFormat;

/**
 * bsc_output_format_from_string:
 * @word: (nullable): `readable`, `shell`, `json` or `json-pretty`; %NULL is `readable`
 * @out: (out): the format; not touched on failure
 *
 * Returns: %FALSE if there is no such format
 */
gboolean bsc_output_format_from_string(const char *word, BscOutputFormat *out);

/**
 * bsc_output_get:
 * @dict: (nullable): a dictionary
 * @key: a key of it
 *
 * Returns: (transfer none) (nullable): the string at @key, or %NULL
 */
const char *bsc_output_get(GVariant *dict, const char *key);

/**
 * bsc_output_get_or_empty:
 * @dict: (nullable): a dictionary
 * @key: a key of it
 *
 * Returns: (transfer none): the string at @key, or an empty one
 */
const char *bsc_output_get_or_empty(GVariant *dict, const char *key);

/**
 * bsc_output_dup_in_slot:
 * @slots: `a(sa{sv})`: the slots
 * @name: (nullable): name of a slot
 * @key: a key of its dictionary
 *
 * Returns: (transfer full) (nullable): the string at @key, or %NULL
 */
char *bsc_output_dup_in_slot(GVariant *slots, const char *name, const char *key);

/**
 * bsc_output_get_number:
 * @dict: (nullable): a dictionary
 * @key: a key of it
 * @out: (out): the value of type u or t; not touched if there is none
 *
 * Returns: whether there is one
 */
gboolean bsc_output_get_number(GVariant *dict, const char *key, uint64_t *out);

/**
 * bsc_output_get_flag:
 * @dict: (nullable): a dictionary
 * @key: a key of it
 *
 * Returns: the boolean at @key; %FALSE if there is none
 */
gboolean bsc_output_get_flag(GVariant *dict, const char *key);

/**
 * bsc_output_join:
 * @dict: a dictionary
 * @key: a key of it, type as
 *
 * Returns: (transfer full): the strings with a blank between; empty if there are none
 */
char *bsc_output_join(GVariant *dict, const char *key);

/**
 * bsc_output_add_shell:
 * @text: where the line is added
 * @name: name of the variable
 * @value: (nullable): its value
 *
 * Adds `NAME='value'`, quoted for a shell.
 */
void bsc_output_add_shell(GString *text, const char *name, const char *value);

/**
 * bsc_output_add_json:
 * @builder: inside an object
 * @member: name of the member
 * @value: (nullable): its value; %NULL becomes null
 */
void bsc_output_add_json(JsonBuilder *builder, const char *member, const char *value);

/**
 * bsc_output_add_json_value:
 * @builder: where a value may stand
 * @value: a string, boolean, number, array, dictionary or variant
 *
 * Adds a whole value; keys of dictionaries get `_` for `-` and `.`.
 */
void bsc_output_add_json_value(JsonBuilder *builder, GVariant *value);

/**
 * bsc_output_end_json:
 * @builder: (transfer none): a finished document
 * @format: JSON or JSON_PRETTY
 *
 * Returns: (transfer full): the document with a newline
 */
char *bsc_output_end_json(JsonBuilder *builder, BscOutputFormat format);

/**
 * bsc_output_format_size:
 * @bytes: a size
 *
 * Returns: (transfer full): `512 B`, `1.5 KiB`, `270.0 MiB` …
 */
char *bsc_output_format_size(uint64_t bytes);

/**
 * bsc_output_align:
 * @rows: (element-type GStrv): cells of each row, all with the same number of cells
 * @indent: blanks before each row
 *
 * Returns: (transfer full): the rows as a table, columns two blanks apart
 */
char *bsc_output_align(const GPtrArray *rows, unsigned indent);
