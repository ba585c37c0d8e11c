/* SPDX-License-Identifier: ISC */
/* The gate's process: loop, probes, signals, budget. */
#include "gate/session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "gate/archive.h"
#include "gate/earlier.h"
#include "gate/override.h"
#include "gate/policy.h"
#include "gate/progress.h"
#include "gate/transcript.h"
#include "scheduler/fleet.h"

#define SESSION_MAGIC 0x47415445u
#define STOP_WITHIN (2 * SPAN_S)
#define PROBE_WITHIN (15 * SPAN_S) /* some probe must have come up */
#define ARCHIVE_INTERVAL (2 * SPAN_S)
#define PATIENCE (30 * SPAN_S)     /* of one run, for room at a probe */

/* The run of a check that is under way, and the end of its own time. */
struct running_run {
	struct running *running;
	size_t check;
	bool is_in_flight;
	enum arm arm;
	mono_us since;
	span_us clock_offset;     /* when it began */
	struct loop_timer *timer; /* NULL: it has the gate's time */
};

/* What lives while the loop runs. */
struct running {
	unsigned int magic;
	struct session *session;
	struct loop *loop;
	struct fleet *fleet;
	struct rounds *rounds;
	struct fleet_definition **definitions; /* check * ARM_COUNT + arm */
	struct running_run *runs;
	struct loop_timer *time_timer, *draw_timer, *probe_timer;
	struct loop_timer *archive_timer;
	struct archive *archive;
	struct loop_signal *signals[2];
	struct progress progress;
	bool is_stopping;
};

static void
stopped_cb(void *arg)
{
	struct running *r = arg;

	must_magic(r, SESSION_MAGIC);
	loop_stop(r->loop);
}

static void
stop(struct running *r, enum session_end end)
{
	if (r->is_stopping)
		return;
	r->is_stopping = true;
	r->session->end = end;
	r->session->spent = clock_mono() - r->progress.started;
	rounds_stop(r->rounds);
	fleet_stop(r->fleet, STOP_WITHIN, stopped_cb, r);
}

/* The run that has been under way longest, or a probe while there is none. */
static void
find_wait(const struct running *r, mono_us now, struct progress_work *work)
{
	const struct suite *suite = r->session->suite;
	const struct running_run *oldest = NULL, *run;
	struct fleet_stats stats;

	fleet_get_stats(r->fleet, &stats);
	for (run = r->runs; run < r->runs + suite->count; run++)
		if (run->is_in_flight && (oldest == NULL ||
		    run->since < oldest->since))
			oldest = run;
	if (oldest == NULL)
		return;
	work->waits = now - oldest->since;
	work->waits_for = "a probe";
	if (stats.ready == 0)
		return;
	work->waits_for = suite->service != NULL ?
	    suite->checks[oldest->check].plan->name :
	    suite->checks[oldest->check].id;
	work->waits_where = arm_name(oldest->arm);
}

static void
draw(struct running *r, mono_us now)
{
	const struct settings *o = r->session->settings;
	struct progress_work work = {.completed = rounds_completed(r->rounds),
	    .fresh = rounds_fresh(r->rounds), .most = (uint32_t)o->rounds,
	    .time = o->time, .is_exhaustive = r->session->is_exhaustive};

	find_wait(r, now, &work);
	progress_draw(&r->progress, r->session->engine, &work, now);
}

static void
done_cb(const struct fleet_result *result, void *arg)
{
	struct running_run *run = arg;
	struct running *r = run->running;
	struct sample sample;

	must_magic(r, SESSION_MAGIC);
	if (r->is_stopping)
		return;
	run->is_in_flight = false;
	sample_read(&sample, &r->session->suite->checks[run->check],
	    result->outcome, result->run, result->doc, result->doc_len);
	sample_note_step(&sample, clock_offset() - run->clock_offset);
	if (rounds_half_done(r->rounds, run->check, &sample) !=
	    ROUNDS_GOING_ON)
		stop(r, SESSION_ROUNDS);
}

static void
run_cb(void *arg, size_t check, enum arm arm)
{
	struct running *r = arg;
	const struct suite_check *c = &r->session->suite->checks[check];
	struct fleet_job job = {
	    .definition = r->definitions[check * ARM_COUNT + arm],
	    .trigger = TRIGGER_GATE,
	    .due = clock_wall(),
	    .timeout = c->arms[arm]->timeout,
	    .patience = PATIENCE,
	};

	must_magic(r, SESSION_MAGIC);
	if (arm == ARM_BASELINE)
		job.evidence_entry = ledger_wanted_entry(&r->session->ledger,
		    check);
	crypto_random(job.run, sizeof(job.run));
	r->runs[check].is_in_flight = true;
	r->runs[check].arm = arm;
	r->runs[check].since = clock_mono();
	r->runs[check].clock_offset = clock_offset();
	fleet_submit(r->fleet, &job, done_cb, &r->runs[check]);
}

