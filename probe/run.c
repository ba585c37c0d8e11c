/* SPDX-License-Identifier: ISC */
/*
 * A run as a state machine. For one entry, as in Hurl: its options, then
 * skip, repeat and delay, then attempts; an attempt is a request, the
 * redirects that it follows, and the evaluation of the last answer. One
 * timer serves the start, delays, pauses and the bound of the whole run.
 */
#include "probe/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/crypto.h"
#include "base/err.h"
#include "probe/run_priv.h"

#define REASON_MOST_BYTES 400
#define ARENA_FIRST_BYTES 960 /* enough for most requests */

static void run_wake_cb(void *arg);
static void begin_entries(struct run *run);

/* The end. */

static void
attempt_fini(struct run *run)
{
	size_t i;

	for (i = 0; i < run->before_count; i++)
		response_free(&run->before[i]);
	free(run->before);
	run->before = NULL;
	run->before_count = 0;
	response_free(&run->response);
	arena_reset(&run->arena);
}

static void
step_fini(struct run_step *step)
{
	free(step->method);
	free(step->url);
	free(step->ip);
	findings_fini(&step->findings);
}

static void
run_free(struct run *run)
{
	size_t i;

	if (run->transfer != NULL)
		http_cancel(&run->transfer);
	attempt_fini(run);
	http_session_free(&run->session);
	loop_timer_free(&run->timer);
	for (i = 0; i < run->result.step_count; i++)
		step_fini(&run->result.steps[i]);
	free(run->result.steps);
	free(run->result.reason);
	buf_fini(&run->result.request);
	buf_fini(&run->result.response);
	arena_fini(&run->arena);
	arena_fini(&run->options_arena);
	variables_free(&run->variables);
	run_script_release(&run->script);
	free(run->stop_reason);
	free(run->location);
	free(run->trigger);
	DL_DELETE(run->engine->runs, run);
	run->engine->in_flight--;
	run->magic = 0;
	free(run);
}

void
run_engine_free(struct run_engine **ep)
{
	struct run_engine *engine = *ep;

	if (engine == NULL)
		return;
	*ep = NULL;
	while (engine->runs != NULL)
		run_free(engine->runs);
	http_free(&engine->http);
	buf_fini(&engine->scratch);
	free(engine->probe);
	free(engine);
}

/* reason is copied. */
static void
finish(struct run *run, enum outcome outcome, const char *reason,
    struct place place)
{
	struct run_result *result = &run->result;
	span_us lag = loop_lag(run->engine->loop);

	run->state = RUN_DONE;
	result->outcome = outcome;
	result->duration = clock_mono() - run->started;
	if (lag > result->lag)
		result->lag = lag;
	if (outcome != OUTCOME_PASSED) {
		result->reason = xstrndup(reason, strnlen(reason,
		    REASON_MOST_BYTES));
		result->is_reason_cut = strlen(reason) > REASON_MOST_BYTES;
		result->place = place;
		run_evidence(run);
	}
	run->hooks->done(run, result, run->arg);
	run_free(run);
}

static const struct flow_entry *
entry_of(const struct run *run)
{
	return (&run->script->flow->entries[run->entry]);
}

/* A mistake of the definition: the first finding says which. */
static void
finish_invalid(struct run *run, const struct findings *findings)
{
	if (findings->count > 0)
		finish(run, OUTCOME_INVALID, findings->items[0].message,
		    findings->items[0].place);
	else
		finish(run, OUTCOME_INVALID, "a bound was reached",
		    entry_of(run)->place);
}

/* Steps. */

/* 00-<trace>-<span>-01, with the next span. */
static void
trace_format(struct run *run)
{
	char *p = run->traceparent;
	size_t i;

	for (i = sizeof(run->span); i > 0 && ++run->span[i - 1] == 0; i--)
		;
	memcpy(p, "00-", 3);
	crypto_hex(run->trace, sizeof(run->trace), p + 3);
	p[35] = '-';
	crypto_hex(run->span, sizeof(run->span), p + 36);
	memcpy(p + 52, "-01", 4);
}

