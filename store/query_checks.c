/* SPDX-License-Identifier: ISC */
/*
 * Checks with their state, and how they did in a window. One check over a
 * day or less is read from the runs themselves by a covering index (7200
 * rows: half a millisecond); everything else from rollups.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/query_priv.h"
#include "store/sketch.h"

#define EXACT_CHECKS_MOST 8
#define EXACT_SPAN_MOST SPAN_DAY
#define SEEK_CHECKS_MOST 32   /* above, ranges are scanned whole */
#define MINUTES_KEPT (89 * SPAN_DAY)

struct tally {
	int64_t id;
	struct query_check *check;
	struct sketch durations;
	int64_t sum_us, max_us;
	UT_hash_handle hh;
};

struct counting {
	struct query *q;
	struct tally *tallies; /* array */
	size_t count;
	struct tally *by_id;
	wall_us since, until;
};

static char *
column_copy(sqlite3_stmt *stmt, int at)
{
	return (xstrdup((const char *)sqlite3_column_text(stmt, at)));
}

static int64_t
column_int(sqlite3_stmt *stmt, int at)
{
	return (sqlite3_column_type(stmt, at) == SQLITE_NULL ? QUERY_NONE :
	    sqlite3_column_int64(stmt, at));
}

static bool
is_stale(const struct query_check *c, wall_us planned_us)
{
	wall_us last = planned_us;

	if (!c->is_planned || c->every_us == QUERY_NONE)
		return (false);
	if (c->has_run && (last == QUERY_NONE || c->last_due_us > last))
		last = c->last_due_us;
	return (last != QUERY_NONE && clock_wall() - last >
	    2 * c->every_us + QUERY_STALE_SLACK +
	    (c->timeout_us != QUERY_NONE ? c->timeout_us : 0));
}

static void
read_check(sqlite3_stmt *stmt, struct query_check *c)
{
	*c = (struct query_check){.id = sqlite3_column_int64(stmt, 0),
	    .check = column_copy(stmt, 1), .service = column_copy(stmt, 2),
	    .location = column_copy(stmt, 3),
	    .environment = column_copy(stmt, 4),
	    .owner = column_copy(stmt, 5), .every_us = column_int(stmt, 6),
	    .timeout_us = column_int(stmt, 7),
	    .definition = column_copy(stmt, 8),
	    .slo_success_permyriad = column_int(stmt, 9),
	    .slo_window_us = column_int(stmt, 10),
	    .is_planned = sqlite3_column_int(stmt, 11) != 0,
	    .has_run = sqlite3_column_type(stmt, 13) != SQLITE_NULL,
	    .last_due_us = column_int(stmt, 13),
	    .last_outcome = (enum outcome)sqlite3_column_int(stmt, 14),
	    .last_duration_us = column_int(stmt, 15),
	    .last_passed_us = column_int(stmt, 17),
	    .last_bad_us = column_int(stmt, 18),
	    .streak_us = column_int(stmt, 19),
	    .streak_runs = sqlite3_column_int64(stmt, 20),
	    .success = NAN, .coverage = NAN, .p50_us = QUERY_NONE,
	    .p95_us = QUERY_NONE, .p99_us = QUERY_NONE,
	    .max_us = QUERY_NONE, .mean_us = QUERY_NONE};
	if (sqlite3_column_bytes(stmt, 16) == sizeof(c->last_run))
		memcpy(c->last_run, sqlite3_column_blob(stmt, 16),
		    sizeof(c->last_run));
	c->is_stale = is_stale(c, column_int(stmt, 12));
}

#define CHECK_COLUMNS "id, check_name, service, location, environment, " \
	"owner, every_us, timeout_us, definition, slo_success_permyriad, " \
	"slo_window_us, is_planned, planned_us, last_due_us, last_outcome, " \
	"last_duration_us, last_run, last_passed_us, last_bad_us, " \
	"streak_us, streak_runs"

