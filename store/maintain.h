/* SPDX-License-Identifier: ISC */
/* What a person may do with a store: migrate, check, compact. */
#ifndef STORE_MAINTAIN_H
#define STORE_MAINTAIN_H

#include <stdio.h>

#include "base/cause.h"

/*
 * Bring every file of the store to the newest schema and count what is
 * uncounted; one line per file on out. Needs the writer's lock.
 */
int maintain_migrate(const char *dir, FILE *out, struct cause *c);

/*
 * Check every file (PRAGMA integrity_check) and compare the rollups with a
 * recount of the raw runs; may run beside the writer. Returns 0, ERR_CORRUPT
 * when something is wrong (each thing a line on out), or another error with
 * a sentence in c.
 */
int maintain_check(const char *dir, FILE *out, struct cause *c);

/*
 * Empty the write-ahead logs into the files, refresh the planner's figures
 * and rewrite files that are one fifth free. Needs the writer's lock.
 */
int maintain_compact(const char *dir, FILE *out, struct cause *c);

#endif
