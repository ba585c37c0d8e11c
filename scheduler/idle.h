/* SPDX-License-Identifier: ISC */
/*
 * Lends what the plan leaves idle to `e2e-gate aa --child`, a child process
 * that gathers rounds of the service against itself. It asks for one run at a
 * time, of a check whose manifest says so (gate: {aa: idle}); the run takes
 * place when nothing else wants the room and the check itself is not about to
 * run, is recorded like any other under the trigger "gate", and its event is
 * the answer. There is no child while no check of the plan wants it.
 */
#ifndef SCHEDULER_IDLE_H
#define SCHEDULER_IDLE_H

#include "base/loop.h"
#include "checks/plan.h"
#include "scheduler/dispatch.h"
#include "scheduler/fleet.h"
#include "scheduler/outbox.h"

struct idle;

struct idle_options {
	const char *checks;     /* what the child loads; as the daemon does */
	const char *store;
	const char *location;
	int64_t share_percent;  /* of the time, with a run in flight; 0: off */
	const char *program;    /* NULL: e2e-gate beside us */
};

/* dispatch, fleet and outbox outlive it, and so do the strings. */
struct idle *idle_new(struct loop *loop, const struct dispatch *dispatch,
    struct fleet *fleet, struct outbox *outbox, const struct idle_options *o);
void idle_free(struct idle **i);

/*
 * Make this the plan; the child begins anew when another is to be gathered.
 * The plan is looked at until there is another one.
 */
void idle_set_plan(struct idle *i, const struct plan *plan);

/* Lend no more; a run in flight comes back to the outbox. */
void idle_stop(struct idle *i);

struct idle_stats {
	uint64_t runs;    /* that were lent to */
	uint64_t refused; /* second halves that found no room */
};

void idle_get_stats(const struct idle *i, struct idle_stats *out);

#endif
