/* SPDX-License-Identifier: ISC */
/*
 * The gate's engine: takes pairs in and judges. Blocking looks at the
 * weighted mean of all e-processes (one test of "nothing regressed"); passing
 * at every component on its own (each must reject its margin).
 */
#include "gate/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "gate/engine_priv.h"

#define HISTORY_RUNS_LEAST 200   /* fewer say too little to be a null */
#define FLAKY_BOUND 0.30         /* a check this bad cannot gate */
#define HOPELESS_LEVEL 0.001
#define HOPELESS_ROUNDS 10
#define HOPELESS_VOIDS 10

const struct engine_config engine_config_default = {
    .alpha = 0.01,
    .beta = 0.05,
    .tolerance = {0.05, 10e6},
    .margin = {0.20, 40e6},
    .failure_margin = 0.05,
    .tail_margin = 0.10,
    .guard = 4,
    .bound_after = 0.25,
    .history_level = HISTORY_LEVEL,
    .failure_weight = 0.5,
    .void_most = 0.20,
    .baseline_failing_most = 0.20,
};

static void
init_step(const struct engine_limits *l, struct engine_step *s,
    const struct latency_phi0 *phi0)
{
	int i;

	for (i = 0; i < LATENCY_SCORES; i++)
		s->phi0.scores[i] = phi0 != NULL ? phi0->scores[i] :
		    ENGINE_PHI0_UNKNOWN;
	latency_block_init(&s->block, l->tolerance, &s->phi0);
	latency_pass_init(&s->pass, l->margin, &s->phi0);
	s->candidate_reached = s->baseline_reached = 0;
}

/*
 * A history counts when it is long enough to bound the rate usefully;
 * without it E1 alone decides and the margin is the configured one.
 */
static void
init_failures(const struct engine *e, struct engine_check_state *c,
    const struct history *h)
{
	struct failures_config fc = {.mode = FAILURES_CONCURRENT,
	    .bound = 0.5, .bound_after = e->config.bound_after,
	    .guard = e->config.guard};
	double margin = c->limits.failure_margin;

	c->has_history = h->runs / fmax(h->dispersion, 1) >=
	    HISTORY_RUNS_LEAST;
	c->bound = c->has_history ? history_bound(h, e->config.history_level) :
	    1;
	c->is_flaky = c->has_history && c->bound > FLAKY_BOUND;
	if (c->has_history && !c->is_flaky) {
		fc.mode = FAILURES_COMBINED;
		fc.bound = c->bound;
		margin = fmax(margin, c->bound + c->limits.failure_margin);
	}
	/* Without either: only failing more often than not is evidence. */
	if (c->is_history_only)
		fc.mode = FAILURES_HISTORY;
	failures_init(&c->failures, &fc);
	failures_pass_init(&c->failures_pass, margin);
}

static void
init_check(struct engine *e, struct engine_check_state *c,
    const struct engine_check *given)
{
	uint32_t i;

	c->name = given->name;
	c->step_count = given->step_count;
	c->is_quarantined = given->is_quarantined;
	c->is_history_only = e->config.is_history_only;
	c->limits = given->limits != NULL ? *given->limits :
	    (struct engine_limits){e->config.tolerance, e->config.margin,
	    e->config.failure_margin, e->config.tail_margin};
	c->tail_phi0 = given->phi0 != NULL ? given->phi0->tail :
	    ENGINE_PHI0_UNKNOWN;
	stream_init(&c->tail_pass, STREAM_BETS_CAREFUL, c->tail_phi0);
	init_failures(e, c, &given->history);
	c->steps = xcalloc(c->step_count, sizeof(*c->steps));
	c->tails = xcalloc(c->step_count, sizeof(*c->tails));
	for (i = 0; i < c->step_count; i++) {
		init_step(&c->limits, &c->steps[i],
		    given->phi0 != NULL ? &given->phi0->steps[i] : NULL);
		latency_tail_init(&c->tails[i]);
	}
	if (!c->is_quarantined) {
		e->judged_checks++;
		e->judged_steps += c->step_count;
	}
}

