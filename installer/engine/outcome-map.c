/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/outcome-map.h"

#include "bundle-tools/source/bundle-error.h"
#include "common/keyfile.h"
#include "installer/boot/boot-error.h"
#include "installer/engine/install-error.h"
#include "installer/write/write-error.h"

#include <gio/gio.h>

/* Error domains are quarks of run time, so the table holds the functions that make them. */
static const struct {
	GQuark (*domain)(void);
	int code;
	BscOutcome outcome;
} rows[] = {
	{bsc_bundle_error_quark, BSC_BUNDLE_ERROR_FORMAT, BSC_OUTCOME_CORRUPT},
	{bsc_bundle_error_quark, BSC_BUNDLE_ERROR_SIGNATURE, BSC_OUTCOME_UNTRUSTED},
	{bsc_bundle_error_quark, BSC_BUNDLE_ERROR_UNTRUSTED, BSC_OUTCOME_UNTRUSTED},
	{bsc_bundle_error_quark, BSC_BUNDLE_ERROR_CORRUPT, BSC_OUTCOME_CORRUPT},
	{bsc_bundle_error_quark, BSC_BUNDLE_ERROR_DECRYPT, BSC_OUTCOME_UNTRUSTED},
	{bsc_bundle_error_quark, BSC_BUNDLE_ERROR_UNSUPPORTED, BSC_OUTCOME_REJECTED},
	{bsc_bundle_error_quark, BSC_BUNDLE_ERROR_CHANGED, BSC_OUTCOME_CORRUPT},
	{bsc_install_error_quark, BSC_INSTALL_ERROR_BUSY, BSC_OUTCOME_BUSY},
	{bsc_install_error_quark, BSC_INSTALL_ERROR_REJECTED, BSC_OUTCOME_REJECTED},
	{bsc_install_error_quark, BSC_INSTALL_ERROR_NO_DESTINATION, BSC_OUTCOME_NO_DESTINATION},
	{bsc_install_error_quark, BSC_INSTALL_ERROR_HOOK, BSC_OUTCOME_HOOK},
	{bsc_install_error_quark, BSC_INSTALL_ERROR_COMMITTED, BSC_OUTCOME_REJECTED},
	{bsc_install_error_quark, BSC_INSTALL_ERROR_USED, BSC_OUTCOME_REJECTED},
	{bsc_write_error_quark, BSC_WRITE_ERROR_NO_WRITER, BSC_OUTCOME_REJECTED},
	{bsc_write_error_quark, BSC_WRITE_ERROR_TOO_SMALL, BSC_OUTCOME_NO_DESTINATION},
	{bsc_write_error_quark, BSC_WRITE_ERROR_DEVICE, BSC_OUTCOME_WRITE},
	{bsc_boot_error_quark, BSC_BOOT_ERROR_UNSUPPORTED, BSC_OUTCOME_BOOT},
	{bsc_boot_error_quark, BSC_BOOT_ERROR_ENVIRONMENT, BSC_OUTCOME_BOOT},
	{bsc_boot_error_quark, BSC_BOOT_ERROR_READBACK, BSC_OUTCOME_BOOT},
	/* A configuration that is wrong is nothing the caller of an installation can mend. */
	{bsc_config_error_quark, BSC_CONFIG_ERROR_SYNTAX, BSC_OUTCOME_INTERNAL},
	{bsc_config_error_quark, BSC_CONFIG_ERROR_UNKNOWN_KEY, BSC_OUTCOME_INTERNAL},
	{bsc_config_error_quark, BSC_CONFIG_ERROR_VALUE, BSC_OUTCOME_INTERNAL},
	{bsc_config_error_quark, BSC_CONFIG_ERROR_CONFLICT, BSC_OUTCOME_INTERNAL},
	{g_io_error_quark, G_IO_ERROR_CANCELLED, BSC_OUTCOME_CANCELLED},
	{g_io_error_quark, G_IO_ERROR_NO_SPACE, BSC_OUTCOME_WRITE},
};

static int
find_row(GQuark domain, int code)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].domain() == domain && rows[i].code == code)
			return (int)i;
	return -1;
}

BscOutcome
bsc_outcome_map_from_error(const GError *error)
{
	int row;

	if (!error)
		return BSC_OUTCOME_OK;
	row = find_row(error->domain, error->code);
	return row < 0 ? BSC_OUTCOME_INTERNAL : rows[row].outcome;
}

gboolean
bsc_outcome_map_has_row(GQuark domain, int code)
{
	return find_row(domain, code) >= 0;
}
