/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/hooks.h"

#include "bundle-tools/bundle/bundle-tree.h"
#include "common/error.h"
#include "common/io.h"
#include "common/run.h"
#include "installer/engine/install-error.h"
#include "installer/write/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#define COPY_BYTES	 (256 * 1024)
#define REJECTING_STATUS 10 /* install-check: this exit status and those above say no */

struct _BscHooks {
	BscHooksInput input;
	char *dir; /* the bundle's files; %NULL if nobody needs them */
};

static gboolean
bundle_has_hooks(const BscManifest *manifest)
{
	return manifest->hooks_filename || manifest->handler_filename;
}

static gboolean
is_needed(const BscHooksInput *input)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(input->system);

	return bundle_has_hooks(input->bundle->manifest) || config->handlers.pre_install ||
	       config->handlers.post_install;
}

static gboolean
may_run_in(const char *dir)
{
	struct statvfs info;

	return statvfs(dir, &info) == 0 && !(info.f_flag & (ST_NOEXEC | ST_RDONLY)) &&
	       g_access(dir, W_OK) == 0;
}

/* /run and /tmp are often mounted noexec; a script is then not run, for no visible reason. */
static char *
make_dir(const BscHooksInput *input, GError **error)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(input->system);
	const char *run_dir = bsc_system_handle_get_run_dir(input->system);
	const char *const places[] = {run_dir, config->data_directory, "/var/lib", "/var/tmp",
				      "/tmp"};

	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autofree char *dir = NULL;

		if (!places[i] || !may_run_in(places[i]))
			continue;
		dir = g_build_filename(places[i], "bascule-hooks-XXXXXX", NULL);
		if (g_mkdtemp_full(dir, 0700))
			return g_steal_pointer(&dir);
	}
	bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_HOOK,
		      "No place for the bundle's hooks: '%s' and /var/tmp are read-only or do not "
		      "allow to run programs",
		      run_dir);
	return NULL;
}

BscHooks *
bsc_hooks_new(const BscHooksInput *input, GCancellable *cancellable, GError **error)
{
	g_autoptr(BscHooks) self = g_new0(BscHooks, 1);
	BscBundleTreeFlags flags =
		input->plan->has_handler ? BSC_BUNDLE_TREE_ALL : BSC_BUNDLE_TREE_SMALL_FILES;

	self->input = *input;
	if (!is_needed(input))
		return g_steal_pointer(&self);
	self->dir = make_dir(input, error);
	if (!self->dir ||
	    !bsc_bundle_tree_extract(input->bundle, self->dir, flags, cancellable, error))
		return NULL;
	return g_steal_pointer(&self);
}

void
bsc_hooks_free(BscHooks *self)
{
	g_autoptr(GError) error = NULL;

	if (!self)
		return;
	if (self->dir && !bsc_io_remove_tree(self->dir, &error))
		g_debug("hook files stay behind: %s", error->message);
	g_free(self->dir);
	g_free(self);
}

/* `<< error TEXT` is how RAUC's handlers complain; all other lines are for the log. */
static void
on_line(const char *line, gpointer data)
{
	char **complaint = data;

	g_debug("hook: %s", line);
	if (!g_str_has_prefix(line, "<< error "))
		return;
	g_free(*complaint);
	*complaint = g_strdup(line + strlen("<< error "));
}

/* A name no other unit has: what is cancelled must be stopped by name. */
static char *
make_unit_name(void)
{
	g_autofree char *id = g_uuid_string_random();

	return g_strdup_printf("bascule-hook-%s.service", id);
}

/*
 * Hooks in the field write /boot, load modules and call systemctl, which the service's sandbox
 * forbids. A transient unit has the host's full view. There is none without systemd, and then
 * there is no sandbox either.
 */
static char **
wrap_in_unit(const char *const *argv, char **env, const char *unit)
{
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();
	g_autofree char *unit_option = g_strconcat("--unit=", unit, NULL);

	g_strv_builder_add_many(words, "systemd-run", "--quiet", "--wait", "--pipe", "--collect",
				"--service-type=exec", unit_option, NULL);
	for (size_t i = 0; env[i]; i++) {
		g_autofree char *option = g_strconcat("--setenv=", env[i], NULL);

		g_strv_builder_add(words, option);
	}
	g_strv_builder_add(words, "--");
	g_strv_builder_addv(words, (const char **)argv);
	return g_strv_builder_end(words);
}

static void
stop_unit(const char *unit)
{
	const char *const argv[] = {"systemctl", "stop", unit, NULL};
	g_autoptr(GError) error = NULL;

	if (!bsc_run(argv, NULL, NULL, NULL, &error))
		g_debug("hook not stopped: %s", error->message);
}

