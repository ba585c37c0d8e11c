/* SPDX-License-Identifier: ISC */
/*
 * A run as a page of a report: no script, nothing fetched from elsewhere,
 * all text masked and escaped.
 */
#ifndef PROBE_RUNNER_HTML_H
#define PROBE_RUNNER_HTML_H

#include "probe/run.h"

struct runner_html;

/* dir is the folder of the report; it is copied. */
struct runner_html *runner_html_new(const char *dir);
void runner_html_free(struct runner_html **html);

/* Add a step, from its hook. */
void runner_html_step(struct runner_html *html, struct run *run,
    const struct run_step *step);

/*
 * Write the page, from the done hook, and append its row of the report's
 * index to row. Returns 0, or ERR_IO with a sentence on stderr.
 */
int runner_html_end(struct runner_html *html, struct run *run,
    const struct run_result *result, struct buf *row);

/*
 * Append an index with these rows behind those of before, an index written
 * by this function or "".
 */
void runner_html_index(const char *before, const struct buf *rows,
    struct buf *out);

/* What such an index holds, and no other page. */
#define RUNNER_HTML_MARK "<!-- a report of e2e-run -->"

#endif
