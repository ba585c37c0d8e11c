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

static const struct latency_margin effect = {.1, 0};
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

#define EVERY (30 * SPAN_S)

static struct watch_run
run_at(int number, double duration)
{
	return ((struct watch_run){number * EVERY, duration});
}

/* Deploys of GATES that are slower, under a drift with memory. */
static int
count_slower(double factor, double drift)
{
	static struct watch_run before[BEFORE], since[WATCH_WINDOW_RUNS];
	struct watch_latency w;
	double state;
	int i, k, slower = 0;

	for (k = 0; k < GATES; k++) {
		state = normal();
		for (i = 0; i < BEFORE; i++) {
			state = drift * state + sqrt(1 - drift * drift) *
			    normal();
			before[i] = run_at(i, 1e5 * exp(.3 * state));
		}
		for (i = 0; i < WATCH_WINDOW_RUNS; i++) {
			state = drift * state + sqrt(1 - drift * drift) *
			    normal();
			since[i] = run_at(BEFORE + i, factor * 1e5 *
			    exp(.3 * state));
		}
		w = watch_latency(before, BEFORE, since,
		    WATCH_WINDOW_RUNS, .005);
		assert_true(w.is_judged);
		slower += watch_is_slower(&w, .005, effect);
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

/*
 * Deploys of GATES that are slower, where every day at 8:00 all becomes
 * slower by half, and at 20:00 as it was. 14 days; at an hour, as a span.
 */
static int
count_slower_by_day(double factor, span_us at, int *hours)
{
	static struct watch_run before[14 * 2880], since[WATCH_WINDOW_RUNS];
	struct watch_latency w;
	span_us day;
	int i, j, k, n, slower = 0;
	double level;

	for (k = 0; k < GATES / 10; k++) {
		n = (int)((13 * SPAN_DAY + at) / EVERY);
		for (i = 0; i < n + WATCH_WINDOW_RUNS; i++) {
			day = i * EVERY % SPAN_DAY;
			level = day >= 8 * SPAN_H && day < 20 * SPAN_H ? 1.5 :
			    1;
			level *= 1e5 * exp(.2 * normal());
			j = i - n;
			if (j < 0)
				before[i] = run_at(i, level);
			else
				since[j] = run_at(i, factor * level);
		}
		w = watch_latency(before, (size_t)n, since,
		    WATCH_WINDOW_RUNS, .005);
		assert_true(w.is_judged);
		*hours = w.hours;
		slower += watch_is_slower(&w, .005, effect);
	}
	return (slower);
}

static void
what_happens_every_day_is_compared_with_that_hour(void **state)
{
	int hours;

	(void)state;
	coin_init(&coin, 3);
	/* A deploy at the very moment of the rise of every morning. */
	assert_true(count_slower_by_day(1, 8 * SPAN_H, &hours) <= 2);
	assert_true(hours < 12);
	assert_true(count_slower_by_day(1.6, 8 * SPAN_H, &hours) >=
	    GATES / 10 * 9 / 10);
	/* At night nothing ever rises. */
	assert_true(count_slower_by_day(1, 2 * SPAN_H, &hours) <= 2);
	assert_true(count_slower_by_day(1.6, 2 * SPAN_H, &hours) >=
	    GATES / 10 * 9 / 10);
	assert_true(hours < 6);
}

static void
fill(struct watch_run *runs, size_t count, double duration)
{
	size_t i;

	for (i = 0; i < count; i++)
		runs[i] = run_at((int)i, duration);
}

static void
too_few_windows_are_not_judged(void **state)
{
	static struct watch_run before[99 * WATCH_WINDOW_RUNS];
	static struct watch_run since[WATCH_WINDOW_RUNS];
	struct watch_latency w;

	(void)state;
	fill(before, 99 * WATCH_WINDOW_RUNS, 1000);
	fill(since, WATCH_WINDOW_RUNS, 2000);
	w = watch_latency(before, 99 * WATCH_WINDOW_RUNS, since,
	    WATCH_WINDOW_RUNS, .01);
	assert_int_equal(w.windows, 98);
	assert_int_equal(w.hours, 12);
	assert_false(w.is_judged);
	assert_true(fabs(w.ratio - 2) < 1e-9);
	w = watch_latency(before, 99 * WATCH_WINDOW_RUNS, since,
	    WATCH_WINDOW_RUNS - 1, .01);
	assert_true(isnan(w.ratio) && !w.is_judged);
	w = watch_latency(before, 3, since, WATCH_WINDOW_RUNS, .01);
	assert_true(isnan(w.ratio));
}

static void
what_is_tolerated_is_not_slower(void **state)
{
	struct watch_latency w = {.is_judged = true, .p = .001,
	    .ratio = 1.4, .usual = 1, .more = 40e3};

	(void)state;
	assert_true(watch_is_slower(&w, .005, effect));
	assert_false(watch_is_slower(&w, .0005, effect));
	assert_false(watch_is_slower(&w, .005,
	    (struct latency_margin){.5, 0}));
	assert_false(watch_is_slower(&w, .005,
	    (struct latency_margin){.1, 50e6}));
	assert_true(watch_is_slower(&w, .005,
	    (struct latency_margin){.1, 30e6}));
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
	    cmocka_unit_test(
		what_happens_every_day_is_compared_with_that_hour),
	    cmocka_unit_test(too_few_windows_are_not_judged),
	    cmocka_unit_test(what_is_tolerated_is_not_slower),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
