/* SPDX-License-Identifier: ISC */
/*
 * What the gate's engine tells about itself: names, counts, components with
 * the margins that they reach, and which regressions to name.
 */
#include "gate/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "gate/engine_priv.h"

static const double failure_grid[] = {.01, .02, .03, .05, .075, .1, .15, .2,
    .25, .3, .4, .5, .75};
static const double scale_grid[] = {.1, .25, .5, .75, 1, 1.25, 1.5, 2, 3, 5,
    10};
static const double tail_grid[] = {.02, .05, .08, .1, .12, .15, .2, .25, .3,
    .4, .5};

static const char *const verdict_names[] = {"undecided", "pass", "block",
    "inconclusive"};
static const char *const part_names[] = {"block-failures", "block-latency",
    "pass-failures", "pass-median", "pass-tail"};
static const char *const reason_names[] = {"none", "no-rounds",
    "infrastructure", "never-ran", "candidate-void", "baseline-failing",
    "flaky", "no-history", "budget"};
static const char *const reason_texts[] = {
    "the evidence decided",
    "nothing was measured",
    "too many rounds were void: the probes could not measure",
    "a required check never ran",
    "runs against the candidate were void more often than those against the "
    "baseline: what they had to say is missing",
    "the baseline itself fails too often to compare with",
    ("it has failed so often in the past that it cannot gate: mend it, or put "
    "it in quarantine"),
    "it has too short a history to be judged without a baseline",
    "the budget ended before the evidence was enough",
};

const char *
engine_verdict_name(enum engine_verdict v)
{
	must((size_t)v < NELEMS(verdict_names));
	return (verdict_names[v]);
}

const char *
engine_reason_name(enum engine_reason r)
{
	must((size_t)r < NELEMS(reason_names));
	return (reason_names[r]);
}

const char *
engine_reason_text(enum engine_reason r)
{
	must((size_t)r < NELEMS(reason_texts));
	return (reason_texts[r]);
}

const char *
engine_part_name(enum engine_part part)
{
	must((size_t)part < NELEMS(part_names));
	return (part_names[part]);
}

struct engine_limits
engine_limits(const struct engine *e, size_t check)
{
	return (e->checks[check].limits);
}

uint32_t
engine_step_count(const struct engine *e, size_t check)
{
	return (e->checks[check].step_count);
}

struct engine_counts
engine_counts(const struct engine *e, size_t check)
{
	return (e->checks[check].counts);
}

struct engine_counts
engine_counts_total(const struct engine *e)
{
	struct engine_counts sum = {.pairs = 0};
	const struct engine_counts *n;
	size_t i;

	for (i = 0; i < e->check_count; i++) {
		n = &e->checks[i].counts;
		sum.pairs += n->pairs;
		sum.rounds += n->rounds;
		sum.warmups += n->warmups;
		sum.focuses += n->focuses;
		sum.voids += n->voids;
		sum.lates += n->lates;
		sum.candidate_failures += n->candidate_failures;
		sum.baseline_failures += n->baseline_failures;
	}
	return (sum);
}

static void
pair_at(const struct engine_check_state *c, size_t i, struct engine_pair *out)
{
	const struct engine_record *r = &c->records[i];
	const int64_t *at = c->latencies + i * 2 * c->step_count;

	must(i < c->record_count);
	*out = (struct engine_pair){
	    .kind = (enum engine_pair_kind)r->kind,
	    .is_void = r->is_void,
	    .is_candidate_void = r->is_candidate_void,
	    .candidate = {r->candidate_failed, at},
	    .baseline = {r->baseline_failed, at + c->step_count},
	};
}

void
engine_pair_at(const struct engine *e, size_t check, size_t i,
    struct engine_pair *out)
{
	pair_at(&e->checks[check], i, out);
}

struct engine_failure_view
engine_failure_view(const struct engine *e, size_t check)
{
	const struct engine_check_state *c = &e->checks[check];

	return ((struct engine_failure_view){
	    .has_history = c->has_history,
	    .bound = c->bound,
	    .margin = c->failures_pass.margin,
	    .log_e1 = c->failures.log_e1,
	    .log_e2 = c->failures.log_e2,
	});
}

/* True when pair i counts for latency. */
static bool
latency_pair_at(const struct engine_check_state *c, size_t i,
    struct engine_pair *out)
{
	pair_at(c, i, out);
	return (!out->is_void && out->kind != ENGINE_PAIR_WARMUP);
}

