/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/boot/boot-grubenv.h"

#include "common/error.h"
#include "installer/boot/boot-error.h"

#include <string.h>

static const char signature[] = "# GRUB Environment Block\n";

/* One line: a variable, or anything else that is kept as it is. */
typedef struct {
	char *name;  /* NULL: no variable */
	char *value; /* without escapes; NULL: no variable */
	char *raw;   /* the line as it stands, without its end */
	gboolean is_deciding;
} Line;

struct _BscBootGrubenv {
	GPtrArray *lines; /* of Line */
};

static void
line_free(gpointer data)
{
	Line *line = data;

	g_free(line->name);
	g_free(line->value);
	g_free(line->raw);
	g_free(line);
}

/* Length of the line at @text without its end; an escaped line end belongs to the line. */
static size_t
line_length(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && text[i] != '\n')
		i += text[i] == '\\' && i + 1 < len ? 2 : 1;
	return MIN(i, len);
}

static char *
unescape(const char *text)
{
	GString *plain = g_string_new(NULL);

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] == '\\' && text[i + 1] != '\0')
			i++;
		g_string_append_c(plain, text[i]);
	}
	return g_string_free(plain, FALSE);
}

static char *
escape(const char *text)
{
	GString *escaped = g_string_new(NULL);

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] == '\\' || text[i] == '\n')
			g_string_append_c(escaped, '\\');
		g_string_append_c(escaped, text[i]);
	}
	return g_string_free(escaped, FALSE);
}

static Line *
line_new(const char *text, size_t len)
{
	Line *line = g_new0(Line, 1);
	const char *equals;

	line->raw = g_strndup(text, len);
	equals = strchr(line->raw, '=');
	if (line->raw[0] != '#' && equals != NULL) {
		line->name = g_strndup(line->raw, (size_t)(equals - line->raw));
		line->value = unescape(equals + 1);
	}
	return line;
}

BscBootGrubenv *
bsc_boot_grubenv_parse(const uint8_t *data, size_t len, GError **error)
{
	g_autoptr(BscBootGrubenv) self = NULL;
	const char *text = (const char *)data;
	size_t at = strlen(signature);

	if (len != BSC_BOOT_GRUBENV_BYTES || memcmp(data, signature, at) != 0 ||
	    memchr(data, '\0', len) != NULL) {
		bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
			      "not a GRUB environment block of 1024 bytes; grub-editenv FILE "
			      "create makes one");
		return NULL;
	}
	self = g_new0(BscBootGrubenv, 1);
	self->lines = g_ptr_array_new_with_free_func(line_free);
	while (at < len) {
		size_t n = line_length(text + at, len - at);

		/* What has no line end, or is only `#`, fills the block up. Empty lines are
		 * dropped: GRUB takes one as the begin of the next line's name. */
		if (at + n < len && n > 0 && strspn(text + at, "#") < n)
			g_ptr_array_add(self->lines, line_new(text + at, n));
		at += n + 1;
	}
	return g_steal_pointer(&self);
}

void
bsc_boot_grubenv_free(BscBootGrubenv *self)
{
	if (self == NULL)
		return;
	g_ptr_array_unref(self->lines);
	g_free(self);
}

const char *
bsc_boot_grubenv_get(const BscBootGrubenv *self, const char *name)
{
	for (guint i = self->lines->len; i > 0; i--) {
		const Line *line = g_ptr_array_index(self->lines, i - 1);

		if (g_strcmp0(line->name, name) == 0)
			return line->value;
	}
	return NULL;
}

void
bsc_boot_grubenv_set(BscBootGrubenv *self, const char *name, const char *value)
{
	g_autofree char *escaped = escape(value);
	Line *line = g_new0(Line, 1);

	g_return_if_fail(*name != '\0' && strpbrk(name, "=#\\\n") == NULL);
	line->name = g_strdup(name);
	line->value = g_strdup(value);
	line->raw = g_strdup_printf("%s=%s", name, escaped);
	line->is_deciding = TRUE;
	for (guint i = self->lines->len; i > 0; i--) {
		const Line *old = g_ptr_array_index(self->lines, i - 1);

		if (g_strcmp0(old->name, name) == 0)
			g_ptr_array_remove_index(self->lines, i - 1);
	}
	g_ptr_array_add(self->lines, line);
}

static char *
join_lines(const BscBootGrubenv *self, gboolean deciding)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < self->lines->len; i++) {
		const Line *line = g_ptr_array_index(self->lines, i);

		if (!line->is_deciding == !deciding)
			g_string_append_printf(text, "%s\n", line->raw);
	}
	return g_string_free(text, FALSE);
}

gboolean
bsc_boot_grubenv_serialise(const BscBootGrubenv *self, uint8_t *out, GError **error)
{
	g_autofree char *first = join_lines(self, TRUE);
	g_autofree char *others = join_lines(self, FALSE);
	size_t begin = strlen(signature);
	size_t end = begin + strlen(first);
	size_t rest = strlen(others);
	size_t at = end;

	if (end > BSC_BOOT_GRUBENV_SECTOR || end + rest > BSC_BOOT_GRUBENV_BYTES)
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
				     "the variables do not fit into the GRUB environment block: "
				     "%zu bytes of 512 for those of the slots, %zu of 1024 in all",
				     end, end + rest);
	memset(out, '#', BSC_BOOT_GRUBENV_BYTES);
	memcpy(out, signature, begin);
	memcpy(out + begin, first, end - begin);
	/* A comment line fills the first sector; the shortest is `#` and its end. */
	if (rest > 0 && rest <= BSC_BOOT_GRUBENV_BYTES - BSC_BOOT_GRUBENV_SECTOR &&
	    (end == BSC_BOOT_GRUBENV_SECTOR || end <= BSC_BOOT_GRUBENV_SECTOR - 2)) {
		if (end < BSC_BOOT_GRUBENV_SECTOR)
			out[BSC_BOOT_GRUBENV_SECTOR - 1] = '\n';
		at = BSC_BOOT_GRUBENV_SECTOR;
	}
	memcpy(out + at, others, rest);
	return TRUE;
}
