/* SPDX-License-Identifier: ISC */
/*
 * Runs on their way through the fleet: submitted, perhaps waiting for room,
 * in flight under a lease, reported. A run is found by the number that the
 * probe echoes (place in a table, and generation), so that a late result of
 * a run that was given up is told apart from its successor's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "scheduler/child.h"
#include "scheduler/fleet_priv.h"

#define PATIENCE (10 * SPAN_S)

static struct fleet_run *
run_of_waiter(struct lane_waiter *w)
{
	return ((struct fleet_run *)(void *)w);
}

static struct fleet_run *
run_new(struct fleet *fleet)
{
	struct fleet_run *run;

	fleet->live++;
	if (fleet->free_count > 0)
		return (fleet->runs[fleet->free_runs[--fleet->free_count]]);
	if (fleet->run_count == fleet->run_cap) {
		fleet->run_cap = fleet->run_cap > 0 ? 2 * fleet->run_cap : 64;
		fleet->runs = xreallocarray(fleet->runs, fleet->run_cap,
		    sizeof(struct fleet_run *));
		fleet->free_runs = xreallocarray(fleet->free_runs,
		    fleet->run_cap, sizeof(*fleet->free_runs));
	}
	run = xcalloc(1, sizeof(*run));
	run->index = fleet->run_count;
	fleet->runs[fleet->run_count++] = run;
	return (run);
}

static void
run_free(struct fleet *fleet, struct fleet_run *run)
{
	run->state = RUN_FREE;
	run->generation++;
	free(run->variables);
	free(run->reason);
	run->variables = run->reason = NULL;
	run->definition = NULL;
	fleet->free_runs[fleet->free_count++] = run->index;
	fleet->live--;
}

struct fleet_run *
fleet_run_find(struct fleet *fleet, const struct fleet_probe *p,
    const struct message *m)
{
	uint32_t index = (uint32_t)m->extra;
	struct fleet_run *run;

	if (index >= fleet->run_count)
		return (NULL);
	run = fleet->runs[index];
	if (run->state != RUN_IN_FLIGHT || run->probe != p ||
	    run->generation != (uint32_t)(m->extra >> 32) ||
	    memcmp(run->id, m->id, MESSAGE_ID_SIZE) != 0)
		return (NULL);
	return (run);
}

static void
run_start(struct fleet *fleet, struct fleet_run *run)
{
	struct fleet_definition *d = run->definition;

	run->state = RUN_IN_FLIGHT;
	run->probe = fleet_probe_pick(fleet);
	run->probe->in_flight++;
	TAILQ_INSERT_TAIL(&run->probe->runs, run, link);
	lane_enter(d->lanes, d->lane_count);
	fleet_deadline_set(fleet, run, clock_mono() + run->timeout +
	    fleet->options.lease_grace);
	fleet_definition_tell(d, run->probe);
	fleet_probe_send(fleet, run);
	fleet->stats.dispatched++;
}

void
fleet_lane_wake(struct fleet *fleet, struct lane *lane)
{
	struct lane_waiter *w;
	struct fleet_run *run;
	struct lane *full;

	while ((w = lane_next(lane)) != NULL) {
		run = run_of_waiter(w);
		lane_wait_end(w);
		full = lane_find_full(run->definition->lanes,
		    run->definition->lane_count);
		if (full != NULL)
			lane_wait(full, w);
		else
			run_start(fleet, run);
	}
}

static void
run_leave(struct fleet *fleet, struct fleet_run *run)
{
	struct fleet_definition *d = run->definition;
	size_t i;

	heap_remove(&fleet->deadlines, &run->deadline);
	lane_wait_end(&run->waiter);
	if (run->state != RUN_IN_FLIGHT)
		return;
	TAILQ_REMOVE(&run->probe->runs, run, link);
	run->probe->in_flight--;
	lane_leave(d->lanes, d->lane_count);
	for (i = d->lane_count; i-- > 0;)
		fleet_lane_wake(fleet, d->lanes[i]);
}

void
fleet_run_finish(struct fleet *fleet, struct fleet_run *run,
    enum outcome outcome, const char *doc, size_t doc_len)
{
	struct fleet_definition *d = run->definition;
	struct fleet_result result = {.outcome = outcome, .doc = doc,
	    .doc_len = doc_len};
	fleet_done_cb *done = run->done;
	uint8_t id[MESSAGE_ID_SIZE];
	void *arg = run->arg;

	memcpy(id, run->id, sizeof(id));
	result.run = id;
	run_leave(fleet, run);
	run_free(fleet, run);
	done(&result, arg);
	if (--d->run_count == 0 && d->is_forgotten)
		fleet_definition_free(d);
	if (fleet->is_stopping && fleet->live == 0)
		loop_timer_at(fleet->stop_timer, clock_mono());
}

void
fleet_run_finish_unrun(struct fleet *fleet, struct fleet_run *run,
    enum outcome outcome, const char *reason)
{
	const struct fleet_definition *d = run->definition;
	struct record r = {.check = d->check, .service = d->service,
	    .location = fleet->location, .environment = d->environment,
	    .definition = d->hash, .trigger = run->trigger, .due = run->due,
	    .outcome = outcome, .reason = reason};

	if (run->state == RUN_IN_FLIGHT)
		r.probe = child_name(run->probe->child);
	memcpy(r.run, run->id, MESSAGE_ID_SIZE);
	buf_reset(&fleet->event);
	record_format(&r, &fleet->event);
	fleet_run_finish(fleet, run, outcome, fleet->event.data,
	    fleet->event.len);
}

void
fleet_run_refuse(struct fleet *fleet, struct fleet_run *run, char *reason)
{
	lane_wait_end(&run->waiter);
	run->state = RUN_REFUSED;
	run->reason = reason;
	fleet_deadline_set(fleet, run, clock_mono());
}

static char *
format_full(const struct fleet *fleet, const struct lane *lane)
{
	if (lane != fleet->room)
		return (xasprintf("no capacity: %zu runs wait for %s",
		    lane->waiting, lane->key));
	return (xasprintf("no capacity: %zu runs wait for a probe",
	    lane->waiting));
}

static void
run_wait(struct fleet *fleet, struct fleet_run *run, struct lane *full)
{
	if (full->waiting >= fleet->options.max_waiting) {
		fleet_run_refuse(fleet, run, format_full(fleet, full));
		return;
	}
	run->state = RUN_WAITING;
	lane_wait(full, &run->waiter);
	fleet_deadline_set(fleet, run, clock_mono() + run->patience);
}

void
fleet_submit(struct fleet *fleet, const struct fleet_job *job,
    fleet_done_cb *done, void *arg)
{
	struct fleet_definition *d = job->definition;
	struct fleet_run *run;
	struct lane *full;

	must_magic(fleet, FLEET_MAGIC);
	must_magic(d, DEFINITION_MAGIC);
	must(!d->is_forgotten);
	run = run_new(fleet);
	d->run_count++;
	run->definition = d;
	memcpy(run->id, job->run, MESSAGE_ID_SIZE);
	run->trigger = job->trigger;
	run->due = job->due;
	run->timeout = job->timeout;
	run->patience = job->patience > 0 ? job->patience : PATIENCE;
	run->done = done;
	run->arg = arg;
	if (job->variables != NULL)
		run->variables = xmemdup(job->variables, job->variables_len);
	run->variables_len = job->variables_len;
	run->evidence_entry = job->evidence_entry;
	full = lane_find_full(d->lanes, d->lane_count);
	if (fleet->is_stopping)
		fleet_run_refuse(fleet, run,
		    xstrdup("the probes are stopping"));
	else if (full != NULL)
		run_wait(fleet, run, full);
	else
		run_start(fleet, run);
}

void
fleet_runs_free(struct fleet *fleet)
{
	struct fleet_run *run;
	uint32_t i;

	for (i = 0; i < fleet->run_count; i++) {
		run = fleet->runs[i];
		lane_wait_end(&run->waiter);
		if (run->state == RUN_IN_FLIGHT)
			lane_leave(run->definition->lanes,
			    run->definition->lane_count);
		free(run->variables);
		free(run->reason);
		free(run);
	}
	free(fleet->runs);
	free(fleet->free_runs);
}
