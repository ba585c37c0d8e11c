/* SPDX-License-Identifier: ISC */
/* One day's file of raw runs, as the writer sees it. */
#include "store/day.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"

#define FILE_PREFIX "runs-"
#define FILE_SUFFIX ".db"
#define HEAD_BYTES 4
#define HEADS_MOST_BYTES (4u << 20)

struct day {
	int64_t day;
	sqlite3 *db;
	sqlite3_stmt *insert, *find, *add_ref, *add_batch;
	bool is_pending;
	int64_t last_number;      /* of rows, the batch included */
	int64_t committed_number;
	struct buf heads;         /* of the batch */
	uint64_t *refs;           /* bit by check id: in check_ref */
	size_t refs_len;
	bool has_new_refs;        /* set in the batch: a rollback forgets */
};

int64_t
day_of(wall_us t)
{
	return (t / SPAN_DAY);
}

void
day_format(int64_t day, char out[static DAY_NAME_SIZE])
{
	char text[CLOCK_TEXT_SIZE];

	clock_format_wall(day * SPAN_DAY, text);
	memcpy(out, text, 10);
	out[10] = '\0';
}

int
day_parse(const char *name, int64_t *out)
{
	wall_us t;

	if (strlen(name) != 10 || clock_parse_wall(name, &t) != 0 || t < 0)
		return (ERR_SYNTAX);
	*out = day_of(t);
	return (0);
}

char *
day_path(const char *dir, int64_t day)
{
	char name[DAY_NAME_SIZE];

	day_format(day, name);
	return (xasprintf("%s/" FILE_PREFIX "%s" FILE_SUFFIX, dir, name));
}

static int
parse_file_name(const char *name, int64_t *day)
{
	size_t prefix = strlen(FILE_PREFIX), len = strlen(name);
	char text[11];

	if (len != prefix + 10 + strlen(FILE_SUFFIX) ||
	    strncmp(name, FILE_PREFIX, prefix) != 0 ||
	    strcmp(name + prefix + 10, FILE_SUFFIX) != 0)
		return (ERR_SYNTAX);
	memcpy(text, name + prefix, 10);
	text[10] = '\0';
	return (day_parse(text, day));
}

static int
compare_days(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return ((x > y) - (x < y));
}

int
day_list(const char *dir, int64_t **days, size_t *count)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int64_t day;

	*days = NULL;
	*count = 0;
	if (d == NULL)
		return (ERR_IO);
	while ((entry = readdir(d)) != NULL) {
		if (parse_file_name(entry->d_name, &day) != 0)
			continue;
		*days = xreallocarray(*days, *count + 1, sizeof(**days));
		(*days)[(*count)++] = day;
	}
	closedir(d);
	if (*count > 1)
		qsort(*days, *count, sizeof(**days), compare_days);
	return (0);
}

int
day_remove(const char *dir, int64_t day)
{
	static const char *const tails[] = {"-wal", "-shm", ""};
	char *path = day_path(dir, day), *full;
	size_t i;
	int rc = 0;

	for (i = 0; i < NELEMS(tails); i++) {
		full = xasprintf("%s%s", path, tails[i]);
		if (unlink(full) != 0 && errno != ENOENT)
			rc = ERR_IO;
		free(full);
	}
	free(path);
	return (rc);
}

int
day_set_aside(const char *dir, int64_t day)
{
	char *path = day_path(dir, day);
	int rc = db_set_aside(path);

	free(path);
	return (rc);
}

static int
prepare(struct day *d)
{
	int rc;

	rc = db_prepare(d->db, "INSERT INTO run VALUES (?1, ?2, ?3, ?4, ?5, "
	    "?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
	    "?19)", &d->insert);
	if (rc == 0)
		rc = db_prepare(d->db, "SELECT number FROM run "
		    "INDEXED BY run_by_check WHERE check_id = ?1 AND "
		    "due_us = ?2 AND id = ?3", &d->find);
	if (rc == 0)
		rc = db_prepare(d->db, "REPLACE INTO check_ref VALUES (?1, "
		    "?2, ?3, ?4, ?5)", &d->add_ref);
	if (rc == 0)
		rc = db_prepare(d->db, "INSERT INTO batch VALUES (?1, ?2, "
		    "?3)", &d->add_batch);
	return (rc);
}

int
day_open(const char *dir, int64_t day, struct day **out, struct cause *c)
{
	struct day *d = xcalloc(1, sizeof(*d));
	char *path = day_path(dir, day);
	int rc;

	d->day = day;
	buf_init(&d->heads, HEADS_MOST_BYTES);
	rc = db_open(path, &db_runs, DB_WRITE, &d->db, c);
	if (rc == 0) {
		rc = prepare(d);
		if (rc == 0)
			rc = db_read_int(d->db, "SELECT "
			    "coalesce(max(number), 0) FROM run",
			    &d->last_number);
		if (rc != 0 && c != NULL)
			cause_add(c, "%s: %s", path, sqlite3_errmsg(d->db));
	}
	free(path);
	if (rc != 0) {
		day_close(&d);
		return (rc);
	}
	d->committed_number = d->last_number;
	*out = d;
	return (0);
}

void
day_close(struct day **dp)
{
	struct day *d = *dp;

	if (d == NULL)
		return;
	*dp = NULL;
	day_rollback(d);
	sqlite3_finalize(d->insert);
	sqlite3_finalize(d->find);
	sqlite3_finalize(d->add_ref);
	sqlite3_finalize(d->add_batch);
	db_close(&d->db);
	buf_fini(&d->heads);
	free(d->refs);
	free(d);
}

