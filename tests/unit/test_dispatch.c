/* SPDX-License-Identifier: ISC */
/* Dispatch with the real plan, fleet and outbox, and children of our own. */
#include "tests/unit/unit.h"

#include "scheduler/dispatch_priv.h"
#include "tests/unit/scheduler_fixture.h"

#define EVERY (100 * SPAN_MS)

/* One check of ours, one of another location. */
#define MANIFEST(url, keys)                                                  \
	"service: pay\n"                                                     \
	"environments: {production: {base_url: \"http://" url "\"}}\n"       \
	"checks:\n"                                                          \
	"  - {name: card, flow: a.hurl, environment: production,\n"           \
	"     every: 100ms, timeout: 5s" keys "}\n"                           \
	"  - {name: far, flow: a.hurl, environment: production,\n"            \
	"     every: 100ms, timeout: 50ms, locations: [moon]}\n"

struct bench {
	struct fixture f;
	struct dispatch *dispatch;
	const char *ready;  /* the store's READY, as we have it say */
	size_t seen;        /* events told to the watch */
};

static void
ready_cb(const struct message *m, void *arg)
{
	struct bench *b = arg;

	(void)m;
	if (b->ready != NULL)
		dispatch_store_ready(b->dispatch, b->ready,
		    strlen(b->ready));
}

static void
watch_cb(const struct dispatch_event *e, void *arg)
{
	struct bench *b = arg;

	assert_non_null(memmem(e->doc, e->doc_len, "due_us", 6));
	b->seen++;
}

static void
load_plan(struct bench *b, const char *yaml)
{
	struct plan *plan = fixture_plan(&b->f, yaml);

	dispatch_plan_begin(b->dispatch, plan);
	while (dispatch_plan_step(b->dispatch, INT64_MAX))
		continue;
	plan_free(&plan);
}

static void
setup(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	fixture_init(&b->f, ready_cb, b);
	b->dispatch = dispatch_new(b->f.loop, b->f.fleet, b->f.outbox,
	    "local", watch_cb, b);
}

static void
teardown(struct bench *b)
{
	dispatch_free(&b->dispatch);
	fixture_fini(&b->f);
}

/* The due times in the store's log, in the order they came. */
static size_t
read_log(const struct bench *b, wall_us *dues, size_t most, char **text)
{
	char *at;
	size_t n = 0;

	*text = fixture_log(&b->f);
	for (at = *text; n < most && (at = strstr(at, "\"due_us\":")); at++)
		dues[n++] = strtoll(at + 9, NULL, 10);
	return (n);
}

static void
assert_each_slot_once_in_order(const struct bench *b, size_t least)
{
	wall_us dues[500];
	char *text;
	size_t i, n = read_log(b, dues, NELEMS(dues), &text);

	assert_true(n >= least);
	for (i = 1; i < n; i++)
		assert_int_equal(dues[i] - dues[i - 1], EVERY);
	assert_null(strstr(text, "pay/far"));
	free(text);
}

/* As above, but slots may be missing: no check was planned then. */
static void
assert_no_slot_twice(const struct bench *b, size_t least)
{
	wall_us dues[500];
	char *text;
	size_t i, n = read_log(b, dues, NELEMS(dues), &text);

	assert_true(n >= least);
	for (i = 1; i < n; i++)
		assert_true(dues[i] >= dues[i - 1] + EVERY);
	free(text);
}

static struct dispatch_stats
stats(const struct bench *b)
{
	struct dispatch_stats s;

	dispatch_get_stats(b->dispatch, &s);
	return (s);
}

static void
each_slot_is_run_when_it_is_due(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	load_plan(&b, MANIFEST("a", ""));
	assert_int_equal(stats(&b).checks, 1);
	fixture_wait_for(&b.f, b.seen >= 10);
	dispatch_stop(b.dispatch);
	fixture_wait_for(&b.f, fixture_is_stored(&b.f));
	/* A busy machine may skip some, never lose one. */
	assert_true(stats(&b).by_outcome[OUTCOME_PASSED] > 0);
	assert_int_equal(stats(&b).by_outcome[OUTCOME_PASSED] +
	    stats(&b).by_outcome[OUTCOME_SKIPPED], b.seen);
	assert_each_slot_once_in_order(&b, 10);
	teardown(&b);
}

