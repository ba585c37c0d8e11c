/* SPDX-License-Identifier: ISC */
/* What e2e-gate said of releases: the list, and one gate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/html.h"
#include "base/html_diff.h"
#include "base/json.h"
#include "web/gate_parts.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/style.h"
#include "web/text.h"

#define ROWS_MOST 100
#define NAMES_MOST 20
#define REFRESH_S 15

/* The list on its way. */
struct list {
	struct answer *a;
	const char *service; /* NULL: any */
	size_t count;
};

/* A coloured word; a verdict has the colours of the outcomes. */
static void
write_verdict(struct buf *out, const char *verdict)
{
	const char *class_name = strcmp(verdict, "pass") == 0 ? "passed" :
	    strcmp(verdict, "block") == 0 ? "failed" : "unreachable";

	buf_printf(out, "<span class=\"o %s\">", class_name);
	html_escape(out, verdict);
	buf_append_str(out, "</span>");
}

/* What the candidate is: its version, else its environment, else base_url. */
static const char *
candidate_of(const struct json *root)
{
	const struct json *c = json_get(root, "candidate");
	const char *text = json_get_str(c, "version", NULL);

	if (text == NULL)
		text = json_get_str(c, "environment", NULL);
	if (text == NULL)
		text = json_get_str(json_get(c, "variables"), "base_url", "");
	return (text);
}

static void
write_row(struct answer *a, const struct query_gate *g,
    const struct json *root)
{
	struct buf *out = &a->out;

	buf_append_str(out, "<tr><td>");
	write_verdict(out, g->verdict != NULL ? g->verdict : "?");
	buf_printf(out, "</td><td class=\"w\"><a href=\"/gates/%s\">",
	    g->id_hex);
	html_escape(out, g->service != NULL ? g->service : "several services");
	buf_append_str(out, "</a></td><td class=\"mono\">");
	html_escape(out, candidate_of(root));
	buf_append_str(out, "</td><td class=\"n\">");
	text_ago(out, g->stored_us, a->now);
	buf_printf(out, "</td><td class=\"n wide\">%lld</td><td class=\"dim "
	    "wide\">", (long long)json_get_int(root, "round_count", 0));
	html_escape(out, g->reason != NULL ? g->reason : "");
	buf_append_str(out, "</td></tr>\n");
}

static bool
row_cb(const struct query_gate *g, void *arg)
{
	struct list *l = arg;
	struct json_doc *doc;

	if (l->service != NULL && (g->service == NULL ||
	    strcmp(l->service, g->service) != 0))
		return (true);
	if (json_parse(g->document, strlen(g->document),
	    &json_limits_default, &doc, NULL) != 0)
		return (true);
	write_row(l->a, g, json_root(doc));
	json_free(&doc);
	return (++l->count < ROWS_MOST);
}

void
page_gates(struct answer *a)
{
	struct list l = {.a = a, .service = answer_param(a, "service")};
	struct buf *out = &a->out;

	a->content_type = "text/html; charset=utf-8";
	style_begin(out, "Gates", REFRESH_S);
	buf_append_str(out, "<h1 id=\"gates\">Gates</h1>\n<div class=\"panel\">"
	    "<table aria-labelledby=\"gates\"><thead><tr>"
	    "<th scope=\"col\">Verdict</th><th scope=\"col\">Service</th>"
	    "<th scope=\"col\">Candidate</th>"
	    "<th scope=\"col\" class=\"n\">When</th>"
	    "<th scope=\"col\" class=\"n wide\">Rounds</th>"
	    "<th scope=\"col\" class=\"wide\">Why</th></tr></thead><tbody>\n");
	if (query_gates(a->query, 0, SIZE_MAX >> 1, row_cb, &l) != 0) {
		answer_fail_page(a, 503, "The store cannot be read",
		    query_reason(a->query));
		return;
	}
	buf_append_str(out, "</tbody></table></div>\n");
	if (l.count == 0)
		buf_append_str(out, "<p class=\"dim\">None yet: <code>e2e-gate "
		    "--store DIR</code> leaves its verdicts here.</p>\n");
	style_end(out);
}

static void
fact(struct buf *out, const char *name, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	buf_printf(out, "<dt>%s</dt><dd>", name);
	html_escape(out, text);
	buf_append_str(out, "</dd>\n");
}

