/* SPDX-License-Identifier: ISC */
/*
 * What rounds of the baseline against itself say about a check: how much its
 * scores resemble their neighbours (phi0 of the engine), and how far two
 * runs of one round differ, for planning.
 */
#ifndef GATE_AA_H
#define GATE_AA_H

#include "gate/engine.h"

#define AA_ROUNDS_WANTED 300
#define AA_ROUNDS_LEAST 100 /* fewer say nothing; 1/sqrt(n) is in phi0 */

struct aa_step {
	uint32_t rounds;         /* in which both halves reached it */
	struct latency_phi0 phi0;
	double spread;           /* of ln(one half / other half): IQR/1.349 */
	double median_ns;
};

struct aa_check {
	uint32_t rounds;         /* that count for latency */
	double tail_phi0;
};

/*
 * Measure from the pairs that the engine keeps. steps has room for the
 * check's step_count.
 */
void aa_measure(const struct engine *e, size_t check, struct aa_check *out,
    struct aa_step *steps);

#endif
