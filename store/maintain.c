/* SPDX-License-Identifier: ISC */
/* migrate, check and compact: the store's files one after the other. */
#include "store/maintain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/day.h"
#include "store/rollup.h"
#include "store/sketch.h"
#include "store/writer.h"

#define FREE_PAGES_PERCENT 20

/* Call f for main.db, then for each day's file; the first error ends it. */
typedef int each_file(const char *path, const struct db_kind *kind,
    int64_t day, FILE *out, struct cause *c);

static int
for_each_file(const char *dir, each_file *f, FILE *out, struct cause *c)
{
	char *path = file_join(dir, "main.db");
	int64_t *days;
	size_t i, n;
	int rc = f(path, &db_main, -1, out, c), bad = 0;

	free(path);
	if (rc == ERR_CORRUPT)
		bad = rc;
	else if (rc != 0)
		return (rc);
	rc = day_list(dir, &days, &n);
	for (i = 0; rc == 0 && i < n; i++) {
		path = day_path(dir, days[i]);
		rc = f(path, &db_runs, days[i], out, c);
		free(path);
		if (rc == ERR_CORRUPT || rc == ERR_NOT_FOUND) {
			bad = rc == ERR_CORRUPT ? rc : bad;
			rc = 0;
		}
	}
	free(days);
	return (rc != 0 ? rc : bad);
}

/* Migrate. */

static int
print_version(const char *path, const struct db_kind *kind, int64_t day,
    FILE *out, struct cause *c)
{
	sqlite3 *db;
	int rc = db_open(path, kind, DB_READ, &db, c);

	(void)day;
	if (rc != 0)
		return (rc);
	fprintf(out, "%s: schema %lld\n", path,
	    (long long)db_int(db, "PRAGMA user_version", 0));
	db_close(&db);
	return (0);
}

int
maintain_migrate(const char *dir, FILE *out, struct cause *c)
{
	struct store_options o = {dir, 0};
	struct store_writer *w;
	int rc = store_writer_open(&o, &w, c);

	if (rc != 0)
		return (rc);
	store_writer_close(&w);
	return (for_each_file(dir, print_version, out, c));
}

/* Check. */

static int
check_integrity(const char *path, const struct db_kind *kind, int64_t day,
    FILE *out, struct cause *c)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db;
	int rc = db_open(path, kind, DB_READ, &db, c), bad = 0;

	(void)day;
	if (rc == ERR_CORRUPT)
		fprintf(out, "%s: not readable as a database\n", path);
	if (rc != 0)
		return (rc);
	rc = sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt,
	    NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		if ((rc = sqlite3_step(stmt)) != SQLITE_ROW)
			break;
		if (strcmp(db_text(stmt, 0), "ok") == 0)
			continue;
		fprintf(out, "%s: %s\n", path, db_text(stmt, 0));
		bad = ERR_CORRUPT;
	}
	if (db_err(rc) != 0) {
		fprintf(out, "%s: %s\n", path, sqlite3_errmsg(db));
		bad = ERR_CORRUPT;
	}
	sqlite3_finalize(stmt);
	db_close(&db);
	return (bad);
}

struct comparison {
	sqlite3 *db;       /* main.db in one read transaction */
	FILE *out;
	int64_t compared, wrong;
};

