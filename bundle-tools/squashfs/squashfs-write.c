/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/squashfs/squashfs-write.h"

#include "common/error.h"
#include "common/io.h"
#include "common/run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CODEC "zstd"

typedef struct {
	const BscSquashfsWriteOptions *options;
	unsigned last_percent;
} Progress;

/* mksquashfs's bar ends in " DONE/ALL  PERCENT%"; other lines do not begin with a bracket. */
static void
on_line(const char *line, gpointer data)
{
	Progress *self = data;
	const char *digits = strrchr(line, ' ');
	guint64 percent;

	if (line[0] != '[' || digits == NULL || !g_str_has_suffix(digits, "%"))
		return;
	percent = g_ascii_strtoull(digits + 1, NULL, 10);
	/* 100 is said when the image is complete, tables included. */
	if (percent <= self->last_percent || percent >= 100)
		return;
	self->last_percent = (unsigned)percent;
	self->options->on_progress(self->last_percent, self->options->progress_data);
}

static void
add_arg(GPtrArray *argv, const char *arg)
{
	g_ptr_array_add(argv, g_strdup(arg));
}

static void
add_time(GPtrArray *argv, gint64 seconds)
{
	static const char *const names[] = {"-mkfs-time", "-all-time"};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		add_arg(argv, names[i]);
		g_ptr_array_add(argv, g_strdup_printf("%" G_GINT64_FORMAT, seconds));
	}
}

/* mksquashfs takes the compression once: the caller's own -comp stands for ours. */
static void
add_codec(GPtrArray *argv, const BscSquashfsWriteOptions *options)
{
	if (options->extra_args != NULL && g_strv_contains(options->extra_args, "-comp"))
		return;
	add_arg(argv, "-comp");
	add_arg(argv, options->codec != NULL ? options->codec : DEFAULT_CODEC);
}

static void
add_options(GPtrArray *argv, const BscSquashfsWriteOptions *options)
{
	add_codec(argv, options);
	if (options->source_date_epoch >= 0)
		add_time(argv, options->source_date_epoch);
	if (options->processors != 0) {
		add_arg(argv, "-processors");
		g_ptr_array_add(argv, g_strdup_printf("%u", options->processors));
	}
	if (!options->keep_owners)
		add_arg(argv, "-all-root");
	if (!options->keep_xattrs)
		add_arg(argv, "-no-xattrs");
	if (options->on_progress == NULL)
		add_arg(argv, "-no-progress");
	for (size_t i = 0; options->extra_args != NULL && options->extra_args[i] != NULL; i++)
		add_arg(argv, options->extra_args[i]);
}

/* The top directory of loose sources is made by mksquashfs, open to all and of now. */
static void
add_root(GPtrArray *argv, gint64 seconds)
{
	add_arg(argv, "-root-mode");
	add_arg(argv, "0755");
	if (seconds < 0)
		return;
	add_arg(argv, "-root-time");
	g_ptr_array_add(argv, g_strdup_printf("%" G_GINT64_FORMAT, seconds));
}

/* bsc_run() works in "/", so the paths are absolute. -exit-on-error: no file is left out. */
static GPtrArray *
make_argv(const char *const *sources, const char *out_path, gboolean is_loose,
	  const BscSquashfsWriteOptions *options)
{
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

	add_arg(argv, "mksquashfs");
	for (size_t i = 0; sources[i] != NULL; i++)
		g_ptr_array_add(argv, g_canonicalize_filename(sources[i], NULL));
	g_ptr_array_add(argv, g_canonicalize_filename(out_path, NULL));
	add_arg(argv, "-noappend");
	add_arg(argv, "-exit-on-error");
	if (is_loose)
		add_root(argv, options->source_date_epoch);
	add_options(argv, options);
	g_ptr_array_add(argv, NULL);
	return argv;
}

static gboolean
check_dir(const char *dir, GError **error)
{
	if (g_file_test(dir, G_FILE_TEST_IS_DIR))
		return TRUE;
	return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			     "There is no directory '%s' to make a squashfs of", dir);
}

/* Made here, so that nothing that exists is overwritten. */
static gboolean
create_output(const char *out_path, GError **error)
{
	BSC_AUTO_FD int fd = open(out_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return bsc_error_set_errno(error, errno, "Failed to create '%s'", out_path);
	return TRUE;
}

static gboolean
run_mksquashfs(GPtrArray *argv, const BscSquashfsWriteOptions *options, GCancellable *cancellable,
	       GError **error)
{
	Progress progress = {.options = options};
	BscRunOptions run_options = {
		.on_line = options->on_progress != NULL ? on_line : NULL,
		.on_line_data = &progress,
	};

	if (!bsc_run((const char *const *)argv->pdata, &run_options, NULL, cancellable, error))
		return FALSE;
	if (options->on_progress != NULL)
		options->on_progress(100, options->progress_data);
	return TRUE;
}

static gboolean
write_image(const char *const *sources, const char *out_path, gboolean is_loose,
	    const BscSquashfsWriteOptions *options, GCancellable *cancellable, GError **error)
{
	g_autoptr(GPtrArray) argv = make_argv(sources, out_path, is_loose, options);

	if (!create_output(out_path, error))
		return FALSE;
	if (run_mksquashfs(argv, options, cancellable, error))
		return TRUE;
	(void)unlink(out_path);
	return FALSE;
}

gboolean
bsc_squashfs_write(const char *dir, const char *out_path, const BscSquashfsWriteOptions *options,
		   GCancellable *cancellable, GError **error)
{
	const char *const sources[] = {dir, NULL};

	if (!check_dir(dir, error))
		return FALSE;
	if (write_image(sources, out_path, FALSE, options, cancellable, error))
		return TRUE;
	g_prefix_error(error, "Failed to make a squashfs of '%s': ", dir);
	return FALSE;
}

gboolean
bsc_squashfs_write_sources(const char *const *sources, const char *out_path,
			   const BscSquashfsWriteOptions *options, GCancellable *cancellable,
			   GError **error)
{
	if (write_image(sources, out_path, TRUE, options, cancellable, error))
		return TRUE;
	g_prefix_error(error, "Failed to make a squashfs: ");
	return FALSE;
}
