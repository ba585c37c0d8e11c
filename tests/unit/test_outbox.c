/* SPDX-License-Identifier: ISC */
/* The outbox against a store process that misbehaves on demand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "scheduler/outbox.h"

#define TEST_PATIENCE (60 * SPAN_S)

struct bench {
	struct loop *loop;
	struct loop_timer *alarm;
	struct outbox *outbox;
	char dir[64];
	char spool[80];
	int next;      /* number of the next event */
	int first;     /* events to add first when ready */
	int readies;
	span_us stuck_after;
	bool is_stopped;
	bool is_late;
};

static void
alarm_cb(void *arg)
{
	struct bench *b = arg;

	b->is_late = true;
}

static struct message
make_event(int i, char doc[static 16])
{
	struct message m = {.type = MESSAGE_RESULT, .code = OUTCOME_PASSED,
	    .doc = doc};

	m.doc_len = (size_t)snprintf(doc, 16, "%d", i);
	return (m);
}

static void
ready_cb(const struct message *m, void *arg)
{
	struct bench *b = arg;
	struct message event;
	char doc[16];
	int i;

	(void)m;
	b->readies++;
	for (i = 0; i < b->first; i++) {
		event = make_event(-b->first + i, doc);
		outbox_add_first(b->outbox, &event);
	}
	b->first = 0;
}

static void
open_outbox(struct bench *b, size_t memory_most)
{
	char *program = proc_sibling("fake_store");
	struct outbox_options o = {.store = b->dir, .spool = b->spool,
	    .program = program, .memory_most = memory_most,
	    .away_most = 100 * SPAN_MS, .stuck_after = b->stuck_after};

	assert_int_equal(outbox_new(b->loop, &o, ready_cb, b, &b->outbox), 0);
	free(program);
}

static void
set_mode(const struct bench *b, const char *mode)
{
	char *path = file_join(b->dir, "mode");

	if (mode == NULL)
		unlink(path);
	else
		assert_int_equal(file_replace(path, mode, strlen(mode)), 0);
	free(path);
}

static void
setup(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	strcpy(b->dir, "/tmp/test-outbox-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->spool, sizeof(b->spool), "%s/spool", b->dir);
	b->loop = loop_new();
	b->alarm = loop_timer_new(b->loop, alarm_cb, b);
	loop_timer_at(b->alarm, clock_mono() + TEST_PATIENCE);
}

static void
empty_dir(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char *path;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		path = file_join(dir, e->d_name);
		unlink(path);
		free(path);
	}
	closedir(d);
	rmdir(dir);
}

static void
teardown(struct bench *b)
{
	outbox_free(&b->outbox);
	loop_timer_free(&b->alarm);
	loop_free(&b->loop);
	empty_dir(b->spool);
	empty_dir(b->dir);
}

#define wait_for(b, condition)                                               \
	do {                                                                 \
		while (!(condition) && !(b)->is_late)                        \
			loop_turn((b)->loop, true);                          \
		assert_false((b)->is_late);                                  \
	} while (0)

static void
add(struct bench *b, int count)
{
	struct message m;
	char doc[16];

	while (count-- > 0) {
		m = make_event(b->next++, doc);
		outbox_add(b->outbox, &m, false);
	}
}

static struct outbox_stats
stats(const struct bench *b)
{
	struct outbox_stats s;

	outbox_get_stats(b->outbox, &s);
	return (s);
}

static bool
is_empty(const struct bench *b)
{
	struct outbox_stats s = stats(b);

	return (s.in_memory == 0 && s.spool_bytes == 0);
}

static size_t
segment_count(const struct bench *b)
{
	DIR *d = opendir(b->spool);
	struct dirent *e;
	size_t n = 0;

	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return (n);
}

/*
 * The store's log must hold the events from..to in order, where what is
 * marked as sent again may have stood there before.
 */
