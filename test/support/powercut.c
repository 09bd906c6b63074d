/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/support/powercut.c - LD_PRELOAD shim: the n-th durable operation fails, or is the last */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * BSC_POWERCUT_AT=N      the operation that is struck, from 1; 0 or unset = none, only count
 * BSC_POWERCUT_MODE=     what happens to it:
 *   die      the process is killed before it (default)
 *   torn     a write is done by half, then the process is killed
 *   lose     as die, and of what was written since the last sync of its file a part is taken back
 *   eio, enospc, eintr     it fails so (eintr: a write or fallocate only)
 *   short    a write is done by half and says so
 * BSC_POWERCUT_SEED=N    which part `lose` takes back
 * BSC_POWERCUT_UNDER=DIR only files whose path begins so are counted; unset = all
 * BSC_POWERCUT_COUNT=F   the number of operations is written to this file at exit
 *
 * Operations are write, pwrite, fsync, fdatasync, syncfs, rename, unlink, ftruncate, fallocate and
 * the ioctls that change a block device, on regular files and block devices. Standard output and
 * error, pipes and sockets are no durable things and pass.
 */

/* Bytes as they were before a write that no sync has followed. */
typedef struct Undo {
	struct Undo *next;
	dev_t dev;
	ino_t ino;
	char *path;
	__off_t offset;
	size_t len;
	uint8_t old[];
} Undo;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long n_done;
static Undo *undos;

static const char *
mode(void)
{
	const char *word = getenv("BSC_POWERCUT_MODE");

	return word != NULL ? word : "die";
}

static int
is_mode(const char *word)
{
	return strcmp(mode(), word) == 0;
}

static unsigned long
read_number(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? strtoul(text, NULL, 10) : 0;
}

static void *
real(const char *name)
{
	void *symbol = dlsym(RTLD_NEXT, name);

	if (symbol == NULL)
		abort();
	return symbol;
}

#define REAL(name) ((__typeof__(&name))real(#name))

static int
is_path_counted(const char *path)
{
	const char *under = getenv("BSC_POWERCUT_UNDER");

	return under == NULL || strncmp(path, under, strlen(under)) == 0;
}

static void
get_path(int fd, char *path, size_t size)
{
	char link[32];
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, size - 1);
	path[len < 0 ? 0 : len] = '\0';
}

static int
is_fd_counted(int fd, struct stat *st)
{
	char path[4096];

	if (fd <= STDERR_FILENO || fstat(fd, st) < 0 ||
	    !(S_ISREG(st->st_mode) || S_ISBLK(st->st_mode) || S_ISDIR(st->st_mode)))
		return 0;
	get_path(fd, path, sizeof(path));
	return is_path_counted(path);
}

/* Through a descriptor of its own: the writer's may be uncached, and take whole blocks only. */
static void
take_back(void)
{
	unsigned seed = (unsigned)read_number("BSC_POWERCUT_SEED") + 1;

	for (Undo *undo = undos; undo != NULL; undo = undo->next) {
		int fd;

		seed = seed * 1103515245U + 12345U;
		if ((seed >> 16) % 2 == 0)
			continue;
		fd = open(undo->path, O_WRONLY | O_CLOEXEC);
		if (fd >= 0)
			(void)REAL(pwrite)(fd, undo->old, undo->len, undo->offset);
	}
}

