/* SPDX-License-Identifier: ISC */
/* Services and gates of chance. */
#include "tests/gate/simulate.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#define HISTORY_RUNS 5000
#define TAIL_MARGIN 0.10

const struct simulate_marginal simulate_lognormal = {SIMULATE_LOGNORMAL, 1, .4,
    0};
const struct simulate_marginal simulate_bimodal = {SIMULATE_BIMODAL, 1, .25,
    .15};
const struct simulate_marginal simulate_pareto = {SIMULATE_PARETO, 1, 0, 0};

/* ---- chance ---- */

void
simulate_chance_init(struct simulate_chance *c, uint64_t seed)
{
	*c = (struct simulate_chance){.has_kept = false};
	coin_init(&c->coin, seed);
}

double
simulate_uniform(struct simulate_chance *c)
{
	return (((double)(coin_next(&c->coin) >> 11) + 0.5) /
	    9007199254740992.0);
}

double
simulate_normal(struct simulate_chance *c)
{
	double r, a;

	if (c->has_kept) {
		c->has_kept = false;
		return (c->kept);
	}
	r = sqrt(-2 * log(simulate_uniform(c)));
	a = 2 * M_PI * simulate_uniform(c);
	c->kept = r * sin(a);
	c->has_kept = true;
	return (r * cos(a));
}

int
simulate_binomial(struct simulate_chance *c, int n, double p)
{
	int i, k = 0;

	for (i = 0; i < n; i++)
		k += simulate_uniform(c) < p;
	return (k);
}

static double
normal_cdf(double z)
{
	return (0.5 * erfc(-z * M_SQRT1_2));
}

/* Inverse of normal_cdf by Newton steps from a logistic guess. */
static double
normal_quantile(double u)
{
	double z = log(u / (1 - u)) / 1.702, step;
	int i;

	for (i = 0; i < 30; i++) {
		step = (normal_cdf(z) - u) * 2.5066282746310002 *
		    exp(z * z / 2);
		step = step > .5 ? .5 : step < -.5 ? -.5 : step;
		z -= step;
		if (fabs(step) < 1e-12)
			break;
	}
	return (z);
}

/* ---- services ---- */

static double
log_normal_of(double median_ms, const struct simulate_marginal *m, double u)
{
	return (m->scale * median_ms * exp(m->sigma *
	    normal_quantile(fmin(fmax(u, 1e-12), 1 - 1e-12))));
}

/* The latency in ms whose normal score is z. */
static double
quantile(const struct simulate_marginal *m, double z)
{
	double u, fast = 1 - m->slow_share;

	if (m->shape == SIMULATE_LOGNORMAL)
		return (m->scale * 200 * exp(m->sigma * z));
	if (m->shape == SIMULATE_PARETO)
		return (m->scale * 200 * pow(normal_cdf(-z) / .5, -1 / 1.5));
	u = normal_cdf(z);
	if (u > fast)
		return (log_normal_of(800, m, (u - fast) / m->slow_share));
	return (log_normal_of(200, m, u / fast));
}

static void
drift(double *state, double phi, bool is_started, struct simulate_chance *c)
{
	double fresh = simulate_normal(c);

	*state = is_started ? phi * *state + sqrt(1 - phi * phi) * fresh :
	    fresh;
}

void
simulate_draw(struct simulate_service *s, struct simulate_chance *c,
    double *base_ms, double *cand_ms)
{
	const struct simulate_weather *w = &s->weather;
	double a = sqrt(w->rho), b = sqrt(1 - w->rho);

	drift(&s->env, w->shared, s->is_started, c);
	drift(&s->base, w->own, s->is_started, c);
	drift(&s->cand, w->own, s->is_started, c);
	s->is_started = true;
	*base_ms = quantile(&s->baseline, a * s->env + b * s->base);
	*cand_ms = quantile(&s->candidate, a * s->env + b * s->cand);
}

int64_t
simulate_ns(double ms)
{
	return (llround(ms * SIMULATE_MS));
}

/* ---- what A/A rounds say ---- */

static void
step_phi0(const int64_t *base, const int64_t *cand, uint32_t rounds,
    struct latency_phi0 *out)
{
	double *kept = xcalloc((size_t)rounds * LATENCY_SCORES, sizeof(*kept));
	double x[LATENCY_SCORES];
	struct latency_scorer scorer;
	uint32_t i;
	int j;

	latency_scorer_init(&scorer, (struct latency_margin){0, 0});
	for (i = 0; i < rounds; i++) {
		latency_scorer_add(&scorer, cand[i], base[i], true, x);
		for (j = 0; j < LATENCY_SCORES; j++)
			kept[(size_t)j * rounds + i] = x[j];
	}
	for (j = 0; j < LATENCY_SCORES; j++)
		out->scores[j] = stream_phi0_of(kept + (size_t)j * rounds,
		    rounds);
	latency_scorer_fini(&scorer);
	free(kept);
}

double
simulate_phi0(const int64_t *base, const int64_t *cand, uint32_t step_count,
    uint32_t rounds, struct latency_phi0 *out)
{
	double *pooled = xcalloc(rounds, sizeof(*pooled)), phi0;
	struct latency_tail tail;
	size_t at;
	uint32_t i, j;

	for (j = 0; j < step_count; j++) {
		step_phi0(base + (size_t)j * rounds, cand + (size_t)j * rounds,
		    rounds, &out[j]);
		latency_tail_init(&tail);
		for (i = 0; i < rounds; i++) {
			at = (size_t)j * rounds + i;
			if (latency_tail_is_warm(&tail))
				pooled[i] += TAIL_MARGIN / step_count;
			pooled[i] -= (double)latency_tail_add(&tail, cand[at],
			    base[at]) / step_count;
		}
		latency_tail_fini(&tail);
	}
	phi0 = stream_phi0_of(pooled, rounds);
	free(pooled);
	return (phi0);
}