static double
failures_reach(const struct engine_check_state *c, double margin)
{
	struct failures_pass p;
	struct engine_pair pair;
	size_t i;

	failures_pass_init(&p, margin);
	for (i = 0; i < c->record_count; i++) {
		pair_at(c, i, &pair);
		if (!pair.is_void && !pair.baseline.is_failed)
			failures_pass_add(&p, pair.candidate.is_failed);
	}
	return (p.log_most);
}

static double
median_reach(const struct engine_check_state *c, uint32_t step,
    double scale)
{
	struct latency_margin m = {c->limits.margin.relative * scale,
	    c->limits.margin.absolute_ns * scale};
	struct latency_pass p;
	struct engine_pair pair;
	double most;
	size_t i;

	latency_pass_init(&p, m, &c->steps[step].phi0);
	for (i = 0; i < c->record_count; i++)
		if (latency_pair_at(c, i, &pair) &&
		    pair.candidate.latency_ns[step] >= 0 &&
		    pair.baseline.latency_ns[step] >= 0)
			latency_pass_add(&p, pair.candidate.latency_ns[step],
			    pair.baseline.latency_ns[step]);
	most = p.log_most;
	latency_pass_fini(&p);
	return (most);
}

static double
tail_reach(const struct engine_check_state *c, double margin)
{
	struct latency_tail *tails = xcalloc(c->step_count, sizeof(*tails));
	struct stream s;
	struct engine_pair pair;
	double most = 0;
	uint32_t j;
	size_t i;

	for (j = 0; j < c->step_count; j++)
		latency_tail_init(&tails[j]);
	stream_init(&s, STREAM_BETS_CAREFUL, c->tail_phi0);
	for (i = 0; i < c->record_count; i++) {
		if (!latency_pair_at(c, i, &pair))
			continue;
		stream_add(&s, engine_tail_score(tails, c->step_count, &pair,
		    margin));
		most = fmax(most, s.log_e);
	}
	for (j = 0; j < c->step_count; j++)
		latency_tail_fini(&tails[j]);
	free(tails);
	return (most);
}

static void
reach_failures(const struct engine_check_state *c, struct engine_component *out)
{
	size_t i;

	for (i = 0; i < NELEMS(failure_grid); i++)
		if (failures_reach(c, failure_grid[i]) >= out->log_bound) {
			out->margin_reached = failure_grid[i];
			return;
		}
}

static void
reach_median(const struct engine_check_state *c, struct engine_component *out)
{
	size_t i;

	for (i = 0; i < NELEMS(scale_grid); i++)
		if (median_reach(c, out->step, scale_grid[i]) >=
		    out->log_bound) {
			out->margin_reached = scale_grid[i] * out->margin;
			return;
		}
}

static void
reach_tail(const struct engine_check_state *c, struct engine_component *out)
{
	size_t i;

	for (i = 0; i < NELEMS(tail_grid); i++)
		if (tail_reach(c, tail_grid[i]) >= out->log_bound) {
			out->margin_reached = tail_grid[i];
			return;
		}
}

/* Rounds to go when evidence grows on as it did on average. */
static uint32_t
rounds_ahead(double log_e, uint32_t count, double log_bound)
{
	double rounds;

	if (count < 10 || log_e <= 0)
		return (UINT32_MAX);
	rounds = ceil((log_bound - log_e) * count / log_e);
	return (rounds < 1 ? 1 : rounds > 1e6 ? 1000000 : (uint32_t)rounds);
}

static void
take_stream(struct engine_component *out, const struct stream *s)
{
	out->phi = s->phi;
	out->kappa = stream_kappa(s);
	out->count = s->count;
}

static double
failure_estimate(const struct engine_check_state *c)
{
	return (c->counts.rounds > 0 ? (double)c->counts.candidate_failures /
	    c->counts.rounds : NAN);
}

static double
median_estimate(const struct engine *e, size_t check, uint32_t step)
{
	struct engine_step_view v = engine_step_view(e, check, step);

	return (v.baseline_median_ns > 0 ? (double)v.candidate_median_ns /
	    (double)v.baseline_median_ns : NAN);
}

