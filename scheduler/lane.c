/* SPDX-License-Identifier: ISC */
/* Counting semaphores with a line in front, found by host. */
#include "scheduler/lane.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct lane *
lane_take(struct lane_table *t, const char *key, size_t most)
{
	struct lane *lane;

	HASH_FIND_STR(t->lanes, key, lane);
	if (lane == NULL) {
		lane = xcalloc(1, sizeof(*lane));
		lane->key = xstrdup(key);
		lane->most = most;
		TAILQ_INIT(&lane->waiters);
		HASH_ADD_KEYPTR(hh, t->lanes, lane->key, strlen(lane->key),
		    lane);
	}
	lane->users++;
	return (lane);
}

void
lane_release(struct lane_table *t, struct lane **lanep)
{
	struct lane *lane = *lanep;

	*lanep = NULL;
	if (--lane->users > 0)
		return;
	must(lane->in_flight == 0 && lane->waiting == 0);
	HASH_DEL(t->lanes, lane);
	free(lane->key);
	free(lane);
}

struct lane *
lane_find_full(struct lane *const *lanes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (lanes[i]->in_flight >= lanes[i]->most)
			return (lanes[i]);
	return (NULL);
}

void
lane_enter(struct lane *const *lanes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		lanes[i]->in_flight++;
}

void
lane_leave(struct lane *const *lanes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		must(lanes[i]->in_flight > 0);
		lanes[i]->in_flight--;
	}
}

void
lane_wait(struct lane *lane, struct lane_waiter *w)
{
	must(w->lane == NULL);
	w->lane = lane;
	lane->waiting++;
	TAILQ_INSERT_TAIL(&lane->waiters, w, link);
}

void
lane_wait_end(struct lane_waiter *w)
{
	if (w->lane == NULL)
		return;
	TAILQ_REMOVE(&w->lane->waiters, w, link);
	w->lane->waiting--;
	w->lane = NULL;
}

struct lane_waiter *
lane_next(struct lane *lane)
{
	return (lane->in_flight < lane->most ? TAILQ_FIRST(&lane->waiters) :
	    NULL);
}