static int
prepare_list(struct query *q, const struct query_which *which,
    sqlite3_stmt **out)
{
	struct buf sql;
	int rc;

	buf_init(&sql, 1 << 20);
	buf_append_str(&sql, "SELECT " CHECK_COLUMNS " FROM checks LEFT JOIN "
	    "check_state ON check_id = id WHERE ");
	buf_append_str(&sql, which->has_unplanned ? "1" : "is_planned");
	query_condition(which, &sql);
	buf_append_str(&sql, " ORDER BY check_name, location, environment");
	rc = sql.is_full ? ERR_LIMIT :
	    query_prepare(q, q->db, buf_str(&sql), out);
	buf_fini(&sql);
	return (rc);
}

static int
list_checks(struct query *q, const struct query_which *which,
    struct query_check **out, size_t *count)
{
	sqlite3_stmt *stmt;
	size_t cap = 0;
	int rc = prepare_list(q, which, &stmt);

	*out = NULL;
	*count = 0;
	if (rc != 0)
		return (rc);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (*count == cap) {
			cap = cap * 2 + 64;
			*out = xreallocarray(*out, cap, sizeof(**out));
		}
		read_check(stmt, &(*out)[(*count)++]);
	}
	sqlite3_finalize(stmt);
	return (query_fail(q, q->db, rc));
}

void
query_checks_free(struct query_check **checks, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct query_check *c = &(*checks)[i];

		free(c->check);
		free(c->service);
		free(c->location);
		free(c->environment);
		free(c->owner);
		free(c->definition);
	}
	free(*checks);
	*checks = NULL;
}

/* From rollups. */

static int
add_row(struct counting *w, sqlite3_stmt *stmt)
{
	int64_t id = sqlite3_column_int64(stmt, 0);
	struct tally *t;
	int i;

	HASH_FIND(hh, w->by_id, &id, sizeof(id), t);
	if (t == NULL)
		return (0);
	for (i = 0; i < OUTCOME_COUNT; i++)
		t->check->counts[i] += sqlite3_column_int64(stmt, 1 + i);
	t->sum_us += sqlite3_column_int64(stmt, 8);
	if (sqlite3_column_int64(stmt, 9) > t->max_us)
		t->max_us = sqlite3_column_int64(stmt, 9);
	return (sketch_merge_coded(&t->durations,
	    sqlite3_column_blob(stmt, 10),
	    (size_t)sqlite3_column_bytes(stmt, 10)));
}

#define ROLLUP_COLUMNS "check_id, passed, failed, unreachable, unknown, " \
	"invalid, lost, skipped, duration_sum_us, duration_max_us, durations"

static int
add_rows(struct counting *w, sqlite3_stmt *stmt)
{
	int rc, bad = 0;

	while (bad == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		bad = add_row(w, stmt);
	sqlite3_reset(stmt);
	return (bad != 0 ? bad : query_fail(w->q, w->q->db, rc));
}

static int
count_piece(struct counting *w, const struct query_piece *p)
{
	bool seeks = w->count <= SEEK_CHECKS_MOST;
	const struct rollup_table *table = &rollup_tables[p->level];
	char *sql = sqlite3_mprintf("SELECT " ROLLUP_COLUMNS " FROM %s WHERE "
	    "%s", table->name, seeks ? "start_us = ?1 AND check_id = ?2" :
	    "start_us >= ?1 AND start_us < ?2");
	sqlite3_stmt *stmt;
	wall_us start;
	size_t i;
	int rc = query_prepare(w->q, w->q->db, sql, &stmt);

	sqlite3_free(sql);
	if (rc == 0 && !seeks) {
		sqlite3_bind_int64(stmt, 1, p->from);
		sqlite3_bind_int64(stmt, 2, p->to);
		rc = add_rows(w, stmt);
	}
	for (start = p->from; rc == 0 && seeks && start < p->to;
	    start += table->width) {
		sqlite3_bind_int64(stmt, 1, start);
		for (i = 0; rc == 0 && i < w->count; i++) {
			sqlite3_bind_int64(stmt, 2, w->tallies[i].id);
			rc = add_rows(w, stmt);
		}
	}
	sqlite3_finalize(stmt);
	return (rc);
}

/* Minutes that are no longer kept are asked of the hours around them. */
static wall_us
reachable(wall_us since)
{
	return (since < clock_wall() - MINUTES_KEPT ?
	    rollup_start(ROLLUP_HOUR, since) : since);
}

static int
count_rollups(struct counting *w)
{
	struct query_piece pieces[QUERY_PIECES_MOST];
	size_t i, n = query_cut(reachable(w->since), w->until, pieces);
	int rc = db_exec(w->q->db, "BEGIN");

	for (i = 0; rc == 0 && i < n; i++)
		rc = count_piece(w, &pieces[i]);
	db_exec(w->q->db, "COMMIT");
	return (rc);
}

static void
settle_rollups(struct tally *t)
{
	struct query_check *c = t->check;

	if (t->durations.count == 0)
		return;
	c->max_us = t->max_us;
	c->mean_us = t->sum_us / (int64_t)t->durations.count;
	c->p50_us = sketch_quantile(&t->durations, 0.5);
	c->p95_us = sketch_quantile(&t->durations, 0.95);
	c->p99_us = sketch_quantile(&t->durations, 0.99);
	if (c->p95_us > c->max_us)
		c->p95_us = c->max_us;
	if (c->p99_us > c->max_us)
		c->p99_us = c->max_us;
	if (c->p50_us > c->max_us)
		c->p50_us = c->max_us;
}

/* From the runs. */

static int
compare_int64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return ((x > y) - (x < y));
}

