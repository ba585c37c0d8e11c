/* SPDX-License-Identifier: ISC */
/* Ranks of a growing multiset, in a counted B+ tree. */
#include "gate/order.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"

#define LEAF_MOST 128 /* 1 KB: moved in some 20 ns */
#define FAN_MOST 32
#define CACHE_LINE 64

struct leaf {
	size_t count;
	double values[LEAF_MOST]; /* sorted */
};

struct inner {
	size_t count;             /* of children */
	double lasts[FAN_MOST];   /* the largest number below each */
	uint32_t sizes[FAN_MOST]; /* numbers below each */
	void *children[FAN_MOST]; /* leaves at height 1 */
};

void
order_init(struct order *o)
{
	*o = (struct order){.root = NULL};
}

static void
node_free(void *node, unsigned int height)
{
	struct inner *n = node;
	size_t i;

	if (height > 0)
		for (i = 0; i < n->count; i++)
			node_free(n->children[i], height - 1);
	free(node);
}

void
order_fini(struct order *o)
{
	if (o->root != NULL)
		node_free(o->root, o->height);
	order_init(o);
}

/*
 * The child i of a node at this height. Its lines are asked for at once: in a
 * large tree they are far away, and a search would wait for one after another.
 */
static const void *
child_at(const struct inner *n, size_t i, unsigned int height)
{
	const char *child = n->children[i];
	size_t size = height > 1 ? sizeof(struct inner) :
	    sizeof(struct leaf), at;

	for (at = 0; at < size; at += CACHE_LINE)
		__builtin_prefetch(child + at);
	return (child);
}

/*
 * How many values of a leaf are below value, or with_equal not above it. The
 * steps depend on the count alone: no branch for the processor to guess.
 */
static size_t
leaf_find(const struct leaf *l, double value, bool with_equal)
{
	const double *at = l->values;
	size_t n = l->count, half;

	if (n == 0)
		return (0);
	while (n > 1) {
		half = n / 2;
		if (with_equal)
			at += at[half - 1] <= value ? half : 0;
		else
			at += at[half - 1] < value ? half : 0;
		n -= half;
	}
	return ((size_t)(at - l->values) +
	    (with_equal ? *at <= value : *at < value));
}

static bool
is_full(const void *node, unsigned int height)
{
	return (height > 0 ?
	    ((const struct inner *)node)->count == FAN_MOST :
	    ((const struct leaf *)node)->count == LEAF_MOST);
}

/* Move the upper half of a leaf to a new one; returns its size. */
static size_t
leaf_split(struct leaf *full, void **out)
{
	struct leaf *half = xmalloc(sizeof(*half));

	half->count = full->count / 2;
	full->count -= half->count;
	memcpy(half->values, full->values + full->count,
	    half->count * sizeof(double));
	*out = half;
	return (half->count);
}

/* The same for an inner node; returns how many numbers moved. */
static size_t
inner_split(struct inner *full, void **out)
{
	struct inner *half = xmalloc(sizeof(*half));
	size_t n = full->count / 2, moved = 0, i;

	full->count -= n;
	half->count = n;
	memcpy(half->lasts, full->lasts + full->count, n * sizeof(double));
	memcpy(half->sizes, full->sizes + full->count, n * sizeof(uint32_t));
	memcpy(half->children, full->children + full->count,
	    n * sizeof(void *));
	for (i = 0; i < n; i++)
		moved += half->sizes[i];
	*out = half;
	return (moved);
}

static double
node_last(const void *node, unsigned int height)
{
	const struct inner *n = node;
	const struct leaf *l = node;

	return (height > 0 ? n->lasts[n->count - 1] :
	    l->values[l->count - 1]);
}

