/* SPDX-License-Identifier: ISC */
/* base/lag, and what the loop says with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/lag.h"
#include "base/loop.h"
#include "base/mem.h"

static void
a_stall_counts_for_what_began_before_its_end(void **state)
{
	static const struct {
		mono_us since;
		span_us want;
	} table[] = {{0, 500}, {999, 500}, {1000, 300}, {1999, 300},
	    {2000, 20}, {2999, 20}, {3000, 10}, {4000, 0}, {9000, 0}};
	struct lag l = {.count = 0};
	size_t i;

	(void)state;
	assert_int_equal(lag_since(&l, 0), 0);
	lag_note(&l, 500, 5);
	lag_note(&l, 1000, 500);
	lag_note(&l, 1500, 200);
	lag_note(&l, 2000, 300);
	lag_note(&l, 3000, 20);
	lag_note(&l, 4000, 10);
	for (i = 0; i < NELEMS(table); i++)
		assert_int_equal(lag_since(&l, table[i].since),
		    table[i].want);
}

static void
many_stalls_keep_the_longest_and_the_latest(void **state)
{
	struct lag l = {.count = 0};
	int i;

	(void)state;
	for (i = 0; i < 1000; i++)
		lag_note(&l, 1000 + i, 2000 - i);
	assert_int_equal(lag_since(&l, 0), 2000);
	assert_true(lag_since(&l, 1998) > 0);
	assert_int_equal(lag_since(&l, 1999), 0);
	lag_note(&l, 5000, 9000);
	assert_int_equal(l.count, 1);
}

static void
a_loop_that_stood_still_says_so_before_any_timer_ran(void **state)
{
	const span_us stall = 200 * SPAN_MS;
	struct loop *loop = loop_new();
	mono_us began = clock_mono(), after;
	span_us lag;

	(void)state;
	loop_beat_start(loop);
	while (clock_mono() - began < stall)
		continue;
	/* No event has been handled since. */
	assert_true(loop_lag_since(loop, began) >= stall / 2);
	for (after = clock_mono(); loop_lag_since(loop, after) > 0;
	    after = clock_mono())
		loop_turn(loop, true);
	assert_true(loop_lag_since(loop, began) >= stall / 2);
	lag = loop_lag_since(loop, after);
	assert_true(lag < clock_mono() - after + stall / 2);
	loop_beat_stop(loop);
	loop_free(&loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stall_counts_for_what_began_before_its_end),
	    cmocka_unit_test(many_stalls_keep_the_longest_and_the_latest),
	    cmocka_unit_test(a_loop_that_stood_still_says_so_before_any_timer_ran),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
