/* SPDX-License-Identifier: ISC */
/* gate/watch: evidence from history alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "gate/coin.h"
#include "gate/watch.h"

#define BEFORE 6000
#define GATES 1000

static struct coin coin;

static double
uniform(void)
{
	return (((double)(coin_next(&coin) >> 11) + 0.5) /
	    9007199254740992.0);
}

static double
normal(void)
{
	double r = sqrt(-2 * log(uniform()));

	return (r * cos(2 * M_PI * uniform()));
}

static double
binomial(int n, double p)
{
	int i, k = 0;

	for (i = 0; i < n; i++)
		k += uniform() < p;
	return (k);
}

/* Deploys of GATES that the failures of one check block, at alpha / 2. */
static int
count_failure_blocks(double before, double since, int runs)
{
	struct history h = {5000, 0, 1};
	bool failed[1000];
	int i, k, blocks = 0;

	for (k = 0; k < GATES; k++) {
		h.failures = binomial(5000, before);
		for (i = 0; i < runs; i++)
			failed[i] = uniform() < since;
		blocks += watch_failures(&engine_config_default, &h, failed,
		    (size_t)runs).log_e >= log(200);
	}
	return (blocks);
}

static void
failures_as_before_block_hardly_ever_and_more_of_them_do(void **state)
{
	(void)state;
	coin_init(&coin, 1);
	assert_true(count_failure_blocks(.001, .001, 500) <= GATES / 100);
	assert_true(count_failure_blocks(.02, .02, 500) <= GATES / 100);
	assert_true(count_failure_blocks(.001, .2, 60) >= GATES * 95 / 100);
	assert_true(count_failure_blocks(.001, 1, 5) == GATES);
}

static void
without_a_history_nothing_is_judged(void **state)
{
	struct history few = {50, 0, 1}, flaky = {5000, 3000, 1};
	bool failed[20] = {true, true, true, true, true};
	struct watch_failures w;

	(void)state;
	w = watch_failures(&engine_config_default, &few, failed, 20);
	assert_false(w.has_history);
	assert_int_equal(w.failures, 5);
	assert_true(w.log_e == 0 && w.log_pass == 0);
	w = watch_failures(&engine_config_default, &flaky, failed, 20);
	assert_false(w.has_history);
}

static void
clean_runs_pass_the_failure_margin(void **state)
{
	struct history h = {5000, 0, 1};
	bool failed[65] = {false};

	(void)state;
	assert_true(watch_failures(&engine_config_default, &h, failed,
	    65).log_pass >= log(20));
	assert_true(watch_failures(&engine_config_default, &h, failed,
	    40).log_pass < log(20));
}

/* Deploys of GATES that are slower, under a drift with memory. */
static int
count_slower(double factor, double drift)
{
	static double before[BEFORE], since[WATCH_WINDOW_RUNS];
	struct watch_latency w;
	double state;
	int i, k, slower = 0;

	for (k = 0; k < GATES; k++) {
		state = normal();
		for (i = 0; i < BEFORE; i++) {
			state = drift * state + sqrt(1 - drift * drift) *
			    normal();
			before[i] = 1e5 * exp(.3 * state);
		}
		for (i = 0; i < WATCH_WINDOW_RUNS; i++) {
			state = drift * state + sqrt(1 - drift * drift) *
			    normal();
			since[i] = factor * 1e5 * exp(.3 * state);
		}
		w = watch_latency(before, BEFORE, since,
		    WATCH_WINDOW_RUNS, .005);
		assert_true(w.is_judged);
		slower += w.p <= .005 && w.ratio >= 1 + WATCH_EFFECT_LEAST;
	}
	return (slower);
}

static void
unchanged_latency_is_slower_at_most_as_often_as_stated(void **state)
{
	(void)state;
	coin_init(&coin, 2);
	assert_true(count_slower(1, 0) <= GATES * 12 / 1000);
	assert_true(count_slower(1, .9) <= GATES * 12 / 1000);
	assert_true(count_slower(2, 0) >= GATES * 9 / 10);
}

static void
too_few_windows_are_not_judged(void **state)
{
	static double before[99 * WATCH_WINDOW_RUNS];
	static double since[WATCH_WINDOW_RUNS];
	struct watch_latency w;
	size_t i;

	(void)state;
	for (i = 0; i < 99 * WATCH_WINDOW_RUNS; i++)
		before[i] = 1000;
	for (i = 0; i < WATCH_WINDOW_RUNS; i++)
		since[i] = 2000;
	w = watch_latency(before, 99 * WATCH_WINDOW_RUNS, since,
	    WATCH_WINDOW_RUNS, .01);
	assert_int_equal(w.windows, 98);
	assert_false(w.is_judged);
	assert_true(fabs(w.ratio - 2) < 1e-9);
	w = watch_latency(before, 99 * WATCH_WINDOW_RUNS, since,
	    WATCH_WINDOW_RUNS - 1, .01);
	assert_true(isnan(w.ratio) && !w.is_judged);
	w = watch_latency(before, 3, since, WATCH_WINDOW_RUNS, .01);
	assert_true(isnan(w.ratio));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		failures_as_before_block_hardly_ever_and_more_of_them_do),
	    cmocka_unit_test(without_a_history_nothing_is_judged),
	    cmocka_unit_test(clean_runs_pass_the_failure_margin),
	    cmocka_unit_test(
		unchanged_latency_is_slower_at_most_as_often_as_stated),
	    cmocka_unit_test(too_few_windows_are_not_judged),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