static double
tail_estimate(const struct engine_check_state *c)
{
	return (c->tail_rounds > 0 ? c->limits.tail_margin -
	    c->tail_pass.sum / c->tail_rounds : NAN);
}

static struct engine_component
block_failures(const struct engine *e, size_t check)
{
	const struct engine_check_state *c = &e->checks[check];

	return ((struct engine_component){
	    .part = ENGINE_PART_BLOCK_FAILURES,
	    .check = check,
	    .step = ENGINE_NO_STEP,
	    .is_needed = !c->is_quarantined,
	    .log_e = c->failures.log_e,
	    .log_bound = engine_log_bound(e) -
		log(engine_weight_failures(e, c)),
	    .weight = engine_weight_failures(e, c),
	    .kappa = 1,
	    .count = c->failures.rounds,
	    .margin_reached = NAN,
	    .rounds_to_go = UINT32_MAX,
	});
}

static struct engine_component
block_latency(const struct engine *e, size_t check, uint32_t step)
{
	const struct engine_check_state *c = &e->checks[check];
	const struct latency_block *b = &c->steps[step].block;
	struct engine_component out = {
	    .part = ENGINE_PART_BLOCK_LATENCY,
	    .check = check,
	    .step = step,
	    .is_needed = !c->is_quarantined,
	    .log_e = b->log_e,
	    .log_bound = engine_log_bound(e) - log(engine_weight_step(e, c)),
	    .weight = engine_weight_step(e, c),
	    .margin = c->limits.tolerance.relative,
	    .margin_reached = NAN,
	    .rounds_to_go = UINT32_MAX,
	};

	take_stream(&out, &b->streams[LATENCY_SIGNED_RANK]);
	return (out);
}

static struct engine_component
pass_component(const struct engine *e, size_t check, enum engine_part part,
    uint32_t step, double log_most)
{
	double bound = engine_pass_bound(e, &e->checks[check]);

	return ((struct engine_component){
	    .part = part,
	    .check = check,
	    .step = step,
	    .is_needed = !e->checks[check].is_quarantined,
	    .is_done = log_most >= bound,
	    .log_e = log_most,
	    .log_bound = bound,
	    .kappa = 1,
	    .margin_reached = NAN,
	});
}

static struct engine_component
pass_failures(const struct engine *e, size_t check)
{
	const struct engine_check_state *c = &e->checks[check];
	struct engine_component out = pass_component(e, check,
	    ENGINE_PART_PASS_FAILURES, ENGINE_NO_STEP,
	    c->failures_pass.log_most);

	out.count = c->counts.rounds;
	out.margin = c->failures_pass.margin;
	if (!out.is_done)
		out.rounds_to_go = failures_pass_rounds_to(&c->failures_pass,
		    out.log_bound);
	return (out);
}

static struct engine_component
pass_median(const struct engine *e, size_t check, uint32_t step)
{
	const struct engine_check_state *c = &e->checks[check];
	const struct latency_pass *p = &c->steps[step].pass;
	struct engine_component out = pass_component(e, check,
	    ENGINE_PART_PASS_MEDIAN, step, p->log_most);

	take_stream(&out, &p->streams[0]);
	out.margin = c->limits.margin.relative;
	out.is_needed = out.is_needed && engine_step_is_needed(c, step);
	if (!out.is_done)
		out.rounds_to_go = rounds_ahead(p->log_e, out.count,
		    out.log_bound);
	return (out);
}

static struct engine_component
pass_tail(const struct engine *e, size_t check)
{
	const struct engine_check_state *c = &e->checks[check];
	struct engine_component out = pass_component(e, check,
	    ENGINE_PART_PASS_TAIL, ENGINE_NO_STEP, c->tail_log_most);

	take_stream(&out, &c->tail_pass);
	out.margin = c->limits.tail_margin;
	out.is_needed = out.is_needed && engine_tail_is_needed(c);
	if (!out.is_done)
		out.rounds_to_go = rounds_ahead(c->tail_pass.log_e, out.count,
		    out.log_bound);
	return (out);
}

static uint32_t
slower(uint32_t most, struct engine_component part)
{
	return (part.is_needed && part.rounds_to_go > most ?
	    part.rounds_to_go : most);
}

