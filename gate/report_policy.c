/* SPDX-License-Identifier: ISC */
/* How reports tell what was decided beforehand: policies and overrides. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "gate/override.h"
#include "gate/report.h"

/* " 2026-12-01 (payments-oncall: flaky provider)" */
static void
append_quarantine(const struct plan_gate *q, struct buf *out)
{
	char until[CLOCK_TEXT_SIZE];

	clock_format_wall(q->quarantine_until, until);
	buf_printf(out, " %.10s (", until);
	report_text(q->quarantine_owner, out);
	buf_append_str(out, ": ");
	report_text(q->quarantine_reason, out);
	buf_append_char(out, ')');
}

bool
report_not_judged(const struct report *r, size_t check, struct buf *out)
{
	const struct suite_check *c = &r->session->suite->checks[check];

	if (c->quarantine != NULL) {
		buf_append_str(out, "in quarantine until");
		append_quarantine(c->quarantine, out);
	} else if (c->is_advisory)
		buf_append_str(out, "advisory");
	return (c->quarantine != NULL || c->is_advisory);
}

static bool
note_not_judged(const struct report *r, size_t check, struct buf *out)
{
	buf_append_str(out, "not judged: ");
	return (report_not_judged(r, check, out));
}

static bool
note_expired(const struct report *r, size_t check, struct buf *out)
{
	const struct suite_check *c = &r->session->suite->checks[check];

	if (c->expired == NULL)
		return (false);
	buf_append_str(out, "counts again: its quarantine expired on");
	append_quarantine(c->expired, out);
	return (true);
}

static bool
is_same_margin(struct latency_margin a, struct latency_margin b)
{
	return (fabs(a.relative - b.relative) < 1e-9 &&
	    fabs(a.absolute_ns - b.absolute_ns) < 1);
}

static void
append_limits(const struct engine_limits *l, const struct engine_config *c,
    struct buf *out)
{
	if (l->alpha > 0)
		buf_printf(out, ", alpha %g %% of the %g %%", 100 * l->alpha,
		    100 * c->alpha);
	if (l->beta > 0)
		buf_printf(out, ", beta %g %%", 100 * l->beta);
	if (!is_same_margin(l->tolerance, c->tolerance))
		buf_printf(out, ", tolerated %g %% or %g ms",
		    100 * l->tolerance.relative,
		    l->tolerance.absolute_ns / 1e6);
	if (!is_same_margin(l->margin, c->margin))
		buf_printf(out, ", margin %g %% and %g ms",
		    100 * l->margin.relative, l->margin.absolute_ns / 1e6);
	if (fabs(l->failure_margin - c->failure_margin) > 1e-9)
		buf_printf(out, ", failures %g %%", 100 * l->failure_margin);
	if (fabs(l->tail_margin - c->tail_margin) > 1e-9)
		buf_printf(out, ", tail %g points", 100 * l->tail_margin);
}

static bool
note_own_policy(const struct report *r, size_t check, struct buf *out)
{
	const struct suite_check *c = &r->session->suite->checks[check];
	struct engine_config config = settings_engine(r->session->settings);
	struct engine_limits l = engine_limits(r->session->engine, check);
	char time[CLOCK_SPAN_SIZE];
	struct buf list;
	bool has_any;

	buf_init(&list, 1 << 12);
	append_limits(&l, &config, &list);
	if (c->rounds_most > 0)
		buf_printf(&list, ", at most %u rounds", c->rounds_most);
	if (c->time_most > 0) {
		clock_format_span(c->time_most, time);
		buf_printf(&list, ", at most %s", time);
	}
	if (c->on_inconclusive >= 0)
		buf_printf(&list, ", when inconclusive %s",
		    on_inconclusive_name(c->on_inconclusive));
	has_any = list.len > 0;
	if (has_any)
		buf_printf(out, "own policy: %s", buf_str(&list) + 2);
	buf_fini(&list);
	return (has_any);
}

void
report_errors(const struct report *r, struct buf *out)
{
	const struct session *s = r->session;
	double alpha = s->settings->alpha, beta = s->settings->beta;
	struct engine_limits l;
	size_t i;

	buf_printf(out, "a false block has at most %g %%, a false pass %g %%",
	    100 * alpha, 100 * beta);
	for (i = 0; i < s->suite->count; i++) {
		l = engine_limits(s->engine, i);
		if (l.beta > beta)
			buf_printf(out, " (%g %% where %s regressed)",
			    100 * l.beta, s->suite->checks[i].id);
	}
}

static bool
note_alike(const struct report *r, size_t check, struct buf *out)
{
	if (!r->session->suite->checks[check].is_alike)
		return (false);
	buf_append_str(out, "reads nothing in which the arms differ: says "
	    "nothing of the candidate");
	return (true);
}

void
report_notes(const struct report *r, size_t check, report_note_cb *cb,
    struct buf *out)
{
	static bool (*const notes[])(const struct report *, size_t,
	    struct buf *) = {note_alike, note_not_judged, note_expired,
	    note_own_policy};
	struct buf text;
	size_t i;

	buf_init(&text, 1 << 16);
	for (i = 0; i < NELEMS(notes); i++) {
		buf_reset(&text);
		if (notes[i](r, check, &text))
			cb(buf_str(&text), out);
	}
	buf_fini(&text);
}

size_t
report_override_count(const struct report *r)
{
	const struct override_list *l = r->session->overrides;

	return (l != NULL ? l->count : 0);
}

void
report_override(const struct report *r, size_t at, struct report_override *out)
{
	const struct override *o = &r->session->overrides->items[at];
	char text[CLOCK_TEXT_SIZE];

	*out = (struct report_override){.who = o->who, .why = o->why,
	    .gate = o->gate, .scope = o->scope == OVERRIDE_GATE ?
	    "this gate, and what continues it" :
	    "every gate of this candidate"};
	clock_format_wall(o->at, text);
	snprintf(out->at, sizeof(out->at), "%.16sZ", text);
	clock_format_wall(o->until, text);
	snprintf(out->until, sizeof(out->until), "%.16sZ", text);
}
