/* SPDX-License-Identifier: ISC */
/* e2e-run: runs flows and checks here and now, and shows them. */
#ifndef PROBE_RUNNER_H
#define PROBE_RUNNER_H

#include "probe/runner_options.h"

/* Whether the standard input is given: a pipe or a file. */
bool runner_has_input(void);

/* Run what the operands name; returns the exit code. */
int runner_run(const struct runner_options *o, const char *const *operands,
    size_t count);

#endif
