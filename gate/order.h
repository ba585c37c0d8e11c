/* SPDX-License-Identifier: ISC */
/*
 * A growing multiset of numbers that knows ranks: how many are below a value,
 * and which is the k-th smallest. A B+ tree whose inner nodes count what is
 * below them: adding and asking take O(log n), and for the sizes of most
 * gates one or two nodes.
 */
#ifndef GATE_ORDER_H
#define GATE_ORDER_H

#include <stddef.h>
#include <stdint.h>

struct order {
	void *root;          /* a leaf at height 0; NULL: empty */
	unsigned int height;
	size_t count;        /* numbers in all */
};

/* Make it empty. */
void order_init(struct order *o);
void order_fini(struct order *o);

/* Add a number; NaN is refused by must(). */
void order_add(struct order *o, double value);

/* Count the numbers below value, and those equal to it. */
void order_rank(const struct order *o, double value, size_t *below,
    size_t *equal);

/* The k-th smallest, k from 0 and below count. */
double order_select(const struct order *o, size_t k);

/* The mid-rank empirical distribution function at value; count > 0. */
double order_ecdf(const struct order *o, double value);

/*
 * The q-quantile as the smallest number with at least q * count numbers not
 * above it; count > 0, 0 <= q <= 1.
 */
double order_quantile(const struct order *o, double q);

#endif
