/* SPDX-License-Identifier: ISC */
/*
 * The writer on a disk that fails: SQLite's calls to the system go through a
 * layer that refuses the n-th write, sync or open. For each n the same story
 * is played; whatever fails, what was committed is there, once, and counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/log.h"
#include "base/must.h"
#include "tests/unit/store_fixture.h"

#define RUNS 60
#define TRIES_MOST 40

static int64_t calls, fail_first, fail_count;

static bool
fails(void)
{
	calls++;
	return (calls >= fail_first && calls < fail_first + fail_count);
}

/* The layer: a file of ours is a file of the real one with a head. */

struct layer_file {
	sqlite3_file base;
	sqlite3_file *real; /* lies behind this struct */
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs layer;
static sqlite3_io_methods layer_methods;

static sqlite3_file *
real_of(sqlite3_file *f)
{
	return (((struct layer_file *)f)->real);
}

static int
layer_close(sqlite3_file *f)
{
	return (real_of(f)->pMethods->xClose(real_of(f)));
}

static int
layer_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return (real_of(f)->pMethods->xRead(real_of(f), p, n, at));
}

static int
layer_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	if (fails())
		return (calls % 2 == 0 ? SQLITE_FULL : SQLITE_IOERR_WRITE);
	return (real_of(f)->pMethods->xWrite(real_of(f), p, n, at));
}

static int
layer_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	if (fails())
		return (SQLITE_IOERR_TRUNCATE);
	return (real_of(f)->pMethods->xTruncate(real_of(f), size));
}

static int
layer_sync(sqlite3_file *f, int flags)
{
	(void)f;
	(void)flags;
	/* No power fails here: what was written need not reach the disk. */
	return (fails() ? SQLITE_IOERR_FSYNC : SQLITE_OK);
}

static int
layer_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return (real_of(f)->pMethods->xFileSize(real_of(f), size));
}

static int
layer_lock(sqlite3_file *f, int level)
{
	return (real_of(f)->pMethods->xLock(real_of(f), level));
}

static int
layer_unlock(sqlite3_file *f, int level)
{
	return (real_of(f)->pMethods->xUnlock(real_of(f), level));
}

static int
layer_reserved(sqlite3_file *f, int *out)
{
	return (real_of(f)->pMethods->xCheckReservedLock(real_of(f), out));
}

static int
layer_control(sqlite3_file *f, int op, void *arg)
{
	return (real_of(f)->pMethods->xFileControl(real_of(f), op, arg));
}

static int
layer_sector(sqlite3_file *f)
{
	return (real_of(f)->pMethods->xSectorSize(real_of(f)));
}

static int
layer_device(sqlite3_file *f)
{
	return (real_of(f)->pMethods->xDeviceCharacteristics(real_of(f)));
}

static int
layer_shm_map(sqlite3_file *f, int page, int size, int extend,
    void volatile **out)
{
	if (extend && fails())
		return (SQLITE_IOERR_SHMSIZE);
	return (real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend,
	    out));
}

static int
layer_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return (real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags));
}

static void
layer_shm_barrier(sqlite3_file *f)
{
	real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int
layer_shm_unmap(sqlite3_file *f, int delete)
{
	return (real_of(f)->pMethods->xShmUnmap(real_of(f), delete));
}

static int
layer_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags,
    int *out_flags)
{
	struct layer_file *lf = (struct layer_file *)f;
	int rc;

	(void)vfs;
	f->pMethods = NULL;
	if (fails())
		return (SQLITE_CANTOPEN);
	lf->real = (sqlite3_file *)(lf + 1);
	rc = real_vfs->xOpen(real_vfs, name, lf->real, flags, out_flags);
	if (lf->real->pMethods != NULL)
		f->pMethods = &layer_methods;
	return (rc);
}

static int
layer_delete(sqlite3_vfs *vfs, const char *name, int is_synced)
{
	(void)vfs;
	(void)is_synced;
	return (real_vfs->xDelete(real_vfs, name, 0));
}

static void
layer_install(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	layer = *real_vfs;
	layer.zName = "layer";
	layer.szOsFile = (int)sizeof(struct layer_file) + real_vfs->szOsFile;
	layer.xOpen = layer_open;
	layer.xDelete = layer_delete;
	layer_methods = (sqlite3_io_methods){.iVersion = 2,
	    .xClose = layer_close, .xRead = layer_read,
	    .xWrite = layer_write, .xTruncate = layer_truncate,
	    .xSync = layer_sync, .xFileSize = layer_size,
	    .xLock = layer_lock, .xUnlock = layer_unlock,
	    .xCheckReservedLock = layer_reserved,
	    .xFileControl = layer_control, .xSectorSize = layer_sector,
	    .xDeviceCharacteristics = layer_device,
	    .xShmMap = layer_shm_map, .xShmLock = layer_shm_lock,
	    .xShmBarrier = layer_shm_barrier,
	    .xShmUnmap = layer_shm_unmap};
	assert_int_equal(sqlite3_vfs_register(&layer, 1), SQLITE_OK);
}

