/* SPDX-License-Identifier: ISC */
/* Charts of a gate's page: evidence over pairs, and sizes with intervals. */
#include "gate/report_chart.h"

#include <math.h>
#include <stdlib.h>

#include "base/chart.h"
#include "base/mem.h"

void
report_chart_evidence(const struct report *r, const struct trace *t,
    bool is_block, struct buf *out)
{
	const struct suite *suite = r->session->suite;
	const char **names = xcalloc(2 * suite->count + 1, sizeof(*names));
	const char **titles = names + suite->count;
	struct chart_lines lines = {.point_count = t->point_count,
	    .line_count = t->check_count, .pairs = t->pairs,
	    .values = is_block ? t->shares : t->weakest,
	    .total = is_block ? t->total : NULL, .names = names,
	    .titles = titles,
	    .bound = is_block ? t->block_bound : t->pass_bound};
	size_t i;

	for (i = 0; i < suite->count; i++) {
		titles[i] = suite->checks[i].id;
		names[i] = suite->service != NULL ?
		    suite->checks[i].plan->name : titles[i];
	}
	chart_evidence(&lines, out);
	free(names);
}

#define WHISKER_LEFT 76
#define WHISKER_SPAN 240
#define WHISKER_WIDTH (WHISKER_LEFT + WHISKER_SPAN + 26)
#define WHISKER_HEIGHT 22

static void
draw_whisker(const struct report_whisker *w, int y, double low, double scale,
    struct buf *out)
{
	const struct interval *i = &w->interval;

	buf_printf(out, "<text class=\"end\" x=\"%d\" y=\"%d\">%s</text>",
	    WHISKER_LEFT - 10, y + 4, w->name);
	if (isnan(i->estimate))
		return;
	if (!isnan(i->low))
		buf_printf(out, "<line class=\"whisker %s\" x1=\"%.1f\" "
		    "x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", w->class_name,
		    WHISKER_LEFT + (i->low - low) * scale,
		    WHISKER_LEFT + (i->high - low) * scale, y, y);
	buf_printf(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%d\" "
	    "r=\"5\"/>\n", w->class_name,
	    WHISKER_LEFT + (i->estimate - low) * scale, y);
}

void
report_chart_whiskers(const struct report_whisker *w, size_t count,
    double low, double high, bool is_rate, struct buf *out)
{
	double scale = WHISKER_SPAN / (high - low);
	double step = (high - low) / 2, at;
	int bottom = (int)count * WHISKER_HEIGHT + 4;
	size_t i;

	buf_printf(out, "<svg class=\"whiskers\" viewBox=\"0 0 %d %d\" "
	    "role=\"img\" aria-label=\"95 %% intervals\">\n", WHISKER_WIDTH,
	    bottom + 18);
	for (at = low; at < high + step / 2; at += step) {
		buf_printf(out, "<line class=\"grid\" x1=\"%.1f\" "
		    "x2=\"%.1f\" y1=\"0\" y2=\"%d\"/>",
		    WHISKER_LEFT + (at - low) * scale,
		    WHISKER_LEFT + (at - low) * scale, bottom);
		buf_printf(out, "<text class=\"mid\" x=\"%.1f\" y=\"%d\">"
		    "%.7g%s</text>\n", WHISKER_LEFT + (at - low) * scale,
		    bottom + 14, is_rate ? 100 * at : at,
		    is_rate ? " %" : "");
	}
	for (i = 0; i < count; i++)
		draw_whisker(&w[i], (int)i * WHISKER_HEIGHT +
		    WHISKER_HEIGHT / 2 + 2, low, scale, out);
	buf_append_str(out, "</svg>\n");
}
