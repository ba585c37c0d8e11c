/* SPDX-License-Identifier: ISC */
/* Files that e2e-run writes: reports, and the jar of cookies. */
#ifndef PROBE_RUNNER_REPORT_H
#define PROBE_RUNNER_REPORT_H

#include "base/buf.h"
#include "probe/run.h"
#include "probe/runner_options.h"
#include "probe/runner_record.h"

struct runner_report;

/* Make the reports that are asked for; NULL when none is. o is borrowed. */
struct runner_report *runner_report_new(const struct runner_options *o);
void runner_report_free(struct runner_report **report);

/*
 * Make the folders of reports, and see that they can be written. Returns 0, or
 * an error with a sentence on stderr. Accepts NULL.
 */
int runner_report_open(const struct runner_report *report);

/*
 * Add a run that is done. failures is what did not hold, masked, as people
 * read it. Runs are reported by their record's number, whichever ends first.
 */
void runner_report_add(struct runner_report *report, const struct run *run,
    const struct run_result *result, const struct buf *failures,
    const struct runner_record *record);

/*
 * Write the files. A report that is there already is extended, so that many
 * calls make one; the jar is replaced. Returns 0, or ERR_IO with a sentence
 * on stderr.
 */
int runner_report_write(struct runner_report *report);

#endif
