/* SPDX-License-Identifier: ISC */
/* A run's steps as a waterfall. */
#include "web/waterfall.h"

#include <stdio.h>
#include <string.h>

#include "base/html.h"
#include "base/must.h"
#include "store/query.h"
#include "web/text.h"

static const struct {
	const char *member, *name;
} phases[] = {{"dns_us", "dns"}, {"connect_us", "connect"},
    {"tls_us", "tls"}, {"wait_us", "wait"}, {"transfer_us", "transfer"}};

/* A duration of a step, bounded so that sums stay in range. */
static span_us
member(const struct json *step, const char *name)
{
	int64_t n = json_get_int(step, name, 0);

	if (n < 0)
		return (0);
	return (n < SPAN_DAY ? n : SPAN_DAY);
}

/* The end of the last step or of the run, whichever is later. */
static span_us
whole_of(const struct json *steps, span_us whole)
{
	span_us end;
	size_t i;

	whole = whole > 0 ? whole : 1;
	for (i = 0; i < steps->count; i++) {
		end = member(&steps->items[i], "start_us") +
		    member(&steps->items[i], "total_us");
		if (end > whole)
			whole = end;
	}
	return (whole);
}

static void
write_rect(struct buf *out, const char *class_name, span_us start,
    span_us length, span_us whole)
{
	double x = 100.0 * (double)start / (double)whole;
	double width = 100.0 * (double)length / (double)whole;

	if (length <= 0)
		return;
	/* Too short to see is still something. */
	if (width < 0.25)
		width = 0.25;
	if (x > 99.75)
		x = 99.75;
	buf_printf(out, "<rect class=\"%s\" x=\"%.3f%%\" y=\"3\" "
	    "width=\"%.3f%%\" height=\"12\" rx=\"1\"/>", class_name, x,
	    width);
}

static void
write_bar(struct buf *out, const struct json *step, span_us whole)
{
	span_us at = member(step, "start_us");
	span_us left = member(step, "total_us"), length;
	bool has_phase = false;
	size_t i;

	buf_append_str(out, "<svg role=\"img\" aria-label=\"");
	for (i = 0; i < NELEMS(phases); i++) {
		if ((length = member(step, phases[i].member)) == 0)
			continue;
		buf_printf(out, "%s%s %.1f ms", has_phase ? ", " : "",
		    phases[i].name, (double)length / 1e3);
		has_phase = true;
	}
	buf_append_str(out, "\"><rect class=\"rail\" x=\"0\" y=\"8\" "
	    "width=\"100%\" height=\"2\"/>");
	for (i = 0; i < NELEMS(phases); i++) {
		length = member(step, phases[i].member);
		length = length < left ? length : left;
		write_rect(out, phases[i].name, at, length, whole);
		at += length;
		left -= length;
	}
	/* Without phases, or what they do not explain. */
	write_rect(out, has_phase ? "none" : "wait", at, left, whole);
	buf_append_str(out, "</svg>");
}

static void
write_pair(struct buf *out, const char *name, const char *text)
{
	if (*text == '\0')
		return;
	buf_printf(out, "<dt>%s</dt><dd class=\"mono\">", name);
	html_escape(out, text);
	buf_append_str(out, "</dd>");
}

static void
write_failure(struct buf *out, const struct json *failure, const char *file)
{
	int64_t line = json_get_int(failure, "line", 0);
	char place[40] = "";

	if (line > 0)
		snprintf(place, sizeof(place), ":%lld:%lld",
		    (long long)line,
		    (long long)json_get_int(failure, "column", 1));
	buf_append_str(out, "<div class=\"fault-box\"><strong>");
	html_escape(out, json_get_str(failure, "message", "failed"));
	buf_append_str(out, "</strong> <span class=\"tag mono\">");
	if (line > 0)
		html_escape(out, file != NULL ? file : "line");
	html_escape(out, place);
	buf_append_str(out, "</span><dl>");
	write_pair(out, "expected", json_get_str(failure, "expected", ""));
	write_pair(out, "actual", json_get_str(failure, "actual", ""));
	buf_append_str(out, "</dl></div>");
}