uint32_t
engine_rounds_to_pass(const struct engine *e)
{
	uint32_t most = 0, j;
	size_t i;

	for (i = 0; i < e->check_count; i++) {
		most = slower(most, pass_failures(e, i));
		most = slower(most, pass_tail(e, i));
		for (j = 0; j < e->checks[i].step_count; j++)
			most = slower(most, pass_median(e, i, j));
	}
	return (most);
}

size_t
engine_hypothesis_count(const struct engine *e)
{
	return (e->judged_checks + e->judged_steps);
}

static int
compare_evidence(const void *a, const void *b)
{
	const struct engine_component *x = a, *y = b;

	return ((x->log_e < y->log_e) - (x->log_e > y->log_e));
}

size_t
engine_attribute(const struct engine *e, double q,
    struct engine_component *out)
{
	size_t i, n = 0, named = 0;
	uint32_t j;

	for (i = 0; i < e->check_count; i++) {
		if (e->checks[i].is_quarantined)
			continue;
		out[n++] = block_failures(e, i);
		for (j = 0; j < e->checks[i].step_count; j++)
			out[n++] = block_latency(e, i, j);
	}
	qsort(out, n, sizeof(*out), compare_evidence);
	for (i = 0; i < n; i++)
		if (out[i].log_e >= log((double)n / (q * (double)(i + 1))))
			named = i + 1;
	for (i = 0; i < n; i++) {
		out[i].is_done = i < named;
		out[i].estimate = out[i].step == ENGINE_NO_STEP ?
		    failure_estimate(&e->checks[out[i].check]) :
		    median_estimate(e, out[i].check, out[i].step);
	}
	return (named);
}

static void
list_check(const struct engine *e, size_t check, struct engine_component *all,
    size_t *n)
{
	const struct engine_check_state *c = &e->checks[check];
	struct engine_component *p;
	uint32_t j;

	p = &all[(*n)++];
	*p = block_failures(e, check);
	p->estimate = failure_estimate(c);
	for (j = 0; j < c->step_count; j++) {
		p = &all[(*n)++];
		*p = block_latency(e, check, j);
		p->estimate = median_estimate(e, check, j);
	}
	p = &all[(*n)++];
	*p = pass_failures(e, check);
	p->estimate = failure_estimate(c);
	reach_failures(c, p);
	for (j = 0; j < c->step_count; j++) {
		p = &all[(*n)++];
		*p = pass_median(e, check, j);
		p->estimate = median_estimate(e, check, j);
		reach_median(c, p);
	}
	if (c->step_count > 0) {
		p = &all[(*n)++];
		*p = pass_tail(e, check);
		p->estimate = tail_estimate(c);
		reach_tail(c, p);
	}
}

size_t
engine_components(const struct engine *e, struct engine_component **out)
{
	struct engine_component *all;
	size_t i, n = 0, most = 0;

	for (i = 0; i < e->check_count; i++)
		most += 3 + 2 * (size_t)e->checks[i].step_count;
	all = xcalloc(most, sizeof(*all));
	for (i = 0; i < e->check_count; i++)
		list_check(e, i, all, &n);
	*out = all;
	return (n);
}

static int64_t
quantile_of(const struct order *o, double q)
{
	return (o->count > 0 ? (int64_t)order_quantile(o, q) : 0);
}

struct engine_step_view
engine_step_view(const struct engine *e, size_t check, uint32_t step)
{
	const struct engine_check_state *c = &e->checks[check];
	struct engine_step_view v = {
	    .candidate_reached = c->steps[step].candidate_reached,
	    .baseline_reached = c->steps[step].baseline_reached,
	};
	struct order cand, base;
	struct engine_pair pair;
	size_t i;

	order_init(&cand);
	order_init(&base);
	for (i = 0; i < c->record_count; i++)
		if (latency_pair_at(c, i, &pair) &&
		    pair.candidate.latency_ns[step] >= 0 &&
		    pair.baseline.latency_ns[step] >= 0) {
			order_add(&cand, (double)pair.candidate.
			    latency_ns[step]);
			order_add(&base, (double)pair.baseline.
			    latency_ns[step]);
			v.pairs++;
		}
	v.candidate_median_ns = quantile_of(&cand, .5);
	v.baseline_median_ns = quantile_of(&base, .5);
	v.candidate_p90_ns = quantile_of(&cand, .9);
	v.baseline_p90_ns = quantile_of(&base, .9);
	order_fini(&cand);
	order_fini(&base);
	return (v);
}
