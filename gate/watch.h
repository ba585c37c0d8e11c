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

#include "gate/engine.h"

#define WATCH_WINDOW_RUNS 20
#define WATCH_WINDOWS_LEAST 99
#define WATCH_EFFECT_LEAST 0.10 /* slower by less is no regression */

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

struct watch_latency {
	size_t windows;     /* changes between neighbours before the deploy */
	bool is_judged;     /* enough of them for the level */
	double p;           /* of a change as large, from window to window */
	double ratio;       /* medians, since and before */
};

/*
 * Compare the first WATCH_WINDOW_RUNS durations since the deploy with as
 * many right before it, by how much neighbouring windows differed earlier.
 * The window is fixed: looking again later is not another try. level is the
 * p at which it would be blocked: fewer than 1 / level windows cannot say.
 */
struct watch_latency watch_latency(const double *before, size_t before_count,
    const double *since, size_t since_count, double level);

#endif
