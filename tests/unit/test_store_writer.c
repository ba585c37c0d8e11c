/* SPDX-License-Identifier: ISC */
/* store/writer: what is kept, once, and what is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/log.h"
#include "base/must.h"
#include "store/db.h"
#include "store/schema.h"
#include "tests/unit/store_fixture.h"

#define TODAY "runs-2026-11-20.db"

static char *dir;

static int
set_up(void **state)
{
	(void)state;
	dir = fixture_dir();
	return (0);
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_remove(dir);
	return (0);
}

static int64_t
today(const char *sql)
{
	return (fixture_int(dir, TODAY, sql));
}

static int64_t
in_main(const char *sql)
{
	return (fixture_int(dir, "main.db", sql));
}

static bool
exists(const char *name)
{
	char *path = file_join(dir, name);
	bool is_there = access(path, F_OK) == 0;

	free(path);
	return (is_there);
}

static void
committed_run_is_readable_in_full(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct fixture_run r = {.due_us = NOON_US, .duration_us = 5000,
	    .outcome = OUTCOME_FAILED,
	    .extra = ",\"evidence\":{\"response\":\"HTTP/1.1 500\"}"};

	(void)state;
	assert_int_equal(fixture_append(w, &r, false), 0);
	assert_int_equal(store_writer_pending(w), 1);
	assert_int_equal(store_writer_commit(w), 0);
	assert_int_equal(today("SELECT count(*) FROM run"), 1);
	assert_int_equal(today("SELECT count(*) FROM run_text WHERE "
	    "check_name = 'payments/card' AND outcome = 'failed' AND "
	    "due = '2026-11-20T12:00:00.000Z' AND late_us = 250 AND "
	    "duration_us = 5000 AND place_file = 'card.hurl' AND "
	    "place_line = 9 AND reason LIKE 'the status%' AND "
	    "trigger = 'schedule' AND probe = 'local-1' AND "
	    "trace = '0af7651916cd43dd8448eb211c80319c' AND "
	    "evidence ->> 'response' = 'HTTP/1.1 500'"), 1);
	assert_int_equal(today("SELECT count(*) FROM step WHERE "
	    "method = 'POST' AND status = 500 AND wait_us = 4990 AND "
	    "dns_us IS NULL AND position = 1"), 1);
	assert_int_equal(today("SELECT length(heads) FROM batch"), 4);
	assert_int_equal(in_main("SELECT count(*) FROM definition"), 1);
	store_writer_close(&w);
}

static void
run_given_again_is_stored_and_counted_once(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct fixture_run r = {.due_us = NOON_US, .duration_us = 5000};
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		assert_int_equal(fixture_append(w, &r, i > 0), 0);
		if (i != 2)
			assert_int_equal(store_writer_commit(w), 0);
	}
	r.due_us += SPAN_S;
	assert_int_equal(fixture_append(w, &r, true), 0);
	store_writer_close(&w);
	assert_int_equal(today("SELECT count(*) FROM run"), 2);
	assert_int_equal(in_main("SELECT passed FROM rollup_minute"), 2);
	assert_int_equal(in_main("SELECT streak_runs FROM check_state"), 2);
}

static void
late_run_goes_to_the_file_of_its_day(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct fixture_run r = {.duration_us = 5000};
	int day;

	(void)state;
	/* More days than are kept open, back and forth. */
	for (day = 0; day < 20; day++) {
		r.due_us = NOON_US - (day * 7 % 10) * SPAN_DAY + day;
		assert_int_equal(fixture_append(w, &r, false), 0);
	}
	assert_int_equal(store_writer_commit(w), 0);
	store_writer_close(&w);
	for (day = 11; day <= 20; day++) {
		char name[32];

		snprintf(name, sizeof(name), "runs-2026-11-%02d.db", day);
		assert_int_equal(fixture_int(dir, name,
		    "SELECT count(*) FROM run"), 2);
	}
	assert_int_equal(in_main("SELECT sum(passed) FROM rollup_day"), 20);
	assert_int_equal(in_main("SELECT count(*) FROM rollup_mark"), 10);
}

