/* SPDX-License-Identifier: ISC */
/* Scores and evidence of one step's latency; section 2.3 of doc/gate.md. */
#include "gate/latency.h"

#include <math.h>

#include "base/must.h"

#define ECDF_WARM_ROUNDS 5
#define ECDF_CLIP 0.6
#define TAIL_WARM_ROUNDS 10
#define PASS_QUANTILE 0.9

static const double block_weights[LATENCY_SCORES] = {.35, .25, .2, .2};
static const double pass_weights[2] = {.5, .5};

void
latency_scorer_init(struct latency_scorer *s, struct latency_margin margin)
{
	s->margin = margin;
	s->rounds = 0;
	order_init(&s->distances);
	order_init(&s->pool);
}

void
latency_scorer_fini(struct latency_scorer *s)
{
	order_fini(&s->distances);
	order_fini(&s->pool);
}

static double
at_least_1ns(int64_t ns)
{
	return (ns > 1 ? (double)ns : 1.0);
}

static double
tolerated(struct latency_margin m, double baseline)
{
	return (baseline + fmax(m.relative * baseline, m.absolute_ns));
}

/*
 * |ln c - ln g| orders as max/min does, and a quotient is exact to the last
 * bit on every machine, so that a replay ranks ties as the first run did.
 */
static double
signed_rank(struct latency_scorer *s, double c, double g)
{
	double distance = c > g ? c / g : g / c, rank;
	size_t below, equal;

	order_rank(&s->distances, distance, &below, &equal);
	order_add(&s->distances, distance);
	if (c == g)
		return (0);
	rank = (1 + (double)below + 0.5 * (double)equal) /
	    (double)(s->rounds + 1);
	return (c > g ? rank : -rank);
}

static double
ecdf_difference(const struct order *pool, double c, double g)
{
	double x = (order_ecdf(pool, c) - order_ecdf(pool, g)) / ECDF_CLIP;

	return (x > 1 ? 1 : x < -1 ? -1 : x);
}

static double
tail_difference(const struct order *pool, double q, double c, double g)
{
	double tau = order_quantile(pool, q);

	return ((double)(c > tau) - (double)(g > tau));
}

void
latency_scorer_add(struct latency_scorer *s, int64_t candidate_ns,
    int64_t baseline_ns, bool with_tails, double out[static LATENCY_SCORES])
{
	double c = at_least_1ns(candidate_ns);
	double g = tolerated(s->margin, at_least_1ns(baseline_ns));

	out[LATENCY_SIGNED_RANK] = signed_rank(s, c, g);
	out[LATENCY_ECDF] = s->rounds >= ECDF_WARM_ROUNDS ?
	    ecdf_difference(&s->pool, c, g) : 0;
	out[LATENCY_TAIL75] = out[LATENCY_TAIL90] = 0;
	if (with_tails && s->rounds >= TAIL_WARM_ROUNDS) {
		out[LATENCY_TAIL75] = tail_difference(&s->pool, .75, c, g);
		out[LATENCY_TAIL90] = tail_difference(&s->pool, .90, c, g);
	}
	order_add(&s->pool, c);
	order_add(&s->pool, g);
	s->rounds++;
}

void
latency_block_init(struct latency_block *b, struct latency_margin tolerance,
    const struct latency_phi0 *phi0)
{
	int i;

	latency_scorer_init(&b->scorer, tolerance);
	for (i = 0; i < LATENCY_SCORES; i++)
		stream_init(&b->streams[i], STREAM_BETS_BOLD, phi0->scores[i]);
	b->log_e = 0;
}

void
latency_block_fini(struct latency_block *b)
{
	latency_scorer_fini(&b->scorer);
}

void
latency_block_add(struct latency_block *b, int64_t candidate_ns,
    int64_t baseline_ns)
{
	double scores[LATENCY_SCORES], logs[LATENCY_SCORES];
	int i;

	latency_scorer_add(&b->scorer, candidate_ns, baseline_ns, true,
	    scores);
	for (i = 0; i < LATENCY_SCORES; i++) {
		stream_add(&b->streams[i], scores[i]);
		logs[i] = b->streams[i].log_e;
	}
	b->log_e = stream_log_mean(logs, block_weights, LATENCY_SCORES);
}

void
latency_pass_init(struct latency_pass *p, struct latency_margin margin,
    const struct latency_phi0 *phi0)
{
	int i;

	latency_scorer_init(&p->scorer, margin);
	for (i = 0; i < 2; i++)
		stream_init(&p->streams[i], STREAM_BETS_BOLD, phi0->scores[i]);
	p->log_e = p->log_most = 0;
}

void
latency_pass_fini(struct latency_pass *p)
{
	latency_scorer_fini(&p->scorer);
}

/* Exchanging the arms only changes the signs of the scores. */
void
latency_pass_add(struct latency_pass *p, int64_t candidate_ns,
    int64_t baseline_ns)
{
	double scores[LATENCY_SCORES], logs[2];
	int i;

	latency_scorer_add(&p->scorer, candidate_ns, baseline_ns, false,
	    scores);
	for (i = 0; i < 2; i++) {
		stream_add(&p->streams[i], -scores[i]);
		logs[i] = p->streams[i].log_e;
	}
	p->log_e = stream_log_mean(logs, pass_weights, 2);
	p->log_most = fmax(p->log_most, p->log_e);
}

void
latency_tail_init(struct latency_tail *t)
{
	order_init(&t->baseline);
}

void
latency_tail_fini(struct latency_tail *t)
{
	order_fini(&t->baseline);
}

bool
latency_tail_is_warm(const struct latency_tail *t)
{
	return (t->baseline.count >= TAIL_WARM_ROUNDS);
}

int
latency_tail_add(struct latency_tail *t, int64_t candidate_ns,
    int64_t baseline_ns)
{
	double c = (double)candidate_ns, b = (double)baseline_ns, tau;
	int difference = 0;

	if (latency_tail_is_warm(t)) {
		tau = order_quantile(&t->baseline, PASS_QUANTILE);
		difference = (c > tau) - (b > tau);
	}
	order_add(&t->baseline, b);
	return (difference);
}