int64_t
day_number(const struct day *d)
{
	return (d->day);
}

int64_t
day_last_number(const struct day *d)
{
	return (d->last_number);
}

sqlite3 *
day_db(struct day *d)
{
	return (d->db);
}

bool
day_is_pending(const struct day *d)
{
	return (d->is_pending);
}

/* Name the check in this file, once. */
static int
refer(struct day *d, const struct registry_check *check)
{
	size_t word = (size_t)check->id / 64, len;
	uint64_t bit = (uint64_t)1 << (check->id % 64);

	if (word < d->refs_len && (d->refs[word] & bit) != 0)
		return (0);
	if (word >= d->refs_len) {
		len = word * 2 + 16;
		d->refs = xreallocarray(d->refs, len, sizeof(*d->refs));
		memset(d->refs + d->refs_len, 0,
		    (len - d->refs_len) * sizeof(*d->refs));
		d->refs_len = len;
	}
	d->refs[word] |= bit;
	d->has_new_refs = true;
	sqlite3_bind_int64(d->add_ref, 1, check->id);
	db_bind_str(d->add_ref, 2, check->name);
	db_bind_str(d->add_ref, 3, check->service);
	db_bind_str(d->add_ref, 4, check->location);
	db_bind_str(d->add_ref, 5, check->environment);
	return (db_run(d->add_ref));
}

static int
find(struct day *d, const struct run_event *e, int64_t check_id)
{
	int rc;

	sqlite3_bind_int64(d->find, 1, check_id);
	sqlite3_bind_int64(d->find, 2, e->due_us);
	db_bind_blob(d->find, 3, e->id, sizeof(e->id));
	rc = sqlite3_step(d->find);
	sqlite3_reset(d->find);
	return (rc == SQLITE_ROW ? ERR_EXISTS : db_err(rc));
}

static void
bind_int(sqlite3_stmt *stmt, int at, int64_t n)
{
	db_bind_int_or_null(stmt, at, n, n == EVENT_ABSENT);
}

static void
bind_slice(sqlite3_stmt *stmt, int at, const struct slice *s)
{
	db_bind_text(stmt, at, s->text, s->len);
}

static int
insert(struct day *d, const struct run_event *e, int64_t check_id,
    int64_t definition_id)
{
	sqlite3_stmt *stmt = d->insert;

	sqlite3_bind_int64(stmt, 1, d->last_number + 1);
	sqlite3_bind_int64(stmt, 2, check_id);
	sqlite3_bind_int64(stmt, 3, e->due_us);
	sqlite3_bind_int(stmt, 4, e->trigger);
	sqlite3_bind_int(stmt, 5, e->outcome);
	sqlite3_bind_int64(stmt, 6, e->duration_us);
	db_bind_blob(stmt, 7, e->id, sizeof(e->id));
	db_bind_blob(stmt, 8, e->has_trace ? e->trace : NULL,
	    sizeof(e->trace));
	bind_int(stmt, 9, e->started_us);
	bind_int(stmt, 10, e->late_us);
	bind_int(stmt, 11, e->lag_us);
	db_bind_int_or_null(stmt, 12, definition_id, definition_id == 0);
	bind_slice(stmt, 13, &e->probe);
	bind_slice(stmt, 14, &e->reason);
	bind_slice(stmt, 15, &e->place_file);
	bind_int(stmt, 16, e->place_line);
	bind_int(stmt, 17, e->place_column);
	bind_slice(stmt, 18, &e->steps);
	bind_slice(stmt, 19, &e->evidence);
	return (db_run(stmt));
}

int
day_append(struct day *d, const struct run_event *e,
    struct registry_check *check, int64_t definition_id, bool is_again,
    int64_t *number)
{
	int rc = 0;

	if (!d->is_pending) {
		if ((rc = db_exec(d->db, "BEGIN IMMEDIATE")) != 0)
			return (rc);
		d->is_pending = true;
	}
	if (is_again)
		rc = find(d, e, check->id);
	if (rc == 0)
		rc = refer(d, check);
	if (rc != 0)
		return (rc);
	rc = insert(d, e, check->id, definition_id);
	if (rc != 0)
		return (rc == ERR_EXISTS ? ERR_CORRUPT : rc);
	buf_append(&d->heads, e->id, HEAD_BYTES);
	*number = ++d->last_number;
	return (0);
}

static int
add_batch(struct day *d, wall_us now)
{
	if (d->last_number == d->committed_number)
		return (0);
	must(!d->heads.is_full);
	sqlite3_bind_int64(d->add_batch, 1, d->committed_number + 1);
	sqlite3_bind_int64(d->add_batch, 2, now);
	db_bind_blob(d->add_batch, 3, d->heads.data, d->heads.len);
	return (db_run(d->add_batch));
}

int
day_commit(struct day *d, wall_us now)
{
	int rc;

	if (!d->is_pending)
		return (0);
	rc = add_batch(d, now);
	if (rc == 0)
		rc = db_exec(d->db, "COMMIT");
	if (rc != 0)
		return (rc);
	d->is_pending = false;
	d->has_new_refs = false;
	d->committed_number = d->last_number;
	buf_reset(&d->heads);
	return (0);
}

void
day_rollback(struct day *d)
{
	if (!d->is_pending)
		return;
	db_rollback(d->db);
	d->is_pending = false;
	d->last_number = d->committed_number;
	buf_reset(&d->heads);
	if (d->has_new_refs)
		memset(d->refs, 0, d->refs_len * sizeof(*d->refs));
	d->has_new_refs = false;
}
