/* SPDX-License-Identifier: ISC */
/*
 * e2e-gate aa --child: gathers rounds of the service against itself in the
 * idle time of a scheduler, whose child it is. It starts no probe: it asks
 * over fd 3 for one run after the other (see MESSAGE_JOB) and notes in the
 * store what 300 rounds of a check have shown, as e2e-gate aa does.
 */
#ifndef GATE_GATHER_H
#define GATE_GATHER_H

#include "gate/settings.h"

#define GATHER_AGAIN (30 * SPAN_DAY) /* older history is gathered anew */

/* Run until the scheduler hangs up. Returns an exit code. */
int gather_run(const struct settings *s);

#endif
