/* SPDX-License-Identifier: ISC */
/* Counting the runs that the rollups do not hold yet. Part of the writer. */
#ifndef STORE_RECOUNT_H
#define STORE_RECOUNT_H

#include "base/cause.h"
#include "store/rollup.h"

/*
 * Count, in every day's file of dir, the runs past its mark, and write the
 * rollups. Checks that main.db does not know are restored from the files. A
 * file that is corrupt is logged and passed over. Returns 0 or a store error
 * with a sentence in c.
 */
int recount_days(const char *dir, struct registry *registry,
    struct rollups *rollups, struct cause *c);

#endif
