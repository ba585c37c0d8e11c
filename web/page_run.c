/* SPDX-License-Identifier: ISC */
/* One run: what happened, step by step, and what was good before it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/html.h"
#include "base/json.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/style.h"
#include "web/text.h"
#include "web/waterfall.h"

struct last_good {
	char id_hex[2 * MESSAGE_ID_SIZE + 1]; /* "": there is none */
	wall_us due_us;
	span_us duration_us;
	bool is_known;       /* its definition, and that of the run */
	bool is_same_definition;
};

struct shown {
	struct answer *a;
	int64_t check_id;
	wall_us due_us;
	bool is_bad;
	char id_hex[2 * MESSAGE_ID_SIZE + 1];
	char definition[80];
	struct last_good good;
};

static void
fact(struct buf *out, const char *what)
{
	buf_printf(out, "<dt>%s</dt><dd>", what);
}

static void
fact_end(struct buf *out)
{
	buf_append_str(out, "</dd>\n");
}

static void
fact_text(struct buf *out, const char *what, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	fact(out, what);
	html_escape(out, text);
	fact_end(out);
}

static void
fact_span(struct buf *out, const char *what, span_us t)
{
	if (t == QUERY_NONE)
		return;
	fact(out, what);
	text_span(out, t);
	fact_end(out);
}

static void
write_definition(struct answer *a, const struct query_run *r)
{
	struct buf *out = &a->out;

	if (r->definition == NULL || r->definition[0] == '\0')
		return;
	fact(out, "Definition");
	buf_append_str(out, "<span class=\"mono\">");
	html_escape_n(out, r->definition, strnlen(r->definition, 12));
	buf_append_str(out, "</span>");
	if (r->definition_seen_us != QUERY_NONE) {
		buf_append_str(out, " <span class=\"tag\">first seen ");
		text_ago(out, r->definition_seen_us, a->now);
		buf_append_str(out, "</span>");
	}
	fact_end(out);
}

static void
write_facts(struct answer *a, const struct query_run *r)
{
	struct buf *out = &a->out;

	buf_append_str(out, "<div class=\"panel pad\"><dl class=\"facts\">\n");
	fact(out, "Due");
	text_time(out, r->due_us);
	fact_end(out);
	fact_span(out, "Started late by", r->late_us);
	fact_span(out, "Duration", r->duration_us);
	fact_text(out, "Trigger", trigger_name(r->trigger));
	fact_text(out, "Probe", r->probe);
	fact_span(out, "Lag of the probe", r->lag_us);
	if (r->trace_hex[0] != '\0') {
		fact(out, "Trace");
		buf_printf(out, "<span class=\"mono\">%s</span>",
		    r->trace_hex);
		fact_end(out);
	}
	write_definition(a, r);
	fact(out, "Run");
	buf_printf(out, "<a class=\"mono\" href=\"/api/v1/runs/%s\">%s</a>",
	    r->id_hex, r->id_hex);
	fact_end(out);
	buf_append_str(out, "</dl></div>\n");
}

static void
write_reason(struct buf *out, const struct query_run *r)
{
	if (r->reason == NULL)
		return;
	buf_printf(out, "<div class=\"panel alarm%s\" role=\"note\">",
	    outcome_is_ours(r->outcome) ? " ours" : "");
	html_escape(out, r->reason);
	if (r->place_file != NULL) {
		buf_append_str(out, " <span class=\"tag mono\">");
		html_escape(out, r->place_file);
		buf_printf(out, ":%lld:%lld</span>", (long long)r->place_line,
		    (long long)r->place_column);
	}
	buf_append_str(out, "</div>\n");
}

static void
write_steps(struct buf *out, const struct query_run *r)
{
	struct json_doc *doc;

	buf_append_str(out, "<h2>Steps</h2>\n");
	if (r->steps == NULL || json_parse(r->steps, strlen(r->steps),
	    &json_limits_default, &doc, NULL) != 0) {
		buf_append_str(out, "<p class=\"dim\">No request was sent."
		    "</p>\n");
		return;
	}
	waterfall_write(out, json_root(doc), r->duration_us, r->place_file);
	json_free(&doc);
}

static void
write_half(struct buf *out, const struct json *evidence, const char *member,
    const char *title)
{
	const struct json *text = json_get(evidence, member);

	if (text == NULL || text->kind != JSON_STRING || text->len == 0)
		return;
	buf_printf(out, "<details open><summary>%s</summary><pre tabindex="
	    "\"0\">", title);
	html_escape_n(out, text->text, text->len);
	buf_append_str(out, "</pre></details>\n");
}

