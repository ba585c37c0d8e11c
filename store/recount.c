/* SPDX-License-Identifier: ISC */
/* After a crash, or when main.db was lost: the runs past the marks. */
#include "store/recount.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "store/day.h"

#define FLUSH_ROWS 50000

struct recount {
	const char *dir;
	struct registry *registry;
	struct rollups *rollups;
};

static struct slice
column(sqlite3_stmt *stmt, int at)
{
	const char *s = db_text(stmt, at);

	return ((struct slice){s, strlen(s)});
}

/* One broken file must not keep the others from being written. */
static void
note_damage(struct day *d, const char *reason)
{
	char name[DAY_NAME_SIZE];

	day_format(day_number(d), name);
	log_error("store.day.corrupt", "day=%s reason=%s", name,
	    log_quote(reason));
}

/* The end of reading a day's file: ERR_CORRUPT, noted, when it is damaged. */
static int
read_end(struct day *d, int rc)
{
	if (db_err(rc) == ERR_CORRUPT)
		note_damage(d, sqlite3_errmsg(day_db(d)));
	return (db_err(rc));
}

static int
restore_checks(struct recount *w, struct day *d, bool *is_damaged)
{
	sqlite3 *db = day_db(d);
	sqlite3_stmt *stmt = NULL;
	int rc, bad = 0;

	rc = sqlite3_prepare_v2(db, "SELECT id, check_name, location, "
	    "environment, service FROM check_ref", -1, &stmt, NULL);
	while (bad == 0 && (rc == SQLITE_OK || rc == SQLITE_ROW)) {
		if ((rc = sqlite3_step(stmt)) != SQLITE_ROW)
			break;
		struct check_key key = {column(stmt, 1), column(stmt, 2),
		    column(stmt, 3), column(stmt, 4)};
		bad = registry_check_restore(w->registry, &key,
		    sqlite3_column_int64(stmt, 0), clock_wall());
	}
	rc = read_end(d, rc);
	sqlite3_finalize(stmt);
	if (bad == ERR_EXISTS)
		note_damage(d, "its checks are those of another store");
	*is_damaged = bad == ERR_EXISTS || (bad == 0 && rc == ERR_CORRUPT);
	return (*is_damaged ? 0 : bad != 0 ? bad : rc);
}

static void
count_row(struct recount *w, sqlite3_stmt *stmt, int64_t day)
{
	struct rollup_run run = {.number = sqlite3_column_int64(stmt, 0),
	    .due_us = sqlite3_column_int64(stmt, 2),
	    .trigger = (enum trigger)sqlite3_column_int(stmt, 3),
	    .outcome = (enum outcome)sqlite3_column_int(stmt, 4),
	    .duration_us = sqlite3_column_int64(stmt, 5), .day = day};

	run.check = registry_check_find(w->registry,
	    sqlite3_column_int64(stmt, 1));
	if (sqlite3_column_bytes(stmt, 6) == sizeof(run.id))
		memcpy(run.id, sqlite3_column_blob(stmt, 6), sizeof(run.id));
	if (run.check != NULL && run.outcome < OUTCOME_COUNT)
		rollups_add(w->rollups, &run);
}

