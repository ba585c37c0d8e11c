/* SPDX-License-Identifier: ISC */
/* History-only evidence; sections 2.2 and 2.7 of doc/gate.md's source. */
#include "gate/watch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "gate/failures.h"

#define HISTORY_RUNS_LEAST 200
#define FLAKY_BOUND 0.30

struct watch_failures
watch_failures(const struct engine_config *config,
    const struct history *before, const bool *failed, size_t count)
{
	struct watch_failures w = {.runs = (uint32_t)count,
	    .margin = config->failure_margin, .bound = 1};
	struct failures_config fc = {.mode = FAILURES_HISTORY,
	    .bound_after = config->bound_after, .guard = config->guard};
	struct failures_pass pass;
	struct failures f;
	size_t i;

	for (i = 0; i < count; i++)
		w.failures += failed[i];
	if (before->runs / fmax(before->dispersion, 1) < HISTORY_RUNS_LEAST)
		return (w);
	w.bound = history_bound(before, config->history_level);
	if (w.bound > FLAKY_BOUND)
		return (w);
	w.has_history = true;
	w.margin = fmax(w.margin, w.bound + config->failure_margin);
	fc.bound = w.bound;
	failures_init(&f, &fc);
	failures_pass_init(&pass, w.margin);
	for (i = 0; i < count; i++) {
		failures_add(&f, failed[i], false);
		failures_pass_add(&pass, failed[i]);
		/* The most evidence so far: the deploy stays judged. */
		w.log_e = fmax(w.log_e, f.log_e);
	}
	w.log_pass = pass.log_most;
	return (w);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

static double
log_median(const double *values)
{
	double sorted[WATCH_WINDOW_RUNS];
	size_t half = WATCH_WINDOW_RUNS / 2;

	memcpy(sorted, values, sizeof(sorted));
	qsort(sorted, WATCH_WINDOW_RUNS, sizeof(*sorted), compare);
	return (log(fmax((sorted[half - 1] + sorted[half]) / 2, 1)));
}

struct watch_latency
watch_latency(const double *before, size_t before_count, const double *since,
    size_t since_count, double level)
{
	struct watch_latency w = {.p = 1, .ratio = NAN};
	size_t windows = before_count / WATCH_WINDOW_RUNS, i, larger = 0;
	const double *at;
	double change, later, earlier;

	if (windows < 1 || since_count < WATCH_WINDOW_RUNS)
		return (w);
	w.windows = windows - 1;
	/* The newest whole windows, the last one ending at the deploy. */
	at = before + before_count % WATCH_WINDOW_RUNS;
	earlier = log_median(before + before_count - WATCH_WINDOW_RUNS);
	change = log_median(since) - earlier;
	w.ratio = exp(change);
	for (i = 1; i < windows; i++) {
		later = log_median(at + i * WATCH_WINDOW_RUNS);
		earlier = log_median(at + (i - 1) * WATCH_WINDOW_RUNS);
		larger += later - earlier >= change;
	}
	w.p = (1 + (double)larger) / ((double)w.windows + 1);
	w.is_judged = w.windows >= WATCH_WINDOWS_LEAST &&
	    ((double)w.windows + 1) * level >= 1;
	return (w);
}
