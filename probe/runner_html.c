/* SPDX-License-Identifier: ISC */
/* Pages of e2e-run's report: one for each run, and an index of them. */
#include "probe/runner_html.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/html.h"
#include "base/mem.h"
#include "probe/runner_marks.h"
#include "probe/runner_text.h"

#define PAGE_MOST_BYTES (64u << 20)
#define TEXT_MOST_BYTES (4u << 20)
#define ROWS "<tbody>\n"
#define ROWS_END "</tbody>"

struct runner_html {
	char *dir;
	struct buf details; /* what was expected in each */
	struct buf bad;     /* "file line\n" of what did not hold */
	size_t step_count;
};

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
    "'none'; style-src 'unsafe-inline'\">\n<style>\n"
    "body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;"
    "max-width:90em;padding:0 1em;color:#1a1a1a;background:#fff}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{text-align:left;padding:.25em .6em;"
    "border-bottom:1px solid #ddd;vertical-align:top}\n"
    ".marks td:nth-child(-n+2){width:1%;white-space:nowrap}\n"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "pre,code,.url{font-family:ui-monospace,monospace;font-size:13px}\n"
    "td.request{width:99%;min-width:16em}"
    ".url{overflow-wrap:anywhere}.why{color:#777;font-size:13px}\n"
    "pre{background:#f6f6f6;padding:.6em;overflow-x:auto}\n"
    ".passed{color:#116329}.failed,.unreachable,.unknown{color:#b3261e}\n"
    ".invalid,.skipped,.lost{color:#8a5a00}\n"
    "tr.passed,tr.failed,tr.unreachable,tr.unknown,tr.invalid{"
    "color:inherit}\n"
    ".bar{display:flex;height:.7em;width:10em;background:#eee;"
    "margin-top:.35em;overflow:hidden}.bar i{display:block}"
    ".bar i[class]{min-width:1px}\n"
    ".dns{background:#7b61c4}.connect{background:#d98e04}"
    ".tls{background:#c2559d}.wait{background:#3f9142}"
    ".transfer{background:#2f74c0}\n"
    ".source span{display:block}.source a{display:inline-block;width:4em;"
    "color:#777;text-decoration:none;user-select:none}\n"
    ".source .bad{background:#fde7e5}.source :target,span:target{"
    "background:#fff3c4}\n"
    "@media(prefers-color-scheme:dark){body{color:#e6e6e6;"
    "background:#161616}pre{background:#222}th,td{border-color:#3a3a3a}"
    "a{color:#8ab4f8}.passed{color:#6fcf85}.failed,.unreachable,.unknown{"
    "color:#ff8a80}.invalid,.skipped,.lost{color:#f0b95a}"
    ".bar{background:#333}"
    ".source .bad{background:#4a2320}.source :target,span:target{"
    "background:#4d4216}}\n"
    "</style>\n";

struct runner_html *
runner_html_new(const char *dir)
{
	struct runner_html *h = xcalloc(1, sizeof(*h));

	h->dir = xstrdup(dir);
	buf_init(&h->details, PAGE_MOST_BYTES);
	buf_init(&h->bad, PAGE_MOST_BYTES);
	return (h);
}

void
runner_html_free(struct runner_html **hp)
{
	struct runner_html *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	buf_fini(&h->details);
	buf_fini(&h->bad);
	free(h->dir);
	free(h);
}

static void
put_cut(struct buf *out, const struct run *run, const char *s, size_t len,
    bool is_cut)
{
	struct buf masked;

	buf_init(&masked, TEXT_MOST_BYTES);
	run_mask(run, s, len, is_cut, &masked);
	html_escape_n(out, buf_str(&masked), masked.len);
	buf_fini(&masked);
}

static void
put_masked(struct buf *out, const struct run *run, const char *s, size_t len)
{
	put_cut(out, run, s, len, false);
}

/* Steps. */

static void
put_span(struct buf *out, span_us t)
{
	char text[CLOCK_SPAN_SIZE];

	if (t < 0) {
		buf_append_str(out, "<td class=\"n\">-</td>");
		return;
	}
	clock_format_span(t, text);
	buf_printf(out, "<td class=\"n\">%s</td>", text);
}

/* Its phases, where they stand in the time of the run. */
static void
put_bar(struct buf *out, const struct response_timing *t, span_us whole)
{
	const struct { const char *name; span_us span; } phases[] = {
		{"dns", t->dns}, {"connect", t->connect}, {"tls", t->tls},
		{"wait", t->wait}, {"transfer", t->transfer}
	};
	size_t i;

	buf_printf(out, "<td><div class=\"bar\"><i style=\"width:%.2f%%\">"
	    "</i>", 100.0 * (double)t->start / (double)whole);
	for (i = 0; i < NELEMS(phases); i++)
		if (phases[i].span > 0)
			buf_printf(out, "<i class=\"%s\" title=\"%s\" style="
			    "\"width:%.2f%%\"></i>", phases[i].name,
			    phases[i].name, 100.0 *
			    (double)phases[i].span / (double)whole);
	buf_append_str(out, "</div></td>");
}

