/* SPDX-License-Identifier: ISC */
/* Reports of e2e-run for other programs: JUnit and TAP. */
#ifndef PROBE_RUNNER_REPORT_H
#define PROBE_RUNNER_REPORT_H

#include "base/buf.h"
#include "probe/run.h"

struct runner_report;

/* Make a report; NULL when neither path is given. Paths are borrowed. */
struct runner_report *runner_report_new(const char *junit, const char *tap);
void runner_report_free(struct runner_report **report);

/*
 * Add a run that is done. failures is what did not hold, masked, as people
 * read it.
 */
void runner_report_add(struct runner_report *report, const struct run *run,
    const struct run_result *result, const struct buf *failures);

/*
 * Write the files, replacing what was there. Returns 0, or ERR_IO with a
 * sentence on stderr.
 */
int runner_report_write(const struct runner_report *report);

#endif
