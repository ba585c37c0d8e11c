/* SPDX-License-Identifier: ISC */
/* Alerts: streaks of a plan from YAML, notifications through a fleet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cause.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "scheduler/alerts.h"

#define TEST_PATIENCE (20 * SPAN_S)
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
	struct loop *loop;
	struct loop_timer *alarm;
	struct fleet *fleet;
	struct outbox *outbox;
	struct alerts *alerts;
	char dir[64];
	bool is_late;
};

static void
alarm_cb(void *arg)
{
	struct bench *b = arg;

	b->is_late = true;
}

static void
ready_cb(const struct message *m, void *arg)
{
	(void)m;
	(void)arg;
}

static void
write_text(const struct bench *b, const char *name, const char *text)
{
	char *path = file_join(b->dir, name);

	assert_int_equal(file_replace(path, text, strlen(text)), 0);
	free(path);
}

static void
load_plan(struct bench *b, const char *yaml)
{
	struct cause cause;
	struct plan *plan = NULL;

	write_text(b, "a.hurl", "GET {{base_url}}/\nHTTP 200\n");
	write_text(b, "a.yaml", yaml);
	cause_init(&cause);
	if (plan_load(b->dir, &cause, &plan) != 0) {
		cause_print(&cause, stderr);
		fail();
	}
	cause_fini(&cause);
	alerts_set_plan(b->alerts, plan);
	plan_free(&plan);
}

static void
setup(struct bench *b)
{
	char *probe = proc_sibling("fake_probe");
	char *store = proc_sibling("fake_store"), *spool;
	struct fleet_options f = {.location = "local", .program = probe,
	    .probe_count = 1};
	struct outbox_options o = {.program = store};

	memset(b, 0, sizeof(*b));
	strcpy(b->dir, "/tmp/test-alerts-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	spool = file_join(b->dir, "spool");
	o.store = b->dir;
	o.spool = spool;
	b->loop = loop_new();
	b->alarm = loop_timer_new(b->loop, alarm_cb, b);
	loop_timer_at(b->alarm, clock_mono() + TEST_PATIENCE);
	assert_int_equal(outbox_new(b->loop, &o, ready_cb, b, &b->outbox), 0);
	b->fleet = fleet_new(b->loop, &f);
	b->alerts = alerts_new(b->loop, b->fleet, b->outbox);
	load_plan(b, manifest);
	free(probe);
	free(store);
	free(spool);
}

static void
empty_dir(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char *path;

	while ((e = readdir(d)) != NULL) {
		path = file_join(dir, e->d_name);
		if (strcmp(e->d_name, "spool") == 0)
			rmdir(path);
		else
			unlink(path);
		free(path);
	}
	closedir(d);
	rmdir(dir);
}

static void
teardown(struct bench *b)
{
	alerts_free(&b->alerts);
	fleet_free(&b->fleet);
	outbox_free(&b->outbox);
	loop_timer_free(&b->alarm);
	loop_free(&b->loop);
	empty_dir(b->dir);
}

#define wait_for(b, condition)                                               \
	do {                                                                 \
		while (!(condition) && !(b)->is_late)                        \
			loop_turn((b)->loop, true);                          \
		assert_false((b)->is_late);                                  \
	} while (0)

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

static bool
is_stored(const struct bench *b)
{
	struct outbox_stats s;

	outbox_get_stats(b->outbox, &s);
	return (s.in_memory == 0);
}

static uint64_t
acked(const struct bench *b)
{
	struct outbox_stats s;

	outbox_get_stats(b->outbox, &s);
	return (s.acked);
}

static void
assert_log_has(const struct bench *b, const char *text)
{
	char *path = file_join(b->dir, "log"), *log;
	size_t len;

	assert_int_equal(file_read(path, 1 << 20, &log, &len), 0);
	if (strstr(log, text) == NULL)
		fail_msg("not in the log: %s\n%s", text, log);
	free(log);
	free(path);
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
	wait_for(&b, stats(&b).sent == 2 && is_stored(&b));
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
	wait_for(&b, stats(&b).sent == 4 && is_stored(&b));
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
	wait_for(&b, stats(&b).sent == 2);
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
	wait_for(&b, acked(&b) == 1);
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
