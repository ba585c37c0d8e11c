/* SPDX-License-Identifier: ISC */
/* From a run event to what is judged. */
#include "gate/sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "gate/engine.h"

#define TIMEOUT_SHARE_PERCENT 95
#define STEP_UNIT (100 * SPAN_MS) /* how exactly a step is told */
#define SPAN_MOST (100 * SPAN_DAY) /* more is no measurement */

/* How far a step has come: its first start to its last end. */
struct step_span {
	span_us start, end;
	bool is_seen, has_passed;
};

static char *
copy_member(const struct json *object, const char *name)
{
	return (xstrdup(json_get_str(object, name, NULL)));
}

/* A duration from the wire, within reason. */
static span_us
get_span(const struct json *object, const char *name)
{
	span_us t = json_get_int(object, name, 0);

	return (t < 0 ? 0 : t > SPAN_MOST ? SPAN_MOST : t);
}

static void
read_steps(const struct suite_check *check, const struct json *steps,
    struct step_span *spans)
{
	const struct json *step;
	struct step_span *at;
	span_us start;
	uint32_t index;
	size_t i;

	if (steps == NULL || steps->kind != JSON_ARRAY)
		return;
	for (i = 0; i < steps->count; i++) {
		step = &steps->items[i];
		index = suite_step_of(check, json_get_int(step, "entry", 0));
		if (index == SUITE_NO_STEP)
			continue;
		at = &spans[index];
		start = get_span(step, "start_us");
		if (!at->is_seen || start < at->start)
			at->start = start;
		at->is_seen = true;
		at->end = start + get_span(step, "total_us");
		at->has_passed = outcome_parse(json_get_str(step, "outcome",
		    "")) == OUTCOME_PASSED;
	}
}

/*
 * The latency of a step. One that ended because time ran out counts as the
 * run's timeout: ranks make that harmless. Other failures have none.
 */
static int64_t
latency_of(const struct step_span *at, enum outcome outcome, span_us timeout)
{
	if (!at->is_seen)
		return (ENGINE_NOT_REACHED);
	if (at->has_passed)
		return ((at->end - at->start) * 1000);
	if ((outcome == OUTCOME_UNREACHABLE || outcome == OUTCOME_UNKNOWN) &&
	    at->end >= timeout / 100 * TIMEOUT_SHARE_PERCENT)
		return (timeout * 1000);
	return (ENGINE_NOT_REACHED);
}

static void
read_latencies(struct sample *s, const struct suite_check *check,
    const struct json *root)
{
	struct step_span *spans = xcalloc(check->step_count, sizeof(*spans));
	uint32_t i;

	read_steps(check, json_get(root, "steps"), spans);
	for (i = 0; i < check->step_count; i++)
		s->latency_ns[i] = latency_of(&spans[i], s->outcome,
		    check->plan->timeout);
	free(spans);
}

/* The first finding of the last step that has any, clean-up left aside. */
static void
read_finding(struct sample_failure *f, const struct json *steps)
{
	const struct json *step, *findings, *first;
	size_t i;

	if (steps == NULL || steps->kind != JSON_ARRAY)
		return;
	for (i = steps->count; i-- > 0;) {
		step = &steps->items[i];
		findings = json_get(step, "failures");
		if (findings == NULL || findings->kind != JSON_ARRAY ||
		    findings->count == 0 ||
		    json_get(step, "clean_up") != NULL)
			continue;
		first = &findings->items[0];
		f->kind = copy_member(first, "kind");
		f->message = copy_member(first, "message");
		f->expected = copy_member(first, "expected");
		f->actual = copy_member(first, "actual");
		f->line = json_get_int(first, "line", f->line);
		f->column = json_get_int(first, "column", f->column);
		f->url = copy_member(step, "url");
		f->status = json_get_int(step, "status", 0);
		f->entry = json_get_int(step, "entry", 0);
		return;
	}
}

/* A text of the evidence, cut on a character's edge. */
static char *
copy_exchange(const struct json *root, const char *name)
{
	const char *text = json_get_str(json_get(root, "evidence"), name,
	    NULL);
	size_t most = SAMPLE_TEXT_MOST;

	if (text == NULL || strlen(text) <= most)
		return (xstrdup(text));
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	return (xasprintf("%.*s\n[...]", (int)most, text));
}