static void
records_of_a_check_leave_in_the_order_of_its_slots(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	load_plan(&b, MANIFEST("slow", "")); /* two slots and a half */
	fixture_wait_for(&b.f, stats(&b).by_outcome[OUTCOME_PASSED] >= 3);
	dispatch_stop(b.dispatch);
	fixture_wait_for(&b.f, fixture_is_stored(&b.f));
	assert_true(stats(&b).by_outcome[OUTCOME_SKIPPED] >= 4);
	assert_each_slot_once_in_order(&b, 7);
	teardown(&b);
}

static void
a_paused_check_leaves_records_and_no_runs(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	load_plan(&b, MANIFEST("a", ", paused: true"));
	fixture_wait_for(&b.f, b.seen >= 5);
	dispatch_stop(b.dispatch);
	fixture_wait_for(&b.f, fixture_is_stored(&b.f));
	assert_int_equal(stats(&b).due, 0);
	assert_int_equal(stats(&b).by_outcome[OUTCOME_SKIPPED], b.seen);
	assert_each_slot_once_in_order(&b, 5);
	teardown(&b);
}

static void
what_a_paused_check_missed_is_recorded_before_what_is_due(void **state)
{
	span_us late = 7 * EVERY / 2;
	struct bench b;

	(void)state;
	setup(&b);
	load_plan(&b, MANIFEST("a", ", paused: true"));
	dispatch_turn(b.dispatch, clock_mono() + late, clock_wall() + late);
	assert_true(b.seen >= 3);
	dispatch_stop(b.dispatch);
	fixture_wait_for(&b.f, fixture_is_stored(&b.f));
	assert_each_slot_once_in_order(&b, 3);
	teardown(&b);
}

static void
the_time_before_the_start_is_recorded_first(void **state)
{
	struct bench b;
	wall_us last = clock_wall() - SPAN_S, dues[500];
	char *ready, *text;

	(void)state;
	last -= last % EVERY;
	ready = xasprintf("{\"checks\":[{\"check\":\"pay/card\",\"location\":"
	    "\"local\",\"last_due_us\":%lld},{\"check\":\"pay/card\","
	    "\"location\":\"moon\",\"last_due_us\":1},{\"check\":"
	    "\"pay/gone\",\"location\":\"local\",\"last_due_us\":1}]}",
	    (long long)last);
	setup(&b);
	b.ready = ready;
	load_plan(&b, MANIFEST("a", ""));
	fixture_wait_for(&b.f, stats(&b).by_outcome[OUTCOME_PASSED] >= 3);
	dispatch_stop(b.dispatch);
	fixture_wait_for(&b.f, fixture_is_stored(&b.f));
	/* More when the machine took its time to get here. */
	assert_true(stats(&b).by_outcome[OUTCOME_LOST] >= 9);
	assert_each_slot_once_in_order(&b, 12);
	read_log(&b, dues, NELEMS(dues), &text);
	assert_in_range(dues[0] - last, 1, EVERY);
	assert_non_null(strstr(text, "again {\"version\":1,"));
	assert_non_null(strstr(text, "the scheduler was not running"));
	free(text);
	free(ready);
	teardown(&b);
}

static void
a_stop_records_all_that_was_missed(void **state)
{
	span_us late = 900 * EVERY;
	struct bench b;

	(void)state;
	setup(&b);
	load_plan(&b, MANIFEST("a", ", paused: true"));
	dispatch_turn(b.dispatch, clock_mono() + late, clock_wall() + late);
	dispatch_stop(b.dispatch);
	assert_true(b.seen >= 900);
	teardown(&b);
}

/* The clock went back: what is recorded of the future is not run again. */
static void
records_of_the_future_keep_their_slots(void **state)
{
	wall_us now = clock_wall(), last, dues[500];
	struct bench b;
	char *text;
	size_t n;

	(void)state;
	last = now - now % EVERY + timetable_phase("pay/card", "local",
	    EVERY) - SPAN_S;
	setup(&b);
	b.ready = text = xasprintf("{\"checks\":[{\"check\":\"pay/card\","
	    "\"location\":\"local\",\"last_due_us\":%lld,"
	    "\"ahead_us\":%lld}]}", (long long)last,
	    (long long)(last + SPAN_H));
	load_plan(&b, MANIFEST("a", ""));
	fixture_wait_for(&b.f, stats(&b).by_outcome[OUTCOME_PASSED] >= 3);
	dispatch_stop(b.dispatch);
	fixture_wait_for(&b.f, fixture_is_stored(&b.f));
	free(text);
	assert_true(stats(&b).by_outcome[OUTCOME_LOST] >= 8);
	n = read_log(&b, dues, NELEMS(dues), &text);
	assert_int_equal((dues[0] - last) % EVERY, 0);
	assert_in_range((dues[n - 1] - last) % EVERY, 1, SPAN_MS - 1);
	free(text);
	teardown(&b);
}

