/* SPDX-License-Identifier: ISC */
/* gate/aa: what rounds of the baseline against itself show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "gate/aa.h"
#include "gate/coin.h"

#define ROUNDS 400

static double
uniform(struct coin *c)
{
	return (((double)(coin_next(c) >> 11) + 0.5) / 9007199254740992.0);
}

static double
normal(struct coin *c)
{
	double r = sqrt(-2 * log(uniform(c)));

	return (r * cos(2 * M_PI * uniform(c)));
}

/* Both arms with private AR(1) drift own; the second step is never sent. */
static void
run(double own, double sigma, struct aa_check *check, struct aa_step steps[2])
{
	struct engine_check ec = {.name = "c", .step_count = 2};
	struct engine *e = engine_new(&engine_config_default, &ec, 1);
	double state[2] = {0, 0};
	int64_t ns[2][2];
	struct engine_pair pair = {.candidate = {false, ns[0]},
	    .baseline = {false, ns[1]}};
	struct coin coin;
	int i, j;

	coin_init(&coin, 3);
	for (i = 0; i < ROUNDS; i++) {
		for (j = 0; j < 2; j++) {
			state[j] = own * state[j] + sqrt(1 - own * own) *
			    normal(&coin);
			ns[j][0] = (int64_t)(1e8 * exp(sigma * state[j]));
			ns[j][1] = ENGINE_NOT_REACHED;
		}
		pair.kind = i < 3 ? ENGINE_PAIR_WARMUP : ENGINE_PAIR_ROUND;
		pair.is_void = i % 40 == 5;
		engine_add(e, 0, &pair);
	}
	aa_measure(e, 0, check, steps);
	engine_free(&e);
}

static void
independent_rounds_show_little_autocorrelation(void **state)
{
	struct aa_check check;
	struct aa_step steps[2];
	int j;

	(void)state;
	run(0, .2, &check, steps);
	assert_int_equal(check.rounds, ROUNDS - 3 - 10);
	assert_int_equal(steps[0].rounds, check.rounds);
	for (j = 0; j < LATENCY_SCORES; j++)
		assert_true(steps[0].phi0.scores[j] < .2);
	assert_true(check.tail_phi0 < .2);
	/* sqrt(2) * 0.2 */
	assert_true(fabs(steps[0].spread - .283) < .05);
	assert_true(fabs(steps[0].median_ns - 1e8) < 3e6);
}

static void
drift_of_one_arm_shows(void **state)
{
	struct aa_check check;
	struct aa_step steps[2];

	(void)state;
	run(.7, .2, &check, steps);
	assert_true(steps[0].phi0.scores[LATENCY_SIGNED_RANK] > .5);
	assert_true(steps[0].phi0.scores[LATENCY_ECDF] > .5);
	assert_true(steps[0].phi0.scores[LATENCY_SIGNED_RANK] < .85);
}

static void
a_step_that_is_never_reached_has_no_rounds(void **state)
{
	struct aa_check check;
	struct aa_step steps[2];

	(void)state;
	run(0, .2, &check, steps);
	assert_int_equal(steps[1].rounds, 0);
	assert_true(steps[1].spread == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(independent_rounds_show_little_autocorrelation),
	    cmocka_unit_test(drift_of_one_arm_shows),
	    cmocka_unit_test(a_step_that_is_never_reached_has_no_rounds),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
