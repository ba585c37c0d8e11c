/* SPDX-License-Identifier: ISC */
/* Runs by filter, page by page. */
#include <stdlib.h>
#include <string.h>

#include "base/html.h"
#include "web/pages.h"
#include "web/parts.h"
#include "web/style.h"
#include "web/text.h"

#define PAGE_RUNS_MOST 500

static void
write_input(struct answer *a, const char *name, const char *title,
    const char *hint)
{
	const char *value = answer_param(a, name);

	buf_printf(&a->out, "<label>%s<input name=\"%s\" placeholder=\"%s\" "
	    "value=\"", title, name, hint);
	html_escape(&a->out, value != NULL ? value : "");
	buf_append_str(&a->out, "\"></label>\n");
}

static void
write_option(struct buf *out, const char *value, const char *text,
    const char *chosen)
{
	buf_printf(out, "<option value=\"%s\"%s>%s</option>", value,
	    chosen != NULL && strcmp(chosen, value) == 0 ? " selected" : "",
	    text);
}

static void
write_form(struct answer *a)
{
	const char *chosen = answer_param(a, "outcome");
	struct buf *out = &a->out;
	enum outcome o;

	buf_append_str(out, "<form class=\"filter\" action=\"/runs\">\n");
	write_input(a, "check", "Check", "payments/*");
	buf_append_str(out, "<label>Outcome<select name=\"outcome\">");
	write_option(out, "", "any", chosen);
	write_option(out, "bad", "against the service", chosen);
	for (o = 0; o < OUTCOME_COUNT; o++)
		write_option(out, outcome_name(o), outcome_name(o), chosen);
	buf_append_str(out, "</select></label>\n");
	write_input(a, "location", "Location", "any");
	write_input(a, "since", "Since", "24h or 2026-11-20");
	write_input(a, "until", "Until", "now");
	buf_append_str(out, "<button>Show</button></form>\n");
}

/* The address of this list again, from where next begins. */
static void
write_older(struct answer *a, const struct query_cursor *next)
{
	static const char *const kept[] = {"check", "service", "location",
	    "environment", "outcome", "since", "until", "limit"};
	struct buf *out = &a->out;
	char cursor[QUERY_CURSOR_SIZE];
	const char *value;
	size_t i;

	query_cursor_format(next, cursor);
	buf_append_str(out, "<p class=\"more\"><a rel=\"next\" "
	    "href=\"/runs?cursor=");
	text_url(out, cursor);
	for (i = 0; i < NELEMS(kept); i++) {
		if ((value = answer_param(a, kept[i])) == NULL)
			continue;
		buf_printf(out, "&amp;%s=", kept[i]);
		text_url(out, value);
	}
	buf_append_str(out, "\">Older runs</a></p>\n");
}

void
page_runs(struct answer *a)
{
	struct query_runs filter;
	struct query_cursor next;
	char *wrong = answer_filter(a, PAGE_RUNS_MOST, &filter);

	if (wrong != NULL) {
		answer_fail_page(a, 400, "That cannot be asked", wrong);
		free(wrong);
		return;
	}
	a->content_type = "text/html; charset=utf-8";
	style_begin(&a->out, "Runs", 0);
	buf_append_str(&a->out, "<h1>Runs</h1>\n");
	write_form(a);
	if (parts_runs(a, &filter, &next) != 0) {
		answer_fail_page(a, 503, "The store cannot be read",
		    query_reason(a->query));
		return;
	}
	if (parts_has_next(&next))
		write_older(a, &next);
	style_end(&a->out);
}