static void
write_regressions(struct buf *out, const struct json *list)
{
	size_t i;

	if (list == NULL || list->kind != JSON_ARRAY || list->count == 0)
		return;
	buf_append_str(out, "<h2>Regressions</h2>\n<div class=\"panel\"><table>"
	    "<tbody>\n");
	for (i = 0; i < list->count && i < NAMES_MOST; i++) {
		buf_append_str(out, "<tr><td><strong>");
		html_escape(out, json_get_str(&list->items[i], "subject", ""));
		buf_append_str(out, "</strong></td><td>");
		html_escape(out, json_get_str(&list->items[i], "size", ""));
		buf_append_str(out, "</td></tr>\n");
	}
	buf_append_str(out, "</tbody></table></div>\n");
	if (list->count > NAMES_MOST)
		buf_printf(out, "<p class=\"dim\">and %zu more</p>\n",
		    list->count - NAMES_MOST);
}

/* What failed and where, and both answers at that step. */
static void
write_failure(struct buf *out, const struct json *f)
{
	buf_append_str(out, "<div class=\"panel alarm\"><strong>");
	html_escape(out, json_get_str(f, "message", json_get_str(f, "reason",
	    "failed")));
	buf_append_str(out, "</strong> <span class=\"tag mono\">");
	html_escape(out, json_get_str(f, "file", ""));
	buf_printf(out, ":%lld</span>\n<dl class=\"facts\">",
	    (long long)json_get_int(f, "line", 0));
	fact(out, "check", json_get_str(f, "check", NULL));
	fact(out, "expected", json_get_str(f, "expected", NULL));
	fact(out, "actual", json_get_str(f, "actual", NULL));
	fact(out, "request", json_get_str(f, "url", NULL));
	fact(out, "run", json_get_str(f, "run", NULL));
	buf_append_str(out, "</dl></div>\n");
	html_diff(out, &(struct html_side){"Candidate", json_get_str(f,
	    "response", NULL), "No answer came."}, &(struct html_side){
	    "Baseline, when it passed", json_get_str(f, "baseline_response",
	    NULL), "The gate ended before its answer was kept."});
}

static bool
is_named(const struct json *root, const char *check)
{
	const struct json *list = json_get(root, "regressions");
	size_t i;

	for (i = 0; list != NULL && list->kind == JSON_ARRAY &&
	    i < list->count; i++)
		if (strcmp(json_get_str(&list->items[i], "check", ""),
		    check) == 0)
			return (true);
	return (false);
}

/* The first of the candidate's failing runs of a check; NULL: none. */
static const struct json *
failure_of(const struct json *check)
{
	const struct json *list = json_get(check, "first_failures");
	size_t i;

	for (i = 0; list != NULL && list->kind == JSON_ARRAY &&
	    i < list->count; i++)
		if (strcmp(json_get_str(&list->items[i], "arm", ""),
		    "candidate") == 0)
			return (&list->items[i]);
	return (NULL);
}

/* That of the gate, then that of each other check that is named. */
static void
write_failures(struct buf *out, const struct json *root)
{
	const struct json *first = json_get(root, "first_failure"), *f;
	const struct json *checks = json_get(root, "checks");
	const char *check;
	size_t i, shown = 0;

	if (first == NULL)
		return;
	buf_append_str(out, "<h2>First failing run of the candidate</h2>\n");
	write_failure(out, first);
	for (i = 0; checks != NULL && checks->kind == JSON_ARRAY &&
	    i < checks->count && shown < NAMES_MOST; i++) {
		check = json_get_str(&checks->items[i], "check", "");
		f = failure_of(&checks->items[i]);
		if (f == NULL || !is_named(root, check) ||
		    strcmp(check, json_get_str(first, "check", "")) == 0)
			continue;
		write_failure(out, f);
		shown++;
	}
}

static void
write_check(struct buf *out, const struct json *c)
{
	const struct json *quarantine = json_get(c, "quarantine");

	buf_append_str(out, "<tr><td>");
	parts_check_link(out, json_get_str(c, "check", ""));
	if (json_get_bool(c, "advisory", false) || (quarantine != NULL &&
	    !json_get_bool(quarantine, "expired", false)))
		buf_append_str(out, " <span class=\"tag\">not judged</span>");
	else if (quarantine != NULL)
		buf_append_str(out, " <span class=\"tag\">its quarantine "
		    "expired</span>");
	buf_printf(out, "</td><td class=\"n\">%lld</td><td class=\"n\">%lld"
	    "</td><td class=\"n\">%lld</td><td class=\"n\">%lld</td></tr>\n",
	    (long long)json_get_int(c, "pairs", 0),
	    (long long)json_get_int(c, "void", 0),
	    (long long)json_get_int(c, "candidate_failures", 0),
	    (long long)json_get_int(c, "baseline_failures", 0));
}

