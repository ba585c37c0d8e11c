/* SPDX-License-Identifier: ISC */
/*
 * When what is due. A slot of a check at a location is every wall time t with
 * t mod every == phase, where the phase is a hash of check and location: the
 * same after a restart, spread evenly, agreed on without a word.
 *
 * The timetable reads no clock; the caller passes both. Slots are wall times
 * and the monotonic clock only says how long to sleep, so nothing drifts.
 * Every slot is handed out exactly once: to be run, or as one that was
 * missed, with the reason. What the clocks may do:
 *	- We were late (a pause, a busy machine): the newest slot runs if it
 *	  is fresh (late by a 20th of every at most, within 1 s and 30 s);
 *	  older ones are missed.
 *	- The wall clock steps forward: the slots it leaps over are missed.
 *	- It steps back: its slots have records already. The second pass over
 *	  the same hours gets slots of its own, less than 1 ms beside.
 * Missed slots are bounded: the newest 1,000 of an entry, and of all entries
 * together as many as fit 100,000; the rest is counted.
 */
#ifndef SCHEDULER_TIMETABLE_H
#define SCHEDULER_TIMETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define TIMETABLE_MISSED_PER_ENTRY 1000
#define TIMETABLE_MISSED_MOST      100000

struct timetable;
struct timetable_entry;

enum timetable_kind {
	TIMETABLE_DUE,     /* run it; the entry counts as running */
	TIMETABLE_OVERLAP, /* due, but the previous run has not ended */
	TIMETABLE_LATE,    /* missed: we were late */
	TIMETABLE_LEAPT,   /* missed: the wall clock stepped over it */
	TIMETABLE_STOPPED  /* missed: before we were started */
};

struct timetable_slot {
	enum timetable_kind kind;
	struct timetable_entry *entry;
	void *arg;      /* of the entry */
	wall_us due;
	mono_us due_mono;
};

/* Make an empty timetable at this time. */
struct timetable *timetable_new(mono_us mono, wall_us wall);
void timetable_free(struct timetable **t);

/* Add an entry; its first slot is the first one after now. */
struct timetable_entry *timetable_add(struct timetable *t, const char *check,
    const char *location, span_us every, void *arg);

/* Remove and free an entry. Its missed slots must have been taken. */
void timetable_remove(struct timetable *t, struct timetable_entry **e);

/*
 * Give an entry another interval. Its phase follows from the new one; the
 * first slot is the first after now and after all handed out before. Nothing
 * happens when the interval is the same.
 */
void timetable_set_every(struct timetable *t, struct timetable_entry *e,
    span_us every);

/*
 * The store's newest record of an entry is of last_due: the slots between it
 * and the entry's first one become missed (TIMETABLE_STOPPED).
 */
void timetable_note_stopped(struct timetable *t, struct timetable_entry *e,
    wall_us last_due);

/* A run of the entry is under way already; and it, or one of a TIMETABLE_DUE
 * slot, has ended. */
void timetable_run_begin(struct timetable_entry *e);
void timetable_run_end(struct timetable_entry *e);

/* Tell the time. Call before taking slots. */
void timetable_turn(struct timetable *t, mono_us mono, wall_us wall);

/* Take a slot that is due by now, or overlaps. False when there is none. */
bool timetable_pop_due(struct timetable *t, struct timetable_slot *out);

/* Take a missed slot, oldest first within an entry. False: none. */
bool timetable_pop_missed(struct timetable *t, struct timetable_slot *out);

/*
 * A due slot that is not run: true when it is to be recorded now. Otherwise
 * slots that were missed before it come first, and timetable_pop_missed gives
 * it once more, as TIMETABLE_DUE.
 */
bool timetable_is_turn_of(struct timetable *t,
    const struct timetable_slot *slot);

/* Monotonic time of the next slot; INT64_MAX without entries. */
mono_us timetable_next(const struct timetable *t);

/* Wall time of the entry's next slot. */
wall_us timetable_entry_next(const struct timetable_entry *e);

/* Count of missed slots beyond the bounds since the last call. */
uint64_t timetable_take_unrecorded(struct timetable *t);

/* The phase of a check at a location, in [0, every). */
span_us timetable_phase(const char *check, const char *location,
    span_us every);

#endif
