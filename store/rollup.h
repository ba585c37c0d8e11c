/* SPDX-License-Identifier: ISC */
/*
 * Scheduled runs counted by minute, hour and day, and the state of each
 * check. Counts gather in memory and go to main.db about once a second,
 * together with the marks that say how far each day's file is counted: one
 * transaction, so that after a crash the runs past the marks are counted
 * again from the raw rows, exactly once. Part of the writer.
 */
#ifndef STORE_ROLLUP_H
#define STORE_ROLLUP_H

#include "store/registry.h"

enum rollup_level {
	ROLLUP_MINUTE,
	ROLLUP_HOUR,
	ROLLUP_DAY,
	ROLLUP_LEVELS,               /* of each check */
	ROLLUP_FLEET = ROLLUP_LEVELS, /* all checks together, by minute */
	ROLLUP_TABLES
};

struct rollup_table {
	const char *name;   /* of the table */
	span_us width;
	span_us kept;       /* rows older than this are removed */
};

extern const struct rollup_table rollup_tables[ROLLUP_TABLES];

/* The start of the minute, hour or day that holds t. */
wall_us rollup_start(enum rollup_level level, wall_us t);

/* A committed run, as far as the counts need it. */
struct rollup_run {
	struct registry_check *check;
	wall_us due_us;
	span_us duration_us;
	enum outcome outcome;
	enum trigger trigger;
	int64_t day;        /* days since the epoch: which file */
	int64_t number;     /* run.number in that file */
	uint8_t id[MESSAGE_ID_SIZE];
};

struct rollups;

int rollups_open(sqlite3 *db, struct rollups **out);
void rollups_close(struct rollups **r);

/* Count a run and move the mark of its day; runs come in order of number. */
void rollups_add(struct rollups *r, const struct rollup_run *run);

/*
 * A day's file has only so many rows now, fewer than were counted: it is
 * another one. Count what follows.
 */
void rollups_rewind(struct rollups *r, int64_t day, int64_t number);

/* Up to which number a day's file has been counted. */
int64_t rollups_mark(const struct rollups *r, int64_t day);

/* Forget the mark of a day whose file is gone. */
void rollups_forget_day(struct rollups *r, int64_t day);

/* True when there is something to flush. */
bool rollups_are_dirty(const struct rollups *r);

/*
 * Write all that gathered, in one transaction. Returns 0; on a store error
 * everything stays gathered for the next time.
 */
int rollups_flush(struct rollups *r);

/* Remove rows past their time, a bounded number at a call. */
int rollups_expire(struct rollups *r, wall_us now);

#endif
