/* SPDX-License-Identifier: ISC */
/* The timetable under clocks of our own: a day of schedule in a moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "scheduler/timetable.h"

#define START_WALL ((wall_us)1700000000 * SPAN_S + 123456)
#define START_MONO ((mono_us)5000 * SPAN_S)

/* One simulated machine: its clocks, and what the timetable handed out. */
struct sim {
	struct timetable *t;
	mono_us mono;
	wall_us wall;
	uint64_t count[TIMETABLE_STOPPED + 1];
	bool ends_runs; /* each run ends at once */
};

struct check {
	struct timetable_entry *entry;
	char name[32];
	span_us every;
	wall_us last;   /* newest slot seen, of any kind */
	wall_us *seen;  /* all slots, when wanted */
	size_t seen_count;
};

static void
sim_init(struct sim *s)
{
	memset(s, 0, sizeof(*s));
	s->mono = START_MONO;
	s->wall = START_WALL;
	s->ends_runs = true;
	s->t = timetable_new(s->mono, s->wall);
}

static void
check_init(struct sim *s, struct check *c, int i, span_us every)
{
	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "svc/check-%d", i);
	c->every = every;
	c->entry = timetable_add(s->t, c->name, "local", every, c);
}

static void
note_slot(struct sim *s, const struct timetable_slot *slot)
{
	struct check *c = slot->arg;

	s->count[slot->kind]++;
	assert_ptr_equal(slot->entry, c->entry);
	if (c->seen != NULL)
		c->seen[c->seen_count++] = slot->due;
	if (slot->due > c->last)
		c->last = slot->due;
	if (slot->kind == TIMETABLE_DUE && s->ends_runs)
		timetable_run_end(slot->entry);
}

/* Take all that is due at the present time. */
static void
sim_take(struct sim *s)
{
	struct timetable_slot slot;

	timetable_turn(s->t, s->mono, s->wall);
	while (timetable_pop_due(s->t, &slot)) {
		assert_true(slot.due <= s->wall);
		note_slot(s, &slot);
	}
	while (timetable_pop_missed(s->t, &slot))
		note_slot(s, &slot);
}

static void
sim_advance(struct sim *s, span_us span)
{
	s->mono += span;
	s->wall += span;
}

/* Sleep exactly until what is next, again and again, for so long. */
static void
sim_run(struct sim *s, span_us span)
{
	mono_us end = s->mono + span, next;

	while ((next = timetable_next(s->t)) <= end) {
		sim_advance(s, next > s->mono ? next - s->mono : 0);
		sim_take(s);
	}
	sim_advance(s, end - s->mono);
	sim_take(s);
}

static int
compare_walls(const void *a, const void *b)
{
	wall_us x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x < y ? -1 : x > y);
}

static void
assert_no_slot_twice(struct check *c)
{
	size_t i;

	qsort(c->seen, c->seen_count, sizeof(*c->seen), compare_walls);
	for (i = 1; i < c->seen_count; i++)
		assert_true(c->seen[i] > c->seen[i - 1]);
}

static void
a_day_has_every_slot_once_and_on_time(void **state)
{
	enum { CHECKS = 1000 };
	static struct check checks[CHECKS];
	struct sim s;
	int i;

	(void)state;
	sim_init(&s);
	for (i = 0; i < CHECKS; i++) {
		check_init(&s, &checks[i], i, SPAN_MIN);
		checks[i].seen = xcalloc(1441, sizeof(wall_us));
	}
	sim_run(&s, SPAN_DAY);
	assert_int_equal(s.count[TIMETABLE_DUE], CHECKS * 1440);
	assert_int_equal(s.count[TIMETABLE_LATE], 0);
	for (i = 0; i < CHECKS; i++) {
		assert_no_slot_twice(&checks[i]);
		assert_int_equal(checks[i].seen_count, 1440);
		assert_int_equal(checks[i].last % SPAN_MIN,
		    timetable_phase(checks[i].name, "local", SPAN_MIN));
		assert_int_equal(checks[i].seen[1439] - checks[i].seen[0],
		    1439 * SPAN_MIN);
		free(checks[i].seen);
	}
	timetable_free(&s.t);
}

