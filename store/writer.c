/* SPDX-License-Identifier: ISC */
/*
 * The writer: main.db and the few day files in use, one batch at a time.
 * Day files commit first; their runs are then counted in memory, and
 * rollup.c brings the counts to main.db with the marks that make it exact.
 */
#include "store/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "config.h"
#include "store/day.h"
#include "store/days.h"
#include "store/evidence.h"
#include "store/gate_record.h"
#include "store/lock.h"
#include "store/recount.h"
#include "store/run_event.h"
#include "store/registry.h"
#include "store/rollup.h"

#define REJECTED_MOST_BYTES 65536
#define SPACE_LEAST_BYTES (4u << 20)
#define REASON_SIZE 400
#define LEFT_OUT_MOST_BYTES 128
#define FUTURE_MOST SPAN_DAY /* a clock that is so far ahead is wrong */

struct store_writer {
	char *dir;
	int64_t retain_days;
	int lock_fd;
	sqlite3 *db;
	sqlite3_stmt *reject;
	struct gate_record *gates;
	struct registry *registry;
	struct rollups *rollups;
	struct days *days;
	struct buf left_out; /* in place of evidence that is not kept */
	struct rollup_run *batch;
	size_t batch_count, batch_cap;
	struct store_counts counts;
	bool is_main_damaged; /* main.db must be set aside */
	bool has_damage;    /* the file of damaged_day must be set aside */
	int64_t damaged_day;
	char reason[REASON_SIZE];
};

static int
fail(struct store_writer *w, int rc, sqlite3 *db, const char *what)
{
	snprintf(w->reason, sizeof(w->reason), "%s: %s", what,
	    db != NULL && sqlite3_errcode(db) != SQLITE_OK ?
	    sqlite3_errmsg(db) : err_text(rc));
	return (rc);
}

static int
fail_main(struct store_writer *w, int rc, const char *what)
{
	w->is_main_damaged |= rc == ERR_CORRUPT;
	return (fail(w, rc, w->db, what));
}

static int
fail_day(struct store_writer *w, int rc, struct day *d)
{
	if (rc == ERR_CORRUPT) {
		w->has_damage = true;
		w->damaged_day = day_number(d);
	}
	return (fail(w, rc, day_db(d), "a runs file"));
}

static void
drop_batch(struct store_writer *w)
{
	days_rollback(w->days);
	if (w->registry != NULL)
		registry_rollback(w->registry);
	w->batch_count = 0;
}

/* Opening and closing. */

static int
note_writer(struct store_writer *w)
{
	char *sql = sqlite3_mprintf(
	    "INSERT OR IGNORE INTO meta VALUES ('created_us', '%lld');"
	    "REPLACE INTO meta VALUES ('written_by', 'e2e-store %s')",
	    (long long)clock_wall(), PACKAGE_VERSION);
	int rc = db_exec(w->db, sql);

	sqlite3_free(sql);
	return (rc);
}

static void
close_main(struct store_writer *w)
{
	rollups_close(&w->rollups);
	registry_close(&w->registry);
	gate_record_close(&w->gates);
	sqlite3_finalize(w->reject);
	w->reject = NULL;
	db_close(&w->db);
}

static int
try_main(struct store_writer *w, const char *path, struct cause *c)
{
	int rc = db_open(path, &db_main, DB_WRITE, &w->db, c);

	if (rc == 0) {
		rc = db_prepare(w->db, "INSERT INTO rejected (stored_us, "
		    "reason, document) VALUES (?1, ?2, ?3)", &w->reject);
		if (rc == 0)
			rc = note_writer(w);
		if (rc == 0)
			rc = gate_record_open(w->db, &w->gates);
		if (rc == 0)
			rc = registry_open(w->db, &w->registry);
		if (rc == 0)
			rc = rollups_open(w->db, &w->rollups);
		if (rc != 0)
			cause_add(c, "%s: %s", path, sqlite3_errmsg(w->db));
	}
	if (rc != 0)
		close_main(w);
	return (rc);
}

/*
 * A damaged main.db must not end the recording: it is kept beside, and what
 * the runs files have of it is counted anew.
 */
