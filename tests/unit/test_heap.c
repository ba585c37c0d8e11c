/* SPDX-License-Identifier: ISC */
/* The heap against the obvious: a scan of all keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/must.h"
#include "scheduler/heap.h"

#define NODES 500
#define ROUNDS 20000

struct item {
	struct heap_node node;
	int64_t key;
};

static int64_t
least_key(const struct item *items)
{
	int64_t least = INT64_MAX;
	size_t i;

	for (i = 0; i < NODES; i++)
		if (items[i].node.id != 0 && items[i].key < least)
			least = items[i].key;
	return (least);
}

static void
the_first_is_the_least_after_any_change(void **state)
{
	static struct item items[NODES];
	unsigned int seed = 7;
	struct heap h;
	struct item *it;
	int round;

	(void)state;
	heap_init(&h);
	for (round = 0; round < ROUNDS; round++) {
		it = &items[rand_r(&seed) % NODES];
		if (it->node.id == 0) {
			it->key = rand_r(&seed) % 1000;
			heap_add(&h, &it->node, it->key);
		} else if (rand_r(&seed) % 2) {
			it->key = rand_r(&seed) % 1000;
			heap_move(&h, &it->node, it->key);
		} else
			heap_remove(&h, &it->node);
		assert_int_equal(heap_first_key(&h), least_key(items));
	}
	heap_fini(&h);
}

static void
an_empty_heap_has_no_first(void **state)
{
	struct heap h;
	struct heap_node n = {0};

	(void)state;
	heap_init(&h);
	assert_null(heap_first(&h));
	assert_true(heap_first_key(&h) == INT64_MAX);
	heap_remove(&h, &n);
	heap_add(&h, &n, 3);
	assert_ptr_equal(heap_first(&h), &n);
	heap_remove(&h, &n);
	assert_null(heap_first(&h));
	heap_fini(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_is_the_least_after_any_change),
	    cmocka_unit_test(an_empty_heap_has_no_first),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
