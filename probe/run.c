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
#define SENT_COOKIES_MOST_BYTES (256u << 10)
#define ARENA_FIRST_BYTES 960 /* enough for most requests */

static void run_wake_cb(void *arg);
static void begin_entries(struct run *run);

/* The end. */

static void
attempt_fini(struct run *run)
{
	size_t i;

	run_note_cookies(run);
	for (i = 0; i < run->before_count; i++)
		response_free(&run->before[i]);
	free(run->before);
	run->before = NULL;
	run->before_count = 0;
	response_free(&run->response);
	arena_reset(&run->arena);
}

static void
run_free(struct run *run)
{
	size_t i;

	if (run->transfer != NULL)
		http_cancel(&run->transfer);
	attempt_fini(run);
	free(run->cookie_names);
	http_session_free(&run->session);
	loop_timer_free(&run->timer);
	for (i = 0; i < run->result.step_count; i++)
		run_step_fini(&run->result.steps[i]);
	free(run->result.steps);
	free(run->result.reason);
	buf_fini(&run->result.request);
	buf_fini(&run->result.response);
	buf_fini(&run->sent_cookies);
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
finish(struct run *run)
{
	struct run_result *result = &run->result;
	span_us lag = loop_lag(run->engine->loop);

	run->state = RUN_DONE;
	result->duration = clock_mono() - run->started;
	if (lag > result->lag)
		result->lag = lag;
	run->hooks->done(run, result, run->arg);
	run_free(run);
}

/*
 * What the run comes to, whatever comes after it: the first verdict stays.
 * reason is copied.
 */
static void
set_verdict(struct run *run, enum outcome outcome, const char *reason,
    struct place place)
{
	struct run_result *result = &run->result;

	if (result->outcome != OUTCOME_PASSED)
		return;
	result->outcome = outcome;
	result->reason = xstrndup(reason, strnlen(reason,
	    REASON_MOST_BYTES));
	result->is_reason_cut = strlen(reason) > REASON_MOST_BYTES;
	result->place = place;
	result->file = run_file(run, run->entry);
	run_evidence(run);
}

static bool
has_clean_up(const struct run *run)
{
	uint32_t i;

	for (i = run->entry + 1; i < run->last; i++)
		if (run->script->flow->entries[i].is_always)
			return (true);
	return (false);
}

/* The next round of the entry at hand, or the next entry. */
static void
next_round(struct run *run)
{
	run->rounds++;
	if (!run->options.is_repeated || (run->options.repeat >= 0 &&
	    run->rounds >= run->options.repeat)) {
		run->rounds = 0;
		run->entry++;
	}
	attempt_fini(run);
}

/* Whether the entries behind one that failed are run nevertheless. */
static bool
goes_on(const struct run *run)
{
	return (run->script->continues && !run->is_cut_off);
}

/*
 * The entry at hand failed, and with it the run. The entries behind it that
 * always run still do, from the loop: each may fail here again.
 */
static void
give_up(struct run *run, enum outcome outcome, const char *reason,
    struct place place)
{
	const struct definition *d = run->script->definition;

	set_verdict(run, outcome, reason, place);
	if (goes_on(run)) {
		next_round(run);
		run->state = RUN_STARTING;
		arm(run, clock_mono());
		return;
	}
	if (!has_clean_up(run) || (run->is_cleaning &&
	    clock_mono() >= run->deadline)) {
		finish(run);
		return;
	}
	if (!run->is_cleaning) {
		run->is_cleaning = true;
		run->deadline += run_rules_clean_up(d->timeout);
		run->step_most += RUN_CLEAN_UP_STEPS;
		run->work = 0;
	}
	run->state = RUN_STARTING;
	run->rounds = 0;
	run->entry++;
	arm(run, clock_mono());
}

/* A mistake of the definition: the first finding says which. */
static void
give_up_invalid(struct run *run, struct findings *findings)
{
	struct run_step *step;
	struct place place = run_entry(run)->place;
	char *reason;

	if (findings->count > 0)
		place = findings->items[0].place;
	reason = xstrdup(findings->count > 0 ? findings->items[0].message :
	    "a bound was reached");
	if (run->is_cleaning || goes_on(run)) {
		step = run_step_add_unsent(run);
		step->outcome = OUTCOME_INVALID;
		findings_fini(&step->findings);
		step->findings = *findings;
		findings_init(findings);
		run_step_end(run, step);
	}
	give_up(run, OUTCOME_INVALID, reason, place);
	free(reason);
}

/* The request at hand cannot be sent. */
static void
give_up_unsent(struct run *run, const char *sentence)
{
	struct findings findings;

	findings_init(&findings);
	findings_add(&findings, FINDING_DEFINITION,
	    run_entry(run)->request.url.place, NULL, NULL, "%s", sentence);
	give_up_invalid(run, &findings);
	findings_fini(&findings);
}

/* Time. */

static void
format_reason(struct buf *out, const char *sentence, const char *why)
{
	buf_printf(out, "%s%s%s", sentence, *sentence != '\0' ? "; " : "",
	    why);
}

/* The run must end now: its time is over, or someone asked for it. */
static void
cut_off(struct run *run, const char *why)
{
	struct place place = {0};
	struct run_step *step;
	struct buf reason;
	bool was_sent;

	run->is_cut_off = true;
	if (run->entry < run->last)
		place = run_entry(run)->place;
	buf_init(&reason, 2 * REASON_MOST_BYTES);
	if (run->state == RUN_SENDING) {
		was_sent = http_cancel(&run->transfer);
		run_step_extend(&run->response->timing,
		    clock_mono() - run->sent_at);
		step = run_step_add(run);
		step->outcome = run_rules_transfer(HTTP_NO_ANSWER, was_sent,
		    run->sent.is_repeatable);
		format_reason(&reason, run->response->status > 0 ?
		    "the answer was not complete" : "no answer came", why);
		findings_add(&step->findings, FINDING_TRANSPORT,
		    run_entry(run)->request.url.place, NULL, NULL, "%s",
		    buf_str(&reason));
		run_step_end(run, step);
		give_up(run, step->outcome, buf_str(&reason),
		    run_entry(run)->request.url.place);
	} else if (run->state == RUN_RETRYING) {
		step = &run->result.steps[run->result.step_count - 1];
		format_reason(&reason, step->findings.count > 0 ?
		    step->findings.items[0].message : "", why);
		give_up(run, step->outcome, buf_str(&reason),
		    step->findings.count > 0 ? step->findings.items[0].place :
		    place);
	} else {
		format_reason(&reason, run->state == RUN_DELAYED ?
		    "stopped in a delay" : "", why);
		give_up(run, OUTCOME_FAILED, buf_str(&reason), place);
	}
	buf_fini(&reason);
}

static void
time_out(struct run *run)
{
	char span[CLOCK_SPAN_SIZE], why[80];

	span_us timeout = run->script->definition->timeout;

	clock_format_span(run->is_cleaning ? run_rules_clean_up(timeout) :
	    timeout, span);
	snprintf(why, sizeof(why), "the %s of %s is over", run->is_cleaning ?
	    "time for clean-up" : "run's time", span);
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
	give_up_unsent(run, reason);
}

static void
refuse_step(struct run *run)
{
	char reason[REASON_MOST_BYTES];

	snprintf(reason, sizeof(reason), "the run sends more requests than "
	    "its limit of %lld allows", (long long)run->step_most);
	run->is_cut_off = true;
	give_up_unsent(run, reason);
}

static void
session_open(struct run *run)
{
	size_t i;

	if (run->session != NULL)
		return;
	run->session = http_session_new(run->engine->http);
	for (i = 0; i < run->script->cookie_count; i++)
		http_session_add_cookie(run->session,
		    run->script->cookies[i]);
}

/* What will go along, before the answer changes it. */
static void
keep_cookies(struct run *run)
{
	struct buf *out = &run->sent_cookies;

	http_session_cookies(run->session, run->sent.url, out);
	if (run->sent.cookies != NULL)
		buf_printf(out, "%s%s", out->len > 0 ? "; " : "",
		    run->sent.cookies);
}

/* Send run->request. */
static void
send_request(struct run *run)
{
	const struct definition *d = run->script->definition;
	struct request_maker m = maker_of(run, &run->arena, NULL);
	char host[300];
	const char *sentence;

	if ((int64_t)run->result.step_count >= run->step_most) {
		refuse_step(run);
		return;
	}
	run_trace_format(run);
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
	run->response->headers_most = (size_t)d->limits.headers;
	run->response->json_depth_most = (size_t)d->limits.json_depth;
	run->response->url = xstrdup(run->sent.url);
	run->response->method = xstrdup(run->sent.method);
	session_open(run);
	if (run->script->drops_cookies)
		http_session_clear_cookies(run->session);
	buf_reset(&run->sent_cookies);
	if (run->script->keeps_sent_cookies)
		keep_cookies(run);
	run->transfer = http_start(run->session, &run->sent, run->response,
	    answered_cb, run, &sentence);
	if (run->transfer == NULL) {
		give_up_unsent(run, sentence);
		return;
	}
	run->state = RUN_SENDING;
	arm(run, run->deadline);
}

static void
set_cookies(struct run *run)
{
	const struct flow_entry *entry = run_entry(run);
	size_t i;

	if (!entry->clears_cookies && entry->set_cookie_count == 0)
		return;
	session_open(run);
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
	if (request_build(&m, run_entry(run), &run->request) != 0) {
		give_up_invalid(run, &findings);
		findings_fini(&findings);
		return;
	}
	set_cookies(run);
	send_request(run);
}

static bool
is_spent(const struct run *run)
{
	return (run->work >
	    run->script->definition->limits.work_ms * SPAN_MS);
}

/* The attempt's last step is complete: retry, go on, or end. */
static void
end_attempt(struct run *run, struct run_step *step)
{
	const struct finding *first;
	struct buf reason;

	int64_t most = run->script->definition->limits.retries;
	bool is_capped;

	step->is_retried = run_rules_retries(step->outcome, run->attempt,
	    run->options.retry);
	is_capped = step->is_retried && (int64_t)run->attempt > most;
	step->is_retried = step->is_retried && !is_capped &&
	    !is_spent(run);
	run_step_end(run, step);
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
		if (is_capped)
			buf_printf(&reason, "; %lld retries are the limit",
			    (long long)most);
		give_up(run, step->outcome, buf_str(&reason), first->place);
		buf_fini(&reason);
		return;
	}
	next_round(run);
	begin_entries(run);
}

