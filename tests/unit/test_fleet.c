/* SPDX-License-Identifier: ISC */
/* The fleet against real child processes that misbehave on demand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/proc.h"
#include "scheduler/fleet.h"

#define MOST_RUNS 64
#define TEST_PATIENCE (60 * SPAN_S)

struct bench {
	struct loop *loop;
	struct loop_timer *alarm;
	struct fleet *fleet;
	size_t done;
	size_t by_outcome[OUTCOME_COUNT];
	char *docs[MOST_RUNS];
	uint8_t last_run[MESSAGE_ID_SIZE];
	bool is_stopped;
	bool is_late;
	size_t before_other;  /* done when the other host's run was; 0: not yet */
};

static void
alarm_cb(void *arg)
{
	struct bench *b = arg;

	b->is_late = true;
}

static void
setup(struct bench *b, const struct fleet_options *o)
{
	struct fleet_options options = *o;
	char *program = proc_sibling("fake_probe");

	memset(b, 0, sizeof(*b));
	b->loop = loop_new();
	b->alarm = loop_timer_new(b->loop, alarm_cb, b);
	loop_timer_at(b->alarm, clock_mono() + TEST_PATIENCE);
	options.location = "test";
	options.program = program;
	b->fleet = fleet_new(b->loop, &options);
	free(program);
}

static void
teardown(struct bench *b)
{
	size_t i;

	fleet_free(&b->fleet);
	loop_timer_free(&b->alarm);
	loop_free(&b->loop);
	for (i = 0; i < MOST_RUNS; i++)
		free(b->docs[i]);
}

/* Run the loop until the condition holds or the test is too late. */
#define wait_for(b, condition)                                               \
	do {                                                                 \
		while (!(condition) && !(b)->is_late)                        \
			loop_turn((b)->loop, true);                          \
		assert_false((b)->is_late);                                  \
	} while (0)

static struct fleet_definition *
define(struct bench *b, const char *word, const char *host)
{
	struct fleet_definition_info info = {.doc = word,
	    .doc_len = strlen(word), .check = "svc/check", .service = "svc",
	    .environment = "production", .hash = "abcd", .hosts = &host,
	    .host_count = host != NULL ? 1 : 0};

	return (fleet_define(b->fleet, &info));
}

static void
done_cb(const struct fleet_result *r, void *arg)
{
	struct bench *b = arg;

	assert_true(b->done < MOST_RUNS);
	b->by_outcome[r->outcome]++;
	b->docs[b->done++] = xstrndup(r->doc, r->doc_len);
	memcpy(b->last_run, r->run, MESSAGE_ID_SIZE);
}

static void
other_cb(const struct fleet_result *r, void *arg)
{
	struct bench *b = arg;

	done_cb(r, arg);
	b->before_other = b->done;
}

static void
submit_for(struct bench *b, struct fleet_definition *d, span_us timeout,
    span_us patience, void (*cb)(const struct fleet_result *r, void *arg))
{
	struct fleet_job job = {.definition = d,
	    .trigger = TRIGGER_SCHEDULE, .due = 1700000000000000,
	    .timeout = timeout, .patience = patience,
	    .variables = "{\"a\":1}", .variables_len = 7};

	record_run_id("svc/check", "test", job.due, job.run);
	fleet_submit(b->fleet, &job, cb, b);
}

static void
submit(struct bench *b, struct fleet_definition *d, span_us timeout,
    span_us patience)
{
	submit_for(b, d, timeout, patience, done_cb);
}

static unsigned int
ready(const struct bench *b)
{
	struct fleet_stats s;

	fleet_get_stats(b->fleet, &s);
	return (s.ready);
}

static uint64_t
replaced(const struct bench *b)
{
	struct fleet_stats s;

	fleet_get_stats(b->fleet, &s);
	return (s.replaced);
}

static void
assert_member(const char *doc, const char *name, const char *value)
{
	struct json_doc *d;
	const struct json *v;

	assert_int_equal(json_parse(doc, strlen(doc), &json_limits_default,
	    &d, NULL), 0);
	v = json_get(json_root(d), name);
	assert_non_null(v);
	assert_string_equal(v->text, value);
	json_free(&d);
}