static void
expired_days_are_unlinked_and_their_counts_stay(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct fixture_run r = {.due_us = NOON_US, .duration_us = 5000};

	(void)state;
	assert_int_equal(fixture_append(w, &r, false), 0);
	assert_int_equal(store_writer_commit(w), 0);
	fixture_now += 14 * SPAN_DAY;
	assert_int_equal(store_writer_expire(w, fixture_now), 0);
	assert_true(exists(TODAY));
	fixture_now += SPAN_DAY;
	assert_int_equal(store_writer_flush(w), 0);
	assert_int_equal(store_writer_expire(w, fixture_now), 0);
	assert_false(exists(TODAY));
	assert_false(exists(TODAY "-wal"));
	assert_int_equal(in_main("SELECT passed FROM rollup_hour"), 1);
	assert_int_equal(in_main("SELECT count(*) FROM rollup_mark"), 0);
	/* Older than what is kept: taken, and let go. */
	assert_int_equal(fixture_append(w, &r, true), 0);
	assert_int_equal(store_writer_commit(w), 0);
	assert_int_equal(store_writer_counts(w)->expired, 1);
	assert_false(exists(TODAY));
	store_writer_close(&w);
}

static void
old_rollups_expire_by_their_own_time(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct fixture_run r = {.duration_us = 5000};
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		r.due_us = NOON_US + i * SPAN_MIN;
		assert_int_equal(fixture_append(w, &r, false), 0);
	}
	assert_int_equal(store_writer_commit(w), 0);
	assert_int_equal(store_writer_flush(w), 0);
	assert_int_equal(store_writer_expire(w, NOON_US + 90 * SPAN_DAY +
	    SPAN_MIN), 0);
	assert_int_equal(in_main("SELECT count(*) FROM rollup_minute"), 2);
	assert_int_equal(in_main("SELECT count(*) FROM rollup_hour"), 1);
	store_writer_close(&w);
}

/* Counts by outcome and sums in SQL, from the raw rows. */
static void
rollups_equal_a_recount_of_the_runs(void **state)
{
	static const char *const spans[][2] = {{"rollup_minute", "60000000"},
	    {"rollup_hour", "3600000000"}, {"rollup_day", "86400000000"}};
	static const char *const triggers[] = {"schedule", "manual", "gate"};
	struct store_writer *w = fixture_open(dir);
	uint64_t x = 1;
	size_t i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		struct fixture_run r = {.due_us = NOON_US +
		    (int64_t)(i * 37 % 2900) * SPAN_S,
		    .check = i % 3 == 0 ? "payments/card" : "payments/refund"};

		x = x * 6364136223846793005u + 1442695040888963407u;
		r.outcome = (x >> 33) % 4 == 0 ? (x >> 40) % OUTCOME_COUNT :
		    OUTCOME_PASSED;
		r.duration_us = 1000 + (int64_t)(x >> 44);
		r.trigger = triggers[i % 10 == 0 ? i / 10 % 3 : 0];
		assert_int_equal(fixture_append(w, &r, false), 0);
		if (i % 113 == 0)
			assert_int_equal(store_writer_commit(w), 0);
		if (i % 411 == 0)
			assert_int_equal(store_writer_flush(w), 0);
		if (i == 1500) {
			store_writer_close(&w);
			w = fixture_open(dir);
		}
	}
	store_writer_close(&w);
	for (i = 0; i < NELEMS(spans); i++) {
		char *attach = xasprintf("%s/main.db", dir);
		char *path = file_join(dir, TODAY), *sql;
		sqlite3_stmt *stmt;
		sqlite3 *db;

		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		sql = sqlite3_mprintf("ATTACH %Q AS m", attach);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), 0);
		sqlite3_free(sql);
		sql = sqlite3_mprintf("WITH raw AS (SELECT due_us - due_us "
		    "%% %s, check_id, sum(outcome = 0), sum(outcome = 1), "
		    "sum(outcome = 2), sum(outcome = 3), sum(outcome = 4), "
		    "sum(outcome = 5), sum(outcome = 6), "
		    "sum(iif(outcome = 0, duration_us, 0)), "
		    "max(iif(outcome = 0, duration_us, 0)) FROM run "
		    "WHERE trigger = 0 GROUP BY 1, 2), counted AS (SELECT "
		    "start_us, check_id, passed, failed, unreachable, "
		    "unknown, invalid, lost, skipped, duration_sum_us, "
		    "duration_max_us FROM %s) SELECT (SELECT count(*) FROM "
		    "(SELECT * FROM raw EXCEPT SELECT * FROM counted)) + "
		    "(SELECT count(*) FROM (SELECT * FROM counted EXCEPT "
		    "SELECT * FROM raw)), (SELECT count(*) FROM counted)",
		    spans[i][1], spans[i][0]);
		assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt,
		    NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		assert_int_equal(sqlite3_column_int(stmt, 0), 0);
		assert_true(sqlite3_column_int(stmt, 1) >= 2);
		sqlite3_finalize(stmt);
		sqlite3_close(db);
		sqlite3_free(sql);
		free(path);
		free(attach);
	}
}

