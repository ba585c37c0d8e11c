/* SPDX-License-Identifier: ISC */
/*
 * Lists of runs. First the keys of what matches come out of an index that
 * covers the question, newest day's file first; then only the rows that are
 * shown are read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"
#include "store/query_priv.h"

#define FEW_CHECKS 16   /* up to so many are looked up one by one */
#define ROW_COLUMNS "number, check_id, due_us, trigger, outcome, " \
	"duration_us, id, trace, started_us, late_us, lag_us, " \
	"definition_id, probe, reason, place_file, place_line, " \
	"place_column, steps, evidence"

struct key {
	wall_us due_us;
	int64_t number;
};

struct keys {
	struct key *items;
	size_t count, cap;
};

/* A list in the making. */
struct search {
	struct query *q;
	const struct query_runs *f;
	unsigned int outcomes, triggers;
	wall_us from, to;        /* due in [from, to] */
	int64_t *ids;
	size_t id_count;
	bool is_all;
	struct keys keys;        /* of the day at hand */
	size_t left;             /* of the limit, and one to see if more */
	size_t given;
	bool has_more;           /* after the last one given */
};

static void
add_key(struct keys *k, wall_us due, int64_t number)
{
	if (k->count == k->cap) {
		k->cap = k->cap * 2 + 64;
		k->items = xreallocarray(k->items, k->cap,
		    sizeof(*k->items));
	}
	k->items[k->count++] = (struct key){due, number};
}

static int
newest_first(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->due_us != y->due_us)
		return (x->due_us < y->due_us ? 1 : -1);
	return ((x->number < y->number) - (x->number > y->number));
}

static bool
is_after_cursor(const struct search *s, const struct key *k)
{
	const struct query_cursor *c = &s->f->after;

	if (c->due_us == 0)
		return (true);
	return (k->due_us < c->due_us ||
	    (k->due_us == c->due_us && k->number < c->number));
}

static int
compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return ((x > y) - (x < y));
}

static bool
is_meant(const struct search *s, int64_t check_id)
{
	return (s->is_all || s->id_count <= FEW_CHECKS || bsearch(&check_id,
	    s->ids, s->id_count, sizeof(*s->ids), compare_ids) != NULL);
}

/*
 * The newest keys of one scan: enough for what is left of the limit, and
 * then up to the end of those that are due at the same time.
 */
static int
scan(struct search *s, sqlite3 *db, sqlite3_stmt *stmt)
{
	wall_us last = 0;
	size_t found = 0;
	struct key k;
	int rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		k.due_us = sqlite3_column_int64(stmt, 0);
		k.number = sqlite3_column_int64(stmt, 1);
		if (found >= s->left && k.due_us != last)
			break;
		if (!is_meant(s, sqlite3_column_int64(stmt, 2)) ||
		    !is_after_cursor(s, &k))
			continue;
		add_key(&s->keys, k.due_us, k.number);
		last = k.due_us;
		found++;
	}
	return (query_fail(s->q, db, rc));
}

/* The four scans: one check or all, everything or what did not pass. */
static const char *
scan_sql(bool is_one, bool is_not_passed)
{
#define WANTED "due_us BETWEEN ?1 AND ?2 AND (?3 >> outcome) & 1 AND " \
	"(?4 >> trigger) & 1"
	if (is_one && is_not_passed)
		return ("SELECT due_us, number, check_id FROM run "
		    "INDEXED BY run_not_passed WHERE outcome <> 0 AND "
		    "check_id = ?5 AND " WANTED " ORDER BY due_us DESC");
	if (is_one)
		return ("SELECT due_us, number, check_id FROM run "
		    "INDEXED BY run_by_check WHERE check_id = ?5 AND "
		    WANTED " ORDER BY due_us DESC");
	if (is_not_passed)
		return ("SELECT due_us, number, check_id FROM run "
		    "INDEXED BY run_not_passed_by_time WHERE outcome <> 0 "
		    "AND " WANTED " ORDER BY due_us DESC");
	return ("SELECT due_us, number, check_id FROM run "
	    "INDEXED BY run_by_time WHERE " WANTED " ORDER BY due_us DESC");
#undef WANTED
}

