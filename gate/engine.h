/* SPDX-License-Identifier: ISC */
/*
 * The gate's engine: pairs of runs in, a verdict with stated error rates out.
 * Pure: no clock, no input or output, no chance. It keeps every pair that it
 * was given, so that a verdict can be recomputed and margins re-examined.
 *
 * P(block | the candidate is within the tolerances) <= alpha, at any stopping
 * time; P(pass | some component is at or beyond its margin) <= its beta. When
 * neither can be said the verdict is inconclusive: no evidence never passes.
 */
#ifndef GATE_ENGINE_H
#define GATE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gate/history.h"
#include "gate/latency.h"

#define ENGINE_PHI0_UNKNOWN 0.3 /* without rounds of baseline on baseline */

struct engine_config {
	double alpha, beta;
	struct latency_margin tolerance; /* slower by this is no regression */
	struct latency_margin margin;    /* slower by this must be ruled out */
	double failure_margin;  /* failure rate to rule out, at least */
	double tail_margin;     /* share of requests above the baseline's p90 */
	double guard;           /* E1 from which history may speak */
	double bound_after;     /* failure rate right after a failure */
	double history_level;
	double failure_weight;  /* of all failures together; latency: rest */
	double void_most;       /* share of void rounds */
	double void_guard;      /* evidence that runs of the candidate are void
				 * more often, from which none passes; 0: any */
	double baseline_failing_most;
	bool is_history_only;   /* no baseline runs beside the candidate: no
				 * latency is judged */
};

extern const struct engine_config engine_config_default;

/* Autocorrelation of each score, from rounds of baseline against baseline. */
struct engine_phi0 {
	const struct latency_phi0 *steps; /* step_count of them */
	double tail;
};

/* What is judged of one check; engine_config has the same for all. */
struct engine_limits {
	struct latency_margin tolerance, margin;
	double failure_margin, tail_margin;
	double alpha; /* its own share of the config's, 0: as gate/share.h */
	double beta;  /* its own, 0: the config's */
};

struct engine_check {
	const char *name;        /* borrowed as long as the engine lives */
	uint32_t step_count;     /* requests that the flow may send */
	struct history history;  /* runs 0: none */
	const struct engine_phi0 *phi0; /* NULL: unknown; copied */
	bool is_quarantined;     /* reported, but not judged */
	const struct engine_limits *limits; /* NULL: the config's; copied */
};

#define ENGINE_NOT_REACHED ((int64_t)-1)

struct engine_arm {
	bool is_failed;
	/* Of step_count steps; ENGINE_NOT_REACHED also for a wrong answer. A
	 * timeout counts as the timeout's length. */
	const int64_t *latency_ns;
};

enum engine_pair_kind {
	ENGINE_PAIR_ROUND,
	ENGINE_PAIR_WARMUP, /* counts for failures, not for latency */
	ENGINE_PAIR_FOCUS   /* an extra pair after a failure */
};

struct engine_pair {
	enum engine_pair_kind kind;
	bool is_void; /* the probe itself failed; the arms are ignored */
	bool is_late; /* void only for what passes: the probe was late, say */
	bool is_candidate_void; /* void by the candidate's half */
	struct engine_arm candidate, baseline;
};

enum engine_verdict {
	ENGINE_UNDECIDED,
	ENGINE_PASS,
	ENGINE_BLOCK,
	ENGINE_INCONCLUSIVE
};

enum engine_reason {
	ENGINE_REASON_NONE,
	ENGINE_REASON_NO_ROUNDS,        /* nothing was measured at all */
	ENGINE_REASON_INFRASTRUCTURE,   /* too many void rounds */
	ENGINE_REASON_NEVER_RAN,        /* a required check has no round */
	ENGINE_REASON_CANDIDATE_VOID,   /* void rounds are the candidate's */
	ENGINE_REASON_BASELINE_FAILING, /* nothing to compare with */
	ENGINE_REASON_FLAKY,            /* its own history is too bad */
	ENGINE_REASON_NO_HISTORY,       /* history only, and there is none */
	ENGINE_REASON_BUDGET,           /* rounds ended before the evidence */
	ENGINE_REASON_COUNT
};

struct engine;

/* Make an engine; config and checks are copied, names are borrowed. */
struct engine *engine_new(const struct engine_config *config,
    const struct engine_check *checks, size_t check_count);
void engine_free(struct engine **e);

/* Take in one pair of a check. Pairs of a check come in their order. */
void engine_add(struct engine *e, size_t check, const struct engine_pair *pair);

/*
 * Judge what is known now: block before pass. The first verdict stays.
 * Returns UNDECIDED, PASS or BLOCK.
 */
enum engine_verdict engine_decide(struct engine *e);

/* End the rounds: what is undecided becomes inconclusive. */
enum engine_verdict engine_finish(struct engine *e);

/*
 * Why the verdict is, or would now be, inconclusive; *check is the check at
 * fault (SIZE_MAX: none in particular). check may be NULL.
 */
enum engine_reason engine_reason(const struct engine *e, size_t *check);

