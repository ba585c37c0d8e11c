/* SPDX-License-Identifier: ISC */
/*
 * The timetable: a heap of entries by their next slot in wall time. Because
 * the order does not depend on the mapping of wall to monotonic time, a
 * stepped clock needs no work unless it steps back.
 */
#include "scheduler/timetable.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "scheduler/heap.h"

#define STEP_LEAST     (500 * SPAN_MS) /* less is slewing, and jitter */
#define TOLERANCE_PART 20
#define TOLERANCE_LEAST (1 * SPAN_S)
#define TOLERANCE_MOST (30 * SPAN_S)
#define FOLD_MOST      999 /* us that a second pass stands beside the first */

/* What each slot touches stands first. */
struct timetable_entry {
	struct heap_node node; /* key: next */
	bool is_running;
	span_us every;
	wall_us next;      /* the next slot to hand out */
	wall_us high;      /* no slot up to here is handed out again */
	void *arg;
	span_us phase;
	span_us fold;      /* added to the phase after a step back */
	wall_us first;     /* the first slot after it was added */
	uint64_t hash;
};

/* Slots of one entry that were missed for one reason. */
struct missed {
	struct missed *link;
	struct timetable_entry *entry;
	enum timetable_kind kind;
	wall_us due;
	span_us every;  /* of the entry when they were missed */
	uint64_t left;
};

struct timetable {
	struct heap heap;
	mono_us mono;
	wall_us wall;
	wall_us leapt_from; /* (from, to]: what the wall clock stepped over */
	wall_us leapt_to;
	double rate;        /* slots per us of all entries */
	struct missed *missed, **missed_tail;
	uint64_t unrecorded;
};

