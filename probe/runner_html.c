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
#include "base/mem.h"
#include "base/utf8.h"
#include "probe/runner_marks.h"
#include "probe/runner_text.h"

#define PAGE_MOST_BYTES (64u << 20)
#define TEXT_MOST_BYTES (4u << 20)
#define ROWS "<tbody>\n"
#define ROWS_END "</tbody>"

struct runner_html {
	char *dir;
	struct buf rows;    /* of the table of requests */
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
    "max-width:75em;padding:0 1em;color:#1a1a1a;background:#fff}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{text-align:left;padding:.25em .6em;"
    "border-bottom:1px solid #ddd;vertical-align:top}\n"
    ".marks td:nth-child(-n+2){width:1%;white-space:nowrap}\n"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "pre,code,.url{font-family:ui-monospace,monospace;font-size:13px}\n"
    ".url{word-break:break-all}\n"
    "pre{background:#f6f6f6;padding:.6em;overflow-x:auto}\n"
    ".passed{color:#116329}.failed,.unreachable,.unknown{color:#b3261e}\n"
    ".invalid,.skipped,.lost{color:#8a5a00}\n"
    "tr.passed,tr.failed,tr.unreachable,tr.unknown,tr.invalid{"
    "color:inherit}\n"
    ".bar{display:flex;height:.7em;width:10em;background:#eee;"
    "margin-top:.35em}.bar i{display:block}\n"
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
	buf_init(&h->rows, PAGE_MOST_BYTES);
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
	buf_fini(&h->rows);
	buf_fini(&h->details);
	buf_fini(&h->bad);
	free(h->dir);
	free(h);
}

static void
put_n(struct buf *out, const char *s, size_t len)
{
	uint32_t c;
	size_t n;

	for (; len > 0; s += n, len -= n) {
		n = utf8_decode(s, len, &c);
		if (n == 0 || (c < ' ' && c != '\n' && c != '\t') ||
		    (c >= 0x7f && c <= 0x9f)) {
			n = n == 0 ? 1 : n;
			buf_append_str(out, "\357\277\275");
		} else if (c < 0x80 && strchr("<>&\"'", (int)c) != NULL) {
			buf_printf(out, "&#%u;", c);
		} else {
			buf_append(out, s, n);
		}
	}
}

static void
put(struct buf *out, const char *s)
{
	put_n(out, s, strlen(s));
}