static void
put_row(const struct run *run, const struct run_result *result, size_t i,
    struct buf *out)
{
	const struct run_step *step = &result->steps[i];
	const struct response_timing *t = &step->timing;
	const struct flow *flow = run_script_flow(run_script_of(run));
	uint32_t file = flow->entries[step->entry - 1].file;

	buf_printf(out, "<tr class=\"%s\"><td class=\"n\">",
	    outcome_name(step->outcome));
	/* Nothing is expected of an answer that is followed. */
	if (step->is_followed)
		buf_printf(out, "%u", step->entry);
	else
		buf_printf(out, "<a href=\"#s%zu\">%u</a>", i + 1,
		    step->entry);
	buf_printf(out, "</td><td class=\"n\"><a href=\"#f%u-l%u\">%u</a></td>"
	    "<td class=\"request\">%s", file, step->line, step->line,
	    step->is_redirect ? "&#8627; " : "");
	html_escape(out, step->method);
	buf_append_str(out, " <span class=\"url\">");
	put_masked(out, run, step->url, strlen(step->url));
	buf_append_str(out, "</span>");
	if (step->attempt > 1)
		buf_printf(out, " (attempt %u)", step->attempt);
	buf_append_str(out, "</td><td class=\"n\">");
	if (step->status > 0)
		buf_printf(out, "%ld", step->status);
	buf_printf(out, "</td><td class=\"%s\">%s%s</td>",
	    outcome_name(step->outcome), outcome_name(step->outcome),
	    step->is_retried ? ", tried again" : "");
	put_span(out, t->total);
	put_span(out, t->dns);
	put_span(out, t->connect);
	put_span(out, t->tls);
	put_span(out, t->wait);
	put_span(out, t->transfer);
	put_bar(out, t, result->duration > 0 ? result->duration : 1);
	buf_append_str(out, "</tr>\n");
}

struct marking {
	struct runner_html *html;
	struct run *run;
	const struct run_step *step;
	uint32_t file;
	uint32_t held_line; /* the last one that is shown to hold */
};

static void
put_failure(const struct marking *m, const struct finding *f)
{
	struct buf text;
	struct runner_text t = {.out = &text};

	buf_init(&text, TEXT_MOST_BYTES);
	runner_text_failure(&t, m->run, m->step->entry, f);
	buf_append_str(&m->html->details, "<pre>");
	html_escape_n(&m->html->details, buf_str(&text), text.len);
	buf_append_str(&m->html->details, "</pre>");
	buf_printf(&m->html->bad, "%u-%u\n", m->file, f->place.line);
	buf_fini(&text);
}

static void
put_mark(struct marking *m, uint32_t line, const struct finding *f)
{
	const struct flow *flow = run_script_flow(run_script_of(m->run));
	struct buf *out = &m->html->details;
	const char *source;
	size_t len;

	/* Version and status stand in one. */
	if (f == NULL && line == m->held_line)
		return;
	if (f == NULL)
		m->held_line = line;
	buf_printf(out, "<tr class=\"%s\"><td class=\"n\"><a href=\"#f%u-l"
	    "%u\">%u</a></td><td class=\"%s\">%s</td><td>",
	    f == NULL ? "passed" : "failed", m->file, line, line,
	    f == NULL ? "passed" : "failed", f == NULL ? "held" :
	    "did not hold");
	source = flow_line(&flow->files[m->file], line, &len);
	if (f == NULL && source != NULL) {
		buf_append_str(out, "<code>");
		put_masked(out, m->run, source, len);
		buf_append_str(out, "</code>");
	} else if (f != NULL) {
		put_failure(m, f);
	}
	buf_append_str(out, "</td></tr>\n");
}

static void
mark_cb(uint32_t line, const struct finding *f, void *arg)
{
	put_mark(arg, line, f);
}

static void
other_cb(uint32_t line, const struct finding *f, void *arg)
{
	(void)line;
	put_failure(arg, f);
}

void
runner_html_step(struct runner_html *h, struct run *run,
    const struct run_step *step)
{
	const struct flow *flow = run_script_flow(run_script_of(run));
	struct marking m = {h, run, step,
	    flow->entries[step->entry - 1].file, 0};

	h->step_count++;
	if (step->is_followed)
		return;
	buf_printf(&h->details, "<h3 id=\"s%zu\">Entry %u, ", h->step_count,
	    step->entry);
	html_escape(&h->details, step->method);
	buf_append_str(&h->details, " <span class=\"url\">");
	put_masked(&h->details, run, step->url, strlen(step->url));
	buf_append_str(&h->details, "</span></h3>\n<table "
	    "class=\"marks\">\n");
	runner_marks_visit(run, step, mark_cb, &m);
	buf_append_str(&h->details, "</table>\n");
	runner_marks_visit_others(run, step, other_cb, &m);
}

