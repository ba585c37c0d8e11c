/* SPDX-License-Identifier: ISC */
/* One check, at each of its locations. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/html.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/style.h"
#include "web/text.h"

#define RUNS_SHOWN 40

/* What is left of the error budget of the SLO's window; NaN: no SLO. */
static double
budget_left(struct answer *a, const struct query_check *c)
{
	const struct query_which which = {.check = c->check,
	    .location = c->location, .environment = c->environment,
	    .has_unplanned = true};
	struct query_check *found;
	size_t count;
	double left = NAN, allowed;

	if (c->slo_success_permyriad == QUERY_NONE ||
	    c->slo_success_permyriad >= 10000 ||
	    query_checks(a->query, &which, a->now - c->slo_window_us, a->now,
	    &found, &count) != 0)
		return (NAN);
	allowed = 1 - (double)c->slo_success_permyriad / 10000;
	if (count == 1)
		left = 1 - (1 - found[0].success) / allowed;
	query_checks_free(&found, count);
	return (left);
}

static void
write_objective(struct answer *a, const struct query_check *c)
{
	double left = budget_left(a, c);
	struct buf *out = &a->out;

	if (isnan(left))
		return;
	parts_tile(out, "Error budget left", left < 0 ? "bad" : "good");
	if (left < 0)
		buf_append_str(out, "spent");
	else
		buf_printf(out, "%.0f&nbsp;%%", floor(left * 100));
	parts_tile_end(out);
}

static void
write_tiles(struct answer *a, const struct query_check *c)
{
	const struct {
		const char *what;
		span_us value;
	} latencies[] = {{"p50, 24 h", c->p50_us}, {"p95, 24 h", c->p95_us},
	    {"p99, 24 h", c->p99_us}};
	struct buf *out = &a->out;
	size_t i;

	buf_append_str(out, "<dl class=\"tiles\">\n");
	parts_tile(out, "Success, 24 h", "");
	text_share(out, c->success);
	parts_tile_end(out);
	for (i = 0; i < NELEMS(latencies); i++) {
		parts_tile(out, latencies[i].what, "");
		text_span(out, latencies[i].value);
		parts_tile_end(out);
	}
	parts_tile(out, "Coverage, 24 h", "");
	text_share(out, c->coverage);
	parts_tile_end(out);
	write_objective(a, c);
	buf_append_str(out, "</dl>\n");
}

static void
write_fact_time(struct answer *a, const char *what, wall_us t)
{
	buf_printf(&a->out, "<dt>%s</dt><dd>", what);
	text_ago(&a->out, t, a->now);
	buf_append_str(&a->out, "</dd>\n");
}

static void
write_facts(struct answer *a, const struct query_check *c)
{
	struct buf *out = &a->out;
	char hex[2 * MESSAGE_ID_SIZE + 1];

	buf_append_str(out, "<dl class=\"facts\">\n<dt>Owner</dt><dd>");
	html_escape(out, c->owner != NULL ? c->owner : "nobody");
	buf_append_str(out, "</dd>\n<dt>Every</dt><dd>");
	text_span(out, c->every_us);
	buf_append_str(out, "</dd>\n");
	if (c->slo_success_permyriad != QUERY_NONE) {
		buf_printf(out, "<dt>Objective</dt><dd>%g&nbsp;%% over ",
		    (double)c->slo_success_permyriad / 100);
		text_span(out, c->slo_window_us);
		buf_append_str(out, "</dd>\n");
	}
	if (c->has_run) {
		crypto_hex(c->last_run, MESSAGE_ID_SIZE, hex);
		buf_printf(out, "<dt>Last run</dt><dd><a href=\"/runs/%s\">",
		    hex);
		text_ago(out, c->last_due_us, a->now);
		buf_append_str(out, "</a></dd>\n");
		write_fact_time(a, "Last passed", c->last_passed_us);
		write_fact_time(a, "Last bad", c->last_bad_us);
		write_fact_time(a, c->last_outcome == OUTCOME_PASSED ?
		    "Passing since" : "Not passing since", c->streak_us);
	}
	if (c->definition != NULL) {
		buf_append_str(out, "<dt>Definition</dt><dd class=\"mono\">");
		html_escape_n(out, c->definition,
		    strnlen(c->definition, 12));
		buf_append_str(out, "</dd>\n");
	}
	buf_append_str(out, "</dl>\n");
}

static void
write_place(struct answer *a, const struct query_check *c)
{
	struct buf *out = &a->out;

	buf_append_str(out, "<h2>");
	parts_where(out, c->location, c->environment);
	buf_append_str(out, " &nbsp; ");
	if (c->has_run)
		text_outcome(out, c->last_outcome);
	else
		buf_append_str(out, "<span class=\"o none\">no run yet"
		    "</span>");
	if (c->is_stale)
		buf_append_str(out, " <span class=\"tag\">stale</span>");
	buf_append_str(out, "</h2>\n<div class=\"panel pad\">\n");
	parts_strip(a, c);
	write_facts(a, c);
	buf_append_str(out, "</div>\n");
	write_tiles(a, c);
}

static void
write_links(struct answer *a)
{
	struct buf *out = &a->out;

	buf_append_str(out, "<p class=\"more\"><a href=\"/runs?check=");
	text_url(out, a->rest);
	buf_append_str(out, "\">All runs of it</a> <a href=\"/runs?outcome="
	    "bad&amp;check=");
	text_url(out, a->rest);
	buf_append_str(out, "\">Its failures</a> <a href=\"/api/v1/checks?"
	    "check=");
	text_url(out, a->rest);
	buf_append_str(out, "\">As JSON</a></p>\n");
}

void
page_check(struct answer *a)
{
	const struct query_which which = {.check = a->rest,
	    .has_unplanned = true};
	const struct query_runs runs = {.which = which, .limit = RUNS_SHOWN};
	struct query_cursor next;
	struct query_check *checks;
	size_t i, count;

	if (query_checks(a->query, &which, a->now - SPAN_DAY, a->now, &checks,
	    &count) != 0) {
		answer_fail_page(a, 503, "The store cannot be read",
		    query_reason(a->query));
		return;
	}
	if (count == 0) {
		answer_fail_page(a, 404, "No such check",
		    "The store knows no check of this name.");
		return;
	}
	a->content_type = "text/html; charset=utf-8";
	style_begin(&a->out, a->rest, 0);
	buf_append_str(&a->out, "<h1>");
	html_escape(&a->out, a->rest);
	buf_append_str(&a->out, "</h1>\n");
	for (i = 0; i < count; i++)
		write_place(a, &checks[i]);
	query_checks_free(&checks, count);
	buf_append_str(&a->out, "<h2>Runs</h2>\n");
	if (parts_runs(a, &runs, &next) != 0) {
		answer_fail_page(a, 503, "The store cannot be read",
		    query_reason(a->query));
		return;
	}
	write_links(a);
	style_end(&a->out);
}
