/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/client/backend-ops.h - the vtable of backends and what goes through it */
#pragma once

#include "dbus/outcome.h"

#include <gio/gio.h>
#include <stdint.h>

/*
 * The domain of all errors that a backend reports. A code below BSC_OUTCOME_N is the BscOutcome:
 * the update system answered. The other codes say that it did not get that far.
 */
#define BSC_BACKEND_ERROR bsc_backend_error_quark()
GQuark bsc_backend_error_quark(void);

typedef enum {
	BSC_BACKEND_ERROR_SERVICE = BSC_OUTCOME_N, /* no service to talk to, or it went away */
	BSC_BACKEND_ERROR_DENIED,		   /* the service does not let us */
	BSC_BACKEND_ERROR_DETACHED,		   /* we left; the installation goes on */
	BSC_BACKEND_ERROR_UNKNOWN_ID,		   /* no such transaction */
} BscBackendError;

typedef enum {
	BSC_BACKEND_KIND_BUS,	/* org.bascule.Update1 */
	BSC_BACKEND_KIND_LOCAL, /* standalone: the engine in this process */
	BSC_BACKEND_KIND_N,
} BscBackendKind;

/* All but the kind count for standalone only: the service has its own. */
typedef struct {
	BscBackendKind kind;
	const char *config_path;	/* %NULL = search */
	const char *const *overrides;	/* SECTION:KEY=VALUE, %NULL-terminated */
	const char *mount_prefix;	/* %NULL = configuration */
	const char *override_boot_slot; /* %NULL = detect */
	const char *keyring_path;	/* %NULL = configuration */
	const char *run_dir;		/* %NULL = /run/bascule */
} BscBackendOptions;

/* What to install. Nothing is owned. */
typedef struct {
	const char *path; /* absolute path of the bundle */
	const char *require_manifest_hash;
	const char *transaction_id;
	const char *handler_args;
	gboolean ignore_compatible;
	gboolean ignore_version_limit;
	gboolean force_on_trial;
} BscBackendRequest;

typedef struct {
	unsigned percent;     /* 0 to 100 */
	const char *message;  /* the step, never %NULL */
	const char *phase;    /* idle, checking, writing, activating; never %NULL */
	uint64_t bytes_done;  /* of the phase */
	uint64_t bytes_total; /* 0 = unknown */
	uint64_t rate;	      /* bytes a second; 0 = unknown */
	int64_t seconds_left; /* -1 = unknown */
} BscBackendProgress;

/* May be called from another thread than the caller's, never from two at once. */
typedef void (*BscBackendProgressFunc)(const BscBackendProgress *progress, gpointer data);

/* How an installation ended, or that it runs. */
typedef struct {
	char *transaction;
	char *outcome;	   /* an outcome's word, or `running` */
	char *message;	   /* why it failed; empty if it did not */
	GVariant *details; /* `a{sv}`, see GetResult() of org.bascule.Update1; (nullable) */
} BscBackendResult;

/**
 * bsc_backend_ops_clear_result:
 * @result: a result or zeroes
 */
void bsc_backend_ops_clear_result(BscBackendResult *result);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BscBackendResult, bsc_backend_ops_clear_result)

typedef struct _BscBackend BscBackend;

/*
 * The dictionaries are those of org.bascule.Update1, whoever fills them in. Every failure is a
 * BSC_BACKEND_ERROR.
 */
typedef struct {
	const char *name;
	/* Blocks until it ended; the default main context is iterated meanwhile. */
	gboolean (*install)(BscBackend *self, const BscBackendRequest *request,
			    BscBackendProgressFunc on_progress, gpointer data,
			    GCancellable *cancellable, BscBackendResult *out, GError **error);
	/* status: `a{sv}` of GetStatus(), slots: `a(sa{sv})` of GetSlots() */
	gboolean (*query)(BscBackend *self, GVariant **out_status, GVariant **out_slots,
			  GError **error);
	/* `a{sv}` of Inspect() */
	GVariant *(*inspect)(BscBackend *self, const char *path, GError **error);
	gboolean (*mark)(BscBackend *self, const char *state, const char *slot, char **out_message,
			 GError **error);
	/* transaction %NULL = the newest */
	gboolean (*get_result)(BscBackend *self, const char *transaction, BscBackendResult *out,
			       GError **error);
	/* optional: %NULL where there is nobody to cancel */
	gboolean (*cancel)(BscBackend *self, const char *transaction, GError **error);
	void (*free)(BscBackend *self);
} BscBackendOps;

/* First member of every backend. */
struct _BscBackend {
	const BscBackendOps *ops;
};
