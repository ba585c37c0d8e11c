/* SPDX-License-Identifier: ISC */
/*
 * Opening databases. Writers use WAL with synchronous FULL: a commit that was
 * acknowledged survives a power cut, and from 100 rows a batch up that costs
 * nothing measurable. Checkpoints are rare because they, not the inserts,
 * are what a large file pays for.
 */
#include "store/db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define BUSY_WAIT_MS 5000

const struct db_kind db_main = {"main.db", schema_main, 0x6532454d, 16384,
    4000};
const struct db_kind db_runs = {"a runs file", schema_runs, 0x65324552,
    65536, 20000};

int
db_err(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return (0);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return (ERR_BUSY);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return (ERR_CORRUPT);
	case SQLITE_ERROR:
		return (ERR_SYNTAX);
	case SQLITE_TOOBIG:
	case SQLITE_INTERRUPT:
		return (ERR_LIMIT);
	case SQLITE_CONSTRAINT:
		return (ERR_EXISTS);
	default:
		return (ERR_IO);
	}
}

int
db_exec(sqlite3 *db, const char *sql)
{
	return (db_err(sqlite3_exec(db, sql, NULL, NULL, NULL)));
}

void
db_rollback(sqlite3 *db)
{
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

int
db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out)
{
	return (db_err(sqlite3_prepare_v3(db, sql, -1,
	    SQLITE_PREPARE_PERSISTENT, out, NULL)));
}

int
db_run(sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	return (db_err(rc));
}

int64_t
db_int(sqlite3 *db, const char *sql, int64_t otherwise)
{
	sqlite3_stmt *stmt = NULL;
	int64_t n = otherwise;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW &&
	    sqlite3_column_type(stmt, 0) != SQLITE_NULL)
		n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return (n);
}

int
db_read_int(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return (rc == SQLITE_DONE ? ERR_NOT_FOUND : db_err(rc));
}

void
db_bind_text(sqlite3_stmt *stmt, int at, const char *s, size_t len)
{
	if (s == NULL)
		sqlite3_bind_null(stmt, at);
	else
		sqlite3_bind_text64(stmt, at, s, len, SQLITE_STATIC,
		    SQLITE_UTF8);
}

void
db_bind_str(sqlite3_stmt *stmt, int at, const char *s)
{
	db_bind_text(stmt, at, s, s != NULL ? strlen(s) : 0);
}

void
db_bind_blob(sqlite3_stmt *stmt, int at, const void *p, size_t len)
{
	sqlite3_bind_blob64(stmt, at, p, len, SQLITE_STATIC);
}

void
db_bind_int_or_null(sqlite3_stmt *stmt, int at, int64_t n, int is_null)
{
	if (is_null)
		sqlite3_bind_null(stmt, at);
	else
		sqlite3_bind_int64(stmt, at, n);
}

const char *
db_text(sqlite3_stmt *stmt, int at)
{
	const unsigned char *s = sqlite3_column_text(stmt, at);

	return (s != NULL ? (const char *)s : "");
}

int
db_newest_version(const struct db_kind *kind)
{
	int i, newest = 0;

	for (i = 0; kind->steps[i].version != 0; i++)
		newest = kind->steps[i].version;
	return (newest);
}

static int
run_step(sqlite3 *db, const struct schema_step *step)
{
	char *sql = xasprintf("PRAGMA user_version = %d", step->version);
	int rc = db_exec(db, step->sql);

	if (rc == 0)
		rc = db_exec(db, sql);
	free(sql);
	return (rc);
}

static int
run_steps(sqlite3 *db, const struct db_kind *kind)
{
	int64_t version = db_int(db, "PRAGMA user_version", 0);
	int i, rc = 0;
	char *sql;

	for (i = 0; rc == 0 && kind->steps[i].version != 0; i++)
		if (kind->steps[i].version > version)
			rc = run_step(db, &kind->steps[i]);
	sql = xasprintf("PRAGMA application_id = %d", kind->application_id);
	if (rc == 0 && version == 0)
		rc = db_exec(db, sql);
	free(sql);
	return (rc);
}

static int
failed(sqlite3 *db, const char *path, int rc, struct cause *c)
{
	if (rc != 0 && c != NULL)
		cause_add(c, "%s: %s", path, sqlite3_errmsg(db));
	return (rc);
}

/* All missing steps in one transaction: a database is old or new. */
static int
migrate(sqlite3 *db, const char *path, const struct db_kind *kind,
    struct cause *c)
{
	int rc = db_exec(db, "BEGIN IMMEDIATE");

	if (rc == 0)
		rc = run_steps(db, kind);
	if (rc == 0)
		rc = db_exec(db, "COMMIT");
	failed(db, path, rc, c);
	if (rc != 0)
		db_rollback(db);
	return (rc);
}

static int
set_up_writer(sqlite3 *db, const struct db_kind *kind)
{
	char *sql = xasprintf(
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	    "PRAGMA secure_delete = OFF; PRAGMA cache_size = -%d;"
	    "PRAGMA wal_autocheckpoint = %d; PRAGMA temp_store = MEMORY;"
	    "PRAGMA journal_size_limit = 134217728;"
	    "PRAGMA trusted_schema = OFF",
	    kind->cache_kib, kind->checkpoint_pages);
	int rc = db_exec(db, sql);

	free(sql);
	return (rc);
}

