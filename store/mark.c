/* SPDX-License-Identifier: ISC */
/* The marks of the days that have a file, all of them in memory. */
#include "store/mark.h"

#include <stdlib.h>
#include <uthash.h>

#include "base/mem.h"
#include "store/day.h"

struct mark {
	int64_t day;
	int64_t last_number;
	bool is_dirty;
	UT_hash_handle hh;
};

struct marks {
	struct mark *by_day;
	struct mark *latest; /* that was moved: nearly always the next too */
	sqlite3_stmt *put, *drop;
};

static struct mark *
mark_get(struct marks *marks, int64_t day)
{
	struct mark *m;

	HASH_FIND(hh, marks->by_day, &day, sizeof(day), m);
	if (m == NULL) {
		m = xcalloc(1, sizeof(*m));
		m->day = day;
		HASH_ADD(hh, marks->by_day, day, sizeof(m->day), m);
	}
	return (m);
}

static int
load(struct marks *marks, sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	int64_t day;
	int rc;

	rc = sqlite3_prepare_v2(db,
	    "SELECT day, last_number FROM rollup_mark", -1, &stmt, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		if ((rc = sqlite3_step(stmt)) != SQLITE_ROW)
			break;
		if (day_parse(db_text(stmt, 0), &day) == 0)
			mark_get(marks, day)->last_number =
			    sqlite3_column_int64(stmt, 1);
	}
	sqlite3_finalize(stmt);
	return (db_err(rc));
}

int
marks_open(sqlite3 *db, struct marks **out)
{
	struct marks *marks = xcalloc(1, sizeof(*marks));
	int rc;

	rc = db_prepare(db, "REPLACE INTO rollup_mark VALUES (?1, ?2)",
	    &marks->put);
	if (rc == 0)
		rc = db_prepare(db, "DELETE FROM rollup_mark WHERE day = ?1",
		    &marks->drop);
	if (rc == 0)
		rc = load(marks, db);
	if (rc != 0) {
		marks_close(&marks);
		return (rc);
	}
	*out = marks;
	return (0);
}

void
marks_close(struct marks **marksp)
{
	struct marks *marks = *marksp;
	struct mark *m, *next;

	if (marks == NULL)
		return;
	*marksp = NULL;
	HASH_ITER(hh, marks->by_day, m, next) {
		HASH_DEL(marks->by_day, m);
		free(m);
	}
	sqlite3_finalize(marks->put);
	sqlite3_finalize(marks->drop);
	free(marks);
}

void
marks_set(struct marks *marks, int64_t day, int64_t number)
{
	if (marks->latest == NULL || marks->latest->day != day)
		marks->latest = mark_get(marks, day);
	marks->latest->last_number = number;
	marks->latest->is_dirty = true;
}

int64_t
marks_get(const struct marks *marks, int64_t day)
{
	struct mark *m;

	HASH_FIND(hh, marks->by_day, &day, sizeof(day), m);
	return (m != NULL ? m->last_number : 0);
}

void
marks_remove(struct marks *marks, int64_t day)
{
	char name[DAY_NAME_SIZE];
	struct mark *m;

	HASH_FIND(hh, marks->by_day, &day, sizeof(day), m);
	if (m == NULL)
		return;
	HASH_DEL(marks->by_day, m);
	free(m);
	marks->latest = NULL;
	day_format(day, name);
	db_bind_str(marks->drop, 1, name);
	/* A mark that stays would only hide runs of a file made anew, and
	 * is dropped again at the next expiry. */
	db_run(marks->drop);
}

static int
write_one(struct marks *marks, const struct mark *m)
{
	char name[DAY_NAME_SIZE];

	day_format(m->day, name);
	db_bind_str(marks->put, 1, name);
	sqlite3_bind_int64(marks->put, 2, m->last_number);
	return (db_run(marks->put));
}

int
marks_write(struct marks *marks)
{
	struct mark *m, *next;
	int rc = 0;

	HASH_ITER(hh, marks->by_day, m, next)
		if (rc == 0 && m->is_dirty)
			rc = write_one(marks, m);
	return (rc);
}

void
marks_settle(struct marks *marks)
{
	struct mark *m, *next;

	HASH_ITER(hh, marks->by_day, m, next)
		m->is_dirty = false;
}
