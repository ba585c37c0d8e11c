/* SPDX-License-Identifier: ISC */
/* Counters since the beginning: old days are summed once a day. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/query_priv.h"

struct query_sum {
	int64_t id;
	int64_t counts[OUTCOME_COUNT];
	int64_t duration_sum_us;
	UT_hash_handle hh;
};

void
query_sums_free(struct query *q)
{
	struct query_sum *s, *next;

	HASH_ITER(hh, q->sums, s, next) {
		HASH_DEL(q->sums, s);
		free(s);
	}
}

static void
add_sum(struct query *q, sqlite3_stmt *stmt)
{
	int64_t id = sqlite3_column_int64(stmt, 0);
	struct query_sum *s;
	int i;

	HASH_FIND(hh, q->sums, &id, sizeof(id), s);
	if (s == NULL) {
		s = xcalloc(1, sizeof(*s));
		s->id = id;
		HASH_ADD(hh, q->sums, id, sizeof(s->id), s);
	}
	for (i = 0; i < OUTCOME_COUNT; i++)
		s->counts[i] += sqlite3_column_int64(stmt, 1 + i);
	s->duration_sum_us += sqlite3_column_int64(stmt, 8);
}

/* Sums of the days before the last two, which may still change. */
static int
sum_old_days(struct query *q, wall_us until)
{
	sqlite3_stmt *stmt;
	int rc;

	if (q->sums_day == day_of(until))
		return (0);
	rc = query_prepare(q, q->db, "SELECT check_id, passed, failed, "
	    "unreachable, unknown, invalid, lost, skipped, duration_sum_us "
	    "FROM rollup_day WHERE start_us < ?1", &stmt);
	if (rc != 0)
		return (rc);
	query_sums_free(q);
	sqlite3_bind_int64(stmt, 1, until);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		add_sum(q, stmt);
	sqlite3_finalize(stmt);
	rc = query_fail(q, q->db, rc);
	q->sums_day = rc == 0 ? day_of(until) : 0;
	return (rc);
}

static void
give_counter(struct query *q, int64_t id, sqlite3_stmt *fresh,
    query_counter_cb *cb, void *arg)
{
	const struct query_name *n = query_name_get(q, id);
	struct query_counter c = {0};
	struct query_sum *s;
	int i;

	if (n == NULL)
		return;
	HASH_FIND(hh, q->sums, &id, sizeof(id), s);
	for (i = 0; i < OUTCOME_COUNT; i++)
		c.counts[i] = (s != NULL ? s->counts[i] : 0) +
		    sqlite3_column_int64(fresh, 1 + i);
	c.duration_sum_us = (s != NULL ? s->duration_sum_us : 0) +
	    sqlite3_column_int64(fresh, 8);
	c.check = n->check;
	c.service = n->service;
	c.location = n->location;
	c.environment = n->environment;
	cb(&c, arg);
}

int
query_counters(struct query *q, query_counter_cb *cb, void *arg)
{
	wall_us edge = rollup_start(ROLLUP_DAY, clock_wall()) - SPAN_DAY;
	sqlite3_stmt *stmt;
	int rc = sum_old_days(q, edge);

	if (rc == 0)
		rc = query_prepare(q, q->db, "SELECT c.id, sum(passed), "
		    "sum(failed), sum(unreachable), sum(unknown), "
		    "sum(invalid), sum(lost), sum(skipped), "
		    "sum(duration_sum_us) FROM checks c LEFT JOIN "
		    "rollup_day r ON r.check_id = c.id AND r.start_us IN "
		    "(?1, ?2, ?3) WHERE c.is_planned OR EXISTS (SELECT 1 "
		    "FROM check_state s WHERE s.check_id = c.id) "
		    "GROUP BY c.id", &stmt);
	if (rc != 0)
		return (rc);
	/* Yesterday, today, and the day that may just have begun. */
	sqlite3_bind_int64(stmt, 1, edge);
	sqlite3_bind_int64(stmt, 2, edge + SPAN_DAY);
	sqlite3_bind_int64(stmt, 3, edge + 2 * SPAN_DAY);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		give_counter(q, sqlite3_column_int64(stmt, 0), stmt, cb,
		    arg);
	sqlite3_finalize(stmt);
	return (query_fail(q, q->db, rc));
}
