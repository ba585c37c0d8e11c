/* SPDX-License-Identifier: ISC */
/*
 * Events live in one queue: sent and waiting for their ACK first, not yet
 * sent behind. While the spool is in use the queue is a window onto its
 * oldest part, and new events go to its end. A cookie is given at sending,
 * so that an ACK covers exactly what this store process was sent before.
 */
#include "scheduler/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "scheduler/child.h"
#include "scheduler/spool.h"

#define OUTBOX_MAGIC   0x4f555442u
#define MEMORY_MOST    (32u << 20)
#define MEMORY_HARD    (512u << 20) /* when the disk takes nothing either */
#define WINDOW_BYTES   (8u << 20)   /* sent and not acknowledged */
#define SCAN_MOST      (64u << 20)
#define AWAY_MOST      (1 * SPAN_S)
#define STUCK_AFTER    (60 * SPAN_S)
#define READY_WITHIN   (10 * SPAN_MIN) /* a migration may take long */
#define TICK           (200 * SPAN_MS)
#define SLEPT          (2 * SPAN_S)  /* a tick so late: we stood still */
#define STORE_ENDS_IN  (10 * SPAN_S)
#define COMPLAIN_EVERY (10 * SPAN_S)

struct event {
	STAILQ_ENTRY(event) link;
	uint64_t cookie;   /* of its last sending; 0: not sent to this store */
	uint64_t segment;  /* where it stands on disk; 0: nowhere */
	uint8_t id[MESSAGE_ID_SIZE];
	uint16_t code;
	bool is_again;
	size_t len;
	char doc[];
};

STAILQ_HEAD(event_list, event);

enum stopping { STOP_NO, STOP_DRAINING, STOP_ENDING, STOP_DONE };

struct outbox {
	unsigned int magic;
	struct loop *loop;
	struct outbox_options options;
	struct child *store;
	struct spool *spool;
	outbox_ready_cb *ready;
	void *arg;
	struct event_list events;
	struct event *next;        /* the first one not sent; NULL: none */
	struct event *front;       /* last one added at the front */
	size_t sent_bytes;
	uint64_t last_cookie;
	bool is_up;                /* the store takes messages */
	bool is_greeting;          /* it was just told to be up */
	bool is_spooling;          /* new events go to disk */
	mono_us down_since;
	mono_us ticked;
	mono_us progress;          /* last ACK, or last sending from empty */
	mono_us copied;            /* see keep_copy */
	mono_us complained;
	char *plan;
	size_t plan_len;
	char *refusal;             /* of a later one; NULL: it was taken */
	size_t refusal_len;
	struct loop_timer *tick;
	enum stopping stopping;
	mono_us stop_end;
	void (*stopped)(void *arg);
	void *stopped_arg;
	struct outbox_stats stats;
};

static struct event *
event_new(struct outbox *o, const struct message *m, uint64_t segment,
    bool is_again)
{
	struct event *e = xmalloc(sizeof(*e) + m->doc_len);

	e->cookie = 0;
	e->segment = segment;
	memcpy(e->id, m->id, MESSAGE_ID_SIZE);
	e->code = m->code;
	e->is_again = is_again;
	e->len = m->doc_len;
	if (m->doc_len > 0)
		memcpy(e->doc, m->doc, m->doc_len);
	o->stats.in_memory++;
	o->stats.memory_bytes += sizeof(*e) + e->len;
	return (e);
}

static void
push(struct outbox *o, const struct message *m, uint64_t segment,
    bool is_again)
{
	struct event *e = event_new(o, m, segment, is_again);

	STAILQ_INSERT_TAIL(&o->events, e, link);
	if (o->next == NULL)
		o->next = e;
}

static void
pop(struct outbox *o)
{
	struct event *e = STAILQ_FIRST(&o->events);

	STAILQ_REMOVE_HEAD(&o->events, link);
	if (e->segment != 0)
		spool_done(o->spool, e->segment);
	o->stats.in_memory--;
	o->stats.memory_bytes -= sizeof(*e) + e->len;
	o->sent_bytes -= e->len;
	free(e);
}

