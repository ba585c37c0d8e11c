/* SPDX-License-Identifier: ISC */
/*
 * Runs on their way through the fleet: submitted, perhaps waiting for room,
 * in flight under a lease, reported. A run is found by the number that the
 * probe echoes (place in a table, and generation), so that a late result of
 * a run that was given up is told apart from its successor's.
 */
#include "scheduler/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "scheduler/child.h"
#include "scheduler/fleet_priv.h"

#define MAX_PER_PROBE   4000
#define MAX_WAITING     10000
#define PATIENCE        (10 * SPAN_S)
#define LEASE_GRACE     (15 * SPAN_S) /* 10 s may go to clean-up */
#define SILENT_MOST     (10 * SPAN_S)
#define READY_WITHIN    (10 * SPAN_S)
#define TIMER_STEP      (10 * SPAN_MS) /* deadlines are seen this late */
#define LATE_MOST       (1 * SPAN_S)   /* past it we slept ourselves */
#define AMNESTY         (500 * SPAN_MS)
#define AMNESTY_EVERY   (5 * SPAN_S)
#define EXPIRED_MOST    16             /* leases in a row, then replaced */
#define EVENT_MOST_BYTES (1u << 20)
#define REASON_SIZE     200

static void
timer_arm(struct fleet *fleet, mono_us due)
{
	if (due >= fleet->timer_due)
		return;
	fleet->timer_due = due;
	loop_timer_at(fleet->timer, due);
}

static void
deadline_set(struct fleet *fleet, struct fleet_run *run, mono_us due)
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

/* The run that a probe speaks of; NULL when it was reported already. */
static struct fleet_run *
run_find(struct fleet *fleet, const struct fleet_probe *p,
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

static struct fleet_probe *
pick_probe(struct fleet *fleet)
{
	struct fleet_probe *p, *best = NULL;
	unsigned int i, n = fleet->options.probe_count;

	for (i = 0; i < n; i++) {
		p = &fleet->probes[(fleet->next_probe + i) % n];
		if (child_is_ready(p->child) &&
		    (best == NULL || p->in_flight < best->in_flight))
			best = p;
	}
	/* The lane of the probes had room, so one of them has. */
	must(best != NULL);
	fleet->next_probe = (best->index + 1) % n;
	return (best);
}

static void
send_job(struct fleet *fleet, const struct fleet_run *run)
{
	struct message m = {.type = MESSAGE_JOB,
	    .cookie = run->definition->number,
	    .extra = (uint64_t)run->generation << 32 | run->index};
	struct json_out o;

	buf_reset(&fleet->job);
	json_out_init(&o, &fleet->job);
	json_out_object(&o);
	json_out_kv_str(&o, "location", fleet->location);
	json_out_kv_int(&o, "due_us", run->due);
	json_out_kv_str(&o, "trigger", trigger_name(run->trigger));
	if (run->evidence_entry > 0)
		json_out_kv_int(&o, "evidence", run->evidence_entry);
	if (run->variables != NULL) {
		json_out_key(&o, "variables");
		json_out_raw(&o, run->variables, run->variables_len);
	}
	json_out_object_end(&o);
	memcpy(m.id, run->id, MESSAGE_ID_SIZE);
	m.doc = fleet->job.data;
	m.doc_len = fleet->job.len;
	child_send(run->probe->child, &m);
}

static void
run_start(struct fleet *fleet, struct fleet_run *run)
{
	struct fleet_definition *d = run->definition;

	run->state = RUN_IN_FLIGHT;
	run->probe = pick_probe(fleet);
	run->probe->in_flight++;
	TAILQ_INSERT_TAIL(&run->probe->runs, run, link);
	lane_enter(d->lanes, d->lane_count);
	deadline_set(fleet, run, clock_mono() + run->timeout +
	    fleet->options.lease_grace);
	fleet_definition_tell(d, run->probe);
	send_job(fleet, run);
	fleet->stats.dispatched++;
}

/* Give the room in a lane to those who wait for it. */
static void
lane_wake(struct fleet *fleet, struct lane *lane)
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
		lane_wake(fleet, d->lanes[i]);
}

/* Report a run. The room it held is passed on before the callback. */
static void
run_finish(struct fleet *fleet, struct fleet_run *run, enum outcome outcome,
    const char *doc, size_t doc_len)
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

/* Report a run that has no event of its own. */
static void
run_finish_unrun(struct fleet *fleet, struct fleet_run *run,
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
	run_finish(fleet, run, outcome, fleet->event.data, fleet->event.len);
}

