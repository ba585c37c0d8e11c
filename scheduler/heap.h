/* SPDX-License-Identifier: ISC */
/*
 * A 4-ary min-heap of nodes that live inside their owners' structs. Keys and
 * places stand in the heap's own arrays: sifting through 100,000 owners would
 * otherwise miss the cache at every level.
 */
#ifndef SCHEDULER_HEAP_H
#define SCHEDULER_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_node {
	uint32_t id; /* in its heap, from 1; 0: in no heap */
};

struct heap_entry {
	int64_t key;
	uint32_t id;
};

struct heap {
	struct heap_entry *entries;
	struct heap_node **nodes; /* by id */
	uint32_t *places;         /* by id: index into entries */
	uint32_t *free_ids;
	uint32_t free_count;
	uint32_t last_id;
	uint32_t count;
	uint32_t cap;
};

/* Make an empty heap. */
void heap_init(struct heap *h);

/* Free the array; the nodes belong to their owners. */
void heap_fini(struct heap *h);

/* Add a node that is in no heap. */
void heap_add(struct heap *h, struct heap_node *n, int64_t key);

/* Remove a node; one that is in no heap is left alone. */
void heap_remove(struct heap *h, struct heap_node *n);

/* Give a node of this heap another key. */
void heap_move(struct heap *h, struct heap_node *n, int64_t key);

/* The node at a position, 0 to count - 1, in no order. */
struct heap_node *heap_at(const struct heap *h, uint32_t i);

/* The node with the smallest key, NULL when the heap is empty. */
struct heap_node *heap_first(const struct heap *h);

/* The smallest key, INT64_MAX when the heap is empty. */
int64_t heap_first_key(const struct heap *h);

#endif
