/* SPDX-License-Identifier: ISC */
/* What the files of the query API share. */
#ifndef STORE_QUERY_PRIV_H
#define STORE_QUERY_PRIV_H

#include <sys/types.h>
#include <uthash.h>

#include "store/day.h"
#include "store/db.h"
#include "store/query.h"
#include "store/rollup.h"

#define QUERY_REASON_SIZE 300
#define QUERY_STALE_SLACK (5 * SPAN_S)

/* A day's file; db is NULL until it is first asked. */
struct query_day {
	int64_t day;
	ino_t inode;
	sqlite3 *db;
	bool is_broken;  /* reported once, then passed over */
};

/* The names of a check, kept: they do not change. */
struct query_name {
	int64_t id;
	char *check, *service, *location, *environment;
	UT_hash_handle hh;
};

struct query_sum;

struct query {
	char *dir;
	sqlite3 *db;
	struct query_day *days; /* ascending */
	size_t day_count;
	struct query_name *names;
	struct query_sum *sums; /* see query_counters */
	int64_t sums_day;
	char reason[QUERY_REASON_SIZE];
};

/* Remember what SQLite says about db; returns the enum err of rc. */
int query_fail(struct query *q, sqlite3 *db, int rc);

/* Prepare on db, remembering the reason of a failure. */
int query_prepare(struct query *q, sqlite3 *db, const char *sql,
    sqlite3_stmt **out);

/* Look which day files there are. Call at the start of every question. */
int query_refresh_days(struct query *q);

/* The database of day i; NULL when it cannot be read. */
sqlite3 *query_day_db(struct query *q, size_t i);

/*
 * When rc says that day i's file is damaged it is passed over from now on,
 * with a warning, and 0 is returned; else rc.
 */
int query_day_pass_over(struct query *q, size_t i, int rc);

/* The names of a check, NULL when main.db has none. */
const struct query_name *query_name_get(struct query *q, int64_t id);

/* Append " AND column = value" for what is restricted. */
void query_condition(const struct query_which *which, struct buf *sql);

/* The ids of the checks that are meant; *all: no restriction was given. */
int query_match(struct query *q, const struct query_which *which,
    int64_t **ids, size_t *count, bool *all);

/* A window cut into runs of whole days, hours and minutes. */
struct query_piece {
	enum rollup_level level;
	wall_us from, to;
};

#define QUERY_PIECES_MOST 5
size_t query_cut(wall_us since, wall_us until,
    struct query_piece out[static QUERY_PIECES_MOST]);

void query_sums_free(struct query *q);

#endif