struct engine *
engine_new(const struct engine_config *config,
    const struct engine_check *checks, size_t check_count)
{
	struct engine *e = xcalloc(1, sizeof(*e));
	size_t i;

	must(config->alpha > 0 && config->alpha < 1);
	must(config->beta > 0 && config->beta < 1);
	e->config = *config;
	e->checks = xcalloc(check_count, sizeof(*e->checks));
	e->check_count = check_count;
	for (i = 0; i < check_count; i++)
		init_check(e, &e->checks[i], &checks[i]);
	return (e);
}

void
engine_free(struct engine **ep)
{
	struct engine *e = *ep;
	size_t i;
	uint32_t j;

	*ep = NULL;
	if (e == NULL)
		return;
	for (i = 0; i < e->check_count; i++) {
		for (j = 0; j < e->checks[i].step_count; j++) {
			latency_block_fini(&e->checks[i].steps[j].block);
			latency_pass_fini(&e->checks[i].steps[j].pass);
			latency_tail_fini(&e->checks[i].tails[j]);
		}
		free(e->checks[i].steps);
		free(e->checks[i].tails);
		free(e->checks[i].records);
		free(e->checks[i].latencies);
	}
	free(e->checks);
	free(e);
}

static void
keep_record(struct engine_check_state *c, const struct engine_pair *pair)
{
	size_t n = c->step_count, i;
	int64_t *at;

	if (c->record_count == c->record_cap) {
		c->record_cap = c->record_cap > 0 ? 2 * c->record_cap : 64;
		c->records = xreallocarray(c->records, c->record_cap,
		    sizeof(*c->records));
		c->latencies = xreallocarray(c->latencies,
		    c->record_cap * 2 * n, sizeof(*c->latencies));
	}
	c->records[c->record_count] = (struct engine_record){
	    .kind = (uint8_t)pair->kind,
	    .is_void = pair->is_void,
	    .candidate_failed = pair->candidate.is_failed,
	    .baseline_failed = pair->baseline.is_failed,
	};
	at = c->latencies + c->record_count * 2 * n;
	for (i = 0; i < n; i++) {
		at[i] = pair->is_void ? ENGINE_NOT_REACHED :
		    pair->candidate.latency_ns[i];
		at[n + i] = pair->is_void ? ENGINE_NOT_REACHED :
		    pair->baseline.latency_ns[i];
	}
	c->record_count++;
}

/* Returns true when the pair says something about the service. */
static bool
count_pair(struct engine_check_state *c, const struct engine_pair *pair)
{
	c->counts.pairs++;
	if (pair->is_void) {
		c->counts.voids++;
		c->counts.lates += pair->is_late;
		return (false);
	}
	c->counts.rounds++;
	c->counts.warmups += pair->kind == ENGINE_PAIR_WARMUP;
	c->counts.focuses += pair->kind == ENGINE_PAIR_FOCUS;
	c->counts.candidate_failures += pair->candidate.is_failed;
	c->counts.baseline_failures += pair->baseline.is_failed;
	c->both_passed += !pair->candidate.is_failed &&
	    !pair->baseline.is_failed;
	return (true);
}

double
engine_tail_score(struct latency_tail *tails, uint32_t step_count,
    const struct engine_pair *pair, double margin)
{
	double sum = 0;
	uint32_t i, warm = 0;
	bool was_warm;
	int64_t cand, base;

	for (i = 0; i < step_count; i++) {
		was_warm = latency_tail_is_warm(&tails[i]);
		warm += was_warm;
		cand = pair->candidate.latency_ns[i];
		base = pair->baseline.latency_ns[i];
		if (cand < 0 || base < 0)
			continue;
		if (was_warm)
			sum += margin;
		sum -= latency_tail_add(&tails[i], cand, base);
	}
	return (warm > 0 ? sum / warm : 0);
}