static void
slots_are_run_between_the_steps_of_a_plan(void **state)
{
	struct bench b;
	struct plan *plan;
	size_t seen;

	(void)state;
	setup(&b);
	load_plan(&b, MANIFEST("a", ""));
	plan = fixture_plan(&b.f, MANIFEST("b", "")
	    "  - {name: more, flow: a.hurl, environment: production,\n"
	    "     every: 1h, timeout: 5s}\n");
	dispatch_plan_begin(b.dispatch, plan);
	do {
		seen = b.seen;
		fixture_wait_for(&b.f, b.seen >= seen + 2);
	} while (dispatch_plan_step(b.dispatch, 0));
	/* Three checks, one of them elsewhere, and two looked at again. */
	assert_true(b.seen >= 2 * 5);
	plan_free(&plan);
	assert_int_equal(stats(&b).checks, 2);
	dispatch_stop(b.dispatch);
	fixture_wait_for(&b.f, fixture_is_stored(&b.f));
	assert_each_slot_once_in_order(&b, 10);
	teardown(&b);
}

static void
a_check_that_is_taken_out_gives_its_last_run_back(void **state)
{
	struct bench b;
	struct dispatch_stats s;

	(void)state;
	setup(&b);
	load_plan(&b, MANIFEST("slow", ""));
	fixture_wait_for(&b.f, stats(&b).due == 1);
	load_plan(&b,
	    "service: pay\n"
	    "checks:\n"
	    "  - {name: new, flow: a.hurl, every: 1h, timeout: 1s,\n"
	    "     variables: {base_url: \"http://a\"}}\n");
	assert_int_equal(stats(&b).checks, 1);
	fixture_wait_for(&b.f, stats(&b).by_outcome[OUTCOME_PASSED] == 1);
	/* And back again: its slots go on, none is told twice. */
	load_plan(&b, MANIFEST("a", ""));
	fixture_wait_for(&b.f, stats(&b).by_outcome[OUTCOME_PASSED] >= 4);
	s = stats(&b);
	assert_int_equal(s.by_outcome[OUTCOME_LOST], 0);
	teardown(&b);
}

static void
a_check_back_while_its_run_is_in_flight_does_not_run_twice(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	load_plan(&b, MANIFEST("slow", ""));
	fixture_wait_for(&b.f, stats(&b).due == 1);
	load_plan(&b, "service: pay\nchecks:\n  - {name: new, flow: a.hurl,"
	    " every: 1h, timeout: 1s, variables: {base_url: \"http://a\"}}\n");
	load_plan(&b, MANIFEST("slow", ""));
	fixture_wait_for(&b.f, stats(&b).by_outcome[OUTCOME_PASSED] >= 2);
	dispatch_stop(b.dispatch);
	fixture_wait_for(&b.f, fixture_is_stored(&b.f));
	assert_no_slot_twice(&b, 4);
	teardown(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_slot_is_run_when_it_is_due),
	    cmocka_unit_test(
	        records_of_a_check_leave_in_the_order_of_its_slots),
	    cmocka_unit_test(a_paused_check_leaves_records_and_no_runs),
	    cmocka_unit_test(
	        what_a_paused_check_missed_is_recorded_before_what_is_due),
	    cmocka_unit_test(the_time_before_the_start_is_recorded_first),
	    cmocka_unit_test(a_stop_records_all_that_was_missed),
	    cmocka_unit_test(records_of_the_future_keep_their_slots),
	    cmocka_unit_test(slots_are_run_between_the_steps_of_a_plan),
	    cmocka_unit_test(
	        a_check_that_is_taken_out_gives_its_last_run_back),
	    cmocka_unit_test(
	        a_check_back_while_its_run_is_in_flight_does_not_run_twice),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