static int
scan_day(struct search *s, sqlite3 *db)
{
	bool is_one = !s->is_all && s->id_count <= FEW_CHECKS;
	size_t i, scans = is_one ? s->id_count : 1;
	sqlite3_stmt *stmt;
	int rc;

	rc = query_prepare(s->q, db, scan_sql(is_one,
	    (s->outcomes & 1u << OUTCOME_PASSED) == 0), &stmt);
	if (rc != 0)
		return (rc);
	sqlite3_bind_int64(stmt, 1, s->from);
	sqlite3_bind_int64(stmt, 2, s->to);
	sqlite3_bind_int64(stmt, 3, s->outcomes);
	sqlite3_bind_int64(stmt, 4, s->triggers);
	for (i = 0; rc == 0 && i < scans; i++) {
		if (is_one)
			sqlite3_bind_int64(stmt, 5, s->ids[i]);
		rc = scan(s, db, stmt);
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	if (s->keys.count > 1)
		qsort(s->keys.items, s->keys.count, sizeof(*s->keys.items),
		    newest_first);
	return (rc);
}

/* Rows. */

static int64_t
int_or_none(sqlite3_stmt *stmt, int at)
{
	return (sqlite3_column_type(stmt, at) == SQLITE_NULL ? QUERY_NONE :
	    sqlite3_column_int64(stmt, at));
}

static const char *
text_or_null(sqlite3_stmt *stmt, int at)
{
	return ((const char *)sqlite3_column_text(stmt, at));
}

static void
read_names(struct query *q, struct query_run *r)
{
	const struct query_name *n = query_name_get(q, r->check_id);

	r->check = n != NULL ? n->check : "?";
	r->service = n != NULL ? n->service : "?";
	r->location = n != NULL ? n->location : "?";
	r->environment = n != NULL ? n->environment : "?";
}

static void
read_row(struct query *q, sqlite3_stmt *stmt, bool has_steps,
    struct query_run *r)
{
	*r = (struct query_run){.number = sqlite3_column_int64(stmt, 0),
	    .check_id = sqlite3_column_int64(stmt, 1),
	    .due_us = sqlite3_column_int64(stmt, 2),
	    .trigger = (enum trigger)sqlite3_column_int(stmt, 3),
	    .outcome = (enum outcome)sqlite3_column_int(stmt, 4),
	    .duration_us = sqlite3_column_int64(stmt, 5),
	    .started_us = int_or_none(stmt, 8),
	    .late_us = int_or_none(stmt, 9),
	    .lag_us = int_or_none(stmt, 10),
	    .probe = text_or_null(stmt, 12),
	    .reason = text_or_null(stmt, 13),
	    .place_file = text_or_null(stmt, 14),
	    .place_line = int_or_none(stmt, 15),
	    .place_column = int_or_none(stmt, 16)};
	if (sqlite3_column_bytes(stmt, 6) == sizeof(r->id))
		memcpy(r->id, sqlite3_column_blob(stmt, 6), sizeof(r->id));
	crypto_hex(r->id, sizeof(r->id), r->id_hex);
	if (sqlite3_column_bytes(stmt, 7) == 16)
		crypto_hex(sqlite3_column_blob(stmt, 7), 16, r->trace_hex);
	if (has_steps) {
		r->steps = text_or_null(stmt, 17);
		r->evidence = text_or_null(stmt, 18);
	}
	read_names(q, r);
}

/* Call cb with one row; its definition comes from main.db. */
static bool
give_row(struct query *q, sqlite3_stmt *stmt, bool has_steps,
    query_run_cb *cb, void *arg)
{
	sqlite3_stmt *def = NULL;
	struct query_run r;
	bool goes_on;

	read_row(q, stmt, has_steps, &r);
	r.definition = "";
	r.definition_seen_us = QUERY_NONE;
	if (sqlite3_column_type(stmt, 11) != SQLITE_NULL &&
	    query_prepare(q, q->db, "SELECT definition, first_seen_us FROM "
	    "definition WHERE id = ?1", &def) == 0) {
		sqlite3_bind_int64(def, 1, sqlite3_column_int64(stmt, 11));
		if (sqlite3_step(def) == SQLITE_ROW) {
			r.definition = db_text(def, 0);
			r.definition_seen_us = sqlite3_column_int64(def, 1);
		}
	}
	goes_on = cb(&r, arg);
	sqlite3_finalize(def);
	return (goes_on);
}

static int
give_keys(struct search *s, sqlite3 *db, query_run_cb *cb, void *arg,
    struct query_cursor *last)
{
	sqlite3_stmt *stmt;
	size_t i;
	int rc;

	rc = query_prepare(s->q, db, "SELECT " ROW_COLUMNS " FROM run "
	    "WHERE number = ?1", &stmt);
	for (i = 0; rc == 0 && i < s->keys.count && s->left > 0; i++) {
		if (s->given == s->f->limit) {
			s->has_more = true;
			s->left = 0;
			break;
		}
		sqlite3_bind_int64(stmt, 1, s->keys.items[i].number);
		rc = sqlite3_step(stmt);
		if (rc == SQLITE_ROW) {
			s->left--;
			s->given++;
			last->due_us = s->keys.items[i].due_us;
			last->number = s->keys.items[i].number;
			if (!give_row(s->q, stmt, s->f->has_steps, cb, arg)) {
				s->has_more = true;
				s->left = 0;
			}
		}
		sqlite3_reset(stmt);
		rc = query_fail(s->q, db, rc);
	}
	sqlite3_finalize(stmt);
	return (rc);
}

static bool
overlaps(const struct search *s, int64_t day)
{
	return (day * SPAN_DAY <= s->to && (day + 1) * SPAN_DAY > s->from);
}

static int
search_days(struct search *s, query_run_cb *cb, void *arg,
    struct query_cursor *last)
{
	size_t i;
	int rc = 0;

	for (i = s->q->day_count; rc == 0 && s->left > 0 && i-- > 0;) {
		sqlite3 *db;

		if (!overlaps(s, s->q->days[i].day) ||
		    (db = query_day_db(s->q, i)) == NULL)
			continue;
		s->keys.count = 0;
		rc = scan_day(s, db);
		if (rc == 0)
			rc = give_keys(s, db, cb, arg, last);
		rc = query_day_pass_over(s->q, i, rc);
	}
	return (rc);
}

int
query_runs(struct query *q, const struct query_runs *f, query_run_cb *cb,
    void *arg, struct query_cursor *next)
{
	struct search s = {.q = q, .f = f,
	    .left = f->limit + (next != NULL),
	    .outcomes = f->outcomes != 0 ? f->outcomes : QUERY_OUTCOMES_ALL,
	    .triggers = f->triggers != 0 ? f->triggers : QUERY_TRIGGERS_ALL,
	    .from = f->since, .to = f->until > 0 ? f->until - 1 : INT64_MAX};
	struct query_cursor last = {0, 0};
	int rc = query_refresh_days(q);

	if (next != NULL)
		*next = last;
	if (f->after.due_us > 0 && f->after.due_us < s.to)
		s.to = f->after.due_us;
	if (rc == 0)
		rc = query_match(q, &f->which, &s.ids, &s.id_count,
		    &s.is_all);
	if (rc == 0 && (s.is_all || s.id_count > 0)) {
		if (s.id_count > 1)
			qsort(s.ids, s.id_count, sizeof(*s.ids),
			    compare_ids);
		rc = search_days(&s, cb, arg, &last);
	}
	if (rc == 0 && next != NULL && s.has_more)
		*next = last;
	free(s.ids);
	free(s.keys.items);
	return (rc);
}

void
query_cursor_format(const struct query_cursor *c,
    char out[static QUERY_CURSOR_SIZE])
{
	snprintf(out, QUERY_CURSOR_SIZE, "%lld.%lld", (long long)c->due_us,
	    (long long)c->number);
}

int
query_cursor_parse(const char *s, struct query_cursor *out)
{
	long long due, number;
	char *end;

	if (*s < '0' || *s > '9')
		return (ERR_SYNTAX);
	due = strtoll(s, &end, 10);
	if (*end != '.' || end[1] < '0' || end[1] > '9')
		return (ERR_SYNTAX);
	number = strtoll(end + 1, &end, 10);
	if (*end != '\0' || due <= 0)
		return (ERR_SYNTAX);
	*out = (struct query_cursor){due, number};
	return (0);
}

/* One run. */

static int
give_first(struct query *q, sqlite3 *db, sqlite3_stmt *stmt,
    query_run_cb *cb, void *arg)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW) {
		give_row(q, stmt, true, cb, arg);
		return (0);
	}
	return (rc == SQLITE_DONE ? ERR_NOT_FOUND : query_fail(q, db, rc));
}

