/* SPDX-License-Identifier: ISC */
/* Parts that several pages have. */
#include "web/parts.h"

#include <string.h>

#include "base/html.h"
#include "web/text.h"

#define BAR_WIDTH 4
#define BAR_STEP 5
#define STRIP_HEIGHT 26

void
parts_tile(struct buf *out, const char *what, const char *class_name)
{
	buf_printf(out, "<div><dt>%s</dt><dd class=\"%s\">", what,
	    class_name);
}

void
parts_tile_end(struct buf *out)
{
	buf_append_str(out, "</dd></div>\n");
}

void
parts_check_link(struct buf *out, const char *check)
{
	buf_append_str(out, "<a href=\"/checks/");
	text_url(out, check);
	buf_append_str(out, "\">");
	html_escape(out, check);
	buf_append_str(out, "</a>");
}

void
parts_where(struct buf *out, const char *location, const char *environment)
{
	html_escape(out, location);
	buf_append_str(out, " &middot; ");
	html_escape(out, environment);
}

struct strip {
	enum outcome outcomes[PARTS_STRIP]; /* newest first */
	span_us durations[PARTS_STRIP];
	size_t count;
	span_us longest;
};

static bool
strip_add(const struct query_run *r, void *arg)
{
	struct strip *s = arg;

	s->outcomes[s->count] = r->outcome;
	s->durations[s->count] = r->duration_us != QUERY_NONE ?
	    r->duration_us : 0;
	if (s->durations[s->count] > s->longest)
		s->longest = s->durations[s->count];
	return (++s->count < PARTS_STRIP);
}

static void
strip_write(const struct strip *s, struct buf *out)
{
	size_t i, passed = 0;
	int x, height;

	for (i = 0; i < s->count; i++)
		passed += s->outcomes[i] == OUTCOME_PASSED;
	buf_printf(out, "<svg class=\"strip\" viewBox=\"0 0 %d %d\" "
	    "preserveAspectRatio=\"xMaxYMax meet\" role=\"img\" aria-label=\""
	    "%zu of the last %zu runs passed\">", PARTS_STRIP * BAR_STEP,
	    STRIP_HEIGHT, passed, s->count);
	for (i = s->count; i > 0; i--) {
		x = (PARTS_STRIP - (int)i) * BAR_STEP;
		/* A run that was not passed stands out at full height. */
		height = s->outcomes[i - 1] != OUTCOME_PASSED ? STRIP_HEIGHT :
		    4 + (int)((double)(STRIP_HEIGHT - 8) *
		    (double)s->durations[i - 1] / (double)(s->longest + 1));
		buf_printf(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" "
		    "width=\"%d\" height=\"%d\" rx=\"1\"/>",
		    outcome_name(s->outcomes[i - 1]), x,
		    STRIP_HEIGHT - height, BAR_WIDTH, height);
	}
	buf_append_str(out, "</svg>");
}

void
parts_strip(struct answer *a, const struct query_check *c)
{
	const struct query_runs filter = {.which = {.check = c->check,
	    .location = c->location, .environment = c->environment,
	    .has_unplanned = true}, .triggers = 1u << TRIGGER_SCHEDULE,
	    .since = a->now - SPAN_DAY, .limit = PARTS_STRIP};
	struct strip strip = {.count = 0};

	if (query_runs(a->query, &filter, strip_add, &strip, NULL) == 0 &&
	    strip.count > 0)
		strip_write(&strip, &a->out);
}

static bool
run_row(const struct query_run *r, void *arg)
{
	struct answer *a = arg;
	struct buf *out = &a->out;

	buf_append_str(out, "<tr><td>");
	text_outcome(out, r->outcome);
	buf_printf(out, "</td><td class=\"w\"><a href=\"/runs/%s\">",
	    r->id_hex);
	text_ago(out, r->due_us, a->now);
	buf_append_str(out, "</a></td><td>");
	parts_check_link(out, r->check);
	buf_append_str(out, "<div class=\"tag\">");
	parts_where(out, r->location, r->environment);
	if (r->trigger != TRIGGER_SCHEDULE)
		buf_printf(out, " &middot; %s", trigger_name(r->trigger));
	buf_append_str(out, "</div></td><td class=\"n\">");
	text_span(out, r->duration_us);
	buf_append_str(out, "</td><td class=\"why wide\" title=\"");
	html_escape(out, r->reason != NULL ? r->reason : "");
	buf_append_str(out, "\">");
	html_escape(out, r->reason != NULL ? r->reason : "");
	buf_append_str(out, "</td></tr>\n");
	return (true);
}

int
parts_runs(struct answer *a, const struct query_runs *filter,
    struct query_cursor *next)
{
	struct buf *out = &a->out;
	size_t head;
	int rc;

	buf_append_str(out, "<div class=\"panel\"><table>\n<thead><tr>"
	    "<th scope=\"col\">Outcome</th><th scope=\"col\">Due</th>"
	    "<th scope=\"col\">Check</th>"
	    "<th scope=\"col\" class=\"n\">Duration</th>"
	    "<th scope=\"col\" class=\"wide\">Reason</th></tr></thead>\n"
	    "<tbody>\n");
	head = out->len;
	rc = query_runs(a->query, filter, run_row, a, next);
	if (out->len == head)
		buf_append_str(out, "<tr><td colspan=\"5\" class=\"dim\">"
		    "No runs here.</td></tr>\n");
	buf_append_str(out, "</tbody></table></div>\n");
	return (rc);
}

bool
parts_has_next(const struct query_cursor *next)
{
	return (next->due_us != 0 || next->number != 0);
}