static void
write_evidence(struct buf *out, const struct query_run *r)
{
	struct json_doc *doc;
	const char *in_run;

	if (r->evidence == NULL || json_parse(r->evidence,
	    strlen(r->evidence), &json_limits_default, &doc, NULL) != 0)
		return;
	buf_append_str(out, "<h2>Evidence</h2>\n<div class=\"panel\">\n");
	in_run = json_get_str(json_root(doc), "in_run", NULL);
	if (in_run != NULL) {
		buf_append_str(out, "<p>Left out after many like it: "
		    "<a href=\"/runs/");
		text_url(out, in_run);
		buf_append_str(out, "\">another run of this check</a> has its "
		    "own.</p>\n");
	}
	write_half(out, json_root(doc), "request", "Request");
	write_half(out, json_root(doc), "response", "Response");
	buf_append_str(out, "</div>\n");
	json_free(&doc);
}

static void
write_head(struct answer *a, const struct query_run *r)
{
	struct buf *out = &a->out;
	char title[200];

	snprintf(title, sizeof(title), "%s %s", r->check,
	    outcome_name(r->outcome));
	a->content_type = "text/html; charset=utf-8";
	style_begin(out, title, 0);
	buf_append_str(out, "<h1>");
	parts_check_link(out, r->check);
	buf_append_str(out, " &nbsp;");
	text_outcome(out, r->outcome);
	buf_append_str(out, "</h1>\n<p class=\"dim\">");
	parts_where(out, r->location, r->environment);
	buf_append_str(out, " &middot; ");
	text_ago(out, r->due_us, a->now);
	buf_append_str(out, "</p>\n");
}

/* "The last good run before it was ..., with the same definition." */
static void
write_last_good(struct answer *a, const struct last_good *good)
{
	struct buf *out = &a->out;

	if (good->id_hex[0] == '\0')
		return;
	buf_printf(out, "<p>The last good run before it: "
	    "<a href=\"/runs/%s\">", good->id_hex);
	text_ago(out, good->due_us, a->now);
	buf_append_str(out, "</a>, ");
	text_span(out, good->duration_us);
	buf_append_str(out, !good->is_known ? ", with a definition that is "
	    "not known any more.</p>\n" : good->is_same_definition ?
	    ", with the same definition: the check did not change.</p>\n" :
	    ", with <strong>another definition</strong>: the check changed "
	    "in between.</p>\n");
}

static bool
write_run(const struct query_run *r, void *arg)
{
	struct shown *shown = arg;
	struct answer *a = shown->a;

	write_head(a, r);
	write_reason(&a->out, r);
	write_last_good(a, &shown->good);
	write_steps(&a->out, r);
	write_evidence(&a->out, r);
	buf_append_str(&a->out, "<h2>Facts</h2>\n");
	write_facts(a, r);
	style_end(&a->out);
	return (false);
}

static bool
note_run(const struct query_run *r, void *arg)
{
	struct shown *shown = arg;

	shown->check_id = r->check_id;
	shown->due_us = r->due_us;
	shown->is_bad = outcome_is_against_service(r->outcome);
	memcpy(shown->id_hex, r->id_hex, sizeof(shown->id_hex));
	snprintf(shown->definition, sizeof(shown->definition), "%s",
	    r->definition != NULL ? r->definition : "");
	return (false);
}

static bool
note_last_good(const struct query_run *r, void *arg)
{
	struct shown *shown = arg;
	struct last_good *good = &shown->good;

	memcpy(good->id_hex, r->id_hex, sizeof(good->id_hex));
	good->due_us = r->due_us;
	good->duration_us = r->duration_us;
	good->is_known = r->definition != NULL && r->definition[0] != '\0' &&
	    shown->definition[0] != '\0';
	good->is_same_definition = good->is_known &&
	    strcmp(r->definition, shown->definition) == 0;
	return (false);
}

/* The run is looked at twice: a run is borrowed, and what was good before it
 * stands above its steps. */
void
page_run(struct answer *a)
{
	struct shown shown = {.a = a};
	int rc = query_run_find(a->query, a->rest, note_run, &shown);

	if (rc == 0 && shown.is_bad)
		query_run_last_passed(a->query, shown.check_id, shown.due_us,
		    note_last_good, &shown);
	if (rc == 0)
		rc = query_run_find(a->query, shown.id_hex, write_run,
		    &shown);
	if (rc == ERR_SYNTAX || rc == ERR_NOT_FOUND || rc == ERR_EXISTS)
		answer_fail_page(a, 404, "No such run", "There is no run, or "
		    "more than one, with this id. Raw runs are kept for some "
		    "days only.");
	else if (rc != 0)
		answer_fail_page(a, 503, "The store cannot be read",
		    query_reason(a->query));
}