static void
send_event(struct outbox *o, struct event *e)
{
	struct message m = {.type = e->is_again ? MESSAGE_RESULT_AGAIN :
	    MESSAGE_RESULT, .code = e->code, .doc = e->doc,
	    .doc_len = e->len};

	if (o->sent_bytes == 0)
		o->progress = clock_mono();
	e->cookie = m.cookie = ++o->last_cookie;
	e->is_again = true; /* should it be sent once more */
	memcpy(m.id, e->id, MESSAGE_ID_SIZE);
	child_send(o->store, &m);
	o->sent_bytes += e->len;
}

/* Bring the oldest event back from disk. False when there is none now. */
static bool
load_one(struct outbox *o)
{
	struct message m;
	uint64_t segment;
	int rc;

	if (!o->is_spooling)
		return (false);
	if ((rc = spool_read(o->spool, &m, &segment)) == 0) {
		push(o, &m, segment, true);
		return (true);
	}
	if (rc == ERR_BUSY)
		return (false); /* the next tick tries again */
	o->is_spooling = false;
	log_info("outbox.spool.end", "in_memory=%zu", o->stats.in_memory);
	return (false);
}

/* Send as much as the window allows. */
static void
pump(struct outbox *o)
{
	while (o->is_up && !o->is_greeting && o->sent_bytes < WINDOW_BYTES) {
		if (o->next == NULL && !load_one(o))
			return;
		send_event(o, o->next);
		o->next = STAILQ_NEXT(o->next, link);
	}
}

static void
complain(struct outbox *o, const char *what)
{
	mono_us now = clock_mono();

	if (o->complained != 0 && now - o->complained < COMPLAIN_EVERY)
		return;
	o->complained = now;
	log_error(what, "error=%s in_memory=%zu dropped=%llu",
	    log_quote(strerror(errno)), o->stats.in_memory,
	    (unsigned long long)o->stats.dropped);
}

static int
spool_event(struct outbox *o, const struct message *m, uint64_t *segment)
{
	if (spool_append(o->spool, m, segment) == 0)
		return (0);
	complain(o, "outbox.spool.write");
	return (ERR_IO);
}

/* Put what is only in memory on disk; how much of it there is no room for. */
static size_t
save_all(struct outbox *o)
{
	struct event *e;
	struct message m = {.type = MESSAGE_RESULT};
	size_t left = 0;

	STAILQ_FOREACH(e, &o->events, link) {
		if (e->segment != 0)
			continue;
		m.code = e->code;
		memcpy(m.id, e->id, MESSAGE_ID_SIZE);
		m.doc = e->doc;
		m.doc_len = e->len;
		if (left > 0 || spool_event(o, &m, &e->segment) != 0)
			left++;
	}
	return (left);
}

/*
 * Go to disk: first all that is in memory, so that a crash of ours loses
 * none of it; it stays in the queue as the window onto the spool.
 */
static void
begin_spooling(struct outbox *o)
{
	if (o->is_spooling)
		return;
	save_all(o);
	spool_skip(o->spool);
	o->is_spooling = true;
	log_warn("outbox.spool.begin", "in_memory=%zu bytes=%zu",
	    o->stats.in_memory, o->stats.memory_bytes);
}

/*
 * The store stands still, and may go on at once: all stays in memory, but
 * on disk as well, for we may be killed meanwhile.
 */
static void
keep_copy(struct outbox *o, mono_us now)
{
	if (o->is_spooling || now - o->copied < o->options.away_most)
		return;
	if (o->copied < o->progress)
		log_warn("outbox.store.still", "since_us=%lld in_memory=%zu",
		    (long long)(now - o->progress), o->stats.in_memory);
	o->copied = now;
	save_all(o);
	spool_skip(o->spool);
}

void
outbox_add(struct outbox *o, const struct message *m, bool is_again)
{
	must_magic(o, OUTBOX_MAGIC);
	o->stats.added++;
	if (o->is_spooling && spool_event(o, m, NULL) == 0)
		return;
	if (o->stats.memory_bytes + m->doc_len > MEMORY_HARD) {
		o->stats.dropped++;
		complain(o, "outbox.event.dropped");
		return;
	}
	push(o, m, 0, is_again);
	if (o->stats.memory_bytes > o->options.memory_most)
		begin_spooling(o);
	pump(o);
}

void
outbox_add_first(struct outbox *o, const struct message *m)
{
	struct event *e;

	must_magic(o, OUTBOX_MAGIC);
	must(o->is_greeting);
	if (o->is_spooling) {
		outbox_add(o, m, true);
		return;
	}
	o->stats.added++;
	e = event_new(o, m, 0, true);
	if (o->front == NULL)
		STAILQ_INSERT_HEAD(&o->events, e, link);
	else
		STAILQ_INSERT_AFTER(&o->events, o->front, e, link);
	o->front = e;
	o->next = STAILQ_FIRST(&o->events);
}