/* A run of a check that is nearest to a time. */
struct nearest {
	const char *sql;
	int64_t check_id;
	wall_us at;
	query_run_cb *cb;
	void *arg;
};

static int
give_nearest(struct query *q, size_t day, const struct nearest *n)
{
	sqlite3 *db = query_day_db(q, day);
	sqlite3_stmt *stmt;
	int rc;

	if (db == NULL)
		return (ERR_NOT_FOUND);
	if ((rc = query_prepare(q, db, n->sql, &stmt)) != 0)
		return (rc);
	sqlite3_bind_int64(stmt, 1, n->check_id);
	sqlite3_bind_int64(stmt, 2, n->at);
	rc = give_first(q, db, stmt, n->cb, n->arg);
	sqlite3_finalize(stmt);
	return (rc);
}

int
query_run_last_passed(struct query *q, int64_t check_id, wall_us before,
    query_run_cb *cb, void *arg)
{
	const struct nearest n = {"SELECT " ROW_COLUMNS " FROM run "
	    "WHERE number = (SELECT number FROM run INDEXED BY run_by_check "
	    "WHERE check_id = ?1 AND due_us < ?2 AND outcome = 0 AND "
	    "trigger = 0 ORDER BY due_us DESC LIMIT 1)", check_id, before,
	    cb, arg};
	int rc = query_refresh_days(q);
	size_t i;

	if (rc != 0)
		return (rc);
	rc = ERR_NOT_FOUND;
	for (i = q->day_count; rc == ERR_NOT_FOUND && i-- > 0;)
		if (q->days[i].day * SPAN_DAY < before)
			rc = give_nearest(q, i, &n);
	return (rc);
}

