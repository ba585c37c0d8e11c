/* SPDX-License-Identifier: ISC */
/*
 * The raw runs of one UTC day: a file of its own, opened by the writer as a
 * connection of its own, so that expiry is an unlink. Days are counted since
 * 1970-01-01.
 */
#ifndef STORE_DAY_H
#define STORE_DAY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "store/db.h"
#include "store/run_event.h"
#include "store/registry.h"

#define DAY_NAME_SIZE 16

/* The day that holds t. */
int64_t day_of(wall_us t);

/* Format as YYYY-MM-DD, and back; the year has four digits. */
void day_format(int64_t day, char out[static DAY_NAME_SIZE]);
int day_parse(const char *name, int64_t *out);

/* The path of a day's file in dir; the caller frees it. */
char *day_path(const char *dir, int64_t day);

/*
 * The days that have a file in dir, ascending; the caller frees *days.
 * Returns 0 or ERR_IO.
 */
int day_list(const char *dir, int64_t **days, size_t *count);

/* Unlink a day's file and what SQLite keeps beside it. */
int day_remove(const char *dir, int64_t day);

/*
 * Put a damaged day's file aside (db_set_aside), so that the day can begin
 * anew. Returns 0 or ERR_IO.
 */
int day_set_aside(const char *dir, int64_t day);

struct day;

/* Open or make the file of a day for writing. A sentence goes to c. */
int day_open(const char *dir, int64_t day, struct day **out,
    struct cause *c);

/* Close; an open batch is rolled back. */
void day_close(struct day **d);

int64_t day_number(const struct day *d);

/* run.number of the newest row. */
int64_t day_last_number(const struct day *d);
sqlite3 *day_db(struct day *d);

/* True when rows wait for day_commit. */
bool day_is_pending(const struct day *d);

/*
 * Add one run to the batch, begun when there is none; *number is its
 * run.number. With is_again a run that is there already gives ERR_EXISTS.
 * After any other error the batch must be rolled back.
 */
int day_append(struct day *d, const struct run_event *e,
    struct registry_check *check, int64_t definition_id, bool is_again,
    int64_t *number);

/* Commit the batch, or drop it. */
int day_commit(struct day *d, wall_us now);
void day_rollback(struct day *d);

#endif
