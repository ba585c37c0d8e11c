/* SPDX-License-Identifier: ISC */
/* The gate's engine: what it is made of, and how it takes pairs in. */
#include "gate/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "gate/engine_priv.h"

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
    .void_guard = 100,
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

	c->has_history = history_is_enough(h);
	c->bound = c->has_history ? history_bound(h, e->config.history_level) :
	    1;
	c->is_flaky = history_is_flaky(h, e->config.history_level);
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
	    (struct engine_limits){.tolerance = e->config.tolerance,
	    .margin = e->config.margin,
	    .failure_margin = e->config.failure_margin,
	    .tail_margin = e->config.tail_margin};
	c->tail_phi0 = given->phi0 != NULL ? given->phi0->tail :
	    ENGINE_PHI0_UNKNOWN;
	stream_init(&c->voids, STREAM_BETS_BOLD, -1);
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
		share_add(&e->share, &(struct share_check){c->limits.alpha,
		    c->step_count});
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
	share_init(&e->share, config->alpha, config->failure_weight);
	for (i = 0; i < check_count; i++)
		init_check(e, &e->checks[i], &checks[i]);
	engine_note_all(e);
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
	log_sum_fini(&e->evidence);
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
	    .is_candidate_void = pair->is_candidate_void,
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
		stream_add(&c->voids, pair->is_candidate_void ? 1 : -1);
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

static void
add_pair(struct engine_check_state *c, const struct engine_pair *pair)
{
	uint32_t i;

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

void
engine_add(struct engine *e, size_t check, const struct engine_pair *pair)
{
	must(check < e->check_count);
	keep_record(&e->checks[check], pair);
	e->pair_count++;
	add_pair(&e->checks[check], pair);
	engine_note(e, check);
}
