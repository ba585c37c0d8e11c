/* SPDX-License-Identifier: ISC */
/*
 * Running what is missing: each check by itself, one run after the other,
 * like production probing does but here and now. Every run adds to the same
 * evidence as the schedule's and is stored under the trigger "gate", so that
 * a later status counts it too.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/loop.h"
#include "base/mem.h"
#include "gate/progress.h"
#include "gate/status.h"
#include "scheduler/fleet.h"
#include "store/client.h"

#define STATUS_MAGIC 0x53544154u
#define OURS_MOST 5           /* runs in a row that measured nothing */
#define STOP_WITHIN (2 * SPAN_S)
#define PROBE_WITHIN (15 * SPAN_S)
#define PATIENCE (30 * SPAN_S)
#define STORE_EVERY (20 * SPAN_MS)
#define STORE_OPEN_WITHIN (10 * SPAN_S)
#define STORE_SEND_WITHIN (20 * SPAN_S)
#define LINE_SIZE 160

/* A check that may be run. */
struct unit {
	struct running *running;
	const struct suite_check *check;
	struct fleet_definition *definition;
	uint32_t runs;
	uint32_t ours;         /* in a row */
	bool is_in_flight;
};

/* A run event on its way to the store. */
struct event {
	uint8_t run[MESSAGE_ID_SIZE];
	char *doc;
	size_t len;
};

struct running {
	unsigned int magic;
	struct status *st;
	struct loop *loop;
	struct fleet *fleet;
	struct unit *units;
	size_t unit_count, in_flight;
	struct loop_timer *time_timer, *probe_timer, *draw_timer;
	struct loop_timer *store_timer;
	struct loop_signal *signals[2];
	struct progress progress;
	struct store_client *client; /* NULL: nothing can be stored */
	struct event *events;
	size_t event_count, event_cap, event_sent;
	bool is_stopping;
};

/* ---- the store ---- */

static void
store_event(struct running *r, const struct fleet_result *result)
{
	struct event *e;

	if (r->event_count == r->event_cap) {
		r->event_cap = r->event_cap > 0 ? 2 * r->event_cap : 64;
		r->events = xreallocarray(r->events, r->event_cap,
		    sizeof(*r->events));
	}
	e = &r->events[r->event_count++];
	memcpy(e->run, result->run, sizeof(e->run));
	e->doc = xmemdup(result->doc, result->doc_len);
	e->len = result->doc_len;
}

static struct message
event_message(const struct event *e)
{
	struct message m = {.type = MESSAGE_RESULT, .doc = e->doc,
	    .doc_len = e->len};

	memcpy(m.id, e->run, sizeof(m.id));
	return (m);
}

static void
store_cb(void *arg)
{
	struct running *r = arg;
	struct message m;

	must_magic(r, STATUS_MAGIC);
	while (r->client != NULL && r->event_sent < r->event_count &&
	    store_client_poll(r->client) == 0) {
		m = event_message(&r->events[r->event_sent++]);
		store_client_post(r->client, &m);
	}
	loop_timer_at(r->store_timer, clock_mono() + STORE_EVERY);
}

static void
open_store(struct running *r)
{
	struct cause cause;

	cause_init(&cause);
	if (store_client_open(r->st->settings->store, STORE_OPEN_WITHIN,
	    &r->client, &cause) != 0) {
		fprintf(stderr, "e2e-gate: warning: the runs that are made "
		    "now are not recorded\n");
		r->client = NULL;
	}
	cause_print(&cause, stderr);
	cause_fini(&cause);
}

/* The one under way, if any, and the rest. */
static void
flush_store(struct running *r)
{
	struct cause cause;
	struct message m;
	size_t i = r->event_sent;
	int rc = 0;

	cause_init(&cause);
	/* What was posted last may be stored or not. */
	if (i > 0 && store_client_poll(r->client) != 0)
		i--;
	for (; rc == 0 && i < r->event_count; i++) {
		m = event_message(&r->events[i]);
		m.type = MESSAGE_RESULT_AGAIN;
		rc = store_client_send(r->client, &m, STORE_SEND_WITHIN,
		    &cause);
	}
	if (rc != 0)
		fprintf(stderr, "e2e-gate: warning: some of the runs that "
		    "were made are not recorded; the verdict stands\n");
	cause_print(&cause, stderr);
	cause_fini(&cause);
}

/* ---- what is next ---- */