/* A child dies after the commit and before the rollups were written. */
static void
runs_that_a_crash_left_uncounted_are_counted_once(void **state)
{
	struct fixture_run r = {.duration_us = 5000};
	struct store_writer *w;
	int i, status;
	pid_t pid;

	(void)state;
	w = fixture_open(dir);
	r.due_us = NOON_US;
	assert_int_equal(fixture_append(w, &r, false), 0);
	store_writer_close(&w);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		w = fixture_open(dir);
		for (i = 1; i < 50; i++) {
			r.due_us = NOON_US + i * SPAN_S;
			if (fixture_append(w, &r, false) != 0)
				_exit(1);
			if (i == 20 && store_writer_commit(w) != 0)
				_exit(2);
			if (i == 20 && store_writer_flush(w) != 0)
				_exit(3);
			if (i == 40 && store_writer_commit(w) != 0)
				_exit(4);
		}
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(in_main("SELECT sum(passed) FROM rollup_day"), 21);
	w = fixture_open(dir);
	assert_int_equal(in_main("SELECT sum(passed) FROM rollup_day"), 41);
	for (i = 0; i < 50; i++) {
		r.due_us = NOON_US + i * SPAN_S;
		assert_int_equal(fixture_append(w, &r, true), 0);
	}
	store_writer_close(&w);
	assert_int_equal(today("SELECT count(*) FROM run"), 50);
	assert_int_equal(in_main("SELECT sum(passed) FROM rollup_minute"),
	    50);
	assert_int_equal(in_main("SELECT streak_runs FROM check_state"), 50);
}

static void
second_writer_is_refused_with_the_first_ones_name(void **state)
{
	struct store_writer *w = fixture_open(dir), *other = NULL;
	struct store_options o = {dir, 14};
	struct cause c;
	char *pid = xasprintf("process %d", (int)getpid());

	(void)state;
	cause_init(&c);
	assert_int_equal(store_writer_open(&o, &other, &c), ERR_BUSY);
	assert_null(other);
	assert_int_equal(c.count, 1);
	assert_non_null(strstr(c.entries[0].sentence, pid));
	cause_fini(&c);
	free(pid);
	store_writer_close(&w);
}

static void
change_version(const char *file, int version)
{
	char *path = file_join(dir, file);
	char *sql = xasprintf("PRAGMA user_version = %d", version);
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	free(sql);
	free(path);
}

static void
newer_store_is_refused_with_a_sentence(void **state)
{
	static const char *const files[] = {"main.db", TODAY};
	struct fixture_run r = {.due_us = NOON_US, .duration_us = 5};
	struct store_options o = {dir, 14};
	struct store_writer *w;
	struct cause c;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(files); i++) {
		w = fixture_open(dir);
		assert_int_equal(fixture_append(w, &r, true), 0);
		store_writer_close(&w);
		change_version(files[i], 99);
		cause_init(&c);
		assert_int_equal(store_writer_open(&o, &w, &c), ERR_VERSION);
		assert_non_null(strstr(c.entries[0].sentence,
		    "newer program (schema 99"));
		cause_fini(&c);
		change_version(files[i], i == 0 ?
		    db_newest_version(&db_main) :
		    db_newest_version(&db_runs));
	}
}

