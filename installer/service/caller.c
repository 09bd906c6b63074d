/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/service/caller.h"

#include "common/error.h"
#include "common/io.h"
#include "installer/engine/install-error.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY_GID 65534 /* the overflow group of the kernel */

static void
look_up_groups(BscCaller *self)
{
	int n = 32;

	for (;;) {
		int room = n;

		self->groups = g_renew(gid_t, self->groups, (size_t)n);
		if (getgrouplist(self->name, self->gid, self->groups, &n) >= 0)
			break;
		n = MAX(n, 2 * room);
	}
	self->n_groups = (size_t)n;
}

BscCaller *
bsc_caller_lookup(uid_t uid)
{
	BscCaller *self = g_new0(BscCaller, 1);
	size_t buf_len = 1024;
	g_autofree char *buf = g_malloc(buf_len);
	struct passwd entry;
	struct passwd *found = NULL;

	self->uid = uid;
	self->gid = NOBODY_GID;
	while (getpwuid_r(uid, &entry, buf, buf_len, &found) == ERANGE && buf_len < 1024 * 1024) {
		buf_len *= 4;
		buf = g_realloc(buf, buf_len);
	}
	if (found == NULL)
		return self;
	self->name = g_strdup(found->pw_name);
	self->gid = found->pw_gid;
	look_up_groups(self);
	return self;
}

void
bsc_caller_free(BscCaller *self)
{
	if (self == NULL)
		return;
	g_free(self->name);
	g_free(self->groups);
	g_free(self);
}

/*
 * The kernel keeps credentials per thread; the library's setgroups() would change all threads, so
 * the system call is made directly. setfsuid() and setfsgid() are per thread anyhow.
 */
static int
set_thread_groups(size_t n_groups, const gid_t *groups)
{
#ifdef SYS_setgroups32
	return (int)syscall(SYS_setgroups32, n_groups, groups);
#else
	return (int)syscall(SYS_setgroups, n_groups, groups);
#endif
}

/* setfsuid() reports no failure; an impossible id changes nothing and tells the one in force. */
static gboolean
set_thread_fs_ids(uid_t uid, gid_t gid)
{
	setfsgid(gid);
	setfsuid(uid);
	return (uid_t)setfsuid((uid_t)-1) == uid && (gid_t)setfsgid((gid_t)-1) == gid;
}

/* What the thread was before; hooks that it starts later must not notice. */
typedef struct {
	gid_t gid;
	gid_t groups[NGROUPS_MAX];
	int n_groups;
} ThreadRights;

static void
restore_rights(const ThreadRights *before)
{
	setfsuid(0); /* first: it gives the capability for the rest back */
	if (!set_thread_fs_ids(0, before->gid) ||
	    set_thread_groups((size_t)before->n_groups, before->groups) != 0) {
		/* this thread must not go on with somebody else's rights */
		g_critical("Failed to take back root's rights after opening a file");
		abort();
	}
}

static int
open_as(const BscCaller *caller, const char *path, int flags, GError **error)
{
	g_autofree ThreadRights *before = g_new0(ThreadRights, 1);
	int saved_errno = 0;
	int fd = -1;

	before->gid = getegid();
	before->n_groups = MAX(0, getgroups(NGROUPS_MAX, before->groups));
	if (set_thread_groups(caller->n_groups, caller->groups) == 0 &&
	    set_thread_fs_ids(caller->uid, caller->gid))
		fd = open(path, flags);
	saved_errno = errno;
	restore_rights(before);
	if (fd < 0)
		bsc_error_set_errno(error, saved_errno, "Failed to open '%s' as user %u", path,
				    (unsigned)caller->uid);
	return fd;
}

static gboolean
check_kind(uid_t uid, int fd, GError **error)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return bsc_error_set_errno(error, errno, "Failed to look at the bundle");
	if (S_ISREG(info.st_mode) || (S_ISBLK(info.st_mode) && uid == 0))
		return TRUE;
	return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
			     "The bundle is not a regular file");
}

gboolean
bsc_caller_open(uid_t uid, const char *path, int *out_fd, GError **error)
{
	/* a FIFO must not hold us up, a terminal must not become ours */
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	BSC_AUTO_FD int fd = -1;

	if (geteuid() == 0 && uid != 0) {
		g_autoptr(BscCaller) caller = bsc_caller_lookup(uid);

		fd = open_as(caller, path, flags, error);
		if (fd < 0)
			return FALSE;
	} else {
		fd = open(path, flags);
		if (fd < 0)
			return bsc_error_set_errno(error, errno, "Failed to open '%s'", path);
	}
	if (!check_kind(uid, fd, error)) {
		g_prefix_error(error, "'%s': ", path);
		return FALSE;
	}
	*out_fd = bsc_io_steal_fd(&fd);
	return TRUE;
}

gboolean
bsc_caller_check_fd(uid_t uid, int fd, GError **error)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_WRONLY)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
				     "The bundle's descriptor is not open for reading");
	return check_kind(uid, fd, error);
}

gboolean
bsc_caller_open_bundle(uid_t uid, BscInstallRequest *request, GError **error)
{
	g_autoptr(GError) local = NULL;

	if (request->fd >= 0 ? bsc_caller_check_fd(uid, request->fd, &local)
			     : bsc_caller_open(uid, request->uri, &request->fd, &local))
		return TRUE;
	return bsc_error_set(error, BSC_INSTALL_ERROR, BSC_INSTALL_ERROR_REJECTED, "%s",
			     local->message);
}