int
query_run_first_from(struct query *q, int64_t check_id, wall_us from,
    query_run_cb *cb, void *arg)
{
	const struct nearest n = {"SELECT " ROW_COLUMNS " FROM run "
	    "WHERE number = (SELECT number FROM run INDEXED BY run_by_check "
	    "WHERE check_id = ?1 AND due_us >= ?2 AND trigger = 0 "
	    "ORDER BY due_us LIMIT 1)", check_id, from, cb, arg};
	int rc = query_refresh_days(q);
	size_t i;

	if (rc != 0)
		return (rc);
	rc = ERR_NOT_FOUND;
	for (i = 0; rc == ERR_NOT_FOUND && i < q->day_count; i++)
		if ((q->days[i].day + 1) * SPAN_DAY > from)
			rc = give_nearest(q, i, &n);
	return (rc);
}

/* By id: see the table batch in the schema. */

struct wanted {
	uint8_t low[MESSAGE_ID_SIZE], high[MESSAGE_ID_SIZE]; /* inclusive */
	bool is_whole;
	size_t day;       /* where it was found */
	int64_t number;
	size_t found;
};

static int
parse_prefix(const char *prefix, struct wanted *w)
{
	size_t len = strlen(prefix);
	char hex[2 * MESSAGE_ID_SIZE + 1];

	if (len < 4 || len > 2 * MESSAGE_ID_SIZE)
		return (ERR_SYNTAX);
	*w = (struct wanted){.is_whole = len == 2 * MESSAGE_ID_SIZE};
	memset(hex, '0', sizeof(hex));
	memcpy(hex, prefix, len);
	if (crypto_unhex(hex, 2 * MESSAGE_ID_SIZE, w->low) != 0)
		return (ERR_SYNTAX);
	memset(hex + len, 'f', 2 * MESSAGE_ID_SIZE - len);
	return (crypto_unhex(hex, 2 * MESSAGE_ID_SIZE, w->high));
}