static void
read_failure(struct sample_failure *f, const struct suite_check *check,
    const struct json *root)
{
	const struct json *place = json_get(root, "place");

	f->reason = copy_member(root, "reason");
	f->file = xstrdup(json_get_str(place, "file",
	    check->plan->flow->path));
	f->line = json_get_int(place, "line", 0);
	f->column = json_get_int(place, "column", 0);
	f->request = copy_exchange(root, "request");
	f->response = copy_exchange(root, "response");
	read_finding(f, json_get(root, "steps"));
}

/* A run that passed without a request has seen nothing of the service. */
static bool
has_latency(const struct sample *s)
{
	uint32_t i;

	for (i = 0; i < s->step_count; i++)
		if (s->latency_ns[i] != ENGINE_NOT_REACHED)
			return (true);
	return (false);
}

static bool
has_answer(const struct json *steps)
{
	size_t i;

	if (steps == NULL || steps->kind != JSON_ARRAY)
		return (false);
	for (i = 0; i < steps->count; i++)
		if (json_get_int(&steps->items[i], "status", 0) > 0)
			return (true);
	return (false);
}

/* For what passes: the next run may measure again. Takes reason. */
static void
make_late(struct sample *s, char *reason)
{
	s->is_void = s->is_late = true;
	free(s->failure.reason);
	s->failure.reason = reason;
}

static void
read_event(struct sample *s, const struct suite_check *check,
    const struct json *root)
{
	s->started_us = json_get_int(root, "started_us", 0);
	s->duration_us = get_span(root, "duration_us");
	s->lag_us = get_span(root, "lag_us");
	if (s->outcome != OUTCOME_PASSED)
		read_failure(&s->failure, check, root);
	else
		s->response = copy_exchange(root, "response");
	read_latencies(s, check, root);
	if (outcome_is_ours(s->outcome)) {
		s->is_void = true;
		s->was_answered = s->outcome == OUTCOME_INVALID &&
		    s->lag_us <= SAMPLE_LAG_MOST &&
		    has_answer(json_get(root, "steps"));
		return;
	}
	if (s->outcome == OUTCOME_PASSED && !has_latency(s)) {
		s->is_void = true;
		s->failure.reason = xstrdup("it sent no request: every entry "
		    "was skipped");
	}
	if (s->lag_us > SAMPLE_LAG_MOST)
		make_late(s, xasprintf("the probe was %lld ms late itself",
		    (long long)(s->lag_us / SPAN_MS)));
}

void
sample_read(struct sample *s, const struct suite_check *check,
    enum outcome outcome, const uint8_t run[static MESSAGE_ID_SIZE],
    const char *doc, size_t doc_len)
{
	struct json_doc *json;
	uint32_t i;

	*s = (struct sample){.outcome = outcome,
	    .step_count = check->step_count};
	memcpy(s->run, run, MESSAGE_ID_SIZE);
	s->latency_ns = xcalloc(check->step_count, sizeof(*s->latency_ns));
	for (i = 0; i < check->step_count; i++)
		s->latency_ns[i] = ENGINE_NOT_REACHED;
	if (doc == NULL || json_parse(doc, doc_len, &json_limits_default,
	    &json, NULL) != 0) {
		s->is_void = true;
		s->failure.reason = xstrdup("the run event cannot be read");
		return;
	}
	read_event(s, check, json_root(json));
	json_free(&json);
}

void
sample_note_step(struct sample *s, span_us step)
{
	char text[CLOCK_SPAN_SIZE];
	span_us size = step < 0 ? -step : step;

	if (size <= SAMPLE_STEP_MOST)
		return;
	s->was_answered = false;
	if (s->is_void)
		return;
	clock_format_span((size + STEP_UNIT / 2) / STEP_UNIT * STEP_UNIT,
	    text);
	make_late(s, xasprintf("the clock was stepped %s by %s meanwhile",
	    step < 0 ? "back" : "forward", text));
}

void
sample_blame_service(struct sample *s)
{
	if (!s->was_answered)
		return;
	s->outcome = OUTCOME_FAILED;
	s->is_void = s->was_answered = false;
}

void
sample_fini(struct sample *s)
{
	free(s->latency_ns);
	free(s->response);
	s->latency_ns = NULL;
	s->response = NULL;
	sample_failure_fini(&s->failure);
}

struct sample_failure
sample_take_failure(struct sample *s)
{
	struct sample_failure f = s->failure;

	s->failure = (struct sample_failure){.reason = NULL};
	return (f);
}

void
sample_failure_fini(struct sample_failure *f)
{
	free(f->reason);
	free(f->file);
	free(f->kind);
	free(f->message);
	free(f->expected);
	free(f->actual);
	free(f->url);
	free(f->request);
	free(f->response);
	*f = (struct sample_failure){.reason = NULL};
}