/* Runs @argv; *@out_status is its exit status, and @error its last words if that is not 0. */
static gboolean
run_program(const char *const *argv, const BscRunOptions *given, int *out_status,
	    GCancellable *cancellable, GError **error)
{
	g_autofree char *complaint = NULL;
	g_autofree char *last = NULL;
	g_autoptr(GError) local_error = NULL;
	g_autoptr(BscRun) run = NULL;
	BscRunOptions options = *given;

	options.on_line = on_line;
	options.on_line_data = &complaint;
	run = bsc_run_start(argv, &options, &local_error);
	if (!run)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_HOOK, "%s",
				     local_error->message);
	if (bsc_run_wait(run, out_status, NULL, cancellable, &local_error))
		return TRUE;
	if (g_error_matches(local_error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_propagate_error(error, g_steal_pointer(&local_error));
		return FALSE;
	}
	last = bsc_run_get_complaint(run);
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_HOOK, "exit status %d%s%s",
			     *out_status, complaint || *last ? ": " : "",
			     complaint ? complaint : last);
}

/* Runs a hook or handler where it has the host's full view. */
static gboolean
run_outside(BscHooks *self, const char *const *argv, const BscRunOptions *options, int *out_status,
	    GCancellable *cancellable, GError **error)
{
	BscRunOptions unit_options = {.merge_stderr = options->merge_stderr};
	g_autofree char *unit = make_unit_name();
	g_auto(GStrv) words = NULL;
	gboolean success;

	if (!bsc_system_handle_is_confined(self->input.system))
		return run_program(argv, options, out_status, cancellable, error);
	words = wrap_in_unit(argv, (char **)options->env, unit);
	success = run_program((const char *const *)words, &unit_options, out_status, cancellable,
			      error);
	if (!success && g_cancellable_is_cancelled(cancellable))
		stop_unit(unit);
	return success;
}

static char *
find_handler(BscHooks *self, BscHooksHandler handler)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(self->input.system);
	const char *name = self->input.bundle->manifest->handler_filename;

	switch (handler) {
	case BSC_HOOKS_PRE_INSTALL:
		return g_strdup(config->handlers.pre_install);
	case BSC_HOOKS_POST_INSTALL:
		return g_strdup(config->handlers.post_install);
	case BSC_HOOKS_BUNDLE:
		return name ? g_build_filename(self->dir, name, NULL) : NULL;
	default:
		g_assert_not_reached();
	}
}

/* The bundle's own words come first, then what the caller of the installation adds. */
static gboolean
make_handler_argv(BscHooks *self, BscHooksHandler handler, const char *path, GStrvBuilder *argv,
		  GError **error)
{
	const char *sources[] = {self->input.bundle->manifest->handler_args,
				 self->input.handler_args};

	g_strv_builder_add(argv, path);
	for (size_t i = 0; handler == BSC_HOOKS_BUNDLE && i < G_N_ELEMENTS(sources); i++) {
		g_auto(GStrv) words = NULL;

		if (!sources[i] || !*sources[i])
			continue;
		if (!g_shell_parse_argv(sources[i], NULL, &words, error))
			return FALSE;
		g_strv_builder_addv(argv, (const char **)words);
	}
	return TRUE;
}

gboolean
bsc_hooks_run_handler(BscHooks *self, BscHooksHandler handler, GCancellable *cancellable,
		      GError **error)
{
	g_autofree char *path = find_handler(self, handler);
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_auto(GStrv) argv = NULL;
	g_auto(GStrv) env = NULL;
	BscRunOptions options = {.merge_stderr = TRUE};
	int status = 0;

	if (!path)
		return TRUE;
	if (!make_handler_argv(self, handler, path, builder, error))
		return FALSE;
	argv = g_strv_builder_end(builder);
	env = bsc_hook_env_for_handler(&self->input, self->dir);
	options.env = (const char *const *)env;
	if (run_outside(self, (const char *const *)argv, &options, &status, cancellable, error))
		return TRUE;
	g_prefix_error(error, "Handler '%s' failed: ", path);
	return FALSE;
}

/* A hook of the bundle: the one program with the hook's name as its argument. */
static gboolean
run_bundle_hook(BscHooks *self, const char *name, char **env, int *out_status,
		GCancellable *cancellable, GError **error)
{
	const char *file = self->input.bundle->manifest->hooks_filename;
	g_autofree char *path = NULL;
	const char *argv[] = {NULL, name, NULL};
	BscRunOptions options = {.env = (const char *const *)env};

	if (!file)
		return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_HOOK,
				     "The bundle asks for the hook %s, but has no hook file", name);
	path = g_build_filename(self->dir, file, NULL);
	argv[0] = path;
	return run_outside(self, argv, &options, out_status, cancellable, error);
}