static void
phases_spread_evenly_and_depend_on_the_location(void **state)
{
	enum { CHECKS = 100000, BINS = 100 };
	size_t bins[BINS] = {0}, i;
	char name[32];

	(void)state;
	for (i = 0; i < CHECKS; i++) {
		snprintf(name, sizeof(name), "svc/check-%zu", i);
		bins[timetable_phase(name, "local", 10 * SPAN_S) /
		    (10 * SPAN_S / BINS)]++;
	}
	for (i = 0; i < BINS; i++) /* 1,000 expected, sigma 31 */
		assert_in_range(bins[i], 840, 1160);
	assert_int_not_equal(timetable_phase("a/b", "eu", SPAN_H),
	    timetable_phase("a/b", "us", SPAN_H));
	/* A stored history depends on these staying what they are. */
	assert_int_equal(timetable_phase("payments/card-payment", "local",
	    30 * SPAN_S), 16159469);
}

static void
a_pause_leaves_missed_slots_and_no_storm(void **state)
{
	enum { CHECKS = 100 };
	static struct check checks[CHECKS];
	struct sim s;
	uint64_t runs;
	int i;

	(void)state;
	sim_init(&s);
	for (i = 0; i < CHECKS; i++)
		check_init(&s, &checks[i], i, 10 * SPAN_S);
	sim_run(&s, SPAN_MIN);
	runs = s.count[TIMETABLE_DUE];
	assert_int_equal(runs, 6 * CHECKS);
	sim_advance(&s, 10 * SPAN_MIN);
	sim_take(&s);
	/* Of each check at most the slot of the last second runs: a tenth. */
	assert_in_range(s.count[TIMETABLE_DUE] - runs, 1, CHECKS / 4);
	assert_int_equal(s.count[TIMETABLE_DUE] - runs +
	    s.count[TIMETABLE_LATE], 60 * CHECKS);
	assert_int_equal(timetable_take_unrecorded(s.t), 0);
	timetable_free(&s.t);
}

static void
a_long_pause_is_bounded_and_counted(void **state)
{
	enum { CHECKS = 1000 };
	static struct check checks[CHECKS];
	struct sim s;
	uint64_t told, untold;
	int i;

	(void)state;
	sim_init(&s);
	for (i = 0; i < CHECKS; i++)
		check_init(&s, &checks[i], i, SPAN_S);
	sim_advance(&s, SPAN_DAY);
	sim_take(&s);
	told = s.count[TIMETABLE_DUE] + s.count[TIMETABLE_LATE];
	untold = timetable_take_unrecorded(s.t);
	assert_int_equal(told + untold, 86400 * CHECKS);
	assert_in_range(s.count[TIMETABLE_LATE],
	    TIMETABLE_MISSED_MOST - 2 * CHECKS, TIMETABLE_MISSED_MOST);
	/* The newest are told: each check's last slot is among them. */
	for (i = 0; i < CHECKS; i++)
		assert_true(s.wall - checks[i].last < SPAN_S);
	timetable_free(&s.t);
}

static void
a_slot_a_little_late_still_runs(void **state)
{
	struct check c;
	struct sim s;

	(void)state;
	sim_init(&s);
	check_init(&s, &c, 1, 10 * SPAN_S);
	sim_advance(&s, timetable_next(s.t) - s.mono + 900 * SPAN_MS);
	sim_take(&s);
	assert_int_equal(s.count[TIMETABLE_DUE], 1);
	sim_advance(&s, timetable_next(s.t) - s.mono + 1100 * SPAN_MS);
	sim_take(&s);
	assert_int_equal(s.count[TIMETABLE_DUE], 1);
	assert_int_equal(s.count[TIMETABLE_LATE], 1);
	timetable_free(&s.t);
}

static void
a_clock_that_leaps_ahead_accounts_for_what_it_leapt_over(void **state)
{
	struct check c;
	struct sim s;
	uint64_t all;

	(void)state;
	sim_init(&s);
	check_init(&s, &c, 1, SPAN_MIN);
	sim_run(&s, 10 * SPAN_MIN);
	s.wall += SPAN_H;
	sim_take(&s);
	sim_run(&s, 10 * SPAN_MIN);
	all = s.count[TIMETABLE_DUE] + s.count[TIMETABLE_LEAPT];
	assert_int_equal(all, 80);
	assert_in_range(s.count[TIMETABLE_LEAPT], 59, 60);
	assert_int_equal(s.count[TIMETABLE_LATE], 0);
	timetable_free(&s.t);
}

