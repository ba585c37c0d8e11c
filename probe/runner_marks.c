/* SPDX-License-Identifier: ISC */
/*
 * The engine records what did not hold only; what held is everything else
 * that was looked at. They are told apart by their places, which the flow
 * and the findings have in common.
 */
#include "probe/runner_marks.h"

#include <stdlib.h>

#include "base/mem.h"

/* The findings of a step by their lines, those of a line in their order. */
struct by_line {
	const struct finding **items;
	size_t count;
};

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

static int
compare_lines(const void *pa, const void *pb)
{
	const struct finding *a = *(const struct finding *const *)pa;
	const struct finding *b = *(const struct finding *const *)pb;

	if (a->place.line != b->place.line)
		return (a->place.line < b->place.line ? -1 : 1);
	return (a < b ? -1 : a > b);
}

static void
by_line_init(struct by_line *l, const struct run_step *step)
{
	size_t i;

	l->count = step->findings.count;
	l->items = xcalloc(l->count + 1, sizeof(*l->items));
	for (i = 0; i < l->count; i++)
		l->items[i] = &step->findings.items[i];
	qsort(l->items, l->count, sizeof(*l->items), compare_lines);
}

static void
by_line_fini(struct by_line *l)
{
	free(l->items);
}

/* The first one of the place's line. */
static const struct finding *
find_at(const struct by_line *l, struct place place)
{
	size_t low = 0, high = l->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (l->items[middle]->place.line < place.line)
			low = middle + 1;
		else
			high = middle;
	}
	return (low < l->count && l->items[low]->place.line == place.line ?
	    l->items[low] : NULL);
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

static void
visit_rest(struct marks *m, const struct by_line *findings)
{
	const struct flow_response *r = m->expected;
	size_t i;

	for (i = 0; i < r->headers.count; i++)
		m->visit(r->headers.items[i].place.line,
		    find_at(findings, r->headers.items[i].place), m->arg);
	if (r->body.kind != FLOW_BODY_NONE)
		m->visit(r->body.place.line, find_of_body(r, m->step),
		    m->arg);
	for (i = 0; i < r->assert_count; i++)
		m->visit(r->asserts[i].place.line,
		    find_at(findings, r->asserts[i].place), m->arg);
}

void
runner_marks_visit(const struct run *run, const struct run_step *step,
    runner_mark_cb *visit, void *arg)
{
	const struct flow_response *r = &entry_of(run, step)->response;
	struct marks m = {r, step, false, visit, arg};
	struct by_line findings;
	size_t i;

	if (!has_expectations(run, step))
		return;
	for (i = 0; i < step->findings.count; i++)
		if (step->findings.items[i].kind == FINDING_TRANSPORT)
			return;
	visit_status(&m);
	by_line_init(&findings, step);
	for (i = 0; i < r->capture_count && !m.has_stopped; i++)
		m.has_stopped = find_at(&findings, r->captures[i].place) !=
		    NULL;
	if (!m.has_stopped)
		visit_rest(&m, &findings);
	by_line_fini(&findings);
}

struct told {
	const struct findings *findings;
	bool *is_told; /* by finding */
};

static void
told_cb(uint32_t line, const struct finding *f, void *arg)
{
	struct told *t = arg;

	(void)line;
	if (f != NULL)
		t->is_told[f - t->findings->items] = true;
}

void
runner_marks_visit_others(const struct run *run, const struct run_step *step,
    runner_mark_cb *visit, void *arg)
{
	const struct findings *all = &step->findings;
	struct told told = {all, xcalloc(all->count + 1, sizeof(bool))};
	size_t i;

	runner_marks_visit(run, step, told_cb, &told);
	for (i = 0; i < all->count; i++)
		if (!told.is_told[i])
			visit(all->items[i].place.line, &all->items[i], arg);
	free(told.is_told);
}

bool
runner_marks_captured(const struct run *run, const struct run_step *step)
{
	const struct flow_response *r = &entry_of(run, step)->response;
	struct by_line findings;
	bool is_all;
	size_t i;

	if (step->status == 0 || step->is_followed)
		return (false);
	by_line_init(&findings, step);
	is_all = run_ignores_asserts(run) ||
	    find_at(&findings, r->status_place) == NULL;
	for (i = 0; i < r->capture_count && is_all; i++)
		is_all = find_at(&findings, r->captures[i].place) == NULL;
	by_line_fini(&findings);
	return (is_all);
}
