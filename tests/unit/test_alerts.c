/* SPDX-License-Identifier: ISC */
/* Alerts: streaks of a plan from YAML, notifications through a fleet. */
#include "tests/unit/unit.h"

#include "scheduler/alerts.h"
#include "tests/unit/scheduler_fixture.h"

#define DUE ((wall_us)1700000000000000)

static const char manifest[] =
    "service: pay\n"
    "owner: oncall\n"
    "environments:\n"
    "  production: {base_url: \"http://127.0.0.1:9\"}\n"
    "checks:\n"
    "  - {name: card, flow: a.hurl, environment: production, every: 30s,\n"
    "     timeout: 5s, alert: {after: 3, notify: [pager, chat]}}\n"
    "  - {name: quiet, flow: a.hurl, environment: production, every: 30s,\n"
    "     timeout: 5s}\n"
    "  - {name: far, flow: a.hurl, environment: production, every: 30s,\n"
    "     timeout: 5s, alert: {after: 1, notify: [broken]}}\n"
    "notify:\n"
    "  pager: {flow: a.hurl, variables: {base_url: \"http://p\"}}\n"
    "  chat: {flow: a.hurl, variables: {base_url: \"http://c\"}}\n"
    "  broken: {flow: a.hurl, variables: {base_url: \"http://unreachable\"}}"
    "\n";

struct bench {
	struct fixture f;
	struct alerts *alerts;
};

static void
ready_cb(const struct message *m, void *arg)
{
	(void)m;
	(void)arg;
}

static void
load_plan(struct bench *b, const char *yaml)
{
	struct plan *plan = fixture_plan(&b->f, yaml);

	alerts_plan_begin(b->alerts, plan);
	while (alerts_plan_step(b->alerts, INT64_MAX))
		continue;
	plan_free(&plan);
}

static void
setup(struct bench *b)
{
	fixture_init(&b->f, ready_cb, NULL);
	b->alerts = alerts_new(b->f.loop, b->f.fleet, b->f.outbox,
	    b->f.journal);
	load_plan(b, manifest);
}

/*
 * What a killed scheduler and its successor make of it: the probes are new,
 * and the journal is as it was left.
 */
static void
restart(struct bench *b)
{
	char *left = NULL;
	size_t len;

	assert_int_equal(file_read(b->f.journal, 1 << 20, &left, &len), 0);
	alerts_free(&b->alerts);
	assert_int_equal(file_replace(b->f.journal, left, len), 0);
	free(left);
	fixture_restart_fleet(&b->f);
	b->alerts = alerts_new(b->f.loop, b->f.fleet, b->f.outbox,
	    b->f.journal);
	load_plan(b, manifest);
}

static void
teardown(struct bench *b)
{
	alerts_free(&b->alerts);
	fixture_fini(&b->f);
}

static void
note(struct bench *b, const char *check, enum outcome outcome, int i)
{
	static const uint8_t run[MESSAGE_ID_SIZE] = {0xab};
	static const char doc[] = "{\"reason\":\"no \\\"luck\\\"\"}";
	struct dispatch_event e = {.check = check, .outcome = outcome,
	    .is_run = true, .run = run, .due = DUE + i * 30 * SPAN_S, .doc = doc,
	    .doc_len = sizeof(doc) - 1};

	alerts_note(b->alerts, &e);
}

static struct alerts_stats
stats(const struct bench *b)
{
	struct alerts_stats s;

	alerts_get_stats(b->alerts, &s);
	return (s);
}

static uint64_t
acked(const struct bench *b)
{
	struct outbox_stats s;

	outbox_get_stats(b->f.outbox, &s);
	return (s.acked);
}

static void
assert_log_has(const struct bench *b, const char *text)
{
	char *log = fixture_log(&b->f);

	if (strstr(log, text) == NULL)
		fail_msg("not in the log: %s\n%s", text, log);
	free(log);
}

