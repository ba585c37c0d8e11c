/* SPDX-License-Identifier: ISC */
/* The first page: every check with its state, what is broken first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/html.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/style.h"
#include "web/text.h"

#define ROWS_MOST 200 /* of the table; a service or name narrows it */
#define RECENT_RUNS 15
#define REFRESH_S 15

static bool
is_failing(const struct query_check *c)
{
	return (c->is_planned && query_check_is_failing(c));
}

static int
rank(const struct query_check *c)
{
	if (!c->is_planned)
		return (4);
	if (is_failing(c))
		return (0);
	if (!c->has_run)
		return (2);
	return (c->is_stale || outcome_is_ours(c->last_outcome) ? 1 : 3);
}

static int
by_rank(const void *a, const void *b)
{
	const struct query_check *x = a, *y = b;
	int order = rank(x) - rank(y);

	if (order == 0)
		order = strcmp(x->check, y->check);
	if (order == 0)
		order = strcmp(x->location, y->location);
	return (order != 0 ? order : strcmp(x->environment, y->environment));
}

struct sums {
	int64_t planned, failing, blind; /* blind: ours, stale or no run */
	int64_t passed, measured, due;
};

static struct sums
sum_up(const struct query_check *checks, size_t count)
{
	struct sums s = {0};
	size_t i;

	for (i = 0; i < count; i++) {
		const struct query_check *c = &checks[i];

		s.planned += c->is_planned;
		s.failing += is_failing(c);
		s.blind += rank(c) == 1 || rank(c) == 2;
		s.passed += c->counts[OUTCOME_PASSED];
		s.measured += c->measured;
		s.due += c->due;
	}
	return (s);
}

static double
share(int64_t part, int64_t whole)
{
	return (whole > 0 ? (double)part / (double)whole : NAN);
}

static void
write_headline(struct buf *out, const struct sums *s)
{
	buf_append_str(out, "<h1>");
	if (s->planned == 0)
		buf_append_str(out, "No checks are planned");
	else if (s->failing > 0)
		buf_printf(out, "%lld of %lld checks %s failing",
		    (long long)s->failing, (long long)s->planned,
		    s->failing == 1 ? "is" : "are");
	else if (s->blind > 0)
		buf_printf(out, "No check is failing, but %lld of %lld "
		    "cannot be told", (long long)s->blind,
		    (long long)s->planned);
	else
		buf_append_str(out, "All checks pass");
	buf_append_str(out, "</h1>\n");
}

/* What keeps this page from being of now, and of these manifests. */
static int
write_warnings(struct answer *a)
{
	struct query_health h;
	struct buf *out = &a->out;
	int rc = query_health(a->query, &h);

	if (rc != 0)
		return (rc);
	if (h.stale > 0) {
		buf_printf(out, "<p class=\"panel alarm\">%lld of %lld checks "
		    "are stale: the newest record is of ", (long long)h.stale,
		    (long long)h.planned);
		text_ago(out, h.newest_due_us, a->now);
		buf_append_str(out, ". Does the scheduler run, and can it "
		    "store?</p>\n");
	}
	if (h.refused_us != QUERY_NONE) {
		buf_append_str(out, "<p class=\"panel alarm ours\">The "
		    "manifests were refused at ");
		text_time(out, h.refused_us);
		buf_append_str(out, "; the plan of before goes on: ");
		html_escape(out, h.mistake);
		buf_printf(out, "%s</p>\n", h.mistakes > 1 ? " and more" : "");
	}
	return (0);
}

static void
write_tiles(struct answer *a, const struct sums *s)
{
	struct buf *out = &a->out;

	buf_append_str(out, "<dl class=\"tiles\">\n");
	parts_tile(out, "Failing now", s->failing > 0 ? "bad" :
	    s->planned > 0 ? "good" : "");
	buf_printf(out, "%lld", (long long)s->failing);
	parts_tile_end(out);
	parts_tile(out, "Checks", "");
	buf_printf(out, "%lld", (long long)s->planned);
	parts_tile_end(out);
	parts_tile(out, "Success, 24 h", "");
	text_share(out, share(s->passed, s->measured));
	parts_tile_end(out);
	parts_tile(out, "Coverage, 24 h", "");
	text_share(out, share(s->measured, s->due));
	parts_tile_end(out);
	parts_tile(out, "Runs, 24 h", "");
	buf_printf(out, "%lld", (long long)s->due);
	parts_tile_end(out);
	buf_append_str(out, "</dl>\n");
}