gboolean
bsc_hooks_run_check(BscHooks *self, GCancellable *cancellable, GError **error)
{
	g_autoptr(GError) local_error = NULL;
	g_auto(GStrv) env = NULL;
	const char *words;
	int status = 0;

	if (!self->input.plan->has_check_hook)
		return TRUE;
	env = bsc_hook_env_for_check(&self->input, self->dir);
	if (run_bundle_hook(self, "install-check", env, &status, cancellable, &local_error))
		return TRUE;
	if (status < REJECTING_STATUS || status > 128) {
		g_propagate_prefixed_error(error, g_steal_pointer(&local_error),
					   "Hook install-check failed: ");
		return FALSE;
	}
	words = strstr(local_error->message, ": ");
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED,
			     "The bundle's install-check says no: %s",
			     words ? words + 2 : "(no reason given)");
}

/* The install hook writes the image itself, so it needs it as a file. */
static gboolean
extract_image(BscHooks *self, const BscManifestImage *image, GCancellable *cancellable,
	      GError **error)
{
	g_autoptr(BscByteSource) source = bsc_bundle_open_image(self->input.bundle, image, error);
	g_autofree char *path = g_build_filename(self->dir, image->filename, NULL);
	g_autofree uint8_t *buf = g_malloc(COPY_BYTES);
	BSC_AUTO_FD int fd = -1;
	uint64_t size;

	if (!source)
		return FALSE;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return bsc_error_set_errno(error, errno, "Failed to create '%s'", path);
	size = bsc_byte_source_get_size(source);
	for (uint64_t at = 0; at < size; at += COPY_BYTES) {
		size_t len = (size_t)MIN(COPY_BYTES, size - at);

		if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
		    !bsc_byte_source_read_at(source, at, buf, len, error) ||
		    !bsc_io_write_all(fd, buf, len, error))
			return FALSE;
	}
	return bsc_io_close(&fd, error);
}

static void
remove_image(BscHooks *self, const BscManifestImage *image)
{
	g_autofree char *path = g_build_filename(self->dir, image->filename, NULL);

	(void)g_unlink(path);
}

static gboolean
is_mountable(const BscSlot *slot)
{
	return g_str_equal(slot->type, "ext4") || g_str_equal(slot->type, "vfat");
}

static BscMount *
mount_for_hook(BscHooks *self, const char *name, const BscInstallPlanImage *planned, GError **error)
{
	BscMountOptions options = {
		.prefix = bsc_system_handle_get_mount_prefix(self->input.system),
	};
	gboolean is_pre = g_str_equal(name, "pre-install");
	gboolean is_archive = planned->image->type && g_str_has_prefix(planned->image->type, "tar");
	g_autoptr(GError) local_error = NULL;
	BscMount *mount;

	if (!is_mountable(planned->slot) || g_str_equal(name, "install") || (is_pre && is_archive))
		return NULL;
	mount = bsc_mount_slot(planned->slot, &options, &local_error);
	if (mount)
		return mount;
	/* an old system too broken to be mounted must not prevent that a new one replaces it */
	if (is_pre)
		g_debug("slot %s is not mounted for its pre-install hook: %s", planned->slot->name,
			local_error->message);
	else
		g_propagate_error(error, g_steal_pointer(&local_error));
	return NULL;
}

static gboolean
run_slot_hook(BscHooks *self, const char *name, const BscInstallPlanImage *planned,
	      const char *mountpoint, GCancellable *cancellable, GError **error)
{
	g_autofree char *argument = g_strconcat("slot-", name, NULL);
	g_auto(GStrv) env = bsc_hook_env_for_slot(&self->input, self->dir, planned, mountpoint);
	int status = 0;

	if (run_bundle_hook(self, argument, env, &status, cancellable, error))
		return TRUE;
	g_prefix_error(error, "Hook %s for slot %s failed: ", argument, planned->slot->name);
	return FALSE;
}

gboolean
bsc_hooks_run_slot(BscHooks *self, const char *name, const BscInstallPlanImage *planned,
		   GCancellable *cancellable, GError **error)
{
	gboolean writes = g_str_equal(name, "install") && planned->image->filename;
	g_autoptr(GError) local_error = NULL;
	g_autoptr(BscMount) mount = NULL;
	gboolean success;

	if (!bsc_manifest_image_has_hook(planned->image, name))
		return TRUE;
	if (writes && !extract_image(self, planned->image, cancellable, error))
		return FALSE;
	mount = mount_for_hook(self, name, planned, &local_error);
	if (local_error) {
		g_propagate_error(error, g_steal_pointer(&local_error));
		return FALSE;
	}
	success = run_slot_hook(self, name, planned, mount ? bsc_mount_get_path(mount) : NULL,
				cancellable, error);
	if (writes)
		remove_image(self, planned->image);
	return success && (!mount || bsc_mount_close(mount, error));
}
