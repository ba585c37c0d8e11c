/* SPDX-License-Identifier: ISC */
/*
 * How the evidence came about: the recorded pairs go through a fresh engine
 * once more, and it is looked at from time to time.
 */
#ifndef GATE_TRACE_H
#define GATE_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "gate/session.h"

#define TRACE_POINTS_MOST 240

/* Everything in natural logarithms; point 0 is before the first pair. */
struct trace {
	size_t point_count, check_count;
	uint32_t *pairs;    /* completed, of each point */
	double *total;      /* against the candidate, of each point */
	double *shares;     /* of it: [point * check_count + check] */
	double *weakest;    /* for a pass: [point * check_count + check]; of
			     * a check with its own beta on the gate's scale */
	double block_bound, pass_bound;
};

void trace_make(const struct session *s, struct trace *out);
void trace_fini(struct trace *t);

#endif