static int
open_main(struct store_writer *w, struct cause *c)
{
	char *path = file_join(w->dir, "main.db");
	struct cause first;
	int rc = ERR_CORRUPT;

	cause_init(&first);
	if (!w->is_main_damaged)
		rc = try_main(w, path, &first);
	if (rc == ERR_CORRUPT && db_set_aside(path) == 0) {
		log_error("store.main.set_aside", "reason=%s",
		    log_quote(first.count > 0 ? first.entries[0].sentence :
		    w->reason));
		w->is_main_damaged = false;
		rc = try_main(w, path, c);
	} else if (rc != 0 && first.count > 0)
		cause_add(c, "%s", first.entries[0].sentence);
	cause_fini(&first);
	free(path);
	return (rc);
}

int
store_writer_open(const struct store_options *options,
    struct store_writer **out, struct cause *c)
{
	struct store_writer *w = xcalloc(1, sizeof(*w));
	int rc;

	w->dir = xstrdup(options->dir);
	w->retain_days = options->retain_days;
	w->lock_fd = -1;
	w->days = days_new(w->dir);
	buf_init(&w->left_out, LEFT_OUT_MOST_BYTES);
	rc = file_make_dirs(w->dir);
	if (rc != 0)
		cause_add(c, "%s: %s", w->dir, strerror(errno));
	if (rc == 0)
		rc = lock_take(w->dir, &w->lock_fd, c);
	if (rc == 0)
		rc = open_main(w, c);
	if (rc == 0)
		rc = recount_days(w->dir, w->registry, w->rollups, c);
	if (rc != 0) {
		store_writer_close(&w);
		return (rc);
	}
	*out = w;
	return (0);
}

void
store_writer_close(struct store_writer **wp)
{
	struct store_writer *w = *wp;

	if (w == NULL)
		return;
	*wp = NULL;
	if (w->rollups != NULL && store_writer_commit(w) == 0)
		rollups_flush(w->rollups);
	days_free(&w->days);
	close_main(w);
	if (w->lock_fd >= 0)
		close(w->lock_fd);
	buf_fini(&w->left_out);
	free(w->batch);
	free(w->dir);
	free(w);
}

/* Appending. */

/* Begin a damaged day anew, its file kept beside. */
static int
set_aside(struct store_writer *w, int64_t day)
{
	if (day_set_aside(w->dir, day) != 0)
		return (ERR_IO);
	log_error("store.day.set_aside", "reason=%s", log_quote(w->reason));
	rollups_forget_day(w->rollups, day);
	return (0);
}

static int
open_day(struct store_writer *w, int64_t day, struct day **out)
{
	struct cause c;
	int rc;

	cause_init(&c);
	rc = days_get(w->days, day, out, &c);
	if (rc != 0)
		snprintf(w->reason, sizeof(w->reason), "%s", c.count > 0 ?
		    c.entries[0].sentence : err_text(rc));
	else if (day_last_number(*out) < rollups_mark(w->rollups, day))
		rollups_rewind(w->rollups, day, day_last_number(*out));
	cause_fini(&c);
	return (rc);
}

static int
get_day(struct store_writer *w, int64_t day, struct day **out)
{
	int rc;

	if (days_get_needs_commit(w->days, day) &&
	    (rc = store_writer_commit(w)) != 0)
		return (rc);
	rc = open_day(w, day, out);
	if (rc == ERR_CORRUPT && set_aside(w, day) == 0)
		rc = open_day(w, day, out);
	return (rc);
}

static int
reject(struct store_writer *w, const char *doc, size_t len,
    const char *sentence)
{
	int rc;

	w->counts.rejected++;
	log_warn("store.event.rejected", "reason=%s", log_quote(sentence));
	sqlite3_bind_int64(w->reject, 1, clock_wall());
	db_bind_str(w->reject, 2, sentence);
	db_bind_text(w->reject, 3, doc != NULL ? doc : "",
	    len < REJECTED_MOST_BYTES ? len : REJECTED_MOST_BYTES);
	rc = db_run(w->reject);
	if (rc == 0)
		rc = db_exec(w->db, "DELETE FROM rejected WHERE id <= "
		    "(SELECT max(id) FROM rejected) - 1000");
	return (rc == 0 ? 0 : fail_main(w, rc, "main.db"));
}

static void
add_to_batch(struct store_writer *w, const struct rollup_run *run)
{
	if (w->batch_count == w->batch_cap) {
		w->batch_cap = w->batch_cap * 2 + 1024;
		w->batch = xreallocarray(w->batch, w->batch_cap,
		    sizeof(*w->batch));
	}
	w->batch[w->batch_count++] = *run;
}

static bool
is_expired(const struct store_writer *w, wall_us due)
{
	return (w->retain_days > 0 &&
	    day_of(due) < day_of(clock_wall()) - w->retain_days);
}