/* FNV-1a, then a mixing step, so that the remainder is even. */
static uint64_t
hash_slot(const char *check, const char *location)
{
	uint64_t h = 0xcbf29ce484222325u;
	const char *p;

	for (p = check; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	h = (h ^ '\n') * 0x100000001b3u;
	for (p = location; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
	h = (h ^ h >> 27) * 0x94d049bb133111ebu;
	return (h ^ h >> 31);
}

span_us
timetable_phase(const char *check, const char *location, span_us every)
{
	return ((span_us)(hash_slot(check, location) % (uint64_t)every));
}

/* How late a slot may be and still run. */
static span_us
tolerance(span_us every)
{
	span_us t = every / TOLERANCE_PART;

	return (t < TOLERANCE_LEAST ? TOLERANCE_LEAST :
	    t > TOLERANCE_MOST ? TOLERANCE_MOST : t);
}

/* The first slot after t. */
static wall_us
slot_after(const struct timetable_entry *e, wall_us t)
{
	span_us over = (t - e->phase - e->fold) % e->every;

	if (over < 0)
		over += e->every;
	return (t - over + e->every);
}

static struct timetable_entry *
entry_of_node(struct heap_node *n)
{
	return ((struct timetable_entry *)(void *)((char *)n -
	    offsetof(struct timetable_entry, node)));
}

struct timetable *
timetable_new(mono_us mono, wall_us wall)
{
	struct timetable *t = xcalloc(1, sizeof(*t));

	heap_init(&t->heap);
	t->mono = mono;
	t->wall = t->leapt_from = t->leapt_to = wall;
	t->missed_tail = &t->missed;
	return (t);
}

static void
drop_missed(struct timetable *t)
{
	struct missed *m = t->missed;

	t->missed = m->link;
	if (t->missed == NULL)
		t->missed_tail = &t->missed;
	free(m);
}

void
timetable_free(struct timetable **tp)
{
	struct timetable *t = *tp;

	if (t == NULL)
		return;
	*tp = NULL;
	while (t->missed != NULL)
		drop_missed(t);
	while (t->heap.count > 0) {
		struct timetable_entry *e = entry_of_node(heap_first(&t->heap));

		timetable_remove(t, &e);
	}
	heap_fini(&t->heap);
	free(t);
}

struct timetable_entry *
timetable_add(struct timetable *t, const char *check, const char *location,
    span_us every, void *arg)
{
	struct timetable_entry *e = xcalloc(1, sizeof(*e));

	must(every > 0);
	e->every = every;
	e->hash = hash_slot(check, location);
	e->phase = (span_us)(e->hash % (uint64_t)every);
	e->arg = arg;
	e->high = t->wall;
	e->next = e->first = slot_after(e, t->wall);
	heap_add(&t->heap, &e->node, e->next);
	t->rate += 1.0 / (double)every;
	return (e);
}

void
timetable_remove(struct timetable *t, struct timetable_entry **ep)
{
	struct timetable_entry *e = *ep;

	*ep = NULL;
	heap_remove(&t->heap, &e->node);
	t->rate -= 1.0 / (double)e->every;
	free(e);
}

void
timetable_set_every(struct timetable *t, struct timetable_entry *e,
    span_us every)
{
	must(every > 0);
	if (every == e->every)
		return;
	t->rate += 1.0 / (double)every - 1.0 / (double)e->every;
	e->every = every;
	e->phase = (span_us)(e->hash % (uint64_t)every);
	/* Far beyond now only when the clock went back: see entry_fold. */
	e->next = slot_after(e, e->high > t->wall &&
	    e->high - t->wall <= every ? e->high : t->wall);
	heap_move(&t->heap, &e->node, e->next);
}

/* The oldest wall time whose missed slots are still told one by one. */
static wall_us
missed_floor(const struct timetable *t, const struct timetable_entry *e)
{
	double window = (double)TIMETABLE_MISSED_PER_ENTRY * (double)e->every;

	if (window * t->rate > (double)TIMETABLE_MISSED_MOST)
		window = (double)TIMETABLE_MISSED_MOST / t->rate;
	return (window < (double)t->wall ? t->wall - (wall_us)window : 0);
}

static void
add_missed(struct timetable *t, struct timetable_entry *e, wall_us due,
    uint64_t count, enum timetable_kind kind)
{
	struct missed *m = xcalloc(1, sizeof(*m));

	m->entry = e;
	m->kind = kind;
	m->due = due;
	m->every = e->every;
	m->left = count;
	*t->missed_tail = m;
	t->missed_tail = &m->link;
}

/* Queue the slots of e in [first, last] as missed. */
static void
queue_missed(struct timetable *t, struct timetable_entry *e, wall_us first,
    wall_us last, enum timetable_kind kind)
{
	wall_us floor = missed_floor(t, e);
	uint64_t n;

	/* A leap over hours that a first pass has recorded already. */
	if (kind == TIMETABLE_LEAPT && first <= e->high)
		first = slot_after(e, e->high + FOLD_MOST);
	if (first > last)
		return;
	if (first < floor) {
		n = (uint64_t)((floor - first + e->every - 1) / e->every);
		if (first + (span_us)n * e->every > last)
			n = (uint64_t)((last - first) / e->every) + 1;
		t->unrecorded += n;
		first += (span_us)n * e->every;
	}
	if (first <= last)
		add_missed(t, e, first,
		    (uint64_t)((last - first) / e->every) + 1, kind);
}

void
timetable_run_begin(struct timetable_entry *e)
{
	e->is_running = true;
}

void
timetable_run_end(struct timetable_entry *e)
{
	must(e->is_running);
	e->is_running = false;
}

/* Begin another pass, beside the slots of the passes before. */
static void
entry_fold(struct timetable *t, struct timetable_entry *e)
{
	e->fold = 1 + (e->fold + t->wall % (FOLD_MOST - 1)) % FOLD_MOST;
	e->next = slot_after(e, t->wall);
	heap_move(&t->heap, &e->node, e->next);
}

/*
 * The wall clock went back: entries that would sleep for longer than their
 * interval start a second pass over hours that have their records.
 */
static void
fold_back(struct timetable *t)
{
	struct timetable_entry *e;
	uint32_t i, n = t->heap.count;
	struct timetable_entry **all = xcalloc(n + 1, sizeof(*all));

	for (i = 0; i < n; i++)
		all[i] = entry_of_node(heap_at(&t->heap, i));
	for (i = 0; i < n; i++) {
		e = all[i];
		if (e->next - t->wall <= e->every)
			continue;
		entry_fold(t, e);
	}
	free(all);
}

void
timetable_note_stopped(struct timetable *t, struct timetable_entry *e,
    wall_us last_due)
{
	if (last_due < e->first) {
		queue_missed(t, e, slot_after(e, last_due),
		    e->first - e->every, TIMETABLE_STOPPED);
		return;
	}
	/* Records of the future: the clock went back while we were away. */
	e->high = last_due > e->high ? last_due : e->high;
	if (last_due < e->next)
		return;
	if (last_due - t->wall > e->every) {
		entry_fold(t, e);
		return;
	}
	e->next = slot_after(e, last_due);
	heap_move(&t->heap, &e->node, e->next);
}

void
timetable_turn(struct timetable *t, mono_us mono, wall_us wall)
{
	wall_us expected = t->wall + (mono - t->mono);

	t->mono = mono;
	t->wall = wall;
	if (wall - expected > STEP_LEAST) {
		t->leapt_from = expected;
		t->leapt_to = wall;
	} else if (expected - wall > STEP_LEAST)
		fold_back(t);
}

static enum timetable_kind
missed_kind(const struct timetable *t, wall_us due)
{
	return (due > t->leapt_from && due <= t->leapt_to ? TIMETABLE_LEAPT :
	    TIMETABLE_LATE);
}

static void
entry_advance(struct timetable *t, struct timetable_entry *e, wall_us taken)
{
	e->next = taken + e->every;
	if (taken > e->high)
		e->high = taken;
	heap_move(&t->heap, &e->node, e->next);
	/* With 100,000 entries the next one is in no cache: fetch it while
	 * the caller is busy with this one. */
	__builtin_prefetch(entry_of_node(heap_first(&t->heap)));
}

bool
timetable_pop_due(struct timetable *t, struct timetable_slot *out)
{
	struct timetable_entry *e;
	wall_us due, newest;
	bool is_fresh;

	while (heap_first_key(&t->heap) <= t->wall) {
		e = entry_of_node(heap_first(&t->heap));
		due = e->next;
		newest = due + (t->wall - due) / e->every * e->every;
		is_fresh = t->wall - newest <= tolerance(e->every);
		if (!is_fresh || newest > due)
			queue_missed(t, e, due,
			    is_fresh ? newest - e->every : newest,
			    missed_kind(t, due));
		entry_advance(t, e, newest);
		if (!is_fresh)
			continue;
		out->kind = e->is_running ? TIMETABLE_OVERLAP : TIMETABLE_DUE;
		out->entry = e;
		out->arg = e->arg;
		out->due = newest;
		out->due_mono = t->mono - (t->wall - newest);
		e->is_running = true;
		return (true);
	}
	return (false);
}

bool
timetable_pop_missed(struct timetable *t, struct timetable_slot *out)
{
	struct missed *m = t->missed;

	if (m == NULL)
		return (false);
	out->kind = m->kind;
	out->entry = m->entry;
	out->arg = m->entry->arg;
	out->due = m->due;
	out->due_mono = t->mono - (t->wall - m->due);
	m->due += m->every;
	if (--m->left == 0)
		drop_missed(t);
	return (true);
}

bool
timetable_is_turn_of(struct timetable *t, const struct timetable_slot *slot)
{
	if (t->missed == NULL)
		return (true);
	add_missed(t, slot->entry, slot->due, 1, TIMETABLE_DUE);
	return (false);
}

mono_us
timetable_next(const struct timetable *t)
{
	wall_us next = heap_first_key(&t->heap);

	return (next == INT64_MAX ? INT64_MAX : t->mono + (next - t->wall));
}

wall_us
timetable_entry_next(const struct timetable_entry *e)
{
	return (e->next);
}

uint64_t
timetable_take_unrecorded(struct timetable *t)
{
	uint64_t n = t->unrecorded;

	t->unrecorded = 0;
	return (n);
}
