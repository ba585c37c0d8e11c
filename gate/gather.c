/* SPDX-License-Identifier: ISC */
/*
 * One check after the other, pair after pair: rounds that follow each other
 * closely resemble each other the most, so that what is noted is careful.
 */
#include "gate/gather.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/channel.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/proc.h"
#include "gate/aa_note.h"
#include "gate/archive.h"
#include "gate/rounds.h"
#include "gate/session.h"

#define GATHER_MAGIC 0x47415448u
#define NICE 10
#define LOOK_EVERY (1 * SPAN_H)   /* for history that has become old */
#define WAIT_FIRST (1 * SPAN_H)   /* after a session */
#define WAIT_MOST (1 * SPAN_DAY)  /* after several that came to nothing */
#define VOIDS_MOST 20             /* in a row: not now */
#define ROUNDS_SPARE 50           /* in place of void ones */
#define FAILURES_LEAST 5
#define FAILURES_MOST 0.05        /* of the runs */
#define JOB_BYTES 4096
#define NOTE_BYTES (16u << 20)

/* When a check may have its next session; and the time after that. */
struct waiting {
	mono_us until;
	span_us span;
};

struct gathering {
	unsigned int magic;
	const struct settings *settings;
	struct loop *loop;
	struct channel *channel;
	struct loop_timer *timer;
	struct suite suite;      /* all checks that allow it */
	struct waiting *waiting; /* of each */
	/* The session of one check. */
	struct suite one;
	struct session session;
	struct rounds *rounds;   /* NULL: none is under way */
	uint8_t asked[MESSAGE_ID_SIZE];
	bool is_asking;
	size_t pairs_at_ask;     /* that the ledger had */
	uint32_t voids;          /* in a row */
};

static struct suite_check *
gathered_check(struct gathering *g)
{
	return (&g->one.checks[0]);
}

static struct waiting *
gathered_waiting(struct gathering *g)
{
	return (&g->waiting[g->one.checks - g->suite.checks]);
}

/* ---- what is wanted ---- */

static void
forget_history(struct suite_check *c)
{
	free(c->aa);
	free(c->phi0);
	c->aa = NULL;
	c->phi0 = NULL;
	c->aa_rounds = 0;
	c->aa_at = 0;
}

static bool
is_wanted(const struct gathering *g, size_t i, wall_us now)
{
	const struct suite_check *c = &g->suite.checks[i];

	if (clock_mono() < g->waiting[i].until)
		return (false);
	return (c->aa == NULL || c->aa_rounds < AA_ROUNDS_WANTED ||
	    c->aa_at < now - GATHER_AGAIN);
}

static size_t
find_wanted(const struct gathering *g)
{
	wall_us now = clock_wall();
	size_t i;

	for (i = 0; i < g->suite.count; i++)
		if (is_wanted(g, i, now))
			return (i);
	return (SIZE_MAX);
}

/* ---- one session ---- */

static void
ask_cb(void *arg, size_t check, enum arm arm)
{
	struct gathering *g = arg;
	const struct suite_check *c = gathered_check(g);
	struct message m = {.type = MESSAGE_JOB};
	struct json_out o;
	struct buf doc;

	(void)check;
	(void)arm;
	/* No pair has ended since the last run: it is the other half. */
	m.code = g->is_asking && g->pairs_at_ask == g->session.ledger.count;
	g->is_asking = true;
	g->pairs_at_ask = g->session.ledger.count;
	crypto_random(g->asked, sizeof(g->asked));
	memcpy(m.id, g->asked, sizeof(m.id));
	buf_init(&doc, JOB_BYTES);
	json_out_init(&o, &doc);
	json_out_object(&o);
	json_out_kv_str(&o, "check", c->id);
	json_out_kv_str(&o, "definition", c->arms[ARM_BASELINE]->hash);
	json_out_object_end(&o);
	m.doc = doc.data;
	m.doc_len = doc.len;
	channel_send(g->channel, &m);
	buf_fini(&doc);
}

static void
begin_session(struct gathering *g, size_t at)
{
	struct engine_config config = settings_engine(g->settings);
	struct rounds_options ro = {
	    .rounds = (uint32_t)g->settings->rounds + ROUNDS_SPARE,
	    .warmup = (uint32_t)g->settings->warmup, .parallel = 1,
	    .check_count = 1, .is_exhaustive = true,
	    .has_own_end = true};

	g->one = g->suite;
	g->one.checks = &g->suite.checks[at];
	g->one.count = 1;
	g->one.service = g->one.checks[0].plan->service;
	g->one.checks[0].limits = (struct engine_limits){
	    .tolerance = config.tolerance, .margin = config.margin,
	    .failure_margin = config.failure_margin,
	    .tail_margin = config.tail_margin};
	g->session = (struct session){.settings = g->settings,
	    .suite = &g->one, .started = clock_wall()};
	g->session.engine = session_engine(g->settings, &g->one);
	ledger_init(&g->session.ledger, 1);
	crypto_random(&ro.seed, sizeof(ro.seed));
	g->is_asking = false;
	g->voids = 0;
	g->rounds = rounds_new(&ro, g->session.engine, &g->session.ledger,
	    ask_cb, g);
	log_info("gate.gather.begin", "check=%s", g->one.checks[0].id);
	rounds_start(g->rounds);
}

static void
end_session(struct gathering *g)
{
	rounds_free(&g->rounds);
	session_fini(&g->session);
	loop_timer_at(g->timer, clock_mono());
}

