/* SPDX-License-Identifier: ISC */
/*
 * Frames in, runs, frames out. A frame that the protocol does not have ends
 * the process: its parent starts another. A definition that cannot be used
 * is kept with the reason, so that each of its runs is recorded as invalid.
 */
#include "probe/probe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "base/channel.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "config.h"
#include "probe/job_doc.h"
#include "probe/run.h"

#define PROBE_MAGIC 0x50524f42u
#define EVENT_MOST_BYTES (16u << 20)
#define QUEUED_MOST_BYTES (64u << 20)
#define LOAD_EVERY SPAN_S
#define FLUSH_WITHIN (5 * SPAN_S)

struct known {                    /* a definition by its number */
	UT_hash_handle hh;
	uint64_t number;
	struct run_script *script;    /* NULL: unusable */
	struct definition *definition; /* of an unusable one, if known */
	char *mistake;
};

struct job {
	struct job *prev, *next;
	struct probe *probe;
	uint64_t extra;
	struct run *run;
};

struct probe {
	unsigned int magic;
	const struct probe_options *options;
	struct loop *loop;
	struct run_engine *engine;
	struct channel *channel;
	struct loop_timer *load, *stop;
	struct known *known;
	struct job *jobs;
	struct buf event;
	span_us cpu;
	mono_us cpu_at;
	bool is_stopping;
	bool is_paused;
	int exit_code;
};

/* Sending. */

static void
send_event(struct probe *p, const uint8_t *id, uint64_t extra,
    enum outcome outcome)
{
	struct message m = {.type = MESSAGE_RESULT, .code = (uint16_t)outcome,
	    .extra = extra};

	/* Too large even so: the parent makes a record of its own. */
	if (!p->event.is_full) {
		m.doc = p->event.data;
		m.doc_len = p->event.len;
	}
	memcpy(m.id, id, sizeof(m.id));
	channel_send(p->channel, &m);
	if (channel_queued_bytes(p->channel) > QUEUED_MOST_BYTES &&
	    !p->is_paused) {
		p->is_paused = true;
		channel_pause(p->channel);
	}
}

static void
drained_cb(struct channel *ch, void *arg)
{
	struct probe *p = arg;

	must_magic(p, PROBE_MAGIC);
	if (p->is_paused) {
		p->is_paused = false;
		channel_resume(ch);
	}
}

static void
load_cb(void *arg)
{
	struct probe *p = arg;
	struct message m = {.type = MESSAGE_LOAD};
	mono_us now = clock_mono();
	span_us cpu = clock_cpu();
	struct json_out o;

	must_magic(p, PROBE_MAGIC);
	buf_reset(&p->event);
	json_out_init(&o, &p->event);
	json_out_object(&o);
	json_out_kv_int(&o, "in_flight",
	    (int64_t)run_engine_in_flight(p->engine));
	json_out_kv_int(&o, "cpu_permille", now > p->cpu_at ?
	    (cpu - p->cpu) * 1000 / (now - p->cpu_at) : 0);
	json_out_object_end(&o);
	p->cpu = cpu;
	p->cpu_at = now;
	m.extra = (uint64_t)loop_lag(p->loop);
	m.doc = p->event.data;
	m.doc_len = p->event.len;
	channel_send(p->channel, &m);
	loop_timer_at(p->load, now + LOAD_EVERY);
}

/* Ending. */

static void
end(struct probe *p, int exit_code)
{
	p->exit_code = exit_code;
	loop_stop(p->loop);
}

static int
refuse(struct probe *p, const struct message *m, const char *why)
{
	log_error("probe.frame.refuse", "type=%s cookie=%" PRIu64 " why=%s",
	    message_name(m->type), m->cookie, log_quote(why));
	end(p, EXIT_UNMEASURED);
	return (ERR_CORRUPT);
}

static void
stop_if_idle(struct probe *p)
{
	if (p->is_stopping && p->jobs == NULL)
		end(p, EXIT_GOOD);
}

static void
stop_cb(void *arg)
{
	struct probe *p = arg;

	must_magic(p, PROBE_MAGIC);
	log_warn("probe.stop.late", "in_flight=%zu",
	    run_engine_in_flight(p->engine));
	end(p, EXIT_GOOD);
}

