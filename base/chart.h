/* SPDX-License-Identifier: ISC */
/*
 * A gate's evidence over its pairs, as SVG that needs no script: of the
 * report, and of the web's page.
 */
#ifndef BASE_CHART_H
#define BASE_CHART_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A line for each check; values are natural logarithms. */
struct chart_lines {
	size_t point_count, line_count;
	const uint32_t *pairs;   /* completed, of each point; ascending */
	const double *values;    /* [point * line_count + line]; a line whose
				  * last is not finite is not drawn */
	const double *total;     /* of each point: evidence to block; NULL:
				  * for a pass, where no line may be weak */
	const char *const *names;  /* for labels */
	const char *const *titles; /* whole names */
	double bound;
};

/*
 * Append the chart, logarithmic and with its bound, in a <div> that scrolls
 * on a narrow screen. Nothing, when there is no point or no line.
 */
void chart_evidence(const struct chart_lines *l, struct buf *out);

/* The rules for it, beside a page's --ink, --dim and --line. */
extern const char chart_style[];

#endif