/* Have a run reported as skipped from the timer. Takes reason. */
static void
run_refuse(struct fleet *fleet, struct fleet_run *run, char *reason)
{
	lane_wait_end(&run->waiter);
	run->state = RUN_REFUSED;
	run->reason = reason;
	deadline_set(fleet, run, clock_mono());
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

static void
run_wait(struct fleet *fleet, struct fleet_run *run, struct lane *full)
{
	if (full->waiting >= fleet->options.max_waiting) {
		run_refuse(fleet, run, format_full(fleet, full));
		return;
	}
	run->state = RUN_WAITING;
	lane_wait(full, &run->waiter);
	deadline_set(fleet, run, clock_mono() + run->patience);
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
		run_refuse(fleet, run, xstrdup("the probes are stopping"));
	else if (full != NULL)
		run_wait(fleet, run, full);
	else
		run_start(fleet, run);
}

static void
probe_result(struct fleet_probe *p, const struct message *m)
{
	struct fleet *fleet = p->fleet;
	struct fleet_run *run;

	if (m->code >= OUTCOME_COUNT || m->doc_len == 0) {
		child_replace(p->child, "sent a result without an outcome");
		return;
	}
	p->expired = 0;
	run = run_find(fleet, p, m);
	if (run != NULL) {
		run_finish(fleet, run, (enum outcome)m->code, m->doc,
		    m->doc_len);
		return;
	}
	fleet->stats.late++;
	log_warn("fleet.result.late", "probe=%s", child_name(p->child));
}

static void
probe_message_cb(struct child *child, const struct message *m, void *arg)
{
	struct fleet_probe *p = arg;

	must_magic(p->fleet, FLEET_MAGIC);
	if (m->type == MESSAGE_RESULT)
		probe_result(p, m);
	else if (m->type != MESSAGE_LOAD)
		child_replace(child, "sent a message that is not a probe's");
}

static void
probe_ready_cb(struct child *child, const struct message *m, void *arg)
{
	struct fleet_probe *p = arg;
	struct fleet *fleet = p->fleet;

	(void)child;
	(void)m;
	must_magic(fleet, FLEET_MAGIC);
	p->expired = 0;
	fleet->stats.ready++;
	fleet->room->most += fleet->options.max_per_probe;
	lane_wake(fleet, fleet->room);
}

static void
probe_down_cb(struct child *child, const char *why, void *arg)
{
	struct fleet_probe *p = arg;
	struct fleet *fleet = p->fleet;
	struct fleet_run *run;
	char reason[REASON_SIZE];

	must_magic(fleet, FLEET_MAGIC);
	fleet->stats.ready--;
	fleet->stats.replaced++;
	fleet->room->most -= fleet->options.max_per_probe;
	snprintf(reason, sizeof(reason), "probe %s %s", child_name(child),
	    why);
	while ((run = TAILQ_FIRST(&p->runs)) != NULL)
		run_finish_unrun(fleet, run, OUTCOME_LOST, reason);
}

static const struct child_handlers probe_handlers = {
	.ready = probe_ready_cb,
	.message = probe_message_cb,
	.down = probe_down_cb,
};

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
	run_finish_unrun(fleet, run, OUTCOME_LOST, reason);
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
		run_finish_unrun(fleet, run, OUTCOME_SKIPPED, reason);
		break;
	case RUN_REFUSED:
		snprintf(reason, sizeof(reason), "%s", run->reason);
		run_finish_unrun(fleet, run, OUTCOME_SKIPPED, reason);
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

static void
fleet_timer_cb(void *arg)
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

static void
lose_all(struct fleet *fleet)
{
	struct fleet_run *run;
	uint32_t i;

	for (i = 0; i < fleet->run_count; i++) {
		run = fleet->runs[i];
		if (run->state == RUN_IN_FLIGHT)
			run_finish_unrun(fleet, run, OUTCOME_LOST,
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
		loop_timer_at(fleet->stop_timer, clock_mono() + TIMER_STEP);
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
			run_refuse(fleet, fleet->runs[i],
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
probe_init(struct fleet *fleet, unsigned int index, const char *program)
{
	struct fleet_probe *p = &fleet->probes[index];
	char *name = xasprintf("%s-%u", fleet->location, index + 1);
	char *most = xasprintf("%u", fleet->options.max_per_probe);
	struct child_spec spec = {.event = "fleet.probe", .name = name,
	    .program = program, .args = {"--child", "--name", name,
	    "--max-in-flight", most},
	    .ready_within = READY_WITHIN,
	    .silent_most = fleet->options.silent_most};

	p->fleet = fleet;
	p->index = index;
	TAILQ_INIT(&p->runs);
	p->child = child_new(fleet->loop, &spec, &probe_handlers, p);
	free(name);
	free(most);
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
	fleet->timer = loop_timer_new(loop, fleet_timer_cb, fleet);
	fleet->timer_due = INT64_MAX;
	fleet->stop_timer = loop_timer_new(loop, fleet_stop_timer_cb, fleet);
	fleet->probes = xcalloc(o->probe_count, sizeof(*fleet->probes));
	program = o->program != NULL ? xstrdup(o->program) :
	    proc_sibling("e2e-probe");
	for (i = 0; i < o->probe_count; i++)
		probe_init(fleet, i, program);
	free(program);
	return (fleet);
}

static void
free_runs(struct fleet *fleet)
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
	free_runs(fleet);
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