struct durations {
	int64_t *items;
	size_t count, cap;
	int64_t sum_us;
};

static void
add_run(struct query_check *c, struct durations *d, int outcome,
    int64_t duration)
{
	if (outcome < 0 || outcome >= OUTCOME_COUNT)
		return;
	c->counts[outcome]++;
	if (outcome != OUTCOME_PASSED)
		return;
	if (d->count == d->cap) {
		d->cap = d->cap * 2 + 1024;
		d->items = xreallocarray(d->items, d->cap,
		    sizeof(*d->items));
	}
	d->items[d->count++] = duration;
	d->sum_us += duration;
}

static int
scan_runs(struct counting *w, struct query_check *c, sqlite3 *db,
    struct durations *d)
{
	sqlite3_stmt *stmt;
	int rc = query_prepare(w->q, db, "SELECT outcome, duration_us FROM "
	    "run INDEXED BY run_by_check WHERE check_id = ?1 AND "
	    "due_us >= ?2 AND due_us < ?3 AND trigger = 0", &stmt);

	if (rc != 0)
		return (rc);
	sqlite3_bind_int64(stmt, 1, c->id);
	sqlite3_bind_int64(stmt, 2, w->since);
	sqlite3_bind_int64(stmt, 3, w->until);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		add_run(c, d, sqlite3_column_int(stmt, 0),
		    sqlite3_column_int64(stmt, 1));
	sqlite3_finalize(stmt);
	return (query_fail(w->q, db, rc));
}

static int64_t
at_quantile(const struct durations *d, double q)
{
	return (d->items[(size_t)(q * (double)(d->count - 1))]);
}

static int
count_runs(struct counting *w, struct query_check *c)
{
	struct durations d = {0};
	sqlite3 *db;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < w->q->day_count; i++) {
		int64_t day = w->q->days[i].day;

		if (day * SPAN_DAY < w->until &&
		    (day + 1) * SPAN_DAY > w->since &&
		    (db = query_day_db(w->q, i)) != NULL)
			rc = scan_runs(w, c, db, &d);
	}
	c->is_exact = true;
	if (d.count > 0) {
		qsort(d.items, d.count, sizeof(*d.items), compare_int64);
		c->p50_us = at_quantile(&d, 0.5);
		c->p95_us = at_quantile(&d, 0.95);
		c->p99_us = at_quantile(&d, 0.99);
		c->max_us = d.items[d.count - 1];
		c->mean_us = d.sum_us / (int64_t)d.count;
	}
	free(d.items);
	return (rc);
}

