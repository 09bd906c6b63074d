/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "common/run.h"

#include "common/error.h"
#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_OUTPUT_BYTES	(64 * 1024)
#define STDERR_TAIL_BYTES	1024
#define MAX_LINE_BYTES		4096
#define POLL_WITHOUT_PIDFD_MSEC 20

struct _BscRun {
	char *name;   /* basename of the program, for messages */
	pid_t pid;    /* also the process group; 0 once reaped */
	int pid_fd;   /* readable when the process ends */
	int stdin_fd; /* -1 unless fed by the caller */
	int stdout_fd;
	int stderr_fd;	 /* -1 where merged */
	GThread *reader; /* drains stdout and stderr */
	GString *stdout_text;
	GString *stderr_tail;
	GString *line; /* the line begun, for on_line */
	BscRunOptions options;
	gint64 deadline_usec; /* monotonic; 0 = none */
};

char *
bsc_run_find_program(const char *name)
{
	static const char *const dirs[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};

	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0 ? g_strdup(name) : NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(dirs); i++) {
		g_autofree char *path = g_build_filename(dirs[i], name, NULL);

		if (access(path, X_OK) == 0)
			return g_steal_pointer(&path);
	}
	return NULL;
}

static void
feed_lines(BscRun *self, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != '\n' && data[i] != '\r') {
			if (self->line->len < MAX_LINE_BYTES)
				g_string_append_c(self->line, data[i]);
			continue;
		}
		self->options.on_line(self->line->str, self->options.on_line_data);
		g_string_truncate(self->line, 0);
	}
}

static void
keep_stdout(BscRun *self, const char *data, size_t len)
{
	size_t room = self->options.max_output_bytes - self->stdout_text->len;

	g_string_append_len(self->stdout_text, data, (gssize)MIN(len, room));
	if (self->options.on_line != NULL)
		feed_lines(self, data, len);
}

static void
keep_stderr(BscRun *self, const char *data, size_t len)
{
	g_string_append_len(self->stderr_tail, data, (gssize)len);
	if (self->stderr_tail->len > STDERR_TAIL_BYTES)
		g_string_erase(self->stderr_tail, 0,
			       (gssize)(self->stderr_tail->len - STDERR_TAIL_BYTES));
}

/* Reads once; returns FALSE when the writing end is closed. */
static gboolean
drain(BscRun *self, int *fd, void (*keep)(BscRun *, const char *, size_t))
{
	char data[4096];
	ssize_t n = read(*fd, data, sizeof(data));

	if (n > 0)
		keep(self, data, (size_t)n);
	else if (n == 0 || errno != EINTR)
		bsc_io_clear_fd(fd);
	return *fd >= 0;
}

static gpointer
read_output(gpointer data)
{
	BscRun *self = data;

	while (self->stdout_fd >= 0 || self->stderr_fd >= 0) {
		struct pollfd fds[] = {
			{.fd = self->stdout_fd, .events = POLLIN},
			{.fd = self->stderr_fd, .events = POLLIN},
		};

		if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
			continue;
		if (fds[0].revents != 0)
			drain(self, &self->stdout_fd, keep_stdout);
		if (fds[1].revents != 0)
			drain(self, &self->stderr_fd, keep_stderr);
	}
	if (self->line->len > 0 && self->options.on_line != NULL)
		self->options.on_line(self->line->str, self->options.on_line_data);
	return NULL;
}

/* The child's three descriptors; -1 = /dev/null. */
typedef struct {
	int in[2];
	int out[2];
	int err[2];
} Pipes;

static void
clear_pipes(Pipes *pipes)
{
	for (size_t i = 0; i < 2; i++) {
		bsc_io_clear_fd(&pipes->in[i]);
		bsc_io_clear_fd(&pipes->out[i]);
		bsc_io_clear_fd(&pipes->err[i]);
	}
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pipes, clear_pipes)

static gboolean
open_pipes(Pipes *pipes, const BscRunOptions *options, GError **error)
{
	if ((options->want_stdin && pipe2(pipes->in, O_CLOEXEC) < 0) ||
	    pipe2(pipes->out, O_CLOEXEC) < 0 ||
	    (!options->merge_stderr && pipe2(pipes->err, O_CLOEXEC) < 0))
		return bsc_error_set_errno(error, errno, "Failed to make a pipe");
	return TRUE;
}

