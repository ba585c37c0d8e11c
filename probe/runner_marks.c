/* SPDX-License-Identifier: ISC */
/*
 * The engine records what did not hold only; what held is everything else
 * that was looked at. They are told apart by their places, which the flow
 * and the findings have in common.
 */
#include "probe/runner_marks.h"

#include "base/mem.h"

struct marks {
	const struct flow_response *expected;
	const struct run_step *step;
	bool has_stopped; /* at the status, or at a capture */
	runner_mark_cb *visit;
	void *arg;
};

static const struct flow_entry *
entry_of(const struct run *run, const struct run_step *step)
{
	return (&run_script_flow(run_script_of(run))->entries[step->entry -
	    1]);
}

static const struct finding *
find_at(const struct run_step *step, struct place place)
{
	const struct finding *f;
	size_t i;

	for (i = 0; i < step->findings.count; i++) {
		f = &step->findings.items[i];
		if (f->place.line == place.line)
			return (f);
	}
	return (NULL);
}

/* Both stand in one line, the version first; either ends it all. */
static void
visit_status(struct marks *m)
{
	const struct flow_response *r = m->expected;
	const struct finding *f, *version = NULL, *status = NULL;
	size_t i;

	for (i = 0; i < m->step->findings.count; i++) {
		f = &m->step->findings.items[i];
		if (f->place.line != r->status_place.line)
			continue;
		if (f->place.column < r->status_place.column)
			version = f;
		else
			status = f;
	}
	m->visit(r->status_place.line, version, m->arg);
	if (!r->is_any_status)
		m->visit(r->status_place.line, status, m->arg);
	m->has_stopped = version != NULL || status != NULL;
}

static bool
is_of_capture(const struct flow_capture *c, const struct finding *f)
{
	return (f->place.line == c->place.line);
}

static bool
is_of_others(const struct flow_response *r, const struct finding *f)
{
	size_t i;

	if (f->place.line == r->status_place.line)
		return (true);
	for (i = 0; i < r->headers.count; i++)
		if (f->place.line == r->headers.items[i].place.line)
			return (true);
	for (i = 0; i < r->capture_count; i++)
		if (is_of_capture(&r->captures[i], f))
			return (true);
	for (i = 0; i < r->assert_count; i++)
		if (f->place.line == r->asserts[i].place.line)
			return (true);
	return (false);
}

/* A finding about the body points at the line that differs. */
static const struct finding *
find_of_body(const struct flow_response *r, const struct run_step *step)
{
	const struct finding *f;
	size_t i;

	for (i = 0; i < step->findings.count; i++) {
		f = &step->findings.items[i];
		if (f->place.line >= r->body.place.line &&
		    !is_of_others(r, f))
			return (f);
	}
	return (NULL);
}

static bool
has_expectations(const struct run *run, const struct run_step *step)
{
	return (step->status > 0 && !step->is_followed &&
	    !run_ignores_asserts(run) && entry_of(run, step)->has_response);
}

void
runner_marks_visit(const struct run *run, const struct run_step *step,
    runner_mark_cb *visit, void *arg)
{
	const struct flow_response *r = &entry_of(run, step)->response;
	struct marks m = {r, step, false, visit, arg};
	size_t i;

	if (!has_expectations(run, step))
		return;
	for (i = 0; i < step->findings.count; i++)
		if (step->findings.items[i].kind == FINDING_TRANSPORT)
			return;
	visit_status(&m);
	for (i = 0; i < r->capture_count && !m.has_stopped; i++)
		m.has_stopped = find_at(step, r->captures[i].place) != NULL;
	if (m.has_stopped)
		return;
	for (i = 0; i < r->headers.count; i++)
		visit(r->headers.items[i].place.line,
		    find_at(step, r->headers.items[i].place), arg);
	if (r->body.kind != FLOW_BODY_NONE)
		visit(r->body.place.line, find_of_body(r, step), arg);
	for (i = 0; i < r->assert_count; i++)
		visit(r->asserts[i].place.line,
		    find_at(step, r->asserts[i].place), arg);
}

struct search {
	const struct finding *f;
	bool is_found;
};

static void
search_cb(uint32_t line, const struct finding *f, void *arg)
{
	struct search *s = arg;

	(void)line;
	s->is_found |= f == s->f;
}

bool
runner_marks_has(const struct run *run, const struct run_step *step,
    const struct finding *f)
{
	struct search s = {f, false};

	runner_marks_visit(run, step, search_cb, &s);
	return (s.is_found);
}

bool
runner_marks_captured(const struct run *run, const struct run_step *step)
{
	const struct flow_response *r = &entry_of(run, step)->response;
	size_t i;

	if (step->status == 0 || step->is_followed ||
	    (find_at(step, r->status_place) != NULL &&
	    !run_ignores_asserts(run)))
		return (false);
	for (i = 0; i < r->capture_count; i++)
		if (find_at(step, r->captures[i].place) != NULL)
			return (false);
	return (true);
}
