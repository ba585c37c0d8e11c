/* SPDX-License-Identifier: ISC */
/*
 * From slots to records: takes what the timetable says is due, has the fleet
 * run it, and hands every slot's one record to the outbox. Of one check the
 * records leave in the order of their slots, so that the newest one in the
 * store says that all before it are there.
 */
#ifndef SCHEDULER_DISPATCH_H
#define SCHEDULER_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/message.h"
#include "checks/plan.h"
#include "scheduler/fleet.h"
#include "scheduler/outbox.h"

struct dispatch;

/* A run of a check has ended, or was none (lost, skipped). */
struct dispatch_event {
	const char *check;
	enum outcome outcome;
	bool is_run;        /* false: a slot that nobody was asked to run */
	const uint8_t *run; /* MESSAGE_ID_SIZE bytes */
	wall_us due;
	const char *doc;    /* the run event */
	size_t doc_len;
};

typedef void dispatch_event_cb(const struct dispatch_event *e, void *arg);

/* fleet and outbox outlive the dispatch. watch may be NULL. */
struct dispatch *dispatch_new(struct loop *loop, struct fleet *fleet,
    struct outbox *outbox, const char *location, dispatch_event_cb *watch,
    void *arg);
void dispatch_free(struct dispatch **d);

/*
 * Make this the plan: new checks begin, removed ones end (their runs still
 * come back), others go on in their rhythm. It is done in steps, between
 * which the loop runs and slots are handed out: begin, then step until it
 * returns false. A step goes on until that time, for one check at least. The
 * plan must live until the last step, and is not kept; no other may begin
 * before.
 */
void dispatch_plan_begin(struct dispatch *d, const struct plan *plan);
bool dispatch_plan_step(struct dispatch *d, mono_us until);

/*
 * An event that an earlier scheduler left in the spool: a check that the
 * store knows nothing of began no later than that. Before the store's READY.
 */
void dispatch_note_spooled(struct dispatch *d, const char *doc, size_t len);

/*
 * The store's first READY: record the slots between each check's newest
 * record and our start. Later calls do nothing. From outbox_ready_cb only.
 */
void dispatch_store_ready(struct dispatch *d, const char *doc, size_t len);

/*
 * True when the check is not running and its next slot is due later than
 * that: two runs of one check at a time may disturb each other.
 */
bool dispatch_is_clear(const struct dispatch *d, const char *check,
    span_us within);

/* Dispatch no more. */
void dispatch_stop(struct dispatch *d);

struct dispatch_stats {
	size_t checks;        /* of this location */
	uint64_t due;         /* slots that were handed to the fleet */
	uint64_t unrun;       /* slots recorded without a run by us */
	uint64_t by_outcome[OUTCOME_COUNT];
	span_us lateness_sum; /* of the slots in due, at hand-over */
	span_us lateness_most;
};

void dispatch_get_stats(const struct dispatch *d, struct dispatch_stats *out);

#endif
