/* SPDX-License-Identifier: ISC */
/*
 * A loop with a fleet and an outbox, whose probe and store are the fake ones,
 * in a directory of its own that also holds the checks.
 */
#ifndef TESTS_UNIT_SCHEDULER_FIXTURE_H
#define TESTS_UNIT_SCHEDULER_FIXTURE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cause.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "checks/plan.h"
#include "scheduler/fleet.h"
#include "scheduler/outbox.h"

#define FIXTURE_PATIENCE (60 * SPAN_S)

struct fixture {
	struct loop *loop;
	struct loop_timer *alarm;
	struct fleet *fleet;
	struct outbox *outbox;
	char dir[64];
	char journal[80]; /* where alerts may have theirs */
	bool is_late;
};

static inline void
fixture_alarm_cb(void *arg)
{
	struct fixture *f = arg;

	f->is_late = true;
}

static inline void
fixture_start_fleet(struct fixture *f)
{
	char *probe = proc_sibling("fake_probe");
	struct fleet_options o = {.location = "local", .program = probe,
	    .probe_count = 1};

	f->fleet = fleet_new(f->loop, &o);
	free(probe);
}

/* With its probes; the runs that have not come back never will. */
static inline void
fixture_restart_fleet(struct fixture *f)
{
	fleet_free(&f->fleet);
	fixture_start_fleet(f);
}

/* ready_cb and arg are the outbox's. */
static inline void
fixture_init(struct fixture *f,
    void (*ready_cb)(const struct message *m, void *arg), void *arg)
{
	char *store = proc_sibling("fake_store"), *spool;
	struct outbox_options outbox = {.program = store};

	memset(f, 0, sizeof(*f));
	strcpy(f->dir, "/tmp/test-scheduler-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->journal, sizeof(f->journal), "%s/journal", f->dir);
	spool = file_join(f->dir, "spool");
	outbox.store = f->dir;
	outbox.spool = spool;
	f->loop = loop_new();
	f->alarm = loop_timer_new(f->loop, fixture_alarm_cb, f);
	loop_timer_at(f->alarm, clock_mono() + FIXTURE_PATIENCE);
	assert_int_equal(outbox_new(f->loop, &outbox, ready_cb, arg,
	    &f->outbox), 0);
	fixture_start_fleet(f);
	free(store);
	free(spool);
}

static inline void
fixture_empty(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char *path;

	while ((e = readdir(d)) != NULL) {
		path = file_join(dir, e->d_name);
		if (strcmp(e->d_name, "spool") == 0)
			rmdir(path);
		else
			unlink(path);
		free(path);
	}
	closedir(d);
	rmdir(dir);
}

static inline void
fixture_fini(struct fixture *f)
{
	fleet_free(&f->fleet);
	outbox_free(&f->outbox);
	loop_timer_free(&f->alarm);
	loop_free(&f->loop);
	fixture_empty(f->dir);
}

static inline void
fixture_write(const struct fixture *f, const char *name, const char *text)
{
	char *path = file_join(f->dir, name);

	assert_int_equal(file_replace(path, text, strlen(text)), 0);
	free(path);
}

/* The plan of a manifest whose flow is a.hurl. */
static inline struct plan *
fixture_plan(const struct fixture *f, const char *manifest)
{
	struct cause cause;
	struct plan *plan = NULL;

	fixture_write(f, "a.hurl", "GET {{base_url}}/\nHTTP 200\n");
	fixture_write(f, "a.yaml", manifest);
	cause_init(&cause);
	if (plan_load(f->dir, &cause, &plan) != 0) {
		cause_print(&cause, stderr);
		fail();
	}
	cause_fini(&cause);
	return (plan);
}

/* What the fake store was told; the caller frees it. */
static inline char *
fixture_log(const struct fixture *f)
{
	char *path = file_join(f->dir, "log"), *text;
	size_t len;

	assert_int_equal(file_read(path, 1 << 22, &text, &len), 0);
	free(path);
	return (text);
}

/* All that was handed out has been acknowledged. */
static inline bool
fixture_is_stored(const struct fixture *f)
{
	struct outbox_stats s;

	outbox_get_stats(f->outbox, &s);
	return (s.in_memory == 0 && s.spool_bytes == 0);
}

#define fixture_wait_for(f, condition)                                       \
	do {                                                                 \
		while (!(condition) && !(f)->is_late)                        \
			loop_turn((f)->loop, true);                          \
		assert_false((f)->is_late);                                  \
	} while (0)

#endif
