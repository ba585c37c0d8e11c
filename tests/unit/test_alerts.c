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

	alerts_set_plan(b->alerts, plan);
	plan_free(&plan);
}

static void
setup(struct bench *b)
{
	fixture_init(&b->f, ready_cb, NULL);
	b->alerts = alerts_new(b->f.loop, b->f.fleet, b->f.outbox);
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
	    .run = run, .due = DUE + i * 30 * SPAN_S, .doc = doc,
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
	assert_int_equal(stats(&b).failed, 1);
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
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
