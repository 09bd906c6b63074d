/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "bundle-tools/squashfs/squashfs-codec.h"

#include <gio/gio.h>

#ifdef HAVE_LZ4
#include <lz4.h>
#endif
#ifdef HAVE_LZMA
#include <lzma.h>
#endif
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"

/* Compressed bytes read at once where the library takes them piece by piece. */
#define PIECE_BYTES (128 * 1024)

/* Where the content of the block that is being decoded goes. */
typedef struct {
	uint8_t *data;
	size_t capacity;
	size_t len; /* written so far; all of it is known after the last piece */
} Output;

typedef struct {
	const char *name;
	uint16_t id;	       /* in the superblock */
	gboolean takes_pieces; /* feed() may be called more than once for a block */

	/* Makes the state of one decoder and says the most it will hold; %FALSE = no memory. */
	gboolean (*new_state)(uint32_t block_bytes, gpointer *out_state, uint64_t *out_bytes);
	void (*free_state)(gpointer state);
	/* Optional. Gets ready for a new block. */
	gboolean (*begin)(gpointer state);
	/* Returns %NULL on success, or words for what is wrong with the block. */
	const char *(*feed)(gpointer state, const uint8_t *in, size_t len, gboolean is_last,
			    Output *out);
} CodecOps;

struct _BscSquashfsCodec {
	const CodecOps *ops;
	gpointer state; /* owned */
	uint64_t state_bytes;
	uint8_t *input; /* owned; made at the first use */
	size_t input_bytes;
	uint32_t block_bytes;
};

#ifdef HAVE_ZLIB
/* What zlib's documentation gives for inflate: a window of 32 KiB and its own state. */
#define ZLIB_STATE_BYTES (48 * 1024)

static gboolean
gzip_new_state(uint32_t block_bytes, gpointer *out_state, uint64_t *out_bytes)
{
	g_autofree z_stream *stream = g_new0(z_stream, 1);

	if (inflateInit(stream) != Z_OK)
		return FALSE;
	*out_state = g_steal_pointer(&stream);
	*out_bytes = ZLIB_STATE_BYTES;
	return TRUE;
}

static void
gzip_free_state(gpointer state)
{
	inflateEnd(state);
	g_free(state);
}

static gboolean
gzip_begin(gpointer state)
{
	return inflateReset(state) == Z_OK;
}

static const char *
gzip_feed(gpointer state, const uint8_t *in, size_t len, gboolean is_last, Output *out)
{
	z_stream *stream = state;
	int rc;

	stream->next_in = (Bytef *)(uintptr_t)in;
	stream->avail_in = (uInt)len;
	stream->next_out = out->data + out->len;
	stream->avail_out = (uInt)(out->capacity - out->len);
	rc = inflate(stream, is_last ? Z_FINISH : Z_NO_FLUSH);
	out->len = out->capacity - stream->avail_out;
	if (rc == Z_STREAM_END || (rc == Z_OK && !is_last && stream->avail_in == 0))
		return NULL;
	if (rc == Z_BUF_ERROR || rc == Z_OK)
		return stream->avail_out == 0 ? "it holds more than it should" : "it is cut off";
	return stream->msg != NULL ? stream->msg : "it is no zlib data";
}

static const CodecOps gzip_ops = {
	.name = "gzip",
	.id = 1,
	.takes_pieces = TRUE,
	.new_state = gzip_new_state,
	.free_state = gzip_free_state,
	.begin = gzip_begin,
	.feed = gzip_feed,
};
#endif

#ifdef HAVE_LZMA
typedef struct {
	lzma_stream stream;
	uint64_t memory_limit;
} XzState;

/*
 * The dictionary is never larger than a block (8 KiB at least). The limit is what the largest
 * legal filter chain needs: a block that asks for more is refused instead of served.
 */
static uint64_t
get_xz_limit(uint32_t block_bytes)
{
	lzma_options_lzma lzma2 = {.dict_size = MAX(block_bytes, 8192), .lc = 3, .pb = 2};
	lzma_filter filters[] = {
		{.id = LZMA_FILTER_X86},
		{.id = LZMA_FILTER_LZMA2, .options = &lzma2},
		{.id = LZMA_VLI_UNKNOWN},
	};

	return lzma_raw_decoder_memusage(filters) + 64 * 1024;
}