/* Nothing sent so far counts any more. */
static void
go_down(struct outbox *o)
{
	struct event *e;

	o->is_up = false;
	o->down_since = clock_mono();
	STAILQ_FOREACH(e, &o->events, link)
		e->cookie = 0;
	o->next = STAILQ_FIRST(&o->events);
	o->sent_bytes = 0;
}

static void
send_plan(struct outbox *o, const char *doc, size_t len)
{
	struct message m = {.type = MESSAGE_PLAN, .doc = doc, .doc_len = len};

	if (!o->is_up || doc == NULL)
		return;
	m.cookie = ++o->last_cookie;
	child_send(o->store, &m);
}

void
outbox_take_plan(struct outbox *o, char *doc, size_t len)
{
	must_magic(o, OUTBOX_MAGIC);
	free(o->plan);
	o->plan = doc;
	o->plan_len = len;
	free(o->refusal);
	o->refusal = NULL;
	send_plan(o, doc, len);
}

void
outbox_take_refusal(struct outbox *o, char *doc, size_t len)
{
	must_magic(o, OUTBOX_MAGIC);
	free(o->refusal);
	o->refusal = doc;
	o->refusal_len = len;
	send_plan(o, doc, len);
}

static void
go_up(struct outbox *o, const struct message *m)
{
	o->is_up = true;
	o->progress = clock_mono();
	send_plan(o, o->plan, o->plan_len);
	send_plan(o, o->refusal, o->refusal_len);
	o->is_greeting = true;
	o->front = NULL;
	o->ready(m, o->arg);
	o->is_greeting = false;
	pump(o);
}

static void
store_ready_cb(struct child *c, const struct message *m, void *arg)
{
	struct outbox *o = arg;

	(void)c;
	must_magic(o, OUTBOX_MAGIC);
	go_up(o, m);
}

static void
store_acked(struct outbox *o, uint64_t cookie)
{
	struct event *e;

	while ((e = STAILQ_FIRST(&o->events)) != NULL && e->cookie != 0 &&
	    e->cookie <= cookie) {
		pop(o);
		o->stats.acked++;
	}
	o->progress = clock_mono();
	pump(o);
}

static void
store_refused(struct outbox *o, const struct message *m)
{
	struct json_doc *doc;
	const char *reason = "unknown";

	if (json_parse(m->doc, m->doc_len, &json_limits_default, &doc, NULL)
	    != 0)
		doc = NULL;
	if (doc != NULL)
		reason = json_get_str(json_root(doc), "reason", reason);
	log_error("store.refused", "reason=%s unacknowledged=%zu",
	    log_quote(reason), o->stats.in_memory);
	json_free(&doc);
	go_down(o);
}

static void
store_message_cb(struct child *c, const struct message *m, void *arg)
{
	struct outbox *o = arg;

	must_magic(o, OUTBOX_MAGIC);
	switch (m->type) {
	case MESSAGE_ACK:
		if (o->is_up)
			store_acked(o, m->cookie);
		break;
	case MESSAGE_REFUSED:
		store_refused(o, m);
		break;
	case MESSAGE_READY:
		go_down(o);
		go_up(o, m);
		break;
	default:
		child_replace(c, "sent a message that is not a store's");
	}
}

static void
store_down_cb(struct child *c, const char *reason, void *arg)
{
	struct outbox *o = arg;

	(void)c;
	(void)reason;
	must_magic(o, OUTBOX_MAGIC);
	go_down(o);
}

static const struct child_handlers store_handlers = {
	.ready = store_ready_cb,
	.message = store_message_cb,
	.down = store_down_cb,
};

static bool
is_drained(const struct outbox *o)
{
	return (STAILQ_EMPTY(&o->events) && spool_is_read(o->spool));
}

/* One step of the way out; called each tick while stopping. */
static void
stop_step(struct outbox *o, mono_us now)
{
	if (o->stopping == STOP_DRAINING &&
	    (is_drained(o) || now >= o->stop_end)) {
		if (!is_drained(o))
			begin_spooling(o);
		child_stop(o->store, STORE_ENDS_IN);
		o->stopping = STOP_ENDING;
		o->stop_end = now + STORE_ENDS_IN;
	}
	if (o->stopping == STOP_ENDING &&
	    (child_is_gone(o->store) || now >= o->stop_end)) {
		o->stopping = STOP_DONE;
		o->stopped(o->stopped_arg);
	}
}

