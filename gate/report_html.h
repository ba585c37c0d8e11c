/* SPDX-License-Identifier: ISC */
/* What the files of the HTML report share. */
#ifndef GATE_REPORT_HTML_H
#define GATE_REPORT_HTML_H

#include "gate/report.h"

/* The style sheet of the page. */
extern const char report_html_style[];

/* The parts of the page, in its order. */
void report_html_regressions(const struct report *r, struct buf *out);
void report_html_failures(const struct report *r, struct buf *out);
void report_html_unfinished(const struct report *r, struct buf *out);
void report_html_checks(const struct report *r, struct buf *out);
void report_html_settings(const struct report *r, struct buf *out);

/* Append text that another part made, escaped. */
void report_html_escape(struct buf *out, struct buf *text);

#endif