static int
append_event(struct store_writer *w, struct run_event *e, bool is_again)
{
	struct check_key key = {e->check, e->location, e->environment,
	    e->service};
	struct rollup_run run = {.due_us = e->due_us,
	    .duration_us = e->duration_us, .outcome = e->outcome,
	    .trigger = e->trigger, .day = day_of(e->due_us)};
	int64_t definition_id;
	struct day *d;
	int rc;

	rc = registry_check_get(w->registry, &key, e->due_us, &run.check);
	if (rc == 0)
		rc = registry_definition_get(w->registry, run.check,
		    &e->definition, e->due_us, &definition_id);
	if (rc != 0)
		return (fail_main(w, rc, "main.db"));
	if ((rc = get_day(w, run.day, &d)) != 0)
		return (rc);
	if (e->trigger == TRIGGER_SCHEDULE)
		evidence_thin(&run.check->evidence, e, &w->left_out);
	rc = day_append(d, e, run.check, definition_id, is_again,
	    &run.number);
	if (rc == ERR_EXISTS) {
		w->counts.again++;
		return (0);
	}
	if (rc != 0)
		return (fail_day(w, rc, d));
	memcpy(run.id, e->id, sizeof(run.id));
	add_to_batch(w, &run);
	return (0);
}

int
store_writer_append(struct store_writer *w, const char *doc, size_t len,
    bool is_again)
{
	const char *sentence;
	struct run_event e;
	int rc = 0;

	if (w->db == NULL)
		return (ERR_IO);
	if (run_event_decode(doc, len, &e, &sentence) != 0) {
		rc = reject(w, doc, len, sentence);
	} else {
		if (is_expired(w, e.due_us)) {
			w->counts.expired++;
			log_info("store.event.expired", "due_us=%lld",
			    (long long)e.due_us);
		} else if (e.due_us > clock_wall() + FUTURE_MOST)
			rc = reject(w, doc, len, "it is due in the future");
		else
			rc = append_event(w, &e, is_again);
		run_event_fini(&e);
	}
	if (rc != 0)
		drop_batch(w);
	return (rc);
}

size_t
store_writer_pending(const struct store_writer *w)
{
	return (w->batch_count);
}

/*
 * A file could not be committed. Files before it are: their rows lie past
 * the marks, so the counts must come from the files, by a recount.
 */
static int
give_up_batch(struct store_writer *w)
{
	drop_batch(w);
	rollups_flush(w->rollups);
	days_close(w->days);
	close_main(w);
	return (ERR_IO);
}

static int
commit_files(struct store_writer *w)
{
	struct day *failed;
	int rc;

	if ((rc = registry_commit(w->registry)) != 0)
		return (fail_main(w, rc, "main.db"));
	rc = days_commit(w->days, clock_wall(), &failed);
	return (rc == 0 ? 0 : fail_day(w, rc, failed));
}

int
store_writer_commit(struct store_writer *w)
{
	size_t i;

	if (w->db == NULL)
		return (w->batch_count == 0 ? 0 : ERR_IO);
	if (commit_files(w) != 0)
		return (give_up_batch(w));
	if (w->batch_count > 0)
		w->counts.commits++;
	for (i = 0; i < w->batch_count; i++)
		rollups_add(w->rollups, &w->batch[i]);
	w->counts.runs += w->batch_count;
	w->batch_count = 0;
	return (0);
}

int
store_writer_flush(struct store_writer *w)
{
	int rc;

	if (w->db == NULL)
		return (ERR_IO);
	rc = registry_commit(w->registry);
	if (rc == 0)
		rc = rollups_flush(w->rollups);
	return (rc == 0 ? 0 : fail_main(w, rc, "main.db"));
}

bool
store_writer_needs_flush(const struct store_writer *w)
{
	return (w->rollups != NULL && rollups_are_dirty(w->rollups));
}

/* Plans and gates. */

int
store_writer_plan(struct store_writer *w, const char *doc, size_t len)
{
	struct json_doc *json;
	int rc;

	if (w->db == NULL)
		return (ERR_IO);
	if (json_parse(doc, len, &json_limits_default, &json, NULL) != 0) {
		snprintf(w->reason, sizeof(w->reason),
		    "the plan is not a JSON document");
		return (ERR_SYNTAX);
	}
	rc = registry_plan(w->registry, json_root(json), clock_wall());
	json_free(&json);
	return (rc == 0 ? 0 : fail_main(w, rc, "the plan"));
}

