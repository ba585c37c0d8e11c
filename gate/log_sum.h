/* SPDX-License-Identifier: ISC */
/*
 * The sum of many numbers that are known by their logarithms, where one
 * changes at a time: a tree of sums, so that a change costs O(log n). What
 * comes out depends on the numbers alone, not on how they came about.
 */
#ifndef GATE_LOG_SUM_H
#define GATE_LOG_SUM_H

#include <stddef.h>

struct log_sum {
	double *nodes; /* the root is 1, the sums of node i are 2i and 2i+1 */
	size_t leaves;
};

/* count numbers, all 0 (that is, minus infinity). */
void log_sum_init(struct log_sum *s, size_t count);
void log_sum_fini(struct log_sum *s);

/* Set number i to exp(log). */
void log_sum_set(struct log_sum *s, size_t i, double log);

/* ln of the sum of all. */
double log_sum_total(const struct log_sum *s);

#endif
