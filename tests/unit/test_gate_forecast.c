/* SPDX-License-Identifier: ISC */
/* gate/forecast against gates that are simulated with the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/must.h"
#include "gate/coin.h"
#include "gate/forecast.h"

#define CHECKS_MOST 8
#define STEPS_MOST 3
#define RUNS 40
#define ROUNDS_MOST 600
#define FACTOR 1.6 /* doc/gate.md states it */

static struct coin coin;

/* A suite of equal checks whose halves of a round are independent. */
struct world {
	const char *name;
	size_t checks;
	uint32_t steps;
	double median_ns, sigma, failure_rate, phi0;
};

struct made {
	struct forecast_step steps[STEPS_MOST];
	struct forecast_check checks[CHECKS_MOST];
	struct forecast_suite suite;
};

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

static struct history
history_of(const struct world *w)
{
	return ((struct history){5000, 5000 * w->failure_rate, 1});
}

static void
make(const struct world *w, struct made *m)
{
	size_t i;

	for (i = 0; i < w->steps; i++)
		m->steps[i] = (struct forecast_step){.is_known = true,
		    .median_ns = w->median_ns, .spread = M_SQRT2 * w->sigma,
		    .phi0 = w->phi0};
	for (i = 0; i < w->checks; i++)
		m->checks[i] = (struct forecast_check){
		    .is_judged = true,
		    .limits = {.tolerance = engine_config_default.tolerance,
		    .margin = engine_config_default.margin,
		    .failure_margin = engine_config_default.failure_margin,
		    .tail_margin = engine_config_default.tail_margin},
		    .failure_rate = w->failure_rate,
		    .history = history_of(w), .steps = m->steps,
		    .step_count = w->steps, .tail_phi0 = w->phi0};
	m->suite = (struct forecast_suite){engine_config_default, m->checks,
	    w->checks};
}

/* slower: the first step of the first check; failing: the first check. */
static enum engine_verdict
simulate(const struct world *w, double slower, double failing, int most,
    int *rounds)
{
	struct latency_phi0 phi0[STEPS_MOST];
	struct engine_phi0 given = {phi0, w->phi0};
	struct engine_check ec[CHECKS_MOST];
	int64_t cand[STEPS_MOST], base[STEPS_MOST];
	struct engine_pair pair = {.candidate = {false, cand},
	    .baseline = {false, base}};
	enum engine_verdict v = ENGINE_UNDECIDED;
	struct engine *e;
	double factor;
	uint32_t j;
	size_t k;
	int r;

	for (j = 0; j < STEPS_MOST; j++)
		phi0[j] = (struct latency_phi0){{w->phi0, w->phi0, w->phi0,
		    w->phi0}};
	for (k = 0; k < w->checks; k++)
		ec[k] = (struct engine_check){.name = "c",
		    .step_count = w->steps, .history = history_of(w),
		    .phi0 = &given};
	e = engine_new(&engine_config_default, ec, w->checks);
	for (r = 0; r < most && v == ENGINE_UNDECIDED; r++) {
		for (k = 0; k < w->checks; k++) {
			for (j = 0; j < w->steps; j++) {
				factor = k == 0 && j == 0 ? 1 + slower : 1;
				cand[j] = (int64_t)(factor * w->median_ns *
				    exp(w->sigma * normal()));
				base[j] = (int64_t)(w->median_ns *
				    exp(w->sigma * normal()));
			}
			pair.kind = r < 3 ? ENGINE_PAIR_WARMUP :
			    ENGINE_PAIR_ROUND;
			pair.candidate.is_failed = uniform() < (k == 0 &&
			    failing > 0 ? failing : w->failure_rate);
			pair.baseline.is_failed = uniform() <
			    w->failure_rate;
			engine_add(e, k, &pair);
		}
		v = engine_decide(e);
	}
	*rounds = r;
	engine_free(&e);
	return (v);
}

static const struct world worlds[] = {
    {"one check, one step of 200 ms, CV 20 %", 1, 1, 200e6, .20, 0, .05},
    {"one check, three steps, CV 40 %", 1, 3, 200e6, .40, 0, .05},
    {"one step of 5 ms", 1, 1, 5e6, .40, 0, .05},
    {"eight checks of three steps, CV 25 %", 8, 3, 200e6, .25, .001, .05},
    {"no A/A rounds", 2, 2, 200e6, .25, 0, .3},
    {"a flaky check", 1, 1, 200e6, .20, .02, .05},
};

