/* SPDX-License-Identifier: ISC */
/*
 * How the error of a false block is shared by the checks of a gate. The gate
 * blocks when the weighted mean of all e-processes reaches 1/alpha; weights
 * that add up to 1 at most, fixed before the first round, keep that error
 * whatever they are. A check with an alpha of its own has the weight
 * alpha of its own / alpha, so that its evidence alone blocks at 1 / alpha of
 * its own; the others share what is left. What nobody takes is put on the
 * constant 1, which is no evidence.
 */
#ifndef GATE_SHARE_H
#define GATE_SHARE_H

#include <stddef.h>
#include <stdint.h>

struct share {
	double alpha;          /* of the gate */
	double failure_weight; /* of a check's share, when it has steps */
	double own;            /* alphas of their own, added up */
	size_t checks, steps;  /* without one */
};

/* One check that is judged: its own alpha, 0: none, and its steps. */
struct share_check {
	double own_alpha;
	uint32_t step_count;
};

void share_init(struct share *s, double alpha, double failure_weight);

/* Count a check in, before any weight is asked for. */
void share_add(struct share *s, const struct share_check *c);

/* The weights of a check's failures, and of each of its steps' latencies. */
double share_failures(const struct share *s, const struct share_check *c);
double share_step(const struct share *s, const struct share_check *c);

/* The weight of the constant 1. */
double share_rest(const struct share *s);

#endif