static void
die(void)
{
	if (is_mode("lose"))
		take_back();
	(void)kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Counts an operation; 1 if it is the one to strike. Dies here where nothing of it is to happen. */
static int
is_struck(void)
{
	unsigned long at = read_number("BSC_POWERCUT_AT");
	int struck;

	pthread_mutex_lock(&lock);
	struck = ++n_done == at;
	if (struck && (is_mode("die") || is_mode("lose")))
		die();
	pthread_mutex_unlock(&lock);
	return struck;
}

/* errno of a struck operation, 0 where this mode does not make it fail. */
static int
failure(void)
{
	if (is_mode("eio"))
		return EIO;
	if (is_mode("enospc"))
		return ENOSPC;
	return is_mode("eintr") ? EINTR : 0;
}

static void
remember(int fd, const struct stat *st, __off_t offset, size_t len)
{
	char path[4096];
	Undo *undo;
	int reader;

	if (!is_mode("lose"))
		return;
	get_path(fd, path, sizeof(path));
	undo = calloc(1, sizeof(*undo) + len);
	undo->dev = st->st_dev;
	undo->ino = st->st_ino;
	undo->offset = offset;
	undo->len = len;
	undo->path = strdup(path);
	reader = open(path, O_RDONLY | O_CLOEXEC);
	if (reader < 0 || pread(reader, undo->old, len, offset) < 0)
		undo->len = 0;
	if (reader >= 0)
		(void)close(reader);
	pthread_mutex_lock(&lock);
	undo->next = undos;
	undos = undo;
	pthread_mutex_unlock(&lock);
}

static void
forget(const struct stat *st)
{
	pthread_mutex_lock(&lock);
	for (Undo **at = &undos; *at != NULL;) {
		Undo *undo = *at;

		if (undo->dev == st->st_dev && undo->ino == st->st_ino) {
			*at = undo->next;
			free(undo->path);
			free(undo);
		} else {
			at = &undo->next;
		}
	}
	pthread_mutex_unlock(&lock);
}

/* 1 if the whole write is to be done; else *@out_n is what to return, with errno set. */
static int
meet_write(int fd, const void *buf, size_t len, __off_t offset, ssize_t *out_n)
{
	struct stat st;

	if (!is_fd_counted(fd, &st))
		return 1;
	if (!is_struck()) {
		if (offset >= 0)
			remember(fd, &st, offset, len);
		return 1;
	}
	errno = failure();
	*out_n = -1;
	if (errno != 0)
		return 0;
	/* Uncached files take whole blocks only. */
	len = len / 2 / 512 * 512;
	*out_n = offset >= 0 ? REAL(pwrite)(fd, buf, len, offset) : REAL(write)(fd, buf, len);
	if (is_mode("torn"))
		die();
	return 0;
}

/* 0 to go on; else the operation fails with errno set. */
static int
meet(void)
{
	if (!is_struck())
		return 0;
	if (is_mode("torn"))
		die();
	errno = failure();
	return errno != 0 ? -1 : 0;
}

static int
meet_fd(int fd)
{
	struct stat st;

	return is_fd_counted(fd, &st) ? meet() : 0;
}

static int
meet_sync(int fd)
{
	struct stat st;

	if (!is_fd_counted(fd, &st))
		return 0;
	if (meet() < 0)
		return -1;
	forget(&st);
	return 0;
}

ssize_t
write(int fd, const void *buf, size_t len)
{
	ssize_t n = -1;

	return meet_write(fd, buf, len, -1, &n) ? REAL(write)(fd, buf, len) : n;
}

ssize_t
pwrite(int fd, const void *buf, size_t len, __off_t offset)
{
	ssize_t n = -1;

	return meet_write(fd, buf, len, offset, &n) ? REAL(pwrite)(fd, buf, len, offset) : n;
}

ssize_t
pwrite64(int fd, const void *buf, size_t len, off64_t offset)
{
	return pwrite(fd, buf, len, (__off_t)offset);
}

int
fsync(int fd)
{
	return meet_sync(fd) < 0 ? -1 : REAL(fsync)(fd);
}

int
fdatasync(int fd)
{
	return meet_sync(fd) < 0 ? -1 : REAL(fdatasync)(fd);
}

int
syncfs(int fd)
{
	return meet_sync(fd) < 0 ? -1 : REAL(syncfs)(fd);
}

int
rename(const char *from, const char *to)
{
	return is_path_counted(to) && meet() < 0 ? -1 : REAL(rename)(from, to);
}

int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return is_path_counted(to) && meet() < 0 ? -1 : REAL(renameat)(from_fd, from, to_fd, to);
}

int
unlink(const char *path)
{
	return is_path_counted(path) && meet() < 0 ? -1 : REAL(unlink)(path);
}

int
unlinkat(int fd, const char *path, int flags)
{
	return is_path_counted(path) && meet() < 0 ? -1 : REAL(unlinkat)(fd, path, flags);
}

int
ftruncate(int fd, __off_t len)
{
	return meet_fd(fd) < 0 ? -1 : REAL(ftruncate)(fd, len);
}

int
ftruncate64(int fd, off64_t len)
{
	return ftruncate(fd, (__off_t)len);
}

int
fallocate(int fd, int how, __off_t offset, __off_t len)
{
	struct stat st;

	if (meet_fd(fd) < 0)
		return -1;
	if ((how & FALLOC_FL_PUNCH_HOLE) != 0 && is_fd_counted(fd, &st))
		remember(fd, &st, offset, (size_t)len);
	return REAL(fallocate)(fd, how, offset, len);
}

int
fallocate64(int fd, int how, off64_t offset, off64_t len)
{
	return fallocate(fd, how, (__off_t)offset, (__off_t)len);
}

int
ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if ((request == BLKDISCARD || request == BLKSECDISCARD || request == BLKZEROOUT) &&
	    meet_fd(fd) < 0)
		return -1;
	return REAL(ioctl)(fd, request, arg);
}

__attribute__((destructor)) static void
tell_count(void)
{
	const char *path = getenv("BSC_POWERCUT_COUNT");
	FILE *file = path != NULL ? fopen(path, "we") : NULL;

	if (file == NULL)
		return;
	(void)fprintf(file, "%lu\n", n_done);
	(void)fclose(file);
}