/* A store as the first version made it, with a rollup in it. */
static void
older_store_is_migrated_with_what_it_holds(void **state)
{
	char *path = file_join(dir, "main.db");
	struct store_writer *w;
	sqlite3 *db;
	int i, newest = 0;

	(void)state;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, schema_main[0].sql, NULL, NULL,
	    NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 1;"
	    "PRAGMA application_id = 0x6532454d;"
	    "INSERT INTO checks (check_name, service, location, environment, "
	    "is_planned, first_seen_us) VALUES ('a/b', 'a', 'l', 'e', 1, 5), "
	    "('a/c', 'a', 'l', 'e', 1, 5);"
	    "INSERT INTO rollup_minute VALUES (60000000, 1, 3, 1, 0, 0, 0, 0,"
	    " 0, 9, 4, x''), (60000000, 2, 4, 0, 0, 0, 0, 0, 0, 9, 4, x'')",
	    NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	w = fixture_open(dir);
	store_writer_close(&w);
	for (i = 0; schema_main[i].version != 0; i++)
		newest = schema_main[i].version;
	assert_true(newest > 1);
	assert_int_equal(in_main("PRAGMA user_version"), newest);
	assert_int_equal(in_main("SELECT count(*) FROM checks"), 2);
	assert_int_equal(in_main("SELECT passed * 10 + failed "
	    "FROM fleet_minute"), 71);
	free(path);
}

static void
foreign_database_is_refused(void **state)
{
	struct store_options o = {dir, 14};
	struct store_writer *w;
	struct cause c;
	char *path = file_join(dir, "main.db");
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, "CREATE TABLE theirs (x); PRAGMA user_version = 1",
	    NULL, NULL, NULL);
	sqlite3_close(db);
	cause_init(&c);
	assert_int_equal(store_writer_open(&o, &w, &c), ERR_VERSION);
	assert_non_null(strstr(c.entries[0].sentence, "not main.db"));
	assert_int_equal(access(path, F_OK), 0);
	cause_fini(&c);
	free(path);
}

static void
lost_main_database_is_rebuilt_from_the_runs(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct fixture_run r = {.due_us = NOON_US, .duration_us = 5};
	char *path = file_join(dir, "main.db");

	(void)state;
	r.check = "payments/refund";
	assert_int_equal(fixture_append(w, &r, false), 0);
	r.check = "payments/card";
	assert_int_equal(fixture_append(w, &r, false), 0);
	store_writer_close(&w);
	assert_int_equal(unlink(path), 0);
	w = fixture_open(dir);
	assert_int_equal(in_main("SELECT sum(passed) FROM rollup_hour h "
	    "JOIN checks c ON c.id = h.check_id WHERE c.check_name = "
	    "'payments/refund'"), 1);
	store_writer_close(&w);
	w = fixture_open(dir);
	r.due_us += SPAN_S;
	assert_int_equal(fixture_append(w, &r, false), 0);
	store_writer_close(&w);
	/* No run of before has a definition of now. */
	assert_int_equal(today("SELECT max(definition_id) FROM run "
	    "WHERE number < 3"), 2);
	assert_int_equal(in_main("SELECT min(id) FROM definition"), 3);
	assert_int_equal(today("SELECT count(*) FROM run_text "
	    "WHERE check_name = 'payments/card'"), 2);
	free(path);
}

static void
document_that_is_no_run_event_is_put_aside(void **state)
{
	static const char *const bad[] = {"", "nonsense", "[]", "{}",
	    "{\"version\":2}",
	    "{\"version\":1,\"run\":\"00\",\"check\":\"a\"}",
	    "{\"version\":1,\"run\":\"000102030405060708090a0b0c0d0e0f\","
	    "\"check\":\"a/b\",\"location\":\"l\",\"due_us\":5,"
	    "\"outcome\":\"passed\"}",
	    "{\"version\":1,\"run\":\"000102030405060708090a0b0c0d0e0f\","
	    "\"check\":\"a/b\",\"location\":\"l\",\"due_us\":"
	    "1795176000000000,\"outcome\":\"great\"}",
	    "{\"version\":1,\"steps\":{}}"};
	struct store_writer *w = fixture_open(dir);
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(bad); i++)
		assert_int_equal(store_writer_append(w, bad[i],
		    strlen(bad[i]), false), 0);
	assert_int_equal(store_writer_pending(w), 0);
	store_writer_close(&w);
	assert_int_equal(in_main("SELECT count(*) FROM rejected"),
	    NELEMS(bad));
}

static void
overwrite(const char *name, off_t at, size_t len)
{
	char *path = file_join(dir, name), *noise = xmalloc(len);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	memset(noise, 0xa5, len);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, noise, len, at), (ssize_t)len);
	close(fd);
	free(noise);
	free(path);
}

