/* SPDX-License-Identifier: ISC */
/*
 * e2e-query sql: one reading statement over main.db and the newest days. The
 * databases are open read-only, and an authorizer refuses whatever is not a
 * SELECT, so that not even an ATTACH is possible.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/table.h"
#include "store/day.h"
#include "store/query_command.h"

#define DAYS_MOST 9 /* SQLite attaches at most 10 */

static int
authorize_cb(void *arg, int action, const char *a, const char *b,
    const char *db, const char *trigger)
{
	(void)arg;
	(void)a;
	(void)db;
	(void)trigger;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return (SQLITE_OK);
	case SQLITE_FUNCTION:
		/* Loads code; off by default, and kept off. */
		return (b != NULL && strcmp(b, "load_extension") == 0 ?
		    SQLITE_DENY : SQLITE_OK);
	case SQLITE_PRAGMA:
		return (a != NULL && (strcmp(a, "table_info") == 0 ||
		    strcmp(a, "table_list") == 0) ? SQLITE_OK : SQLITE_DENY);
	default:
		return (SQLITE_DENY);
	}
}

/* Attach a day and return true when it can be read. */
static bool
attach(sqlite3 *db, const char *dir, int64_t day, size_t at)
{
	char *path = day_path(dir, day);
	char *sql = sqlite3_mprintf("ATTACH %Q AS day%d", path, (int)at);
	char *probe = sqlite3_mprintf("PRAGMA day%d.user_version", (int)at);
	bool is_good = db_exec(db, sql) == 0;

	if (is_good && db_int(db, probe, 0) != db_newest_version(&db_runs)) {
		sqlite3_free(sql);
		sql = sqlite3_mprintf("DETACH day%d", (int)at);
		db_exec(db, sql);
		is_good = false;
	}
	sqlite3_free(probe);
	sqlite3_free(sql);
	free(path);
	return (is_good);
}

/* One view over the table or view of the same name in every day. */
static int
span_days(sqlite3 *db, const char *name, size_t days)
{
	struct buf sql;
	size_t i;
	int rc;

	buf_init(&sql, 1 << 16);
	buf_printf(&sql, "CREATE TEMP VIEW %s AS ", name);
	for (i = 0; i < days; i++)
		buf_printf(&sql, "%sSELECT * FROM day%zu.%s",
		    i > 0 ? " UNION ALL " : "", i, name);
	rc = db_exec(db, buf_str(&sql));
	buf_fini(&sql);
	return (rc);
}

static int
attach_days(sqlite3 *db, const char *dir)
{
	static const char *const names[] = {"run", "run_text", "step"};
	int64_t *days;
	size_t i, n, attached = 0;
	int rc = day_list(dir, &days, &n);

	if (rc != 0)
		return (rc);
	if (n > DAYS_MOST)
		fprintf(stderr, "e2e-query: only the newest %d of %zu days of "
		    "runs are in reach of one statement\n", DAYS_MOST, n);
	for (i = n; i-- > 0 && attached < DAYS_MOST;)
		if (attach(db, dir, days[i], attached))
			attached++;
	free(days);
	for (i = 0; attached > 0 && rc == 0 && i < NELEMS(names); i++)
		rc = span_days(db, names[i], attached);
	return (rc);
}

/* Results. */

/* Ids and trace ids are blobs: in hex, as everywhere. The caller frees. */
static char *
hex_of(sqlite3_stmt *stmt, int i)
{
	const void *p = sqlite3_column_blob(stmt, i);
	size_t n = (size_t)sqlite3_column_bytes(stmt, i);
	char *hex = xmalloc(2 * n + 1);

	crypto_hex(p, n, hex);
	return (hex);
}

static void
add_value(struct table *t, sqlite3_stmt *stmt, int i)
{
	char *hex;

	if (sqlite3_column_type(stmt, i) == SQLITE_NULL) {
		table_none(t);
		return;
	}
	if (sqlite3_column_type(stmt, i) != SQLITE_BLOB) {
		table_text(t, (const char *)sqlite3_column_text(stmt, i));
		return;
	}
	hex = hex_of(stmt, i);
	table_text(t, hex);
	free(hex);
}

/* Numbers keep their kind in JSON. */
static void
add_json_value(struct json_out *o, sqlite3_stmt *stmt, int i)
{
	const char *text;
	char *hex;

	switch (sqlite3_column_type(stmt, i)) {
	case SQLITE_INTEGER:
		json_out_int(o, sqlite3_column_int64(stmt, i));
		break;
	case SQLITE_FLOAT:
		json_out_double(o, sqlite3_column_double(stmt, i));
		break;
	case SQLITE_TEXT:
		text = (const char *)sqlite3_column_text(stmt, i);
		json_out_str_n(o, text,
		    (size_t)sqlite3_column_bytes(stmt, i));
		break;
	case SQLITE_BLOB:
		hex = hex_of(stmt, i);
		json_out_str(o, hex);
		free(hex);
		break;
	default:
		json_out_null(o);
	}
}

