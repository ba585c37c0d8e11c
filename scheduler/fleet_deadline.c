/* SPDX-License-Identifier: ISC */
/*
 * The time that a run has: its patience while it waits for room, its lease
 * while a probe has it. One timer serves them all, at steps, so that a
 * thousand runs that are due together cost one wake-up.
 */
#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "scheduler/child.h"
#include "scheduler/fleet_priv.h"

#define TIMER_STEP    (10 * SPAN_MS) /* deadlines are seen this late */
#define LATE_MOST     (1 * SPAN_S)   /* past it we slept ourselves */
#define AMNESTY       (500 * SPAN_MS)
#define AMNESTY_EVERY (5 * SPAN_S)
#define EXPIRED_MOST  16             /* leases in a row, then replaced */
#define REASON_SIZE   200

static void
timer_arm(struct fleet *fleet, mono_us due)
{
	if (due >= fleet->timer_due)
		return;
	fleet->timer_due = due;
	loop_timer_at(fleet->timer, due);
}

void
fleet_deadline_set(struct fleet *fleet, struct fleet_run *run, mono_us due)
{
	if (run->deadline.id == 0)
		heap_add(&fleet->deadlines, &run->deadline, due);
	else
		heap_move(&fleet->deadlines, &run->deadline, due);
	timer_arm(fleet, due);
}

static struct fleet_run *
run_of_deadline(struct heap_node *n)
{
	return ((struct fleet_run *)(void *)((char *)n -
	    offsetof(struct fleet_run, deadline)));
}

static void
format_impatience(const struct fleet *fleet, const struct fleet_run *run,
    char *out, size_t size)
{
	const struct lane *lane = run->waiter.lane;
	char waited[CLOCK_SPAN_SIZE];

	clock_format_span(run->patience, waited);
	if (lane != fleet->room)
		snprintf(out, size, "no capacity: %s stayed at %zu runs for "
		    "%s", lane->key, lane->most, waited);
	else if (lane->most == 0)
		snprintf(out, size, "no capacity: no probe was ready for %s",
		    waited);
	else
		snprintf(out, size, "no capacity: all probes stayed full "
		    "for %s", waited);
}

/* The lease of a run is over: the probe never gave it back. */
static void
run_expire(struct fleet *fleet, struct fleet_run *run)
{
	struct fleet_probe *p = run->probe;
	char reason[REASON_SIZE], lease[CLOCK_SPAN_SIZE];

	clock_format_span(run->timeout + fleet->options.lease_grace, lease);
	snprintf(reason, sizeof(reason), "probe %s did not finish it in its "
	    "lease of %s", child_name(p->child), lease);
	log_warn("fleet.lease.expired", "probe=%s check=%s",
	    child_name(p->child), log_quote(run->definition->check));
	fleet_run_finish_unrun(fleet, run, OUTCOME_LOST, reason);
	if (++p->expired >= EXPIRED_MOST)
		child_replace(p->child, "finished none of its latest runs");
}

static void
run_overdue(struct fleet *fleet, struct fleet_run *run)
{
	char reason[REASON_SIZE];

	switch (run->state) {
	case RUN_IN_FLIGHT:
		run_expire(fleet, run);
		break;
	case RUN_WAITING:
		format_impatience(fleet, run, reason, sizeof(reason));
		fleet_run_finish_unrun(fleet, run, OUTCOME_SKIPPED, reason);
		break;
	case RUN_REFUSED:
		snprintf(reason, sizeof(reason), "%s", run->reason);
		fleet_run_finish_unrun(fleet, run, OUTCOME_SKIPPED, reason);
		break;
	case RUN_FREE:
		must(!"a free run has no deadline");
	}
}

/*
 * After a sleep of our own the answers still wait in the sockets: let the
 * loop read them before any lease is called over.
 */
static bool
is_amnesty_due(struct fleet *fleet, mono_us due, mono_us now)
{
	if (now - due < LATE_MOST || now - fleet->amnesty < AMNESTY_EVERY)
		return (false);
	fleet->amnesty = now;
	return (true);
}

void
fleet_deadline_cb(void *arg)
{
	struct fleet *fleet = arg;
	mono_us now = clock_mono(), due, next;

	must_magic(fleet, FLEET_MAGIC);
	due = fleet->timer_due;
	fleet->timer_due = INT64_MAX;
	if (is_amnesty_due(fleet, due, now)) {
		timer_arm(fleet, now + AMNESTY);
		return;
	}
	while (heap_first_key(&fleet->deadlines) <= now)
		run_overdue(fleet,
		    run_of_deadline(heap_first(&fleet->deadlines)));
	next = heap_first_key(&fleet->deadlines);
	if (next != INT64_MAX)
		timer_arm(fleet, next > now + TIMER_STEP ? next :
		    now + TIMER_STEP);
}