static void
outbox_tick_cb(void *arg)
{
	struct outbox *o = arg;
	mono_us now = clock_mono();

	must_magic(o, OUTBOX_MAGIC);
	if (now - o->ticked > SLEPT)
		o->progress = now; /* it was us who slept */
	o->ticked = now;
	loop_timer_at(o->tick, now + (o->stopping != STOP_NO ? TICK / 20 :
	    TICK));
	if (!o->is_up && now - o->down_since > o->options.away_most &&
	    !STAILQ_EMPTY(&o->events))
		begin_spooling(o);
	if (o->is_up && o->sent_bytes > 0 &&
	    now - o->progress > o->options.away_most)
		keep_copy(o, now);
	if (o->is_up && o->sent_bytes > 0 &&
	    now - o->progress > o->options.stuck_after)
		child_replace(o->store, "acknowledged nothing for too long");
	pump(o);
	if (o->stopping != STOP_NO && o->stopping != STOP_DONE)
		stop_step(o, now);
}

static void
start_store(struct outbox *o)
{
	char *program = o->options.program != NULL ?
	    xstrdup(o->options.program) : proc_sibling("e2e-store");
	struct child_spec spec = {.event = "store", .name = "store",
	    .program = program, .args = {"--child", "--store",
	    o->options.store}, .ready_within = READY_WITHIN};

	o->store = child_new(o->loop, &spec, &store_handlers, o);
	free(program);
}

int
outbox_new(struct loop *loop, const struct outbox_options *options,
    outbox_ready_cb *ready, void *arg, struct outbox **out)
{
	struct outbox *o;
	struct spool *spool;
	int rc = spool_open(options->spool, &spool);

	if (rc != 0)
		return (rc);
	o = xcalloc(1, sizeof(*o));
	o->magic = OUTBOX_MAGIC;
	o->loop = loop;
	o->options = *options;
	if (o->options.memory_most == 0)
		o->options.memory_most = MEMORY_MOST;
	if (o->options.away_most == 0)
		o->options.away_most = AWAY_MOST;
	if (o->options.stuck_after == 0)
		o->options.stuck_after = STUCK_AFTER;
	o->spool = spool;
	o->is_spooling = !spool_is_read(spool);
	o->ready = ready;
	o->arg = arg;
	STAILQ_INIT(&o->events);
	o->down_since = clock_mono();
	o->tick = loop_timer_new(loop, outbox_tick_cb, o);
	loop_timer_at(o->tick, clock_mono() + TICK);
	start_store(o);
	*out = o;
	return (0);
}

void
outbox_scan(struct outbox *o, void (*cb)(const struct message *m, void *arg),
    void *arg)
{
	must_magic(o, OUTBOX_MAGIC);
	spool_scan(o->spool, SCAN_MOST, cb, arg);
}

void
outbox_stop(struct outbox *o, span_us within, void (*done)(void *arg),
    void *arg)
{
	must_magic(o, OUTBOX_MAGIC);
	o->stopping = STOP_DRAINING;
	o->stop_end = clock_mono() + within;
	o->stopped = done;
	o->stopped_arg = arg;
	loop_timer_at(o->tick, clock_mono());
}

void
outbox_free(struct outbox **op)
{
	struct outbox *o = *op;
	size_t left;

	if (o == NULL)
		return;
	*op = NULL;
	must_magic(o, OUTBOX_MAGIC);
	left = save_all(o);
	if (left > 0)
		log_error("outbox.events.lost", "count=%zu", left);
	child_free(&o->store);
	while (!STAILQ_EMPTY(&o->events)) {
		struct event *e = STAILQ_FIRST(&o->events);

		STAILQ_REMOVE_HEAD(&o->events, link);
		free(e);
	}
	spool_close(&o->spool);
	loop_timer_free(&o->tick);
	free(o->plan);
	free(o->refusal);
	o->magic = 0;
	free(o);
}

void
outbox_get_stats(const struct outbox *o, struct outbox_stats *out)
{
	*out = o->stats;
	out->is_ready = o->is_up;
	out->spool_bytes = spool_bytes(o->spool);
}
