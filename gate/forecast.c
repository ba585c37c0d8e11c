/* SPDX-License-Identifier: ISC */
/*
 * Expected growth of wealth. A stream of n scores has the expected log
 * wealth n g, with standard deviation s sqrt(n); it is tempered by kappa.
 */
#include "gate/forecast.h"

#include <math.h>
#include <stdlib.h>

#include "base/must.h"
#include "gate/failures.h"
#include "gate/share.h"

#define ROUNDS_MOST 100000u
#define PHI_PRIOR_ROUNDS 100.0
#define PHI_MOST 0.8
#define TAIL_WARM_ROUNDS 10
#define WARMUP_ROUNDS 3
#define TAIL_SHARE 0.10       /* above the 0.9 quantile */
#define STEPS_CONVOLVED 32
#define BLOCK_MIXTURE 2.2     /* ln of the weights of stream and bet */
#define PASS_MIXTURE 1.2
#define Z_POWER 0.84          /* a chance of 80 % */
#define SPREAD_LEAST 0.01
#define EFFECT_MOST 50.0

static const double bold[] = {0.3, 0.6, 0.95};
static const double careful[] = {0.25, 0.5, 0.75, 0.95};

/* Of one score: mean and variance of the log wealth's step. */
struct growth {
	double mean, variance;
};

static double
cdf(double z)
{
	return (0.5 * erfc(-z * M_SQRT1_2));
}

/* The z that the largest of m normal values reaches about half the time. */
static double
z_of_most(size_t m)
{
	double low = 0, high = 6, mid;
	int i;

	for (i = 0; i < 60; i++) {
		mid = (low + high) / 2;
		if (cdf(mid) < (double)m / ((double)m + 1))
			low = mid;
		else
			high = mid;
	}
	return (m > 1 ? low : 0);
}

/*
 * The signed rank of D ~ N(shift, spread): its size is the share of |D| that
 * is smaller, its sign that of D.
 */
static struct growth
growth_of_rank(double shift, double spread, double lambda)
{
	struct growth g = {0, 0};
	double z, d, size, x, weight, sum = 0, step;

	spread = fmax(spread, SPREAD_LEAST);
	for (z = -5; z <= 5; z += 0.05) {
		weight = exp(-z * z / 2);
		d = shift + spread * z;
		size = cdf((fabs(d) - shift) / spread) -
		    cdf((-fabs(d) - shift) / spread);
		x = d > 0 ? size : -size;
		step = log1p(lambda * x);
		g.mean += weight * step;
		g.variance += weight * step * step;
		sum += weight;
	}
	g.mean /= sum;
	g.variance = g.variance / sum - g.mean * g.mean;
	return (g);
}

static struct growth
best_rank(double shift, double spread)
{
	struct growth best = {0, 0}, g;
	size_t i;

	for (i = 0; i < NELEMS(bold); i++) {
		g = growth_of_rank(shift, spread, bold[i]);
		if (g.mean > best.mean)
			best = g;
	}
	return (best);
}

static double
kappa_at(double n, double phi0, double phi)
{
	double p = (PHI_PRIOR_ROUNDS * phi0 + n * phi) /
	    (PHI_PRIOR_ROUNDS + n);

	p = fmin(fmax(p, 0), PHI_MOST);
	return ((1 + p) / (1 - p));
}

/* The log wealth after n scores, z standard deviations below its mean. */
static double
wealth_after(struct growth g, double n, double z, double phi0, double phi)
{
	return ((n * g.mean - z * sqrt(n * fmax(g.variance, 0))) /
	    kappa_at(n, phi0, phi));
}

/* The first n with enough wealth: it grows from some n on. */
static uint32_t
rounds_until(struct growth g, double bound, double z, double phi0,
    double phi)
{
	uint32_t low = 0, high = ROUNDS_MOST, mid;

	if (g.mean <= 0 || wealth_after(g, ROUNDS_MOST, z, phi0, phi) <
	    bound)
		return (FORECAST_NEVER);
	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (wealth_after(g, mid, z, phi0, phi) >= bound)
			high = mid;
		else
			low = mid;
	}
	return (high);
}

/* ---- passing ---- */

/* ln of the slowdown that a margin allows at this latency. */
static double
log_margin(struct latency_margin m, double median_ns)
{
	return (log1p(fmax(m.relative, m.absolute_ns / fmax(median_ns, 1))));
}

static size_t
count_steps(const struct forecast_suite *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->check_count; i++)
		if (s->checks[i].is_judged)
			n += s->checks[i].step_count;
	return (n);
}

/* ln of the evidence with which a component of the check holds. */
static double
pass_bound(const struct forecast_suite *s, const struct forecast_check *c)
{
	return (log(1 / (c->limits.beta > 0 ? c->limits.beta :
	    s->config.beta)));
}

