/* SPDX-License-Identifier: ISC */
/*
 * The few day files that the writer has open: nearly all runs are of today,
 * late ones of yesterday. Part of the writer.
 */
#ifndef STORE_DAYS_H
#define STORE_DAYS_H

#include "store/day.h"

struct days;

/* None is open yet; dir outlives it. */
struct days *days_new(const char *dir);

/* As days_close, and free it. */
void days_free(struct days **days);

/* True when days_get of this day would close one that has rows waiting. */
bool days_get_needs_commit(const struct days *days, int64_t day);

/*
 * The file of a day, opened or made when it is not open; the one used least
 * lately is closed for it. Lives until the next such call for another day.
 * Returns what day_open does.
 */
int days_get(struct days *days, int64_t day, struct day **out,
    struct cause *c);

/* Commit what waits in all of them; *failed is the one that could not. */
int days_commit(struct days *days, wall_us now, struct day **failed);

/* Drop what waits in all of them. */
void days_rollback(struct days *days);

/* Close a day if it is open. False when rows wait in it: it stays open. */
bool days_let_go(struct days *days, int64_t day);

/* True when the file of one that is open was removed or replaced. */
bool days_have_moved(const struct days *days);

/* Close all; what waits is dropped. */
void days_close(struct days *days);

#endif
