/* SPDX-License-Identifier: ISC */
/* Ranks of a growing multiset, in sorted blocks. */
#include "gate/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"

#define BLOCK_FIRST 256 /* numbers in one block, to begin with */

struct order_block {
	size_t count;
	double values[];
};

void
order_init(struct order *o)
{
	*o = (struct order){.block_most = BLOCK_FIRST};
}

void
order_fini(struct order *o)
{
	size_t i;

	for (i = 0; i < o->block_count; i++)
		free(o->blocks[i]);
	free(o->blocks);
	order_init(o);
}

static double
block_last(const struct order_block *b)
{
	return (b->values[b->count - 1]);
}

/* Index of the first value not below (or, with above, above) value. */
static size_t
block_find(const struct order_block *b, double value, int above)
{
	size_t low = 0, high = b->count, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (b->values[mid] < value ||
		    (above && b->values[mid] == value))
			low = mid + 1;
		else
			high = mid;
	}
	return (low);
}

static void
insert_block(struct order *o, size_t at)
{
	if (o->block_count == o->block_cap) {
		o->block_cap = o->block_cap > 0 ? 2 * o->block_cap : 4;
		o->blocks = xreallocarray(o->blocks, o->block_cap,
		    sizeof(struct order_block *));
	}
	memmove(&o->blocks[at + 1], &o->blocks[at],
	    (o->block_count - at) * sizeof(struct order_block *));
	o->blocks[at] = xmalloc(sizeof(struct order_block) +
	    o->block_most * sizeof(double));
	o->blocks[at]->count = 0;
	o->block_count++;
}

static void
split_block(struct order *o, size_t at)
{
	struct order_block *full = o->blocks[at], *half;

	insert_block(o, at + 1);
	half = o->blocks[at + 1];
	half->count = full->count - o->block_most / 2;
	full->count = o->block_most / 2;
	memcpy(half->values, full->values + full->count,
	    half->count * sizeof(double));
}

/* Double the size of blocks, so that there are never many of them. */
static void
widen_blocks(struct order *o)
{
	struct order old = *o;
	struct order_block *from, *to = NULL;
	size_t i;

	*o = (struct order){.block_most = 2 * old.block_most,
	    .count = old.count};
	for (i = 0; i < old.block_count; i++) {
		from = old.blocks[i];
		if (to == NULL || to->count + from->count > o->block_most) {
			insert_block(o, o->block_count);
			to = o->blocks[o->block_count - 1];
		}
		memcpy(to->values + to->count, from->values,
		    from->count * sizeof(double));
		to->count += from->count;
		free(from);
	}
	free(old.blocks);
}

void
order_add(struct order *o, double value)
{
	struct order_block *b;
	size_t at = 0, i;

	must(!isnan(value) && o->block_most > 0);
	if (o->block_count == 0)
		insert_block(o, 0);
	if (o->block_count > o->block_most / 2)
		widen_blocks(o);
	while (at + 1 < o->block_count && block_last(o->blocks[at]) < value)
		at++;
	if (o->blocks[at]->count == o->block_most) {
		split_block(o, at);
		if (block_last(o->blocks[at]) < value)
			at++;
	}
	b = o->blocks[at];
	i = block_find(b, value, 1);
	memmove(&b->values[i + 1], &b->values[i],
	    (b->count - i) * sizeof(double));
	b->values[i] = value;
	b->count++;
	o->count++;
}

void
order_rank(const struct order *o, double value, size_t *below, size_t *equal)
{
	size_t i, less = 0, same = 0, first;

	for (i = 0; i < o->block_count && block_last(o->blocks[i]) < value;
	    i++)
		less += o->blocks[i]->count;
	for (; i < o->block_count && o->blocks[i]->values[0] <= value; i++) {
		first = block_find(o->blocks[i], value, 0);
		less += first;
		same += block_find(o->blocks[i], value, 1) - first;
	}
	*below = less;
	*equal = same;
}

double
order_select(const struct order *o, size_t k)
{
	size_t i;

	must(k < o->count);
	for (i = 0; k >= o->blocks[i]->count; i++)
		k -= o->blocks[i]->count;
	return (o->blocks[i]->values[k]);
}

double
order_ecdf(const struct order *o, double value)
{
	size_t below, equal;

	must(o->count > 0);
	order_rank(o, value, &below, &equal);
	return (((double)below + 0.5 * (double)equal) / (double)o->count);
}

double
order_quantile(const struct order *o, double q)
{
	double k = ceil(q * (double)o->count) - 1;

	must(o->count > 0 && q >= 0 && q <= 1);
	if (k < 0)
		k = 0;
	if (k > (double)(o->count - 1))
		k = (double)(o->count - 1);
	return (order_select(o, (size_t)k));
}