static uint32_t
pass_median(const struct forecast_suite *s, const struct forecast_check *c,
    const struct forecast_step *step)
{
	double shift = log_margin(c->limits.margin, step->median_ns);
	uint32_t n = rounds_until(best_rank(shift, step->spread),
	    pass_bound(s, c) + PASS_MIXTURE,
	    z_of_most(count_steps(s)), step->phi0, step->phi);

	return (n == FORECAST_NEVER ? n : n + WARMUP_ROUNDS);
}

/*
 * The pooled tail score: each step's halves are above the quantile on their
 * own. Steps that move together make it scatter more than this.
 */
static struct growth
growth_of_tail(uint32_t steps, double margin, double lambda)
{
	const double one = TAIL_SHARE * (1 - TAIL_SHARE);
	double p[2 * STEPS_CONVOLVED + 1] = {0}, q[2 * STEPS_CONVOLVED + 1];
	uint32_t k = steps < STEPS_CONVOLVED ? steps : STEPS_CONVOLVED, i;
	struct growth g = {0, 0};
	double step;
	int j, most = 2 * STEPS_CONVOLVED;

	p[STEPS_CONVOLVED] = 1;
	for (i = 0; i < k; i++) {
		for (j = 0; j <= most; j++)
			q[j] = (1 - 2 * one) * p[j] +
			    (j > 0 ? one * p[j - 1] : 0) +
			    (j < most ? one * p[j + 1] : 0);
		for (j = 0; j <= most; j++)
			p[j] = q[j];
	}
	for (j = 0; j <= most; j++) {
		step = log1p(lambda * fmax(margin - (double)(j -
		    STEPS_CONVOLVED) / (double)k, -1));
		g.mean += p[j] * step;
		g.variance += p[j] * step * step;
	}
	g.variance -= g.mean * g.mean;
	return (g);
}

static uint32_t
pass_tail(const struct forecast_suite *s, const struct forecast_check *c)
{
	struct growth best = {0, 0}, g;
	uint32_t n;
	size_t i;

	if (c->step_count == 0)
		return (0);
	for (i = 0; i < NELEMS(careful); i++) {
		g = growth_of_tail(c->step_count, c->limits.tail_margin,
		    careful[i]);
		if (g.mean > best.mean)
			best = g;
	}
	n = rounds_until(best, pass_bound(s, c) + 0.7,
	    z_of_most(s->check_count), c->tail_phi0, c->tail_phi);
	return (n == FORECAST_NEVER ? n : n + TAIL_WARM_ROUNDS +
	    WARMUP_ROUNDS);
}

/* Failures that the unluckiest of m checks sees when mean are expected. */
static uint32_t
most_failures(double mean, size_t m)
{
	double p = exp(-mean), sum = p, level = (double)m / ((double)m + 1);
	uint32_t k = 0;

	while (sum < level && k < 1000) {
		k++;
		p *= mean / k;
		sum += p;
	}
	return (m > 1 || mean >= 0.7 ? k : 0);
}

static bool
is_flaky(const struct forecast_suite *s, const struct forecast_check *c)
{
	return (history_is_flaky(&c->history, s->config.history_level));
}

static uint32_t
pass_failures(const struct forecast_suite *s, const struct forecast_check *c)
{
	double bound = pass_bound(s, c), margin;
	struct failures_pass p;
	uint32_t n, k, seen = 0;

	if (is_flaky(s, c))
		return (FORECAST_NEVER);
	margin = c->limits.failure_margin;
	if (history_is_enough(&c->history))
		margin = fmax(margin, history_bound(&c->history,
		    s->config.history_level) + margin);
	if (margin >= 1)
		return (FORECAST_NEVER);
	failures_pass_init(&p, margin);
	for (n = 1; n < ROUNDS_MOST; n++) {
		k = most_failures(c->failure_rate * n, s->check_count);
		failures_pass_add(&p, k > seen);
		seen = k > seen ? seen + 1 : seen;
		if (p.log_e >= bound)
			return (n);
	}
	return (FORECAST_NEVER);
}

/* ---- blocking ---- */

static struct share_check
share_check(const struct forecast_check *c)
{
	return ((struct share_check){c->limits.alpha, c->step_count});
}

/* The shares of the judged checks, and of this one as if it were judged. */
static struct share
make_share(const struct forecast_suite *s, const struct forecast_check *c)
{
	struct share_check one;
	struct share out;
	size_t i;

	share_init(&out, s->config.alpha, s->config.failure_weight);
	for (i = 0; i < s->check_count; i++)
		if (s->checks[i].is_judged || &s->checks[i] == c) {
			one = share_check(&s->checks[i]);
			share_add(&out, &one);
		}
	return (out);
}

