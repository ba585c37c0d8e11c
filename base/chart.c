/* SPDX-License-Identifier: ISC */
/*
 * Lines of evidence over pairs. Everything that is drawn has a class; a style
 * sheet gives colours, so that dark pages and paper work.
 */
#include "base/chart.h"

#include <math.h>
#include <stdbool.h>
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
#define BOUND_LEAST 0.1  /* ln */
#define BOUND_MOST 690.0
#define LABELS_MOST 10
#define LABEL_HEIGHT 15
#define COLOURS 8
#define NAME_MOST 24     /* characters of a label */

struct label {
	size_t check;
	double y;
};

struct chart {
	const struct chart_lines *lines;
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
	uint32_t last = c->lines->pairs[c->lines->point_count - 1];

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
	return (c->lines->values[point * c->lines->line_count + check]);
}

static void
set_range(struct chart *c)
{
	size_t i, n = c->lines->point_count * c->lines->line_count;
	double most = decades(c->lines->bound);

	for (i = 0; i < n; i++)
		if (isfinite(c->lines->values[i]))
			most = fmax(most, decades(c->lines->values[i]));
	for (i = 0; i < c->lines->point_count; i++)
		most = fmax(most, decades(c->lines->total[i]));
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
	y = y_of(c, c->lines->bound);
	buf_printf(out, "<line class=\"bound %s\" x1=\"%d\" x2=\"%d\" "
	    "y1=\"%.1f\" y2=\"%.1f\"/><text class=\"tick %s\" x=\"%d\" "
	    "y=\"%.1f\">%s %.4g</text>\n", c->bound_class, LEFT,
	    WIDTH - RIGHT, y, y, c->bound_class, LEFT + 8, y - 6,
	    c->bound_name, exp(c->lines->bound));
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
	uint32_t last = c->lines->pairs[c->lines->point_count - 1];
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

	for (i = 0; i < c->lines->point_count; i++) {
		y = y_of(c, values[i * stride]);
		if (i == 0)
			buf_printf(out, "M%.1f %.1f",
			    x_of(c, c->lines->pairs[i]), y);
		else
			buf_printf(out, "H%.1fV%.1f",
			    x_of(c, c->lines->pairs[i]), y);
	}
}

/* What is not judged has no evidence, and no line. */
static bool
is_drawn(const struct chart *c, size_t check)
{
	return (isfinite(value_at(c, c->lines->point_count - 1, check)));
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
	draw_line(c, c->lines->values + check, c->lines->line_count, out);
	buf_append_str(out, "\"><title>");
	html_escape(out, c->lines->titles[check]);
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
		    c->lines->point_count - 1, c->labels[i].check));
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
	const char *name;
	size_t i, len;

	for (i = 0; i < c->label_count; i++) {
		name = c->lines->names[c->labels[i].check];
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
draw(struct chart *c, struct buf *out)
{
	size_t i;

	place_labels(c);
	buf_printf(out, "<div class=\"scroll\"><svg class=\"chart\" "
	    "viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
	    WIDTH, HEIGHT, c->title);
	draw_frame(c, out);
	draw_pairs_axis(c, out);
	for (i = 0; i < c->lines->line_count; i++)
		if (!is_labelled(c, i))
			draw_check(c, i, out);
	for (i = 0; i < c->lines->line_count; i++)
		if (is_labelled(c, i))
			draw_check(c, i, out);
	if (c->lines->total != NULL) {
		buf_append_str(out, "<path class=\"total\" d=\"");
		draw_line(c, c->lines->total, 1, out);
		buf_append_str(out, "\"><title>all checks</title></path>\n");
	}
	draw_labels(c, out);
	buf_append_str(out, "</svg></div>\n");
}

/* The checks whose last value is the largest (sign 1) or least (-1). */
static void
pick_labels(struct chart *c, double sign)
{
	size_t n = c->lines->line_count, last = c->lines->point_count - 1;
	size_t i, best;

	while (c->label_count < LABELS_MOST) {
		best = SIZE_MAX;
		for (i = 0; i < n; i++)
			if (is_drawn(c, i) && !is_labelled(c, i) &&
			    (best == SIZE_MAX || sign * value_at(c, last, i) >
			    sign * value_at(c, last, best)))
				best = i;
		if (best == SIZE_MAX)
			return;
		c->labels[c->label_count++].check = best;
	}
}

void
chart_evidence(const struct chart_lines *l, struct buf *out)
{
	struct chart_lines own = *l;
	struct chart c = {.lines = &own};

	if (l->point_count == 0 || l->line_count == 0)
		return;
	/* A document may say anything. */
	own.bound = fmin(fmax(l->bound, BOUND_LEAST), BOUND_MOST);
	if (l->total != NULL) {
		c.title = "Evidence against the candidate over pairs of runs";
		c.bound_name = "block at";
		c.bound_class = "bad";
		set_range(&c);
		pick_labels(&c, 1);
	} else {
		c.title = "Weakest evidence for a pass of each check over "
		    "pairs of runs";
		c.bound_name = "pass at";
		c.bound_class = "good";
		c.low = -0.5;
		c.high = decades(own.bound) + 0.7;
		pick_labels(&c, -1);
	}
	draw(&c, out);
}

const char chart_style[] =
":root{--good:#177a48;--bad:#c2272d;--k0:#c2272d;--k1:#2f74d0;--k2:#b0740a;"
"--k3:#7a46b8;--k4:#13856a;--k5:#c04a94;--k6:#4b6b1e;--k7:#0f7a96}"
"@media screen and (prefers-color-scheme:dark){:root{--good:#4fc285;"
"--bad:#ff7a75;--k0:#ff7a75;--k1:#6ea6f0;--k2:#e0ae55;--k3:#b592e6;"
"--k4:#4fc5a4;--k5:#ee8fc6;--k6:#a5c765;--k7:#5fc3de}}"
".scroll{overflow-x:auto}"
".chart{display:block;width:100%;min-width:40rem;height:auto}"
".chart text{font-size:12px;fill:var(--dim)}.chart .end{text-anchor:end}"
".chart .mid{text-anchor:middle}.chart .up{font-size:9px}"
".chart .grid{stroke:var(--line)}"
".chart .bound{stroke-width:1.5;stroke-dasharray:6 4}"
".chart line.bad{stroke:var(--bad)}.chart line.good{stroke:var(--good)}"
".chart text.bad{fill:var(--bad);font-weight:600}"
".chart text.good{fill:var(--good);font-weight:600}"
".chart path{fill:none;stroke-linejoin:round}"
".chart .check{stroke-width:1.6}"
".chart .rest{stroke:var(--line);stroke-width:1.2}"
".chart .total{stroke:var(--ink);stroke-width:2.8}"
".chart path.check{stroke:var(--k,var(--line))}"
".chart .k0{--k:var(--k0)}.chart .k1{--k:var(--k1)}"
".chart .k2{--k:var(--k2)}.chart .k3{--k:var(--k3)}"
".chart .k4{--k:var(--k4)}.chart .k5{--k:var(--k5)}"
".chart .k6{--k:var(--k6)}.chart .k7{--k:var(--k7)}"
".chart text.name{fill:var(--k)}";