/* One bucket: raw's columns are start, check, seven counts, sum, max. */
static int
compare_bucket(struct comparison *cmp, enum rollup_level level,
    sqlite3_stmt *find, sqlite3_stmt *raw)
{
	struct sketch s;
	bool is_same;
	int i, rc;

	sqlite3_bind_int64(find, 1, sqlite3_column_int64(raw, 0));
	sqlite3_bind_int64(find, 2, sqlite3_column_int64(raw, 1));
	rc = sqlite3_step(find);
	is_same = rc == SQLITE_ROW;
	for (i = 0; is_same && i < 9; i++)
		is_same = sqlite3_column_int64(find, i) ==
		    sqlite3_column_int64(raw, i + 2);
	sketch_init(&s);
	if (is_same)
		is_same = sketch_merge_coded(&s,
		    sqlite3_column_blob(find, 9),
		    (size_t)sqlite3_column_bytes(find, 9)) == 0 &&
		    (int64_t)s.count == sqlite3_column_int64(find, 0);
	sketch_fini(&s);
	sqlite3_reset(find);
	cmp->compared++;
	if (!is_same && db_err(rc) == 0) {
		cmp->wrong++;
		fprintf(cmp->out, "main.db: %s differs from the runs at "
		    "start_us=%lld check_id=%lld\n",
		    rollup_tables[level].name,
		    (long long)sqlite3_column_int64(raw, 0),
		    (long long)sqlite3_column_int64(raw, 1));
	}
	return (db_err(rc));
}

static int
compare_level(struct comparison *cmp, sqlite3 *runs, enum rollup_level level,
    int64_t mark)
{
	char *sql = sqlite3_mprintf("SELECT passed, failed, unreachable, "
	    "unknown, invalid, lost, skipped, duration_sum_us, "
	    "duration_max_us, durations FROM %s WHERE start_us = ?1 AND "
	    "check_id = ?2", rollup_tables[level].name);
	sqlite3_stmt *find = NULL, *raw = NULL;
	int rc = db_prepare(cmp->db, sql, &find);

	sqlite3_free(sql);
	sql = sqlite3_mprintf("SELECT due_us - due_us %% %lld, check_id, "
	    "sum(outcome = 0), sum(outcome = 1), sum(outcome = 2), "
	    "sum(outcome = 3), sum(outcome = 4), sum(outcome = 5), "
	    "sum(outcome = 6), sum(iif(outcome = 0, duration_us, 0)), "
	    "max(iif(outcome = 0, duration_us, 0)) FROM run "
	    "WHERE trigger = 0 AND number <= %lld GROUP BY 2, 1",
	    (long long)rollup_tables[level].width, (long long)mark);
	if (rc == 0)
		rc = db_prepare(runs, sql, &raw);
	sqlite3_free(sql);
	while (rc == 0 && sqlite3_step(raw) == SQLITE_ROW)
		rc = compare_bucket(cmp, level, find, raw);
	if (rc == 0)
		rc = db_err(sqlite3_reset(raw));
	sqlite3_finalize(find);
	sqlite3_finalize(raw);
	return (rc);
}

/* Also: no bucket of that day that the runs do not account for. */
static int
compare_day(struct comparison *cmp, const char *dir, int64_t day,
    int64_t mark, struct cause *c)
{
	static const char *const names[] = {"minutes", "hours", "days"};
	char *path = day_path(dir, day);
	int64_t before, rows;
	sqlite3 *runs;
	int i, rc = db_open(path, &db_runs, DB_READ, &runs, c);

	free(path);
	if (rc != 0)
		return (rc == ERR_NOT_FOUND ? 0 : rc);
	for (i = 0; rc == 0 && i < ROLLUP_LEVELS; i++) {
		char *sql = sqlite3_mprintf("SELECT count(*) FROM %s WHERE "
		    "start_us >= %lld AND start_us < %lld",
		    rollup_tables[i].name, (long long)(day * SPAN_DAY),
		    (long long)((day + 1) * SPAN_DAY));

		before = cmp->compared;
		rc = compare_level(cmp, runs, (enum rollup_level)i, mark);
		rows = db_int(cmp->db, sql, 0);
		sqlite3_free(sql);
		if (rc != 0 || rows == cmp->compared - before)
			continue;
		cmp->wrong++;
		fprintf(cmp->out, "main.db: %lld %s counted for a day that "
		    "has %lld\n", (long long)rows, names[i],
		    (long long)(cmp->compared - before));
	}
	db_close(&runs);
	return (rc);
}

