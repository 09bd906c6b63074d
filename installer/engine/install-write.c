/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/install-write.h"

#include "bundle-tools/squashfs/squashfs.h"
#include "common/clock.h"
#include "common/hex.h"
#include "installer/engine/install-events.h"
#include "installer/write/slot-writer.h"

#include <string.h>

/* Share of an image's step that is the copy when it is read back afterwards. */
#define COPY_SHARE 0.8

static void
on_write_progress(BscWritePhase phase, uint64_t done, uint64_t total, gpointer data)
{
	BscInstallContext *self = data;
	double share = total > 0 ? (double)done / (double)total : 0;

	if (phase == BSC_WRITE_PHASE_COPY)
		bsc_progress_update(self->progress, share * self->copy_share,
				    self->bytes_before + done);
	else
		bsc_progress_update(self->progress,
				    self->copy_share + share * (1 - self->copy_share), 0);
}

static BscWriteRequest
make_write_request(BscInstallContext *self, const BscInstallPlanImage *planned)
{
	const BscSystemConfig *config = bsc_system_handle_get_config(self->system);
	BscWriteRequest request = {
		.slot = planned->slot,
		.image_type = planned->image->type,
		.image_name = planned->image->filename,
		.sha256 = planned->image->has_sha256 ? planned->image->sha256 : NULL,
		.memory_bytes = bsc_install_context_get_memory(self) / 4 * 3,
		.workers = (unsigned)config->workers,
		.worker_bytes = bsc_squashfs_get_worker_bytes(self->bundle->squashfs),
		.mount_prefix = bsc_system_handle_get_mount_prefix(self->system),
		.on_progress = on_write_progress,
		.progress_data = self,
	};

	/* the word was checked when the configuration was loaded */
	(void)bsc_slot_writer_verify_from_string(config->verify_written, &request.verify);
	self->copy_share = request.verify == BSC_WRITE_VERIFY_OFF ? 1 : COPY_SHARE;
	return request;
}

static void
add_report(BscInstallContext *self, const BscInstallPlanImage *planned,
	   const BscWriteReport *report)
{
	BscInstallSlotReport *kept = g_new0(BscInstallSlotReport, 1);

	kept->slot_name = g_strdup(planned->slot->name);
	kept->image_name = g_strdup(planned->image->filename);
	kept->skipped = planned->skip;
	kept->bytes_total = report->bytes_total;
	kept->bytes_written = report->bytes_written;
	kept->bytes_equal = report->bytes_equal;
	kept->bytes_zeroed = report->bytes_zeroed;
	kept->bytes_verified = report->bytes_verified;
	g_ptr_array_add(self->result->slots, kept);
}

static void
tell_slot_written(BscInstallContext *self, const BscInstallPlanImage *planned,
		  const BscWriteReport *report)
{
	g_autofree char *written = g_strdup_printf("%" G_GUINT64_FORMAT, report->bytes_written);
	g_autofree char *equal = g_strdup_printf("%" G_GUINT64_FORMAT, report->bytes_equal);

	add_report(self, planned, report);
	bsc_event(bsc_install_events_get(planned->skip ? BSC_INSTALL_EVENT_SLOT_SKIPPED
						       : BSC_INSTALL_EVENT_SLOT_WRITTEN),
		  "BSC_SLOT", planned->slot->name, "BSC_IMAGE", planned->image->filename,
		  "BSC_BYTES", written, "BSC_BYTES_EQUAL", equal, "BSC_JOB",
		  self->record->transaction_id, "BSC_MANIFEST_HASH", self->bundle->manifest_hash,
		  "BSC_BUNDLE_VERSION", self->bundle->manifest->version, NULL);
}

/*
 * Now, but at least a second after every other installation on record: slots rotate by these
 * times, also where two installations share a second or the clock starts at 1970 after each boot.
 */
static char *
make_timestamp(const BscInstallContext *self)
{
	gint64 usec = bsc_clock_now_usec();

	for (guint i = 0; i < self->statuses->len; i++) {
		const BscSlotStatus *status = self->statuses->pdata[i];
		g_autoptr(GDateTime) other =
			status->installed_timestamp
				? g_date_time_new_from_iso8601(status->installed_timestamp, NULL)
				: NULL;

		if (other)
			usec = MAX(usec, (g_date_time_to_unix(other) + 1) * G_USEC_PER_SEC);
	}
	return bsc_clock_format_utc(usec);
}