static void
assert_stored(const struct bench *b, int from, int to)
{
	char *path = file_join(b->dir, "log"), *text, *line, *save = NULL;
	char word[8];
	size_t len;
	int n, next = from;

	assert_int_equal(file_read(path, 1 << 24, &text, &len), 0);
	for (line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "plan", 4) == 0)
			continue;
		assert_int_equal(sscanf(line, "%7s %d", word, &n), 2);
		if (n < next) {
			assert_string_equal(word, "again");
			continue;
		}
		assert_int_equal(n, next);
		next++;
	}
	assert_int_equal(next, to);
	free(text);
	free(path);
}

static void
events_are_kept_until_they_are_acknowledged(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	open_outbox(&b, 0);
	add(&b, 100);
	assert_int_equal(stats(&b).in_memory, 100);
	wait_for(&b, is_empty(&b));
	add(&b, 100);
	wait_for(&b, is_empty(&b));
	assert_stored(&b, 0, 200);
	teardown(&b);
}

static void
what_a_dead_store_did_not_acknowledge_is_sent_again(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	open_outbox(&b, 0);
	outbox_take_plan(b.outbox, xstrdup("{}"), 2);
	add(&b, 10);
	wait_for(&b, is_empty(&b));
	set_mode(&b, "die");
	add(&b, 10);
	wait_for(&b, is_empty(&b));
	assert_int_equal(b.readies, 2);
	assert_stored(&b, 0, 20);
	teardown(&b);
}

/* Plans and refusals that the store's log has. */
static int
count_plans(const struct bench *b)
{
	char *path = file_join(b->dir, "log"), *text, *at;
	size_t len;
	int n = 0;

	assert_int_equal(file_read(path, 1 << 24, &text, &len), 0);
	for (at = text; (at = strstr(at, "plan ")) != NULL; at++)
		n++;
	free(text);
	free(path);
	return (n);
}

static void
a_refused_plan_is_told_each_store_until_there_is_another(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	open_outbox(&b, 0);
	outbox_take_plan(b.outbox, xstrdup("{}"), 2);
	add(&b, 1);
	wait_for(&b, is_empty(&b));
	outbox_take_refusal(b.outbox, xstrdup("no"), 2);
	set_mode(&b, "die");
	add(&b, 1);
	wait_for(&b, is_empty(&b));
	assert_int_equal(b.readies, 2);
	assert_int_equal(count_plans(&b), 4);
	outbox_take_plan(b.outbox, xstrdup("{}"), 2);
	set_mode(&b, "die");
	add(&b, 1);
	wait_for(&b, is_empty(&b));
	assert_int_equal(count_plans(&b), 6);
	teardown(&b);
}

static void
a_store_that_refuses_gets_all_again_when_it_is_ready(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	open_outbox(&b, 0);
	set_mode(&b, "refuse");
	add(&b, 10);
	wait_for(&b, b.readies == 1);
	/* It stays away for long enough that new events go to disk. */
	wait_for(&b, stats(&b).spool_bytes > 0);
	add(&b, 10);
	set_mode(&b, NULL);
	wait_for(&b, is_empty(&b));
	assert_int_equal(b.readies, 2);
	assert_stored(&b, 0, 20);
	assert_int_equal(segment_count(&b), 0);
	teardown(&b);
}

static void
a_store_that_acknowledges_nothing_is_replaced(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	b.stuck_after = 300 * SPAN_MS;
	open_outbox(&b, 0);
	set_mode(&b, "mute");
	add(&b, 10);
	wait_for(&b, b.readies == 2);
	set_mode(&b, NULL);
	wait_for(&b, is_empty(&b));
	assert_stored(&b, 0, 10);
	teardown(&b);
}

static void
past_the_memory_bound_events_go_to_disk(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	set_mode(&b, "away");
	open_outbox(&b, 1000);
	add(&b, 5000);
	assert_true(stats(&b).in_memory < 1001);
	assert_true(stats(&b).spool_bytes > 4000 * 40);
	outbox_free(&b.outbox);
	set_mode(&b, NULL);
	/* Another process finds them; its own come behind. */
	open_outbox(&b, 1000);
	add(&b, 10);
	wait_for(&b, is_empty(&b));
	assert_stored(&b, 0, 5010);
	assert_int_equal(segment_count(&b), 0);
	teardown(&b);
}