static void
write_state(struct buf *out, const struct query_check *c)
{
	if (!c->is_planned)
		buf_append_str(out, "<span class=\"o none\">gone</span>");
	else if (!c->has_run)
		buf_append_str(out, "<span class=\"o none\">no run yet"
		    "</span>");
	else
		text_outcome(out, c->last_outcome);
	if (is_failing(c) && outcome_is_ours(c->last_outcome))
		buf_append_str(out, "<div class=\"tag\">still failing"
		    "</div>");
	if (c->is_stale)
		buf_append_str(out, "<div class=\"tag\">stale</div>");
}

static void
write_row(struct answer *a, const struct query_check *c)
{
	const span_us latencies[] = {c->p50_us, c->p95_us, c->p99_us};
	struct buf *out = &a->out;
	size_t i;

	buf_append_str(out, "<tr><td>");
	write_state(out, c);
	buf_append_str(out, "</td><td>");
	parts_check_link(out, c->check);
	buf_append_str(out, "<div class=\"tag\">");
	parts_where(out, c->location, c->environment);
	buf_append_str(out, "</div></td><td class=\"wide\">");
	parts_strip(a, c);
	buf_append_str(out, "</td><td class=\"n\">");
	text_ago(out, c->has_run ? c->last_due_us : QUERY_NONE, a->now);
	buf_append_str(out, "</td><td class=\"n\">");
	text_share(out, c->success);
	for (i = 0; i < NELEMS(latencies); i++) {
		buf_printf(out, "</td><td class=\"n%s\">",
		    i == 0 ? "" : " wide");
		text_span(out, latencies[i]);
	}
	buf_append_str(out, "</td><td class=\"n wide\">");
	text_share(out, c->coverage);
	buf_append_str(out, "</td></tr>\n");
}

static void
write_table(struct answer *a, const struct query_check *checks, size_t count)
{
	struct buf *out = &a->out;
	size_t i;

	buf_append_str(out, "<h2 id=\"checks\">Checks</h2>\n"
	    "<div class=\"panel\"><table aria-labelledby=\"checks\">\n"
	    "<thead><tr><th scope=\"col\">State</th>"
	    "<th scope=\"col\">Check</th>"
	    "<th scope=\"col\" class=\"wide\">Last runs</th>"
	    "<th scope=\"col\" class=\"n\">Last due</th>"
	    "<th scope=\"col\" class=\"n\">Success 24 h</th>"
	    "<th scope=\"col\" class=\"n\">p50</th>"
	    "<th scope=\"col\" class=\"n wide\">p95</th>"
	    "<th scope=\"col\" class=\"n wide\">p99</th>"
	    "<th scope=\"col\" class=\"n wide\">Coverage</th></tr></thead>\n"
	    "<tbody>\n");
	for (i = 0; i < count && i < ROWS_MOST; i++)
		write_row(a, &checks[i]);
	buf_append_str(out, "</tbody></table></div>\n");
	if (count > ROWS_MOST)
		buf_printf(out, "<p class=\"dim\">%zu more are not shown: add "
		    "<code>?service=NAME</code> to the address, or ask the "
		    "<a href=\"/api/v1/checks\">API</a>.</p>\n",
		    count - ROWS_MOST);
}

void
page_checks(struct answer *a)
{
	const struct query_which which = {
	    .service = answer_param(a, "service"),
	    .location = answer_param(a, "location"),
	    .environment = answer_param(a, "environment")};
	const struct query_runs recent = {.which = which,
	    .limit = RECENT_RUNS};
	struct query_cursor next;
	struct query_check *checks;
	struct sums sums;
	size_t count;
	int rc;

	rc = query_checks(a->query, &which, a->now - SPAN_DAY, a->now,
	    &checks, &count);
	if (rc != 0) {
		answer_fail_page(a, 503, "The store cannot be read",
		    query_reason(a->query));
		return;
	}
	qsort(checks, count, sizeof(*checks), by_rank);
	sums = sum_up(checks, count);
	a->content_type = "text/html; charset=utf-8";
	style_begin(&a->out, sums.failing > 0 ? "Failing" : "Checks",
	    REFRESH_S);
	write_headline(&a->out, &sums);
	rc = write_warnings(a);
	write_tiles(a, &sums);
	write_table(a, checks, count);
	buf_append_str(&a->out, "<h2>Recent runs</h2>\n");
	if (rc == 0)
		rc = parts_runs(a, &recent, &next);
	if (rc == 0 && parts_has_next(&next))
		buf_append_str(&a->out, "<p class=\"more\"><a href=\"/runs\">"
		    "All runs</a></p>\n");
	style_end(&a->out);
	query_checks_free(&checks, count);
	if (rc != 0)
		answer_fail_page(a, 503, "The store cannot be read",
		    query_reason(a->query));
}