static struct run_step *
step_add(struct run *run)
{
	struct run_result *result = &run->result;
	struct response *r = run->response;
	struct run_step *step;
	size_t n = result->step_count;

	/* Room for 4, 8, 16, ... */
	if (n == 0 || (n >= 4 && (n & (n - 1)) == 0))
		result->steps = xreallocarray(result->steps,
		    n == 0 ? 4 : n * 2, sizeof(*step));
	step = &result->steps[result->step_count++];
	*step = (struct run_step){.entry = run->entry + 1,
	    .line = entry_of(run)->place.line, .attempt = run->attempt,
	    .is_redirect = run->before_count > 0, .status = r->status,
	    .version = r->status > 0 ? r->version : NULL,
	    .sent_bytes = r->sent_bytes,
	    .received_bytes = r->received_bytes};
	step->method = xstrdup(run->sent.method);
	step->url = xstrdup(run->sent.url);
	step->ip = xstrdup(r->ip);
	r->timing.start = run->sent_at - run->started;
	step->timing = r->timing;
	findings_init(&step->findings);
	return (step);
}

static void
step_end(struct run *run, struct run_step *step)
{
	span_us lag = loop_lag(run->engine->loop);

	if (lag > run->result.lag)
		run->result.lag = lag;
	if (run->hooks->step != NULL)
		run->hooks->step(run, step, step->status > 0 ?
		    run->response : NULL, run->arg);
}

/* Time. */

static void
arm(struct run *run, mono_us at)
{
	if (at > run->deadline)
		at = run->deadline;
	if (run->armed_at == at)
		return;
	run->armed_at = at;
	loop_timer_at(run->timer, at);
}

static void
format_reason(struct buf *out, const char *sentence, const char *why)
{
	buf_printf(out, "%s%s%s", sentence, *sentence != '\0' ? "; " : "",
	    why);
}

/*
 * libcurl's clocks stand still between its events: the phase that went on
 * until the request was cut off took the rest of the time.
 */
static void
extend_timing(struct response_timing *t, span_us total)
{
	span_us *phases[] = {&t->transfer, &t->wait, &t->tls, &t->connect,
	    &t->dns};
	size_t i = 0;

	if (total <= t->total)
		return;
	while (i < NELEMS(phases) && *phases[i] < 0)
		i++;
	if (i < NELEMS(phases))
		*phases[i] += total - t->total;
	t->total = total;
}

/* The run must end now: its time is over, or someone asked for it. */
static void
cut_off(struct run *run, const char *why)
{
	struct place place = {0};
	struct run_step *step;
	struct buf reason;
	bool was_sent;

	if (run->entry < run->last)
		place = entry_of(run)->place;
	buf_init(&reason, 2 * REASON_MOST_BYTES);
	if (run->state == RUN_SENDING) {
		was_sent = http_cancel(&run->transfer);
		extend_timing(&run->response->timing,
		    clock_mono() - run->sent_at);
		step = step_add(run);
		step->outcome = run_rules_transfer(HTTP_NO_ANSWER, was_sent,
		    run->sent.is_repeatable);
		format_reason(&reason, run->response->status > 0 ?
		    "the answer was not complete" : "no answer came", why);
		findings_add(&step->findings, FINDING_TRANSPORT,
		    entry_of(run)->request.url.place, NULL, NULL, "%s",
		    buf_str(&reason));
		step_end(run, step);
		finish(run, step->outcome, buf_str(&reason),
		    entry_of(run)->request.url.place);
	} else if (run->state == RUN_RETRYING) {
		step = &run->result.steps[run->result.step_count - 1];
		format_reason(&reason, step->findings.count > 0 ?
		    step->findings.items[0].message : "", why);
		finish(run, step->outcome, buf_str(&reason),
		    step->findings.count > 0 ? step->findings.items[0].place :
		    place);
	} else {
		format_reason(&reason, run->state == RUN_DELAYED ?
		    "stopped in a delay" : "", why);
		finish(run, OUTCOME_FAILED, buf_str(&reason), place);
	}
	buf_fini(&reason);
}

static void
time_out(struct run *run)
{
	char span[CLOCK_SPAN_SIZE], why[80];

	clock_format_span(run->script->definition->timeout, span);
	snprintf(why, sizeof(why), "the run's time of %s is over", span);
	cut_off(run, why);
}

/* Attempts. */