static gboolean
xz_new_state(uint32_t block_bytes, gpointer *out_state, uint64_t *out_bytes)
{
	XzState *self = g_new0(XzState, 1);

	self->memory_limit = get_xz_limit(block_bytes);
	*out_state = self;
	*out_bytes = self->memory_limit;
	return TRUE;
}

static void
xz_free_state(gpointer state)
{
	XzState *self = state;

	lzma_end(&self->stream);
	g_free(self);
}

/* Starting again on the same stream keeps the dictionary's memory. */
static gboolean
xz_begin(gpointer state)
{
	XzState *self = state;

	return lzma_stream_decoder(&self->stream, self->memory_limit, 0) == LZMA_OK;
}

static const char *
describe_xz_failure(lzma_ret rc, size_t room)
{
	if (rc == LZMA_MEMLIMIT_ERROR)
		return "it wants a dictionary larger than a block";
	if (rc == LZMA_OPTIONS_ERROR)
		return "it uses a filter that liblzma does not know";
	if (rc == LZMA_FORMAT_ERROR)
		return "it is no xz data";
	if (rc == LZMA_OK || rc == LZMA_BUF_ERROR)
		return room == 0 ? "it holds more than it should" : "it is cut off";
	return "the xz data is damaged";
}

static const char *
xz_feed(gpointer state, const uint8_t *in, size_t len, gboolean is_last, Output *out)
{
	lzma_stream *stream = &((XzState *)state)->stream;
	lzma_ret rc;

	stream->next_in = in;
	stream->avail_in = len;
	stream->next_out = out->data + out->len;
	stream->avail_out = out->capacity - out->len;
	rc = lzma_code(stream, is_last ? LZMA_FINISH : LZMA_RUN);
	out->len = out->capacity - stream->avail_out;
	if (rc == LZMA_STREAM_END || (rc == LZMA_OK && !is_last && stream->avail_in == 0))
		return NULL;
	return describe_xz_failure(rc, stream->avail_out);
}

static const CodecOps xz_ops = {
	.name = "xz",
	.id = 4,
	.takes_pieces = TRUE,
	.new_state = xz_new_state,
	.free_state = xz_free_state,
	.begin = xz_begin,
	.feed = xz_feed,
};
#endif

#ifdef HAVE_LZ4
/* The raw block format needs no state. */
static gboolean
lz4_new_state(uint32_t block_bytes, gpointer *out_state, uint64_t *out_bytes)
{
	*out_state = NULL;
	*out_bytes = 0;
	return TRUE;
}

static void
lz4_free_state(gpointer state)
{
}

static const char *
lz4_feed(gpointer state, const uint8_t *in, size_t len, gboolean is_last, Output *out)
{
	int n = LZ4_decompress_safe((const char *)in, (char *)out->data, (int)len,
				    (int)out->capacity);

	if (n < 0)
		return "the lz4 data is damaged or holds more than it should";
	out->len = (size_t)n;
	return NULL;
}

static const CodecOps lz4_ops = {
	.name = "lz4",
	.id = 5,
	.new_state = lz4_new_state,
	.free_state = lz4_free_state,
	.feed = lz4_feed,
};
#endif

#ifdef HAVE_ZSTD
static gboolean
zstd_new_state(uint32_t block_bytes, gpointer *out_state, uint64_t *out_bytes)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();

	if (context == NULL)
		return FALSE;
	*out_state = context;
	*out_bytes = ZSTD_sizeof_DCtx(context);
	return TRUE;
}

static void
zstd_free_state(gpointer state)
{
	ZSTD_freeDCtx(state);
}

static const char *
zstd_feed(gpointer state, const uint8_t *in, size_t len, gboolean is_last, Output *out)
{
	size_t n = ZSTD_decompressDCtx(state, out->data, out->capacity, in, len);

	if (ZSTD_isError(n))
		return ZSTD_getErrorName(n);
	out->len = n;
	return NULL;
}

static const CodecOps zstd_ops = {
	.name = "zstd",
	.id = 6,
	.new_state = zstd_new_state,
	.free_state = zstd_free_state,
	.feed = zstd_feed,
};
#endif