static int
spawn(pid_t *pid, const char *path, const char *const *argv, const BscRunOptions *options,
      const Pipes *pipes)
{
	static const char *const empty[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	sigset_t all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						POSIX_SPAWN_SETSIGDEF);
	if (pipes->in[0] >= 0)
		posix_spawn_file_actions_adddup2(&actions, pipes->in[0], STDIN_FILENO);
	else
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipes->out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(
		&actions, pipes->err[1] >= 0 ? pipes->err[1] : pipes->out[1], STDERR_FILENO);
	posix_spawn_file_actions_addchdir_np(&actions,
					     options->working_dir ? options->working_dir : "/");
	r = posix_spawn(pid, path, &actions, &attr, (char *const *)argv,
			(char *const *)(options->env != NULL ? options->env : empty));
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return r;
}

static BscRun *
run_new(const char *name, pid_t pid, const BscRunOptions *options, Pipes *pipes)
{
	BscRun *self = g_new0(BscRun, 1);

	self->name = g_path_get_basename(name);
	self->pid = pid;
	self->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	self->stdin_fd = bsc_io_steal_fd(&pipes->in[1]);
	self->stdout_fd = bsc_io_steal_fd(&pipes->out[0]);
	self->stderr_fd = bsc_io_steal_fd(&pipes->err[0]);
	self->stdout_text = g_string_new(NULL);
	self->stderr_tail = g_string_new(NULL);
	self->line = g_string_new(NULL);
	self->options = *options;
	if (self->options.max_output_bytes == 0)
		self->options.max_output_bytes = DEFAULT_OUTPUT_BYTES;
	if (options->timeout_usec > 0)
		self->deadline_usec = g_get_monotonic_time() + options->timeout_usec;
	self->reader = g_thread_new("bsc-run", read_output, self);
	return self;
}

BscRun *
bsc_run_start(const char *const *argv, const BscRunOptions *options, GError **error)
{
	static const BscRunOptions defaults = {0};
	g_auto(Pipes) pipes = {{-1, -1}, {-1, -1}, {-1, -1}};
	g_autofree char *path = bsc_run_find_program(argv[0]);
	pid_t pid = 0;
	int r;

	if (options == NULL)
		options = &defaults;
	if (path == NULL) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			      "Program '%s' is not installed", argv[0]);
		return NULL;
	}
	if (!open_pipes(&pipes, options, error))
		return NULL;
	r = spawn(&pid, path, argv, options, &pipes);
	if (r != 0) {
		bsc_error_set_errno(error, r, "Failed to start '%s'", path);
		return NULL;
	}
	return run_new(argv[0], pid, options, &pipes);
}

int
bsc_run_get_stdin(BscRun *self)
{
	return self->stdin_fd;
}

gboolean
bsc_run_feed(BscRun *self, const void *data, size_t len, GError **error)
{
	const struct timespec now = {0};
	g_autoptr(GError) why = NULL;
	sigset_t pipe_only;
	sigset_t before;
	gboolean ok;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
	ok = bsc_io_write_all(self->stdin_fd, data, len, &why);
	/* The signal is this thread's own: taken away before it can be delivered. */
	if (!ok && !sigismember(&before, SIGPIPE))
		(void)sigtimedwait(&pipe_only, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ok || g_error_matches(why, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE))
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

static void
kill_group(BscRun *self)
{
	if (self->pid > 0)
		(void)kill(-self->pid, SIGKILL);
}

/* Whether the program has ended; leaves it to be reaped. */
static gboolean
has_ended(BscRun *self)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)self->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid != 0;
}

/* How long one poll may last, in milliseconds; -1 = for ever. */
static int
poll_time(BscRun *self)
{
	gint64 left = self->deadline_usec - g_get_monotonic_time();

	/* A kernel before 5.3 has no pidfd: look every now and then. */
	if (self->pid_fd < 0)
		return POLL_WITHOUT_PIDFD_MSEC;
	return self->deadline_usec == 0 ? -1 : (int)CLAMP(left / 1000 + 1, 0, G_MAXINT);
}