static void
a_run_comes_back_with_the_probes_own_event(void **state)
{
	struct bench b;
	struct fleet_definition *d;

	(void)state;
	setup(&b, &(struct fleet_options){.probe_count = 2});
	d = define(&b, "answer", "a:80");
	submit(&b, d, SPAN_S, 0);
	assert_int_equal(b.done, 0);
	wait_for(&b, b.done == 1);
	assert_int_equal(b.by_outcome[OUTCOME_PASSED], 1);
	assert_string_equal(b.docs[0], "{\"defines\":1,\"job\":{\"location\":"
	    "\"test\",\"due_us\":1700000000000000,\"trigger\":\"schedule\","
	    "\"variables\":{\"a\":1}}}");
	fleet_forget(&d);
	teardown(&b);
}

static void
a_definition_is_told_once_to_each_probe(void **state)
{
	struct bench b;
	struct fleet_definition *d;
	size_t i;

	(void)state;
	setup(&b, &(struct fleet_options){.probe_count = 2});
	d = define(&b, "answer", NULL);
	for (i = 0; i < 10; i++)
		submit(&b, d, SPAN_S, 0);
	wait_for(&b, b.done == 10);
	for (i = 0; i < 10; i++)
		assert_non_null(strstr(b.docs[i], "\"defines\":1,"));
	teardown(&b);
}

static void
runs_of_a_dead_probe_are_lost_and_it_is_replaced(void **state)
{
	struct bench b;
	struct fleet_definition *hang, *die, *answer;

	(void)state;
	setup(&b, &(struct fleet_options){.probe_count = 1});
	hang = define(&b, "hang", NULL);
	die = define(&b, "die", NULL);
	answer = define(&b, "answer", NULL);
	wait_for(&b, ready(&b) == 1);
	submit(&b, hang, 10 * SPAN_S, 0);
	submit(&b, die, 10 * SPAN_S, 0);
	wait_for(&b, b.done == 2);
	assert_int_equal(b.by_outcome[OUTCOME_LOST], 2);
	assert_member(b.docs[0], "outcome", "lost");
	assert_member(b.docs[0], "check", "svc/check");
	assert_member(b.docs[0], "definition", "abcd");
	assert_member(b.docs[0], "reason",
	    "probe test-1 ended with exit code 7");
	/* The next one waits for the successor, which learns anew. */
	submit(&b, answer, SPAN_S, 0);
	wait_for(&b, b.done == 3);
	assert_int_equal(b.by_outcome[OUTCOME_PASSED], 1);
	assert_non_null(strstr(b.docs[2], "\"defines\":1,"));
	teardown(&b);
}

static void
a_run_past_its_lease_is_lost_and_the_probe_stays(void **state)
{
	struct bench b;
	struct fleet_definition *d;

	(void)state;
	setup(&b, &(struct fleet_options){.probe_count = 1,
	    .lease_grace = 20 * SPAN_MS});
	d = define(&b, "hang", NULL);
	submit(&b, d, 30 * SPAN_MS, 0);
	wait_for(&b, b.done == 1);
	assert_int_equal(b.by_outcome[OUTCOME_LOST], 1);
	assert_member(b.docs[0], "reason",
	    "probe test-1 did not finish it in its lease of 50.0ms");
	assert_member(b.docs[0], "probe", "test-1");
	assert_int_equal(replaced(&b), 0);
	teardown(&b);
}

static void
a_probe_that_finishes_nothing_is_replaced(void **state)
{
	struct bench b;
	struct fleet_definition *d;
	int i;

	(void)state;
	setup(&b, &(struct fleet_options){.probe_count = 1,
	    .lease_grace = 1 * SPAN_MS});
	d = define(&b, "hang", NULL);
	for (i = 0; i < 20; i++)
		submit(&b, d, 1 * SPAN_MS, 0);
	wait_for(&b, b.done == 20 && replaced(&b) == 1);
	assert_int_equal(b.by_outcome[OUTCOME_LOST], 20);
	teardown(&b);
}

