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
	free(h->nodes);
	free(h->places);
	free(h->free_ids);
	memset(h, 0, sizeof(*h));
}

static void
put(struct heap *h, uint32_t i, struct heap_entry e)
{
	h->entries[i] = e;
	h->places[e.id] = i;
}

static void
sift_up(struct heap *h, uint32_t i, struct heap_entry e)
{
	uint32_t parent;

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
sift_down(struct heap *h, uint32_t i, struct heap_entry e)
{
	uint32_t child, end, least;

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
settle(struct heap *h, uint32_t i, struct heap_entry e)
{
	if (i > 0 && e.key < h->entries[(i - 1) / ARITY].key)
		sift_up(h, i, e);
	else
		sift_down(h, i, e);
}

static void
grow(struct heap *h)
{
	h->cap = h->cap > 0 ? 2 * h->cap : 64;
	h->entries = xreallocarray(h->entries, h->cap, sizeof(*h->entries));
	/* Ids begin at 1. */
	h->nodes = xreallocarray(h->nodes, h->cap + 1,
	    sizeof(struct heap_node *));
	h->places = xreallocarray(h->places, h->cap + 1, sizeof(*h->places));
	h->free_ids = xreallocarray(h->free_ids, h->cap,
	    sizeof(*h->free_ids));
}

void
heap_add(struct heap *h, struct heap_node *n, int64_t key)
{
	must(n->id == 0);
	if (h->count == h->cap)
		grow(h);
	n->id = h->free_count > 0 ? h->free_ids[--h->free_count] :
	    ++h->last_id;
	h->nodes[n->id] = n;
	h->count++;
	sift_up(h, h->count - 1, (struct heap_entry){key, n->id});
}

void
heap_remove(struct heap *h, struct heap_node *n)
{
	uint32_t i;

	if (n->id == 0)
		return;
	must(n->id <= h->last_id && h->nodes[n->id] == n);
	i = h->places[n->id];
	h->free_ids[h->free_count++] = n->id;
	h->nodes[n->id] = NULL;
	n->id = 0;
	h->count--;
	if (i < h->count)
		settle(h, i, h->entries[h->count]);
}

void
heap_move(struct heap *h, struct heap_node *n, int64_t key)
{
	must(n->id > 0 && n->id <= h->last_id && h->nodes[n->id] == n);
	settle(h, h->places[n->id], (struct heap_entry){key, n->id});
}

struct heap_node *
heap_at(const struct heap *h, uint32_t i)
{
	must(i < h->count);
	return (h->nodes[h->entries[i].id]);
}

struct heap_node *
heap_first(const struct heap *h)
{
	return (h->count > 0 ? heap_at(h, 0) : NULL);
}

int64_t
heap_first_key(const struct heap *h)
{
	return (h->count > 0 ? h->entries[0].key : INT64_MAX);
}
