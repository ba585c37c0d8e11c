/* SPDX-License-Identifier: ISC */
/* The open store: main.db, the day files as they come and go, names. */
#include "store/query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/query_priv.h"

int
query_fail(struct query *q, sqlite3 *db, int rc)
{
	int err = db_err(rc);

	if (err != 0)
		snprintf(q->reason, sizeof(q->reason), "%s",
		    sqlite3_errmsg(db));
	return (err);
}

int
query_prepare(struct query *q, sqlite3 *db, const char *sql,
    sqlite3_stmt **out)
{
	return (query_fail(q, db, sqlite3_prepare_v2(db, sql, -1, out,
	    NULL)));
}

int
query_open(const char *dir, struct query **out, struct cause *c)
{
	struct query *q = xcalloc(1, sizeof(*q));
	char *path = file_join(dir, "main.db");
	struct stat st;
	int rc = 0;

	q->dir = xstrdup(dir);
	if (stat(path, &st) != 0) {
		rc = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND :
		    ERR_IO;
		if (rc == ERR_NOT_FOUND)
			cause_add(c, "%s: there is no store here", dir);
		else
			cause_add(c, "%s: the store cannot be read: %s", dir,
			    strerror(errno));
	} else if ((rc = db_open(path, &db_main, DB_READ, &q->db, c)) ==
	    ERR_NOT_FOUND)
		cause_add(c, "%s: the store is still empty", dir);
	free(path);
	if (rc != 0) {
		query_close(&q);
		return (rc);
	}
	*out = q;
	return (0);
}

static void
close_day(struct query_day *d)
{
	db_close(&d->db);
}

void
query_close(struct query **qp)
{
	struct query *q = *qp;
	struct query_name *n, *next;
	size_t i;

	if (q == NULL)
		return;
	*qp = NULL;
	for (i = 0; i < q->day_count; i++)
		close_day(&q->days[i]);
	free(q->days);
	HASH_ITER(hh, q->names, n, next) {
		HASH_DEL(q->names, n);
		free(n->check);
		free(n->service);
		free(n->location);
		free(n->environment);
		free(n);
	}
	query_sums_free(q);
	db_close(&q->db);
	free(q->dir);
	free(q);
}

const char *
query_reason(const struct query *q)
{
	return (q->reason);
}

/* Move what is open already from the old list, if it is the same file. */
static void
take_over(struct query *q, struct query_day *d)
{
	size_t i;

	for (i = 0; i < q->day_count; i++) {
		if (q->days[i].day != d->day || q->days[i].inode != d->inode)
			continue;
		*d = q->days[i];
		q->days[i].db = NULL;
		return;
	}
}

int
query_refresh_days(struct query *q)
{
	struct query_day *days;
	int64_t *list;
	struct stat st;
	size_t i, n, kept = 0;
	char *path;

	if (day_list(q->dir, &list, &n) != 0) {
		snprintf(q->reason, sizeof(q->reason), "%s: %s", q->dir,
		    strerror(errno));
		return (ERR_IO);
	}
	days = xcalloc(n + 1, sizeof(*days));
	for (i = 0; i < n; i++) {
		path = day_path(q->dir, list[i]);
		if (stat(path, &st) == 0) {
			days[kept].day = list[i];
			days[kept].inode = st.st_ino;
			take_over(q, &days[kept++]);
		}
		free(path);
	}
	free(list);
	for (i = 0; i < q->day_count; i++)
		close_day(&q->days[i]);
	free(q->days);
	q->days = days;
	q->day_count = kept;
	return (0);
}

sqlite3 *
query_day_db(struct query *q, size_t i)
{
	struct query_day *d = &q->days[i];
	struct cause c;
	char *path;
	int rc;

	if (d->db != NULL || d->is_broken)
		return (d->db);
	cause_init(&c);
	path = day_path(q->dir, d->day);
	rc = db_open(path, &db_runs, DB_READ, &d->db, &c);
	/* Not found: just being made, or just expired. */
	if (rc != 0 && rc != ERR_NOT_FOUND) {
		d->is_broken = true;
		log_warn("query.day.unreadable", "reason=%s", c.count > 0 ?
		    log_quote(c.entries[0].sentence) : err_text(rc));
	}
	free(path);
	cause_fini(&c);
	return (d->db);
}