static void
an_alert_goes_out_once_and_once_more_when_it_is_over(void **state)
{
	struct bench b;
	char member[32];
	int i;

	(void)state;
	setup(&b);
	note(&b, "pay/card", OUTCOME_FAILED, 0);
	note(&b, "pay/card", OUTCOME_SKIPPED, 1);
	note(&b, "pay/card", OUTCOME_UNREACHABLE, 2);
	assert_int_equal(stats(&b).firing, 0);
	for (i = 3; i < 10; i++)
		note(&b, "pay/card", OUTCOME_LOST, i);
	assert_int_equal(stats(&b).firing, 1);
	fixture_wait_for(&b.f, stats(&b).sent == 2 && fixture_is_stored(&b.f));
	assert_log_has(&b, "\"trigger\":\"alert\",\"variables\":{\"state\":"
	    "\"firing\",\"is_firing\":true,\"is_resolved\":false,"
	    "\"check\":\"pay/card\",\"service\":\"pay\","
	    "\"environment\":\"production\",\"owner\":\"oncall\","
	    "\"outcome\":\"lost\",\"reason\":\"no \\\"luck\\\"\",\"run\":"
	    "\"ab000000000000000000000000000000\",\"count\":3,"
	    "\"since\":\"2023-11-14T22:13:20.000000Z\"}");
	for (i = 0; plan_alert_variables[i] != NULL; i++) {
		snprintf(member, sizeof(member), "\"%s\":",
		    plan_alert_variables[i]);
		assert_log_has(&b, member);
	}
	assert_int_equal(i, 12); /* as above: lint knows them all */
	note(&b, "pay/card", OUTCOME_PASSED, 10);
	note(&b, "pay/card", OUTCOME_PASSED, 11);
	assert_int_equal(stats(&b).firing, 0);
	fixture_wait_for(&b.f, stats(&b).sent == 4 && fixture_is_stored(&b.f));
	assert_log_has(&b, "{\"state\":\"resolved\",\"is_firing\":false,"
	    "\"is_resolved\":true,\"check\":\"pay/card\"");
	assert_log_has(&b, "\"outcome\":\"passed\"");
	assert_log_has(&b, "\"count\":9,");
	teardown(&b);
}

static void
a_passed_run_ends_a_streak(void **state)
{
	struct bench b;
	int i;

	(void)state;
	setup(&b);
	for (i = 0; i < 20; i++)
		note(&b, "pay/card", i % 3 == 2 ? OUTCOME_PASSED :
		    OUTCOME_FAILED, i);
	for (i = 0; i < 20; i++)
		note(&b, "pay/quiet", OUTCOME_FAILED, i);
	note(&b, "pay/unheard-of", OUTCOME_FAILED, 0);
	assert_int_equal(stats(&b).firing, 0);
	teardown(&b);
}

static void
a_reload_keeps_the_count_and_drops_what_is_gone(void **state)
{
	struct bench b;
	char *without, *from, *to;

	(void)state;
	setup(&b);
	note(&b, "pay/card", OUTCOME_FAILED, 0);
	note(&b, "pay/card", OUTCOME_FAILED, 1);
	note(&b, "pay/far", OUTCOME_FAILED, 0);
	assert_int_equal(stats(&b).firing, 1);
	without = xstrdup(manifest);
	from = strstr(without, "  - {name: far");
	to = strstr(without, "notify:\n");
	memmove(from, to, strlen(to) + 1);
	*strstr(without, "  broken:") = '\0';
	load_plan(&b, without);
	free(without);
	assert_int_equal(stats(&b).firing, 0);
	note(&b, "pay/card", OUTCOME_FAILED, 2);
	assert_int_equal(stats(&b).firing, 1);
	fixture_wait_for(&b.f, stats(&b).sent == 2);
	teardown(&b);
}

