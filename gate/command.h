/* SPDX-License-Identifier: ISC */
/* The commands of e2e-gate beside judging. Each returns the exit code. */
#ifndef GATE_COMMAND_H
#define GATE_COMMAND_H

#include "base/buf.h"
#include "gate/settings.h"

/* Compute a recorded verdict again and compare. */
int command_replay(const struct settings *s);

/* Run the baseline against itself and note what that shows. */
int command_aa(const struct settings *s);

/* Say what a gate would need and see, from what the store knows. */
int command_plan(const struct settings *s);

/* Note that a version of a service was deployed. */
int command_mark(const struct settings *s);

/* Judge what the scheduled runs have shown since a deploy. */
int command_status(const struct settings *s);

/* Note that a gate's verdict is not to stop a release. */
int command_override(const struct settings *s);

/*
 * Print a command's whole answer (a table with its lines broken between words
 * to fit a terminal), or flush what was printed of it. Returns 0, or
 * EXIT_UNMEASURED with a sentence on stderr: what nobody can read was not
 * said.
 */
int command_print(const struct buf *out, enum format format);
int command_flush(void);

#endif