static int
print_json(sqlite3_stmt *stmt)
{
	struct json_out o;
	struct buf b;
	int i, n = sqlite3_column_count(stmt), rc;
	const char *comma = "";

	buf_init(&b, 1u << 30);
	fputs("[", stdout);
	/* Nobody reads on: a statement without end ends there. */
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && !ferror(stdout)) {
		buf_reset(&b);
		json_out_init(&o, &b);
		json_out_object(&o);
		for (i = 0; i < n; i++) {
			const char *name = sqlite3_column_name(stmt, i);

			json_out_key_n(&o, name, strlen(name));
			add_json_value(&o, stmt, i);
		}
		json_out_object_end(&o);
		printf("%s%s", comma, buf_str(&b));
		comma = ",\n ";
	}
	puts("]");
	buf_fini(&b);
	return (rc == SQLITE_ROW ? SQLITE_DONE : rc);
}

static int
print_table(sqlite3_stmt *stmt, enum format format)
{
	int i, n = sqlite3_column_count(stmt), rc;
	struct table_style style = table_style_for(stdout);
	struct table_column *columns = xcalloc((size_t)n, sizeof(*columns));
	struct table *t;

	for (i = 0; i < n; i++)
		columns[i] = (struct table_column){
		    sqlite3_column_name(stmt, i),
		    sqlite3_column_name(stmt, i), TABLE_TEXT};
	t = table_new(columns, (size_t)n);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && !ferror(stdout)) {
		for (i = 0; i < n; i++)
			add_value(t, stmt, i);
		if (format == FORMAT_CSV)
			table_flush_csv(t, stdout);
	}
	if (rc == SQLITE_DONE)
		table_print(t, format, &style, stdout);
	table_free(&t);
	free(columns);
	return (rc == SQLITE_ROW ? SQLITE_DONE : rc);
}

static int
run(sqlite3 *db, const char *sql, enum format format, struct cause *c)
{
	sqlite3_stmt *stmt = NULL;
	const char *tail = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &tail);

	if (rc == SQLITE_OK && stmt != NULL &&
	    tail[strspn(tail, " \t\r\n;")] != '\0') {
		cause_add(c, "one statement at a time");
		rc = SQLITE_MISUSE;
	} else if (rc == SQLITE_OK && (stmt == NULL ||
	    sqlite3_column_count(stmt) == 0)) {
		cause_add(c, "only a statement that reads is run here");
		rc = SQLITE_MISUSE;
	} else if (rc == SQLITE_OK)
		rc = format == FORMAT_JSON ? print_json(stmt) :
		    print_table(stmt, format);
	if (db_err(rc) != 0 && rc != SQLITE_MISUSE)
		cause_add(c, "%s", rc == SQLITE_AUTH ? "only a statement "
		    "that reads is run here" : sqlite3_errmsg(db));
	sqlite3_finalize(stmt);
	return (rc);
}

int
query_sql(const char *dir, const char *sql, enum format format,
    struct cause *c)
{
	char *path = file_join(dir, "main.db");
	sqlite3 *db;
	int rc = db_open(path, &db_main, DB_READ, &db, c);

	free(path);
	if (rc != 0)
		return (EXIT_UNMEASURED);
	/*
	 * Views of one's own want to be written, if only in memory; and the
	 * view step uses json_extract, which SQLite 3.40 counts as unsafe in
	 * a schema that is not trusted. Ours is: migrations made it.
	 */
	db_exec(db, "PRAGMA query_only = OFF; PRAGMA temp_store = MEMORY;"
	    "PRAGMA trusted_schema = ON");
	rc = attach_days(db, dir);
	if (rc != 0) {
		cause_add(c, "%s: %s", dir, sqlite3_errmsg(db));
		db_close(&db);
		return (EXIT_UNMEASURED);
	}
	db_exec(db, "PRAGMA query_only = ON");
	sqlite3_set_authorizer(db, authorize_cb, NULL);
	rc = run(db, sql, format, c);
	sqlite3_set_authorizer(db, NULL, NULL);
	db_close(&db);
	if (db_err(rc) == 0)
		return (EXIT_GOOD);
	return (rc == SQLITE_MISUSE || rc == SQLITE_AUTH ||
	    (rc & 0xff) == SQLITE_ERROR ? EXIT_USAGE : EXIT_UNMEASURED);
}
