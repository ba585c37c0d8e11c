/* SPDX-License-Identifier: ISC */
/*
 * The failures of one check: evidence that the candidate fails more often
 * than the baseline does now (E1) or than the check ever did (E2), joined so
 * that history speeds up a block but cannot cause one alone (E'); and the
 * evidence that it fails less often than the margin (pass).
 */
#ifndef GATE_FAILURES_H
#define GATE_FAILURES_H

#include <stdbool.h>
#include <stdint.h>

#define FAILURES_E1_BETS 3
#define FAILURES_E2_BETS 7
#define FAILURES_PASS_BETS 3

enum failures_mode {
	FAILURES_COMBINED,   /* E' = E1/2 + E2/2 once E1 reached the guard */
	FAILURES_CONCURRENT, /* E1: no history is known */
	FAILURES_HISTORY     /* E2: no baseline runs beside the candidate */
};

struct failures_config {
	enum failures_mode mode;
	double bound;        /* of the historical rate, below 1 */
	double bound_after;  /* assumed when the run before has failed */
	double guard;        /* E1 that lets E2 speak */
};

struct failures {
	struct failures_config config;
	double log_e1_bets[FAILURES_E1_BETS];
	double log_e2_bets[FAILURES_E2_BETS];
	double log_e1, log_e2;
	double log_e1_most;
	double log_e;        /* of the mode: the evidence to block */
	bool candidate_failed_before;
	uint32_t rounds, baseline_failures;
};

void failures_init(struct failures *f, const struct failures_config *config);

/* Add one round. */
void failures_add(struct failures *f, bool candidate_failed,
    bool baseline_failed);

/* Evidence that the candidate fails less often than margin. */
struct failures_pass {
	double margin;
	double log_bets[FAILURES_PASS_BETS];
	double log_e;
	double log_most; /* the largest log_e so far */
};

void failures_pass_init(struct failures_pass *p, double margin);

/* Add one round in which the baseline succeeded. */
void failures_pass_add(struct failures_pass *p, bool candidate_failed);

/*
 * How many more rounds without a failure until log_e reaches log_bound; at
 * most 1000000.
 */
uint32_t failures_pass_rounds_to(const struct failures_pass *p,
    double log_bound);

#endif
