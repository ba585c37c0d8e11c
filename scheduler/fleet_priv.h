/* SPDX-License-Identifier: ISC */
/* What the files of the fleet share. */
#ifndef SCHEDULER_FLEET_PRIV_H
#define SCHEDULER_FLEET_PRIV_H

#include "scheduler/fleet.h"
#include "scheduler/heap.h"
#include "scheduler/lane.h"

#define FLEET_MAGIC      0x464c4545u
#define DEFINITION_MAGIC 0x44454649u

struct fleet_probe;

/*
 * Owned by the fleet's caller until fleet_forget, then by its runs. What each
 * run touches stands first, and in one piece of memory.
 */
struct fleet_definition {
	unsigned int magic;
	bool is_forgotten;
	struct fleet *fleet;
	uint64_t number;
	size_t run_count;
	struct lane **lanes;   /* [0] is that of the probes; in here */
	size_t lane_count;
	uint32_t *told;        /* by probe: the generation that knows it; in
				* here */
	struct fleet_definition *next, *prev; /* all of the fleet's */
	char *doc;
	size_t doc_len;
	char *check;
	char *service;
	char *environment;
	char *hash;
};

enum run_state {
	RUN_FREE,
	RUN_WAITING,   /* in a lane's line; deadline: end of patience */
	RUN_IN_FLIGHT, /* at a probe; deadline: end of lease */
	RUN_REFUSED    /* to be reported from the timer; deadline: now */
};

TAILQ_HEAD(run_list, fleet_run);

struct fleet_run {
	struct lane_waiter waiter; /* first: a waiter is cast to its run */
	struct heap_node deadline;
	TAILQ_ENTRY(fleet_run) link; /* of its probe */
	enum run_state state;
	uint32_t index;            /* in the fleet's table */
	uint32_t generation;       /* of this place in the table */
	struct fleet_definition *definition;
	struct fleet_probe *probe;
	uint8_t id[MESSAGE_ID_SIZE];
	enum trigger trigger;
	wall_us due;
	span_us timeout;
	span_us patience;
	char *variables;           /* JSON, or NULL */
	size_t variables_len;
	uint32_t evidence_entry;
	char *reason;              /* of a refused run */
	fleet_done_cb *done;
	void *arg;
};

struct fleet_probe {
	struct fleet *fleet;
	struct child *child;
	unsigned int index;
	size_t in_flight;
	unsigned int expired; /* leases, since the last result */
	bool is_busy;         /* said its latest LOAD */
	struct run_list runs;
};

struct fleet {
	unsigned int magic;
	struct loop *loop;
	struct fleet_options options;
	char *location;
	struct fleet_probe *probes;
	unsigned int next_probe;     /* where the search starts */
	struct lane_table hosts;
	struct lane *room;           /* the lane of the probes */
	struct fleet_definition *definitions;
	uint64_t last_number;
	struct fleet_run **runs;     /* by index */
	uint32_t run_count, run_cap;
	uint32_t *free_runs;         /* a stack of indices */
	uint32_t free_count;
	size_t live;                 /* runs not yet reported */
	struct heap deadlines;
	struct loop_timer *timer;
	mono_us timer_due;           /* INT64_MAX: not armed */
	mono_us amnesty;             /* when leases were last prolonged */
	struct buf job;
	struct buf event;
	struct loop_timer *stop_timer;
	bool is_stopping;
	void (*stopped)(void *arg);
	void *stopped_arg;
	struct fleet_stats stats;
};

/*
 * fleet_run.c
 */

/* The run that a probe speaks of; NULL when it was reported already. */
struct fleet_run *fleet_run_find(struct fleet *fleet,
    const struct fleet_probe *p, const struct message *m);

/* Report a run. The room it held is passed on before the callback. */
void fleet_run_finish(struct fleet *fleet, struct fleet_run *run,
    enum outcome outcome, const char *doc, size_t doc_len);

/* Report a run that has no event of its own. */
void fleet_run_finish_unrun(struct fleet *fleet, struct fleet_run *run,
    enum outcome outcome, const char *reason);

/* Have a run reported as skipped from the timer. Takes reason. */
void fleet_run_refuse(struct fleet *fleet, struct fleet_run *run,
    char *reason);

/* Give the room in a lane to those who wait for it. */
void fleet_lane_wake(struct fleet *fleet, struct lane *lane);

/* Free the table, with the runs that were never reported. */
void fleet_runs_free(struct fleet *fleet);

/*
 * fleet_deadline.c
 */

/* The run's time, of patience or of its lease, is over then. */
void fleet_deadline_set(struct fleet *fleet, struct fleet_run *run,
    mono_us due);

/* The fleet's timer: judge the runs whose time is over. */
void fleet_deadline_cb(void *fleet);

/*
 * fleet_probe.c
 */

/* Start the index-th probe, counted from 0. */
void fleet_probe_init(struct fleet *fleet, unsigned int index,
    const char *program);

/* The least loaded of those that are ready; one must be. */
struct fleet_probe *fleet_probe_pick(struct fleet *fleet);

/* Send a run to its probe, which knows its definition. */
void fleet_probe_send(struct fleet *fleet, const struct fleet_run *run);

/*
 * fleet_idle.c
 */

/* Take in what a probe says of its load. */
void fleet_probe_note_load(struct fleet_probe *p, const struct message *m);

/*
 * fleet_definition.c
 */

/* Free a definition that nobody needs any more. */
void fleet_definition_free(struct fleet_definition *d);

/* Tell the probe about a definition unless it knows. */
void fleet_definition_tell(struct fleet_definition *d,
    const struct fleet_probe *p);

#endif
