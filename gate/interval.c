/* SPDX-License-Identifier: ISC */
/* Intervals of rates and medians. */
#include "gate/interval.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#define Z 1.959963984540054 /* the normal's 0.975 quantile */
#define TAIL ((1 - INTERVAL_LEVEL) / 2)

struct interval
interval_rate(uint32_t k, uint32_t n)
{
	double rate, centre, half;

	if (n == 0)
		return ((struct interval){NAN, NAN, NAN, 0});
	rate = (double)k / n;
	centre = (rate + Z * Z / (2.0 * n)) / (1 + Z * Z / n);
	half = Z * sqrt(rate * (1 - rate) / n + Z * Z / (4.0 * n * n)) /
	    (1 + Z * Z / n);
	/* Exactly 0 and 1 at the ends, but for rounding. */
	return ((struct interval){rate, k == 0 ? 0 : centre - half,
	    k == n ? 1 : centre + half, n});
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

/* The largest d with P(Binomial(n, 1/2) < d) <= TAIL; 0: there is none. */
static uint32_t
order_of(uint32_t n)
{
	double below = 0, log_half = n * log(0.5);
	uint32_t d;

	for (d = 0; d < n; d++) {
		below += exp(lgamma(n + 1.0) - lgamma(d + 1.0) -
		    lgamma(n - d + 1.0) + log_half);
		if (below > TAIL)
			break;
	}
	return (d);
}

struct interval
interval_median(double *values, uint32_t n)
{
	struct interval i = {NAN, NAN, NAN, n};
	uint32_t d = order_of(n);

	if (n == 0)
		return (i);
	qsort(values, n, sizeof(*values), by_value);
	i.estimate = n % 2 == 1 ? values[n / 2] :
	    (values[n / 2 - 1] + values[n / 2]) / 2;
	if (d > 0) {
		i.low = values[d - 1];
		i.high = values[n - d];
	}
	return (i);
}

struct interval
interval_ratio(const struct engine *e, size_t check, uint32_t step)
{
	uint32_t pairs = engine_counts(e, check).pairs, i, n = 0;
	double *ratios = xcalloc((size_t)pairs + 1, sizeof(*ratios));
	struct interval found;
	struct engine_pair p;

	for (i = 0; i < pairs; i++) {
		engine_pair_at(e, check, i, &p);
		if (p.is_void || p.kind == ENGINE_PAIR_WARMUP ||
		    p.candidate.latency_ns[step] < 0 ||
		    p.baseline.latency_ns[step] <= 0)
			continue;
		ratios[n++] = (double)p.candidate.latency_ns[step] /
		    (double)p.baseline.latency_ns[step];
	}
	found = interval_median(ratios, n);
	free(ratios);
	return (found);
}