int
query_day_pass_over(struct query *q, size_t i, int rc)
{
	struct query_day *d = &q->days[i];
	char name[DAY_NAME_SIZE];

	if (rc != ERR_CORRUPT || d->db == NULL)
		return (rc);
	day_format(d->day, name);
	log_warn("query.day.damaged", "day=%s reason=%s", name,
	    log_quote(q->reason));
	d->is_broken = true;
	close_day(d);
	return (0);
}

const struct query_name *
query_name_get(struct query *q, int64_t id)
{
	sqlite3_stmt *stmt;
	struct query_name *n;

	HASH_FIND(hh, q->names, &id, sizeof(id), n);
	if (n != NULL || query_prepare(q, q->db, "SELECT check_name, "
	    "service, location, environment FROM checks WHERE id = ?1",
	    &stmt) != 0)
		return (n);
	sqlite3_bind_int64(stmt, 1, id);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		n = xcalloc(1, sizeof(*n));
		n->id = id;
		n->check = xstrdup(db_text(stmt, 0));
		n->service = xstrdup(db_text(stmt, 1));
		n->location = xstrdup(db_text(stmt, 2));
		n->environment = xstrdup(db_text(stmt, 3));
		HASH_ADD(hh, q->names, id, sizeof(n->id), n);
	}
	sqlite3_finalize(stmt);
	return (n);
}

static void
add_condition(struct buf *sql, const char *column, const char *value)
{
	char *text;

	if (value == NULL)
		return;
	text = sqlite3_mprintf(strpbrk(value, "*?") != NULL ?
	    " AND %s GLOB %Q" : " AND %s = %Q", column, value);
	buf_append_str(sql, text);
	sqlite3_free(text);
}

void
query_condition(const struct query_which *which, struct buf *sql)
{
	add_condition(sql, "check_name", which->check);
	add_condition(sql, "service", which->service);
	add_condition(sql, "location", which->location);
	add_condition(sql, "environment", which->environment);
}

int
query_match(struct query *q, const struct query_which *which,
    int64_t **ids, size_t *count, bool *all)
{
	sqlite3_stmt *stmt;
	struct buf sql;
	int rc;

	*ids = NULL;
	*count = 0;
	*all = which->check == NULL && which->service == NULL &&
	    which->location == NULL && which->environment == NULL;
	if (*all)
		return (0);
	buf_init(&sql, 1 << 20);
	buf_append_str(&sql, "SELECT id FROM checks WHERE 1");
	query_condition(which, &sql);
	rc = sql.is_full ? ERR_LIMIT :
	    query_prepare(q, q->db, buf_str(&sql), &stmt);
	buf_fini(&sql);
	if (rc != 0)
		return (rc);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		*ids = xreallocarray(*ids, *count + 1, sizeof(**ids));
		(*ids)[(*count)++] = sqlite3_column_int64(stmt, 0);
	}
	sqlite3_finalize(stmt);
	return (query_fail(q, q->db, rc));
}

static size_t
add_piece(struct query_piece *out, size_t n, enum rollup_level level,
    wall_us from, wall_us to)
{
	if (from >= to)
		return (n);
	out[n] = (struct query_piece){level, from, to};
	return (n + 1);
}

static wall_us
round_up(enum rollup_level level, wall_us t)
{
	return (rollup_start(level, t + rollup_tables[level].width - 1));
}

static wall_us
earlier(wall_us a, wall_us b)
{
	return (a < b ? a : b);
}

/*
 * minutes .. | hours .. | days .. | hours .. | minutes ..: the coarser the
 * larger, and each only where it fits whole.
 */
size_t
query_cut(wall_us since, wall_us until,
    struct query_piece out[static QUERY_PIECES_MOST])
{
	wall_us from = rollup_start(ROLLUP_MINUTE, since);
	wall_us to = round_up(ROLLUP_MINUTE, until);
	wall_us hour = earlier(round_up(ROLLUP_HOUR, from), to);
	wall_us day = earlier(round_up(ROLLUP_DAY, hour), to);
	wall_us last_day = rollup_start(ROLLUP_DAY, to);
	wall_us last_hour = rollup_start(ROLLUP_HOUR, to);
	size_t n = 0;

	n = add_piece(out, n, ROLLUP_MINUTE, from, hour);
	from = hour;
	if (day <= last_day) {
		n = add_piece(out, n, ROLLUP_HOUR, from, day);
		n = add_piece(out, n, ROLLUP_DAY, day, last_day);
		from = last_day;
	}
	if (from < last_hour) {
		n = add_piece(out, n, ROLLUP_HOUR, from, last_hour);
		from = last_hour;
	}
	return (add_piece(out, n, ROLLUP_MINUTE, from, to));
}
