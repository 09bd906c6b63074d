/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/archive-tar.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/hex.h"
#include "common/run.h"
#include "installer/write/write-error.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define HEAD_BYTES   512
#define CHUNK_BYTES  (256 * 1024)
#define TICK_USEC    (50 * 1000)
#define USTAR_OFFSET 257
#define HELP_BYTES   (256 * 1024)

const char *
bsc_archive_tar_get_filter(const uint8_t *head, size_t len)
{
	static const struct {
		const char *magic;
		size_t len;
		size_t offset;
		const char *option;
	} filters[] = {
		{"ustar", 5, USTAR_OFFSET, ""},
		{"\x1f\x8b", 2, 0, "--gzip"},
		{"BZh", 3, 0, "--bzip2"},
		{"\xfd"
		 "7zXZ\0",
		 6, 0, "--xz"},
		{"\x28\xb5\x2f\xfd", 4, 0, "--zstd"},
		{"LZIP", 4, 0, "--lzip"},
		{"\x89LZO", 4, 0, "--lzop"},
		{"\x1f\x9d", 2, 0, "--uncompress"},
		{"\x5d\0\0", 3, 0, "--lzma"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(filters); i++)
		if (len >= filters[i].offset + filters[i].len &&
		    memcmp(head + filters[i].offset, filters[i].magic, filters[i].len) == 0)
			return filters[i].option;
	return NULL;
}

gboolean
bsc_archive_tar_is_loss(const char *line)
{
	static const char unknown[] = "Ignoring unknown extended header keyword '";
	/* bsdtar repeats attributes in a form of its own and notes where files lay. */
	static const char *const harmless[] = {"LIBARCHIVE.",  "SCHILY.dev",	  "SCHILY.ino",
					       "SCHILY.nlink", "SCHILY.realsize", "comment"};
	const char *word = strstr(line, unknown);

	if (word == NULL)
		return strstr(line, "Cannot set ") != NULL ||
		       strstr(line, "support is not available") != NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(harmless); i++)
		if (g_str_has_prefix(word + strlen(unknown), harmless[i]))
			return FALSE;
	return TRUE;
}

/* What tar says while it runs; filled by the thread that reads its output. */
typedef struct {
	char *loss;  /* the first line that tells of one */
	char *first; /* the first line of all */
	gboolean is_full;
} Words;

static void
clear_words(Words *self)
{
	g_free(self->loss);
	g_free(self->first);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, clear_words)

static void
on_line(const char *line, gpointer data)
{
	Words *self = data;

	if (self->first == NULL)
		self->first = g_strdup(line);
	if (self->loss == NULL && bsc_archive_tar_is_loss(line))
		self->loss = g_strdup(line);
	/* tar's own words (it runs with LC_ALL=C): nothing fitted, or only a part */
	if (strstr(line, "No space left on device") != NULL || strstr(line, "Wrote only ") != NULL)
		self->is_full = TRUE;
}

static const char *const tar_env[] = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};

/* Options that the tar of this device knows; the words of --help are what every tar has. */
static gboolean
add_keep_options(GPtrArray *argv, const BscWriteRequest *request, GError **error)
{
	static const char *const keep[] = {"--xattrs", "--xattrs-include", "--acls", "--selinux"};
	const char *help_argv[] = {"tar", "--help", NULL};
	BscRunOptions options = {
		.env = tar_env,
		.max_output_bytes = HELP_BYTES,
		.merge_stderr = TRUE,
	};
	g_autofree char *help = NULL;

	if (!bsc_run(help_argv, &options, &help, NULL, NULL))
		help = g_strdup("");
	for (size_t i = 0; i < G_N_ELEMENTS(keep); i++) {
		if (strstr(help, keep[i]) != NULL)
			g_ptr_array_add(argv, g_strconcat(keep[i], i == 1 ? "=*" : NULL, NULL));
		else if (i < 2 && !request->allow_lossy_archive)
			return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_NO_WRITER,
					     "The 'tar' of this system would lose extended "
					     "attributes (it does not know %s); install GNU tar",
					     keep[i]);
	}
	return TRUE;
}

static GPtrArray *
make_argv(const char *filter, const char *dir, const BscWriteRequest *request, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);

	for (const char *const *word =
		     (const char *const[]){"tar", "-x", "-f", "-", "-C", dir, NULL};
	     *word != NULL; word++)
		g_ptr_array_add(argv, g_strdup(*word));
	g_ptr_array_add(argv, g_strdup("--numeric-owner"));
	if (*filter != '\0')
		g_ptr_array_add(argv, g_strdup(filter));
	if (g_str_equal(request->slot->type, "vfat")) {
		/* It has neither owners nor modes nor attributes to keep. */
		g_ptr_array_add(argv, g_strdup("--no-same-owner"));
		g_ptr_array_add(argv, g_strdup("--no-same-permissions"));
	} else if (!add_keep_options(argv, request, error)) {
		return NULL;
	}
	g_ptr_array_add(argv, NULL);
	return g_steal_pointer(&argv);
}

static const char *
detect(BscByteSource *image, GError **error)
{
	uint8_t head[HEAD_BYTES];
	size_t len = MIN(sizeof(head), bsc_byte_source_get_size(image));
	const char *filter;

	if (!bsc_byte_source_read_at(image, 0, head, len, error))
		return NULL;
	filter = bsc_archive_tar_get_filter(head, len);
	if (filter == NULL)
		bsc_error_set(
			error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_NO_WRITER,
			"The image is no tar archive, neither plain nor compressed in a known "
			"way; check 'type' of the image in the manifest");
	return filter;
}

