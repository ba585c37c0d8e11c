/* SPDX-License-Identifier: ISC */
/*
 * A plan becomes the timetable, check by check: those of the new plan first,
 * then those that are not in it go. Between two steps the loop runs, so old
 * and new checks live beside each other for a while; one check is always of
 * one plan.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "scheduler/dispatch_priv.h"

#define PATIENCE_MOST (10 * SPAN_S)

static void
check_define(struct check *c, const struct plan_check *pc)
{
	struct definition *definition = NULL;
	char *sentence = NULL;

	if (c->definition != NULL && strcmp(c->hash, pc->hash) == 0)
		return;
	fleet_forget(&c->definition);
	memcpy(c->hash, pc->hash, sizeof(c->hash));
	if (plan_make_definition(pc, NULL, NULL, 0, &definition, &sentence)
	    == 0)
		c->definition = fleet_define_from(c->dispatch->fleet,
		    definition);
	if (c->definition == NULL)
		log_error("scheduler.check.define", "check=%s error=%s",
		    log_quote(c->id), log_quote(sentence != NULL ? sentence :
		    "too large for a message"));
	free(sentence);
	definition_free(&definition);
}

static struct check *
check_get(struct dispatch *d, const char *id)
{
	struct check *c;

	HASH_FIND_STR(d->checks, id, c);
	if (c != NULL)
		return (c);
	c = xcalloc(1, sizeof(*c));
	c->magic = CHECK_MAGIC;
	c->dispatch = d;
	c->id = xstrdup(id);
	c->held_tail = &c->held;
	HASH_ADD_KEYPTR(hh, d->checks, c->id, strlen(c->id), c);
	return (c);
}

static void
check_plan(struct dispatch *d, const struct plan_check *pc)
{
	struct check *c = check_get(d, pc->id);

	c->plan = d->plan_number;
	free(c->service);
	free(c->environment);
	c->service = xstrdup(pc->service);
	c->environment = xstrdup(pc->environment_name);
	c->timeout = pc->timeout;
	c->patience = pc->every < PATIENCE_MOST ? pc->every : PATIENCE_MOST;
	c->is_paused = pc->is_paused;
	check_define(c, pc);
	if (c->entry != NULL) {
		timetable_set_every(d->timetable, c->entry, pc->every);
		return;
	}
	c->entry = timetable_add(d->timetable, c->id, d->location, pc->every,
	    c);
	if (c->is_running)
		timetable_run_begin(c->entry);
}

/* The new plan does not have it: no more slots, its run may still end. */
static void
check_unplan(struct dispatch *d, struct check *c)
{
	if (c->entry != NULL) {
		while (dispatch_take_missed(d, SIZE_MAX))
			continue;
		timetable_remove(d->timetable, &c->entry);
	}
	if (!c->is_running)
		dispatch_check_free(c);
}

/* One check. False when there was none left. */
static bool
step(struct dispatch *d)
{
	const struct plan_check *pc;
	struct check *c = d->sweep;

	if (d->plan_next < d->plan->check_count) {
		pc = d->plan->checks[d->plan_next++];
		if (plan_check_is_at(pc, d->location)) {
			check_plan(d, pc);
			d->planned++;
		}
		if (d->plan_next == d->plan->check_count)
			d->sweep = d->checks;
		return (true);
	}
	if (c == NULL)
		return (false);
	d->sweep = c->hh.next;
	if (c->plan != d->plan_number)
		check_unplan(d, c);
	return (true);
}

void
dispatch_plan_begin(struct dispatch *d, const struct plan *plan)
{
	must_magic(d, DISPATCH_MAGIC);
	must(d->plan == NULL);
	/* What is due by now belongs to the old plan. */
	if (!d->is_stopped)
		dispatch_turn(d, clock_mono(), clock_wall());
	d->plan = plan;
	d->plan_number++;
	d->plan_next = 0;
	d->planned = 0;
	d->sweep = plan->check_count == 0 ? d->checks : NULL;
}

bool
dispatch_plan_step(struct dispatch *d, mono_us until)
{
	bool has_more;

	must_magic(d, DISPATCH_MAGIC);
	must(d->plan != NULL);
	do
		has_more = step(d);
	while (has_more && clock_mono() < until);
	if (!has_more) {
		d->plan = NULL;
		d->stats.checks = d->planned;
	}
	/* A new check may be due before all others. */
	if (!d->is_stopped)
		loop_timer_at(d->timer, clock_mono());
	return (has_more);
}