/* The record of a slot that now holds @planned's image, proved by reading it back. */
static void
fill_status(BscInstallContext *self, const BscInstallPlanImage *planned, const uint8_t *sha256)
{
	const BscManifest *manifest = self->bundle->manifest;
	BscSlotStatus *status = bsc_install_context_get_status(self, planned->slot);
	g_autofree char *installed = NULL;

	bsc_install_context_set_word(&status->bundle_compatible, manifest->compatible);
	bsc_install_context_set_word(&status->bundle_version, manifest->version);
	bsc_install_context_set_word(&status->bundle_description, manifest->description);
	bsc_install_context_set_word(&status->bundle_build, manifest->build);
	bsc_install_context_set_word(&status->bundle_hash, self->bundle->manifest_hash);
	bsc_install_context_set_word(&status->status, BSC_SLOT_STATUS_OK);
	g_free(status->sha256);
	status->sha256 = sha256 ? bsc_hex_encode(sha256, 32) : NULL;
	status->size_bytes = planned->image->size_bytes;
	bsc_install_context_set_word(&status->installed_transaction, self->record->transaction_id);
	installed = make_timestamp(self);
	g_free(status->installed_timestamp);
	status->installed_timestamp = g_steal_pointer(&installed);
	status->installed_count++;
	status->signing_time_usec = self->bundle->signer->signing_time_usec;
}

/* The image by the writer, or by the bundle's install hook in its place. */
static gboolean
put_image(BscInstallContext *self, const BscInstallPlanImage *planned, BscWriteReport *out_report,
	  GError **error)
{
	BscWriteRequest request = make_write_request(self, planned);
	g_autoptr(BscByteSource) image = NULL;

	if (bsc_manifest_image_has_hook(planned->image, "install")) {
		out_report->bytes_total = planned->image->size_bytes;
		memcpy(out_report->sha256, planned->image->sha256, sizeof(out_report->sha256));
		return bsc_hooks_run_slot(self->hooks, "install", planned, self->cancellable,
					  error);
	}
	image = bsc_bundle_open_image(self->bundle, planned->image, error);
	return image &&
	       bsc_slot_writer_write(image, &request, out_report, self->cancellable, error);
}

static gboolean
write_image(BscInstallContext *self, const BscInstallPlanImage *planned, GError **error)
{
	BscWriteReport report = {0};

	if (!bsc_hooks_run_slot(self->hooks, "pre-install", planned, self->cancellable, error) ||
	    !put_image(self, planned, &report, error) ||
	    !bsc_hooks_run_slot(self->hooks, "post-install", planned, self->cancellable, error))
		return FALSE;
	fill_status(self, planned, planned->image->has_sha256 ? report.sha256 : NULL);
	tell_slot_written(self, planned, &report);
	self->bytes_before += planned->image->size_bytes;
	return TRUE;
}

static gboolean
install_image(BscInstallContext *self, const BscInstallPlanImage *planned, GError **error)
{
	const BscWriteReport nothing = {.bytes_total = planned->image->size_bytes};
	const BscSlot *slot = planned->slot;

	bsc_progress_begin(self->progress, 1, 0, "Checking slot %s%s%s%s", slot->name,
			   slot->bootname ? " (" : "", slot->bootname ? slot->bootname : "",
			   slot->bootname ? ")" : "");
	bsc_progress_end(self->progress, TRUE);
	if (planned->skip) {
		bsc_progress_begin(self->progress, 9, 0, "Copying image skipped");
		tell_slot_written(self, planned, &nothing);
	} else {
		bsc_progress_begin(self->progress, 9, 0, "Copying image to %s", slot->name);
		if (!write_image(self, planned, error))
			return FALSE;
	}
	bsc_progress_end(self->progress, TRUE);
	return TRUE;
}

gboolean
bsc_install_write_images(BscInstallContext *self, GError **error)
{
	bsc_progress_set_phase(self->progress, BSC_PROGRESS_PHASE_WRITING, self->plan->bytes_total);
	for (guint i = 0; i < self->plan->images->len; i++) {
		if (g_cancellable_set_error_if_cancelled(self->cancellable, error) ||
		    !install_image(self, self->plan->images->pdata[i], error))
			return FALSE;
	}
	return TRUE;
}