/* The page. */

static bool
is_bad(const struct runner_html *h, size_t file, uint32_t line)
{
	char mark[40];
	size_t n = (size_t)snprintf(mark, sizeof(mark), "%zu-%u\n", file,
	    line);
	const char *at = buf_str(&h->bad);

	for (; (at = strstr(at, mark)) != NULL; at += n)
		if (at == h->bad.data || at[-1] == '\n')
			return (true);
	return (false);
}

static void
put_source(const struct runner_html *h, const struct run *run,
    struct buf *out)
{
	const struct flow *flow = run_script_flow(run_script_of(run));
	const struct flow_file *file;
	const char *line;
	uint32_t number;
	size_t i, len;

	for (i = 0; i < flow->file_count; i++) {
		file = &flow->files[i];
		buf_append_str(out, "<h2>");
		html_escape(out, file->path);
		buf_append_str(out, "</h2>\n<pre class=\"source\">");
		for (number = 1; (line = flow_line(file, number, &len)) !=
		    NULL; number++) {
			buf_printf(out, "<span id=\"f%zu-l%u\"%s><a href=\"#"
			    "f%zu-l%u\">%u</a>", i, number, is_bad(h, i,
			    number) ? " class=\"bad\"" : "", i, number,
			    number);
			put_masked(out, run, line, len);
			buf_append_str(out, "\n</span>");
		}
		buf_append_str(out, "</pre>\n");
	}
}

/* To the second: the order of runs is that of the page. */
static void
format_time(wall_us time, char out[static CLOCK_TEXT_SIZE])
{
	clock_format_wall(time, out);
	snprintf(strchr(out, '.'), 2, "Z");
}

static unsigned int
file_index(const struct run *run, const struct flow_file *file)
{
	return ((unsigned int)(file - run_script_flow(run_script_of(
	    run))->files));
}

static void
put_summary(const struct run *run, const struct run_result *result,
    struct buf *out)
{
	const char *outcome = outcome_name(result->outcome);
	char started[CLOCK_TEXT_SIZE], span[CLOCK_SPAN_SIZE];

	format_time(result->started, started);
	clock_format_span(result->duration, span);
	buf_printf(out, "<p><strong class=\"%s\">%s</strong> at %s: %zu "
	    "request%s in %s, trace <code>%s</code></p>\n", outcome, outcome,
	    started, result->step_count, result->step_count == 1 ? "" : "s",
	    span, result->trace);
	if (result->reason == NULL)
		return;
	buf_append_str(out, "<p>");
	if (result->place.line > 0)
		buf_printf(out, "<a href=\"#f%u-l%u\">Line %u</a>: ",
		    file_index(run, result->file), result->place.line,
		    result->place.line);
	put_cut(out, run, result->reason, strlen(result->reason),
	    result->is_reason_cut);
	buf_append_str(out, "</p>\n");
}

/* The request and the answer that decided, as e2e-run prints them. */
static void
put_evidence(struct run *run, const struct run_result *result,
    struct buf *out)
{
	struct buf text;
	struct runner_text t = {.out = &text};

	if (result->request.len == 0)
		return;
	buf_init(&text, TEXT_MOST_BYTES);
	runner_text_exchange(&t, run, &result->request, &result->response,
	    true);
	buf_append_str(out, "<h2>What decided it</h2>\n<pre>");
	html_escape_n(out, buf_str(&text), text.len);
	buf_append_str(out, "</pre>\n");
	buf_fini(&text);
}

static void
put_page(const struct runner_html *h, struct run *run,
    const struct run_result *result, struct buf *out)
{
	const char *path = run_script_flow(run_script_of(run))->path;
	size_t i;

	buf_append_str(out, head);
	buf_append_str(out, "<title>");
	html_escape(out, path);
	buf_append_str(out, "</title></head>\n<body>\n<p><a href=\""
	    "../index.html\">All runs</a></p>\n<h1>");
	html_escape(out, path);
	buf_append_str(out, "</h1>\n");
	put_summary(run, result, out);
	buf_append_str(out, "<h2>Requests</h2>\n<table><thead><tr><th class="
	    "\"n\">Entry</th><th class=\"n\">Line</th><th>Request</th><th "
	    "class=\"n\">Status</th><th>Outcome</th><th class=\"n\">Total"
	    "</th><th class=\"n\">DNS</th><th class=\"n\">Connect</th><th "
	    "class=\"n\">TLS</th><th class=\"n\">Wait</th><th class=\"n\">"
	    "Transfer</th><th></th></tr></thead>\n" ROWS);
	for (i = 0; i < result->step_count; i++)
		put_row(run, result, i, out);
	buf_append_str(out, ROWS_END "</table>\n<h2>Asserts</h2>\n");
	buf_append(out, buf_str(&h->details), h->details.len);
	put_evidence(run, result, out);
	put_source(h, run, out);
	buf_append_str(out, "</body></html>\n");
	out->is_full |= h->details.is_full;
}