static void
time_cb(void *arg)
{
	struct running *r = arg;

	must_magic(r, SESSION_MAGIC);
	stop(r, SESSION_TIME);
}

static void
check_time_cb(void *arg)
{
	struct running_run *run = arg;

	must_magic(run->running, SESSION_MAGIC);
	rounds_stop_check(run->running->rounds, run->check);
}

static void
probe_cb(void *arg)
{
	struct running *r = arg;
	struct fleet_stats stats;

	must_magic(r, SESSION_MAGIC);
	fleet_get_stats(r->fleet, &stats);
	if (stats.dispatched == 0)
		stop(r, SESSION_NO_PROBE);
}

static void
draw_cb(void *arg)
{
	struct running *r = arg;
	mono_us now = clock_mono();

	must_magic(r, SESSION_MAGIC);
	/* What probes still finish counts no more. */
	if (r->is_stopping)
		return;
	draw(r, now);
	loop_timer_at(r->draw_timer, now +
	    progress_interval(&r->progress, now));
}

static void
signal_cb(int signo, void *arg)
{
	struct running *r = arg;

	must_magic(r, SESSION_MAGIC);
	log_info("gate.signal", "signo=%d", signo);
	stop(r, SESSION_INTERRUPTED);
}

static void
archive_cb(void *arg)
{
	struct running *r = arg;

	must_magic(r, SESSION_MAGIC);
	archive_update(r->archive, r->session);
	loop_timer_at(r->archive_timer, clock_mono() + ARCHIVE_INTERVAL);
}

static void
define_all(struct running *r)
{
	const struct suite *suite = r->session->suite;
	size_t i;

	r->definitions = xcalloc(suite->count * ARM_COUNT,
	    sizeof(struct fleet_definition *));
	r->runs = xcalloc(suite->count, sizeof(*r->runs));
	for (i = 0; i < suite->count * ARM_COUNT; i++) {
		r->definitions[i] = fleet_define_from(r->fleet,
		    suite->checks[i / ARM_COUNT].arms[i % ARM_COUNT]);
		/* The loader bounds flows far below a message's size. */
		must(r->definitions[i] != NULL);
	}
	for (i = 0; i < suite->count; i++)
		r->runs[i] = (struct running_run){.running = r, .check = i};
}

static void
start_check_timers(struct running *r, mono_us now)
{
	const struct session *s = r->session;
	struct running_run *run;
	span_us most;
	size_t i;

	for (i = 0; i < s->suite->count && !s->is_exhaustive; i++) {
		run = &r->runs[i];
		most = s->suite->checks[i].time_most;
		if (most == 0 || most >= s->settings->time)
			continue;
		run->timer = loop_timer_new(r->loop, check_time_cb, run);
		loop_timer_at(run->timer, now + most);
	}
}

static void
running_start(struct running *r)
{
	const struct settings *o = r->session->settings;
	struct fleet_options fo = {.probe_count = (unsigned int)o->probes,
	    .location = "gate", .max_per_host = (unsigned int)o->per_host};
	mono_us now = clock_mono();

	r->loop = loop_new();
	/* Before there are probes that a signal would leave behind. */
	r->signals[0] = loop_signal_new(r->loop, SIGINT, signal_cb, r);
	r->signals[1] = loop_signal_new(r->loop, SIGTERM, signal_cb, r);
	r->fleet = fleet_new(r->loop, &fo);
	define_all(r);
	progress_init(&r->progress, o->is_quiet, now);
	r->time_timer = loop_timer_new(r->loop, time_cb, r);
	r->draw_timer = loop_timer_new(r->loop, draw_cb, r);
	r->probe_timer = loop_timer_new(r->loop, probe_cb, r);
	r->archive_timer = loop_timer_new(r->loop, archive_cb, r);
	loop_timer_at(r->time_timer, now + o->time);
	start_check_timers(r, now);
	loop_timer_at(r->probe_timer, now + PROBE_WITHIN);
	if (r->archive != NULL)
		loop_timer_at(r->archive_timer, now + ARCHIVE_INTERVAL);
	draw_cb(r);
	rounds_start(r->rounds);
}

