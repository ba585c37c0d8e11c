/* SPDX-License-Identifier: ISC */
/* Values as people read them. */
#include "web/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/table.h"
#include "store/query.h"

#define DASH "<span class=\"dim\">&ndash;</span>"

void
text_span(struct buf *out, span_us t)
{
	double us = (double)t;

	if (t == QUERY_NONE)
		buf_append_str(out, DASH);
	else if (t < 1000)
		buf_printf(out, "%lld&nbsp;&micro;s", (long long)t);
	else if (t < 100 * 1000)
		buf_printf(out, "%.1f&nbsp;ms", us / 1e3);
	else if (t < SPAN_S)
		buf_printf(out, "%.0f&nbsp;ms", us / 1e3);
	else if (t % SPAN_S == 0 && t < 2 * SPAN_MIN)
		buf_printf(out, "%d&nbsp;s", (int)(t / SPAN_S));
	else if (t < 2 * SPAN_MIN)
		buf_printf(out, "%.2f&nbsp;s", us / 1e6);
	else if (t < 2 * SPAN_H)
		buf_printf(out, "%.3g&nbsp;min", us / 6e7);
	else if (t < 2 * SPAN_DAY)
		buf_printf(out, "%.3g&nbsp;h", us / 3.6e9);
	else
		buf_printf(out, "%.3g&nbsp;days", us / 8.64e10);
}

/* YYYY-MM-DD HH:MM:SS */
static void
format_seconds(wall_us t, char out[static 40])
{
	time_t s = (time_t)(t / SPAN_S);
	struct tm tm;

	gmtime_r(&s, &tm);
	if (strftime(out, 40, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		out[0] = '\0';
}

void
text_time(struct buf *out, wall_us t)
{
	char when[40];

	if (t == QUERY_NONE) {
		buf_append_str(out, DASH);
		return;
	}
	format_seconds(t, when);
	buf_printf(out, "%s.%03d&nbsp;UTC", when,
	    (int)(t % SPAN_S / SPAN_MS));
}

static void
text_rough(struct buf *out, span_us t)
{
	if (t < 0)
		buf_append_str(out, "in a moment");
	else if (t < 2 * SPAN_MIN)
		buf_printf(out, "%d&nbsp;s ago", (int)(t / SPAN_S));
	else if (t < 2 * SPAN_H)
		buf_printf(out, "%d&nbsp;min ago", (int)(t / SPAN_MIN));
	else if (t < 2 * SPAN_DAY)
		buf_printf(out, "%d&nbsp;h ago", (int)(t / SPAN_H));
	else
		buf_printf(out, "%d&nbsp;days ago", (int)(t / SPAN_DAY));
}

void
text_ago(struct buf *out, wall_us t, wall_us now)
{
	char when[40];

	if (t == QUERY_NONE) {
		buf_append_str(out, DASH);
		return;
	}
	format_seconds(t, when);
	buf_printf(out, "<time datetime=\"%.10sT%sZ\" title=\"%s UTC\">", when,
	    when + 11, when);
	text_rough(out, now - t);
	buf_append_str(out, "</time>");
}

void
text_share(struct buf *out, double share)
{
	if (!(share >= 0))
		buf_append_str(out, DASH);
	else if (share == 1)
		buf_append_str(out, "100&nbsp;%");
	else
		buf_printf(out, "%.2f&nbsp;%%", table_percent(share));
}

void
text_outcome(struct buf *out, enum outcome o)
{
	buf_printf(out, "<span class=\"o %s\">%s</span>", outcome_name(o),
	    outcome_name(o));
}

void
text_url(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (isalnum((unsigned char)*s) || strchr("-._~/", *s) != NULL)
			buf_append_char(out, *s);
		else
			buf_printf(out, "%%%02X", (unsigned char)*s);
	}
}