static const CodecOps *const codecs[] = {
#ifdef HAVE_ZLIB
	&gzip_ops,
#endif
#ifdef HAVE_LZMA
	&xz_ops,
#endif
#ifdef HAVE_LZ4
	&lz4_ops,
#endif
#ifdef HAVE_ZSTD
	&zstd_ops,
#endif
	NULL,
};

/* The format's names, also of those that are not read. */
static const char *const codec_names[] = {NULL, "gzip", "lzma", "lzo", "xz", "lz4", "zstd"};

static const CodecOps *
lookup_ops(uint16_t id, GError **error)
{
	for (size_t i = 0; codecs[i] != NULL; i++)
		if (codecs[i]->id == id)
			return codecs[i];
	if (id == 0 || id >= G_N_ELEMENTS(codec_names))
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_FORMAT,
			      "The squashfs names compression %u, which does not exist", id);
	else
		bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_UNSUPPORTED,
			      "The squashfs is compressed with %s, which this program cannot "
			      "read; make it with another compression, for example zstd",
			      codec_names[id]);
	return NULL;
}

BscSquashfsCodec *
bsc_squashfs_codec_new(uint16_t id, uint32_t block_bytes, GError **error)
{
	const CodecOps *ops = lookup_ops(id, error);
	BscSquashfsCodec *self;
	gpointer state;
	uint64_t state_bytes;

	if (ops == NULL)
		return NULL;
	if (!ops->new_state(block_bytes, &state, &state_bytes)) {
		bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			      "Failed to make a %s decoder: no memory", ops->name);
		return NULL;
	}
	self = g_new0(BscSquashfsCodec, 1);
	self->ops = ops;
	self->block_bytes = block_bytes;
	self->input_bytes = ops->takes_pieces ? MIN(block_bytes, PIECE_BYTES) : block_bytes;
	self->state = state;
	self->state_bytes = state_bytes;
	return self;
}

void
bsc_squashfs_codec_free(BscSquashfsCodec *self)
{
	if (self == NULL)
		return;
	self->ops->free_state(self->state);
	g_free(self->input);
	g_free(self);
}

const char *
bsc_squashfs_codec_get_name(const BscSquashfsCodec *self)
{
	return self->ops->name;
}

uint64_t
bsc_squashfs_codec_get_bytes(const BscSquashfsCodec *self)
{
	return sizeof *self + self->state_bytes + self->input_bytes;
}

static gboolean
begin_block(BscSquashfsCodec *self, GError **error)
{
	if (self->ops->begin == NULL || self->ops->begin(self->state))
		return TRUE;
	return bsc_error_set(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			     "Failed to start the %s decoder: no memory", self->ops->name);
}

static gboolean
feed_block(BscSquashfsCodec *self, const uint8_t *in, size_t len, gboolean is_last, Output *out,
	   GError **error)
{
	const char *why = self->ops->feed(self->state, in, len, is_last, out);

	if (why == NULL)
		return TRUE;
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT,
			     "A %s block is damaged: %s", self->ops->name, why);
}

gboolean
bsc_squashfs_codec_decode(BscSquashfsCodec *self, const uint8_t *in, size_t in_len, uint8_t *out,
			  size_t out_capacity, size_t *out_len, GError **error)
{
	Output output = {.data = out, .capacity = out_capacity};

	if (!begin_block(self, error) || !feed_block(self, in, in_len, TRUE, &output, error))
		return FALSE;
	*out_len = output.len;
	return TRUE;
}

gboolean
bsc_squashfs_codec_decode_at(BscSquashfsCodec *self, BscByteSource *source, uint64_t offset,
			     size_t len, uint8_t *out, size_t out_capacity, size_t *out_len,
			     GError **error)
{
	Output output = {.data = out, .capacity = out_capacity};

	g_return_val_if_fail(len <= self->block_bytes, FALSE);
	if (self->input == NULL)
		self->input = g_malloc(self->input_bytes);
	if (!begin_block(self, error))
		return FALSE;
	for (size_t done = 0, n; done < len; done += n) {
		n = MIN(len - done, self->input_bytes);
		if (!bsc_byte_source_read_at(source, offset + done, self->input, n, error) ||
		    !feed_block(self, self->input, n, done + n == len, &output, error))
			return FALSE;
	}
	*out_len = output.len;
	return TRUE;
}
