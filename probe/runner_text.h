/* SPDX-License-Identifier: ISC */
/* How e2e-run shows runs to people. Everything that is shown is masked. */
#ifndef PROBE_RUNNER_TEXT_H
#define PROBE_RUNNER_TEXT_H

#include "probe/run.h"

struct runner_text {
	struct buf *out;
	bool has_color;
	bool has_evidence; /* the deciding request and answer are shown */
};

/* What is counted over all runs. */
struct runner_counts {
	size_t runs, passed, steps;
	size_t by_outcome[OUTCOME_COUNT];
	span_us elapsed;
	bool are_checks;   /* of manifests, not files */
};

/* The line that names a flow, and the heads of its columns. */
void runner_text_head(const struct runner_text *t, const char *path);

/* A row: status, times by phase, request. */
void runner_text_step(const struct runner_text *t, struct run *run,
    const struct run_step *step);

/* One thing that did not hold in an entry, from 1. */
void runner_text_failure(const struct runner_text *t, const struct run *run,
    uint32_t entry, const struct finding *f);

/* What did not hold in a step, with lines of the flow. */
void runner_text_failures(const struct runner_text *t, struct run *run,
    const struct run_step *step);

/* The request and the answer that decided; bodies only when asked for. */
void runner_text_exchange(const struct runner_text *t, struct run *run,
    const struct buf *request, const struct buf *response, bool has_bodies);

/* The request as a command line of curl. */
void runner_text_curl(const struct runner_text *t, struct run *run);

/* Why another attempt follows a step. */
void runner_text_retried(const struct runner_text *t, struct run *run,
    const struct run_step *step);

/* What the step captured. */
void runner_text_captures(const struct runner_text *t, struct run *run,
    const struct run_step *step);

/* A reason that belongs to no step: an undefined variable, a timeout. */
void runner_text_reason(const struct runner_text *t, struct run *run,
    const struct run_result *result);

/* The same, and the request and answer that decided where asked for. */
void runner_text_errors(const struct runner_text *t, struct run *run,
    const struct run_result *result);

/* How a run ended, and why when no step says so. */
void runner_text_end(const struct runner_text *t, struct run *run,
    const struct run_result *result);

/* One line for a run of many. */
void runner_text_brief(const struct runner_text *t, struct run *run,
    const struct run_result *result);

/* A run that did not pass, in a line: its place, outcome and reason. */
void runner_text_verdict(const struct runner_text *t, struct run *run,
    const struct run_result *result);

/* Those lines, count being how many runs they are of. */
void runner_text_list(const struct runner_text *t, const struct buf *lines,
    size_t count);

/* The last lines of many runs. */
void runner_text_summary(const struct runner_text *t,
    const struct runner_counts *counts);

#endif
