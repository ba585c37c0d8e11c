/* SPDX-License-Identifier: ISC */
/*
 * Dispatch. The loop wakes at most once in 0.9 ms and takes all that
 * is due by then: at ten thousand slots a second one timer each would cost
 * five times as much (a wake-up is dearer than the work).
 */
#include "scheduler/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "scheduler/dispatch_priv.h"

#define WAKE_STEP       ((span_us)900)
#define WAKE_MOST       (1 * SPAN_S)   /* to see a stepped wall clock */
#define MISSED_PER_TURN 500            /* so that due slots do not wait */
#define EVENT_MOST_BYTES (1u << 16)

static const struct {
	enum outcome outcome;
	const char *reason;
} unrun[] = {
	[TIMETABLE_DUE] = {OUTCOME_COUNT, NULL},
	[TIMETABLE_OVERLAP] = {OUTCOME_SKIPPED,
	    "the previous run was still in flight"},
	[TIMETABLE_LATE] = {OUTCOME_SKIPPED, "the scheduler was late"},
	[TIMETABLE_LEAPT] = {OUTCOME_SKIPPED, "the clock stepped over it"},
	[TIMETABLE_STOPPED] = {OUTCOME_LOST, "the scheduler was not running"},
};

static void
tell_watch(struct dispatch *d, const struct check *c,
    const struct message *m, wall_us due, bool is_run)
{
	struct dispatch_event e = {c->id, (enum outcome)m->code, is_run,
	    m->id, due, m->doc, m->doc_len};

	d->stats.by_outcome[e.outcome]++;
	if (d->watch != NULL)
		d->watch(&e, d->arg);
}

/* Record a slot that has no run. is_first: before all other events. */
static void
emit(struct check *c, wall_us due, enum outcome outcome, const char *reason,
    bool is_first)
{
	struct dispatch *d = c->dispatch;
	struct record r = {.check = c->id, .service = c->service,
	    .location = d->location, .environment = c->environment,
	    .definition = c->hash, .trigger = TRIGGER_SCHEDULE, .due = due,
	    .outcome = outcome, .reason = reason};
	struct message m = {.type = MESSAGE_RESULT, .code = (uint16_t)outcome};

	record_run_id(c->id, d->location, due, r.run);
	memcpy(m.id, r.run, MESSAGE_ID_SIZE);
	buf_reset(&d->event);
	record_format(&r, &d->event);
	m.doc = d->event.data;
	m.doc_len = d->event.len;
	if (is_first)
		outbox_add_first(d->outbox, &m);
	else
		outbox_add(d->outbox, &m, false);
	d->stats.unrun++;
	tell_watch(d, c, &m, due, false);
}

/* Record a slot that has no run, behind the run that is under way. */
static void
emit_in_order(struct check *c, wall_us due, enum outcome outcome,
    const char *reason)
{
	struct held *h;

	if (!c->is_running) {
		emit(c, due, outcome, reason, false);
		return;
	}
	h = xcalloc(1, sizeof(*h));
	h->due = due;
	h->outcome = outcome;
	h->reason = reason;
	*c->held_tail = h;
	c->held_tail = &h->link;
}

/* Record the held slots that were due before a time. */
static void
emit_held(struct check *c, wall_us before)
{
	struct held **at = &c->held, *h;

	while ((h = *at) != NULL) {
		if (h->due >= before) {
			at = &h->link;
			continue;
		}
		*at = h->link;
		emit(c, h->due, h->outcome, h->reason, false);
		free(h);
	}
	c->held_tail = at;
}

void
dispatch_check_free(struct check *c)
{
	struct dispatch *d = c->dispatch;

	if (d->sweep == c)
		d->sweep = c->hh.next;
	HASH_DEL(d->checks, c);
	if (c->entry != NULL)
		timetable_remove(d->timetable, &c->entry);
	fleet_forget(&c->definition);
	while (c->held != NULL) {
		struct held *h = c->held;

		c->held = h->link;
		free(h);
	}
	c->magic = 0;
	free(c->id);
	free(c->service);
	free(c->environment);
	free(c);
}

static void
run_done_cb(const struct fleet_result *r, void *arg)
{
	struct check *c = arg;
	struct dispatch *d = c->dispatch;
	struct message m = {.type = MESSAGE_RESULT,
	    .code = (uint16_t)r->outcome, .doc = r->doc,
	    .doc_len = r->doc_len};

	must_magic(c, CHECK_MAGIC);
	must(c->is_running);
	memcpy(m.id, r->run, MESSAGE_ID_SIZE);
	c->is_running = false;
	emit_held(c, c->running_due);
	outbox_add(d->outbox, &m, false);
	tell_watch(d, c, &m, c->running_due, true);
	emit_held(c, INT64_MAX);
	if (c->entry != NULL)
		timetable_run_end(c->entry);
	else
		dispatch_check_free(c);
}