/* Waits for the end, or until patience is at its end; that is an error. */
static gboolean
wait_for_end(BscRun *self, int cancel_fd, GError **error)
{
	while (!has_ended(self)) {
		struct pollfd fds[] = {{.fd = self->pid_fd, .events = POLLIN},
				       {.fd = cancel_fd, .events = POLLIN}};

		if (poll(fds, G_N_ELEMENTS(fds), poll_time(self)) > 0 && fds[1].revents != 0)
			return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
					     "'%s' was cancelled", self->name);
		if (self->deadline_usec != 0 && g_get_monotonic_time() >= self->deadline_usec &&
		    !has_ended(self))
			return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
					     "'%s' did not end within %.1f s", self->name,
					     (double)self->options.timeout_usec / G_USEC_PER_SEC);
	}
	return TRUE;
}

/* Exit status as a shell tells it; *@out_signal is 0 unless a signal ended the program. */
static int
reap(BscRun *self, int *out_signal)
{
	int status = 0;

	/*
	 * What the program left behind in its group would hold the pipes open for ever. The
	 * program is not reaped yet, so that its number cannot be somebody else's by now.
	 */
	kill_group(self);
	while (waitpid(self->pid, &status, 0) < 0 && errno == EINTR)
		;
	self->pid = 0;
	g_thread_join(g_steal_pointer(&self->reader));
	*out_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static gboolean
set_failure(BscRun *self, int status, int signal_number, GError **error)
{
	g_autofree char *tail = NULL;

	if (self->options.merge_stderr)
		keep_stderr(self, self->stdout_text->str, self->stdout_text->len);
	tail = g_utf8_make_valid(self->stderr_tail->str, (gssize)self->stderr_tail->len);
	g_strdelimit(g_strstrip(tail), "\n", ' ');
	if (signal_number != 0)
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_FAILED,
				     "'%s' was ended by signal %d%s%s", self->name, signal_number,
				     *tail ? ": " : "", tail);
	return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			     "'%s' failed with exit status %d%s%s", self->name, status,
			     *tail ? ": " : "", tail);
}

gboolean
bsc_run_wait(BscRun *self, int *out_status, char **out_stdout, GCancellable *cancellable,
	     GError **error)
{
	GPollFD cancel = {.fd = -1};
	gboolean have_cancel =
		cancellable != NULL && g_cancellable_make_pollfd(cancellable, &cancel);
	gboolean ended;
	int signal_number = 0;
	int status;

	bsc_io_clear_fd(&self->stdin_fd);
	ended = wait_for_end(self, cancel.fd, error);
	if (have_cancel)
		g_cancellable_release_fd(cancellable);
	status = reap(self, &signal_number);
	if (out_status != NULL)
		*out_status = status;
	if (!ended)
		return FALSE;
	if (status != 0)
		return set_failure(self, status, signal_number, error);
	if (out_stdout != NULL)
		*out_stdout = g_strndup(self->stdout_text->str, self->stdout_text->len);
	return TRUE;
}

char *
bsc_run_get_complaint(const BscRun *self)
{
	const GString *text = self->options.merge_stderr ? self->stdout_text : self->stderr_tail;
	g_autofree char *words = g_utf8_make_valid(text->str, (gssize)text->len);
	const char *newline;

	g_strchomp(words);
	newline = strrchr(words, '\n');
	return g_strdup(newline != NULL ? newline + 1 : words);
}

void
bsc_run_free(BscRun *self)
{
	int signal_number = 0;

	if (self == NULL)
		return;
	bsc_io_clear_fd(&self->stdin_fd);
	if (self->pid > 0) {
		kill_group(self);
		(void)reap(self, &signal_number);
	}
	bsc_io_clear_fd(&self->pid_fd);
	g_string_free(self->stdout_text, TRUE);
	g_string_free(self->stderr_tail, TRUE);
	g_string_free(self->line, TRUE);
	g_free(self->name);
	g_free(self);
}

gboolean
bsc_run(const char *const *argv, const BscRunOptions *options, char **out_stdout,
	GCancellable *cancellable, GError **error)
{
	g_autoptr(BscRun) run = bsc_run_start(argv, options, error);

	if (run == NULL)
		return FALSE;
	return bsc_run_wait(run, NULL, out_stdout, cancellable, error);
}

gboolean
bsc_run_replace(const char *const *argv, GError **error)
{
	execv(argv[0], (char *const *)argv);
	return bsc_error_set_errno(error, errno, "Failed to run '%s'", argv[0]);
}
