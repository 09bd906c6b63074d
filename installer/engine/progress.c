/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/engine/progress.h"

/* Positions are fixed-point percents, fine enough that rounding never shows. */
#define SCALE	     (UINT64_C(1) << 32)
#define ROUND	     (SCALE / 4096)
#define REPORT_USEC  (G_USEC_PER_SEC / 10) /* bytes are told at most this often */
#define SAMPLE_USEC  (G_USEC_PER_SEC / 2)
#define RATE_SAMPLES 10 /* the rate looks back over this many samples */

typedef struct {
	char *message;
	uint64_t start; /* position where it begins */
	uint64_t span;	/* and how far it reaches, in fixed-point percents */
	unsigned weight;
	unsigned units; /* sum of its parts' weights */
	unsigned units_done;
	unsigned own_percent; /* of bytes */
} Step;

typedef struct {
	gint64 at_usec;
	uint64_t bytes;
} Sample;

struct _BscProgress {
	BscProgressSink sink;
	GArray *steps; /* of Step, outermost first */
	BscProgressState state;
	gint64 reported_usec;
	Sample samples[RATE_SAMPLES]; /* ring */
	unsigned n_samples;
};

static const char *const phase_words[] = {
	[BSC_PROGRESS_PHASE_IDLE] = "idle",
	[BSC_PROGRESS_PHASE_CHECKING] = "checking",
	[BSC_PROGRESS_PHASE_WRITING] = "writing",
	[BSC_PROGRESS_PHASE_ACTIVATING] = "activating",
};
G_STATIC_ASSERT(G_N_ELEMENTS(phase_words) == BSC_PROGRESS_PHASE_N);

static void
clear_step(gpointer data)
{
	Step *step = data;

	g_free(step->message);
}

static Step *
innermost(BscProgress *self)
{
	if (self->steps->len == 0)
		return NULL;
	return &g_array_index(self->steps, Step, self->steps->len - 1);
}

static void
report(BscProgress *self, const char *message, uint64_t position, gboolean is_step)
{
	int percent = (int)((position + ROUND) / SCALE);

	self->state.percent = CLAMP(percent, self->state.percent, 100);
	self->state.message = message;
	self->state.depth = (int)self->steps->len;
	self->state.is_step = is_step;
	self->reported_usec = g_get_monotonic_time();
	if (self->sink.update)
		self->sink.update(&self->state, self->sink.data);
}

static uint64_t
position_of(const Step *step)
{
	if (step->units == 0)
		return step->start + step->span * step->own_percent / 100;
	return step->start + step->span * step->units_done / step->units;
}

const char *
bsc_progress_phase_to_string(BscProgressPhase phase)
{
	g_return_val_if_fail(phase < BSC_PROGRESS_PHASE_N, "idle");
	return phase_words[phase];
}

BscProgress *
bsc_progress_new(const BscProgressSink *sink)
{
	BscProgress *self = g_new0(BscProgress, 1);

	if (sink)
		self->sink = *sink;
	self->steps = g_array_new(FALSE, TRUE, sizeof(Step));
	g_array_set_clear_func(self->steps, clear_step);
	self->state.seconds_left = -1;
	return self;
}

void
bsc_progress_free(BscProgress *self)
{
	if (!self)
		return;
	g_array_unref(self->steps);
	g_free(self);
}

void
bsc_progress_begin(BscProgress *self, unsigned weight, unsigned units, const char *format, ...)
{
	Step *parent = innermost(self);
	Step step = {.weight = weight, .units = units};
	va_list args;

	g_return_if_fail(!parent || parent->units >= parent->units_done + weight);
	step.start = parent ? position_of(parent) : 0;
	step.span = parent ? parent->span * weight / parent->units : 100 * SCALE;
	va_start(args, format);
	step.message = g_strdup_vprintf(format, args);
	va_end(args);
	g_array_append_val(self->steps, step);
	report(self, step.message, step.start, TRUE);
}

void
bsc_progress_end(BscProgress *self, gboolean success)
{
	g_autofree char *message = NULL;
	Step *step = innermost(self);
	unsigned weight;

	g_return_if_fail(step);
	message = g_strdup_printf("%s %s.", step->message, success ? "done" : "failed");
	report(self, message, success ? step->start + step->span : position_of(step), TRUE);
	self->state.message = NULL;
	weight = success ? step->weight : 0;
	g_array_set_size(self->steps, self->steps->len - 1);
	step = innermost(self);
	if (step)
		step->units_done += weight;
}

void
bsc_progress_fail(BscProgress *self)
{
	while (self->steps->len > 0)
		bsc_progress_end(self, FALSE);
}

void
bsc_progress_set_phase(BscProgress *self, BscProgressPhase phase, uint64_t bytes_total)
{
	self->state.phase = phase;
	self->state.bytes_done = 0;
	self->state.bytes_total = bytes_total;
	self->state.rate_bytes_sec = 0;
	self->state.seconds_left = -1;
	self->n_samples = 0;
}

/* The mean over the samples still held: steady enough to read, quick enough to show a stall. */
static void
update_rate(BscProgress *self, gint64 now_usec)
{
	const Sample *newest = &self->samples[(self->n_samples + RATE_SAMPLES - 1) % RATE_SAMPLES];
	const Sample *oldest = self->n_samples < RATE_SAMPLES
				       ? &self->samples[0]
				       : &self->samples[self->n_samples % RATE_SAMPLES];
	uint64_t left = self->state.bytes_total - self->state.bytes_done;

	if (self->n_samples > 0 && now_usec > oldest->at_usec)
		self->state.rate_bytes_sec =
			(uint64_t)((double)(self->state.bytes_done - oldest->bytes) *
				   G_USEC_PER_SEC / (double)(now_usec - oldest->at_usec));
	self->state.seconds_left = -1;
	if (self->state.rate_bytes_sec > 0 && self->state.bytes_total > 0)
		self->state.seconds_left = (int64_t)((left + self->state.rate_bytes_sec - 1) /
						     self->state.rate_bytes_sec);
	if (self->n_samples > 0 && now_usec - newest->at_usec < SAMPLE_USEC)
		return;
	self->samples[self->n_samples % RATE_SAMPLES] = (Sample){now_usec, self->state.bytes_done};
	self->n_samples++;
}

void
bsc_progress_set_total(BscProgress *self, uint64_t bytes_total)
{
	self->state.bytes_total = bytes_total;
}

void
bsc_progress_update(BscProgress *self, double share, uint64_t bytes_done)
{
	Step *step = innermost(self);
	gint64 now_usec = g_get_monotonic_time();
	unsigned own_percent = (unsigned)(CLAMP(share, 0, 0.99) * 100);
	gboolean grows;

	g_return_if_fail(step && step->units == 0);
	self->state.bytes_done = MAX(self->state.bytes_done, bytes_done);
	self->state.bytes_total = MAX(self->state.bytes_total, self->state.bytes_done);
	update_rate(self, now_usec);
	grows = own_percent > step->own_percent;
	if (grows)
		step->own_percent = own_percent;
	/* the steps before are short in RAUC, and its clients expect each of them once */
	grows = grows && self->state.phase == BSC_PROGRESS_PHASE_WRITING;
	if (grows || now_usec - self->reported_usec >= REPORT_USEC)
		report(self, step->message, position_of(step), grows);
}
