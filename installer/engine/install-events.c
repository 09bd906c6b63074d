/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/install-events.h"

/* docs/events.md is compared with this table by its unit test. */
static const BscEventType events[] = {
	[BSC_INSTALL_EVENT_STARTED] = {"installation-started", "b05410e8a93345389cd061aab1e9516d",
				       G_LOG_LEVEL_MESSAGE,
				       "Installation {BSC_JOB} of {BSC_BUNDLE} started"},
	[BSC_INSTALL_EVENT_SUCCEEDED] = {"installation-succeeded",
					 "0163db5468ac4237b090d28490c301ed", G_LOG_LEVEL_MESSAGE,
					 "Installation {BSC_JOB} succeeded"},
	[BSC_INSTALL_EVENT_FAILED] = {"installation-failed", "c48141f7fd49443aafff862b4809168f",
				      G_LOG_LEVEL_WARNING,
				      "Installation {BSC_JOB} failed ({BSC_OUTCOME}): "
				      "{BSC_REASON}"},
	[BSC_INSTALL_EVENT_REJECTED] = {"installation-rejected", "60bea7e4fea549ccad68af457308b13a",
					G_LOG_LEVEL_WARNING,
					"Installation {BSC_JOB} refused ({BSC_OUTCOME}): "
					"{BSC_REASON}; nothing was written"},
	[BSC_INSTALL_EVENT_MARKED_ACTIVE] = {"marked-active", "8b5e7435e1054d86858278e7544fe6da",
					     G_LOG_LEVEL_MESSAGE,
					     "Slot {BSC_SLOT} ({BSC_BOOTNAME}) marked active"},
	[BSC_INSTALL_EVENT_MARKED_GOOD] = {"marked-good", "3304e15a7a9a447885eb208ba7ae3a05",
					   G_LOG_LEVEL_MESSAGE,
					   "Slot {BSC_SLOT} ({BSC_BOOTNAME}) marked good"},
	[BSC_INSTALL_EVENT_MARKED_BAD] = {"marked-bad", "ccb0e584a47043d7a5316994bce77ae5",
					  G_LOG_LEVEL_WARNING,
					  "Slot {BSC_SLOT} ({BSC_BOOTNAME}) marked bad"},
	[BSC_INSTALL_EVENT_BOOTED_SLOT] = {"booted-slot", "e60e0addd3454cb8b796eae0d497af96",
					   G_LOG_LEVEL_MESSAGE,
					   "Running from slot {BSC_SLOT} ({BSC_BOOTNAME})"},
	[BSC_INSTALL_EVENT_BOOTED_EXTERNAL] = {"booted-external",
					       "dd237efdad1945d9b1e471bc2b994532",
					       G_LOG_LEVEL_MESSAGE, "Running from no slot"},
	[BSC_INSTALL_EVENT_SLOT_WRITTEN] = {"slot-written", "79cb6a6abdea4f0890394d3d8e5fa269",
					    G_LOG_LEVEL_MESSAGE,
					    "Slot {BSC_SLOT} holds {BSC_IMAGE}: {BSC_BYTES} bytes "
					    "written, {BSC_BYTES_EQUAL} found equal"},
	[BSC_INSTALL_EVENT_SLOT_SKIPPED] = {"slot-skipped", "d481d19a4c9f42b59245fd3fb7e2b6c3",
					    G_LOG_LEVEL_MESSAGE,
					    "Slot {BSC_SLOT} holds {BSC_IMAGE} already"},
	[BSC_INSTALL_EVENT_ACTIVATED] = {"activated", "cd21788ceed5492796f54d832754d1c8",
					 G_LOG_LEVEL_MESSAGE,
					 "Slot {BSC_SLOT} ({BSC_BOOTNAME}) boots next"},
	[BSC_INSTALL_EVENT_CANCELLED] = {"installation-cancelled",
					 "5dc789473bdf4510ba5a1eef03ce3a80", G_LOG_LEVEL_MESSAGE,
					 "Installation {BSC_JOB} stopped on request"},
	[BSC_INSTALL_EVENT_INTERRUPTED] = {"installation-interrupted",
					   "eb0b8a2e436249198be584642703e971", G_LOG_LEVEL_WARNING,
					   "Installation {BSC_JOB} was found unfinished: "
					   "{BSC_OUTCOME}"},
};
G_STATIC_ASSERT(G_N_ELEMENTS(events) == BSC_INSTALL_EVENT_N);

const BscEventType *
bsc_install_events_get(BscInstallEvent event)
{
	g_return_val_if_fail(event < BSC_INSTALL_EVENT_N, NULL);
	return &events[event];
}
