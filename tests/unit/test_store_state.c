/* SPDX-License-Identifier: ISC */
/* The state of checks, and what READY says of them. */
#include "tests/unit/unit.h"

#include "tests/unit/store_fixture.h"

static char *dir;

static int
set_up(void **state)
{
	(void)state;
	dir = fixture_dir();
	return (0);
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_remove(dir);
	return (0);
}

static int64_t
in_main(const char *sql)
{
	return (fixture_int(dir, "main.db", sql));
}

/* What READY says of the checks of a plan that was loaded then. */
static void
assert_ready(struct store_writer *w, const char *checks, wall_us loaded,
    const char *told)
{
	char *plan = xasprintf("{\"loaded_us\":%lld,\"checks\":[%s]}",
	    (long long)loaded, checks);
	struct buf doc;

	assert_int_equal(store_writer_plan(w, plan, strlen(plan)), 0);
	buf_init(&doc, 1 << 20);
	store_writer_ready(w, &doc);
	assert_non_null(strstr(doc.data, told));
	buf_fini(&doc);
	free(plan);
}

static void
ready_names_until_when_nothing_is_missing_of_each_check(void **state)
{
	static const char check[] = "{\"check\":\"payments/card\",\"service\":"
	    "\"payments\",\"location\":\"local\",\"environment\":"
	    "\"production\",\"every_us\":1000000}";
	struct fixture_run r = {.duration_us = 5};
	struct store_writer *w = fixture_open(dir);
	int i;

	(void)state;
	/* Planned, and never recorded: all since then is missing. */
	assert_ready(w, check, NOON_US - SPAN_DAY,
	    "\"last_due_us\":1795089600000000}]");
	for (i = 0; i < 3; i++) {
		r.due_us = NOON_US - i * SPAN_H;
		assert_int_equal(fixture_append(w, &r, false), 0);
	}
	r.trigger = "manual";
	r.due_us = NOON_US + SPAN_H;
	assert_int_equal(fixture_append(w, &r, false), 0);
	store_writer_close(&w);
	w = fixture_open(dir);
	assert_ready(w, check, NOON_US + SPAN_H, "\"checks\":[{\"check\":"
	    "\"payments/card\",\"location\":\"local\",\"last_due_us\":"
	    "1795176000000000}]");
	/* It leaves the plan; nothing is due until it comes back. */
	assert_ready(w, "", NOON_US + 2 * SPAN_H, "\"checks\":[]");
	assert_ready(w, check, NOON_US + 3 * SPAN_H,
	    "\"last_due_us\":1795186800000000}]");
	store_writer_close(&w);
}

static void
streak_counts_measured_runs_of_one_kind(void **state)
{
	static const enum outcome outcomes[] = {OUTCOME_PASSED,
	    OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_LOST, OUTCOME_UNREACHABLE,
	    OUTCOME_SKIPPED};
	struct fixture_run r = {.duration_us = 5};
	struct store_writer *w = fixture_open(dir);
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(outcomes); i++) {
		r.due_us = NOON_US + (int64_t)i * SPAN_S;
		r.outcome = outcomes[i];
		assert_int_equal(fixture_append(w, &r, false), 0);
	}
	store_writer_close(&w);
	assert_int_equal(in_main("SELECT count(*) FROM check_state WHERE "
	    "streak_runs = 2 AND streak_us = 1795176002000000 AND "
	    "last_outcome = 6 AND last_passed_us = 1795176001000000 AND "
	    "last_bad_us = 1795176004000000"), 1);
}

/* Two hours ahead it passed; then the clock is right, and it fails. */
static void
state_follows_a_clock_that_went_back(void **state)
{
	struct fixture_run r = {.duration_us = 5,
	    .due_us = NOON_US + 2 * SPAN_H};
	static const char check[] = "{\"check\":\"payments/card\",\"service\":"
	    "\"payments\",\"location\":\"local\",\"environment\":"
	    "\"production\",\"every_us\":1000000}";
	struct store_writer *w;
	int i;

	(void)state;
	fixture_now = NOON_US + 2 * SPAN_H;
	w = fixture_open(dir);
	assert_int_equal(fixture_append(w, &r, false), 0);
	fixture_now = NOON_US;
	r.outcome = OUTCOME_FAILED;
	for (i = 0; i < 3; i++) {
		r.due_us = fixture_now = NOON_US + i * SPAN_S;
		assert_int_equal(fixture_append(w, &r, false), 0);
	}
	/* One that comes late is still none of now. */
	r.outcome = OUTCOME_PASSED;
	r.due_us = NOON_US - SPAN_MIN;
	assert_int_equal(fixture_append(w, &r, false), 0);
	store_writer_close(&w);
	assert_int_equal(in_main("SELECT count(*) FROM check_state WHERE "
	    "last_due_us = 1795176002000000 AND last_outcome = 1 AND "
	    "streak_runs = 3 AND streak_us = 1795176000000000 AND "
	    "last_passed_us = 1795175999999999 AND "
	    "last_bad_us = 1795176002000000"), 1);
	/* And a scheduler is told what it must not hand out again. */
	w = fixture_open(dir);
	assert_ready(w, check, NOON_US - SPAN_H, "\"last_due_us\":"
	    "1795176002000000,\"ahead_us\":1795183200000000}]");
	store_writer_close(&w);
	fixture_now = NOON_US + 3 * SPAN_H;
	w = fixture_open(dir);
	assert_ready(w, check, NOON_US - SPAN_H, "\"last_due_us\":"
	    "1795176002000000}]");
	store_writer_close(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        ready_names_until_when_nothing_is_missing_of_each_check, set_up,
	        tear_down),
	    cmocka_unit_test_setup_teardown(
	        streak_counts_measured_runs_of_one_kind, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
	        state_follows_a_clock_that_went_back, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