/* Definitions. */

static void
known_free(struct probe *p, struct known *k)
{
	HASH_DEL(p->known, k);
	run_script_release(&k->script);
	definition_free(&k->definition);
	free(k->mistake);
	free(k);
}

static char *
first_mistake(const struct cause *cause)
{
	const struct cause_entry *e;
	size_t i;

	for (i = 0; i < cause->count; i++) {
		e = &cause->entries[i];
		if (!e->is_warning)
			return (xasprintf("%s:%u:%u: %s", e->file == NULL ?
			    "flow" : e->file, e->place.line, e->place.column,
			    e->sentence));
	}
	return (xstrdup("the flow cannot be parsed"));
}

/* A definition is used up by a script; keep what names it in a record. */
static void
define_flow(struct probe *p, struct known *k, struct definition *d)
{
	struct flow *flow = NULL;
	struct cause cause;

	cause_init(&cause);
	if (definition_parse_flow(d, &cause, &flow) == 0) {
		k->script = run_script_from_flow(p->engine, &d, flow);
		flow_release(&flow);
	} else {
		k->mistake = first_mistake(&cause);
		k->definition = d;
	}
	cause_fini(&cause);
}

static int
define(struct probe *p, const struct message *m)
{
	struct definition *d;
	struct known *k;

	HASH_FIND(hh, p->known, &m->cookie, sizeof(m->cookie), k);
	if (k != NULL)
		return (refuse(p, m, "defined already"));
	k = xcalloc(1, sizeof(*k));
	k->number = m->cookie;
	if (definition_decode(m->doc == NULL ? "" : m->doc, m->doc_len, &d,
	    &k->mistake) == 0)
		define_flow(p, k, d);
	if (k->mistake != NULL)
		log_error("probe.definition.refuse", "number=%" PRIu64
		    " why=%s", k->number, log_quote(k->mistake));
	HASH_ADD(hh, p->known, number, sizeof(k->number), k);
	return (0);
}

static int
forget(struct probe *p, const struct message *m)
{
	struct known *k;

	HASH_FIND(hh, p->known, &m->cookie, sizeof(m->cookie), k);
	if (k == NULL)
		return (refuse(p, m, "not defined"));
	known_free(p, k);
	return (0);
}

/* Jobs. */

static void
job_done_cb(struct run *run, const struct run_result *result, void *arg)
{
	struct job *job = arg;
	struct probe *p = job->probe;

	buf_reset(&p->event);
	run_event_encode(run, result, &p->event);
	send_event(p, result->id, job->extra, result->outcome);
	DL_DELETE(p->jobs, job);
	free(job);
	stop_if_idle(p);
}

static const struct run_hooks hooks = {.done = job_done_cb};

static void
answer_unstarted(struct probe *p, const struct message *m,
    const struct known *k, const struct run_spec *spec, enum outcome outcome,
    const char *reason)
{
	const struct definition *d = k->script != NULL ?
	    run_script_definition(k->script) : k->definition;

	buf_reset(&p->event);
	/* Without a name there is nothing to write: the parent knows it. */
	if (d != NULL)
		run_event_encode_unstarted(d, spec, p->options->name, outcome,
		    reason, &p->event);
	send_event(p, m->id, m->extra, outcome);
}

static void
start_job(struct probe *p, const struct message *m, const struct known *k,
    const struct run_spec *spec)
{
	struct job *job;

	if (k->script == NULL) {
		answer_unstarted(p, m, k, spec, OUTCOME_INVALID, k->mistake);
		return;
	}
	if (p->is_stopping || (int64_t)run_engine_in_flight(p->engine) >=
	    p->options->max_in_flight) {
		answer_unstarted(p, m, k, spec, OUTCOME_SKIPPED,
		    p->is_stopping ? "the probe is stopping" :
		    "the probe has no room");
		return;
	}
	job = xcalloc(1, sizeof(*job));
	job->probe = p;
	job->extra = m->extra;
	DL_APPEND(p->jobs, job);
	job->run = run_start(k->script, spec, &hooks, job);
}