static struct request_maker
maker_of(struct run *run, struct arena *arena, struct findings *findings)
{
	struct buf *scratch = &run->engine->scratch;

	if (scratch->cap > 1u << 20)
		buf_fini(scratch);
	run->scope.now = clock_wall();
	return ((struct request_maker){.scope = &run->scope, .arena = arena,
	    .scratch = scratch, .findings = findings,
	    .may_write_files = run->engine->rights.writes_files,
	    .may_open_sockets = run->engine->rights.opens_sockets});
}

static void answered_cb(const struct http_end *end, void *arg);

/* Bounds that reach past the end of the run need no timer of their own. */
static void
trim_timeouts(struct run *run)
{
	span_us left = run->deadline - run->sent_at;
	struct http_options *o = &run->sent.options;

	if (o->timeout >= left)
		o->timeout = 0;
	if (o->connect_timeout >= left)
		o->connect_timeout = 0;
}

static void
refuse_host(struct run *run, const char *host)
{
	char reason[REASON_MOST_BYTES];

	snprintf(reason, sizeof(reason), "host not allowed: %s", host);
	finish(run, OUTCOME_INVALID, reason, entry_of(run)->request.url.place);
}

/* Send run->request. */
static void
send_request(struct run *run)
{
	const struct definition *d = run->script->definition;
	struct request_maker m = maker_of(run, &run->arena, NULL);
	struct place place = entry_of(run)->request.url.place;
	char host[300];
	const char *sentence;

	if ((int64_t)run->result.step_count >= d->limits.steps) {
		finish(run, OUTCOME_INVALID,
		    "the run sends more requests than its limit allows",
		    place);
		return;
	}
	trace_format(run);
	request_finish(&m, &run->request, &run->options,
	    run->script->is_untraced ? NULL : run->traceparent,
	    &run->sent);
	if (run_rules_refused_host(d->hosts, d->host_count, &run->sent, host,
	    sizeof(host)) != NULL) {
		refuse_host(run, host);
		return;
	}
	run->sent_at = clock_mono();
	trim_timeouts(run);
	run->response = response_new((size_t)d->limits.body_bytes);
	run->response->url = xstrdup(run->sent.url);
	run->response->method = xstrdup(run->sent.method);
	if (run->session == NULL)
		run->session = http_session_new(run->engine->http);
	run->transfer = http_start(run->session, &run->sent, run->response,
	    answered_cb, run, &sentence);
	if (run->transfer == NULL) {
		finish(run, OUTCOME_INVALID, sentence, place);
		return;
	}
	run->state = RUN_SENDING;
	arm(run, run->deadline);
}

static void
set_cookies(struct run *run)
{
	const struct flow_entry *entry = entry_of(run);
	size_t i;

	if (!entry->clears_cookies && entry->set_cookie_count == 0)
		return;
	if (run->session == NULL)
		run->session = http_session_new(run->engine->http);
	for (i = 0; i < entry->set_cookie_count; i++)
		http_session_add_cookie(run->session, entry->set_cookies[i]);
	if (entry->clears_cookies)
		http_session_clear_cookies(run->session);
}

static void
begin_attempt(struct run *run)
{
	struct request_maker m;
	struct findings findings;

	attempt_fini(run);
	run->attempt++;
	findings_init(&findings);
	m = maker_of(run, &run->arena, &findings);
	if (request_build(&m, entry_of(run), &run->request) != 0) {
		finish_invalid(run, &findings);
		findings_fini(&findings);
		return;
	}
	set_cookies(run);
	send_request(run);
}

/* The attempt's last step is complete: retry, go on, or end. */
static void
end_attempt(struct run *run, struct run_step *step)
{
	const struct finding *first;
	struct buf reason;

	step->is_retried = run_rules_retries(step->outcome, run->attempt,
	    run->options.retry);
	step_end(run, step);
	if (step->is_retried) {
		run->state = RUN_RETRYING;
		run->due = clock_mono() + run->options.retry_interval;
		arm(run, run->due);
		return;
	}
	if (step->outcome != OUTCOME_PASSED) {
		must(step->findings.count > 0);
		first = &step->findings.items[0];
		buf_init(&reason, 2 * REASON_MOST_BYTES);
		run_reason(run, first, &reason);
		finish(run, step->outcome, buf_str(&reason), first->place);
		buf_fini(&reason);
		return;
	}
	run->rounds++;
	if (!run->options.is_repeated || (run->options.repeat >= 0 &&
	    run->rounds >= run->options.repeat)) {
		run->rounds = 0;
		run->entry++;
	}
	attempt_fini(run);
	begin_entries(run);
}