/* The budget ends the runs of a check, or its own does. */
static bool
is_spent(const struct running *r, const struct unit *u)
{
	const struct suite_check *c = u->check;

	return (u->runs >= (uint64_t)r->st->settings->rounds ||
	    (c->rounds_most > 0 && u->runs >= c->rounds_most) ||
	    (c->time_most > 0 && clock_mono() - r->progress.started >=
	    c->time_most));
}

static bool
may_begin(const struct running *r, const struct unit *u)
{
	size_t i;

	if (u->is_in_flight || u->ours >= OURS_MOST || is_spent(r, u))
		return (false);
	for (i = 0; i < r->st->count; i++)
		if (r->st->checks[i].policy == u->check &&
		    status_wants_runs(r->st, &r->st->checks[i]))
			return (true);
	return (false);
}

static struct unit *
pick_unit(const struct running *r)
{
	struct unit *best = NULL, *u;
	size_t i;

	for (i = 0; i < r->unit_count; i++) {
		u = &r->units[i];
		if (may_begin(r, u) && (best == NULL || u->runs < best->runs))
			best = u;
	}
	return (best);
}

static void
stopped_cb(void *arg)
{
	struct running *r = arg;

	must_magic(r, STATUS_MAGIC);
	loop_stop(r->loop);
}

static void
stop(struct running *r)
{
	if (r->is_stopping)
		return;
	r->is_stopping = true;
	fleet_stop(r->fleet, STOP_WITHIN, stopped_cb, r);
}

static void done_cb(const struct fleet_result *result, void *arg);

static void
begin_runs(struct running *r)
{
	struct unit *u;
	struct fleet_job job = {.trigger = TRIGGER_GATE,
	    .patience = PATIENCE};

	while (!r->is_stopping && r->in_flight <
	    (size_t)r->st->settings->parallel && (u = pick_unit(r)) != NULL) {
		job.definition = u->definition;
		job.due = clock_wall();
		job.timeout = u->check->arms[ARM_CANDIDATE]->timeout;
		crypto_random(job.run, sizeof(job.run));
		u->is_in_flight = true;
		u->runs++;
		r->in_flight++;
		fleet_submit(r->fleet, &job, done_cb, u);
	}
	if (r->in_flight == 0)
		stop(r);
}

/* It counts wherever the check is planned: the service is the same. */
static void
count_run(struct running *r, const struct unit *u, enum outcome outcome)
{
	struct watched *w;
	size_t i;

	r->st->ran++;
	for (i = 0; i < r->st->count; i++) {
		w = &r->st->checks[i];
		if (w->policy != u->check)
			continue;
		status_add_run(w, outcome_is_against_service(outcome),
		    clock_wall());
		w->own++;
		status_watch(r->st, w);
	}
}

static void
count_invalid(struct running *r, const struct unit *u)
{
	struct watched *w;

	for (w = r->st->checks; w < r->st->checks + r->st->count; w++)
		if (w->policy == u->check) {
			w->invalid++;
			status_watch(r->st, w);
		}
}

static void
tell_nothing_measured(struct running *r, const struct unit *u,
    enum outcome outcome)
{
	progress_wipe(&r->progress);
	fprintf(stderr, "e2e-gate: %s: its runs measure nothing (%s)\n",
	    u->check->id, outcome_name(outcome));
}

static void
done_cb(const struct fleet_result *result, void *arg)
{
	struct unit *u = arg;
	struct running *r = u->running;

	must_magic(r, STATUS_MAGIC);
	u->is_in_flight = false;
	r->in_flight--;
	store_event(r, result);
	if (outcome_is_ours(result->outcome)) {
		if (result->outcome == OUTCOME_INVALID)
			count_invalid(r, u);
		if (++u->ours == OURS_MOST)
			tell_nothing_measured(r, u, result->outcome);
	} else {
		u->ours = 0;
		count_run(r, u, result->outcome);
		status_judge(r->st);
	}
	if (r->st->verdict != ENGINE_INCONCLUSIVE)
		stop(r);
	else
		begin_runs(r);
}

/* ---- the process ---- */

static void
end_cb(void *arg)
{
	struct running *r = arg;

	must_magic(r, STATUS_MAGIC);
	stop(r);
}

static void
signal_cb(int signo, void *arg)
{
	struct running *r = arg;

	(void)signo;
	must_magic(r, STATUS_MAGIC);
	r->st->is_interrupted = true;
	stop(r);
}

