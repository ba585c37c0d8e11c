/* SPDX-License-Identifier: ISC */
/* What engine.c (judging) and engine_view.c (reporting) share. */
#ifndef GATE_ENGINE_PRIV_H
#define GATE_ENGINE_PRIV_H

#include "gate/engine.h"
#include "gate/failures.h"
#include "gate/share.h"
#include "gate/log_sum.h"
#include "gate/stream.h"

/* A step that has been given at least one usable pair, or none yet. */
struct engine_step {
	struct latency_phi0 phi0;
	struct latency_block block;
	struct latency_pass pass;
	uint32_t candidate_reached, baseline_reached;
};

/* A kept pair; its latencies are at index * 2 * step_count of latencies. */
struct engine_record {
	uint8_t kind;
	bool is_void, is_candidate_void, candidate_failed, baseline_failed;
};

struct engine_check_state {
	const char *name;
	uint32_t step_count;
	bool is_quarantined, has_history, is_flaky, is_history_only;
	double bound;
	double tail_phi0;
	struct engine_limits limits;
	struct failures failures;
	struct failures_pass failures_pass;
	struct stream voids; /* 1: by the candidate, -1: by the baseline */
	struct stream tail_pass;
	double tail_log_most;
	uint32_t tail_rounds; /* in which some step had a quantile */
	struct engine_step *steps;
	struct latency_tail *tails; /* of each step */
	struct engine_counts counts;
	uint32_t both_passed; /* rounds in which neither arm failed */
	struct engine_record *records;
	int64_t *latencies;
	size_t record_count, record_cap;
	/* As of the latest pair: what a decision needs to know. */
	enum engine_reason obstacle;
	size_t pass_done, pass_all;
};

struct engine {
	struct engine_config config;
	struct engine_check_state *checks;
	size_t check_count;
	size_t judged_checks, judged_steps; /* not quarantined */
	struct share share;
	/* Of all checks, kept up with each pair: deciding looks at none. */
	struct log_sum evidence;            /* their shares, and the rest */
	size_t obstacles[ENGINE_REASON_COUNT]; /* checks that have it */
	size_t pass_done, pass_all;
	uint64_t pair_count;
	enum engine_verdict verdict;
};

/*
 * Bring what is known for decisions up to date: with all checks when they are
 * complete, with one after its pair.
 */
void engine_note_all(struct engine *e);
void engine_note(struct engine *e, size_t check);

/* The weight of a check's failures and of a step's latency in the mean. */
double engine_weight_failures(const struct engine *e,
    const struct engine_check_state *c);
double engine_weight_step(const struct engine *e,
    const struct engine_check_state *c);

/*
 * True when a step counts for the pass: either arm sent it, or it is not yet
 * known that runs go without it.
 */
bool engine_step_is_needed(const struct engine_check_state *c, uint32_t step);

/* ln of the evidence with which a component of the check holds. */
double engine_pass_bound(const struct engine *e,
    const struct engine_check_state *c);

/* True when some step of the check counts for the pass. */
bool engine_tail_is_needed(const struct engine_check_state *c);

/*
 * The pooled tail score of one pair: the mean over the steps with a known
 * quantile of margin - (candidate above - baseline above).
 */
double engine_tail_score(struct latency_tail *tails, uint32_t step_count,
    const struct engine_pair *pair, double margin);

#endif