static void
write_failures(struct buf *out, const struct json *step, const char *file)
{
	const struct json *failures = json_get(step, "failures");
	size_t i;

	if (failures == NULL || failures->kind != JSON_ARRAY ||
	    failures->count == 0)
		return;
	buf_append_str(out, "<tr class=\"why-row\"><td colspan=\"5\">");
	for (i = 0; i < failures->count; i++)
		write_failure(out, &failures->items[i], file);
	buf_append_str(out, "</td></tr>\n");
}

/* The path and query: the whole address is in the title. */
static const char *
path_of(const char *url)
{
	const char *host = strstr(url, "://");
	const char *path = host != NULL ? strchr(host + 3, '/') : NULL;

	return (path != NULL ? path : url);
}

static void
write_request(struct buf *out, const struct json *step)
{
	const char *url = json_get_str(step, "url", "");
	int64_t attempt = json_get_int(step, "attempt", 1);

	buf_append_str(out, "<div class=\"url\" title=\"");
	html_escape(out, url);
	buf_append_str(out, "\"><strong>");
	html_escape(out, json_get_str(step, "method", ""));
	buf_append_str(out, "</strong> ");
	html_escape(out, path_of(url));
	buf_append_str(out, "</div>");
	if (attempt > 1)
		buf_printf(out, "<div class=\"tag\">attempt %lld</div>",
		    (long long)attempt);
}

static void
write_step(struct buf *out, const struct json *step, span_us whole,
    const char *file)
{
	enum outcome o = outcome_parse(json_get_str(step, "outcome", ""));
	int64_t status = json_get_int(step, "status", 0);
	const struct json *failures = json_get(step, "failures");
	bool has_failures = failures != NULL &&
	    failures->kind == JSON_ARRAY && failures->count > 0;

	buf_printf(out, "<tr%s><td class=\"n\">%lld</td><td>",
	    has_failures ? " class=\"fault\"" : "",
	    (long long)json_get_int(step, "entry", 0));
	write_request(out, step);
	buf_append_str(out, "</td><td class=\"n\">");
	if (o != OUTCOME_COUNT)
		buf_printf(out, "<span class=\"o %s\">", outcome_name(o));
	if (status > 0)
		buf_printf(out, "%lld", (long long)status);
	else
		buf_append_str(out, o != OUTCOME_COUNT ? outcome_name(o) :
		    "&ndash;");
	if (o != OUTCOME_COUNT)
		buf_append_str(out, "</span>");
	buf_append_str(out, "</td><td class=\"n\">");
	text_span(out, member(step, "total_us"));
	buf_append_str(out, "</td><td class=\"bar\">");
	write_bar(out, step, whole);
	buf_append_str(out, "</td></tr>\n");
	write_failures(out, step, file);
}

static void
write_legend(struct buf *out)
{
	size_t i;

	buf_append_str(out, "<div class=\"legend\" aria-hidden=\"true\">");
	for (i = 0; i < NELEMS(phases); i++)
		buf_printf(out, "<span class=\"%s\"><b>%s</b></span>",
		    phases[i].name, phases[i].name);
	buf_append_str(out, "</div>\n");
}

void
waterfall_write(struct buf *out, const struct json *steps, span_us whole,
    const char *file)
{
	size_t i;

	if (steps->kind != JSON_ARRAY || steps->count == 0) {
		buf_append_str(out, "<p class=\"dim\">No request was sent."
		    "</p>\n");
		return;
	}
	whole = whole_of(steps, whole);
	buf_append_str(out, "<div class=\"panel\"><table class=\"fall\" "
	    "aria-label=\"Steps\">\n<thead><tr>"
	    "<th scope=\"col\" class=\"n\">Entry</th>"
	    "<th scope=\"col\">Request</th>"
	    "<th scope=\"col\" class=\"n\">Status</th>"
	    "<th scope=\"col\" class=\"n\">Time</th>"
	    "<th scope=\"col\" class=\"bar\">When, of ");
	text_span(out, whole);
	buf_append_str(out, "</th></tr></thead>\n<tbody>\n");
	for (i = 0; i < steps->count; i++)
		write_step(out, &steps->items[i], whole, file);
	buf_append_str(out, "</tbody></table>\n");
	write_legend(out);
	buf_append_str(out, "</div>\n");
}