/* Compare what the file says it is with what this program knows. */
static int
check_identity(sqlite3 *db, const char *path, const struct db_kind *kind,
    enum db_mode mode, struct cause *c)
{
	int64_t version = db_int(db, "PRAGMA user_version", -1);
	int64_t id = db_int(db, "PRAGMA application_id", -1);

	if (version < 0 || id < 0) {
		if (c != NULL)
			cause_add(c, "%s: %s", path, sqlite3_errmsg(db));
		return (db_err(sqlite3_errcode(db)) != 0 ?
		    db_err(sqlite3_errcode(db)) : ERR_CORRUPT);
	}
	if (version > db_newest_version(kind)) {
		if (c != NULL)
			cause_add(c, "%s was written by a newer program "
			    "(schema %lld; this one knows %d): use that, or "
			    "another store", path, (long long)version,
			    db_newest_version(kind));
		return (ERR_VERSION);
	}
	if (version > 0 && id != kind->application_id) {
		if (c != NULL)
			cause_add(c, "%s is a database, but not %s of a "
			    "store", path, kind->name);
		return (ERR_VERSION);
	}
	if (version == 0 && mode == DB_READ)
		return (ERR_NOT_FOUND);
	if (version < db_newest_version(kind) && mode == DB_READ) {
		if (c != NULL)
			cause_add(c, "%s has the older schema %lld: run "
			    "'e2e-store migrate' first", path,
			    (long long)version);
		return (ERR_VERSION);
	}
	return (0);
}

/*
 * A reader needs the -shm file beside a WAL database. Where nobody writes
 * and the directory is read-only it cannot be made, and need not be.
 */
static int
open_handle(const char *path, enum db_mode mode, sqlite3 **out)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
	    (mode == DB_READ ? SQLITE_OPEN_READONLY :
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	char *wal = xasprintf("%s-wal", path), *uri = NULL, *escaped;
	int rc;

	if (mode == DB_READ && access(wal, F_OK) != 0) {
		char *dir = xstrdup(path), *slash = strrchr(dir, '/');

		if (slash != NULL)
			*slash = '\0';
		if (access(slash != NULL ? dir : ".", W_OK) != 0 &&
		    strpbrk(path, "?#%") == NULL)
			uri = xasprintf("file:%s?immutable=1", path);
		free(dir);
	}
	escaped = uri != NULL ? uri : xstrdup(path);
	rc = sqlite3_open_v2(escaped, out,
	    flags | (uri != NULL ? SQLITE_OPEN_URI : 0), NULL);
	free(escaped);
	free(wal);
	return (rc);
}

static int
open_checked(sqlite3 *db, const char *path, const struct db_kind *kind,
    enum db_mode mode, struct cause *c)
{
	int rc = check_identity(db, path, kind, mode, c);

	if (rc != 0)
		return (rc);
	if (mode == DB_READ)
		rc = db_exec(db, "PRAGMA cache_size = -16384;"
		    "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF");
	else
		rc = set_up_writer(db, kind);
	if (rc != 0 || mode == DB_READ)
		return (failed(db, path, rc, c));
	return (migrate(db, path, kind, c));
}

int
db_open(const char *path, const struct db_kind *kind, enum db_mode mode,
    sqlite3 **out, struct cause *c)
{
	sqlite3 *db = NULL;
	int rc;

	if (mode == DB_READ && access(path, F_OK) != 0) {
		if (c != NULL)
			cause_add(c, "%s: %s", path, strerror(errno));
		return (ERR_NOT_FOUND);
	}
	rc = db_err(open_handle(path, mode, &db));
	if (rc != 0 && c != NULL)
		cause_add(c, "%s: %s", path, sqlite3_errmsg(db));
	if (rc == 0) {
		sqlite3_busy_timeout(db, BUSY_WAIT_MS);
		rc = open_checked(db, path, kind, mode, c);
	}
	if (rc != 0) {
		sqlite3_close_v2(db);
		return (rc);
	}
	*out = db;
	return (0);
}

void
db_close(sqlite3 **db)
{
	if (*db == NULL)
		return;
	must(sqlite3_close(*db) == SQLITE_OK);
	*db = NULL;
}

bool
db_has_moved(sqlite3 *db)
{
	int moved = 0;

	return (sqlite3_file_control(db, NULL, SQLITE_FCNTL_HAS_MOVED,
	    &moved) == SQLITE_OK && moved != 0);
}

int
db_set_aside(const char *path)
{
	static const char *const tails[] = {"-wal", "-shm", ""};
	wall_us now = clock_wall();
	char *from, *to;
	size_t i;
	int rc = 0;

	for (i = 0; i < NELEMS(tails); i++) {
		from = xasprintf("%s%s", path, tails[i]);
		to = xasprintf("%s.damaged-%lld%s", path, (long long)now,
		    tails[i]);
		if (rename(from, to) != 0 && errno != ENOENT)
			rc = ERR_IO;
		free(from);
		free(to);
	}
	return (rc);
}
