/* SPDX-License-Identifier: ISC */
/*
 * Alerts: when a check has not passed so many times in a row, and when it
 * passes again, the flows that its manifest names under notify are run. A
 * notification is a run like any other (trigger "alert", check
 * "service/!name"): the probes run it, the store keeps it.
 *
 * Such a flow sees these variables: state ("firing", "resolved"), is_firing
 * and is_resolved (for the option skip), check, service, environment, owner,
 * outcome, reason (empty when unknown), run, count (runs in a row that did
 * not pass), since (due time of the first of them).
 */
#ifndef SCHEDULER_ALERTS_H
#define SCHEDULER_ALERTS_H

#include "base/loop.h"
#include "checks/plan.h"
#include "scheduler/dispatch.h"
#include "scheduler/fleet.h"
#include "scheduler/outbox.h"

struct alerts;

/*
 * fleet and outbox outlive the alerts. path is the journal's: streaks and
 * undelivered notifications of an earlier process are in it, and go on with
 * the first plan that has their checks.
 */
struct alerts *alerts_new(struct loop *loop, struct fleet *fleet,
    struct outbox *outbox, const char *path);
void alerts_free(struct alerts **a);

/*
 * Follow this plan, in steps: see dispatch_plan_begin. A check that stays
 * keeps its count. Nothing is kept of the plan.
 */
void alerts_plan_begin(struct alerts *a, const struct plan *plan);
bool alerts_plan_step(struct alerts *a, mono_us until);

/*
 * A run of a check has ended. Passed ends a streak; failed, unreachable,
 * unknown, invalid and lost lengthen it. Skipped says nothing, nor does a
 * slot that was lost because no scheduler ran.
 */
void alerts_note(struct alerts *a, const struct dispatch_event *e);

/* Send no more; what is not delivered waits for the next process. */
void alerts_stop(struct alerts *a);

struct alerts_stats {
	size_t firing;   /* checks */
	uint64_t sent;   /* notifications that passed */
	uint64_t failed; /* given up */
};

void alerts_get_stats(const struct alerts *a, struct alerts_stats *out);

#endif
