/* SPDX-License-Identifier: ISC */
/*
 * The gate and the store: what is known of the checks from before, and the
 * record of the gate itself. The store is a help, never a condition: without
 * it the verdict stands.
 */
#ifndef GATE_ARCHIVE_H
#define GATE_ARCHIVE_H

#include "gate/report.h"

/*
 * Fill in each check's history of scheduled runs against the baseline's
 * environment, day by day. A store that is not there yet has none; one that
 * cannot be read is a warning on stderr.
 */
void archive_read_history(struct suite *suite, const char *dir, wall_us now);

/*
 * Append the document of the gate in the store whose id begins with prefix.
 * Returns 0, or an enum err with a sentence in cause.
 */
int archive_load(const char *dir, const char *prefix, struct buf *out,
    struct cause *cause);

/* Record the gate in the store's directory; warns on stderr if it cannot. */
void archive_store(const struct report *r, const char *dir);

#endif