static void
put_index_row(const struct run *run, const struct run_result *result,
    const char *id, struct buf *row)
{
	const char *outcome = outcome_name(result->outcome);
	char started[CLOCK_TEXT_SIZE], span[CLOCK_SPAN_SIZE];

	format_time(result->started, started);
	clock_format_span(result->duration, span);
	buf_printf(row, "<tr class=\"%s\"><td><a href=\"store/%s.html\">",
	    outcome, id);
	html_escape(row, run_script_flow(run_script_of(run))->path);
	buf_append_str(row, "</a>");
	if (result->reason != NULL) {
		buf_append_str(row, "<div class=\"why\">");
		if (result->place.line > 0)
			buf_printf(row, "Line %u: ", result->place.line);
		put_cut(row, run, result->reason, strcspn(result->reason,
		    "\n"), result->is_reason_cut);
		buf_append_str(row, "</div>");
	}
	buf_printf(row, "</td><td class=\"%s\">%s</td><td>%s</td><td "
	    "class=\"n\">%zu</td><td class=\"n\">%s</td></tr>\n", outcome,
	    outcome, started, result->step_count, span);
}

int
runner_html_end(struct runner_html *h, struct run *run,
    const struct run_result *result, struct buf *row)
{
	char id[2 * MESSAGE_ID_SIZE + 1], *name, *path;
	struct buf page;
	int err;

	crypto_hex(result->id, sizeof(result->id), id);
	name = xasprintf("store/%s.html", id);
	path = file_join(h->dir, name);
	buf_init(&page, 4 * (size_t)PAGE_MOST_BYTES);
	put_page(h, run, result, &page);
	put_index_row(run, result, id, row);
	err = page.is_full ? ERR_LIMIT : file_replace(path, buf_str(&page),
	    page.len);
	if (err != 0)
		fprintf(stderr, "e2e-run: the page %s cannot be written: "
		    "%s\n", path, page.is_full ? "it is too large" :
		    strerror(errno));
	buf_fini(&page);
	free(path);
	free(name);
	return (err != 0 ? ERR_IO : 0);
}

/* Rows are counted by their beginning, which no escaped text can hold. */
static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return (n);
}

/* Those that passed, or the others: a row is a line. */
static void
put_rows(const struct buf *rows, bool is_passed, struct buf *out)
{
	static const char passed[] = "<tr class=\"passed\"";
	const char *row, *s = buf_str(rows);
	size_t len;

	for (row = s; *row != '\0'; row += len) {
		len = strcspn(row, "\n");
		len += row[len] == '\n';
		if ((strncmp(row, passed, sizeof(passed) - 1) == 0) ==
		    is_passed)
			buf_append(out, row, len);
	}
}

void
runner_html_index(const char *before, const struct buf *rows,
    struct buf *out)
{
	const char *old = strstr(before, ROWS);
	size_t total, passed;
	struct buf all;

	buf_init(&all, 4 * (size_t)PAGE_MOST_BYTES);
	if (old != NULL && strstr(old, ROWS_END) != NULL) {
		old += strlen(ROWS);
		buf_append(&all, old, (size_t)(strstr(old, ROWS_END) - old));
	}
	buf_append(&all, buf_str(rows), rows->len);
	total = count(before, "<tr class=\"") + count(buf_str(rows),
	    "<tr class=\"");
	passed = count(before, "<tr class=\"passed\"") + count(buf_str(rows),
	    "<tr class=\"passed\"");
	buf_append_str(out, head);
	buf_printf(out, "<title>Runs</title></head>\n<body>\n"
	    RUNNER_HTML_MARK "\n<h1>Runs</h1>\n<p>%zu run%s, <span class=\""
	    "passed\">%zu passed</span>, <span class=\"%s\">%zu did not"
	    "</span>.</p>\n", total, total == 1 ? "" : "s", passed,
	    passed < total ? "failed" : "passed", total - passed);
	buf_append_str(out, "<table><thead><tr><th>Flow</th><th>Outcome</th>"
	    "<th>Started</th><th class=\"n\">Requests</th><th class=\"n\">"
	    "Duration</th></tr></thead>\n" ROWS);
	put_rows(&all, false, out);
	put_rows(&all, true, out);
	buf_append_str(out, ROWS_END "</table>\n</body></html>\n");
	out->is_full |= rows->is_full || all.is_full;
	buf_fini(&all);
}