/* Rates. */

/*
 * Every slot leaves a record, so the records are the slots, unless nobody
 * was there to record them: then the period says how many were due. One less
 * than fits is still all of them, by phase.
 */
static int64_t
slots_due(const struct counting *w, const struct query_check *c,
    wall_us planned_us, int64_t recorded)
{
	wall_us from = w->since, to = w->until, now = clock_wall();
	int64_t expected;

	if (!c->is_planned || c->every_us == QUERY_NONE || c->every_us <= 0 ||
	    planned_us == QUERY_NONE)
		return (recorded);
	if (planned_us > from)
		from = planned_us;
	if (to > now)
		to = now;
	expected = to > from ? (to - from) / c->every_us - 1 : 0;
	return (expected > recorded ? expected : recorded);
}

static wall_us
planned_since(struct query *q, int64_t id)
{
	char *sql = sqlite3_mprintf("SELECT planned_us FROM checks "
	    "WHERE id = %lld", (long long)id);
	wall_us t = db_int(q->db, sql, QUERY_NONE);

	sqlite3_free(sql);
	return (t);
}

static void
rate(const struct counting *w, struct query_check *c)
{
	int64_t recorded = 0;
	int i;

	for (i = 0; i < OUTCOME_COUNT; i++) {
		recorded += c->counts[i];
		if (!outcome_is_ours((enum outcome)i))
			c->measured += c->counts[i];
	}
	c->due = slots_due(w, c, planned_since(w->q, c->id), recorded);
	if (c->measured > 0)
		c->success = (double)c->counts[OUTCOME_PASSED] /
		    (double)c->measured;
	if (c->due > 0)
		c->coverage = (double)c->measured / (double)c->due;
}

static int64_t
count_counted(const struct counting *w, int64_t id, int64_t day)
{
	char *sql = sqlite3_mprintf("SELECT passed + failed + unreachable + "
	    "unknown + invalid + lost + skipped FROM rollup_day "
	    "WHERE start_us = %lld AND check_id = %lld",
	    (long long)(day * SPAN_DAY), (long long)id);
	int64_t n = db_int(w->q->db, sql, 0);

	sqlite3_free(sql);
	return (n);
}

static int64_t
count_kept(const struct counting *w, int64_t id, int64_t day)
{
	sqlite3 *db = NULL;
	char *sql;
	int64_t n;
	size_t i;

	for (i = 0; i < w->q->day_count; i++)
		if (w->q->days[i].day == day)
			db = query_day_db(w->q, i);
	if (db == NULL)
		return (0);
	sql = sqlite3_mprintf("SELECT count(*) FROM run INDEXED BY "
	    "run_by_check WHERE check_id = %lld AND trigger = 0",
	    (long long)id);
	n = db_int(db, sql, 0);
	sqlite3_free(sql);
	return (n);
}

/*
 * All that was counted is still there as runs: no file of the window has
 * expired, is damaged, or was begun anew. The counts are at most behind.
 */
static bool
has_runs_of(const struct counting *w, int64_t id)
{
	int64_t day;

	for (day = day_of(w->since); day * SPAN_DAY < w->until; day++)
		if (count_counted(w, id, day) > count_kept(w, id, day))
			return (false);
	return (true);
}

/* From the runs, where they are few and all there. False: they are not. */
static bool
count_exactly(struct counting *w)
{
	size_t i;
	int rc = 0;

	if (w->count > EXACT_CHECKS_MOST ||
	    w->until - w->since > EXACT_SPAN_MOST)
		return (false);
	for (i = 0; w->since < w->until && i < w->count; i++)
		if (!has_runs_of(w, w->tallies[i].id))
			return (false);
	for (i = 0; rc == 0 && i < w->count; i++)
		rc = count_runs(w, w->tallies[i].check);
	return (rc == 0);
}

static void
forget_counts(struct counting *w)
{
	struct query_check *c;
	size_t i;

	for (i = 0; i < w->count; i++) {
		c = w->tallies[i].check;
		memset(c->counts, 0, sizeof(c->counts));
		c->is_exact = false;
		c->p50_us = c->p95_us = c->p99_us = QUERY_NONE;
		c->max_us = c->mean_us = QUERY_NONE;
	}
}

