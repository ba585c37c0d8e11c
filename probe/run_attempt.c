/* SPDX-License-Identifier: ISC */
/*
 * An attempt of an entry: a request, the redirects that it follows, and the
 * evaluation of the last answer; then another attempt, the next round, or
 * the end of the run.
 */
#include <stdio.h>
#include <stdlib.h>

#include "probe/run_priv.h"

#define WORK_SHORT SPAN_MS

static void answered_cb(const struct http_end *end, void *arg);

void
run_attempt_fini(struct run *run)
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

/* Sending. */

struct request_maker
run_maker(struct run *run, struct arena *arena, struct findings *findings)
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
refuse_request(struct run *run, const char *sentence)
{
	run_give_up_unsent(run, OUTCOME_INVALID,
	    run_entry(run)->request.url.place, sentence);
}

static void
refuse_host(struct run *run, const char *host)
{
	char reason[RUN_REASON_MOST_BYTES];

	snprintf(reason, sizeof(reason), "host not allowed: %s", host);
	refuse_request(run, reason);
}

static void
refuse_step(struct run *run)
{
	char reason[RUN_REASON_MOST_BYTES];

	snprintf(reason, sizeof(reason), "the run sends more requests than "
	    "its limit of %lld allows", (long long)run->step_most);
	run->is_cut_off = true;
	refuse_request(run, reason);
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

/* Send run->request. */
static void
send_request(struct run *run)
{
	const struct definition *d = run->script->definition;
	struct request_maker m = run_maker(run, &run->arena, NULL);
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
	sentence = request_sign(&m, &run->request, &run->options, &run->sent);
	if (sentence != NULL) {
		refuse_request(run, sentence);
		return;
	}
	run->sent_at = clock_mono();
	trim_timeouts(run);
	/* What the environment has is not where a fleet's requests go. */
	if (run->sent.options.proxy == NULL &&
	    !run->engine->rights.reads_environment)
		run->sent.options.proxy = "";
	run->response = response_new((size_t)d->limits.body_bytes);
	run->response->headers_most = (size_t)d->limits.headers;
	run->response->json_depth_most = (size_t)d->limits.json_depth;
	run->response->url = run->sent.url;
	run->response->method = run->sent.method;
	session_open(run);
	if (run->script->drops_cookies)
		http_session_clear_cookies(run->session);
	buf_reset(&run->sent_head);
	run->sent.options.notes_certificate = run->script->notes_certificates;
	if (run->script->keeps_sent_heads ||
	    run->options.verbosity > REQUEST_QUIET)
		run->sent.sent_head = &run->sent_head;
	run->transfer = http_start(run->session, &run->sent, run->response,
	    answered_cb, run, &sentence);
	if (run->transfer == NULL) {
		refuse_request(run, sentence);
		return;
	}
	run->state = RUN_SENDING;
	run_arm(run, run->deadline);
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

void
run_attempt_start(struct run *run)
{
	struct request_maker m;
	struct findings findings;

	run_attempt_fini(run);
	run->attempt++;
	findings_init(&findings);
	m = run_maker(run, &run->arena, &findings);
	if (request_build(&m, run_entry(run), &run->request) != 0) {
		run_give_up_invalid(run, &findings);
		findings_fini(&findings);
		return;
	}
	set_cookies(run);
	send_request(run);
}

/* Answers. */

static bool
is_spent(const struct run *run)
{
	return (run->work >
	    run->script->definition->limits.work_ms * SPAN_MS);
}

/* Whether another attempt follows; if one is due and does not, why_not. */
static bool
is_retried(const struct run *run, const struct run_step *step, char *why_not,
    size_t size)
{
	int64_t most = run->script->definition->limits.retries;
	span_us pause = run->options.retry_interval;
	char span[CLOCK_SPAN_SIZE], time[RUN_TIME_TEXT_SIZE];

	*why_not = '\0';
	if (!run_rules_retries(step->outcome, run->attempt,
	    run->options.retry) || is_spent(run))
		return (false);
	if ((int64_t)run->attempt > most) {
		snprintf(why_not, size, "; %lld retries are the limit",
		    (long long)most);
		return (false);
	}
	if (pause < run->deadline - clock_mono())
		return (true);
	clock_format_span(pause, span);
	run_time_format(run, time);
	snprintf(why_not, size, "; the %s ends before a retry in %s", time,
	    span);
	return (false);
}

/* The attempt's last step is complete: retry, go on, or give up. */
static void
end_attempt(struct run *run, struct run_step *step)
{
	const struct finding *first;
	struct buf reason;
	char why_not[160];

	step->is_retried = is_retried(run, step, why_not, sizeof(why_not));
	run_step_end(run, step);
	if (step->is_retried) {
		run->state = RUN_RETRYING;
		run->due = clock_mono() + run->options.retry_interval;
		run_arm(run, run->due);
	} else if (step->outcome == OUTCOME_PASSED) {
		run_round_next(run);
		run_entries_start(run);
	} else {
		must(step->findings.count > 0);
		first = &step->findings.items[0];
		buf_init(&reason, 2 * RUN_REASON_MOST_BYTES);
		run_reason(run, first, &reason);
		buf_append_str(&reason, why_not);
		run_give_up(run, step->outcome, buf_str(&reason), first->place);
		buf_fini(&reason);
	}
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

/* A piece of work, as its two clocks were when it began. */
struct work {
	mono_us at;
	span_us cpu;
};

static struct work
work_begin(void)
{
	return ((struct work){clock_mono(), clock_cpu()});
}

/* CPU time since: of what is short the time on the wall, which is no less
 * and takes no system call. */
static span_us
work_end(const struct work *work)
{
	span_us span = clock_mono() - work->at;

	return (span < WORK_SHORT ? span : clock_cpu() - work->cpu);
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
	const struct flow_entry *entry = run_entry(run);
	struct flow_entry stripped;
	struct work work = work_begin();

	if (run->script->ignores_asserts) {
		stripped = *entry;
		keep_captures(&stripped.response);
		entry = &stripped;
	}
	run->response->redirects = run->before;
	run->response->redirect_count = run->before_count;
	run->before = NULL;
	run->before_count = 0;
	run->scope.now = clock_wall();
	evaluate_entry(entry, run->response, &run->scope,
	    &step->findings, &counts);
	count_work(run, step, work_end(&work));
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
	struct request_maker m = run_maker(run, &run->arena, NULL);
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
