/* SPDX-License-Identifier: ISC */
/* Which runs keep their evidence, as the rows of a day's file have it. */
#include "tests/unit/unit.h"

#include "tests/unit/store_fixture.h"

#define EVIDENCE ",\"evidence\":{\"request\":\"GET /\",\"response\":\"no\"}"
#define FILE_NAME "runs-2026-11-20.db"
#define KEPT "SELECT count(*) FROM run WHERE evidence ->> 'request' = 'GET /'"
#define LEFT_OUT "SELECT count(*) FROM run WHERE evidence ->> 'in_run' <> ''"

struct bench {
	char *dir;
	struct store_writer *writer;
};

static void
setup(struct bench *b)
{
	b->dir = fixture_dir();
	b->writer = fixture_open(b->dir);
}

static void
teardown(struct bench *b)
{
	store_writer_close(&b->writer);
	fixture_remove(b->dir);
}

/* A run that was due so long before noon. */
static void
add(struct bench *b, span_us before, enum outcome outcome)
{
	struct fixture_run r = {.due_us = NOON_US - before,
	    .duration_us = 1000, .outcome = outcome,
	    .extra = outcome != OUTCOME_PASSED ? EVIDENCE : NULL};

	assert_int_equal(fixture_append(b->writer, &r, true), 0);
}

static int64_t
ask(struct bench *b, const char *sql)
{
	assert_int_equal(store_writer_commit(b->writer), 0);
	return (fixture_int(b->dir, FILE_NAME, sql));
}

static void
a_day_of_failures_keeps_five_and_one_in_ten_minutes(void **state)
{
	struct bench b;
	int i;

	(void)state;
	setup(&b);
	for (i = 0; i < 6 * 60; i++) /* an hour, each ten seconds */
		add(&b, SPAN_H - i * 10 * SPAN_S, OUTCOME_FAILED);
	assert_int_equal(ask(&b, KEPT), 5 + 5);
	assert_int_equal(ask(&b, LEFT_OUT), 360 - 10);
	/* And where it was left out the run is named that has it. */
	assert_int_equal(ask(&b, "SELECT count(*) FROM run AS a JOIN run AS b "
	    "ON lower(hex(b.id)) = a.evidence ->> 'in_run' WHERE "
	    "b.evidence ->> 'request' = 'GET /' AND b.due_us < a.due_us AND "
	    "a.due_us - b.due_us <= 600000000"), 350);
	assert_int_equal(ask(&b, "SELECT count(*) FROM run WHERE steps IS NULL "
	    "OR reason IS NULL"), 0);
	teardown(&b);
}

static void
the_first_run_of_a_streak_keeps_it(void **state)
{
	struct bench b;
	int i;

	(void)state;
	setup(&b);
	for (i = 0; i < 30; i++)
		add(&b, SPAN_H - i * 10 * SPAN_S, OUTCOME_FAILED);
	assert_int_equal(ask(&b, KEPT), 5);
	add(&b, SPAN_H - 300 * SPAN_S, OUTCOME_PASSED);
	add(&b, SPAN_H - 310 * SPAN_S, OUTCOME_FAILED);
	assert_int_equal(ask(&b, KEPT), 6);
	/* But not each time when a check only flaps. */
	for (i = 0; i < 30; i++)
		add(&b, SPAN_H - (320 + i * 10) * SPAN_S, i % 2 == 0 ?
		    OUTCOME_PASSED : OUTCOME_FAILED);
	assert_in_range(ask(&b, KEPT), 6 + 4, 6 + 6);
	teardown(&b);
}

static void
another_way_to_fail_is_news(void **state)
{
	struct bench b;
	int i;

	(void)state;
	setup(&b);
	for (i = 0; i < 30; i++)
		add(&b, SPAN_H - i * 10 * SPAN_S, OUTCOME_FAILED);
	add(&b, SPAN_H - 300 * SPAN_S, OUTCOME_UNREACHABLE);
	assert_int_equal(ask(&b, KEPT), 6);
	add(&b, SPAN_H - 310 * SPAN_S, OUTCOME_UNREACHABLE);
	add(&b, SPAN_H - 320 * SPAN_S, OUTCOME_FAILED);
	assert_int_equal(ask(&b, KEPT), 6);
	teardown(&b);
}

static void
a_run_handed_in_again_is_not_left_out_after_all(void **state)
{
	struct bench b;
	int i;

	(void)state;
	setup(&b);
	for (i = 0; i < 5; i++)
		add(&b, SPAN_H - i * 10 * SPAN_S, OUTCOME_FAILED);
	for (i = 0; i < 5; i++)
		add(&b, SPAN_H - 40 * SPAN_S, OUTCOME_FAILED);
	add(&b, SPAN_H - 50 * SPAN_S, OUTCOME_FAILED);
	assert_int_equal(ask(&b, KEPT), 5);
	assert_int_equal(ask(&b, LEFT_OUT), 1);
	teardown(&b);
}

static void
runs_that_somebody_asked_for_keep_theirs(void **state)
{
	struct fixture_run r = {.duration_us = 1000, .trigger = "manual",
	    .outcome = OUTCOME_FAILED, .extra = EVIDENCE};
	struct bench b;
	int i;

	(void)state;
	setup(&b);
	for (i = 0; i < 20; i++) {
		r.due_us = NOON_US - SPAN_H + i * SPAN_S;
		assert_int_equal(fixture_append(b.writer, &r, false), 0);
	}
	assert_int_equal(ask(&b, KEPT), 20);
	teardown(&b);
}

static void
a_clock_that_went_back_does_not_stop_it(void **state)
{
	struct bench b;
	int i;

	(void)state;
	setup(&b);
	for (i = 0; i < 6; i++)
		add(&b, SPAN_H - i * 10 * SPAN_S, OUTCOME_FAILED);
	assert_int_equal(ask(&b, KEPT), 5);
	for (i = 0; i < 6 * 60; i++)
		add(&b, 4 * SPAN_H - i * 10 * SPAN_S, OUTCOME_FAILED);
	assert_int_equal(ask(&b, KEPT), 5 + 6);
	for (i = 0; i < 2; i++) {
		add(&b, 6 * SPAN_H - i * SPAN_MIN, OUTCOME_PASSED);
		add(&b, 6 * SPAN_H - i * SPAN_MIN - SPAN_S, OUTCOME_FAILED);
	}
	assert_int_equal(ask(&b, KEPT), 5 + 6 + 1);
	teardown(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
	        a_day_of_failures_keeps_five_and_one_in_ten_minutes),
	    cmocka_unit_test(the_first_run_of_a_streak_keeps_it),
	    cmocka_unit_test(another_way_to_fail_is_news),
	    cmocka_unit_test(a_run_handed_in_again_is_not_left_out_after_all),
	    cmocka_unit_test(runs_that_somebody_asked_for_keep_theirs),
	    cmocka_unit_test(a_clock_that_went_back_does_not_stop_it),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
