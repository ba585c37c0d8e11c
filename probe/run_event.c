/* SPDX-License-Identifier: ISC */
/* The run event, exactly as doc/run-event.md has it, masked. */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "probe/redact.h"
#include "probe/run_priv.h"

#define EVENT_VERSION 1
#define CARD_LEAST_DIGITS 13

/* An event at work: where it goes, and what must not stand in it. */
struct event {
	struct json_out out;
	const struct redact *redact; /* NULL: nothing but card numbers */
	struct buf masked;
};

/*
 * Whether redaction might find a card number: none is shorter, however it is
 * encoded, and none goes on over one of these characters.
 */
static bool
may_hold_card(const char *text, size_t len)
{
	size_t i, digits = 0;

	for (i = 0; i < len; i++) {
		if ((unsigned int)(text[i] - '0') < 10) {
			if (++digits == CARD_LEAST_DIGITS)
				return (true);
		} else if (text[i] == '/' || text[i] == ':' ||
		    text[i] == '=' || text[i] == '?' || text[i] == '"')
			digits = 0;
	}
	return (false);
}

static void
masked_str_n(struct event *e, const char *key, const char *text, size_t len,
    bool is_cut)
{
	if (e->redact == NULL && !is_cut && !may_hold_card(text, len)) {
		json_out_key(&e->out, key);
		json_out_str_n(&e->out, text, len);
		return;
	}
	buf_reset(&e->masked);
	redact_text(e->redact, text, len, is_cut, &e->masked);
	json_out_key(&e->out, key);
	json_out_str_n(&e->out, buf_str(&e->masked), e->masked.len);
}

static void
masked_str(struct event *e, const char *key, const char *text)
{
	if (text != NULL)
		masked_str_n(e, key, text, strlen(text), false);
}

/* Its parameters may be credentials. */
static void
masked_url(struct event *e, const char *url)
{
	struct buf masked;

	if (strchr(url, '?') == NULL) {
		masked_str(e, "url", url);
		return;
	}
	buf_init(&masked, 2 * strlen(url) + 1);
	redact_names(url, strlen(url), &masked);
	masked_str(e, "url", buf_str(&masked));
	buf_fini(&masked);
}

/* Of a finding, whose values are cut where they are long. */
static void
masked_description(struct event *e, const char *key, const char *text,
    bool is_cut)
{
	if (text == NULL)
		return;
	if (strstr(text, "...") == NULL) {
		masked_str_n(e, key, text, strlen(text), is_cut);
		return;
	}
	buf_reset(&e->masked);
	redact_description(e->redact, text, strlen(text), is_cut, &e->masked);
	json_out_key(&e->out, key);
	json_out_str_n(&e->out, buf_str(&e->masked), e->masked.len);
}

static void
span(struct json_out *o, const char *key, span_us t)
{
	if (t >= 0)
		json_out_kv_int(o, key, t);
}

static const char *
kind_name(enum finding_kind kind)
{
	switch (kind) {
	case FINDING_ASSERT:
		return ("assert");
	case FINDING_CAPTURE:
		return ("capture");
	case FINDING_TRANSPORT:
		return ("transport");
	default:
		return ("definition");
	}
}

static void
encode_finding(struct event *e, const struct finding *f)
{
	struct json_out *o = &e->out;

	json_out_object(o);
	json_out_kv_int(o, "line", f->place.line);
	json_out_kv_int(o, "column", f->place.column);
	json_out_kv_str(o, "kind", kind_name(f->kind));
	masked_description(e, "message", f->message, false);
	masked_description(e, "expected", f->expected, false);
	masked_description(e, "actual", f->actual, false);
	json_out_object_end(o);
}

static void
encode_timing(struct json_out *o, const struct response_timing *t)
{
	json_out_kv_int(o, "start_us", t->start);
	span(o, "dns_us", t->dns);
	span(o, "connect_us", t->connect);
	span(o, "tls_us", t->tls);
	span(o, "wait_us", t->wait);
	span(o, "transfer_us", t->transfer);
	span(o, "total_us", t->total);
}

static void
encode_step(struct event *e, const struct run *run, const struct run_step *s)
{
	const struct flow_file *file = run_file(run, s->entry - 1);
	struct json_out *o = &e->out;
	size_t i;

	json_out_object(o);
	json_out_kv_int(o, "entry", s->entry);
	if (file != run->script->flow->files)
		json_out_kv_str(o, "file", file->path);
	json_out_kv_int(o, "line", s->line);
	json_out_kv_int(o, "attempt", s->attempt);
	json_out_kv_str(o, "method", s->method);
	masked_url(e, s->url);
	if (s->is_clean_up)
		json_out_kv_bool(o, "clean_up", true);
	if (s->status > 0) {
		json_out_kv_int(o, "status", s->status);
		json_out_kv_str(o, "version", s->version);
	}
	json_out_kv_str(o, "ip", *s->ip != '\0' ? s->ip : NULL);
	json_out_kv_str(o, "outcome", outcome_name(s->outcome));
	encode_timing(o, &s->timing);
	json_out_kv_int(o, "sent_bytes", s->sent_bytes);
	json_out_kv_int(o, "received_bytes", s->received_bytes);
	json_out_key(o, "failures");
	json_out_array(o);
	for (i = 0; i < s->findings.count; i++)
		encode_finding(e, &s->findings.items[i]);
	json_out_array_end(o);
	json_out_object_end(o);
}