static double
block_bound(const struct forecast_suite *s, const struct forecast_check *c)
{
	struct share share = make_share(s, c);
	struct share_check one = share_check(c);

	return (log(1 / (s->config.alpha * share_step(&share, &one))) +
	    BLOCK_MIXTURE);
}

static struct growth
growth_of_effect(const struct forecast_check *c,
    const struct forecast_step *step, double effect)
{
	return (best_rank(log1p(effect) - log_margin(c->limits.tolerance,
	    step->median_ns), step->spread));
}

static bool
sees_effect(const struct forecast_suite *s, const struct forecast_check *c,
    const struct forecast_step *step, double effect, uint32_t rounds)
{
	struct growth g = growth_of_effect(c, step, effect);

	return (g.mean > 0 && wealth_after(g, rounds, Z_POWER, step->phi0,
	    step->phi) >= block_bound(s, c));
}

static double
effect_seen(const struct forecast_suite *s, const struct forecast_check *c,
    const struct forecast_step *step, uint32_t budget)
{
	uint32_t rounds = budget > WARMUP_ROUNDS ? budget - WARMUP_ROUNDS : 0;
	double low = 0, high = EFFECT_MOST, mid;
	int i;

	if (!sees_effect(s, c, step, high, rounds))
		return (INFINITY);
	for (i = 0; i < 30; i++) {
		mid = (low + high) / 2;
		if (sees_effect(s, c, step, mid, rounds))
			high = mid;
		else
			low = mid;
	}
	return (high);
}

/* The i-th of n rounds has one of k failures that are spread over them. */
static bool
is_failing(uint32_t i, uint32_t n, uint32_t k)
{
	return ((uint64_t)i * k / n > (uint64_t)(i - 1) * k / n);
}

/*
 * E' after n rounds in which the candidate fails k times, and the baseline as
 * ever: in some of them both do, which says nothing.
 */
static double
failures_evidence(const struct forecast_suite *s,
    const struct forecast_check *c, uint32_t n, uint32_t k)
{
	double rate = fmin(c->failure_rate, 1);
	uint32_t ours = (uint32_t)lround(k * (1 - rate));
	uint32_t theirs = (uint32_t)lround((n - k) * rate);
	struct failures_config fc = {.mode = FAILURES_CONCURRENT,
	    .bound = 0.5, .bound_after = s->config.bound_after,
	    .guard = s->config.guard};
	struct failures f;
	uint32_t i;

	if (history_is_enough(&c->history) && !is_flaky(s, c)) {
		fc.mode = FAILURES_COMBINED;
		fc.bound = history_bound(&c->history,
		    s->config.history_level);
	}
	failures_init(&f, &fc);
	for (i = 1; i <= n; i++) {
		failures_add(&f, is_failing(i, n, ours), false);
		if (is_failing(i, n, theirs))
			failures_add(&f, false, true);
	}
	return (f.log_e);
}

/* The fewest failures in the budget that block, as a rate seen often. */
static double
rate_seen(const struct forecast_suite *s, const struct forecast_check *c,
    uint32_t budget)
{
	struct share share = make_share(s, c);
	struct share_check one = share_check(c);
	double bound = log(1 / (s->config.alpha * share_failures(&share,
	    &one))), theirs = fmin(c->failure_rate, 1) * budget, mean;
	uint32_t low = 0, high = budget, mid;

	if (failures_evidence(s, c, budget, budget) < bound)
		return (1);
	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (failures_evidence(s, c, budget, mid) >= bound)
			high = mid;
		else
			low = mid;
	}
	/*
	 * So many failures more than the baseline's come with a chance of
	 * 80 %: both scatter like Poisson counts.
	 */
	mean = high + Z_POWER * Z_POWER / 2 + Z_POWER * sqrt(Z_POWER *
	    Z_POWER / 4 + high + theirs);
	return (fmin(mean / budget, 1));
}

struct forecast
forecast_check(const struct forecast_suite *suite, size_t check,
    uint32_t budget)
{
	const struct forecast_check *c = &suite->checks[check];
	struct forecast f = {.is_flaky = is_flaky(suite, c),
	    .rounds_failures = pass_failures(suite, c),
	    .rounds_tail = pass_tail(suite, c),
	    .rate_seen = rate_seen(suite, c, budget)};
	uint32_t i, n;

	for (i = 0; i < c->step_count; i++) {
		if (!c->steps[i].is_known)
			continue;
		n = pass_median(suite, c, &c->steps[i]);
		if (n > f.rounds_median)
			f.rounds_median = n;
		f.effect_seen = fmax(f.effect_seen, effect_seen(suite, c,
		    &c->steps[i], budget));
	}
	f.rounds = f.rounds_failures;
	if (f.rounds_median > f.rounds)
		f.rounds = f.rounds_median;
	if (f.rounds_tail > f.rounds)
		f.rounds = f.rounds_tail;
	return (f);
}