static void
a_clock_that_steps_back_runs_no_slot_twice_and_does_not_stop(void **state)
{
	struct check c;
	struct sim s;

	(void)state;
	sim_init(&s);
	check_init(&s, &c, 1, SPAN_MIN);
	c.seen = xcalloc(1000, sizeof(wall_us));
	sim_run(&s, 60 * SPAN_MIN);
	s.wall -= 30 * SPAN_MIN;
	sim_take(&s);
	sim_run(&s, 60 * SPAN_MIN);
	/* 60 + 60 of real time, one more or less where the passes meet. */
	assert_in_range(s.count[TIMETABLE_DUE], 119, 121);
	assert_int_equal(s.count[TIMETABLE_DUE], c.seen_count);
	assert_no_slot_twice(&c);
	/* And ahead again: the hours of the first pass are not told anew. */
	s.wall -= 20 * SPAN_MIN;
	sim_take(&s);
	sim_run(&s, SPAN_MIN);
	s.wall += 20 * SPAN_MIN;
	sim_take(&s);
	assert_in_range(s.count[TIMETABLE_LEAPT], 0, 1);
	assert_no_slot_twice(&c);
	free(c.seen);
	timetable_free(&s.t);
}

static void
a_small_step_back_only_waits(void **state)
{
	struct check c;
	struct sim s;
	span_us phase;

	(void)state;
	sim_init(&s);
	check_init(&s, &c, 1, SPAN_MIN);
	sim_run(&s, 5 * SPAN_MIN);
	s.wall = c.last - 2 * SPAN_S; /* just before the last slot */
	sim_take(&s);
	phase = c.last % SPAN_MIN;
	sim_run(&s, 5 * SPAN_MIN);
	assert_in_range(c.last % SPAN_MIN, phase, phase + SPAN_MS);
	assert_int_equal(s.count[TIMETABLE_LATE] + s.count[TIMETABLE_LEAPT],
	    0);
	timetable_free(&s.t);
}

static void
a_slewed_clock_loses_and_doubles_nothing(void **state)
{
	struct check c;
	struct sim s;
	int i;

	(void)state;
	sim_init(&s);
	check_init(&s, &c, 1, 10 * SPAN_S);
	c.seen = xcalloc(1000, sizeof(wall_us));
	for (i = 0; i < 1000; i++) {
		sim_run(&s, SPAN_S);
		s.wall += i % 20 < 10 ? -400 : 400;
	}
	assert_no_slot_twice(&c);
	assert_int_equal((c.seen[c.seen_count - 1] - c.seen[0]) /
	    (10 * SPAN_S) + 1, c.seen_count);
	free(c.seen);
	timetable_free(&s.t);
}

static void
a_run_that_overlaps_its_next_slot_is_told(void **state)
{
	struct check c;
	struct sim s;

	(void)state;
	sim_init(&s);
	s.ends_runs = false;
	check_init(&s, &c, 1, 10 * SPAN_S);
	sim_run(&s, 30 * SPAN_S);
	assert_int_equal(s.count[TIMETABLE_DUE], 1);
	assert_int_equal(s.count[TIMETABLE_OVERLAP], 2);
	timetable_run_end(c.entry);
	sim_run(&s, 10 * SPAN_S);
	assert_int_equal(s.count[TIMETABLE_DUE], 2);
	timetable_free(&s.t);
}

static void
slots_before_the_start_are_told_once_from_the_stores_last(void **state)
{
	struct check c, d, unknown;
	struct sim s;

	(void)state;
	sim_init(&s);
	check_init(&s, &c, 1, SPAN_MIN);
	check_init(&s, &d, 2, SPAN_S);
	check_init(&s, &unknown, 3, SPAN_S);
	c.seen = xcalloc(100, sizeof(wall_us));
	timetable_note_stopped(s.t, c.entry, s.wall - 10 * SPAN_MIN);
	timetable_note_stopped(s.t, d.entry, s.wall - SPAN_DAY);
	sim_take(&s);
	assert_in_range(s.count[TIMETABLE_STOPPED], 10 + 999, 10 + 1001);
	assert_int_equal(s.count[TIMETABLE_STOPPED] +
	    timetable_take_unrecorded(s.t), 10 + 86400);
	sim_run(&s, SPAN_MIN);
	assert_int_equal(c.seen_count, 11);
	assert_no_slot_twice(&c);
	assert_int_equal(c.seen[10] - c.seen[0], 10 * SPAN_MIN);
	free(c.seen);
	timetable_free(&s.t);
}