static void
write_checks(struct buf *out, const struct json *list)
{
	size_t i;

	if (list == NULL || list->kind != JSON_ARRAY)
		return;
	buf_append_str(out, "<h2 id=\"checks\">Checks</h2>\n<div class=\"panel"
	    "\"><table aria-labelledby=\"checks\"><thead><tr>"
	    "<th scope=\"col\">Check</th><th scope=\"col\" class=\"n\">Pairs"
	    "</th><th scope=\"col\" class=\"n\">Void</th><th scope=\"col\" "
	    "class=\"n\">Candidate failed</th><th scope=\"col\" class=\"n\">"
	    "Baseline failed</th></tr></thead><tbody>\n");
	for (i = 0; i < list->count; i++)
		write_check(out, &list->items[i]);
	buf_append_str(out, "</tbody></table></div>\n");
}

static void
write_facts(struct answer *a, const struct json *root)
{
	const char *id = json_get_str(root, "gate", "");
	struct buf *out = &a->out;

	buf_append_str(out, "<h2>Facts</h2>\n<div class=\"panel pad\"><dl "
	    "class=\"facts\">\n");
	fact(out, "Candidate", candidate_of(root));
	buf_append_str(out, "<dt>Finished</dt><dd>");
	text_time(out, json_get_int(root, "finished_us", QUERY_NONE));
	buf_append_str(out, "</dd>\n<dt>Took</dt><dd>");
	text_span(out, json_get_int(root, "spent_us", QUERY_NONE));
	buf_printf(out, "</dd>\n<dt>Rounds</dt><dd>%lld</dd>\n<dt>Exit code"
	    "</dt><dd>%lld</dd>\n<dt>Seed</dt><dd>%lld</dd>\n<dt>Document</dt>"
	    "<dd><a class=\"mono\" href=\"/api/v1/gates/",
	    (long long)json_get_int(root, "round_count", 0),
	    (long long)json_get_int(root, "exit_code", 0),
	    (long long)json_get_int(root, "seed", 0));
	text_url(out, id);
	buf_append_str(out, "\">");
	html_escape(out, id);
	buf_append_str(out, "</a></dd></dl></div>\n");
}

static void
write_gate(struct answer *a, const struct json *root)
{
	const char *verdict = json_get_str(root, "verdict", "?");
	struct buf *out = &a->out;
	char title[80];

	snprintf(title, sizeof(title), "Gate %s", verdict);
	a->content_type = "text/html; charset=utf-8";
	style_begin(out, title, strcmp(verdict, "unfinished") == 0 ?
	    REFRESH_S : 0);
	buf_append_str(out, "<h1>");
	html_escape(out, json_get_str(root, "service", "several services"));
	buf_append_str(out, " &nbsp;");
	write_verdict(out, verdict);
	buf_append_str(out, "</h1>\n<p>");
	html_escape(out, json_get_str(root, "reason", ""));
	buf_append_str(out, "</p>\n");
	gate_parts_overrides(out, root);
	write_regressions(out, json_get(root, "regressions"));
	write_failures(out, root);
	gate_parts_charts(out, root);
	write_checks(out, json_get(root, "checks"));
	write_facts(a, root);
	style_end(out);
}

void
page_gate(struct answer *a)
{
	struct json_doc *doc;
	struct buf text;
	int rc;

	buf_init(&text, json_limits_default.max_bytes);
	rc = query_gate_document(a->query, a->rest, &text);
	if (rc == 0 && json_parse(text.data, text.len, &json_limits_default,
	    &doc, NULL) == 0) {
		write_gate(a, json_root(doc));
		json_free(&doc);
	} else if (rc == ERR_SYNTAX || rc == ERR_NOT_FOUND || rc == ERR_EXISTS)
		answer_fail_page(a, 404, "No such gate", "There is no gate, or "
		    "more than one, with this id.");
	else
		answer_fail_page(a, 503, "The store cannot be read",
		    query_reason(a->query));
	buf_fini(&text);
}
