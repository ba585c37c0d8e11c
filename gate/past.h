/* SPDX-License-Identifier: ISC */
/*
 * How the scheduled runs of a check went lately: the length of a run, and
 * each step's latency and how far neighbouring runs differ.
 */
#ifndef GATE_PAST_H
#define GATE_PAST_H

#include "base/cause.h"
#include "gate/suite.h"
#include "store/query.h"

#define PAST_RUNS_MOST 400 /* the newest so many are looked at */

struct past_step {
	uint32_t runs;      /* that reached it */
	double median_ns;
	double spread;      /* of ln(run / the run before): IQR/1.349 */
};

struct past_check {
	uint32_t runs;      /* that measured the service */
	uint32_t failures;  /* of them */
	span_us duration;   /* of a run, on average; 0 without runs */
	struct past_step *steps; /* step_count of the check */
};

/*
 * Read the newest scheduled runs of a check against the baseline's
 * environment. Returns 0 or a store error.
 */
int past_read(struct query *q, const struct suite_check *check,
    struct past_check *out);
void past_fini(struct past_check *p);

#endif
