/* SPDX-License-Identifier: ISC */
/*
 * Rollups gather as deltas: adding never reads the database. The row that is
 * there already is merged when an entry is first flushed; from then on the
 * entry is the row, until it is dropped from memory.
 */
#include "store/rollup.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/mark.h"
#include "store/sketch.h"
#include "store/state.h"

/* A key is two integers: mixed at a fraction of uthash's cost. */
#undef HASH_FUNCTION
#define HASH_FUNCTION(keyptr, keylen, hashv) ((hashv) = hash_key(keyptr))

#define SWEEP_EVERY 64          /* flushes */
#define EXPIRE_MOST_ROWS 5000   /* at a call */
#define BLOB_MOST_BYTES (64u << 10)

const struct rollup_table rollup_tables[ROLLUP_TABLES] = {
	{"rollup_minute", SPAN_MIN, 90 * SPAN_DAY},
	{"rollup_hour", SPAN_H, 5 * 366 * SPAN_DAY},
	{"rollup_day", SPAN_DAY, 20 * 366 * SPAN_DAY},
	{"fleet_minute", SPAN_MIN, 90 * SPAN_DAY},
};

struct rollup_key {
	int64_t start_us;
	int64_t check_id;
};

struct rollup {
	struct rollup_key key;
	struct registry_check *check; /* may point back here; NULL: fleet */
	int64_t counts[OUTCOME_COUNT];
	int64_t duration_sum_us, duration_max_us;
	struct sketch durations;
	bool is_whole;          /* the row of main.db is in it */
	bool is_dirty;
	uint64_t used;          /* flush in which it was last touched */
	struct rollup *next_dirty;
	UT_hash_handle hh;
};

struct level {
	struct rollup *entries;
	struct rollup *dirty, **dirty_end; /* in order of arrival */
	wall_us newest_us;
	wall_us written_us;     /* no row begins later than this */
	sqlite3_stmt *find, *put, *oldest, *expire;
};

struct rollups {
	sqlite3 *db;
	struct level levels[ROLLUP_TABLES];
	struct rollup *latest_fleet;
	struct marks *marks;
	struct states *states;
	struct buf blob;
	uint64_t flushes;
	bool is_dirty;
};

