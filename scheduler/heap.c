/* SPDX-License-Identifier: ISC */
/* The 4-ary heap: two levels of a binary heap in one cache line. */
#include "scheduler/heap.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ARITY 4

void
heap_init(struct heap *h)
{
	memset(h, 0, sizeof(*h));
}

void
heap_fini(struct heap *h)
{
	free(h->entries);
	memset(h, 0, sizeof(*h));
}

static void
put(struct heap *h, size_t i, struct heap_entry e)
{
	h->entries[i] = e;
	e.node->place = i + 1;
}

static void
sift_up(struct heap *h, size_t i, struct heap_entry e)
{
	size_t parent;

	while (i > 0) {
		parent = (i - 1) / ARITY;
		if (h->entries[parent].key <= e.key)
			break;
		put(h, i, h->entries[parent]);
		i = parent;
	}
	put(h, i, e);
}

static void
sift_down(struct heap *h, size_t i, struct heap_entry e)
{
	size_t child, end, least;

	while ((child = i * ARITY + 1) < h->count) {
		end = child + ARITY < h->count ? child + ARITY : h->count;
		for (least = child++; child < end; child++)
			if (h->entries[child].key < h->entries[least].key)
				least = child;
		if (e.key <= h->entries[least].key)
			break;
		put(h, i, h->entries[least]);
		i = least;
	}
	put(h, i, e);
}

static void
settle(struct heap *h, size_t i, struct heap_entry e)
{
	if (i > 0 && e.key < h->entries[(i - 1) / ARITY].key)
		sift_up(h, i, e);
	else
		sift_down(h, i, e);
}

void
heap_add(struct heap *h, struct heap_node *n, int64_t key)
{
	must(n->place == 0);
	if (h->count == h->cap) {
		h->cap = h->cap > 0 ? 2 * h->cap : 64;
		h->entries = xreallocarray(h->entries, h->cap,
		    sizeof(*h->entries));
	}
	h->count++;
	sift_up(h, h->count - 1, (struct heap_entry){key, n});
}

void
heap_remove(struct heap *h, struct heap_node *n)
{
	size_t i = n->place;

	if (i == 0)
		return;
	i--;
	must(i < h->count && h->entries[i].node == n);
	n->place = 0;
	h->count--;
	if (i < h->count)
		settle(h, i, h->entries[h->count]);
}

void
heap_move(struct heap *h, struct heap_node *n, int64_t key)
{
	size_t i = n->place;

	must(i > 0 && i <= h->count && h->entries[i - 1].node == n);
	settle(h, i - 1, (struct heap_entry){key, n});
}

struct heap_node *
heap_first(const struct heap *h)
{
	return (h->count > 0 ? h->entries[0].node : NULL);
}

int64_t
heap_first_key(const struct heap *h)
{
	return (h->count > 0 ? h->entries[0].key : INT64_MAX);
}
