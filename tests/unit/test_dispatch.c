/* SPDX-License-Identifier: ISC */
/* Dispatch with the real plan, fleet and outbox, and children of our own. */
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
#include "scheduler/dispatch.h"

#define TEST_PATIENCE (20 * SPAN_S)
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
	struct loop *loop;
	struct loop_timer *alarm;
	struct fleet *fleet;
	struct outbox *outbox;
	struct dispatch *dispatch;
	const char *ready;  /* the store's READY, as we have it say */
	size_t seen;        /* events told to the watch */
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
	dispatch_set_plan(b->dispatch, plan);
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
	strcpy(b->dir, "/tmp/test-dispatch-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	spool = file_join(b->dir, "spool");
	o.store = b->dir;
	o.spool = spool;
	b->loop = loop_new();
	b->alarm = loop_timer_new(b->loop, alarm_cb, b);
	loop_timer_at(b->alarm, clock_mono() + TEST_PATIENCE);
	assert_int_equal(outbox_new(b->loop, &o, ready_cb, b, &b->outbox), 0);
	b->fleet = fleet_new(b->loop, &f);
	b->dispatch = dispatch_new(b->loop, b->fleet, b->outbox, "local",
	    watch_cb, b);
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
	dispatch_free(&b->dispatch);
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

/* The due times in the store's log, in the order they came. */
static size_t
read_log(const struct bench *b, wall_us *dues, size_t most, char **text)
{
	char *path = file_join(b->dir, "log"), *at;
	size_t len, n = 0;

	assert_int_equal(file_read(path, 1 << 22, text, &len), 0);
	for (at = *text; n < most && (at = strstr(at, "\"due_us\":")); at++)
		dues[n++] = strtoll(at + 9, NULL, 10);
	free(path);
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

static bool
is_stored(const struct bench *b)
{
	struct outbox_stats s;

	outbox_get_stats(b->outbox, &s);
	return (s.in_memory == 0 && s.spool_bytes == 0);
}

static void
each_slot_is_run_when_it_is_due(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	load_plan(&b, MANIFEST("a", ""));
	assert_int_equal(stats(&b).checks, 1);
	wait_for(&b, b.seen >= 10);
	dispatch_stop(b.dispatch);
	wait_for(&b, is_stored(&b));
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
	wait_for(&b, stats(&b).by_outcome[OUTCOME_PASSED] >= 3);
	dispatch_stop(b.dispatch);
	wait_for(&b, is_stored(&b));
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
	wait_for(&b, b.seen >= 5);
	dispatch_stop(b.dispatch);
	wait_for(&b, is_stored(&b));
	assert_int_equal(stats(&b).due, 0);
	assert_int_equal(stats(&b).by_outcome[OUTCOME_SKIPPED], b.seen);
	assert_each_slot_once_in_order(&b, 5);
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
	wait_for(&b, stats(&b).by_outcome[OUTCOME_PASSED] >= 3);
	dispatch_stop(b.dispatch);
	wait_for(&b, is_stored(&b));
	assert_in_range(stats(&b).by_outcome[OUTCOME_LOST], 9, 11);
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
a_check_that_is_taken_out_gives_its_last_run_back(void **state)
{
	struct bench b;
	struct dispatch_stats s;

	(void)state;
	setup(&b);
	load_plan(&b, MANIFEST("slow", ""));
	wait_for(&b, stats(&b).due == 1);
	load_plan(&b,
	    "service: pay\n"
	    "checks:\n"
	    "  - {name: new, flow: a.hurl, every: 1h, timeout: 1s,\n"
	    "     variables: {base_url: \"http://a\"}}\n");
	assert_int_equal(stats(&b).checks, 1);
	wait_for(&b, stats(&b).by_outcome[OUTCOME_PASSED] == 1);
	/* And back again: its slots go on, none is told twice. */
	load_plan(&b, MANIFEST("a", ""));
	wait_for(&b, stats(&b).by_outcome[OUTCOME_PASSED] >= 4);
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
	wait_for(&b, stats(&b).due == 1);
	load_plan(&b, "service: pay\nchecks:\n  - {name: new, flow: a.hurl,"
	    " every: 1h, timeout: 1s, variables: {base_url: \"http://a\"}}\n");
	load_plan(&b, MANIFEST("slow", ""));
	wait_for(&b, stats(&b).by_outcome[OUTCOME_PASSED] >= 2);
	dispatch_stop(b.dispatch);
	wait_for(&b, is_stored(&b));
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
	    cmocka_unit_test(the_time_before_the_start_is_recorded_first),
	    cmocka_unit_test(
	        a_check_that_is_taken_out_gives_its_last_run_back),
	    cmocka_unit_test(
	        a_check_back_while_its_run_is_in_flight_does_not_run_twice),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