/* Evaluate the last answer of an attempt. */
static void
evaluate(struct run *run, struct run_step *step)
{
	struct evaluate_counts counts = {.asserts = 0};

	run->response->redirects = run->before;
	run->response->redirect_count = run->before_count;
	run->before = NULL;
	run->before_count = 0;
	run->scope.now = clock_wall();
	evaluate_entry(entry_of(run), run->response, &run->scope,
	    &step->findings, &counts);
	step->outcome = run_rules_findings(&step->findings);
	if (step->outcome == OUTCOME_PASSED) {
		run_output(run, step);
		step->outcome = run_rules_findings(&step->findings);
	}
	end_attempt(run, step);
}

static void
fail(struct run *run, struct run_step *step, enum outcome outcome,
    const char *sentence)
{
	findings_add(&step->findings, FINDING_TRANSPORT,
	    entry_of(run)->request.url.place, NULL, NULL, "%s", sentence);
	step->outcome = outcome;
	end_attempt(run, step);
}

/* Follow the redirect of the answer at hand to url. */
static void
follow(struct run *run, struct run_step *step, const char *url)
{
	struct request_maker m = maker_of(run, &run->arena, NULL);
	struct response *r = run->response;

	step->outcome = OUTCOME_PASSED;
	step_end(run, step);
	request_redirect(&m, &run->request, &run->options, r->status, url);
	buf_fini(&r->body);
	run->before = xreallocarray(run->before, run->before_count + 1,
	    sizeof(run->before[0]));
	run->before[run->before_count++] = r;
	run->response = NULL;
	send_request(run);
}

static void
answered(struct run *run, struct run_step *step)
{
	const struct definition *d = run->script->definition;
	int64_t most = run->options.max_redirects;
	const char *location, *sentence;
	char *url;

	location = response_header(run->response, "Location");
	if (!run->options.follows || location == NULL ||
	    !request_is_redirect(run->response->status)) {
		evaluate(run, step);
		return;
	}
	if (most < 0 || most > d->limits.redirects)
		most = d->limits.redirects;
	sentence = http_join(run->sent.url, location, &url);
	if (sentence != NULL) {
		fail(run, step, OUTCOME_FAILED, sentence);
		return;
	}
	if ((int64_t)run->before_count >= most)
		fail(run, step, OUTCOME_FAILED, "too many redirects");
	else
		follow(run, step, url);
	free(url);
}

static void
answered_cb(const struct http_end *end, void *arg)
{
	struct run *run = arg;
	struct run_step *step;

	must_magic(run, RUN_MAGIC);
	run->transfer = NULL;
	step = step_add(run);
	if (end->verdict == HTTP_ANSWERED)
		answered(run, step);
	else
		fail(run, step, run_rules_transfer(end->verdict,
		    end->was_sent, run->sent.is_repeatable), end->sentence);
}

/* Entries. */

/* Begin a round of the entry at hand. True when the next one may begin. */
static bool
begin_round(struct run *run)
{
	struct findings findings;
	struct request_maker m;

	arena_reset(&run->options_arena);
	run->attempt = 0;
	findings_init(&findings);
	m = maker_of(run, &run->options_arena, &findings);
	if (request_options(&m, entry_of(run),
	    &run->script->defaults, &run->options) != 0) {
		finish_invalid(run, &findings);
		findings_fini(&findings);
		return (false);
	}
	if (run->options.is_skipped ||
	    (run->options.is_repeated && run->options.repeat == 0)) {
		run->rounds = 0;
		run->entry++;
		return (true);
	}
	if (run->options.delay > 0) {
		run->state = RUN_DELAYED;
		run->due = clock_mono() + run->options.delay;
		arm(run, run->due);
	} else
		begin_attempt(run);
	return (false);
}

