/* SPDX-License-Identifier: ISC */
/* What the files of dispatch share. */
#ifndef SCHEDULER_DISPATCH_PRIV_H
#define SCHEDULER_DISPATCH_PRIV_H

#include <stdbool.h>
#include <uthash.h>

#include "scheduler/dispatch.h"
#include "scheduler/timetable.h"

#define DISPATCH_MAGIC 0x44495350u
#define CHECK_MAGIC    0x43484543u

/* A slot without a run that waits for the check's run to end. */
struct held {
	struct held *link;
	wall_us due;
	enum outcome outcome;
	const char *reason; /* static */
};

/* What each slot touches stands first. */
struct check {
	unsigned int magic;
	bool is_paused;
	bool is_running;
	struct dispatch *dispatch;
	char *id;
	struct fleet_definition *definition; /* NULL: could not be made */
	struct timetable_entry *entry;       /* NULL: no longer planned */
	span_us timeout;
	span_us patience;
	wall_us running_due;
	struct held *held, **held_tail;
	char *service;
	char *environment;
	char hash[DEFINITION_HASH_SIZE];
	wall_us last_due;  /* the store's newest record; 0: none */
	wall_us ahead;     /* ... of those due in the future; 0: none */
	wall_us spooled;   /* the oldest event left in the spool; 0: none */
	uint64_t plan;     /* number of the plan that it was last found in */
	UT_hash_handle hh;
};

struct dispatch {
	unsigned int magic;
	struct loop *loop;
	struct fleet *fleet;
	struct outbox *outbox;
	char *location;
	struct timetable *timetable;
	struct check *checks;
	struct loop_timer *timer;
	bool is_acquainted; /* with the store */
	bool is_stopped;
	struct buf event;
	const struct plan *plan; /* being applied; NULL: none */
	uint64_t plan_number;
	size_t plan_next;        /* the check to apply next */
	size_t planned;          /* of its checks, at our location */
	struct check *sweep;     /* then: the check to look at next */
	dispatch_event_cb *watch;
	void *arg;
	struct dispatch_stats stats;
};

/* Free a check that is in no plan and has no run. */
void dispatch_check_free(struct check *c);

/* Take what is due; returns when to come again. */
mono_us dispatch_turn(struct dispatch *d, mono_us now, wall_us wall);

/* Record up to most missed slots. True when there may be more. */
bool dispatch_take_missed(struct dispatch *d, size_t most);

#endif
