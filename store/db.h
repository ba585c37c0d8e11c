/* SPDX-License-Identifier: ISC */
/*
 * The door to SQLite: opening with migrations, statements, and SQLite's codes
 * as enum err. Only for the files of store/.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/cause.h"
#include "base/must.h"
#include "store/schema.h"

enum db_mode {
	DB_READ,  /* must exist */
	DB_WRITE  /* made or migrated when needed */
};

struct db_kind {
	const char *name;          /* for sentences */
	const struct schema_step *steps;
	int application_id;
	int cache_kib;
	int checkpoint_pages;
};

extern const struct db_kind db_main;
extern const struct db_kind db_runs;

/*
 * Open the database file at path. Returns 0, ERR_NOT_FOUND (also a file
 * whose making has not been committed yet), ERR_VERSION when a newer program
 * or another one wrote it, ERR_IO or ERR_CORRUPT; a sentence goes to c unless
 * it is NULL.
 */
int db_open(const char *path, const struct db_kind *kind, enum db_mode mode,
    sqlite3 **out, struct cause *c);

/* Close; a database in use by no one else is checkpointed. */
void db_close(sqlite3 **db);

/* True when the open file is no longer at its path: removed, or replaced. */
bool db_has_moved(sqlite3 *db);

/*
 * Rename a damaged database that is not open, and what SQLite keeps beside
 * it, to <path>.damaged-<time>, so that another can begin. 0 or ERR_IO.
 */
int db_set_aside(const char *path);

/* The newest schema version of a kind. */
int db_newest_version(const struct db_kind *kind);

/* The enum err for a result code of SQLite; 0 for OK, ROW and DONE. */
int db_err(int rc);

/* Run one or more statements without values. Returns 0 or an enum err. */
int db_exec(sqlite3 *db, const char *sql);

/*
 * End the transaction, if there is one: after an error of the disk SQLite may
 * have done so by itself, and its sentence stays.
 */
void db_rollback(sqlite3 *db);

/* Prepare a statement that will be used often. */
int db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out);

/* Step a statement that returns no row, and reset it. 0 or an enum err. */
int db_run(sqlite3_stmt *stmt);

/* The first column of the first row as integer; otherwise when no row. */
int64_t db_int(sqlite3 *db, const char *sql, int64_t otherwise);

/* As db_int, but an error is told. ERR_NOT_FOUND when there is no row. */
int db_read_int(sqlite3 *db, const char *sql, int64_t *out);

/* Bind text or a blob that stays put until the statement was stepped. */
void db_bind_text(sqlite3_stmt *stmt, int at, const char *s, size_t len);
void db_bind_str(sqlite3_stmt *stmt, int at, const char *s);
void db_bind_blob(sqlite3_stmt *stmt, int at, const void *p, size_t len);

/* Bind n, or NULL when is_null. */
void db_bind_int_or_null(sqlite3_stmt *stmt, int at, int64_t n, int is_null);

/* Column as text, "" for NULL. */
const char *db_text(sqlite3_stmt *stmt, int at);

#endif
