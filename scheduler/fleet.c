/* SPDX-License-Identifier: ISC */
/* A fleet as a whole: made, stopped within a bound, counted. */
#include "scheduler/fleet.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/proc.h"
#include "scheduler/child.h"
#include "scheduler/fleet_priv.h"

#define MAX_PER_PROBE    4000
#define MAX_WAITING      10000
#define LEASE_GRACE      (15 * SPAN_S) /* 10 s may go to clean-up */
#define SILENT_MOST      (10 * SPAN_S)
#define STOP_STEP        (10 * SPAN_MS)
#define EVENT_MOST_BYTES (1u << 20)

static void
lose_all(struct fleet *fleet)
{
	struct fleet_run *run;
	uint32_t i;

	for (i = 0; i < fleet->run_count; i++) {
		run = fleet->runs[i];
		if (run->state == RUN_IN_FLIGHT)
			fleet_run_finish_unrun(fleet, run, OUTCOME_LOST,
			    "it was still running when the probes were "
			    "stopped");
	}
}

static void
fleet_stop_timer_cb(void *arg)
{
	struct fleet *fleet = arg;
	void (*stopped)(void *) = fleet->stopped;

	must_magic(fleet, FLEET_MAGIC);
	lose_all(fleet);
	if (fleet->live > 0) {
		/* Refused ones are reported by the other timer. */
		loop_timer_at(fleet->stop_timer, clock_mono() + STOP_STEP);
		return;
	}
	fleet->stopped = NULL;
	if (stopped != NULL)
		stopped(fleet->stopped_arg);
}

void
fleet_stop(struct fleet *fleet, span_us within, void (*stopped)(void *arg),
    void *arg)
{
	uint32_t i;

	must_magic(fleet, FLEET_MAGIC);
	fleet->is_stopping = true;
	fleet->stopped = stopped;
	fleet->stopped_arg = arg;
	for (i = 0; i < fleet->run_count; i++)
		if (fleet->runs[i]->state == RUN_WAITING)
			fleet_run_refuse(fleet, fleet->runs[i],
			    xstrdup("the probes are stopping"));
	loop_timer_at(fleet->stop_timer,
	    clock_mono() + (fleet->live > 0 ? within : 0));
}

void
fleet_hurry(struct fleet *fleet)
{
	must_magic(fleet, FLEET_MAGIC);
	if (fleet->is_stopping && fleet->stopped != NULL)
		loop_timer_at(fleet->stop_timer, clock_mono());
}

static void
options_fill(struct fleet_options *o)
{
	if (o->max_per_probe == 0)
		o->max_per_probe = MAX_PER_PROBE;
	if (o->max_waiting == 0)
		o->max_waiting = MAX_WAITING;
	if (o->lease_grace == 0)
		o->lease_grace = LEASE_GRACE;
	if (o->silent_most == 0)
		o->silent_most = SILENT_MOST;
}

struct fleet *
fleet_new(struct loop *loop, const struct fleet_options *o)
{
	struct fleet *fleet = xcalloc(1, sizeof(*fleet));
	char *program;
	unsigned int i;

	must(o->probe_count >= 1 && o->probe_count <= FLEET_PROBES_MOST);
	fleet->magic = FLEET_MAGIC;
	fleet->loop = loop;
	fleet->options = *o;
	options_fill(&fleet->options);
	fleet->location = xstrdup(o->location);
	fleet->room = lane_take(&fleet->hosts, "", 0);
	heap_init(&fleet->deadlines);
	buf_init(&fleet->job, MESSAGE_MOST_BYTES);
	buf_init(&fleet->event, EVENT_MOST_BYTES);
	fleet->timer = loop_timer_new(loop, fleet_deadline_cb, fleet);
	fleet->timer_due = INT64_MAX;
	fleet->stop_timer = loop_timer_new(loop, fleet_stop_timer_cb, fleet);
	fleet->probes = xcalloc(o->probe_count, sizeof(*fleet->probes));
	program = o->program != NULL ? xstrdup(o->program) :
	    proc_sibling("e2e-probe");
	for (i = 0; i < o->probe_count; i++)
		fleet_probe_init(fleet, i, program);
	free(program);
	return (fleet);
}

void
fleet_free(struct fleet **fleetp)
{
	struct fleet *fleet = *fleetp;
	unsigned int i;

	if (fleet == NULL)
		return;
	*fleetp = NULL;
	must_magic(fleet, FLEET_MAGIC);
	for (i = 0; i < fleet->options.probe_count; i++)
		child_hang_up(fleet->probes[i].child);
	fleet_runs_free(fleet);
	while (fleet->definitions != NULL)
		fleet_definition_free(fleet->definitions);
	for (i = 0; i < fleet->options.probe_count; i++)
		child_free(&fleet->probes[i].child);
	lane_release(&fleet->hosts, &fleet->room);
	loop_timer_free(&fleet->timer);
	loop_timer_free(&fleet->stop_timer);
	heap_fini(&fleet->deadlines);
	buf_fini(&fleet->job);
	buf_fini(&fleet->event);
	free(fleet->probes);
	free(fleet->location);
	fleet->magic = 0;
	free(fleet);
}

void
fleet_get_stats(const struct fleet *fleet, struct fleet_stats *out)
{
	*out = fleet->stats;
	out->in_flight = fleet->room->in_flight;
	out->waiting = fleet->live - fleet->room->in_flight;
}