static void
keep_captures(struct flow_response *r)
{
	r->version = FLOW_VERSION_ANY;
	r->is_any_status = true;
	r->headers.count = 0;
	r->body.kind = FLOW_BODY_NONE;
	r->assert_count = 0;
}

static void
count_work(struct run *run, struct run_step *step, span_us work)
{
	run->work += work;
	if (is_spent(run))
		findings_add(&step->findings, FINDING_DEFINITION,
		    run_entry(run)->place, NULL, NULL, "looking into the "
		    "answers takes more than the limit of %lld ms of CPU time",
		    (long long)run->script->definition->limits.work_ms);
}

/* Evaluate the last answer of an attempt. */
static void
evaluate(struct run *run, struct run_step *step)
{
	struct evaluate_counts counts = {.asserts = 0};
	span_us begin = clock_cpu();
	struct flow_entry entry = *run_entry(run);

	if (run->script->ignores_asserts)
		keep_captures(&entry.response);
	run->response->redirects = run->before;
	run->response->redirect_count = run->before_count;
	run->before = NULL;
	run->before_count = 0;
	run->scope.now = clock_wall();
	evaluate_entry(&entry, run->response, &run->scope,
	    &step->findings, &counts);
	count_work(run, step, clock_cpu() - begin);
	step->outcome = run_rules_findings(&step->findings);
	if (step->outcome == OUTCOME_PASSED) {
		run_output(run, step);
		step->outcome = run_rules_findings(&step->findings);
		run->options.retry = 0; /* not for a file */
	}
	if (step->outcome == OUTCOME_PASSED &&
	    step->entry == run->evidence_entry)
		run_evidence(run);
	end_attempt(run, step);
}

