/* SPDX-License-Identifier: ISC */
/* Which expectations of an entry held, as reports list them. */
#ifndef PROBE_RUNNER_MARKS_H
#define PROBE_RUNNER_MARKS_H

#include "probe/run.h"

/* f is NULL when it held. */
typedef void runner_mark_cb(uint32_t line, const struct finding *f,
    void *arg);

/*
 * Call visit for each expectation of a step's entry that was looked at, in
 * the order of their evaluation: version, status, headers, body, asserts.
 */
void runner_marks_visit(const struct run *run, const struct run_step *step,
    runner_mark_cb *visit, void *arg);

/* Call visit for each finding that belongs to none of them. */
void runner_marks_visit_others(const struct run *run,
    const struct run_step *step, runner_mark_cb *visit, void *arg);

/* Whether all its captures were made; Hurl lists none when one was not. */
bool runner_marks_captured(const struct run *run,
    const struct run_step *step);

#endif