static int
count_rows(struct recount *w, struct day *d, int64_t after)
{
	int64_t definition = 0;
	sqlite3_stmt *stmt = NULL;
	int64_t counted = 0;
	int rc, bad = 0;

	rc = sqlite3_prepare_v2(day_db(d), "SELECT number, check_id, due_us, "
	    "trigger, outcome, duration_us, id, definition_id FROM run "
	    "WHERE number > ?1 ORDER BY number", -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		sqlite3_bind_int64(stmt, 1, after);
	while (bad == 0 && (rc == SQLITE_OK || rc == SQLITE_ROW)) {
		if ((rc = sqlite3_step(stmt)) != SQLITE_ROW)
			break;
		count_row(w, stmt, day_number(d));
		if (sqlite3_column_int64(stmt, 7) > definition)
			definition = sqlite3_column_int64(stmt, 7);
		/* A whole day may be uncounted: keep memory bounded. */
		if (++counted % FLUSH_ROWS == 0)
			bad = rollups_flush(w->rollups);
	}
	rc = read_end(d, rc);
	sqlite3_finalize(stmt);
	if (bad == 0 && (rc == 0 || rc == ERR_CORRUPT))
		bad = registry_definitions_from(w->registry, definition + 1);
	return (bad != 0 ? bad : rc == ERR_CORRUPT ? 0 : rc);
}

/* What can be read of it; the rest is noted. */
static int
count_uncounted(struct recount *w, struct day *d, int64_t mark)
{
	bool is_damaged;
	int rc = restore_checks(w, d, &is_damaged);

	if (rc == 0)
		rc = registry_commit(w->registry);
	if (rc == 0 && !is_damaged)
		rc = count_rows(w, d, mark);
	return (rc == 0 ? rollups_flush(w->rollups) : rc);
}

/*
 * Records of the future, of a clock that went back since: no slot of theirs
 * may be handed out again.
 */
static int
look_ahead(struct recount *w, struct day *d)
{
	struct registry_check *check;
	sqlite3_stmt *stmt = NULL;
	int rc;

	rc = sqlite3_prepare_v2(day_db(d), "SELECT check_id, due_us FROM run "
	    "INDEXED BY run_by_time WHERE due_us > ?1 AND trigger = 0", -1,
	    &stmt, NULL);
	if (rc == SQLITE_OK)
		sqlite3_bind_int64(stmt, 1, clock_wall());
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		if ((rc = sqlite3_step(stmt)) != SQLITE_ROW)
			break;
		check = registry_check_find(w->registry,
		    sqlite3_column_int64(stmt, 0));
		if (check != NULL && check->ahead_us <
		    sqlite3_column_int64(stmt, 1))
			check->ahead_us = sqlite3_column_int64(stmt, 1);
	}
	rc = read_end(d, rc);
	sqlite3_finalize(stmt);
	return (rc == ERR_CORRUPT ? 0 : rc);
}

static int
count_day(struct recount *w, int64_t day, struct cause *c)
{
	int64_t mark = rollups_mark(w->rollups, day), last;
	struct cause own;
	struct day *d;
	int rc;

	cause_init(&own);
	rc = day_open(w->dir, day, &d, &own);
	if (rc == ERR_CORRUPT)
		log_error("store.day.corrupt", "reason=%s",
		    log_quote(own.entries[0].sentence));
	else if (rc != 0)
		cause_add(c, "%s", own.entries[0].sentence);
	cause_fini(&own);
	if (rc != 0)
		return (rc == ERR_CORRUPT ? 0 : rc);
	last = day_last_number(d);
	if (last < mark)
		rollups_rewind(w->rollups, day, last);
	if (last > mark) {
		log_info("store.rollup.recount", "day=%lld from=%lld to=%lld",
		    (long long)day, (long long)mark, (long long)last);
		rc = count_uncounted(w, d, mark);
	}
	if (rc == 0 && day >= day_of(clock_wall()))
		rc = look_ahead(w, d);
	if (rc != 0)
		cause_add(c, "the runs of a day cannot be counted: %s",
		    err_text(rc));
	day_close(&d);
	return (rc);
}

int
recount_days(const char *dir, struct registry *registry,
    struct rollups *rollups, struct cause *c)
{
	struct recount w = {dir, registry, rollups};
	int64_t *days;
	size_t i, n;
	int rc = day_list(dir, &days, &n);

	if (rc != 0)
		cause_add(c, "%s: %s", dir, strerror(errno));
	for (i = 0; rc == 0 && i < n; i++)
		rc = count_day(&w, days[i], c);
	free(days);
	return (rc);
}
