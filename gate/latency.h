/* SPDX-License-Identifier: ISC */
/*
 * The latency of one step: scores of candidate against baseline, and the
 * e-processes for "the candidate is slower than tolerated" (block) and for
 * "it is slower by the margin or more" (pass rejects that). Every score uses
 * ranks of earlier rounds only, so that heavy tails and drift are free.
 */
#ifndef GATE_LATENCY_H
#define GATE_LATENCY_H

#include <stdbool.h>

#include "gate/order.h"
#include "gate/stream.h"

/* g(b) = b + max(relative * b, absolute_ns). */
struct latency_margin {
	double relative;
	double absolute_ns;
};

enum latency_score {
	LATENCY_SIGNED_RANK,
	LATENCY_ECDF,
	LATENCY_TAIL75,
	LATENCY_TAIL90,
	LATENCY_SCORES
};

/* Autocorrelation assumed for each score; negative: no tempering. */
struct latency_phi0 {
	double scores[LATENCY_SCORES];
};

/* The scores of candidate against g(baseline), formula (2.4). */
struct latency_scorer {
	struct latency_margin margin;
	struct order distances; /* |D| of earlier rounds, as ratios */
	struct order pool;      /* both arms of earlier rounds */
	uint32_t rounds;
};

void latency_scorer_init(struct latency_scorer *s,
    struct latency_margin margin);
void latency_scorer_fini(struct latency_scorer *s);

/*
 * Score one round and remember it. Positive means the candidate is slower.
 * The tail scores are left 0 unless with_tails.
 */
void latency_scorer_add(struct latency_scorer *s, int64_t candidate_ns,
    int64_t baseline_ns, bool with_tails, double out[static LATENCY_SCORES]);

/* Evidence that the candidate is slower than tolerated. */
struct latency_block {
	struct latency_scorer scorer;
	struct stream streams[LATENCY_SCORES];
	double log_e;
};

void latency_block_init(struct latency_block *b,
    struct latency_margin tolerance, const struct latency_phi0 *phi0);
void latency_block_fini(struct latency_block *b);
void latency_block_add(struct latency_block *b, int64_t candidate_ns,
    int64_t baseline_ns);

/* Evidence that the candidate's bulk is not slower by the margin. */
struct latency_pass {
	struct latency_scorer scorer;
	struct stream streams[2]; /* signed rank, ecdf */
	double log_e;
	double log_most; /* the largest log_e so far */
};

void latency_pass_init(struct latency_pass *p, struct latency_margin margin,
    const struct latency_phi0 *phi0);
void latency_pass_fini(struct latency_pass *p);
void latency_pass_add(struct latency_pass *p, int64_t candidate_ns,
    int64_t baseline_ns);

/* How the arms exceed the 0.9 quantile of the baseline's earlier rounds. */
struct latency_tail {
	struct order baseline;
};

void latency_tail_init(struct latency_tail *t);
void latency_tail_fini(struct latency_tail *t);

/* True when there are enough earlier rounds for a quantile. */
bool latency_tail_is_warm(const struct latency_tail *t);

/*
 * Return 1{candidate > tau} - 1{baseline > tau}, 0 while not warm, and
 * remember the baseline.
 */
int latency_tail_add(struct latency_tail *t, int64_t candidate_ns,
    int64_t baseline_ns);

#endif