static void
note_lateness(struct dispatch *d, mono_us due)
{
	span_us late = clock_mono() - due;

	d->stats.due++;
	d->stats.lateness_sum += late;
	if (late > d->stats.lateness_most)
		d->stats.lateness_most = late;
}

static void
check_run(struct check *c, const struct timetable_slot *slot)
{
	struct dispatch *d = c->dispatch;
	struct fleet_job job = {.definition = c->definition,
	    .trigger = TRIGGER_SCHEDULE, .due = slot->due,
	    .timeout = c->timeout, .patience = c->patience};

	record_run_id(c->id, d->location, slot->due, job.run);
	c->is_running = true;
	c->running_due = slot->due;
	fleet_submit(d->fleet, &job, run_done_cb, c);
	note_lateness(d, slot->due_mono);
}

/* Record a slot of a check that does not run. */
static void
emit_unrun(struct check *c, wall_us due)
{
	if (c->is_paused || c->definition != NULL)
		emit_in_order(c, due, OUTCOME_SKIPPED, "paused");
	else
		emit_in_order(c, due, OUTCOME_INVALID,
		    "its definition could not be made");
}

static void
slot_due(const struct timetable_slot *slot)
{
	struct check *c = slot->arg;

	must_magic(c, CHECK_MAGIC);
	if (slot->kind == TIMETABLE_OVERLAP) {
		emit_in_order(c, slot->due, unrun[slot->kind].outcome,
		    unrun[slot->kind].reason);
		return;
	}
	if (!c->is_paused && c->definition != NULL) {
		check_run(c, slot);
		return;
	}
	if (timetable_is_turn_of(c->dispatch->timetable, slot))
		emit_unrun(c, slot->due);
	timetable_run_end(slot->entry);
}

bool
dispatch_take_missed(struct dispatch *d, size_t most)
{
	struct timetable_slot slot;
	struct check *c;

	while (most-- > 0) {
		if (!timetable_pop_missed(d->timetable, &slot))
			return (false);
		c = slot.arg;
		must_magic(c, CHECK_MAGIC);
		if (slot.kind == TIMETABLE_DUE)
			emit_unrun(c, slot.due);
		else if (slot.kind == TIMETABLE_STOPPED)
			emit(c, slot.due, unrun[slot.kind].outcome,
			    unrun[slot.kind].reason, true);
		else
			emit_in_order(c, slot.due, unrun[slot.kind].outcome,
			    unrun[slot.kind].reason);
	}
	return (true);
}

static void
log_unrecorded(struct dispatch *d)
{
	uint64_t n = timetable_take_unrecorded(d->timetable);

	if (n > 0)
		log_warn("scheduler.slots.unrecorded", "count=%llu "
		    "per_check_most=%d most=%d", (unsigned long long)n,
		    TIMETABLE_MISSED_PER_ENTRY, TIMETABLE_MISSED_MOST);
}

mono_us
dispatch_turn(struct dispatch *d, mono_us now, wall_us wall)
{
	struct timetable_slot slot;
	mono_us next;

	timetable_turn(d->timetable, now, wall);
	while (timetable_pop_due(d->timetable, &slot))
		slot_due(&slot);
	next = timetable_next(d->timetable);
	if (next > now + WAKE_MOST)
		next = now + WAKE_MOST;
	if (dispatch_take_missed(d, MISSED_PER_TURN) || next < now + WAKE_STEP)
		next = now + WAKE_STEP;
	log_unrecorded(d);
	return (next);
}

static void
dispatch_timer_cb(void *arg)
{
	struct dispatch *d = arg;

	must_magic(d, DISPATCH_MAGIC);
	loop_timer_at(d->timer, dispatch_turn(d, clock_mono(), clock_wall()));
}

struct dispatch *
dispatch_new(struct loop *loop, struct fleet *fleet, struct outbox *outbox,
    const char *location, dispatch_event_cb *watch, void *arg)
{
	struct dispatch *d = xcalloc(1, sizeof(*d));

	d->magic = DISPATCH_MAGIC;
	d->loop = loop;
	d->fleet = fleet;
	d->outbox = outbox;
	d->location = xstrdup(location);
	d->watch = watch;
	d->arg = arg;
	d->timetable = timetable_new(clock_mono(), clock_wall());
	buf_init(&d->event, EVENT_MOST_BYTES);
	d->timer = loop_timer_new(loop, dispatch_timer_cb, d);
	loop_timer_at(d->timer, clock_mono());
	return (d);
}

