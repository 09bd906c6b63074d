/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/image-copy.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/error.h"
#include "common/hex.h"
#include "installer/write/copy-pipeline.h"
#include "installer/write/read-back.h"
#include "installer/write/write-error.h"

#include <string.h>

static BscCopyPlan
make_plan(BscByteSource *image, const BscDevice *device, const BscWriteRequest *request)
{
	BscCopyPlanInput input = {
		.source_block_bytes = bsc_byte_source_get_block(image),
		.unit_bytes = device->unit_bytes,
		.memory_bytes = request->memory_bytes,
		.worker_bytes = request->worker_bytes,
		.workers = request->workers,
		.cores = g_get_num_processors(),
	};
	BscCopyPlan plan = bsc_copy_plan_make(&input);

	g_debug("%u threads, %u of them may read, %u chunks of %u bytes, %" G_GUINT64_FORMAT
		" bytes in all",
		plan.n_threads, plan.n_readers, plan.n_chunks, plan.chunk_bytes,
		bsc_copy_plan_get_memory(&plan, input.worker_bytes));
	return plan;
}

/* One copy from its first to its last step. */
typedef struct {
	BscCopyJob job;
	const BscWriteRequest *request;
	BscCopyPipeline *pipeline;
} ImageCopy;

static gboolean
check_digest(const BscCopyJob *job, const BscWriteRequest *request, GError **error)
{
	g_autofree char *is = bsc_hex_encode(job->sha256, BSC_DIGEST_LEN);
	g_autofree char *should = NULL;

	if (request->sha256 == NULL || memcmp(request->sha256, job->sha256, BSC_DIGEST_LEN) == 0)
		return TRUE;
	should = bsc_hex_encode(request->sha256, BSC_DIGEST_LEN);
	return bsc_error_set(error, BSC_BUNDLE_ERROR, BSC_BUNDLE_ERROR_CORRUPT,
			     "The image has the SHA-256 %s, the manifest says %s; build the bundle "
			     "again from the right image",
			     is, should);
}

static gboolean
step_clear(ImageCopy *self, GError **error)
{
	return bsc_device_clear_first(self->job.device, error);
}

static gboolean
step_store(ImageCopy *self, GError **error)
{
	self->pipeline = bsc_copy_pipeline_start(&self->job, error);
	return self->pipeline != NULL && bsc_copy_pipeline_wait_stored(self->pipeline, error);
}

static gboolean
step_flush(ImageCopy *self, GError **error)
{
	return bsc_device_flush(self->job.device, error);
}

static gboolean
step_read_back(ImageCopy *self, GError **error)
{
	return self->job.verify == BSC_WRITE_VERIFY_OFF || self->job.verify_bytes == 0 ||
	       bsc_read_back_run(&self->job, error);
}

static gboolean
step_hash(ImageCopy *self, GError **error)
{
	return bsc_copy_pipeline_wait_hashed(self->pipeline, error) &&
	       check_digest(&self->job, self->request, error);
}

static gboolean
check_first_unit(BscCopyJob *job, size_t padded, GError **error)
{
	uint8_t *there;
	gboolean ok;

	if (job->verify == BSC_WRITE_VERIFY_OFF)
		return TRUE;
	there = g_aligned_alloc(1, job->device->unit_bytes, job->device->unit_bytes);
	bsc_device_drop_cache(job->device);
	ok = bsc_device_read(job->device, there, padded, 0, error);
	if (ok && memcmp(there, job->first_unit, padded) != 0)
		ok = bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_DEVICE,
				   "What was read back from the first block is not what was "
				   "written; the medium or its driver loses data, replace it");
	g_aligned_free(there);
	job->verified_bytes += job->first_len;
	return ok;
}

/*
 * A power cut before the flush leaves the old zeros or the whole unit (one device block, or a few
 * that no file system reads apart), behind which everything is durable already.
 */
static gboolean
step_first_unit(ImageCopy *self, GError **error)
{
	BscCopyJob *job = &self->job;
	BscCopyItem item = {.len = job->first_len};
	uint8_t *window_data = g_aligned_alloc(1, job->device->unit_bytes, job->device->unit_bytes);
	BscCopyStoreWindow window = {.data = window_data, .len_bytes = job->device->unit_bytes};
	uint64_t align = job->device->align_bytes;
	size_t padded =
		(size_t)MIN((job->first_len + align - 1) / align * align, job->device->size_bytes);
	BscCopyState state;
	gboolean ok;

	ok = bsc_copy_store_data(job->device, &item, job->first_unit, &window, &job->counts, &state,
				 error);
	g_aligned_free(window_data);
	return ok && bsc_device_flush(job->device, error) && check_first_unit(job, padded, error);
}

/*
 * The order is what a power cut, a wrong image and a bad medium are met by: nothing makes the slot
 * usable but the last step. Flush and read-back go on while the rest is hashed.
 */
static const struct {
	const char *name;
	gboolean (*run)(ImageCopy *self, GError **error);
} steps[] = {
	{"clear", step_clear},	       {"store", step_store}, {"flush", step_flush},
	{"read-back", step_read_back}, {"hash", step_hash},   {"first block", step_first_unit},
};

static gboolean
run_steps(ImageCopy *self, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		gint64 begin = g_get_monotonic_time();

		if (!steps[i].run(self, error))
			return FALSE;
		g_debug("%s: %" G_GINT64_FORMAT " ms", steps[i].name,
			(g_get_monotonic_time() - begin) / 1000);
	}
	return TRUE;
}

static void
fill_report(const BscCopyJob *job, BscWriteReport *out_report)
{
	*out_report = (BscWriteReport){
		.bytes_total = bsc_byte_source_get_size(job->image),
		.bytes_written = job->counts.written,
		.bytes_equal = job->counts.equal,
		.bytes_zeroed = job->counts.zeroed,
		.bytes_verified = job->verified_bytes,
	};
	memcpy(out_report->sha256, job->sha256, BSC_DIGEST_LEN);
}

gboolean
bsc_image_copy_run(BscByteSource *image, BscDevice *device, const BscWriteRequest *request,
		   BscWriteReport *out_report, GCancellable *cancellable, GError **error)
{
	g_autoptr(BscCopyRecord) record = bsc_copy_record_new();
	ImageCopy self = {
		.request = request,
		.job =
			{
				.image = image,
				.device = device,
				.plan = make_plan(image, device, request),
				.record = record,
				.verify = request->verify,
				.on_progress = request->on_progress,
				.progress_data = request->progress_data,
				.cancellable = cancellable,
			},
	};
	gboolean ok;

	if (!bsc_device_check_fit(device, bsc_byte_source_get_size(image), error))
		return FALSE;
	g_mutex_init(&self.job.lock);
	self.job.first_unit = g_aligned_alloc0(1, device->unit_bytes, device->unit_bytes);
	ok = run_steps(&self, error);
	bsc_copy_pipeline_free(self.pipeline);
	if (ok)
		fill_report(&self.job, out_report);
	g_aligned_free(self.job.first_unit);
	g_mutex_clear(&self.job.lock);
	return ok;
}