/* One word for a verdict; one sentence for a reason. */
const char *engine_verdict_name(enum engine_verdict v);
const char *engine_reason_name(enum engine_reason r);
const char *engine_reason_text(enum engine_reason r);

/*
 * True when no verdict can be expected any more of a check that may have so
 * many rounds yet: its baseline plainly fails too often; most of its pairs
 * are void for another reason than a late probe; or so many are void that
 * good ones for the rest of the rounds could not make up for it.
 */
bool engine_is_hopeless(const struct engine *e, size_t check,
    uint32_t rounds_left);

/* ln of the evidence against the candidate, and its bound ln(1 / alpha). */
double engine_log_evidence(const struct engine *e);
double engine_log_bound(const struct engine *e);

/* Components of the pass that hold, and all that are needed. */
void engine_pass_progress(const struct engine *e, size_t *done, size_t *all);

/*
 * Rounds that the slowest component still needs for a pass if things go on
 * as they did; UINT32_MAX when that cannot be said.
 */
uint32_t engine_rounds_to_pass(const struct engine *e);

struct engine_counts {
	uint32_t pairs;    /* all, void ones too */
	uint32_t rounds;   /* that count: not void */
	uint32_t warmups, focuses, voids;
	uint32_t lates;    /* of the voids */
	uint32_t candidate_failures, baseline_failures;
};
struct engine_counts engine_counts(const struct engine *e, size_t check);
struct engine_counts engine_counts_total(const struct engine *e);

/* Pair i of a check as it was given; points into the engine. */
void engine_pair_at(const struct engine *e, size_t check, size_t i,
    struct engine_pair *out);

/* The limits of a check as they hold. */
struct engine_limits engine_limits(const struct engine *e, size_t check);

/* The count that was given. */
uint32_t engine_step_count(const struct engine *e, size_t check);

/*
 * Of one check, for charts: ln of its share in the evidence against the
 * candidate (the shares of all checks add up to it), and ln of its weakest
 * evidence for a pass, the largest so far (at engine_log_bound_pass it
 * holds; infinite when nothing is needed). The bound is of the gate; that
 * of a check with a beta of its own is another.
 */
double engine_log_share(const struct engine *e, size_t check);
double engine_log_weakest(const struct engine *e, size_t check);
double engine_log_bound_pass(const struct engine *e);
double engine_log_bound_pass_of(const struct engine *e, size_t check);

/* True when everything that a pass needs of this check holds. */
bool engine_check_holds(const struct engine *e, size_t check);

/*
 * How far the components of a pass have come on their way to the bound, on
 * average: 0 to 1, and 1 only when all hold.
 */
double engine_pass_share(const struct engine *e);

/* What is known of the failure rate before this gate. */
struct engine_failure_view {
	bool has_history;
	double bound;  /* of the historical rate; 1 without history */
	double margin; /* failure rate that a pass rules out */
	double log_e1, log_e2;
};
struct engine_failure_view engine_failure_view(const struct engine *e,
    size_t check);

enum engine_part {
	ENGINE_PART_BLOCK_FAILURES,
	ENGINE_PART_BLOCK_LATENCY,
	ENGINE_PART_PASS_FAILURES,
	ENGINE_PART_PASS_MEDIAN,
	ENGINE_PART_PASS_TAIL
};
const char *engine_part_name(enum engine_part part);

#define ENGINE_NO_STEP UINT32_MAX

/* One stream of evidence as it stands. */
struct engine_component {
	enum engine_part part;
	size_t check;
	uint32_t step;        /* from 0, or ENGINE_NO_STEP */
	bool is_needed;       /* of a pass: not quarantined, step exists */
	bool is_done;         /* of a pass: holds. Of a block: named */
	double log_e;         /* now; of a pass the largest so far */
	double log_bound;     /* alone sufficient */
	double weight;        /* of a block: share in the mean */
	double phi, kappa;    /* 0 and 1 when not tempered */
	double estimate;      /* candidate's failure rate; ratio of medians;
			       * share of more requests above p90; NAN: no
			       * round yet */
	uint32_t count;       /* scores */
	double margin;        /* of a pass: rate, relative margin, share */
	double margin_reached; /* smallest of the grid that holds; NAN none */
	uint32_t rounds_to_go; /* of a pass: UINT32_MAX when unknown */
};

/*
 * List every stream; the caller frees *out. Margins are re-examined over a
 * grid, which costs a pass over all pairs for each of its points.
 */
size_t engine_components(const struct engine *e, struct engine_component **out);

/*
 * Name the regressions by e-BH: of all false names at most a share q is
 * expected. Fills out (room for every check and step) with block components,
 * strongest first; returns their number.
 */
size_t engine_attribute(const struct engine *e, double q,
    struct engine_component *out);
size_t engine_hypothesis_count(const struct engine *e);

/* Medians of the pairs that count for a step's latency. */
struct engine_step_view {
	uint32_t pairs;
	uint32_t candidate_reached, baseline_reached;
	int64_t candidate_median_ns, baseline_median_ns;
	int64_t candidate_p90_ns, baseline_p90_ns;
};
struct engine_step_view engine_step_view(const struct engine *e, size_t check,
    uint32_t step);

#endif