/* ---- gates ---- */

/* FNV-1a of the name: gates of different truths have nothing in common. */
uint64_t
simulate_seed(const struct simulate_truth *t, int n)
{
	uint64_t hash = 0xcbf29ce484222325u;
	const char *p;

	for (p = t->name; *p != '\0'; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
	return (hash + (uint64_t)n);
}

static bool
is_changed(const struct simulate_truth *t, uint32_t check, uint32_t step)
{
	if (t->changed_check == SIMULATE_NONE)
		return (false);
	return ((t->changed_check == SIMULATE_ALL ||
	    t->changed_check == (int)check) &&
	    (t->changed_step == SIMULATE_ALL ||
	    t->changed_step == (int)step));
}

static void
draw_aa(struct simulate_gate *g, size_t service)
{
	const struct simulate_truth *t = g->truth;
	struct simulate_service s = {.baseline = t->baseline,
	    .candidate = t->baseline, .weather = t->weather};
	double base, cand;
	size_t i, at;

	for (i = 0; i < t->aa_count; i++) {
		simulate_draw(&s, &g->chance, &base, &cand);
		at = service * t->aa_count + i;
		g->aa_base[at] = simulate_ns(base);
		g->aa_cand[at] = simulate_ns(cand);
	}
}

static void
init_check(struct simulate_gate *g, uint32_t check)
{
	const struct simulate_truth *t = g->truth;
	size_t first = (size_t)check * t->step_count, aa;
	uint32_t j;

	for (j = 0; j < t->step_count; j++) {
		g->services[first + j] = (struct simulate_service){
		    .baseline = t->baseline,
		    .candidate = is_changed(t, check, j) ? t->candidate :
			t->baseline,
		    .weather = t->weather};
		draw_aa(g, first + j);
	}
	g->given[check].steps = &g->phi0[first];
	aa = first * t->aa_count;
	if (t->aa_count > 0)
		g->given[check].tail = simulate_phi0(g->aa_base + aa,
		    g->aa_cand + aa, t->step_count, t->aa_count,
		    &g->phi0[first]);
	g->checks[check] = (struct engine_check){.name = "check",
	    .step_count = t->step_count,
	    .history = {HISTORY_RUNS, simulate_binomial(&g->chance,
		HISTORY_RUNS, t->history_rate), 1},
	    .phi0 = t->aa_count > 0 ? &g->given[check] : NULL};
}

void
simulate_init(struct simulate_gate *g, const struct simulate_truth *t,
    uint64_t seed)
{
	size_t services = (size_t)t->check_count * t->step_count;
	uint32_t i;

	*g = (struct simulate_gate){.truth = t};
	simulate_chance_init(&g->chance, seed);
	g->services = xcalloc(services, sizeof(*g->services));
	g->aa_base = xcalloc(services * t->aa_count, sizeof(int64_t));
	g->aa_cand = xcalloc(services * t->aa_count, sizeof(int64_t));
	g->phi0 = xcalloc(services, sizeof(*g->phi0));
	g->given = xcalloc(t->check_count, sizeof(*g->given));
	g->checks = xcalloc(t->check_count, sizeof(*g->checks));
	g->base = xcalloc(services, sizeof(int64_t));
	g->cand = xcalloc(services, sizeof(int64_t));
	g->base_failed = xcalloc(t->check_count, sizeof(bool));
	g->cand_failed = xcalloc(t->check_count, sizeof(bool));
	for (i = 0; i < t->check_count; i++)
		init_check(g, i);
	g->config = engine_config_default;
	if (t->is_latency_only) {
		/* Failures pass within two rounds: never the last to. */
		g->config.failure_weight = 0;
		g->config.failure_margin = .9;
	}
}

void
simulate_fini(struct simulate_gate *g)
{
	free(g->services);
	free(g->aa_base);
	free(g->aa_cand);
	free(g->phi0);
	free(g->given);
	free(g->checks);
	free(g->base);
	free(g->cand);
	free(g->base_failed);
	free(g->cand_failed);
	*g = (struct simulate_gate){.truth = NULL};
}

struct engine *
simulate_engine(const struct simulate_gate *g)
{
	return (engine_new(&g->config, g->checks, g->truth->check_count));
}

void
simulate_next(struct simulate_gate *g)
{
	const struct simulate_truth *t = g->truth;
	double base, cand, rate;
	size_t at = 0;
	uint32_t i, j;

	for (i = 0; i < t->check_count; i++) {
		for (j = 0; j < t->step_count; j++, at++) {
			simulate_draw(&g->services[at], &g->chance, &base,
			    &cand);
			g->base[at] = simulate_ns(base);
			g->cand[at] = simulate_ns(cand);
		}
		rate = t->failing_check == SIMULATE_ALL ||
		    t->failing_check == (int)i ? t->candidate_rate :
		    t->baseline_rate;
		g->base_failed[i] = simulate_uniform(&g->chance) <
		    t->baseline_rate;
		g->cand_failed[i] = simulate_uniform(&g->chance) < rate;
	}
}

void
simulate_add(const struct simulate_gate *g, struct engine *e)
{
	struct engine_pair pair = {.kind = ENGINE_PAIR_ROUND};
	size_t first;
	uint32_t i;

	for (i = 0; i < g->truth->check_count; i++) {
		first = (size_t)i * g->truth->step_count;
		pair.candidate = (struct engine_arm){g->cand_failed[i],
		    g->cand + first};
		pair.baseline = (struct engine_arm){g->base_failed[i],
		    g->base + first};
		engine_add(e, i, &pair);
	}
}
