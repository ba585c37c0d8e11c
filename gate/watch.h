/* SPDX-License-Identifier: ISC */
/*
 * What production probing has seen of one check since a deploy, against what
 * it had seen before: history only. It assumes that the environment is as it
 * was; no baseline runs beside it. Pure: runs in, evidence out.
 */
#ifndef GATE_WATCH_H
#define GATE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "gate/engine.h"

#define WATCH_WINDOW_RUNS 20
#define WATCH_WINDOWS_LEAST 99

struct watch_failures {
	bool has_history;   /* else nothing is judged */
	double bound;       /* of the rate before */
	double margin;      /* rate that a pass rules out */
	uint32_t runs, failures;
	double log_e;       /* against the deploy (E2) */
	double log_pass;    /* most evidence that the rate is below margin */
};

/* failed: of each run since the deploy, in their order. */
struct watch_failures watch_failures(const struct engine_config *config,
    const struct history *before, const bool *failed, size_t count);

/* A run that passed. */
struct watch_run {
	wall_us at;
	double duration; /* in microseconds */
};

struct watch_latency {
	size_t windows;     /* changes between neighbours that are compared */
	int hours;          /* they began so near to the deploy's time of the
			     * day; 12: at any time */
	bool is_judged;     /* enough of them for the level */
	double p;           /* of a change as large, from window to window */
	double ratio;       /* medians, since and before; NAN: too few runs */
	double more;        /* their difference */
	double usual;       /* the largest such ratio within half an hour of
			     * this time on an earlier day; at least 1 */
};

/*
 * Compare the first WATCH_WINDOW_RUNS durations since the deploy with as
 * many right before it, by how much neighbouring windows differed earlier.
 * The window is fixed: looking again later is not another try. level is the
 * p at which it would be blocked: fewer than 1 / level windows cannot say.
 * What services do every day they do at the same hours: of the earlier
 * changes those count that were nearest to the deploy's time of the day, as
 * many hours to either side as it takes to have enough of them. A rise of
 * every morning is still rare among those; hence "usual".
 */
struct watch_latency watch_latency(const struct watch_run *before,
    size_t before_count, const struct watch_run *since, size_t since_count,
    double level);

/*
 * True when it has become slower, by that level: by least.relative more than
 * usual, and by least.absolute_ns.
 */
bool watch_is_slower(const struct watch_latency *w, double level,
    struct latency_margin least);

#endif