static void
probe_cb(void *arg)
{
	struct running *r = arg;
	struct fleet_stats stats;

	must_magic(r, STATUS_MAGIC);
	fleet_get_stats(r->fleet, &stats);
	if (stats.dispatched > 0)
		return;
	progress_wipe(&r->progress);
	fprintf(stderr, "e2e-gate: no probe came up: nothing was run\n");
	stop(r);
}

static void
draw_cb(void *arg)
{
	struct running *r = arg;
	mono_us now = clock_mono();
	size_t wanting = 0, most, i;
	uint32_t failed = 0;
	char line[LINE_SIZE];
	struct buf spent;

	must_magic(r, STATUS_MAGIC);
	for (i = 0; i < r->st->count; i++) {
		wanting += status_wants_runs(r->st, &r->st->checks[i]);
		failed += r->st->checks[i].failures.failures;
	}
	most = progress_width(&r->progress) + 1;
	buf_init(&spent, CLOCK_SPAN_SIZE);
	progress_time(now - r->progress.started, &spent);
	snprintf(line, most < sizeof(line) ? most : sizeof(line),
	    "%s  undecided %zu of %zu checks  %u missing run%s made  failed "
	    "%u", buf_str(&spent), wanting, r->st->count, r->st->ran,
	    r->st->ran == 1 ? "" : "s", failed);
	buf_fini(&spent);
	progress_say(&r->progress, line, now);
	loop_timer_at(r->draw_timer, now +
	    progress_interval(&r->progress, now));
}

static void
make_units(struct running *r)
{
	const struct suite *suite = r->st->suite;
	struct unit *u;
	size_t i;

	r->units = xcalloc(suite->count, sizeof(*r->units));
	r->unit_count = suite->count;
	for (i = 0; i < suite->count; i++) {
		u = &r->units[i];
		*u = (struct unit){.running = r, .check = &suite->checks[i]};
		u->definition = fleet_define_from(r->fleet,
		    u->check->arms[ARM_CANDIDATE]);
		/* The loader bounds flows far below a message's size. */
		must(u->definition != NULL);
	}
}

static void
start(struct running *r)
{
	const struct settings *o = r->st->settings;
	struct fleet_options fo = {.probe_count = (unsigned int)o->probes,
	    .location = STATUS_LOCATION,
	    .max_per_host = (unsigned int)o->per_host};
	mono_us now = clock_mono();

	r->loop = loop_new();
	r->fleet = fleet_new(r->loop, &fo);
	make_units(r);
	progress_init(&r->progress, o->is_quiet, now);
	r->time_timer = loop_timer_new(r->loop, end_cb, r);
	r->probe_timer = loop_timer_new(r->loop, probe_cb, r);
	r->draw_timer = loop_timer_new(r->loop, draw_cb, r);
	r->store_timer = loop_timer_new(r->loop, store_cb, r);
	r->signals[0] = loop_signal_new(r->loop, SIGINT, signal_cb, r);
	r->signals[1] = loop_signal_new(r->loop, SIGTERM, signal_cb, r);
	loop_timer_at(r->time_timer, now + o->time);
	loop_timer_at(r->probe_timer, now + PROBE_WITHIN);
	loop_timer_at(r->store_timer, now + STORE_EVERY);
	draw_cb(r);
	begin_runs(r);
}

static void
running_fini(struct running *r)
{
	size_t i;

	progress_end(&r->progress);
	loop_timer_free(&r->time_timer);
	loop_timer_free(&r->probe_timer);
	loop_timer_free(&r->draw_timer);
	loop_timer_free(&r->store_timer);
	loop_signal_free(&r->signals[0]);
	loop_signal_free(&r->signals[1]);
	for (i = 0; i < r->unit_count; i++)
		fleet_forget(&r->units[i].definition);
	fleet_free(&r->fleet);
	if (r->client != NULL)
		flush_store(r);
	store_client_close(&r->client);
	for (i = 0; i < r->event_count; i++)
		free(r->events[i].doc);
	free(r->events);
	free(r->units);
	loop_free(&r->loop);
}

void
status_run(struct status *st)
{
	struct running r = {.magic = STATUS_MAGIC, .st = st};
	mono_us began = clock_mono();

	open_store(&r);
	start(&r);
	loop_run(r.loop);
	running_fini(&r);
	st->spent = clock_mono() - began;
}