static void
assert_close(const char *name, double seen, double forecast)
{
	printf("%-45s simulated %6.1f, forecast %6.1f\n", name, seen,
	    forecast);
	assert_true(forecast <= FACTOR * seen);
	assert_true(seen <= FACTOR * forecast);
}

static void
rounds_to_a_pass_are_forecast_within_a_factor(void **state)
{
	struct made m;
	double sum;
	size_t i;
	int k, rounds;

	(void)state;
	coin_init(&coin, 11);
	for (i = 0; i < NELEMS(worlds); i++) {
		make(&worlds[i], &m);
		sum = 0;
		for (k = 0; k < RUNS; k++) {
			simulate(&worlds[i], 0, 0, ROUNDS_MOST, &rounds);
			sum += rounds;
		}
		assert_close(worlds[i].name, sum / RUNS,
		    forecast_check(&m.suite, 0, 200).rounds);
	}
}

/* Blocked gates of RUNS. */
static int
count_blocks(const struct world *w, double slower, double failing, int most)
{
	int blocks = 0, k, rounds;

	for (k = 0; k < RUNS; k++)
		blocks += simulate(w, slower, failing, most, &rounds) ==
		    ENGINE_BLOCK;
	return (blocks);
}

static void
what_is_seen_in_a_budget_is_blocked_and_half_of_it_is_not(void **state)
{
	static const int budgets[] = {60, 150};
	const struct world *w = &worlds[3];
	struct forecast f;
	struct made m;
	size_t i;

	(void)state;
	coin_init(&coin, 13);
	make(w, &m);
	for (i = 0; i < NELEMS(budgets); i++) {
		f = forecast_check(&m.suite, 0, (uint32_t)budgets[i]);
		printf("in %d rounds: failures %.3f, slower %.3f\n",
		    budgets[i], f.rate_seen, f.effect_seen);
		assert_true(count_blocks(w, f.effect_seen, 0, budgets[i]) >=
		    RUNS * 6 / 10);
		assert_true(count_blocks(w, f.effect_seen / 2, 0,
		    budgets[i]) <= RUNS / 2);
		assert_true(count_blocks(w, 0, f.rate_seen, budgets[i]) >=
		    RUNS * 6 / 10);
		assert_true(count_blocks(w, 0, f.rate_seen / 3, budgets[i])
		    <= RUNS / 2);
	}
}

static void
a_check_that_fails_anyway_must_fail_more_to_be_seen(void **state)
{
	struct world w = {"fails 10 %", 1, 1, 200e6, .2, .1, .05};
	struct forecast f;
	struct made m;

	(void)state;
	coin_init(&coin, 17);
	make(&w, &m);
	f = forecast_check(&m.suite, 0, 150);
	printf("10 %% before, in 150 rounds: failures %.3f\n", f.rate_seen);
	assert_false(f.is_flaky);
	assert_true(count_blocks(&w, 0, f.rate_seen, 150) >= RUNS * 6 / 10);
	assert_true(count_blocks(&w, 0, .1 + (f.rate_seen - .1) / 2, 150) <=
	    RUNS / 2);
	w.failure_rate = .4;
	make(&w, &m);
	f = forecast_check(&m.suite, 0, 150);
	assert_true(f.is_flaky && f.rounds == FORECAST_NEVER);
	assert_true(f.rate_seen > .4);
}

static void
what_cannot_be_seen_is_said_so(void **state)
{
	struct world w = {"wild", 1, 1, 200e6, 3, 0, .3};
	struct forecast f;
	struct made m;

	(void)state;
	make(&w, &m);
	f = forecast_check(&m.suite, 0, 1);
	assert_true(isinf(f.effect_seen));
	assert_true(f.rate_seen == 1);
	m.steps[0].is_known = false;
	f = forecast_check(&m.suite, 0, 5);
	assert_true(f.effect_seen == 0);
	assert_int_equal(f.rounds_median, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rounds_to_a_pass_are_forecast_within_a_factor),
	    cmocka_unit_test(
		what_is_seen_in_a_budget_is_blocked_and_half_of_it_is_not),
	    cmocka_unit_test(
		a_check_that_fails_anyway_must_fail_more_to_be_seen),
	    cmocka_unit_test(what_cannot_be_seen_is_said_so),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
