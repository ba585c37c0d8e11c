/* SPDX-License-Identifier: ISC */
/*
 * Confidence intervals for people: how large a regression is. They hold for
 * a number of rounds that is fixed before; no verdict rests on them.
 */
#ifndef GATE_INTERVAL_H
#define GATE_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

#include "gate/engine.h"

#define INTERVAL_LEVEL 0.95

struct interval {
	double estimate, low, high; /* NAN where nothing can be said */
	uint32_t count;
};

/*
 * Of a rate, by k of n. E. B. Wilson, Probable Inference, the Law of
 * Succession, and Statistical Inference (1927).
 */
struct interval interval_rate(uint32_t k, uint32_t n);

/*
 * Of a median, from order statistics: (x_d, x_{n+1-d}) with the largest d
 * for which P(Binomial(n, 1/2) < d) is at most half of what is left. No
 * bounds below 6 values. Sorts the values.
 */
struct interval interval_median(double *values, uint32_t n);

/*
 * Of the median ratio of candidate to baseline within the pairs that count
 * for a step's latency.
 */
struct interval interval_ratio(const struct engine *e, size_t check,
    uint32_t step);

#endif