static void
layer_remove(void)
{
	sqlite3_vfs_unregister(&layer);
	sqlite3_vfs_register(real_vfs, 1);
}

/* The story. */

static void
make_run(int i, struct fixture_run *r)
{
	static const char *const checks[] = {"a/one", "a/two", "b/three"};

	/* Two days in turn, so that a batch spans two files. */
	*r = (struct fixture_run){.check = checks[i / 20],
	    .due_us = NOON_US - (i % 2) * SPAN_DAY + i * SPAN_S,
	    .duration_us = 1000 + i,
	    .outcome = i % 7 == 0 ? OUTCOME_FAILED : OUTCOME_PASSED};
}

static struct store_writer *
open_at_last(const char *dir)
{
	struct store_options o = {dir, 14};
	struct store_writer *w = NULL;
	struct cause c;
	int i;

	for (i = 0; w == NULL && i < TRIES_MOST; i++) {
		cause_init(&c);
		if (store_writer_open(&o, &w, &c) != 0)
			assert_true(c.count > 0);
		cause_fini(&c);
	}
	assert_non_null(w);
	return (w);
}

static void
revive_at_last(struct store_writer *w)
{
	int i;

	for (i = 0; i < TRIES_MOST; i++)
		if (store_writer_revive(w) == 0)
			return;
	fail_msg("it does not come back: %s", store_writer_reason(w));
}

/* Store all runs in batches of 7, as a sender that keeps to the rules. */
static void
store_all(struct store_writer *w)
{
	bool sent[RUNS] = {false};
	struct fixture_run r;
	int acked = 0, i, rc;

	while (acked < RUNS) {
		for (i = acked, rc = 0; rc == 0 && i < RUNS && i < acked + 7;
		    i++) {
			make_run(i, &r);
			rc = fixture_append(w, &r, sent[i]);
			sent[i] = true;
		}
		if (rc == 0)
			rc = store_writer_commit(w);
		if (rc == 0)
			acked = i;
		else
			revive_at_last(w);
		if (acked % 21 == 0)
			store_writer_flush(w);
	}
}

static void
verify(const char *dir)
{
	struct store_writer *w;

	fail_count = 0;
	w = fixture_open(dir);
	store_writer_close(&w);
	assert_int_equal(fixture_int(dir, "runs-2026-11-20.db",
	    "SELECT count(*) FROM run"), RUNS / 2);
	assert_int_equal(fixture_int(dir, "runs-2026-11-19.db",
	    "SELECT count(DISTINCT id) FROM run"), RUNS / 2);
	assert_int_equal(fixture_int(dir, "runs-2026-11-19.db",
	    "SELECT count(*) FROM run"), RUNS / 2);
	assert_int_equal(fixture_int(dir, "main.db", "SELECT sum(passed) + "
	    "sum(failed) FROM rollup_minute"), RUNS);
	assert_int_equal(fixture_int(dir, "main.db", "SELECT sum(failed) "
	    "FROM rollup_day"), (RUNS + 6) / 7);
	assert_int_equal(fixture_int(dir, "main.db", "SELECT count(*) "
	    "FROM checks"), 3);
	assert_int_equal(fixture_int(dir, "main.db", "SELECT count(*) FROM "
	    "pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

/* Play the story with calls first .. first + count - 1 failing. */
static bool
play(int64_t first, int64_t count)
{
	char *dir = fixture_dir();
	struct store_writer *w;
	bool reached;

	calls = 0;
	fail_first = first;
	fail_count = count;
	w = open_at_last(dir);
	store_all(w);
	store_writer_close(&w);
	reached = calls >= first;
	verify(dir);
	fixture_remove(dir);
	return (reached);
}

static void
any_one_call_may_fail(void **state)
{
	int64_t n = 1;

	(void)state;
	while (play(n, 1))
		n++;
	assert_true(n > 100);
}

static void
any_twenty_calls_in_a_row_may_fail(void **state)
{
	int64_t n = 1;

	(void)state;
	while (play(n, 20))
		n += 7;
	assert_true(n > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_one_call_may_fail),
		cmocka_unit_test(any_twenty_calls_in_a_row_may_fail),
	};
	int rc;

	log_init("test", LOG_ERROR);
	layer_install();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	layer_remove();
	return (rc);
}