struct identity {
	const uint8_t *id;
	const char *location, *trigger, *probe, *trace;
	wall_us due;
};

static void
encode_identity(struct json_out *o, const struct definition *d,
    const struct identity *who)
{
	char hex[2 * MESSAGE_ID_SIZE + 1];

	crypto_hex(who->id, MESSAGE_ID_SIZE, hex);
	json_out_kv_int(o, "version", EVENT_VERSION);
	json_out_kv_str(o, "run", hex);
	json_out_kv_str(o, "check", d != NULL ? d->check : "");
	json_out_kv_str(o, "service", d != NULL ? d->service : "");
	json_out_kv_str(o, "location", who->location);
	json_out_kv_str(o, "environment", d != NULL ? d->environment : "");
	json_out_kv_str(o, "trigger", who->trigger);
	json_out_kv_str(o, "definition", d != NULL ? d->hash : "");
	json_out_kv_str(o, "probe", who->probe);
	json_out_kv_str(o, "trace", who->trace);
	json_out_kv_int(o, "due_us", who->due);
}

static void
encode_place(struct event *e, const struct run_result *r)
{
	if (r->place.line == 0)
		return;
	json_out_key(&e->out, "place");
	json_out_object(&e->out);
	json_out_kv_str(&e->out, "file", r->file->path);
	json_out_kv_int(&e->out, "line", r->place.line);
	json_out_kv_int(&e->out, "column", r->place.column);
	json_out_object_end(&e->out);
}

static void
encode_evidence(struct event *e, const struct run_result *r)
{
	if (r->request.len == 0)
		return;
	json_out_key(&e->out, "evidence");
	json_out_object(&e->out);
	masked_str_n(e, "request", r->request.data, r->request.len,
	    r->request.is_full);
	if (r->response.len > 0)
		masked_str_n(e, "response", r->response.data,
		    r->response.len, r->response.is_full);
	json_out_object_end(&e->out);
}

static void
encode_result(struct event *e, const struct run *run,
    const struct run_result *r)
{
	const struct identity who = {r->id, r->location, r->trigger, r->probe,
	    r->trace, r->due};
	struct json_out *o = &e->out;
	size_t i;

	json_out_object(o);
	encode_identity(o, run->script->definition, &who);
	json_out_kv_int(o, "started_us", r->started);
	json_out_kv_int(o, "late_us", r->started - r->due);
	json_out_kv_int(o, "duration_us", r->duration);
	json_out_kv_int(o, "lag_us", r->lag);
	json_out_kv_str(o, "outcome", outcome_name(r->outcome));
	masked_description(e, "reason", r->reason, r->is_reason_cut);
	encode_place(e, r);
	json_out_key(o, "steps");
	json_out_array(o);
	for (i = 0; i < r->step_count; i++)
		encode_step(e, run, &r->steps[i]);
	json_out_array_end(o);
	encode_evidence(e, r);
	json_out_object_end(o);
}

static void
add_secret(const char *text, size_t len, void *arg)
{
	struct redact **redact = arg;

	if (*redact == NULL)
		*redact = redact_new();
	redact_add_secret(*redact, text, len);
}

/* The secrets that a run knows; NULL when it has none. */
static struct redact *
redact_of(const struct run *run)
{
	struct redact *redact = NULL;

	variables_visit_secrets(run->variables, add_secret, &redact);
	return (redact);
}

void
run_event_encode(const struct run *run, const struct run_result *result,
    struct buf *out)
{
	struct redact *redact = redact_of(run);
	struct event e = {.redact = redact};

	json_out_init(&e.out, out);
	buf_init(&e.masked, MESSAGE_MOST_BYTES);
	encode_result(&e, run, result);
	buf_fini(&e.masked);
	redact_free(&redact);
}

void
run_mask(const struct run *run, const char *text, size_t len, bool is_cut,
    struct buf *out)
{
	struct redact *redact = redact_of(run);

	redact_description(redact, text, len, is_cut, out);
	redact_free(&redact);
}

void
run_event_encode_unstarted(const struct definition *definition,
    const struct run_spec *spec, const char *probe, enum outcome outcome,
    const char *reason, struct buf *out)
{
	const struct identity who = {spec->id, spec->location, spec->trigger,
	    probe, NULL, spec->due};
	struct json_out o;

	json_out_init(&o, out);
	json_out_object(&o);
	encode_identity(&o, definition, &who);
	json_out_kv_int(&o, "duration_us", 0);
	json_out_kv_str(&o, "outcome", outcome_name(outcome));
	json_out_kv_str(&o, "reason", reason);
	json_out_object_end(&o);
}
