/* SPDX-License-Identifier: ISC */
/*
 * The running plan, and how another takes its place: loaded beside the loop,
 * validated whole, then applied in short slices between which slots are
 * handed out. A tree with a mistake changes nothing.
 */
#ifndef SCHEDULER_RELOAD_H
#define SCHEDULER_RELOAD_H

#include "base/loop.h"
#include "checks/plan.h"
#include "scheduler/alerts.h"
#include "scheduler/dispatch.h"
#include "scheduler/idle.h"
#include "scheduler/loader.h"
#include "scheduler/outbox.h"

/* All outlive the reload. */
struct reload_options {
	const char *checks;   /* what to load */
	const char *location; /* whose checks the store is told */
	struct dispatch *dispatch;
	struct alerts *alerts;
	struct outbox *outbox;
	struct idle *idle;
};

struct reload;

/* Apply a first plan, at once. Takes what first holds. */
struct reload *reload_new(struct loop *loop, const struct reload_options *o,
    struct loaded *first);

/* Also when the plan that is being applied is not applied whole. */
void reload_free(struct reload **r);

/* Load the checks anew. Asked again meanwhile: once more after that. */
void reload_request(struct reload *r);

/* True while a plan is being loaded or applied. */
bool reload_is_busy(const struct reload *r);

/* Apply no more; what is loading is forgotten. */
void reload_stop(struct reload *r);

#endif
