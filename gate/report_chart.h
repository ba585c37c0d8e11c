/* SPDX-License-Identifier: ISC */
/* Charts of a gate's page, as SVG without a script. */
#ifndef GATE_REPORT_CHART_H
#define GATE_REPORT_CHART_H

#include "base/buf.h"
#include "gate/interval.h"
#include "gate/report.h"
#include "gate/trace.h"

/*
 * The evidence against the candidate, and each check's share in it; the
 * evidence for a pass, each check's weakest. Logarithmic, with the bounds.
 */
void report_chart_evidence(const struct report *r, const struct trace *t,
    bool is_block, struct buf *out);

/* Estimates with their intervals on one axis from low to high. */
struct report_whisker {
	struct interval interval;
	const char *class_name;
	const char *name;
};
void report_chart_whiskers(const struct report_whisker *w, size_t count,
    double low, double high, bool is_rate, struct buf *out);

#endif