/* The head fits: read the whole id. */
static int
verify(struct query *q, sqlite3 *db, sqlite3_stmt *read, int64_t number,
    size_t day, struct wanted *w)
{
	const uint8_t *id;
	int rc;

	sqlite3_bind_int64(read, 1, number);
	rc = sqlite3_step(read);
	id = rc == SQLITE_ROW ? sqlite3_column_blob(read, 0) : NULL;
	if (id != NULL && sqlite3_column_bytes(read, 0) == MESSAGE_ID_SIZE &&
	    memcmp(id, w->low, MESSAGE_ID_SIZE) >= 0 &&
	    memcmp(id, w->high, MESSAGE_ID_SIZE) <= 0) {
		w->found++;
		w->day = day;
		w->number = number;
	}
	sqlite3_reset(read);
	return (query_fail(q, db, rc));
}

static uint32_t
head_of(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3]);
}

static int
find_in_day(struct query *q, sqlite3 *db, size_t day, struct wanted *w)
{
	uint32_t low = head_of(w->low), high = head_of(w->high), head;
	sqlite3_stmt *batches = NULL, *read = NULL;
	const uint8_t *heads;
	int i, n, step = SQLITE_DONE, rc;

	rc = query_prepare(q, db, "SELECT first_number, heads FROM batch "
	    "ORDER BY first_number DESC", &batches);
	if (rc == 0)
		rc = query_prepare(q, db, "SELECT id FROM run "
		    "WHERE number = ?1", &read);
	while (rc == 0 && (step = sqlite3_step(batches)) == SQLITE_ROW) {
		heads = sqlite3_column_blob(batches, 1);
		n = sqlite3_column_bytes(batches, 1) / 4;
		for (i = 0; rc == 0 && i < n; i++) {
			head = head_of(heads + 4 * i);
			if (head >= low && head <= high)
				rc = verify(q, db, read,
				    sqlite3_column_int64(batches, 0) + i,
				    day, w);
		}
	}
	if (rc == 0)
		rc = query_fail(q, db, step);
	sqlite3_finalize(batches);
	sqlite3_finalize(read);
	return (rc);
}

int
query_run_find(struct query *q, const char *prefix, query_run_cb *cb,
    void *arg)
{
	struct wanted w;
	sqlite3_stmt *stmt;
	sqlite3 *db;
	size_t i;
	int rc = parse_prefix(prefix, &w);

	if (rc == 0)
		rc = query_refresh_days(q);
	for (i = q->day_count; rc == 0 && i-- > 0;) {
		if ((db = query_day_db(q, i)) != NULL)
			rc = query_day_pass_over(q, i,
			    find_in_day(q, db, i, &w));
		if (w.is_whole && w.found > 0)
			break;
	}
	if (rc != 0)
		return (rc);
	if (w.found != 1)
		return (w.found == 0 ? ERR_NOT_FOUND : ERR_EXISTS);
	db = query_day_db(q, w.day);
	rc = query_prepare(q, db, "SELECT " ROW_COLUMNS " FROM run "
	    "WHERE number = ?1", &stmt);
	if (rc != 0)
		return (rc);
	sqlite3_bind_int64(stmt, 1, w.number);
	rc = give_first(q, db, stmt, cb, arg);
	sqlite3_finalize(stmt);
	return (rc);
}