static void
fail(struct run *run, struct run_step *step, enum outcome outcome,
    const char *sentence)
{
	findings_add(&step->findings, FINDING_TRANSPORT,
	    run_entry(run)->request.url.place, NULL, NULL, "%s", sentence);
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
	step->is_followed = true;
	run_step_end(run, step);
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
	step = run_step_add(run);
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

	run->attempt = 0;
	if (run->is_cleaning && !run_entry(run)->is_always) {
		run->entry++;
		return (true);
	}
	arena_reset(&run->options_arena);
	run->scope.file_root = run_script_folder(run->script,
	    run_entry(run)->file);
	findings_init(&findings);
	m = maker_of(run, &run->options_arena, &findings);
	if (request_options(&m, run_entry(run),
	    &run->script->defaults, &run->options) != 0) {
		run->options.is_repeated = false;
		give_up_invalid(run, &findings);
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
	finish(run);
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

/* Once for the entries, a second time for the clean-up. */
static void
stop(struct run *run)
{
	char *reason = run->stop_reason;

	run->stop_reason = NULL;
	if (run->is_cleaning)
		run->deadline = clock_mono();
	cut_off(run, reason);
	free(reason);
}

static void
run_wake_cb(void *arg)
{
	struct run *run = arg;

	must_magic(run, RUN_MAGIC);
	run->armed_at = 0;
	if (run->is_hopeless) {
		set_verdict(run, OUTCOME_INVALID, run->stop_reason,
		    (struct place){0});
		finish(run);
	} else if (run->stop_reason != NULL)
		stop(run);
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
	buf_init(&run->sent_cookies, SENT_COOKIES_MOST_BYTES);
	arena_init(&run->arena, 0);
	arena_init(&run->options_arena, 0);
	run->arena.first_bytes = run->options_arena.first_bytes =
	    ARENA_FIRST_BYTES;
	result_init(run, spec);
	run->last = spec->last_entry > 0 && spec->last_entry < entries ?
	    spec->last_entry : (uint32_t)entries;
	run->evidence_entry = spec->evidence_entry;
	run->entry = spec->first_entry > 0 ? spec->first_entry - 1 : 0;
	begin_run(run, spec);
	run->scope = (struct scope){.variables = run->variables,
	    .file_root = script->definition->flow_root,
	    .max_body_bytes = (size_t)script->definition->limits.body_bytes,
	    .may_read_environment = run->engine->rights.reads_environment,
	    .paths = script->paths};
	run->is_hopeless = run->stop_reason != NULL;
	run->result.outcome = OUTCOME_PASSED;
	run->step_most = script->definition->limits.steps;
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

const struct http_request *
run_request(const struct run *run)
{
	return (&run->sent);
}

const char *
run_sent_cookies(const struct run *run)
{
	return (buf_str(&run->sent_cookies));
}

bool
run_ignores_asserts(const struct run *run)
{
	return (run->script->ignores_asserts);
}

void
run_cookies(const struct run *run, struct buf *out)
{
	if (run->session != NULL)
		http_session_list_cookies(run->session, out);
}

const struct variables *
run_variables(const struct run *run)
{
	return (run->variables);
}
