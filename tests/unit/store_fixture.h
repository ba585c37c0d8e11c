/* SPDX-License-Identifier: ISC */
/* A store in a temporary directory, at a time that stands still. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/message.h"
#include "store/writer.h"

/* 2026-11-20T12:00:00Z */
#define NOON_US INT64_C(1795176000000000)

static wall_us fixture_now = NOON_US;

static inline mono_us
fixture_mono(void)
{
	return (fixture_now);
}

static inline wall_us
fixture_wall(void)
{
	return (fixture_now);
}

static inline char *
fixture_dir(void)
{
	static const struct clock clock = {fixture_mono, fixture_wall};
	char template[] = "/tmp/e2e-store-XXXXXX";

	fixture_now = NOON_US;
	clock_install(&clock);
	assert_non_null(mkdtemp(template));
	return (xstrdup(template));
}

static inline void
fixture_remove(char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char *path;

	while ((e = readdir(d)) != NULL) {
		path = file_join(dir, e->d_name);
		if (e->d_name[0] != '.')
			unlink(path);
		free(path);
	}
	closedir(d);
	rmdir(dir);
	free(dir);
	clock_install(NULL);
}

struct fixture_run {
	const char *check;      /* NULL: payments/card */
	const char *trigger;    /* NULL: schedule */
	const char *definition; /* NULL: a fixed one */
	const char *extra;      /* members, with a comma before; NULL: none */
	wall_us due_us;
	span_us duration_us;
	enum outcome outcome;
};

/* Write the run event of r into out; the id follows from the slot. */
static inline void
fixture_event(const struct fixture_run *r, struct buf *out)
{
	const char *check = r->check != NULL ? r->check : "payments/card";
	char *slot = xasprintf("%s\nlocal\n%lld", check,
	    (long long)r->due_us);
	uint8_t sha[SHA256_SIZE];
	char hex[33];

	crypto_sha256(slot, strlen(slot), sha);
	crypto_hex(sha, 16, hex);
	free(slot);
	buf_reset(out);
	buf_printf(out, "{\"version\":1,\"run\":\"%s\",\"check\":\"%s\","
	    "\"service\":\"%.*s\",\"location\":\"local\","
	    "\"environment\":\"production\",\"trigger\":\"%s\","
	    "\"definition\":\"%s\",\"probe\":\"local-1\","
	    "\"trace\":\"0af7651916cd43dd8448eb211c80319c\",", hex, check,
	    (int)strcspn(check, "/"), check,
	    r->trigger != NULL ? r->trigger : "schedule",
	    r->definition != NULL ? r->definition : "00112233445566778899aabb"
	    "ccddeeff00112233445566778899aabbccddeeff");
	buf_printf(out, "\"due_us\":%lld,\"started_us\":%lld,\"late_us\":"
	    "250,\"duration_us\":%lld,\"lag_us\":40,\"outcome\":\"%s\",",
	    (long long)r->due_us, (long long)r->due_us + 250,
	    (long long)r->duration_us, outcome_name(r->outcome));
	if (r->outcome != OUTCOME_PASSED)
		buf_append_str(out, "\"reason\":\"the status was 500, not "
		    "200\",\"place\":{\"file\":\"card.hurl\",\"line\":9,"
		    "\"column\":1},");
	buf_printf(out, "\"steps\":[{\"entry\":1,\"line\":3,\"attempt\":1,"
	    "\"method\":\"POST\",\"url\":\"https://api.example.com/pay\","
	    "\"status\":%d,\"outcome\":\"%s\",\"start_us\":0,\"wait_us\":"
	    "%lld,\"total_us\":%lld}]%s}",
	    r->outcome == OUTCOME_PASSED ? 200 : 500,
	    outcome_name(r->outcome), (long long)r->duration_us - 10,
	    (long long)r->duration_us, r->extra != NULL ? r->extra : "");
	assert_false(out->is_full);
}

static inline struct store_writer *
fixture_open(const char *dir)
{
	struct store_options o = {dir, 14};
	struct store_writer *w = NULL;
	struct cause c;

	cause_init(&c);
	if (store_writer_open(&o, &w, &c) != 0)
		cause_print(&c, stderr);
	cause_fini(&c);
	assert_non_null(w);
	return (w);
}

static inline int
fixture_append(struct store_writer *w, const struct fixture_run *r,
    bool is_again)
{
	struct buf doc;
	int rc;

	buf_init(&doc, 1 << 20);
	fixture_event(r, &doc);
	rc = store_writer_append(w, doc.data, doc.len, is_again);
	buf_fini(&doc);
	return (rc);
}

/* The first column of the first row, -1 when there is none. */
static inline int64_t
fixture_int(const char *dir, const char *file, const char *sql)
{
	char *path = file_join(dir, file);
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db;
	int64_t n = -1;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY,
	    NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	if (sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	free(path);
	return (n);
}

#endif
