/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/write/slot-writer.h"

#include "common/error.h"
#include "common/keyfile.h"
#include "installer/write/device.h"
#include "installer/write/write-archive.h"
#include "installer/write/write-raw.h"

#include <string.h>

/* One row for each image type; a slot type of the second list is known, its writer comes later. */
static const struct {
	const char *image_type;
	const BscWriterOps *writer;
	const char *slot_types; /* separated and surrounded by blanks */
	const char *later_types;
} writers[] = {
	{"raw", &bsc_write_raw_ops, " raw ext4 vfat ",
	 " jffs2 nor nand ubifs ubivol boot-emmc boot-mbr-switch boot-gpt-switch"
	 " boot-raw-fallback "},
	{"ext4", &bsc_write_raw_ops, " ext4 raw ", " boot-gpt-switch "},
	{"vfat", &bsc_write_raw_ops, " vfat raw ", " boot-mbr-switch boot-gpt-switch "},
	{"squashfs", &bsc_write_raw_ops, " raw ", " ubivol "},
	{"tar", &bsc_write_archive_ops, " ext4 vfat ", " ubifs jffs2 "},
	{"ubifs", NULL, "", " ubivol ubifs "},
	{"catar", NULL, "", " ext4 "},
	{"caidx", NULL, "", " ext4 vfat ubifs "},
	{"emptyfs", NULL, "", " ext4 "},
	{"ext4.caibx", NULL, "", " ext4 raw "},
	{"vfat.caibx", NULL, "", " vfat raw "},
	{"ubifs.caibx", NULL, "", " ubivol ubifs "},
	{"squashfs.caibx", NULL, "", " raw ubivol "},
	{"img.caibx", NULL, "", " ext4 raw vfat jffs2 nor nand ubivol ubifs "},
};

static const char *const slot_types[] = {
	"raw",
	"ext4",
	"vfat",
	"nand",
	"nor",
	"ubivol",
	"ubifs",
	"jffs2",
	"boot-emmc",
	"boot-mbr-switch",
	"boot-gpt-switch",
	"boot-raw-fallback",
	NULL,
};

static const char *const verify_words[BSC_WRITE_VERIFY_N] = {
	[BSC_WRITE_VERIFY_WRITTEN] = "written",
	[BSC_WRITE_VERIFY_ALL] = "all",
	[BSC_WRITE_VERIFY_OFF] = "off",
};

static gboolean
has_word(const char *words, const char *word)
{
	g_autofree char *blanked = g_strdup_printf(" %s ", word);

	return *word != '\0' && strstr(words, blanked) != NULL;
}

static gboolean
set_no_writer(const char *image_type, const char *slot_type, gboolean is_later, GError **error)
{
	if (is_later)
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_NO_WRITER,
				     "Writing image type '%s' to a slot of type '%s' is not "
				     "supported yet",
				     image_type, slot_type);
	return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_NO_WRITER,
			     "Image type '%s' cannot be written to a slot of type '%s'; check "
			     "'type' of the slot in the configuration and of the image in the "
			     "manifest",
			     image_type, slot_type);
}

/* NULL with an error set where nothing fits. */
static const BscWriterOps *
find_writer(const char *image_type, const char *slot_type, GError **error)
{
	gboolean is_later = FALSE;

	for (size_t i = 0; i < G_N_ELEMENTS(writers); i++) {
		if (!g_str_equal(writers[i].image_type, image_type))
			continue;
		if (has_word(writers[i].slot_types, slot_type))
			return writers[i].writer;
		is_later = has_word(writers[i].later_types, slot_type);
	}
	set_no_writer(image_type, slot_type, is_later, error);
	return NULL;
}

static gboolean
check_slot_type(const BscSlot *slot, const char *path, GError **error)
{
	if (g_strv_contains(slot_types, slot->type))
		return TRUE;
	return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE,
			     "%s: [slot.%s] type: '%s' is no slot type; known are raw, ext4, vfat, "
			     "nand, nor, ubivol, ubifs, jffs2 and boot-*",
			     path, slot->name, slot->type);
}

gboolean
bsc_slot_writer_check_config(const BscSystemConfig *config, GError **error)
{
	BscWriteVerify ignored;

	for (guint i = 0; i < config->slots->len; i++)
		if (!check_slot_type(g_ptr_array_index(config->slots, i), config->path, error))
			return FALSE;
	if (config->verify_written == NULL ||
	    bsc_slot_writer_verify_from_string(config->verify_written, &ignored))
		return TRUE;
	return bsc_error_set(error, BSC_CONFIG_ERROR, BSC_CONFIG_ERROR_VALUE,
			     "%s: [system] verify-written: '%s' is none of written, all, off",
			     config->path, config->verify_written);
}

gboolean
bsc_slot_writer_check_pair(const char *image_type, const char *slot_type, gboolean has_install_hook,
			   GError **error)
{
	if (has_install_hook)
		return TRUE;
	if (image_type == NULL)
		return bsc_error_set(error, BSC_WRITE_ERROR, BSC_WRITE_ERROR_NO_WRITER,
				     "The image has no type: its file name has no known ending; "
				     "add 'type=' to the manifest");
	return find_writer(image_type, slot_type, error) != NULL;
}

gboolean
bsc_slot_writer_check_fit(const BscSlot *slot, const char *image_type, uint64_t size_bytes,
			  GError **error)
{
	const BscWriterOps *writer = find_writer(image_type, slot->type, error);

	if (writer == NULL)
		return FALSE;
	if (writer->check_fit == NULL || writer->check_fit(slot, size_bytes, error))
		return TRUE;
	g_prefix_error(error, "Slot '%s' on '%s': ", slot->name, slot->device);
	return FALSE;
}

gboolean
bsc_slot_writer_clear(const BscSlot *slot, GError **error)
{
	g_autoptr(BscDevice) device = bsc_device_open(slot->device, BSC_DEVICE_WRITE, error);

	if (device != NULL && bsc_device_clear_first(device, error) &&
	    bsc_device_close(device, error))
		return TRUE;
	g_prefix_error(error, "Slot '%s' on '%s': ", slot->name, slot->device);
	return FALSE;
}

gboolean
bsc_slot_writer_write(BscByteSource *image, const BscWriteRequest *request,
		      BscWriteReport *out_report, GCancellable *cancellable, GError **error)
{
	const BscSlot *slot = request->slot;
	const BscWriterOps *writer = NULL;

	if (bsc_slot_writer_check_pair(request->image_type, slot->type, FALSE, error))
		writer = find_writer(request->image_type, slot->type, error);
	if (writer != NULL && writer->write(image, request, out_report, cancellable, error))
		return TRUE;
	g_prefix_error(error, "Slot '%s' on '%s': ", slot->name, slot->device);
	return FALSE;
}

const char *
bsc_slot_writer_verify_to_string(BscWriteVerify verify)
{
	g_return_val_if_fail((unsigned)verify < BSC_WRITE_VERIFY_N, NULL);
	return verify_words[verify];
}

gboolean
bsc_slot_writer_verify_from_string(const char *text, BscWriteVerify *out_verify)
{
	for (size_t i = 0; i < BSC_WRITE_VERIFY_N; i++)
		if (g_str_equal(text, verify_words[i])) {
			*out_verify = (BscWriteVerify)i;
			return TRUE;
		}
	return FALSE;
}