/* What can be read of the others is counted all the same. */
static void
main_database_is_rebuilt_beside_a_damaged_file(void **state)
{
	struct fixture_run r = {.duration_us = 5};
	char *path = file_join(dir, "main.db");
	struct store_writer *w = fixture_open(dir);
	int i;

	(void)state;
	for (i = 0; i < 600; i++) {
		r.due_us = NOON_US - i % 2 * SPAN_DAY - i * SPAN_S;
		assert_int_equal(fixture_append(w, &r, false), 0);
	}
	store_writer_close(&w);
	assert_int_equal(unlink(path), 0);
	/* Behind the head and the roots: some of the rows. */
	overwrite("runs-2026-11-19.db", 14 * 4096, 10 * 4096);
	w = fixture_open(dir);
	r.due_us = NOON_US + SPAN_S;
	assert_int_equal(fixture_append(w, &r, false), 0);
	store_writer_close(&w);
	assert_int_equal(in_main("SELECT passed FROM rollup_day ORDER BY "
	    "start_us DESC"), 301);
	free(path);
}

static int
count_damaged(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d)) != NULL)
		n += strstr(e->d_name, ".db.damaged-") != NULL &&
		    strstr(e->d_name, "-wal") == NULL &&
		    strstr(e->d_name, "-shm") == NULL;
	closedir(d);
	return (n);
}

/* Garbage all over, or only behind a good head: yesterday's file is left
 * alone, today's is replaced, and what is stored goes on. */
static void
damaged_file_is_set_aside_and_the_day_goes_on(void **state)
{
	struct fixture_run r = {.duration_us = 5};
	struct store_writer *w;
	int i, j, rc;

	(void)state;
	for (i = 0; i < 2; i++) {
		w = fixture_open(dir);
		for (j = 0; j < 200; j++) {
			r.due_us = NOON_US - (j % 2) * SPAN_DAY + j;
			assert_int_equal(fixture_append(w, &r, true), 0);
		}
		store_writer_close(&w);
		overwrite("runs-2026-11-19.db", 0, 4096);
		overwrite(TODAY, i == 0 ? 0 : 4096, 60000);
		w = fixture_open(dir);
		r.due_us = NOON_US + SPAN_H + i;
		rc = fixture_append(w, &r, false);
		if (rc == 0)
			rc = store_writer_commit(w);
		for (j = 0; rc != 0 && j < 3; j++) {
			assert_int_equal(store_writer_revive(w), 0);
			rc = fixture_append(w, &r, true);
			if (rc == 0)
				rc = store_writer_commit(w);
		}
		assert_int_equal(rc, 0);
		store_writer_close(&w);
		assert_int_equal(today("SELECT count(*) FROM run"), 1);
		assert_true(count_damaged() >= i + 1);
	}
}

/* Garbage all over, or only behind a good head, and found when the writer
 * starts, or while it writes: counted anew from the runs. */
static void
damaged_main_database_is_set_aside_and_rebuilt(void **state)
{
	struct fixture_run r = {.duration_us = 5};
	struct store_writer *w;
	int i, j, rc;

	(void)state;
	for (i = 0; i < 2; i++) {
		fixture_now = NOON_US + i; /* names the file set aside */
		w = fixture_open(dir);
		for (j = 0; j < 100; j++) {
			r.due_us = NOON_US + i * SPAN_S + j;
			assert_int_equal(fixture_append(w, &r, false), 0);
		}
		store_writer_close(&w);
		overwrite("main.db", i == 0 ? 0 : 4096, 40000);
		w = fixture_open(dir);
		for (j = 0; (rc = store_writer_flush(w)) != 0 && j < 3; j++)
			assert_int_equal(store_writer_revive(w), 0);
		assert_int_equal(rc, 0);
		store_writer_close(&w);
		assert_int_equal(count_damaged(), i + 1);
		assert_int_equal(in_main("SELECT passed FROM rollup_hour"),
		    100 * (i + 1));
	}
}

/* Today's file is removed, or one of an hour ago put in its place. */
static void
runs_of_another_file_are_counted(void **state)
{
	struct fixture_run r = {.due_us = NOON_US, .duration_us = 5};
	struct store_writer *w = fixture_open(dir);
	char *path = file_join(dir, TODAY);
	int j;

	(void)state;
	for (j = 0; j < 10; j++, r.due_us++)
		assert_int_equal(fixture_append(w, &r, false), 0);
	assert_int_equal(store_writer_flush(w), 0);
	assert_false(store_writer_has_moved(w));
	assert_int_equal(unlink(path), 0);
	assert_true(store_writer_has_moved(w));
	store_writer_close(&w);
	w = fixture_open(dir);
	for (j = 0; j < 3; j++, r.due_us++)
		assert_int_equal(fixture_append(w, &r, false), 0);
	store_writer_close(&w);
	assert_int_equal(today("SELECT count(*) FROM run"), 3);
	assert_int_equal(in_main("SELECT passed FROM rollup_hour"), 13);
	assert_int_equal(in_main("SELECT last_number FROM rollup_mark"), 3);
	free(path);
}

