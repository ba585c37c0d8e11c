/* SPDX-License-Identifier: ISC */
/*
 * How far each day's file is counted: the rows of rollup_mark. They are
 * written in the transaction of the counts, so that after a crash the runs
 * past the marks are those to count again. Part of the writer.
 */
#ifndef STORE_MARK_H
#define STORE_MARK_H

#include <stdint.h>

#include "store/db.h"

struct marks;

/* Read the marks that main.db has. */
int marks_open(sqlite3 *db, struct marks **out);
void marks_close(struct marks **marks);

/* The runs of a day are counted up to this run.number. */
void marks_set(struct marks *marks, int64_t day, int64_t number);

/* Up to which run.number a day is counted; 0: none. */
int64_t marks_get(const struct marks *marks, int64_t day);

/* Forget a day whose file is gone. */
void marks_remove(struct marks *marks, int64_t day);

/* Write what changed, in the caller's transaction. 0 or a store error. */
int marks_write(struct marks *marks);

/* The transaction is committed: nothing is to be written. */
void marks_settle(struct marks *marks);

#endif