static unsigned int
hash_key(const void *key)
{
	uint64_t n[2];

	memcpy(n, key, sizeof(n));
	n[0] = (n[0] ^ n[1] * 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
	return ((unsigned int)(n[0] >> 32 ^ n[0] >> 13));
}

wall_us
rollup_start(enum rollup_level level, wall_us t)
{
	return (t - t % rollup_tables[level].width);
}

static int
read_newest(struct rollups *r, enum rollup_level level)
{
	char *sql = sqlite3_mprintf("SELECT max(start_us) FROM %s",
	    rollup_tables[level].name);
	sqlite3_stmt *stmt = NULL;
	int rc = db_prepare(r->db, sql, &stmt), step;

	sqlite3_free(sql);
	if (rc != 0)
		return (rc);
	step = sqlite3_step(stmt);
	r->levels[level].written_us = sqlite3_column_type(stmt, 0) ==
	    SQLITE_NULL ? INT64_MIN : sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return (db_err(step));
}

static int
prepare_level(struct rollups *r, enum rollup_level level)
{
	static const char *const of_checks[] = {
	    ("SELECT passed, failed, unreachable, unknown, invalid, lost, "
	    "skipped, duration_sum_us, duration_max_us, durations FROM %s "
	    "WHERE start_us = ?1 AND check_id = ?2"),
	    ("REPLACE INTO %s VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
	    "?10, ?11, ?12)"),
	    "SELECT min(start_us) FROM %s",
	    "DELETE FROM %s WHERE start_us = ?1"};
	static const char *const of_fleet[] = {
	    ("SELECT passed, failed, unreachable, unknown, invalid, lost, "
	    "skipped FROM %s WHERE start_us = ?1 AND ?2 = 0"),
	    "REPLACE INTO %s VALUES (?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	    "SELECT min(start_us) FROM %s",
	    "DELETE FROM %s WHERE start_us = ?1"};
	const char *const *forms = level == ROLLUP_FLEET ? of_fleet :
	    of_checks;
	struct level *l = &r->levels[level];
	sqlite3_stmt **stmts[] = {&l->find, &l->put, &l->oldest, &l->expire};
	size_t i;
	int rc = 0;

	l->dirty_end = &l->dirty;
	for (i = 0; rc == 0 && i < NELEMS(of_checks); i++) {
		char *sql = sqlite3_mprintf(forms[i],
		    rollup_tables[level].name);

		rc = db_prepare(r->db, sql, stmts[i]);
		sqlite3_free(sql);
	}
	return (rc == 0 ? read_newest(r, level) : rc);
}

int
rollups_open(sqlite3 *db, struct rollups **out)
{
	struct rollups *r = xcalloc(1, sizeof(*r));
	int i, rc = 0;

	r->db = db;
	buf_init(&r->blob, BLOB_MOST_BYTES);
	for (i = 0; rc == 0 && i < ROLLUP_TABLES; i++)
		rc = prepare_level(r, (enum rollup_level)i);
	if (rc == 0)
		rc = marks_open(db, &r->marks);
	if (rc == 0)
		rc = states_open(db, &r->states);
	if (rc != 0) {
		rollups_close(&r);
		return (rc);
	}
	*out = r;
	return (0);
}

static void
drop_entry(struct level *l, struct rollup *e)
{
	int i;

	for (i = 0; e->check != NULL && i < ROLLUP_LEVELS; i++)
		if (e->check->latest[i] == e)
			e->check->latest[i] = NULL;
	HASH_DEL(l->entries, e);
	sketch_fini(&e->durations);
	free(e);
}

static void
close_level(struct level *l)
{
	struct rollup *e, *next;

	HASH_ITER(hh, l->entries, e, next)
		drop_entry(l, e);
	sqlite3_finalize(l->find);
	sqlite3_finalize(l->put);
	sqlite3_finalize(l->oldest);
	sqlite3_finalize(l->expire);
}

void
rollups_close(struct rollups **rp)
{
	struct rollups *r = *rp;
	int i;

	if (r == NULL)
		return;
	*rp = NULL;
	for (i = 0; i < ROLLUP_TABLES; i++)
		close_level(&r->levels[i]);
	marks_close(&r->marks);
	states_close(&r->states);
	buf_fini(&r->blob);
	free(r);
}

static struct rollup *
entry_find(struct level *l, wall_us start, struct registry_check *check)
{
	struct rollup_key key = {start, check != NULL ? check->id : 0};
	struct rollup *e;

	HASH_FIND(hh, l->entries, &key, sizeof(key), e);
	if (e != NULL)
		return (e);
	e = xcalloc(1, sizeof(*e));
	e->key = key;
	e->check = check;
	e->is_whole = start > l->written_us;
	HASH_ADD(hh, l->entries, key, sizeof(e->key), e);
	return (e);
}

static void
touch(struct rollups *r, struct level *l, struct rollup *e)
{
	if (!e->is_dirty) {
		e->is_dirty = true;
		*l->dirty_end = e;
		l->dirty_end = &e->next_dirty;
	}
	e->used = r->flushes;
	if (e->key.start_us > l->newest_us)
		l->newest_us = e->key.start_us;
}

static void
count(struct rollups *r, enum rollup_level level,
    const struct rollup_run *run)
{
	struct level *l = &r->levels[level];
	wall_us start = rollup_start(level, run->due_us);
	struct rollup *e = run->check->latest[level];

	/* Nearly always the same hour and day as the run before. */
	if (e == NULL || e->key.start_us != start)
		e = run->check->latest[level] = entry_find(l, start,
		    run->check);
	touch(r, l, e);
	e->counts[run->outcome]++;
	if (run->outcome != OUTCOME_PASSED)
		return;
	e->duration_sum_us += run->duration_us;
	if (run->duration_us > e->duration_max_us)
		e->duration_max_us = run->duration_us;
	sketch_add(&e->durations, run->duration_us);
}

static void
count_fleet(struct rollups *r, const struct rollup_run *run)
{
	struct level *l = &r->levels[ROLLUP_FLEET];
	wall_us start = rollup_start(ROLLUP_FLEET, run->due_us);

	if (r->latest_fleet == NULL ||
	    r->latest_fleet->key.start_us != start)
		r->latest_fleet = entry_find(l, start, NULL);
	touch(r, l, r->latest_fleet);
	r->latest_fleet->counts[run->outcome]++;
}

void
rollups_add(struct rollups *r, const struct rollup_run *run)
{
	int i;

	marks_set(r->marks, run->day, run->number);
	r->is_dirty = true;
	if (run->trigger != TRIGGER_SCHEDULE)
		return;
	for (i = 0; i < ROLLUP_LEVELS; i++)
		count(r, (enum rollup_level)i, run);
	count_fleet(r, run);
	states_see(r->states, run);
}

void
rollups_rewind(struct rollups *r, int64_t day, int64_t number)
{
	marks_set(r->marks, day, number);
	r->is_dirty = true;
}

int64_t
rollups_mark(const struct rollups *r, int64_t day)
{
	return (marks_get(r->marks, day));
}

void
rollups_forget_day(struct rollups *r, int64_t day)
{
	marks_remove(r->marks, day);
}

bool
rollups_are_dirty(const struct rollups *r)
{
	return (r->is_dirty);
}

/* What the fleet has not: returns 0, or ERR_CORRUPT before any change. */
static int
merge_durations(struct level *l, struct rollup *e)
{
	int rc = sketch_merge_coded(&e->durations,
	    sqlite3_column_blob(l->find, 9),
	    (size_t)sqlite3_column_bytes(l->find, 9));

	if (rc != 0)
		return (rc);
	e->duration_sum_us += sqlite3_column_int64(l->find, 7);
	if (sqlite3_column_int64(l->find, 8) > e->duration_max_us)
		e->duration_max_us = sqlite3_column_int64(l->find, 8);
	return (0);
}

/* Merge the row that main.db has. */
static int
make_whole(struct level *l, struct rollup *e)
{
	int i, rc;

	sqlite3_bind_int64(l->find, 1, e->key.start_us);
	sqlite3_bind_int64(l->find, 2, e->key.check_id);
	rc = sqlite3_step(l->find);
	if (rc == SQLITE_ROW) {
		if (e->check != NULL && merge_durations(l, e) != 0) {
			sqlite3_reset(l->find);
			return (ERR_CORRUPT);
		}
		for (i = 0; i < OUTCOME_COUNT; i++)
			e->counts[i] += sqlite3_column_int64(l->find, i);
	}
	sqlite3_reset(l->find);
	if (db_err(rc) == 0)
		e->is_whole = true;
	return (db_err(rc));
}

static int
write_entry(struct rollups *r, struct level *l, struct rollup *e)
{
	int i, rc;

	if (!e->is_whole && (rc = make_whole(l, e)) != 0)
		return (rc);
	sqlite3_bind_int64(l->put, 1, e->key.start_us);
	sqlite3_bind_int64(l->put, 2, e->key.check_id);
	for (i = 0; i < OUTCOME_COUNT; i++)
		sqlite3_bind_int64(l->put, 3 + i, e->counts[i]);
	if (e->check == NULL)
		return (db_run(l->put));
	buf_reset(&r->blob);
	sketch_encode(&e->durations, &r->blob);
	sqlite3_bind_int64(l->put, 10, e->duration_sum_us);
	sqlite3_bind_int64(l->put, 11, e->duration_max_us);
	db_bind_blob(l->put, 12, r->blob.data, r->blob.len);
	return (db_run(l->put));
}

static int
write_all(struct rollups *r)
{
	struct rollup *e;
	int i, rc = 0;

	for (i = 0; i < ROLLUP_TABLES; i++)
		for (e = r->levels[i].dirty; rc == 0 && e != NULL;
		    e = e->next_dirty)
			rc = write_entry(r, &r->levels[i], e);
	if (rc == 0)
		rc = states_write(r->states);
	if (rc == 0)
		rc = marks_write(r->marks);
	return (rc);
}

/* Written: nothing is dirty, and what time has left behind can go. */
static void
settle_level(struct rollups *r, enum rollup_level level)
{
	struct level *l = &r->levels[level];
	struct rollup *e, *next;
	wall_us old_us = l->newest_us - 2 * rollup_tables[level].width;

	for (e = l->dirty; e != NULL; e = next) {
		next = e->next_dirty;
		e->is_dirty = false;
		e->next_dirty = NULL;
		if (e->key.start_us < old_us)
			drop_entry(l, e);
	}
	l->dirty = NULL;
	l->dirty_end = &l->dirty;
	if (l->newest_us > l->written_us)
		l->written_us = l->newest_us;
	if (r->flushes % SWEEP_EVERY != 0)
		return;
	HASH_ITER(hh, l->entries, e, next)
		if (e->used + SWEEP_EVERY < r->flushes ||
		    e->key.start_us < old_us)
			drop_entry(l, e);
}

static void
settle(struct rollups *r)
{
	int i;

	r->flushes++;
	r->latest_fleet = NULL;
	for (i = 0; i < ROLLUP_TABLES; i++)
		settle_level(r, (enum rollup_level)i);
	states_settle(r->states);
	marks_settle(r->marks);
	r->is_dirty = false;
}

int
rollups_flush(struct rollups *r)
{
	int rc;

	if (!r->is_dirty)
		return (0);
	if ((rc = db_exec(r->db, "BEGIN IMMEDIATE")) != 0)
		return (rc);
	rc = write_all(r);
	if (rc == 0)
		rc = db_exec(r->db, "COMMIT");
	if (rc != 0) {
		db_rollback(r->db);
		return (rc);
	}
	settle(r);
	return (0);
}

static int
expire_level(struct rollups *r, enum rollup_level level, wall_us before)
{
	struct level *l = &r->levels[level];
	wall_us oldest;
	int gone = 0, rc;

	while (gone < EXPIRE_MOST_ROWS) {
		rc = sqlite3_step(l->oldest);
		oldest = rc == SQLITE_ROW &&
		    sqlite3_column_type(l->oldest, 0) != SQLITE_NULL ?
		    sqlite3_column_int64(l->oldest, 0) : before;
		sqlite3_reset(l->oldest);
		if (db_err(rc) != 0 || oldest >= before)
			return (db_err(rc));
		sqlite3_bind_int64(l->expire, 1, oldest);
		if ((rc = db_run(l->expire)) != 0)
			return (rc);
		gone += sqlite3_changes(r->db);
	}
	return (0);
}

int
rollups_expire(struct rollups *r, wall_us now)
{
	int i, rc = 0;

	for (i = 0; rc == 0 && i < ROLLUP_TABLES; i++)
		rc = expire_level(r, (enum rollup_level)i,
		    now - rollup_tables[i].kept);
	return (rc);
}
