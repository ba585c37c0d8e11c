/* SPDX-License-Identifier: ISC */
/*
 * Lines of evidence over pairs. Everything that is drawn has a class; the
 * page's style sheet gives colours, so that dark pages and paper work.
 */
#include "gate/report_chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/html.h"
#include "base/mem.h"

#define WIDTH 960
#define HEIGHT 320
#define LEFT 58
#define RIGHT 190
#define TOP 18
#define BOTTOM 40
#define FLOOR (-2.0)     /* decades: what is below is drawn there */
#define LABELS_MOST 10
#define LABEL_HEIGHT 15
#define COLOURS 8
#define NAME_MOST 24     /* characters of a label */

struct label {
	size_t check;
	double y;
};

struct chart {
	const struct report *report;
	const struct trace *trace;
	const double *values;    /* [point * check_count + check] */
	double bound;            /* ln */
	double low, high;        /* decades */
	const char *title, *bound_name, *bound_class;
	struct label labels[LABELS_MOST];
	size_t label_count;
};

static double
decades(double ln)
{
	return (ln / log(10));
}

static double
x_of(const struct chart *c, uint32_t pairs)
{
	uint32_t last = c->trace->pairs[c->trace->point_count - 1];

	return (LEFT + (double)pairs / (last > 0 ? last : 1) *
	    (WIDTH - LEFT - RIGHT));
}

static double
y_of(const struct chart *c, double ln)
{
	double d = decades(ln);

	d = !(d > c->low) ? c->low : d > c->high ? c->high : d;
	return (TOP + (c->high - d) / (c->high - c->low) *
	    (HEIGHT - TOP - BOTTOM));
}

static double
value_at(const struct chart *c, size_t point, size_t check)
{
	return (c->values[point * c->trace->check_count + check]);
}

static void
set_range(struct chart *c)
{
	size_t i, n = c->trace->point_count * c->trace->check_count;
	double most = decades(c->bound);

	for (i = 0; i < n; i++)
		if (isfinite(c->values[i]))
			most = fmax(most, decades(c->values[i]));
	for (i = 0; i < c->trace->point_count; i++)
		most = fmax(most, decades(c->trace->total[i]));
	c->low = FLOOR;
	c->high = fmin(ceil(most + 0.3), 300);
}

static void
draw_frame(const struct chart *c, struct buf *out)
{
	int step = (int)ceil((c->high - c->low) / 7), d;
	double y;

	for (d = (int)c->low; d <= (int)c->high; d += step) {
		y = y_of(c, d * log(10));
		buf_printf(out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" "
		    "y1=\"%.1f\" y2=\"%.1f\"/><text class=\"tick end\" "
		    "x=\"%d\" y=\"%.1f\">", LEFT, WIDTH - RIGHT, y, y,
		    LEFT - 8, y + 4);
		if (d >= -2 && d <= 4)
			buf_printf(out, "%g</text>\n", pow(10, d));
		else
			buf_printf(out, "10<tspan class=\"up\" dy=\"-5\">%d"
			    "</tspan></text>\n", d);
	}
	y = y_of(c, c->bound);
	buf_printf(out, "<line class=\"bound %s\" x1=\"%d\" x2=\"%d\" "
	    "y1=\"%.1f\" y2=\"%.1f\"/><text class=\"tick %s\" x=\"%d\" "
	    "y=\"%.1f\">%s %.4g</text>\n", c->bound_class, LEFT,
	    WIDTH - RIGHT, y, y, c->bound_class, LEFT + 8, y - 6,
	    c->bound_name, exp(c->bound));
}

/* A round step, for at most 8 of them. */
static double
step_of(double last)
{
	static const double factors[] = {1, 2, 5, 10};
	double unit = pow(10, floor(log10(fmax(last / 8, 1))));
	size_t i = 0;

	while (i + 1 < NELEMS(factors) && last / (unit * factors[i]) > 8)
		i++;
	return (unit * factors[i]);
}