int
store_writer_gate(struct store_writer *w,
    const uint8_t id[static MESSAGE_ID_SIZE], const char *doc, size_t len)
{
	int rc;

	if (w->db == NULL)
		return (ERR_IO);
	rc = registry_commit(w->registry);
	if (rc == 0)
		rc = gate_record_put(w->gates, id, doc, len);
	return (rc == 0 ? 0 : fail_main(w, rc, "the gate"));
}

/* Housekeeping. */

bool
store_writer_has_moved(const struct store_writer *w)
{
	return (w->db != NULL && (db_has_moved(w->db) ||
	    days_have_moved(w->days)));
}

int
store_writer_expire(struct store_writer *w, wall_us now)
{
	int64_t *days;
	size_t i, n;
	int rc;

	if (w->db == NULL)
		return (ERR_IO);
	rc = registry_commit(w->registry);
	if (rc == 0)
		rc = rollups_expire(w->rollups, now);
	if (rc != 0)
		return (fail_main(w, rc, "main.db"));
	if (w->retain_days == 0 || day_list(w->dir, &days, &n) != 0)
		return (0);
	for (i = 0; i < n && days[i] < day_of(now) - w->retain_days; i++) {
		/* In use: it goes when newer days took its place. */
		if (!days_let_go(w->days, days[i]))
			continue;
		log_info("store.day.expired", "day=%lld",
		    (long long)days[i]);
		if (day_remove(w->dir, days[i]) == 0)
			rollups_forget_day(w->rollups, days[i]);
	}
	free(days);
	return (0);
}

wall_us
store_writer_newest(const struct store_writer *w)
{
	const struct registry_check *c = NULL;
	wall_us newest = 0;

	while (w->registry != NULL &&
	    (c = registry_next(w->registry, c)) != NULL)
		if (c->state.has_run && c->state.last_due_us > newest)
			newest = c->state.last_due_us;
	return (newest);
}

static int
check_space(struct store_writer *w)
{
	struct statvfs vfs;

	if (statvfs(w->dir, &vfs) == 0 &&
	    vfs.f_bavail * vfs.f_frsize < SPACE_LEAST_BYTES) {
		snprintf(w->reason, sizeof(w->reason),
		    "%s: less than 4 MiB are free", w->dir);
		return (ERR_IO);
	}
	return (0);
}

/* A file that turned out damaged is replaced, so that the day goes on. */
static void
set_damage_aside(struct store_writer *w)
{
	if (w->has_damage && set_aside(w, w->damaged_day) == 0)
		w->has_damage = false;
}

int
store_writer_revive(struct store_writer *w)
{
	struct cause c;
	int rc = check_space(w);

	if (rc != 0)
		return (rc);
	drop_batch(w);
	days_close(w->days);
	if (w->db != NULL) {
		rollups_flush(w->rollups);
		close_main(w);
	}
	cause_init(&c);
	rc = open_main(w, &c);
	if (rc == 0)
		set_damage_aside(w);
	if (rc == 0)
		rc = recount_days(w->dir, w->registry, w->rollups,
		    &c);
	if (rc != 0) {
		days_close(w->days);
		close_main(w);
		snprintf(w->reason, sizeof(w->reason), "%s", c.count > 0 ?
		    c.entries[0].sentence : err_text(rc));
	}
	cause_fini(&c);
	return (rc);
}

const char *
store_writer_reason(const struct store_writer *w)
{
	return (w->reason);
}

const struct store_counts *
store_writer_counts(const struct store_writer *w)
{
	return (&w->counts);
}

void
store_writer_ready(struct store_writer *w, struct buf *out)
{
	struct registry_check *c;
	struct json_out o;
	wall_us end;

	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_str(&o, "program", "e2e-store");
	json_out_kv_str(&o, "version", PACKAGE_VERSION);
	json_out_key(&o, "checks");
	json_out_array(&o);
	for (c = registry_next(w->registry, NULL); c != NULL;
	    c = registry_next(w->registry, c)) {
		if ((end = registry_accounts_end(w->registry, c)) == 0)
			continue;
		json_out_object(&o);
		json_out_kv_str(&o, "check", c->name);
		json_out_kv_str(&o, "location", c->location);
		json_out_kv_int(&o, "last_due_us", end);
		if (c->ahead_us > 0)
			json_out_kv_int(&o, "ahead_us", c->ahead_us);
		json_out_object_end(&o);
	}
	json_out_array_end(&o);
	json_out_object_end(&o);
}