static void
what_is_older_is_stored_first(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	b.first = 5;
	open_outbox(&b, 0);
	add(&b, 10);
	wait_for(&b, b.readies == 1 && is_empty(&b));
	assert_stored(&b, -5, 10);
	teardown(&b);
}

static void
stopped_cb(void *arg)
{
	struct bench *b = arg;

	b->is_stopped = true;
}

static void
stopping_waits_until_all_is_stored(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	open_outbox(&b, 0);
	add(&b, 1000);
	outbox_stop(b.outbox, 10 * SPAN_S, stopped_cb, &b);
	wait_for(&b, b.is_stopped);
	assert_stored(&b, 0, 1000);
	teardown(&b);
}

static void
stopping_without_a_store_leaves_all_on_disk(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	set_mode(&b, "mute");
	open_outbox(&b, 0);
	add(&b, 10);
	wait_for(&b, b.readies == 1);
	outbox_stop(b.outbox, 50 * SPAN_MS, stopped_cb, &b);
	wait_for(&b, b.is_stopped);
	outbox_free(&b.outbox);
	assert_int_equal(segment_count(&b), 1);
	set_mode(&b, NULL);
	open_outbox(&b, 0);
	wait_for(&b, is_empty(&b));
	assert_int_equal(segment_count(&b), 0);
	teardown(&b);
}

/* A kill -9 while the store stands still finds all on disk. */
static void
what_a_still_store_was_sent_is_on_disk(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	b.stuck_after = 300 * SPAN_MS;
	set_mode(&b, "mute");
	open_outbox(&b, 0);
	add(&b, 10);
	wait_for(&b, b.readies == 1);
	wait_for(&b, stats(&b).spool_bytes > 10 * 40);
	assert_int_equal(stats(&b).in_memory, 10);
	set_mode(&b, NULL);
	wait_for(&b, is_empty(&b));
	assert_stored(&b, 0, 10);
	assert_int_equal(segment_count(&b), 0);
	teardown(&b);
}

/* The disk is full while the store is away, and has room again at the end. */
static void
what_the_disk_refused_is_tried_once_more_at_the_end(void **state)
{
	struct rlimit old, small = {100, 0};
	struct bench b;

	(void)state;
	setup(&b);
	set_mode(&b, "away");
	open_outbox(&b, 1000);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	add(&b, 100);
	assert_true(stats(&b).in_memory > 90);
	setrlimit(RLIMIT_FSIZE, &old);
	add(&b, 100); /* to disk again, before the others */
	assert_true(stats(&b).in_memory <= 100);
	outbox_free(&b.outbox);
	set_mode(&b, NULL);
	open_outbox(&b, 0);
	wait_for(&b, is_empty(&b));
	assert_int_equal(stats(&b).acked, 200);
	teardown(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_are_kept_until_they_are_acknowledged),
	    cmocka_unit_test(
	        what_a_dead_store_did_not_acknowledge_is_sent_again),
	    cmocka_unit_test(
	        a_refused_plan_is_told_each_store_until_there_is_another),
	    cmocka_unit_test(
	        a_store_that_refuses_gets_all_again_when_it_is_ready),
	    cmocka_unit_test(a_store_that_acknowledges_nothing_is_replaced),
	    cmocka_unit_test(past_the_memory_bound_events_go_to_disk),
	    cmocka_unit_test(what_is_older_is_stored_first),
	    cmocka_unit_test(stopping_waits_until_all_is_stored),
	    cmocka_unit_test(stopping_without_a_store_leaves_all_on_disk),
	    cmocka_unit_test(what_a_still_store_was_sent_is_on_disk),
	    cmocka_unit_test(
	        what_the_disk_refused_is_tried_once_more_at_the_end),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