/* The archive on its way into tar. */
typedef struct {
	BscByteSource *image;
	const BscWriteRequest *request;
	GCancellable *cancellable;
	BscDigest *digest;
	uint8_t *buf;
	int fd;
	gboolean is_deaf; /* tar reads no more: it has all it wants, or failed; its status tells */
	gint64 last_tick_usec;
} Feed;

static void
feed_tar(Feed *self, const uint8_t *data, size_t len)
{
	while (len > 0 && !self->is_deaf) {
		ssize_t n = write(self->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			self->is_deaf = TRUE;
			return;
		}
		data += n;
		len -= (size_t)n;
	}
}

static gboolean
tick(Feed *self, uint64_t done, uint64_t total, GError **error)
{
	gint64 now = g_get_monotonic_time();

	if (g_cancellable_is_cancelled(self->cancellable))
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
				     "Cancelled while unpacking; the slot is not usable until an "
				     "installation into it succeeds");
	if (self->request->on_progress == NULL ||
	    (now - self->last_tick_usec < TICK_USEC && done != total))
		return TRUE;
	self->last_tick_usec = now;
	self->request->on_progress(BSC_WRITE_PHASE_COPY, done, total, self->request->progress_data);
	return TRUE;
}

static gboolean
feed_all(Feed *self, GError **error)
{
	uint64_t size = bsc_byte_source_get_size(self->image);
	size_t len = 0;

	for (uint64_t offset = 0; offset < size; offset += len) {
		len = MIN(CHUNK_BYTES, size - offset);
		if (!bsc_byte_source_read_at(self->image, offset, self->buf, len, error))
			return FALSE;
		bsc_digest_update(self->digest, self->buf, len);
		feed_tar(self, self->buf, len);
		if (!tick(self, offset + len, size, error))
			return FALSE;
	}
	return TRUE;
}

/* A tar that ends early must not end us by SIGPIPE. */
static gboolean
feed_quietly(Feed *self, GError **error)
{
	const struct timespec now = {0};
	sigset_t pipe_only;
	sigset_t before;
	gboolean ok;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
	ok = feed_all(self, error);
	if (self->is_deaf && !sigismember(&before, SIGPIPE))
		(void)sigtimedwait(&pipe_only, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ok;
}

static gboolean
check_digest(const uint8_t *is, const uint8_t *should, GError **error)
{
	g_autofree char *is_hex = bsc_hex_encode(is, BSC_DIGEST_LEN);
	g_autofree char *should_hex = NULL;

	if (should == NULL || memcmp(is, should, BSC_DIGEST_LEN) == 0)
		return TRUE;
	should_hex = bsc_hex_encode(should, BSC_DIGEST_LEN);
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT,
			     "The archive has the SHA-256 %s, the manifest says %s; build the "
			     "bundle again from the right archive",
			     is_hex, should_hex);
}

static gboolean
judge(const Words *words, const GError *why, const BscWriteRequest *request, GError **error)
{
	if (words->is_full)
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_TOO_SMALL,
				     "The content of the archive does not fit into the slot's file "
				     "system; build a smaller one");
	if (why != NULL && g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", why->message);
	if (words->loss != NULL && !request->allow_lossy_archive)
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_NO_WRITER,
				     "Unpacking would lose something the archive holds ('%s'); use "
				     "a file system and a tar that keep it, or archive without it",
				     words->loss);
	if (why != NULL)
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
				     "Failed to unpack the archive: %s (%s)", why->message,
				     words->first != NULL ? words->first : "no words");
	return TRUE;
}

/* The digest decides before tar's opinion: of a wrong archive nothing else matters. */
static gboolean
run_tar(Feed *feed, const char *const *argv, uint8_t *out_sha256, GError **error)
{
	g_auto(Words) words = {0};
	BscRunOptions options = {
		.env = tar_env,
		.want_stdin = TRUE,
		.merge_stderr = TRUE,
		.on_line = on_line,
		.on_line_data = &words,
	};
	g_autoptr(BscRun) run = bsc_run_start(argv, &options, error);
	g_autoptr(GError) why = NULL;

	if (run == NULL)
		return FALSE;
	feed->fd = bsc_run_get_stdin(run);
	(void)fcntl(feed->fd, F_SETPIPE_SZ, CHUNK_BYTES);
	if (!feed_quietly(feed, error)) {
		g_clear_pointer(&run, bsc_run_free);
		return FALSE;
	}
	bsc_digest_finish(feed->digest, out_sha256);
	(void)bsc_run_wait(run, NULL, NULL, feed->cancellable, &why);
	return check_digest(out_sha256, feed->request->sha256, error) &&
	       judge(&words, why, feed->request, error);
}

gboolean
bsc_archive_tar_unpack(BscByteSource *image, const char *dir, const BscWriteRequest *request,
		       uint8_t *out_sha256, GCancellable *cancellable, GError **error)
{
	const char *filter = detect(image, error);
	g_autoptr(GPtrArray) argv = NULL;
	g_autoptr(BscDigest) digest = bsc_digest_new();
	g_autofree uint8_t *buf = g_malloc(CHUNK_BYTES);
	Feed feed = {
		.image = image,
		.request = request,
		.cancellable = cancellable,
		.digest = digest,
		.buf = buf,
	};

	if (filter == NULL)
		return FALSE;
	argv = make_argv(filter, dir, request, error);
	return argv != NULL && run_tar(&feed, (const char *const *)argv->pdata, out_sha256, error);
}
