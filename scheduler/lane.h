/* SPDX-License-Identifier: ISC */
/*
 * A lane bounds how many runs go through one narrow place at the same time:
 * a host, or the probes taken together. A run holds all lanes of its
 * definition or none; when one is full it waits there, first come first
 * served.
 */
#ifndef SCHEDULER_LANE_H
#define SCHEDULER_LANE_H

#include <stddef.h>
#include <sys/queue.h>
#include <uthash.h>

struct lane_waiter {
	TAILQ_ENTRY(lane_waiter) link;
	struct lane *lane; /* where it waits; NULL: nowhere */
};

TAILQ_HEAD(lane_waiters, lane_waiter);

struct lane {
	char *key;         /* "host:port"; "" for the probes */
	size_t in_flight;
	size_t most;
	size_t waiting;
	size_t users;      /* definitions that pass here */
	struct lane_waiters waiters;
	UT_hash_handle hh;
};

/* The lanes by key. */
struct lane_table {
	struct lane *lanes;
};

/* Find or make the lane of a key and count one user more. */
struct lane *lane_take(struct lane_table *t, const char *key, size_t most);

/* Count one user less; a lane without users is freed. */
void lane_release(struct lane_table *t, struct lane **lane);

/* The first of these lanes that has no room, NULL when all have. */
struct lane *lane_find_full(struct lane *const *lanes, size_t count);

/* Occupy, and leave, all of these lanes. */
void lane_enter(struct lane *const *lanes, size_t count);
void lane_leave(struct lane *const *lanes, size_t count);

/* Join the end of the line, and leave it from anywhere. */
void lane_wait(struct lane *lane, struct lane_waiter *w);
void lane_wait_end(struct lane_waiter *w);

/* The waiter whose turn it is: the first one if there is room, else NULL. */
struct lane_waiter *lane_next(struct lane *lane);

#endif