static void
what_cannot_be_delivered_is_tried_again_until_we_stop(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	note(&b, "pay/far", OUTCOME_FAILED, 0);
	/* Its first try comes back unreachable and is recorded. */
	fixture_wait_for(&b.f, acked(&b) == 1);
	assert_int_equal(stats(&b).failed, 0);
	alerts_stop(b.alerts);
	/* And by who comes after us. */
	restart(&b);
	fixture_wait_for(&b.f, acked(&b) == 2);
	assert_int_equal(stats(&b).firing, 1);
	teardown(&b);
}

static void
a_restart_goes_on_counting(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	note(&b, "pay/card", OUTCOME_FAILED, 0);
	note(&b, "pay/card", OUTCOME_FAILED, 1);
	restart(&b);
	assert_int_equal(stats(&b).firing, 0);
	note(&b, "pay/card", OUTCOME_FAILED, 2);
	assert_int_equal(stats(&b).firing, 1);
	fixture_wait_for(&b.f, stats(&b).sent == 2 &&
	    fixture_is_stored(&b.f));
	assert_log_has(&b, "\"count\":3,"
	    "\"since\":\"2023-11-14T22:13:20.000000Z\"}");
	teardown(&b);
}

static void
a_restart_neither_fires_again_nor_forgets_to_resolve(void **state)
{
	struct bench b;
	int i;

	(void)state;
	setup(&b);
	for (i = 0; i < 4; i++)
		note(&b, "pay/card", OUTCOME_FAILED, i);
	fixture_wait_for(&b.f, stats(&b).sent == 2 &&
	    fixture_is_stored(&b.f));
	restart(&b);
	assert_int_equal(stats(&b).firing, 1);
	for (; i < 10; i++)
		note(&b, "pay/card", OUTCOME_FAILED, i);
	note(&b, "pay/card", OUTCOME_PASSED, i);
	assert_int_equal(stats(&b).firing, 0);
	fixture_wait_for(&b.f, stats(&b).sent == 2 &&
	    fixture_is_stored(&b.f));
	assert_log_has(&b, "{\"state\":\"resolved\"");
	/* All told twice: that it fires, and that it is over. */
	assert_int_equal(acked(&b), 4);
	restart(&b);
	assert_int_equal(stats(&b).firing, 0);
	teardown(&b);
}

static void
what_was_under_way_when_we_were_killed_is_sent(void **state)
{
	struct bench b;
	int i;

	(void)state;
	setup(&b);
	for (i = 0; i < 3; i++)
		note(&b, "pay/card", OUTCOME_FAILED, i);
	restart(&b);
	assert_int_equal(stats(&b).firing, 1);
	fixture_wait_for(&b.f, stats(&b).sent == 2 &&
	    fixture_is_stored(&b.f));
	assert_log_has(&b, "\"state\":\"firing\"");
	restart(&b);
	assert_int_equal(stats(&b).sent, 0);
	assert_int_equal(acked(&b), 2);
	teardown(&b);
}

static void
slots_without_a_scheduler_say_nothing(void **state)
{
	struct dispatch_event e = {.check = "pay/card",
	    .outcome = OUTCOME_LOST, .due = DUE};
	struct bench b;
	int i;

	(void)state;
	setup(&b);
	for (i = 0; i < 20; i++)
		alerts_note(b.alerts, &e);
	assert_int_equal(stats(&b).firing, 0);
	teardown(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
	        an_alert_goes_out_once_and_once_more_when_it_is_over),
	    cmocka_unit_test(a_passed_run_ends_a_streak),
	    cmocka_unit_test(a_reload_keeps_the_count_and_drops_what_is_gone),
	    cmocka_unit_test(
	        what_cannot_be_delivered_is_tried_again_until_we_stop),
	    cmocka_unit_test(a_restart_goes_on_counting),
	    cmocka_unit_test(
	        a_restart_neither_fires_again_nor_forgets_to_resolve),
	    cmocka_unit_test(what_was_under_way_when_we_were_killed_is_sent),
	    cmocka_unit_test(slots_without_a_scheduler_say_nothing),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