static void
running_fini(struct running *r)
{
	size_t i;

	progress_end(&r->progress);
	loop_timer_free(&r->time_timer);
	loop_timer_free(&r->draw_timer);
	loop_timer_free(&r->probe_timer);
	loop_timer_free(&r->archive_timer);
	loop_signal_free(&r->signals[0]);
	loop_signal_free(&r->signals[1]);
	for (i = 0; i < r->session->suite->count; i++)
		loop_timer_free(&r->runs[i].timer);
	for (i = 0; i < r->session->suite->count * ARM_COUNT; i++)
		fleet_forget(&r->definitions[i]);
	fleet_free(&r->fleet);
	free(r->definitions);
	free(r->runs);
	loop_free(&r->loop);
}

struct engine *
session_engine(const struct settings *settings, const struct suite *suite)
{
	struct engine_config config = settings_engine(settings);
	struct engine_check *checks = xcalloc(suite->count, sizeof(*checks));
	struct engine *e;
	struct engine_phi0 *phi0 = xcalloc(suite->count, sizeof(*phi0));
	const struct suite_check *c;
	size_t i;

	for (i = 0; i < suite->count; i++) {
		c = &suite->checks[i];
		phi0[i] = (struct engine_phi0){c->phi0, c->tail_phi0};
		checks[i] = (struct engine_check){
		    .name = c->id,
		    .step_count = c->step_count,
		    .history = c->history,
		    .phi0 = c->phi0 != NULL ? &phi0[i] : NULL,
		    .limits = &c->limits,
		    .is_quarantined = !policy_is_judged(c),
		};
	}
	e = engine_new(&config, checks, suite->count);
	free(checks);
	free(phi0);
	return (e);
}

/* The pairs of the earlier gate go first, in their order. */
static void
add_earlier(struct running *r, const struct transcript *t)
{
	struct session *s = r->session;
	size_t *check_of = xcalloc(t->check_count + 1, sizeof(*check_of));
	struct ledger_pair kept;
	size_t i, j;

	memcpy(s->continues, t->id, sizeof(s->continues));
	s->earlier_pairs = (uint32_t)t->pair_count;
	for (i = 0; i < s->suite->count; i++) {
		j = transcript_find_check(t, s->suite->checks[i].id);
		must(j < t->check_count);
		check_of[j] = i;
	}
	for (i = 0; i < t->pair_count; i++) {
		kept = t->pairs[i].kept;
		kept.check = check_of[kept.check];
		rounds_add_earlier(r->rounds, &kept, &t->pairs[i].pair);
	}
	transcript_give_failures(t, &s->ledger, check_of);
	free(check_of);
}

static void
make_rounds(struct running *r, const struct session_help *help)
{
	const struct settings *o = r->session->settings;
	const struct suite *suite = r->session->suite;
	uint32_t *own = xcalloc(suite->count, sizeof(*own));
	struct rounds_options ro = {.seed = (uint64_t)o->seed,
	    .rounds = (uint32_t)o->rounds, .warmup = (uint32_t)o->warmup,
	    .parallel = (size_t)o->parallel,
	    .check_count = suite->count,
	    .is_exhaustive = help->is_exhaustive,
	    .is_single = o->is_history_only,
	    .own_rounds = help->is_exhaustive ? NULL : own};
	size_t i;

	for (i = 0; i < suite->count; i++)
		own[i] = suite->checks[i].rounds_most;
	r->rounds = rounds_new(&ro, r->session->engine, &r->session->ledger,
	    run_cb, r);
	free(own);
	if (help->earlier != NULL)
		add_earlier(r, help->earlier);
}

void
session_run(struct session *s, const struct settings *settings,
    const struct suite *suite, const struct session_help *help)
{
	struct running r = {.magic = SESSION_MAGIC, .session = s,
	    .archive = help->archive};
	size_t i;

	*s = (struct session){.settings = settings, .suite = suite,
	    .started = clock_wall(), .overrides = help->overrides,
	    .aged = help->aged, .is_exhaustive = help->is_exhaustive};
	crypto_random(s->id, sizeof(s->id));
	earlier_identity(settings, suite, s->identity);
	s->engine = session_engine(settings, suite);
	ledger_init(&s->ledger, suite->count);
	make_rounds(&r, help);
	if (rounds_ended(r.rounds) == ROUNDS_GOING_ON) {
		running_start(&r);
		loop_run(r.loop);
		running_fini(&r);
	}
	s->finished = clock_wall();
	s->rounds = rounds_completed(r.rounds);
	s->rounds_end = rounds_ended(r.rounds);
	s->verdict = engine_finish(s->engine);
	s->reason = engine_reason(s->engine, &s->reason_check);
	for (i = suite->count; i-- > 0;)
		if (rounds_is_spent(r.rounds, i) &&
		    !engine_check_holds(s->engine, i))
			s->over = &suite->checks[i];
	rounds_free(&r.rounds);
}

void
session_fini(struct session *s)
{
	engine_free(&s->engine);
	ledger_fini(&s->ledger);
}