static void
draw_pairs_axis(const struct chart *c, struct buf *out)
{
	uint32_t last = c->trace->pairs[c->trace->point_count - 1];
	double step = step_of(last), at;

	for (at = 0; at <= last; at += step)
		buf_printf(out, "<text class=\"tick mid\" x=\"%.1f\" "
		    "y=\"%d\">%.0f</text>\n", x_of(c, (uint32_t)at),
		    HEIGHT - BOTTOM + 18, at);
	buf_printf(out, "<text class=\"tick mid\" x=\"%d\" y=\"%d\">pairs of "
	    "runs, in the order of their completion</text>\n",
	    (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4);
}

/* A step-wise line: evidence jumps with a pair, and stays until the next. */
static void
draw_line(const struct chart *c, const double *values, size_t stride,
    struct buf *out)
{
	double y;
	size_t i;

	for (i = 0; i < c->trace->point_count; i++) {
		y = y_of(c, values[i * stride]);
		if (i == 0)
			buf_printf(out, "M%.1f %.1f",
			    x_of(c, c->trace->pairs[i]), y);
		else
			buf_printf(out, "H%.1fV%.1f",
			    x_of(c, c->trace->pairs[i]), y);
	}
}

/* What is not judged has no evidence, and no line. */
static bool
is_drawn(const struct chart *c, size_t check)
{
	return (isfinite(value_at(c, c->trace->point_count - 1, check)));
}

static bool
is_labelled(const struct chart *c, size_t check)
{
	size_t i;

	for (i = 0; i < c->label_count; i++)
		if (c->labels[i].check == check)
			return (true);
	return (false);
}

static void
draw_check(const struct chart *c, size_t check, struct buf *out)
{
	if (!is_drawn(c, check))
		return;
	if (is_labelled(c, check))
		buf_printf(out, "<path class=\"check k%zu\" d=\"",
		    check % COLOURS);
	else
		buf_append_str(out, "<path class=\"check rest\" d=\"");
	draw_line(c, c->values + check, c->trace->check_count, out);
	buf_append_str(out, "\"><title>");
	html_escape(out, c->report->session->suite->checks[check].id);
	buf_append_str(out, "</title></path>\n");
}

static int
by_y(const void *a, const void *b)
{
	const struct label *x = a, *y = b;

	return ((x->y > y->y) - (x->y < y->y));
}

/* Labels at the ends of the lines, moved apart where they would overlap. */
static void
place_labels(struct chart *c)
{
	double bottom = HEIGHT - BOTTOM + 4;
	size_t i;

	for (i = 0; i < c->label_count; i++)
		c->labels[i].y = 4 + y_of(c, value_at(c,
		    c->trace->point_count - 1, c->labels[i].check));
	qsort(c->labels, c->label_count, sizeof(c->labels[0]), by_y);
	for (i = 1; i < c->label_count; i++)
		c->labels[i].y = fmax(c->labels[i].y,
		    c->labels[i - 1].y + LABEL_HEIGHT);
	for (i = c->label_count; i-- > 0;) {
		c->labels[i].y = fmin(c->labels[i].y, bottom);
		bottom = c->labels[i].y - LABEL_HEIGHT;
	}
}

static void
draw_labels(const struct chart *c, struct buf *out)
{
	const struct suite *suite = c->report->session->suite;
	const struct suite_check *check;
	const char *name;
	size_t i, len;

	for (i = 0; i < c->label_count; i++) {
		check = &suite->checks[c->labels[i].check];
		name = suite->service != NULL ? check->plan->name : check->id;
		len = strlen(name);
		buf_printf(out, "<text class=\"name k%zu\" x=\"%d\" "
		    "y=\"%.1f\">", c->labels[i].check % COLOURS,
		    WIDTH - RIGHT + 8, c->labels[i].y);
		html_escape_n(out, name, len > NAME_MOST ? NAME_MOST : len);
		buf_append_str(out, len > NAME_MOST ? "&hellip;</text>\n" :
		    "</text>\n");
	}
}

static void
draw(struct chart *c, bool has_total, struct buf *out)
{
	size_t i;

	place_labels(c);
	buf_printf(out, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" "
	    "role=\"img\" aria-label=\"%s\">\n", WIDTH, HEIGHT, c->title);
	draw_frame(c, out);
	draw_pairs_axis(c, out);
	for (i = 0; i < c->trace->check_count; i++)
		if (!is_labelled(c, i))
			draw_check(c, i, out);
	for (i = 0; i < c->trace->check_count; i++)
		if (is_labelled(c, i))
			draw_check(c, i, out);
	if (has_total) {
		buf_append_str(out, "<path class=\"total\" d=\"");
		draw_line(c, c->trace->total, 1, out);
		buf_append_str(out, "\"><title>all checks</title></path>\n");
	}
	draw_labels(c, out);
	buf_append_str(out, "</svg>\n");
}

/* The checks whose last value is the largest (sign 1) or least (-1). */
static void
pick_labels(struct chart *c, double sign)
{
	size_t n = c->trace->check_count, last = c->trace->point_count - 1;
	size_t i, best;

	while (c->label_count < LABELS_MOST) {
		best = SIZE_MAX;
		for (i = 0; i < n; i++)
			if (is_drawn(c, i) && !is_labelled(c, i) && (best == SIZE_MAX ||
			    sign * value_at(c, last, i) >
			    sign * value_at(c, last, best)))
				best = i;
		if (best == SIZE_MAX)
			return;
		c->labels[c->label_count++].check = best;
	}
}

void
report_chart_block(const struct report *r, const struct trace *t,
    struct buf *out)
{
	struct chart c = {.report = r, .trace = t, .values = t->shares,
	    .bound = t->block_bound, .bound_name = "block at",
	    .bound_class = "bad", .title = "Evidence against the candidate "
	    "over pairs of runs"};

	set_range(&c);
	pick_labels(&c, 1);
	draw(&c, true, out);
}

void
report_chart_pass(const struct report *r, const struct trace *t,
    struct buf *out)
{
	struct chart c = {.report = r, .trace = t, .values = t->weakest,
	    .bound = t->pass_bound, .bound_name = "pass at",
	    .bound_class = "good", .title = "Weakest evidence for a pass of "
	    "each check over pairs of runs"};

	c.low = -0.5;
	c.high = decades(c.bound) + 0.7;
	pick_labels(&c, -1);
	draw(&c, false, out);
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
		    "%.4g%s</text>\n", WHISKER_LEFT + (at - low) * scale,
		    bottom + 14, is_rate ? 100 * at : at,
		    is_rate ? " %" : "");
	}
	for (i = 0; i < count; i++)
		draw_whisker(&w[i], (int)i * WHISKER_HEIGHT +
		    WHISKER_HEIGHT / 2 + 2, low, scale, out);
	buf_append_str(out, "</svg>\n");
}