void
dispatch_free(struct dispatch **dp)
{
	struct dispatch *d = *dp;

	if (d == NULL)
		return;
	*dp = NULL;
	must_magic(d, DISPATCH_MAGIC);
	while (d->checks != NULL)
		dispatch_check_free(d->checks);
	timetable_free(&d->timetable);
	loop_timer_free(&d->timer);
	buf_fini(&d->event);
	free(d->location);
	d->magic = 0;
	free(d);
}

/* Note the newest due time of one row of the store's READY. */
static void
note_row(struct dispatch *d, const struct json *row)
{
	const char *environment = json_get_str(row, "environment", NULL);
	const char *id = json_get_str(row, "check", "");
	wall_us last_due = json_get_int(row, "last_due_us", 0);
	wall_us ahead = json_get_int(row, "ahead_us", 0);
	struct check *c;

	if (strcmp(json_get_str(row, "location", ""), d->location) != 0)
		return;
	HASH_FIND_STR(d->checks, id, c);
	if (c == NULL || (environment != NULL &&
	    strcmp(environment, c->environment) != 0))
		return;
	if (last_due > c->last_due)
		c->last_due = last_due;
	if (ahead > c->ahead)
		c->ahead = ahead;
}

void
dispatch_note_spooled(struct dispatch *d, const char *doc, size_t len)
{
	struct json_doc *json;
	const struct json *root;
	const char *id;
	struct check *c;
	wall_us due;

	must_magic(d, DISPATCH_MAGIC);
	if (json_parse(doc, len, &json_limits_default, &json, NULL) != 0)
		return;
	root = json_root(json);
	due = json_get_int(root, "due_us", 0);
	id = json_get_str(root, "check", "");
	HASH_FIND_STR(d->checks, id, c);
	if (strcmp(json_get_str(root, "trigger", ""),
	    trigger_name(TRIGGER_SCHEDULE)) != 0)
		c = NULL;
	if (c != NULL && due > 0 && (c->spooled == 0 || due < c->spooled) &&
	    strcmp(json_get_str(root, "location", ""), d->location) == 0)
		c->spooled = due;
	json_free(&json);
}

/* Where a check's accounts with the store end; 0: it has none. */
static wall_us
accounts_end(const struct check *c)
{
	return (c->last_due > 0 ? c->last_due : c->spooled);
}

/* What is missing since then; and nothing is recorded twice. */
static void
note_accounts(const struct check *c)
{
	struct timetable *t = c->dispatch->timetable;

	if (accounts_end(c) > 0)
		timetable_note_stopped(t, c->entry, accounts_end(c));
	if (c->ahead > 0)
		timetable_note_stopped(t, c->entry, c->ahead);
}

void
dispatch_store_ready(struct dispatch *d, const char *doc, size_t len)
{
	struct json_doc *json;
	const struct json *rows;
	struct check *c, *next;
	size_t i;

	must_magic(d, DISPATCH_MAGIC);
	if (d->is_acquainted)
		return;
	d->is_acquainted = true;
	if (json_parse(doc, len, &json_limits_default, &json, NULL) != 0) {
		log_error("store.ready.unreadable", "bytes=%zu", len);
		return;
	}
	rows = json_get(json_root(json), "checks");
	for (i = 0; rows != NULL && rows->kind == JSON_ARRAY &&
	    i < rows->count; i++)
		note_row(d, &rows->items[i]);
	json_free(&json);
	HASH_ITER(hh, d->checks, c, next)
		if (c->entry != NULL)
			note_accounts(c);
	while (dispatch_take_missed(d, SIZE_MAX))
		continue;
	log_unrecorded(d);
}

bool
dispatch_is_clear(const struct dispatch *d, const char *check, span_us within)
{
	struct check *c;

	must_magic(d, DISPATCH_MAGIC);
	HASH_FIND_STR(d->checks, check, c);
	return (c == NULL || c->entry == NULL || (!c->is_running &&
	    timetable_entry_next(c->entry) > clock_wall() + within));
}

void
dispatch_stop(struct dispatch *d)
{
	must_magic(d, DISPATCH_MAGIC);
	d->is_stopped = true;
	loop_timer_stop(d->timer);
	/* Newer slots may have records already: who starts next looks only
	 * behind the newest. */
	while (dispatch_take_missed(d, SIZE_MAX))
		continue;
}

void
dispatch_get_stats(const struct dispatch *d, struct dispatch_stats *out)
{
	*out = d->stats;
}