static void
run_of_the_future_is_put_aside(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct fixture_run r = {.due_us = NOON_US + 2 * SPAN_DAY,
	    .duration_us = 5};

	(void)state;
	assert_int_equal(fixture_append(w, &r, false), 0);
	store_writer_close(&w);
	assert_false(exists("runs-2026-11-22.db"));
	assert_int_equal(in_main("SELECT count(*) FROM rejected WHERE "
	    "reason LIKE '%future%'"), 1);
}

/* Every byte of an event changed or cut away: stored or put aside. */
static void
mutilated_event_never_disturbs_the_batch(void **state)
{
	struct fixture_run r = {.due_us = NOON_US, .duration_us = 5000,
	    .outcome = OUTCOME_FAILED};
	struct store_writer *w = fixture_open(dir);
	struct buf doc;
	size_t i;

	(void)state;
	buf_init(&doc, 1 << 20);
	fixture_event(&r, &doc);
	for (i = 0; i < doc.len; i++) {
		char kept = doc.data[i];

		doc.data[i] = i % 2 == 0 ? '"' : '\x01';
		assert_int_equal(store_writer_append(w, doc.data, doc.len,
		    true), 0);
		assert_int_equal(store_writer_append(w, doc.data, i, true),
		    0);
		doc.data[i] = kept;
	}
	assert_int_equal(store_writer_append(w, doc.data, doc.len, true), 0);
	assert_int_equal(store_writer_commit(w), 0);
	buf_fini(&doc);
	store_writer_close(&w);
}

