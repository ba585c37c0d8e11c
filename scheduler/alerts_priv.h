/* SPDX-License-Identifier: ISC */
/* What the files of alerts share. */
#ifndef SCHEDULER_ALERTS_PRIV_H
#define SCHEDULER_ALERTS_PRIV_H

#include <stdbool.h>
#include <sys/queue.h>
#include <uthash.h>

#include "scheduler/alerts.h"
#include "scheduler/journal.h"

#define ALERTS_MAGIC 0x414c4552u
#define MEMO_SIZE    4

/* A way to tell people, as the fleet knows it. */
struct target {
	char *key;        /* name of its runs, and the definition's hash */
	char *name;       /* service/!name */
	struct fleet_definition *definition;
	span_us timeout;
	size_t users;
	UT_hash_handle hh;
};

struct streak {
	char *check;
	char *service;
	char *environment;
	char *owner;
	int after;
	struct target **targets;
	size_t target_count;
	uint64_t plan;    /* number of the plan that it was last found in */
	bool is_firing;
	uint64_t count;   /* runs in a row that did not pass */
	wall_us since;    /* due time of the first */
	wall_us saved;    /* due time of the one when it was last saved */
	UT_hash_handle hh;
};

/* One message to one target, until it is delivered or given up. */
struct notice {
	LIST_ENTRY(notice) link;
	char name[2 * MESSAGE_ID_SIZE + 16]; /* in the journal */
	struct alerts *alerts;
	struct target *target;
	char *variables;
	size_t variables_len;
	unsigned int tries;
	bool is_in_flight;
	struct loop_timer *timer;
};

LIST_HEAD(notice_list, notice);

/* Neighbours in a plan mostly name the same notifications. */
struct memo {
	const struct plan_notify *notify;
	struct target *target;
};

struct alerts {
	unsigned int magic;
	struct loop *loop;
	struct fleet *fleet;
	struct outbox *outbox;
	struct streak *streaks;
	struct target *targets;
	struct journal *journal;
	bool is_resumed;             /* what an earlier process left */
	struct notice_list notices;
	const struct plan *plan;     /* being applied; NULL: none */
	uint64_t plan_number;
	size_t plan_next;            /* the check to apply next */
	struct streak *sweep;        /* then: the streak to look at next */
	struct memo memo[MEMO_SIZE]; /* meanwhile */
	bool is_stopped;
	struct alerts_stats stats;
};

/*
 * alerts_notice.c
 */

/* The target of a notification, made when it is new; release ends that. */
struct target *alerts_target_take(struct alerts *a,
    const struct plan_notify *n, struct memo *memo);
void alerts_target_release(struct alerts *a, struct target *t);

/*
 * Put a message for a target down in the journal, not flushed yet, and make it
 * the first of the notices; alerts_notice_start sends it.
 */
void alerts_notice_new(struct alerts *a, struct target *t,
    const struct buf *variables);
void alerts_notice_start(struct notice *n);

/* Forget it here; the journal keeps it for the next process. */
void alerts_notice_free(struct notice *n);

/* Send what an earlier process could not: once the first plan is known. */
void alerts_notice_resume(struct alerts *a);

#endif
