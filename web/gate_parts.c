/* SPDX-License-Identifier: ISC */
/*
 * Charts and overrides of a gate. What a document says is not trusted: lists
 * that do not fit each other are not drawn.
 */
#include "web/gate_parts.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/chart.h"
#include "base/html.h"
#include "base/mem.h"
#include "web/text.h"

#define POINTS_MOST 1000
#define LINES_MOST 2000

/* A trace as it is drawn. */
struct drawing {
	size_t points, lines;
	uint32_t *pairs;
	double *total, *shares, *weakest;
	const char **names, **titles;
};

static bool
is_list(const struct json *v, size_t count)
{
	return (v != NULL && v->kind == JSON_ARRAY && v->count == count);
}

static bool
read_series(const struct json *list, size_t count, double *out,
    size_t stride, double absent)
{
	size_t i;

	if (!is_list(list, count))
		return (false);
	for (i = 0; i < count; i++)
		out[i * stride] = list->items[i].kind == JSON_NUMBER ?
		    json_double(&list->items[i]) : absent;
	return (true);
}

static bool
read_pairs(const struct json *list, struct drawing *d)
{
	int64_t n, before = 0;
	size_t i;

	for (i = 0; i < d->points; i++, before = n) {
		if (list->items[i].kind != JSON_NUMBER ||
		    json_int(&list->items[i], &n) != 0 || n < before ||
		    n > UINT32_MAX)
			return (false);
		d->pairs[i] = (uint32_t)n;
	}
	return (true);
}

static bool
read_lines(const struct json *list, struct drawing *d)
{
	const struct json *c;
	const char *slash;
	size_t i;

	for (i = 0; i < d->lines; i++) {
		c = &list->items[i];
		d->titles[i] = json_get_str(c, "check", "");
		slash = strchr(d->titles[i], '/');
		d->names[i] = slash != NULL ? slash + 1 : d->titles[i];
		if (!read_series(json_get(c, "share"), d->points,
		    d->shares + i, d->lines, -INFINITY) ||
		    !read_series(json_get(c, "weakest"), d->points,
		    d->weakest + i, d->lines, INFINITY))
			return (false);
	}
	return (true);
}

static void
drawing_init(struct drawing *d, size_t points, size_t lines)
{
	*d = (struct drawing){.points = points, .lines = lines};
	d->pairs = xcalloc(points, sizeof(*d->pairs));
	d->total = xcalloc(points, sizeof(*d->total));
	d->shares = xcalloc(points * lines, sizeof(*d->shares));
	d->weakest = xcalloc(points * lines, sizeof(*d->weakest));
	d->names = xcalloc(lines, sizeof(*d->names));
	d->titles = xcalloc(lines, sizeof(*d->titles));
}

static void
drawing_fini(struct drawing *d)
{
	free(d->pairs);
	free(d->total);
	free(d->shares);
	free(d->weakest);
	free(d->names);
	free(d->titles);
}

static void
draw(const struct drawing *d, const struct json *trace, struct buf *out)
{
	struct chart_lines lines = {.point_count = d->points,
	    .line_count = d->lines, .pairs = d->pairs, .values = d->shares,
	    .total = d->total, .names = d->names, .titles = d->titles,
	    .bound = json_get_double(trace, "block_bound", 1)};

	buf_append_str(out, "<h2>Evidence against the candidate</h2>\n"
	    "<div class=\"panel pad\"><p class=\"dim\">The heavy line is "
	    "all evidence, the others are the checks' shares in it.</p>\n");
	chart_evidence(&lines, out);
	buf_append_str(out, "</div>\n<h2>Evidence for a pass</h2>\n<div "
	    "class=\"panel pad\"><p class=\"dim\">The weakest evidence of "
	    "each check that it is within its margins. A pass wants every "
	    "line at the bound.</p>\n");
	lines.values = d->weakest;
	lines.total = NULL;
	lines.bound = json_get_double(trace, "pass_bound", 1);
	chart_evidence(&lines, out);
	buf_append_str(out, "</div>\n");
}

void
gate_parts_charts(struct buf *out, const struct json *root)
{
	const struct json *trace = json_get(root, "trace");
	const struct json *pairs = json_get(trace, "pairs");
	const struct json *checks = json_get(trace, "checks");
	struct drawing d;

	if (pairs == NULL || !is_list(pairs, pairs->count) ||
	    checks == NULL || !is_list(checks, checks->count) ||
	    pairs->count == 0 || pairs->count > POINTS_MOST ||
	    checks->count == 0 || checks->count > LINES_MOST)
		return;
	drawing_init(&d, pairs->count, checks->count);
	if (read_pairs(pairs, &d) && read_series(json_get(trace, "total"),
	    d.points, d.total, 1, 0) && read_lines(checks, &d))
		draw(&d, trace, out);
	drawing_fini(&d);
}

static void
write_fact(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, "<dt>%s</dt><dd>", name);
	html_escape(out, text);
	buf_append_str(out, "</dd>");
}

void
gate_parts_overrides(struct buf *out, const struct json *root)
{
	const struct json *list = json_get(root, "overrides"), *v;
	size_t i;

	if (list == NULL || list->kind != JSON_ARRAY || list->count == 0)
		return;
	buf_append_str(out, "<h2>Overridden</h2>\n<div class=\"panel alarm "
	    "ours\"><p>The verdict stays <strong>");
	html_escape(out, json_get_str(root, "verdict", "?"));
	buf_printf(out, "</strong>; the exit code is %lld.</p>\n",
	    (long long)json_get_int(root, "exit_code", 0));
	for (i = 0; i < list->count; i++) {
		v = &list->items[i];
		buf_append_str(out, "<dl class=\"facts\">");
		write_fact(out, "Who", json_get_str(v, "who", ""));
		write_fact(out, "Why", json_get_str(v, "why", ""));
		write_fact(out, "For", strcmp(json_get_str(v, "scope", ""),
		    "candidate") == 0 ? "every gate of this candidate" :
		    "this gate, and what continues it");
		buf_append_str(out, "<dt>Since</dt><dd>");
		text_time(out, json_get_int(v, "at_us", 0));
		buf_append_str(out, "</dd><dt>Until</dt><dd>");
		text_time(out, json_get_int(v, "until_us", 0));
		buf_append_str(out, "</dd></dl>\n");
	}
	buf_append_str(out, "</div>\n");
}