/* The minutes of the fleet are those of its checks, added up. */
static void
compare_fleet(struct comparison *cmp)
{
#define CHECKS "SELECT start_us, sum(passed), sum(failed), " \
	"sum(unreachable), sum(unknown), sum(invalid), sum(lost), " \
	"sum(skipped) FROM rollup_minute GROUP BY start_us"
#define FLEET "SELECT * FROM fleet_minute"
	int64_t wrong = db_int(cmp->db, "SELECT (SELECT count(*) FROM ("
	    CHECKS " EXCEPT " FLEET ")) + (SELECT count(*) FROM (" FLEET
	    " EXCEPT " CHECKS "))", -1);

	if (wrong == 0)
		return;
	cmp->wrong++;
	fprintf(cmp->out, "main.db: %lld minutes of fleet_minute differ from "
	    "rollup_minute\n", (long long)wrong);
#undef CHECKS
#undef FLEET
}

static int
compare_days(struct comparison *cmp, const char *dir, struct cause *c)
{
	sqlite3_stmt *stmt = NULL;
	int64_t day;
	int rc;

	/* The snapshot of main.db comes first: runs past its marks are not
	 * looked at, so a writer may go on meanwhile. */
	rc = db_exec(cmp->db, "BEGIN");
	if (rc == 0)
		rc = db_prepare(cmp->db, "SELECT day, last_number FROM "
		    "rollup_mark ORDER BY day", &stmt);
	while (rc == 0 && sqlite3_step(stmt) == SQLITE_ROW)
		if (day_parse(db_text(stmt, 0), &day) == 0)
			rc = compare_day(cmp, dir, day,
			    sqlite3_column_int64(stmt, 1), c);
	sqlite3_finalize(stmt);
	if (rc == 0)
		compare_fleet(cmp);
	db_exec(cmp->db, "COMMIT");
	return (rc);
}

int
maintain_check(const char *dir, FILE *out, struct cause *c)
{
	struct comparison cmp = {.out = out};
	char *path;
	int rc = for_each_file(dir, check_integrity, out, c);

	if (rc != 0)
		return (rc);
	path = file_join(dir, "main.db");
	rc = db_open(path, &db_main, DB_READ, &cmp.db, c);
	free(path);
	if (rc != 0)
		return (rc);
	rc = compare_days(&cmp, dir, c);
	db_close(&cmp.db);
	if (rc == 0 && cmp.wrong > 0)
		rc = ERR_CORRUPT;
	if (rc == 0)
		fprintf(out, "good: every file is sound, %lld rollups equal "
		    "a recount of the runs\n", (long long)cmp.compared);
	return (rc);
}

/* Compact. */

static int
compact_file(const char *path, const struct db_kind *kind, int64_t day,
    FILE *out, struct cause *c)
{
	int64_t pages, unused;
	sqlite3 *db;
	int rc = db_open(path, kind, DB_WRITE, &db, c);

	(void)day;
	if (rc != 0)
		return (rc);
	pages = db_int(db, "PRAGMA page_count", 0);
	unused = db_int(db, "PRAGMA freelist_count", 0);
	if (unused * 100 >= pages * FREE_PAGES_PERCENT && unused > 0)
		rc = db_exec(db, "VACUUM");
	if (rc == 0)
		rc = db_exec(db, "PRAGMA analysis_limit = 1000;"
		    "PRAGMA optimize = 0xfffe;"
		    "PRAGMA wal_checkpoint(TRUNCATE)");
	if (rc != 0)
		cause_add(c, "%s: %s", path, sqlite3_errmsg(db));
	else
		fprintf(out, "%s: %lld pages, were %lld\n", path,
		    (long long)db_int(db, "PRAGMA page_count", 0),
		    (long long)pages);
	db_close(&db);
	return (rc);
}

int
maintain_compact(const char *dir, FILE *out, struct cause *c)
{
	struct store_options o = {dir, 0};
	struct store_writer *w;
	int rc = store_writer_open(&o, &w, c);

	if (rc != 0)
		return (rc);
	/* The writer stays open for its lock; it has no open batch. */
	rc = for_each_file(dir, compact_file, out, c);
	store_writer_close(&w);
	return (rc);
}