/* Split child i, which is full and at this height; n has room. */
static void
child_split(struct inner *n, size_t i, unsigned int height)
{
	size_t after = n->count - i - 1, moved;
	void *half;

	memmove(&n->lasts[i + 2], &n->lasts[i + 1], after * sizeof(double));
	memmove(&n->sizes[i + 2], &n->sizes[i + 1], after * sizeof(uint32_t));
	memmove(&n->children[i + 2], &n->children[i + 1],
	    after * sizeof(void *));
	moved = height > 0 ? inner_split(n->children[i], &half) :
	    leaf_split(n->children[i], &half);
	n->children[i + 1] = half;
	n->sizes[i + 1] = (uint32_t)moved;
	n->sizes[i] -= (uint32_t)moved;
	n->lasts[i + 1] = n->lasts[i];
	n->lasts[i] = node_last(n->children[i], height);
	n->count++;
}

/* Make room at the top: the tree grows by a level. */
static void
grow(struct order *o)
{
	struct inner *n = xmalloc(sizeof(*n));

	n->count = 1;
	n->children[0] = o->root;
	n->sizes[0] = (uint32_t)o->count;
	n->lasts[0] = node_last(o->root, o->height);
	child_split(n, 0, o->height);
	o->root = n;
	o->height++;
}

/* The child that takes value in, with room in it. */
static size_t
child_for(struct inner *n, double value, unsigned int height)
{
	size_t i = 0;

	while (i + 1 < n->count && n->lasts[i] < value)
		i++;
	if (is_full(n->children[i], height)) {
		child_split(n, i, height);
		i += n->lasts[i] < value;
	}
	return (i);
}

static void
leaf_add(struct leaf *l, double value)
{
	size_t i = leaf_find(l, value, true);

	memmove(&l->values[i + 1], &l->values[i],
	    (l->count - i) * sizeof(double));
	l->values[i] = value;
	l->count++;
}

void
order_add(struct order *o, double value)
{
	unsigned int height;
	struct inner *n;
	void *node;
	size_t i;

	must(!isnan(value) && o->count < UINT32_MAX);
	if (o->root == NULL) {
		o->root = xmalloc(sizeof(struct leaf));
		((struct leaf *)o->root)->count = 0;
	} else if (is_full(o->root, o->height))
		grow(o);
	node = o->root;
	for (height = o->height; height > 0; height--) {
		n = node;
		i = child_for(n, value, height - 1);
		n->sizes[i]++;
		n->lasts[i] = fmax(n->lasts[i], value);
		node = n->children[i];
	}
	leaf_add(node, value);
	o->count++;
}

/* The numbers not above value; all are below it beyond the last child. */
static size_t
count_not_above(const struct order *o, double value)
{
	const void *node = o->root;
	const struct inner *n;
	unsigned int height;
	size_t found = 0, i;

	for (height = o->height; height > 0; height--) {
		n = node;
		for (i = 0; i < n->count && n->lasts[i] <= value; i++)
			found += n->sizes[i];
		if (i == n->count)
			return (found);
		node = child_at(n, i, height);
	}
	return (found + leaf_find(node, value, true));
}

void
order_rank(const struct order *o, double value, size_t *below,
    size_t *equal)
{
	const void *node = o->root;
	const struct inner *n;
	const struct leaf *l;
	unsigned int height;
	size_t i;

	*below = *equal = 0;
	if (node == NULL)
		return;
	for (height = o->height; height > 0; height--) {
		n = node;
		for (i = 0; i < n->count && n->lasts[i] < value; i++)
			*below += n->sizes[i];
		if (i == n->count)
			return;
		node = child_at(n, i, height);
	}
	l = node;
	i = leaf_find(l, value, false);
	*below += i;
	/* Equal numbers, which are rare, may go on in other leaves. */
	if (i < l->count && l->values[i] == value)
		*equal = count_not_above(o, value) - *below;
}

double
order_select(const struct order *o, size_t k)
{
	const void *node = o->root;
	const struct inner *n;
	unsigned int height;
	size_t i;

	must(k < o->count);
	for (height = o->height; height > 0; height--) {
		n = node;
		for (i = 0; k >= n->sizes[i]; i++)
			k -= n->sizes[i];
		node = n->children[i];
	}
	return (((const struct leaf *)node)->values[k]);
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
