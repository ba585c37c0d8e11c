/* SPDX-License-Identifier: ISC */
/*
 * A small map on disk, from a name to a JSON value, that outlives a kill -9:
 * what the scheduler must know again after a restart. Changes are appended to
 * a file that is rewritten when it is mostly out of date. It is never synced,
 * for nothing here may wait for a disk: a power cut may cost the last seconds.
 */
#ifndef SCHEDULER_JOURNAL_H
#define SCHEDULER_JOURNAL_H

#include <stddef.h>

struct journal;

/* Open or make the file; it has one user. What is damaged is passed over. */
struct journal *journal_open(const char *path);

/* Flush and close. */
void journal_close(struct journal **j);

/* The value of a name as JSON text, NULL: none. Good until the next change. */
const char *journal_find(const struct journal *j, const char *name);

/* Give a name a value: one line of JSON, copied. */
void journal_put(struct journal *j, const char *name, const char *json);

/* Forget a name; nothing happens when it is not there. */
void journal_remove(struct journal *j, const char *name);

/*
 * Write what changed since the last flush, in one piece. When that cannot be
 * done it is logged, and done with a later flush.
 */
void journal_flush(struct journal *j);

/* The names in the order of their making, from NULL, until NULL. The one at
 * hand may be removed once its successor is known. */
const char *journal_next(const struct journal *j, const char *name);

#endif