static int
count_all(struct counting *w)
{
	size_t i;
	int rc;

	if (count_exactly(w))
		return (0);
	forget_counts(w);
	rc = count_rollups(w);
	for (i = 0; i < w->count; i++)
		settle_rollups(&w->tallies[i]);
	return (rc);
}

int
query_checks(struct query *q, const struct query_which *which, wall_us since,
    wall_us until, struct query_check **out, size_t *count)
{
	struct counting w = {.q = q, .since = since, .until = until};
	struct query_check *list = NULL;
	size_t i, n = 0;
	int rc = query_refresh_days(q);

	if (rc == 0)
		rc = list_checks(q, which, &list, &n);
	w.tallies = xcalloc(n + 1, sizeof(*w.tallies));
	w.count = n;
	for (i = 0; i < n; i++) {
		w.tallies[i].id = list[i].id;
		w.tallies[i].check = &list[i];
		HASH_ADD(hh, w.by_id, id, sizeof(w.tallies[i].id),
		    &w.tallies[i]);
	}
	if (rc == 0 && n > 0)
		rc = count_all(&w);
	for (i = 0; rc == 0 && i < n; i++)
		rate(&w, &list[i]);
	HASH_CLEAR(hh, w.by_id);
	for (i = 0; i < n; i++)
		sketch_fini(&w.tallies[i].durations);
	free(w.tallies);
	if (rc != 0) {
		query_checks_free(&list, n);
		return (rc);
	}
	*out = list;
	*count = n;
	return (0);
}

/* All checks together. */

static int
total(struct query *q, const char *sql, wall_us from, wall_us to,
    struct query_totals *out)
{
	sqlite3_stmt *stmt;
	int i, rc = query_prepare(q, q->db, sql, &stmt);

	if (rc != 0)
		return (rc);
	sqlite3_bind_int64(stmt, 1, from);
	sqlite3_bind_int64(stmt, 2, to);
	rc = sqlite3_step(stmt);
	for (i = 0; rc == SQLITE_ROW && i < OUTCOME_COUNT; i++)
		out->counts[i] += sqlite3_column_int64(stmt, i);
	sqlite3_finalize(stmt);
	return (query_fail(q, q->db, rc));
}

bool
query_check_is_failing(const struct query_check *c)
{
	return (c->has_run && c->last_bad_us != QUERY_NONE &&
	    (c->last_passed_us == QUERY_NONE ||
	    c->last_bad_us > c->last_passed_us));
}

#define TOTAL_SQL(table) "SELECT sum(passed), sum(failed), " \
	"sum(unreachable), sum(unknown), sum(invalid), sum(lost), " \
	"sum(skipped) FROM " table " WHERE start_us >= ?1 AND start_us < ?2"

int
query_totals(struct query *q, wall_us since, wall_us until,
    struct query_totals *out)
{
	wall_us from = rollup_start(ROLLUP_FLEET, since);
	wall_us to = rollup_start(ROLLUP_FLEET, until + SPAN_MIN - 1);
	wall_us kept = rollup_start(ROLLUP_DAY, clock_wall() - MINUTES_KEPT) +
	    SPAN_DAY;
	char *sql;
	int rc = 0;

	*out = (struct query_totals){0};
	/* Before the minutes begin: whole days, of each check. */
	if (from < kept) {
		rc = total(q, TOTAL_SQL("rollup_day"),
		    rollup_start(ROLLUP_DAY, from), kept < to ? kept : to,
		    out);
		from = kept;
	}
	if (rc == 0 && from < to)
		rc = total(q, TOTAL_SQL("fleet_minute"), from, to, out);
	sql = sqlite3_mprintf("SELECT count(*) FROM check_state "
	    "WHERE last_due_us >= %lld", (long long)since);
	out->checks = db_int(q->db, sql, 0);
	sqlite3_free(sql);
	return (rc);
}