static void
limit_file_size(rlim_t bytes)
{
	struct rlimit l;

	getrlimit(RLIMIT_FSIZE, &l);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

/* Files may not grow: the batch fails whole, and comes back whole. */
static void
full_disk_rolls_back_and_the_writer_revives(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct fixture_run r = {.duration_us = 5000};
	int i, rc = 0, stored = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	r.due_us = NOON_US;
	assert_int_equal(fixture_append(w, &r, false), 0);
	assert_int_equal(store_writer_commit(w), 0);
	limit_file_size(200 << 10);
	for (i = 1; rc == 0 && i < 4000; i++) {
		r.due_us = NOON_US + i * SPAN_S;
		rc = fixture_append(w, &r, false);
		if (rc == 0 && i % 50 == 0) {
			rc = store_writer_commit(w);
			stored = rc == 0 ? i : stored;
		}
	}
	assert_int_not_equal(rc, 0);
	assert_int_equal(store_writer_pending(w), 0);
	assert_true(strlen(store_writer_reason(w)) > 0);
	assert_int_equal(today("SELECT count(*) FROM run"), stored + 1);
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(store_writer_revive(w), 0);
	for (i = stored; i < 1000; i++) {
		r.due_us = NOON_US + i * SPAN_S;
		assert_int_equal(fixture_append(w, &r, true), 0);
	}
	store_writer_close(&w);
	assert_int_equal(today("SELECT count(*) FROM run"), 1000);
	assert_int_equal(in_main("SELECT sum(passed) FROM rollup_hour"),
	    1000);
}

static void
writer_is_closed_although_its_batch_does_not_fit(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct fixture_run r = {.duration_us = 5000};
	int i;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (i = 0; i < 200; i++) {
		r.due_us = NOON_US + i * SPAN_S;
		assert_int_equal(fixture_append(w, &r, false), 0);
	}
	limit_file_size(1 << 10);
	store_writer_close(&w);
	limit_file_size(RLIM_INFINITY);
	w = fixture_open(dir);
	assert_int_equal(fixture_append(w, &r, true), 0);
	store_writer_close(&w);
	assert_int_equal(today("SELECT count(*) FROM run"), 1);
}

static void
plan_is_kept_and_definitions_have_a_history(void **state)
{
	static const char first[] = "{\"plan\":\"aa\",\"checks\":["
	    "{\"check\":\"payments/card\",\"service\":\"payments\","
	    "\"location\":\"local\",\"environment\":\"production\","
	    "\"owner\":\"oncall\",\"every_us\":30000000,\"timeout_us\":"
	    "20000000,\"definition\":\"aaaa\",\"slo_success_permyriad\":"
	    "9990,\"slo_window_us\":2419200000000},"
	    "{\"check\":\"payments/refund\",\"service\":\"payments\","
	    "\"location\":\"local\",\"environment\":\"production\","
	    "\"every_us\":60000000,\"definition\":\"bbbb\"}]}";
	static const char second[] = "{\"plan\":\"bb\",\"checks\":["
	    "{\"check\":\"payments/card\",\"service\":\"payments\","
	    "\"location\":\"local\",\"environment\":\"production\","
	    "\"every_us\":10000000,\"definition\":\"cccc\"}]}";
	static const char bad[] = "{\"plan\":\"cc\",\"checks\":["
	    "{\"check\":\"payments/new\",\"location\":\"local\"},"
	    "{\"check\":\"no location\"}]}";
	struct store_writer *w = fixture_open(dir);

	(void)state;
	assert_int_equal(store_writer_plan(w, first, sizeof(first) - 1), 0);
	assert_int_equal(in_main("SELECT count(*) FROM checks WHERE "
	    "is_planned"), 2);
	fixture_now += SPAN_H;
	assert_int_equal(store_writer_plan(w, second, sizeof(second) - 1),
	    0);
	assert_int_equal(store_writer_plan(w, bad, sizeof(bad) - 1),
	    ERR_SYNTAX);
	assert_int_equal(store_writer_plan(w, "[", 1), ERR_SYNTAX);
	assert_int_equal(store_writer_plan(w, "{}", 2), ERR_SYNTAX);
	assert_int_equal(in_main("SELECT count(*) FROM checks WHERE "
	    "is_planned AND every_us = 10000000 AND owner IS NULL"), 1);
	assert_int_equal(in_main("SELECT count(*) FROM checks"), 2);
	assert_int_equal(in_main("SELECT count(*) FROM definition WHERE "
	    "check_name = 'payments/card'"), 2);
	assert_int_equal(in_main("SELECT first_seen_us FROM definition WHERE "
	    "definition = 'cccc'") - NOON_US, SPAN_H);
	store_writer_close(&w);
}

/* What was new in a batch that failed is new again in the next. */
static void
new_checks_of_a_failed_batch_are_forgotten(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct fixture_run r = {.due_us = NOON_US, .duration_us = 5};
	int i, rc = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	r.check = "payments/old";
	assert_int_equal(fixture_append(w, &r, false), 0);
	assert_int_equal(store_writer_commit(w), 0);
	r.check = "payments/new";
	r.definition = "ffff";
	assert_int_equal(fixture_append(w, &r, false), 0);
	r.check = "payments/old";
	limit_file_size(100 << 10);
	for (i = 1; rc == 0 && i < 4000; i++) {
		r.due_us = NOON_US + i;
		rc = fixture_append(w, &r, false);
		if (rc == 0 && i % 500 == 0)
			rc = store_writer_commit(w);
	}
	assert_int_not_equal(rc, 0);
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(in_main("SELECT count(*) FROM checks"), 1);
	assert_int_equal(store_writer_revive(w), 0);
	r.check = "payments/new";
	r.due_us = NOON_US;
	assert_int_equal(fixture_append(w, &r, true), 0);
	store_writer_close(&w);
	assert_int_equal(in_main("SELECT count(*) FROM checks"), 2);
	assert_int_equal(in_main("SELECT count(*) FROM definition"), 2);
	assert_int_equal(today("SELECT count(*) FROM run_text WHERE "
	    "check_name = 'payments/new'"), 1);
}

static void
rounds_of_a_gate_may_come_in_parts(void **state)
{
	static const char one[] = "{\"verdict\":\"running\",\"identity\":"
	    "\"i\",\"rounds_from\":1,\"rounds\":[{\"round\":1},"
	    "{\"round\":2}]}";
	static const char two[] = "{\"verdict\":\"running\",\"identity\":"
	    "\"i\",\"rounds_from\":3,\"rounds\":[{\"round\":3}]}";
	static const char last[] = "{\"verdict\":\"pass\",\"identity\":"
	    "\"i\",\"rounds\":[{\"round\":1}]}";
	static const char note[] = "{\"kind\":\"mark\",\"service\":"
	    "\"payments\",\"at_us\":7}";
	static const uint8_t id[16] = {1, 2, 3}, other[16] = {4};
	struct store_writer *w = fixture_open(dir);

	(void)state;
	assert_int_equal(store_writer_gate(w, id, one, sizeof(one) - 1), 0);
	assert_int_equal(store_writer_gate(w, id, two, sizeof(two) - 1), 0);
	assert_int_equal(store_writer_gate(w, id, two, sizeof(two) - 1), 0);
	assert_int_equal(in_main("SELECT count(*) FROM gate_round WHERE "
	    "document ->> 'round' = sequence"), 3);
	assert_int_equal(store_writer_gate(w, id, last, sizeof(last) - 1), 0);
	assert_int_equal(in_main("SELECT count(*) FROM gate_round"), 1);
	assert_int_equal(store_writer_gate(w, other, note, sizeof(note) - 1),
	    0);
	assert_int_equal(in_main("SELECT count(*) FROM gate WHERE "
	    "identity = 'i' AND verdict = 'pass'"), 1);
	assert_int_equal(in_main("SELECT count(*) FROM note WHERE kind = "
	    "'mark' AND at_us = 7 AND service = 'payments'"), 1);
	store_writer_close(&w);
}

static void
gate_is_stored_with_its_rounds_and_replaced(void **state)
{
	static const char doc[] = "{\"version\":1,\"service\":\"payments\","
	    "\"verdict\":\"block\",\"started_us\":5,\"rounds\":[{\"round\":"
	    "1},{\"round\":2}],\"alpha\":0.01}";
	static const char fewer[] = "{\"service\":\"payments\","
	    "\"verdict\":\"pass\",\"rounds\":[{\"round\":1}]}";
	static const uint8_t id[16] = {1, 2, 3};
	struct store_writer *w = fixture_open(dir);

	(void)state;
	assert_int_equal(store_writer_gate(w, id, doc, sizeof(doc) - 1), 0);
	assert_int_equal(in_main("SELECT count(*) FROM gate WHERE "
	    "verdict = 'block' AND started_us = 5 AND document ->> 'alpha' "
	    "= 0.01 AND document -> 'rounds' IS NULL"), 1);
	assert_int_equal(in_main("SELECT count(*) FROM gate_round WHERE "
	    "document ->> 'round' = sequence"), 2);
	assert_int_equal(store_writer_gate(w, id, fewer, sizeof(fewer) - 1),
	    0);
	assert_int_equal(in_main("SELECT count(*) FROM gate_round"), 1);
	assert_int_equal(store_writer_gate(w, id, "[1]", 3), ERR_SYNTAX);
	store_writer_close(&w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(committed_run_is_readable_in_full),
		TEST(run_given_again_is_stored_and_counted_once),
		TEST(late_run_goes_to_the_file_of_its_day),
		TEST(expired_days_are_unlinked_and_their_counts_stay),
		TEST(old_rollups_expire_by_their_own_time),
		TEST(rollups_equal_a_recount_of_the_runs),
		TEST(runs_that_a_crash_left_uncounted_are_counted_once),
		TEST(second_writer_is_refused_with_the_first_ones_name),
		TEST(newer_store_is_refused_with_a_sentence),
		TEST(older_store_is_migrated_with_what_it_holds),
		TEST(foreign_database_is_refused),
		TEST(lost_main_database_is_rebuilt_from_the_runs),
		TEST(main_database_is_rebuilt_beside_a_damaged_file),
		TEST(document_that_is_no_run_event_is_put_aside),
		TEST(damaged_file_is_set_aside_and_the_day_goes_on),
		TEST(damaged_main_database_is_set_aside_and_rebuilt),
		TEST(runs_of_another_file_are_counted),
		TEST(run_of_the_future_is_put_aside),
		TEST(mutilated_event_never_disturbs_the_batch),
		TEST(full_disk_rolls_back_and_the_writer_revives),
		TEST(writer_is_closed_although_its_batch_does_not_fit),
		TEST(new_checks_of_a_failed_batch_are_forgotten),
		TEST(plan_is_kept_and_definitions_have_a_history),
		TEST(gate_is_stored_with_its_rounds_and_replaced),
		TEST(rounds_of_a_gate_may_come_in_parts),
	};

	log_init("test", LOG_ERROR);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