static void
records_of_the_future_are_not_run_over(void **state)
{
	struct check c, d;
	struct sim s;
	wall_us future;

	(void)state;
	sim_init(&s);
	check_init(&s, &c, 1, SPAN_MIN);
	check_init(&s, &d, 2, SPAN_MIN);
	future = START_WALL - START_WALL % SPAN_MIN + SPAN_H +
	    timetable_phase(c.name, "local", SPAN_MIN);
	timetable_note_stopped(s.t, c.entry, future);
	timetable_note_stopped(s.t, d.entry, START_WALL -
	    START_WALL % SPAN_MIN + SPAN_MIN +
	    timetable_phase(d.name, "local", SPAN_MIN));
	c.seen = xcalloc(100, sizeof(wall_us));
	sim_run(&s, SPAN_H);
	assert_in_range(c.seen_count, 59, 60);
	assert_in_range(c.seen[0] % SPAN_MIN - future % SPAN_MIN, 1, 999);
	free(c.seen);
	timetable_free(&s.t);
}

static void
a_reload_keeps_phases_and_an_interval_may_change(void **state)
{
	struct check c, d, e;
	struct sim s;
	mono_us next;

	(void)state;
	sim_init(&s);
	check_init(&s, &c, 1, SPAN_MIN);
	sim_run(&s, 150 * SPAN_S);
	next = timetable_next(s.t);
	timetable_set_every(s.t, c.entry, SPAN_MIN);
	assert_int_equal(timetable_next(s.t), next);
	check_init(&s, &d, 2, SPAN_H);
	check_init(&s, &e, 3, SPAN_H);
	assert_int_equal(timetable_next(s.t), next);
	timetable_remove(s.t, &d.entry);
	timetable_set_every(s.t, c.entry, 10 * SPAN_S);
	sim_run(&s, SPAN_MIN);
	assert_int_equal(c.last % (10 * SPAN_S),
	    timetable_phase(c.name, "local", 10 * SPAN_S));
	assert_int_equal(s.count[TIMETABLE_DUE], 2 + 6);
	timetable_free(&s.t);
}

/* What it missed at its old interval is told by that. */
static void
an_interval_that_changes_moves_no_missed_slot(void **state)
{
	struct timetable_slot slot;
	struct check c;
	struct sim s;
	wall_us last;
	int i;

	(void)state;
	sim_init(&s);
	check_init(&s, &c, 1, 10 * SPAN_S);
	sim_run(&s, SPAN_MIN);
	last = c.last;
	sim_advance(&s, SPAN_MIN);
	timetable_turn(s.t, s.mono, s.wall);
	while (timetable_pop_due(s.t, &slot))
		timetable_run_end(slot.entry);
	timetable_set_every(s.t, c.entry, SPAN_H);
	for (i = 1; timetable_pop_missed(s.t, &slot); i++)
		assert_int_equal(slot.due, last + i * 10 * SPAN_S);
	assert_in_range(i, 6, 7);
	timetable_free(&s.t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_day_has_every_slot_once_and_on_time),
	    cmocka_unit_test(phases_spread_evenly_and_depend_on_the_location),
	    cmocka_unit_test(a_pause_leaves_missed_slots_and_no_storm),
	    cmocka_unit_test(a_long_pause_is_bounded_and_counted),
	    cmocka_unit_test(a_slot_a_little_late_still_runs),
	    cmocka_unit_test(
	        a_clock_that_leaps_ahead_accounts_for_what_it_leapt_over),
	    cmocka_unit_test(
	        a_clock_that_steps_back_runs_no_slot_twice_and_does_not_stop),
	    cmocka_unit_test(a_small_step_back_only_waits),
	    cmocka_unit_test(a_slewed_clock_loses_and_doubles_nothing),
	    cmocka_unit_test(a_run_that_overlaps_its_next_slot_is_told),
	    cmocka_unit_test(
	        slots_before_the_start_are_told_once_from_the_stores_last),
	    cmocka_unit_test(records_of_the_future_are_not_run_over),
	    cmocka_unit_test(a_reload_keeps_phases_and_an_interval_may_change),
	    cmocka_unit_test(an_interval_that_changes_moves_no_missed_slot),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