static void
put_masked(struct buf *out, const struct run *run, const char *s, size_t len)
{
	struct buf masked;

	buf_init(&masked, TEXT_MOST_BYTES);
	run_mask(run, s, len, false, &masked);
	put_n(out, buf_str(&masked), masked.len);
	buf_fini(&masked);
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

static void
put_bar(struct buf *out, const struct response_timing *t)
{
	const struct { const char *name; span_us span; } phases[] = {
		{"dns", t->dns}, {"connect", t->connect}, {"tls", t->tls},
		{"wait", t->wait}, {"transfer", t->transfer}
	};
	size_t i;

	buf_append_str(out, "<td><div class=\"bar\">");
	for (i = 0; t->total > 0 && i < NELEMS(phases); i++)
		if (phases[i].span > 0)
			buf_printf(out, "<i class=\"%s\" style=\"width:"
			    "%.1f%%\"></i>", phases[i].name, 100.0 *
			    (double)phases[i].span / (double)t->total);
	buf_append_str(out, "</div></td>");
}

static void
put_row(struct runner_html *h, const struct run *run,
    const struct run_step *step, uint32_t file)
{
	const struct response_timing *t = &step->timing;
	struct buf *out = &h->rows;

	buf_printf(out, "<tr class=\"%s\"><td class=\"n\"><a href=\"#s%zu\">"
	    "%u</a></td><td class=\"n\"><a href=\"#f%u-l%u\">%u</a></td>"
	    "<td>%s", outcome_name(step->outcome), h->step_count,
	    step->entry, file, step->line, step->line,
	    step->is_redirect ? "&#8627; " : "");
	put(out, step->method);
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
	put_bar(out, t);
	buf_append_str(out, "</tr>\n");
}

struct marking {
	struct runner_html *html;
	struct run *run;
	const struct run_step *step;
	uint32_t file;
};

static void
put_failure(const struct marking *m, const struct finding *f)
{
	struct buf text;
	struct runner_text t = {.out = &text};

	buf_init(&text, TEXT_MOST_BYTES);
	runner_text_failure(&t, m->run, m->step->entry, f);
	buf_append_str(&m->html->details, "<pre>");
	put_n(&m->html->details, buf_str(&text), text.len);
	buf_append_str(&m->html->details, "</pre>");
	buf_printf(&m->html->bad, "%u-%u\n", m->file, f->place.line);
	buf_fini(&text);
}

static void
put_mark(const struct marking *m, uint32_t line, const struct finding *f)
{
	const struct flow *flow = run_script_flow(run_script_of(m->run));
	struct buf *out = &m->html->details;
	const char *source;
	size_t len;

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

void
runner_html_step(struct runner_html *h, struct run *run,
    const struct run_step *step)
{
	const struct flow *flow = run_script_flow(run_script_of(run));
	struct marking m = {h, run, step, flow->entries[step->entry - 1].file};
	const struct finding *f;
	size_t i;

	h->step_count++;
	put_row(h, run, step, m.file);
	buf_printf(&h->details, "<h3 id=\"s%zu\">Entry %u, ", h->step_count,
	    step->entry);
	put(&h->details, step->method);
	buf_append_str(&h->details, " <span class=\"url\">");
	put_masked(&h->details, run, step->url, strlen(step->url));
	buf_append_str(&h->details, "</span></h3>\n<table "
	    "class=\"marks\">\n");
	runner_marks_visit(run, step, mark_cb, &m);
	buf_append_str(&h->details, "</table>\n");
	for (i = 0; i < step->findings.count; i++) {
		f = &step->findings.items[i];
		if (!runner_marks_has(run, step, f))
			put_failure(&m, f);
	}
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
		put(out, file->path);
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

static void
put_summary(const struct run *run, const struct run_result *result,
    struct buf *out)
{
	const char *outcome = outcome_name(result->outcome);
	char started[CLOCK_TEXT_SIZE], span[CLOCK_SPAN_SIZE];

	clock_format_wall(result->started, started);
	clock_format_span(result->duration, span);
	buf_printf(out, "<p><strong class=\"%s\">%s</strong> at %s: %zu "
	    "request%s in %s, trace <code>%s</code></p>\n", outcome, outcome,
	    started, result->step_count, result->step_count == 1 ? "" : "s",
	    span, result->trace);
	if (result->reason == NULL)
		return;
	buf_append_str(out, "<p>");
	if (result->place.line > 0)
		buf_printf(out, "Line %u: ", result->place.line);
	put_masked(out, run, result->reason, strlen(result->reason));
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
	put_n(out, buf_str(&text), text.len);
	buf_append_str(out, "</pre>\n");
	buf_fini(&text);
}

static void
put_page(const struct runner_html *h, struct run *run,
    const struct run_result *result, struct buf *out)
{
	const char *path = run_script_flow(run_script_of(run))->path;

	buf_append_str(out, head);
	buf_append_str(out, "<title>");
	put(out, path);
	buf_append_str(out, "</title></head>\n<body>\n<p><a href=\""
	    "../index.html\">All runs</a></p>\n<h1>");
	put(out, path);
	buf_append_str(out, "</h1>\n");
	put_summary(run, result, out);
	buf_append_str(out, "<h2>Requests</h2>\n<table><thead><tr><th class="
	    "\"n\">Entry</th><th class=\"n\">Line</th><th>Request</th><th "
	    "class=\"n\">Status</th><th>Outcome</th><th class=\"n\">Total"
	    "</th><th class=\"n\">DNS</th><th class=\"n\">Connect</th><th "
	    "class=\"n\">TLS</th><th class=\"n\">Wait</th><th class=\"n\">"
	    "Transfer</th><th></th></tr></thead>\n" ROWS);
	buf_append(out, buf_str(&h->rows), h->rows.len);
	buf_append_str(out, ROWS_END "</table>\n<h2>Asserts</h2>\n");
	buf_append(out, buf_str(&h->details), h->details.len);
	put_evidence(run, result, out);
	put_source(h, run, out);
	buf_append_str(out, "</body></html>\n");
	out->is_full |= h->rows.is_full || h->details.is_full;
}

static void
put_index_row(const struct run *run, const struct run_result *result,
    const char *id, struct buf *row)
{
	const char *outcome = outcome_name(result->outcome);
	char started[CLOCK_TEXT_SIZE], span[CLOCK_SPAN_SIZE];

	clock_format_wall(result->started, started);
	clock_format_span(result->duration, span);
	buf_printf(row, "<tr class=\"%s\"><td><a href=\"store/%s.html\">",
	    outcome, id);
	put(row, run_script_flow(run_script_of(run))->path);
	buf_printf(row, "</a></td><td class=\"%s\">%s</td><td>%s</td><td "
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

void
runner_html_index(const char *before, const struct buf *rows,
    struct buf *out)
{
	const char *old = strstr(before, ROWS);
	size_t total, passed, len = 0;

	if (old != NULL) {
		old += strlen(ROWS);
		len = strstr(old, ROWS_END) == NULL ? 0 :
		    (size_t)(strstr(old, ROWS_END) - old);
	}
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
	if (old != NULL)
		buf_append(out, old, len);
	buf_append(out, buf_str(rows), rows->len);
	buf_append_str(out, ROWS_END "</table>\n</body></html>\n");
	out->is_full |= rows->is_full;
}