static void
a_silent_probe_is_replaced(void **state)
{
	struct bench b;
	struct fleet_definition *d;

	(void)state;
	setup(&b, &(struct fleet_options){.probe_count = 1,
	    .silent_most = 500 * SPAN_MS});
	d = define(&b, "freeze", NULL);
	submit(&b, d, 60 * SPAN_S, 0);
	wait_for(&b, b.done == 1);
	assert_member(b.docs[0], "reason", "probe test-1 fell silent");
	wait_for(&b, ready(&b) == 1);
	teardown(&b);
}

static void
a_probe_that_breaks_the_protocol_is_replaced(void **state)
{
	static const struct {
		const char *word;
		const char *reason;
	} cases[] = {
	    {"garbage", "probe test-1 sent bytes that are no message"},
	    {"bare", "probe test-1 sent a result without an outcome"},
	};
	struct bench b;
	struct fleet_definition *d;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(cases); i++) {
		setup(&b, &(struct fleet_options){.probe_count = 1});
		d = define(&b, cases[i].word, NULL);
		submit(&b, d, 60 * SPAN_S, 0);
		wait_for(&b, b.done == 1);
		assert_int_equal(b.by_outcome[OUTCOME_LOST], 1);
		assert_member(b.docs[0], "reason", cases[i].reason);
		teardown(&b);
	}
}

static void
a_result_that_comes_twice_counts_once(void **state)
{
	struct bench b;
	struct fleet_definition *d;
	struct fleet_stats s;

	(void)state;
	setup(&b, &(struct fleet_options){.probe_count = 1});
	d = define(&b, "twice", NULL);
	submit(&b, d, SPAN_S, 0);
	wait_for(&b, b.done == 1);
	do {
		loop_turn(b.loop, true);
		fleet_get_stats(b.fleet, &s);
	} while (s.late == 0 && !b.is_late);
	assert_int_equal(b.done, 1);
	assert_int_equal(s.late, 1);
	teardown(&b);
}

static void
a_host_never_sees_more_runs_than_its_cap(void **state)
{
	struct bench b;
	struct fleet_definition *d, *other;
	struct fleet_stats s;
	size_t i, most = 0;

	(void)state;
	setup(&b, &(struct fleet_options){.probe_count = 2,
	    .max_per_host = 3});
	d = define(&b, "slow", "a:80");
	other = define(&b, "answer", "b:80");
	wait_for(&b, ready(&b) == 2);
	for (i = 0; i < 12; i++)
		submit(&b, d, SPAN_S, 0);
	submit_for(&b, other, SPAN_S, 0, other_cb);
	wait_for(&b, b.before_other > 0);
	while (b.done < 13 && !b.is_late) {
		fleet_get_stats(b.fleet, &s);
		most = s.in_flight > most ? s.in_flight : most;
		loop_turn(b.loop, true);
	}
	assert_int_equal(b.by_outcome[OUTCOME_PASSED], 13);
	assert_int_equal(most, 3);
	/* The other host did not have to wait behind the full one. */
	assert_in_range(b.before_other, 1, 12);
	teardown(&b);
}

static void
a_full_line_and_a_long_wait_are_skipped_with_the_reason(void **state)
{
	struct bench b;
	struct fleet_definition *d;

	(void)state;
	setup(&b, &(struct fleet_options){.probe_count = 1,
	    .max_per_host = 1, .max_waiting = 1});
	d = define(&b, "hang", "a:80");
	wait_for(&b, ready(&b) == 1);
	submit(&b, d, 60 * SPAN_S, 0);
	submit(&b, d, 60 * SPAN_S, 100 * SPAN_MS);
	submit(&b, d, 60 * SPAN_S, 0);
	assert_int_equal(b.done, 0);
	wait_for(&b, b.done == 2);
	assert_int_equal(b.by_outcome[OUTCOME_SKIPPED], 2);
	assert_member(b.docs[0], "reason", "no capacity: 1 runs wait for a:80");
	assert_member(b.docs[1], "reason",
	    "no capacity: a:80 stayed at 1 runs for 100.0ms");
	teardown(&b);
}