static int
run_job(struct probe *p, const struct message *m)
{
	struct job_doc doc;
	struct known *k;
	const char *why;

	HASH_FIND(hh, p->known, &m->cookie, sizeof(m->cookie), k);
	if (k == NULL)
		return (refuse(p, m, "not defined"));
	why = job_doc_decode(m->doc == NULL ? "" : m->doc, m->doc_len,
	    p->options->location, &doc);
	if (why != NULL)
		return (refuse(p, m, why));
	memcpy(doc.spec.id, m->id, sizeof(doc.spec.id));
	start_job(p, m, k, &doc.spec);
	job_doc_fini(&doc);
	return (0);
}

static int
stop(struct probe *p, const struct message *m)
{
	span_us most = m->extra < (uint64_t)SPAN_DAY ? (span_us)m->extra :
	    SPAN_DAY;

	p->is_stopping = true;
	loop_timer_at(p->stop, clock_mono() + most);
	stop_if_idle(p);
	return (0);
}

/* What comes in; a type without a handler is not for us. */
static int (*const handlers[MESSAGE_TYPE_COUNT])(struct probe *,
    const struct message *) = {
	[MESSAGE_DEFINE] = define,
	[MESSAGE_FORGET] = forget,
	[MESSAGE_JOB] = run_job,
	[MESSAGE_STOP] = stop,
};

static void
message_cb(struct channel *ch, const struct message *m, void *arg)
{
	struct probe *p = arg;

	(void)ch;
	must_magic(p, PROBE_MAGIC);
	if (p->exit_code >= 0)
		return;
	if (handlers[m->type] == NULL)
		refuse(p, m, "not for a probe");
	else
		handlers[m->type](p, m);
}

static void
closed_cb(struct channel *ch, int err, void *arg)
{
	struct probe *p = arg;

	(void)ch;
	must_magic(p, PROBE_MAGIC);
	if (err != ERR_CLOSED)
		log_error("probe.channel.break", "err=%s",
		    log_quote(err_text(err)));
	end(p, err == ERR_CLOSED ? EXIT_GOOD : EXIT_UNMEASURED);
}

static const struct channel_handlers channel_handlers = {
	.message = message_cb,
	.closed = closed_cb,
	.drained = drained_cb,
};

static void
say_ready(struct probe *p)
{
	static const char doc[] =
	    "{\"program\":\"e2e-probe\",\"version\":\"" PACKAGE_VERSION "\"}";
	struct message m = {.type = MESSAGE_READY, .doc = doc,
	    .doc_len = sizeof(doc) - 1};

	channel_send(p->channel, &m);
}

static void
probe_fini(struct probe *p)
{
	struct known *k, *next;
	struct job *job;

	run_engine_free(&p->engine);
	while ((job = p->jobs) != NULL) {
		DL_DELETE(p->jobs, job);
		free(job);
	}
	HASH_ITER(hh, p->known, k, next)
		known_free(p, k);
	loop_timer_free(&p->load);
	loop_timer_free(&p->stop);
	channel_free(&p->channel);
	buf_fini(&p->event);
	p->magic = 0;
}

int
probe_serve(struct loop *loop, const struct probe_options *options)
{
	const struct run_engine_options engine = {.probe = options->name,
	    .caps = &options->caps};
	struct probe p = {.magic = PROBE_MAGIC, .options = options,
	    .loop = loop, .exit_code = -1};

	buf_init(&p.event, EVENT_MOST_BYTES);
	p.engine = run_engine_new(loop, &engine);
	run_engine_preload(p.engine);
	p.channel = channel_new(loop, options->fd, &channel_handlers, &p);
	p.load = loop_timer_new(loop, load_cb, &p);
	p.stop = loop_timer_new(loop, stop_cb, &p);
	p.cpu = clock_cpu();
	p.cpu_at = clock_mono();
	say_ready(&p);
	loop_timer_at(p.load, clock_mono() + LOAD_EVERY);
	proc_sandbox();
	loop_run(loop);
	channel_flush(p.channel, FLUSH_WITHIN);
	probe_fini(&p);
	return (p.exit_code);
}