static void
add_latencies(struct engine_check_state *c, const struct engine_pair *pair)
{
	struct engine_step *s;
	int64_t cand, base;
	uint32_t i;

	for (i = 0; i < c->step_count; i++) {
		s = &c->steps[i];
		cand = pair->candidate.latency_ns[i];
		base = pair->baseline.latency_ns[i];
		if (cand < 0 || base < 0)
			continue;
		latency_block_add(&s->block, cand, base);
		latency_pass_add(&s->pass, cand, base);
	}
	if (c->step_count == 0)
		return;
	for (i = 0; i < c->step_count; i++)
		if (latency_tail_is_warm(&c->tails[i])) {
			c->tail_rounds++;
			break;
		}
	stream_add(&c->tail_pass, engine_tail_score(c->tails, c->step_count,
	    pair, c->limits.tail_margin));
	c->tail_log_most = fmax(c->tail_log_most, c->tail_pass.log_e);
}

void
engine_add(struct engine *e, size_t check, const struct engine_pair *pair)
{
	struct engine_check_state *c = &e->checks[check];
	uint32_t i;

	must(check < e->check_count);
	keep_record(c, pair);
	if (!count_pair(c, pair))
		return;
	for (i = 0; i < c->step_count; i++) {
		c->steps[i].candidate_reached +=
		    pair->candidate.latency_ns[i] >= 0;
		c->steps[i].baseline_reached +=
		    pair->baseline.latency_ns[i] >= 0;
	}
	failures_add(&c->failures, pair->candidate.is_failed,
	    pair->baseline.is_failed);
	if (!pair->baseline.is_failed)
		failures_pass_add(&c->failures_pass,
		    pair->candidate.is_failed);
	if (pair->kind != ENGINE_PAIR_WARMUP)
		add_latencies(c, pair);
}

double
engine_weight_failures(const struct engine *e,
    const struct engine_check_state *c)
{
	double share = e->judged_steps > 0 ? e->config.failure_weight : 1;

	return (c->is_quarantined ? 0 : share / (double)e->judged_checks);
}

double
engine_weight_step(const struct engine *e, const struct engine_check_state *c)
{
	return (c->is_quarantined ? 0 : (1 - e->config.failure_weight) /
	    (double)e->judged_steps);
}

double
engine_log_evidence(const struct engine *e)
{
	size_t n = e->check_count + e->judged_steps, at = 0, i;
	double *logs = xmalloc(2 * n * sizeof(double)), *weights = logs + n;
	const struct engine_check_state *c;
	double mean;
	uint32_t j;

	for (i = 0; i < e->check_count; i++) {
		c = &e->checks[i];
		if (c->is_quarantined)
			continue;
		logs[at] = c->failures.log_e;
		weights[at++] = engine_weight_failures(e, c);
		for (j = 0; j < c->step_count; j++) {
			logs[at] = c->steps[j].block.log_e;
			weights[at++] = engine_weight_step(e, c);
		}
	}
	mean = at > 0 ? stream_log_mean(logs, weights, at) : 0;
	free(logs);
	return (mean);
}

double
engine_log_bound(const struct engine *e)
{
	return (log(1 / e->config.alpha));
}

bool
engine_step_is_needed(const struct engine_check_state *c, uint32_t step)
{
	if (c->is_history_only)
		return (false);
	return (c->steps[step].candidate_reached > 0 ||
	    c->steps[step].baseline_reached > 0 || c->both_passed == 0);
}

bool
engine_tail_is_needed(const struct engine_check_state *c)
{
	uint32_t i;

	for (i = 0; i < c->step_count; i++)
		if (engine_step_is_needed(c, i))
			return (true);
	return (false);
}

static void
check_pass_progress(const struct engine *e, const struct engine_check_state *c,
    size_t *done, size_t *all)
{
	double bound = log(1 / e->config.beta);
	uint32_t i;

	*all += 1;
	*done += c->failures_pass.log_most >= bound;
	for (i = 0; i < c->step_count; i++)
		if (engine_step_is_needed(c, i)) {
			*all += 1;
			*done += c->steps[i].pass.log_most >= bound;
		}
	if (engine_tail_is_needed(c)) {
		*all += 1;
		*done += c->tail_log_most >= bound;
	}
}