static void
without_a_probe_runs_are_skipped_and_say_so(void **state)
{
	struct bench b;
	struct fleet_definition *d;
	struct fleet_options o = {.probe_count = 1, .location = "test",
	    .program = "/nonexistent/e2e-probe"};

	(void)state;
	setup(&b, &o);
	fleet_free(&b.fleet);
	b.fleet = fleet_new(b.loop, &o);
	d = define(&b, "answer", NULL);
	submit(&b, d, SPAN_S, 150 * SPAN_MS);
	wait_for(&b, b.done == 1);
	assert_member(b.docs[0], "reason",
	    "no capacity: no probe was ready for 150.0ms");
	teardown(&b);
}

static void
stopped_cb(void *arg)
{
	struct bench *b = arg;

	assert_false(b->is_stopped);
	b->is_stopped = true;
}

static void
stopping_lets_runs_end_and_loses_the_rest(void **state)
{
	struct bench b;
	struct fleet_definition *slow, *hang;

	(void)state;
	setup(&b, &(struct fleet_options){.probe_count = 1,
	    .max_per_host = 1});
	slow = define(&b, "slow", "a:80");
	hang = define(&b, "hang", "b:80");
	wait_for(&b, ready(&b) == 1);
	submit(&b, slow, SPAN_S, 0);
	submit(&b, hang, SPAN_S, 0);
	submit(&b, hang, SPAN_S, 0);
	fleet_stop(b.fleet, 2 * SPAN_S, stopped_cb, &b);
	submit(&b, slow, SPAN_S, 0);
	wait_for(&b, b.is_stopped);
	assert_int_equal(b.done, 4);
	assert_int_equal(b.by_outcome[OUTCOME_PASSED], 1);
	assert_int_equal(b.by_outcome[OUTCOME_SKIPPED], 2);
	assert_int_equal(b.by_outcome[OUTCOME_LOST], 1);
	teardown(&b);
}

static void
a_forgotten_definition_lives_until_its_runs_end(void **state)
{
	struct bench b;
	struct fleet_definition *d;

	(void)state;
	setup(&b, &(struct fleet_options){.probe_count = 1,
	    .max_per_host = 1});
	d = define(&b, "slow", "a:80");
	submit(&b, d, SPAN_S, 0);
	submit(&b, d, SPAN_S, 0);
	fleet_forget(&d);
	assert_null(d);
	wait_for(&b, b.done == 2);
	assert_int_equal(b.by_outcome[OUTCOME_PASSED], 2);
	teardown(&b);
}

static void
a_host_key_is_host_and_port(void **state)
{
	static const char *const cases[][2] = {
	    {"https://API.example.com", "api.example.com:443"},
	    {"http://api.example.com/v1?x#y", "api.example.com:80"},
	    {"http://127.0.0.1:8080/", "127.0.0.1:8080"},
	    {"http://user:pass@h:81/p", "h:81"},
	    {"http://[::1]/", "[::1]:80"},
	    {"http://[::1]:8080/", "[::1]:8080"},
	    {"*.Example.com", "*.example.com"},
	};
	size_t i;
	char *key;

	(void)state;
	for (i = 0; i < NELEMS(cases); i++) {
		key = fleet_host_key(cases[i][0]);
		assert_string_equal(key, cases[i][1]);
		free(key);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_run_comes_back_with_the_probes_own_event),
	    cmocka_unit_test(a_definition_is_told_once_to_each_probe),
	    cmocka_unit_test(runs_of_a_dead_probe_are_lost_and_it_is_replaced),
	    cmocka_unit_test(a_run_past_its_lease_is_lost_and_the_probe_stays),
	    cmocka_unit_test(a_probe_that_finishes_nothing_is_replaced),
	    cmocka_unit_test(a_silent_probe_is_replaced),
	    cmocka_unit_test(a_probe_that_breaks_the_protocol_is_replaced),
	    cmocka_unit_test(a_result_that_comes_twice_counts_once),
	    cmocka_unit_test(a_host_never_sees_more_runs_than_its_cap),
	    cmocka_unit_test(
	        a_full_line_and_a_long_wait_are_skipped_with_the_reason),
	    cmocka_unit_test(without_a_probe_runs_are_skipped_and_say_so),
	    cmocka_unit_test(stopping_lets_runs_end_and_loses_the_rest),
	    cmocka_unit_test(a_forgotten_definition_lives_until_its_runs_end),
	    cmocka_unit_test(a_host_key_is_host_and_port),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