/* Begin the entry at hand, or those after it, or end the run. */
static void
begin_entries(struct run *run)
{
	while (run->entry < run->last)
		if (!begin_round(run))
			return;
	finish(run, OUTCOME_PASSED, NULL, (struct place){0});
}

static void
begin_run(struct run *run, const struct run_spec *spec)
{
	const char *sentence;
	const struct variables *v;

	v = run_script_complete(run->script, &sentence);
	if (v == NULL) {
		run->variables = variables_new();
		run->stop_reason = xstrdup(sentence);
		return;
	}
	run->variables = variables_copy(v);
	run_script_set(run->variables, spec->variables, spec->variable_count);
}

static void
run_wake_cb(void *arg)
{
	struct run *run = arg;

	must_magic(run, RUN_MAGIC);
	run->armed_at = 0;
	if (run->result.outcome == OUTCOME_INVALID)
		finish(run, OUTCOME_INVALID, run->stop_reason,
		    (struct place){0});
	else if (run->stop_reason != NULL)
		cut_off(run, run->stop_reason);
	else if (clock_mono() >= run->deadline)
		time_out(run);
	else if (run->state == RUN_STARTING)
		begin_entries(run);
	else if (run->state == RUN_SENDING || clock_mono() < run->due)
		arm(run, run->state == RUN_SENDING ? run->deadline :
		    run->due);
	else
		begin_attempt(run);
}

static void
result_init(struct run *run, const struct run_spec *spec)
{
	struct run_result *result = &run->result;
	size_t most = (size_t)run->script->definition->limits.evidence_bytes;
	uint8_t random[24];

	crypto_random(random, sizeof(random));
	memcpy(run->trace, random, 16);
	memcpy(run->span, random + 16, 8);
	crypto_hex(run->trace, sizeof(run->trace), result->trace);
	memcpy(result->id, spec->id, sizeof(result->id));
	result->location = run->location = xstrdup(spec->location);
	result->trigger = run->trigger = xstrdup(spec->trigger);
	result->probe = run->engine->probe;
	result->started = clock_wall();
	result->due = spec->due != 0 ? spec->due : result->started;
	buf_init(&result->request, most > 0 ? most : 1);
	buf_init(&result->response, most > 0 ? most : 1);
}

struct run *
run_start(struct run_script *script, const struct run_spec *spec,
    const struct run_hooks *hooks, void *arg)
{
	struct run *run = xcalloc(1, sizeof(*run));
	size_t entries = script->flow->entry_count;

	run->magic = RUN_MAGIC;
	run->engine = script->engine;
	run->script = run_script_hold(script);
	run->hooks = hooks;
	run->arg = arg;
	run->started = clock_mono();
	run->deadline = run->started + script->definition->timeout;
	arena_init(&run->arena, 0);
	arena_init(&run->options_arena, 0);
	run->arena.first_bytes = run->options_arena.first_bytes =
	    ARENA_FIRST_BYTES;
	result_init(run, spec);
	run->last = spec->last_entry > 0 && spec->last_entry < entries ?
	    spec->last_entry : (uint32_t)entries;
	run->entry = spec->first_entry > 0 ? spec->first_entry - 1 : 0;
	begin_run(run, spec);
	run->scope = (struct scope){.variables = run->variables,
	    .file_root = script->definition->flow_root,
	    .max_body_bytes = (size_t)script->definition->limits.body_bytes,
	    .may_read_environment = run->engine->rights.reads_environment};
	if (run->stop_reason != NULL)
		run->result.outcome = OUTCOME_INVALID;
	DL_APPEND(run->engine->runs, run);
	run->engine->in_flight++;
	run->timer = loop_timer_new(run->engine->loop, run_wake_cb, run);
	arm(run, run->started);
	return (run);
}

void
run_stop(struct run *run, const char *reason)
{
	must_magic(run, RUN_MAGIC);
	if (run->state == RUN_DONE || run->stop_reason != NULL)
		return;
	run->stop_reason = xstrdup(reason);
	run->armed_at = 0;
	arm(run, clock_mono());
}

struct run_script *
run_script_of(const struct run *run)
{
	return (run->script);
}

const struct variables *
run_variables(const struct run *run)
{
	return (run->variables);
}