void
engine_pass_progress(const struct engine *e, size_t *done, size_t *all)
{
	size_t i;

	*done = *all = 0;
	for (i = 0; i < e->check_count; i++)
		if (!e->checks[i].is_quarantined)
			check_pass_progress(e, &e->checks[i], done, all);
}

/* What is wrong with the measurement of one check, whatever the evidence. */
static enum engine_reason
check_obstacle(const struct engine *e, const struct engine_check_state *c)
{
	const struct engine_counts *n = &c->counts;

	if (n->voids > e->config.void_most * n->pairs)
		return (ENGINE_REASON_INFRASTRUCTURE);
	if (n->rounds == 0)
		return (ENGINE_REASON_NEVER_RAN);
	if (n->baseline_failures > e->config.baseline_failing_most * n->rounds)
		return (ENGINE_REASON_BASELINE_FAILING);
	if (c->is_flaky)
		return (ENGINE_REASON_FLAKY);
	if (c->is_history_only && !c->has_history)
		return (ENGINE_REASON_NO_HISTORY);
	return (ENGINE_REASON_NONE);
}

/* The gravest obstacle; the enum's order is that of gravity. */
static enum engine_reason
find_obstacle(const struct engine *e, size_t *check)
{
	enum engine_reason worst = ENGINE_REASON_NONE, r;
	size_t i;

	*check = SIZE_MAX;
	if (engine_counts_total(e).rounds == 0 &&
	    engine_counts_total(e).voids == 0)
		return (ENGINE_REASON_NO_ROUNDS);
	for (i = 0; i < e->check_count; i++) {
		if (e->checks[i].is_quarantined)
			continue;
		r = check_obstacle(e, &e->checks[i]);
		if (r != ENGINE_REASON_NONE &&
		    (worst == ENGINE_REASON_NONE || r < worst)) {
			worst = r;
			*check = i;
		}
	}
	return (worst);
}

enum engine_verdict
engine_decide(struct engine *e)
{
	enum engine_reason obstacle;
	size_t done, all, check;

	if (e->verdict != ENGINE_UNDECIDED)
		return (e->verdict);
	if (e->judged_checks == 0)
		return (ENGINE_UNDECIDED);
	obstacle = find_obstacle(e, &check);
	if (obstacle == ENGINE_REASON_NO_ROUNDS ||
	    obstacle == ENGINE_REASON_INFRASTRUCTURE)
		return (ENGINE_UNDECIDED);
	if (engine_log_evidence(e) >= engine_log_bound(e))
		return (e->verdict = ENGINE_BLOCK);
	if (obstacle != ENGINE_REASON_NONE)
		return (ENGINE_UNDECIDED);
	engine_pass_progress(e, &done, &all);
	if (done == all)
		e->verdict = ENGINE_PASS;
	return (e->verdict);
}

enum engine_verdict
engine_finish(struct engine *e)
{
	if (engine_decide(e) == ENGINE_UNDECIDED)
		e->verdict = ENGINE_INCONCLUSIVE;
	return (e->verdict);
}

enum engine_reason
engine_reason(const struct engine *e, size_t *check)
{
	enum engine_reason r;
	size_t at;

	r = find_obstacle(e, &at);
	if (r == ENGINE_REASON_NONE && e->judged_checks == 0)
		r = ENGINE_REASON_NO_ROUNDS;
	if (r == ENGINE_REASON_NONE)
		r = ENGINE_REASON_BUDGET;
	if (check != NULL)
		*check = at;
	return (r);
}

bool
engine_is_hopeless(const struct engine *e, size_t check, uint32_t rounds_left)
{
	const struct engine_check_state *c = &e->checks[check];
	const struct engine_counts *n = &c->counts;
	uint32_t faults = n->voids - n->lates;

	if (c->is_quarantined)
		return (false);
	if (faults >= HOPELESS_VOIDS && 2 * faults > n->pairs)
		return (true);
	if (n->voids > e->config.void_most * ((double)n->pairs + rounds_left))
		return (true);
	return (n->rounds >= HOPELESS_ROUNDS &&
	    history_lower(n->baseline_failures, n->rounds, HOPELESS_LEVEL) >
	    e->config.baseline_failing_most);
}
