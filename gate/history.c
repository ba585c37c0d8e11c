/* SPDX-License-Identifier: ISC */
/* Bounds of a failure rate from counts; formula (2.3) of doc/gate.md. */
#include "gate/history.h"

#include <math.h>

#include "base/must.h"

#define HALF_LIFE_DAYS 14.0
#define RUNS_MOST 20000.0
#define BOUND_LEAST 2e-4
#define CELL_FAILURES_LEAST 1.0
#define SUCCESSES_LEAST 1e-9
#define FRACTION_STEPS 20000
#define TINY 1e-300
#define RUNS_LEAST 200    /* fewer say too little to be a null */
#define FLAKY_BOUND 0.30  /* a check this bad cannot gate */

bool
history_is_enough(const struct history *h)
{
	return (h->runs / fmax(h->dispersion, 1) >= RUNS_LEAST);
}

/*
 * The continued fraction of the incomplete beta function (DLMF 8.17.22) by
 * the modified Lentz method.
 */
static double
beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1), f, step, m, up;
	int i, half;

	d = 1 / (fabs(d) < TINY ? TINY : d);
	f = d;
	for (i = 1; i < FRACTION_STEPS; i++) {
		m = i;
		step = 1;
		for (half = 0; half < 2; half++) {
			up = half == 0 ?
			    m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)) :
			    -(a + m) * (a + b + m) * x /
				((a + 2 * m) * (a + 2 * m + 1));
			d = 1 + up * d;
			d = 1 / (fabs(d) < TINY ? TINY : d);
			c = 1 + up / c;
			c = fabs(c) < TINY ? TINY : c;
			step = c * d;
			f *= step;
		}
		if (fabs(step - 1) < 1e-16)
			break;
	}
	return (f);
}

double
history_beta(double a, double b, double x)
{
	double front;

	must(a > 0 && b > 0);
	if (x <= 0)
		return (0);
	if (x >= 1)
		return (1);
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) +
	    b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return (front * beta_fraction(a, b, x) / a);
	return (1 - front * beta_fraction(b, a, 1 - x) / b);
}

/* Bisection on the exponent of x keeps full precision for small rates. */
double
history_beta_inverse(double p, double a, double b)
{
	double low = 0, high = 1, mid;
	int i;

	for (i = 0; i < 2000; i++) {
		mid = low > 0 && high / low > 4 ? sqrt(low * high) :
		    low > 0 || high < 1e-290 ? (low + high) / 2 : high / 16;
		if (mid <= low || mid >= high)
			break;
		if (history_beta(a, b, mid) < p)
			low = mid;
		else
			high = mid;
	}
	return (high);
}

bool
history_is_flaky(const struct history *h, double level)
{
	return (history_is_enough(h) &&
	    history_bound(h, level) > FLAKY_BOUND);
}

double
history_bound(const struct history *h, double level)
{
	double dispersion = fmax(h->dispersion, 1);
	double failures = h->failures / dispersion;
	double successes = h->runs / dispersion - failures;

	if (h->runs <= 0)
		return (1);
	return (fmax(history_beta_inverse(1 - level, failures + 1,
	    fmax(successes, SUCCESSES_LEAST)), BOUND_LEAST));
}

double
history_lower(int64_t failures, int64_t runs, double level)
{
	if (failures <= 0)
		return (0);
	return (history_beta_inverse(level, (double)failures,
	    (double)(runs - failures) + 1));
}

/* One cell of the chi-square: a day, or several that are short of runs. */
struct cell {
	double runs, failures, chi2;
};

static void
measure_cell(struct cell *c, double rate)
{
	double expected = rate * c->runs;

	c->chi2 = (c->failures - expected) * (c->failures - expected) /
	    (expected * (1 - rate));
}

/*
 * Pearson's chi-square of daily counts over its degrees of freedom. Days are
 * put together until a failure is to be expected: one failure among the few
 * runs of a day that has just begun is no sign of days that differ.
 */
static double
measure_dispersion(const struct history_day *days, size_t count)
{
	double runs = 0, failures = 0, rate, chi2 = 0, used = 0;
	struct cell open = {0, 0, 0}, last = {0, 0, 0};
	size_t i;

	for (i = 0; i < count; i++) {
		runs += (double)days[i].runs;
		failures += (double)days[i].failures;
	}
	rate = runs > 0 ? failures / runs : 0;
	if (rate <= 0 || rate >= 1)
		return (1);
	for (i = 0; i < count; i++) {
		open.runs += (double)days[i].runs;
		open.failures += (double)days[i].failures;
		if (rate * open.runs < CELL_FAILURES_LEAST)
			continue;
		measure_cell(&open, rate);
		chi2 += open.chi2;
		used++;
		last = open;
		open = (struct cell){0, 0, 0};
	}
	if (open.runs > 0 && last.runs > 0) {
		chi2 -= last.chi2;
		last.runs += open.runs;
		last.failures += open.failures;
		measure_cell(&last, rate);
		chi2 += last.chi2;
	}
	return (used > 1 ? fmax(1, chi2 / (used - 1)) : 1);
}

struct history
history_of_days(const struct history_day *days, size_t count)
{
	struct history h = {.dispersion = measure_dispersion(days, count)};
	double weight;
	size_t i;

	for (i = 0; i < count; i++) {
		weight = exp2(-fmax(days[i].age_days, 0) / HALF_LIFE_DAYS);
		h.runs += weight * (double)days[i].runs;
		h.failures += weight * (double)days[i].failures;
	}
	if (h.runs > RUNS_MOST) {
		h.failures *= RUNS_MOST / h.runs;
		h.runs = RUNS_MOST;
	}
	return (h);
}
