/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/write/writer-ops.h - what is asked of a slot writer, and the vtable of one */
#pragma once

#include "bundle-tools/source/byte-source.h"
#include "installer/system/slot.h"

#include <gio/gio.h>
#include <stdint.h>

/* What is read back from the medium after the last flush. */
typedef enum {
	BSC_WRITE_VERIFY_WRITTEN, /* everything that was written or zeroed */
	BSC_WRITE_VERIFY_ALL,	  /* the whole image, parts that were there already too */
	BSC_WRITE_VERIFY_OFF,
	BSC_WRITE_VERIFY_N,
} BscWriteVerify;

typedef enum {
	BSC_WRITE_PHASE_COPY,	/* reading, hashing and writing the image */
	BSC_WRITE_PHASE_VERIFY, /* reading back from the medium */
} BscWritePhase;

/*
 * Bytes of @total done in this phase. The copy comes first, with the image's size as @total; a
 * read-back may follow, whose @total is what has to be read. Called at least every 100 ms of work,
 * with growing @done, in the thread that called the writer.
 */
typedef void (*BscWriteProgressFunc)(BscWritePhase phase, uint64_t done, uint64_t total,
				     gpointer data);

/* One image into one slot. Everything is borrowed for the call; zero is the default. */
typedef struct {
	const BscSlot *slot;
	const char *image_type; /* `raw`, `ext4`, `vfat`, `squashfs`, `tar` */
	const char *image_name; /* (nullable): file name, for messages */
	const uint8_t *sha256; /* (nullable): what the manifest says, 32 bytes; else not compared */
	BscWriteVerify verify;
	uint64_t memory_bytes;	      /* budget of buffers and readers together; 0 = 8 MiB */
	unsigned workers;	      /* threads that read the image; 0 = one for each core */
	uint64_t worker_bytes;	      /* memory that reading the image costs in each such thread */
	const char *mount_prefix;     /* where archives' slots are mounted: PREFIX/SLOTNAME */
	gboolean allow_lossy_archive; /* unpack also where tar cannot keep all an archive holds */
	BscWriteProgressFunc on_progress; /* (nullable) */
	gpointer progress_data;
} BscWriteRequest;

/* What a write did. All in bytes; written + equal + zeroed = total for block copies. */
typedef struct {
	uint64_t bytes_total;	 /* the image */
	uint64_t bytes_written;	 /* that differed and were written */
	uint64_t bytes_equal;	 /* that the slot held already, zeros too */
	uint64_t bytes_zeroed;	 /* that were made zeros without writing them */
	uint64_t bytes_verified; /* that were read back and compared */
	uint8_t sha256[32];	 /* of the image as it was read */
} BscWriteReport;

/*
 * A writer takes any byte source to one kind of destination. Runs in the caller's thread, may
 * start threads of its own, which end before it returns. On failure the slot is unusable: it
 * does not begin with the image's first block.
 */
typedef struct {
	const char *name; /* for messages: "raw", "archive" */

	/* Optional. Fails with %BSC_WRITE_ERROR_TOO_SMALL if @size_bytes do not fit @slot. */
	gboolean (*check_fit)(const BscSlot *slot, uint64_t size_bytes, GError **error);

	/* Writes @image as @request asks; the request is complete and the pair fits. */
	gboolean (*write)(BscByteSource *image, const BscWriteRequest *request,
			  BscWriteReport *out_report, GCancellable *cancellable, GError **error);
} BscWriterOps;