/* The service was ill, or nobody had room: this says nothing. */
static void
give_up(struct gathering *g, const char *why)
{
	struct waiting *w = gathered_waiting(g);

	log_warn("gate.gather.given_up", "check=%s reason=%s rounds=%u",
	    gathered_check(g)->id, log_quote(why),
	    rounds_completed(g->rounds));
	w->until = clock_mono() + w->span;
	w->span = 2 * w->span < WAIT_MOST ? 2 * w->span : WAIT_MOST;
	end_session(g);
}

static void
note_session(struct gathering *g)
{
	struct session *s = &g->session;
	const char *id = gathered_check(g)->id;
	uint8_t note_id[MESSAGE_ID_SIZE];
	struct buf note;
	int rc = ERR_LIMIT;

	s->finished = clock_wall();
	s->rounds = rounds_completed(g->rounds);
	s->verdict = engine_finish(s->engine);
	buf_init(&note, NOTE_BYTES);
	aa_note_make(s, &note);
	crypto_random(note_id, sizeof(note_id));
	if (!note.is_full)
		rc = archive_note(g->settings->store, note_id, &note);
	buf_fini(&note);
	if (rc != 0) {
		give_up(g, "the store did not take the note");
		return;
	}
	log_info("gate.gather.noted", "check=%s rounds=%u verdict=%s", id,
	    s->rounds, engine_verdict_name(s->verdict));
	if (s->verdict == ENGINE_BLOCK)
		log_warn("gate.gather.differs", "check=%s sentence=\"the "
		    "halves of its rounds differ: what tells them apart?\"",
		    id);
	/* Not again at once, whatever the store gives back. */
	*gathered_waiting(g) = (struct waiting){clock_mono() + WAIT_FIRST,
	    WAIT_FIRST};
	end_session(g);
}

/* An ill service gets no more load than its schedule's. */
static bool
is_ill(const struct engine_counts *n)
{
	uint32_t failures = n->candidate_failures + n->baseline_failures;

	return (failures >= FAILURES_LEAST &&
	    failures > FAILURES_MOST * 2 * n->rounds);
}

/* A pair is complete: go on? */
static void
judge(struct gathering *g, enum rounds_end end)
{
	struct engine_counts n = engine_counts(g->session.engine, 0);

	if (g->voids >= VOIDS_MOST)
		give_up(g, "the scheduler could not run it");
	else if (is_ill(&n))
		give_up(g, "the service fails");
	else if (n.rounds >= (uint32_t)g->settings->rounds)
		note_session(g);
	else if (end != ROUNDS_GOING_ON)
		give_up(g, "too many pairs were void");
}

static void
answered(struct gathering *g, const struct message *m)
{
	size_t pairs = g->session.ledger.count;
	struct sample sample;
	enum rounds_end end;

	sample_read(&sample, gathered_check(g), (enum outcome)m->code, m->id,
	    m->doc, m->doc_len);
	end = rounds_half_done(g->rounds, 0, &sample);
	if (g->session.ledger.count == pairs)
		return;
	g->voids = g->session.ledger.pairs[pairs].is_void ? g->voids + 1 : 0;
	judge(g, end);
}

/* ---- the loop ---- */

static void
look(struct gathering *g)
{
	size_t i;

	/* Somebody may have run e2e-gate aa meanwhile. */
	for (i = 0; i < g->suite.count; i++)
		forget_history(&g->suite.checks[i]);
	archive_read_history(&g->suite, g->settings->store, clock_wall());
	i = find_wanted(g);
	if (i != SIZE_MAX)
		begin_session(g, i);
	else
		loop_timer_at(g->timer, clock_mono() + LOOK_EVERY);
}

static void
timer_cb(void *arg)
{
	struct gathering *g = arg;

	must_magic(g, GATHER_MAGIC);
	look(g);
}

static void
message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct gathering *g = arg;

	(void)ch;
	must_magic(g, GATHER_MAGIC);
	/* What an earlier child had asked for may come to us. */
	if (m->type == MESSAGE_RESULT && m->code < OUTCOME_COUNT &&
	    g->rounds != NULL && memcmp(m->id, g->asked, sizeof(g->asked)) ==
	    0)
		answered(g, m);
}

static void
closed_cb(struct channel *ch, int err, void *arg)
{
	struct gathering *g = arg;

	(void)ch;
	(void)err;
	must_magic(g, GATHER_MAGIC);
	loop_stop(g->loop);
}

static const struct channel_handlers handlers = {
	.message = message_cb,
	.closed = closed_cb,
};

int
gather_run(const struct settings *s)
{
	struct gathering g = {.magic = GATHER_MAGIC, .settings = s};
	struct message ready = {.type = MESSAGE_READY};
	size_t i;

	setpriority(PRIO_PROCESS, 0, NICE);
	g.loop = loop_new();
	g.channel = channel_new(g.loop, PROC_CHILD_FD, &handlers, &g);
	g.timer = loop_timer_new(g.loop, timer_cb, &g);
	/* Mistakes are on stderr; the scheduler starts us anew with a plan
	 * that has none. */
	if (suite_load(s, &g.suite) == 0) {
		g.waiting = xcalloc(g.suite.count, sizeof(*g.waiting));
		for (i = 0; i < g.suite.count; i++)
			g.waiting[i].span = WAIT_FIRST;
		loop_timer_at(g.timer, clock_mono());
	}
	channel_send(g.channel, &ready);
	loop_run(g.loop);
	if (g.rounds != NULL) {
		rounds_free(&g.rounds);
		session_fini(&g.session);
	}
	suite_fini(&g.suite);
	free(g.waiting);
	loop_timer_free(&g.timer);
	channel_free(&g.channel);
	loop_free(&g.loop);
	return (EXIT_GOOD);
}
