/* SPDX-License-Identifier: ISC */
/* store/query: right answers, by the right index. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/err.h"
#include "base/log.h"
#include "base/must.h"
#include "store/query.h"
#include "tests/unit/store_fixture.h"

static char *dir;
static struct query *q;

/* Every statement that the library runs is seen here, with its file. */
struct traced {
	char *sql, *file;
};

static struct traced *traced;
static size_t traced_count;
static bool is_tracing;

static int
trace_cb(unsigned int mask, void *arg, void *p, void *x)
{
	sqlite3_stmt *stmt = p;
	sqlite3 *db = sqlite3_db_handle(stmt);

	(void)mask;
	(void)arg;
	(void)x;
	if (!is_tracing)
		return (0);
	traced = xreallocarray(traced, traced_count + 1, sizeof(*traced));
	traced[traced_count].sql = xstrdup(sqlite3_sql(stmt));
	traced[traced_count++].file = xstrdup(sqlite3_db_filename(db,
	    "main"));
	return (0);
}

static int
each_connection(sqlite3 *db, char **error, const void *api)
{
	(void)error;
	(void)api;
	sqlite3_trace_v2(db, SQLITE_TRACE_STMT, trace_cb, NULL);
	return (0);
}

static void
open_query(void)
{
	struct cause c;

	cause_init(&c);
	if (query_open(dir, &q, &c) != 0)
		cause_print(&c, stderr);
	assert_non_null(q);
	cause_fini(&c);
}

static int
set_up(void **state)
{
	(void)state;
	dir = fixture_dir();
	q = NULL;
	return (0);
}

static int
tear_down(void **state)
{
	(void)state;
	query_close(&q);
	fixture_remove(dir);
	return (0);
}

static const char *const names[] = {"payments/card", "payments/refund",
    "auth/login"};

/*
 * Three days of three checks, every ten minutes up to now. The refund has
 * failed since an hour ago; each 50th run of all is lost.
 */
static void
fill(void)
{
	struct store_writer *w = fixture_open(dir);
	int i, n = 3 * 144;
	size_t j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < NELEMS(names); j++) {
			struct fixture_run r = {.check = names[j],
			    .due_us = NOON_US - (n - i) * 10 * SPAN_MIN +
			    (int64_t)j * SPAN_S,
			    .duration_us = 1000 * (i % 100 + 1),
			    .definition = i < n - 6 ? "aa" : "bb"};

			if (j == 1 && i >= n - 6)
				r.outcome = OUTCOME_FAILED;
			else if (i % 50 == 49)
				r.outcome = OUTCOME_LOST;
			assert_int_equal(fixture_append(w, &r, false), 0);
		}
	}
	store_writer_close(&w);
}

struct list {
	struct {
		char id[33], check[32];
		wall_us due_us;
		enum outcome outcome;
	} items[2000];
	size_t count;
	char *steps;
};

static bool
list_cb(const struct query_run *r, void *arg)
{
	struct list *l = arg;

	assert_true(l->count < NELEMS(l->items));
	memcpy(l->items[l->count].id, r->id_hex, 33);
	snprintf(l->items[l->count].check, 32, "%s", r->check);
	l->items[l->count].due_us = r->due_us;
	l->items[l->count++].outcome = r->outcome;
	free(l->steps);
	l->steps = xstrdup(r->steps);
	return (true);
}

static struct list *
list_new(void)
{
	return (xcalloc(1, sizeof(struct list)));
}

static void
list_free(struct list *l)
{
	free(l->steps);
	free(l);
}

static void
runs_come_newest_first_across_days(void **state)
{
	struct query_runs f = {.limit = 2000};
	struct list *l = list_new();
	size_t i;

	(void)state;
	fill();
	open_query();
	assert_int_equal(query_runs(q, &f, list_cb, l, NULL), 0);
	assert_int_equal(l->count, 3 * 3 * 144);
	for (i = 1; i < l->count; i++)
		assert_true(l->items[i].due_us < l->items[i - 1].due_us);
	list_free(l);
}

static void
pages_by_cursor_equal_one_long_page(void **state)
{
	static const char *const checks[] = {NULL, "payments/refund",
	    "payments/*"};
	struct query_cursor next;
	struct list *whole, *paged;
	char text[QUERY_CURSOR_SIZE];
	size_t i, j;

	(void)state;
	fill();
	open_query();
	for (i = 0; i < NELEMS(checks); i++) {
		struct query_runs f = {.limit = 2000,
		    .which = {.check = checks[i]}};

		whole = list_new();
		paged = list_new();
		assert_int_equal(query_runs(q, &f, list_cb, whole, NULL), 0);
		f.limit = 7;
		do {
			assert_int_equal(query_runs(q, &f, list_cb, paged,
			    &next), 0);
			query_cursor_format(&next, text);
			if (next.due_us != 0)
				assert_int_equal(query_cursor_parse(text,
				    &f.after), 0);
		} while (next.due_us != 0);
		assert_int_equal(paged->count, whole->count);
		assert_true(whole->count > 400);
		for (j = 0; j < whole->count; j++)
			assert_string_equal(paged->items[j].id,
			    whole->items[j].id);
		list_free(whole);
		list_free(paged);
	}
}

/* Many runs due in the same microsecond must not be lost between pages. */
static void
runs_due_at_once_are_paged_without_loss(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct query_runs f = {.limit = 3};
	struct query_cursor next;
	struct list *l = list_new();
	char name[32];
	size_t i, j;

	(void)state;
	for (i = 0; i < 40; i++) {
		struct fixture_run r = {.check = name, .due_us = NOON_US +
		    (int64_t)i / 20, .duration_us = 5};

		snprintf(name, sizeof(name), "s/c%zu", i % 20);
		assert_int_equal(fixture_append(w, &r, false), 0);
	}
	store_writer_close(&w);
	open_query();
	do {
		assert_int_equal(query_runs(q, &f, list_cb, l, &next), 0);
		f.after = next;
	} while (next.due_us != 0);
	assert_int_equal(l->count, 40);
	for (i = 0; i < l->count; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(l->items[i].id,
			    l->items[j].id);
	list_free(l);
}

static void
filters_choose_by_outcome_check_and_window(void **state)
{
	static const struct {
		struct query_runs f;
		size_t count;
	} cases[] = {
		{{.outcomes = 1u << OUTCOME_FAILED}, 6},
		{{.outcomes = 1u << OUTCOME_LOST}, 24},
		{{.outcomes = 1u << OUTCOME_FAILED | 1u << OUTCOME_LOST,
		    .which = {.check = "payments/refund"}}, 14},
		{{.outcomes = 1u << OUTCOME_PASSED,
		    .which = {.service = "payments"}}, 2 * 432 - 6 - 16},
		{{.which = {.check = "auth/login"}, .since = NOON_US -
		    SPAN_H}, 6},
		{{.since = NOON_US - 30 * SPAN_H, .until = NOON_US -
		    29 * SPAN_H}, 18},
		{{.which = {.location = "elsewhere"}}, 0},
		{{.which = {.check = "*"}, .triggers = 1u <<
		    TRIGGER_MANUAL}, 0},
		{{.which = {.service = "payments"}}, 864},
	};
	size_t i;

	(void)state;
	fill();
	open_query();
	for (i = 0; i < NELEMS(cases); i++) {
		struct query_runs f = cases[i].f;
		struct list *l = list_new();

		f.limit = 2000;
		assert_int_equal(query_runs(q, &f, list_cb, l, NULL), 0);
		if (l->count != cases[i].count)
			fail_msg("case %zu: %zu runs", i, l->count);
		list_free(l);
	}
}

static void
run_is_found_by_any_prefix_of_its_id(void **state)
{
	struct query_runs f = {.limit = 100};
	struct list *l = list_new(), *one;
	char prefix[33];
	size_t i, len;

	(void)state;
	fill();
	open_query();
	assert_int_equal(query_runs(q, &f, list_cb, l, NULL), 0);
	for (i = 0; i < 100; i += 7) {
		for (len = 7; len <= 32; len += 5) {
			one = list_new();
			memcpy(prefix, l->items[i].id, len);
			prefix[len] = '\0';
			assert_int_equal(query_run_find(q, prefix, list_cb,
			    one), 0);
			assert_string_equal(one->items[0].id,
			    l->items[i].id);
			assert_non_null(strstr(one->steps, "\"method\""));
			list_free(one);
		}
	}
	assert_int_equal(query_run_find(q, "00000000", list_cb, l),
	    ERR_NOT_FOUND);
	assert_int_equal(query_run_find(q, "abc", list_cb, l), ERR_SYNTAX);
	assert_int_equal(query_run_find(q, "ghij", list_cb, l), ERR_SYNTAX);
	assert_int_equal(query_run_find(q,
	    "000102030405060708090a0b0c0d0e0f0", list_cb, l), ERR_SYNTAX);
	list_free(l);
}

static void
prefix_of_several_runs_is_ambiguous(void **state)
{
	struct store_writer *w = fixture_open(dir);
	struct fixture_run r = {.duration_us = 5};
	int found[65536] = {0}, i, rc;
	struct query_runs f = {.limit = 2000};
	struct list *l = list_new();
	char prefix[5] = "";
	size_t j;

	(void)state;
	for (i = 0; i < 1500; i++) {
		r.due_us = NOON_US - i;
		assert_int_equal(fixture_append(w, &r, false), 0);
	}
	store_writer_close(&w);
	open_query();
	assert_int_equal(query_runs(q, &f, list_cb, l, NULL), 0);
	for (j = 0; j < l->count; j++) {
		memcpy(prefix, l->items[j].id, 4);
		found[strtol(prefix, NULL, 16)]++;
	}
	for (i = 0; i < 65536; i++) {
		if (i % 97 != 0 && found[i] < 2)
			continue;
		snprintf(prefix, sizeof(prefix), "%04x", (unsigned int)i);
		l->count = 0;
		rc = query_run_find(q, prefix, list_cb, l);
		assert_int_equal(rc, found[i] == 0 ? ERR_NOT_FOUND :
		    found[i] == 1 ? 0 : ERR_EXISTS);
		assert_int_equal(l->count, found[i] == 1);
	}
	list_free(l);
}

static void
last_good_run_and_first_bad_one_are_found(void **state)
{
	struct query_which which = {.check = "payments/refund",
	    .has_unplanned = true};
	struct query_check *list;
	struct list *l = list_new();
	size_t n;

	(void)state;
	fill();
	open_query();
	assert_int_equal(query_checks(q, &which, NOON_US - SPAN_H, NOON_US,
	    &list, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].last_outcome, OUTCOME_FAILED);
	assert_int_equal(list[0].streak_runs, 6);
	assert_int_equal(query_run_last_passed(q, list[0].id,
	    list[0].last_due_us, list_cb, l), 0);
	assert_int_equal(l->items[0].due_us, list[0].last_passed_us);
	assert_int_equal(query_run_first_from(q, list[0].id,
	    l->items[0].due_us + 1, list_cb, l), 0);
	assert_int_equal(l->items[1].due_us, list[0].streak_us);
	assert_int_equal(query_run_last_passed(q, list[0].id,
	    NOON_US - 30 * SPAN_DAY, list_cb, l), ERR_NOT_FOUND);
	query_checks_free(&list, n);
	list_free(l);
}

static void
expect_near(span_us got, span_us truth)
{
	if (llabs(got - truth) > truth / 100 + 1)
		fail_msg("%lld, but %lld was expected", (long long)got,
		    (long long)truth);
}

/* The same window from the runs and from the rollups. */
static void
rates_and_quantiles_agree_between_runs_and_rollups(void **state)
{
	struct query_which which = {.check = "auth/login",
	    .has_unplanned = true};
	struct query_check *exact, *rolled;
	size_t n, m;

	(void)state;
	fill();
	open_query();
	assert_int_equal(query_checks(q, &which, NOON_US - SPAN_DAY, NOON_US,
	    &exact, &n), 0);
	assert_true(exact[0].is_exact);
	assert_int_equal(exact[0].due, 144);
	assert_int_equal(exact[0].counts[OUTCOME_LOST], 3);
	assert_int_equal(exact[0].measured, 141);
	assert_true(fabs(exact[0].success - 1) < 1e-9);
	assert_true(fabs(exact[0].coverage - 141.0 / 144) < 1e-9);
	/* Just more than a day: from rollups. */
	assert_int_equal(query_checks(q, &which, NOON_US - SPAN_DAY -
	    SPAN_MIN, NOON_US, &rolled, &m), 0);
	assert_false(rolled[0].is_exact);
	assert_int_equal(rolled[0].measured, exact[0].measured);
	assert_int_equal(rolled[0].due, exact[0].due);
	assert_int_equal(rolled[0].max_us, exact[0].max_us);
	assert_int_equal(rolled[0].mean_us, exact[0].mean_us);
	expect_near(rolled[0].p50_us, exact[0].p50_us);
	expect_near(rolled[0].p95_us, exact[0].p95_us);
	expect_near(rolled[0].p99_us, exact[0].p99_us);
	query_checks_free(&exact, n);
	query_checks_free(&rolled, m);
}

static void
overwrite(const char *name, long from)
{
	char *path = file_join(dir, name), garbage[4096];
	FILE *fp = fopen(path, "r+b");
	long at, end;

	assert_non_null(fp);
	assert_int_equal(fseek(fp, 0, SEEK_END), 0);
	end = ftell(fp);
	memset(garbage, 0x5a, sizeof(garbage));
	assert_int_equal(fseek(fp, from, SEEK_SET), 0);
	for (at = from; at < end; at += (long)sizeof(garbage))
		assert_int_equal(fwrite(garbage, sizeof(garbage), 1, fp), 1);
	assert_int_equal(fclose(fp), 0);
	free(path);
}

/* The page after the head, all of it, the file itself: counts know it all. */
static void
what_was_counted_outlives_its_runs(void **state)
{
	struct query_runs f = {.limit = 2000};
	struct query_which which = {.check = "auth/login"};
	struct list *l = list_new();
	char *path = file_join(dir, "runs-2026-11-20.db");
	struct query_check *checks;
	size_t n;
	int i;

	(void)state;
	which.has_unplanned = true;
	fill();
	for (i = 0; i < 3; i++) {
		if (i < 2)
			overwrite("runs-2026-11-20.db", i == 0 ? 4096 : 0);
		else
			assert_int_equal(unlink(path), 0);
		open_query();
		assert_int_equal(query_checks(q, &which, NOON_US - SPAN_DAY,
		    NOON_US, &checks, &n), 0);
		assert_int_equal(checks[0].due, 144);
		assert_int_equal(checks[0].measured, 141);
		assert_false(checks[0].is_exact);
		query_checks_free(&checks, n);
		/* And the other days are there. */
		l->count = 0;
		assert_int_equal(query_runs(q, &f, list_cb, l, NULL), 0);
		assert_int_equal(l->count, 3 * (3 * 144 - 72));
		query_close(&q);
	}
	free(path);
	list_free(l);
}

/* Windows of all shapes, against a count of the runs listed. */
static void
windows_of_every_shape_count_the_same_runs(void **state)
{
	static const struct {
		span_us from, to; /* before noon */
	} windows[] = {{SPAN_H, 0}, {50 * SPAN_MIN, 20 * SPAN_MIN},
	    {5 * SPAN_H + SPAN_MIN, SPAN_MIN}, {25 * SPAN_H, 0},
	    {60 * SPAN_H, 13 * SPAN_H}, {72 * SPAN_H, 7 * SPAN_MIN},
	    {36 * SPAN_H, 12 * SPAN_H}, {12 * SPAN_H, 0}};
	struct query_totals totals;
	size_t i, o;

	(void)state;
	fill();
	open_query();
	for (i = 0; i < NELEMS(windows); i++) {
		struct query_runs f = {.since = NOON_US - windows[i].from,
		    .until = NOON_US - windows[i].to, .limit = 2000};
		int64_t counts[OUTCOME_COUNT] = {0};
		struct list *l = list_new();

		assert_int_equal(query_runs(q, &f, list_cb, l, NULL), 0);
		for (o = 0; o < l->count; o++)
			counts[l->items[o].outcome]++;
		assert_int_equal(query_totals(q, f.since, f.until, &totals),
		    0);
		for (o = 0; o < OUTCOME_COUNT; o++)
			if (counts[o] != totals.counts[o])
				fail_msg("window %zu, %s: %lld runs, %lld "
				    "counted", i, outcome_name(o),
				    (long long)counts[o],
				    (long long)totals.counts[o]);
		list_free(l);
	}
}

static void
silence_lowers_coverage_and_makes_a_check_stale(void **state)
{
	static const char plan[] = "{\"checks\":[{\"check\":"
	    "\"payments/card\",\"service\":\"payments\",\"location\":"
	    "\"local\",\"environment\":\"production\",\"every_us\":60000000,"
	    "\"timeout_us\":10000000}]}";
	struct fixture_run r = {.duration_us = 5};
	struct query_which which = {0};
	struct query_check *list;
	struct query_health health;
	struct store_writer *w;
	size_t i, n;

	(void)state;
	fixture_now = NOON_US - SPAN_H;
	w = fixture_open(dir);
	assert_int_equal(store_writer_plan(w, plan, sizeof(plan) - 1), 0);
	for (i = 0; i < 30; i++) {
		r.due_us = NOON_US - SPAN_H + (int64_t)i * SPAN_MIN;
		assert_int_equal(fixture_append(w, &r, false), 0);
	}
	store_writer_close(&w);
	fixture_now = NOON_US;
	open_query();
	assert_int_equal(query_checks(q, &which, NOON_US - SPAN_DAY, NOON_US,
	    &list, &n), 0);
	assert_int_equal(n, 1);
	assert_true(list[0].is_stale);
	assert_int_equal(list[0].due, 59);
	assert_true(fabs(list[0].coverage - 30.0 / 59) < 1e-9);
	assert_true(list[0].success >= 1);
	query_checks_free(&list, n);
	assert_int_equal(query_health(q, &health), 0);
	assert_int_equal(health.planned, 1);
	assert_int_equal(health.stale, 1);
	fixture_now = NOON_US - 30 * SPAN_MIN;
	assert_int_equal(query_health(q, &health), 0);
	assert_int_equal(health.stale, 0);
}

static void
refused_manifests_are_told_until_there_is_another_plan(void **state)
{
	static const char plan[] = "{\"checks\":[]}";
	static const char refusal[] = "{\"refused_us\":1795176000000000,"
	    "\"mistakes\":3,\"mistake\":\"a.yaml:6:3: it's \\\"no\\\" key\"}";
	struct store_writer *w = fixture_open(dir);
	struct query_health health;

	(void)state;
	assert_int_equal(store_writer_plan(w, plan, sizeof(plan) - 1), 0);
	open_query();
	assert_int_equal(query_health(q, &health), 0);
	assert_int_equal(health.refused_us, QUERY_NONE);
	assert_int_equal(store_writer_plan(w, refusal, sizeof(refusal) - 1),
	    0);
	assert_int_equal(query_health(q, &health), 0);
	assert_int_equal(health.refused_us, NOON_US);
	assert_int_equal(health.mistakes, 3);
	assert_string_equal(health.mistake, "a.yaml:6:3: it's \"no\" key");
	assert_int_equal(store_writer_plan(w, plan, sizeof(plan) - 1), 0);
	assert_int_equal(query_health(q, &health), 0);
	assert_int_equal(health.refused_us, QUERY_NONE);
	store_writer_close(&w);
}

struct counted {
	int calls;
	int64_t passed;
};

static void
counter_cb(const struct query_counter *c, void *arg)
{
	struct counted *n = arg;

	n->calls++;
	n->passed += c->counts[OUTCOME_PASSED];
}

static void
counters_hold_all_days_and_follow_the_writer(void **state)
{
	struct fixture_run r = {.due_us = NOON_US, .duration_us = 5};
	struct counted before = {0}, after = {0};
	struct store_writer *w;

	(void)state;
	fill();
	open_query();
	assert_int_equal(query_counters(q, counter_cb, &before), 0);
	assert_int_equal(before.calls, 3);
	assert_int_equal(before.passed, 3 * 432 - 24 - 6);
	w = fixture_open(dir);
	assert_int_equal(fixture_append(w, &r, false), 0);
	store_writer_close(&w);
	assert_int_equal(query_counters(q, counter_cb, &after), 0);
	assert_int_equal(after.passed, before.passed + 1);
}

static void
days_that_come_and_go_are_followed(void **state)
{
	struct query_runs f = {.limit = 2000};
	struct list *l = list_new();
	struct query_health health;
	struct fixture_run r = {.due_us = NOON_US + 20 * SPAN_DAY,
	    .duration_us = 5};
	struct store_writer *w;

	(void)state;
	fill();
	open_query();
	assert_int_equal(query_runs(q, &f, list_cb, l, NULL), 0);
	assert_int_equal(query_health(q, &health), 0);
	assert_int_equal(health.day_files, 4);
	assert_true(health.bytes > 100000);
	w = fixture_open(dir);
	fixture_now = r.due_us;
	assert_int_equal(fixture_append(w, &r, false), 0);
	assert_int_equal(store_writer_commit(w), 0);
	assert_int_equal(store_writer_expire(w, fixture_now), 0);
	store_writer_close(&w);
	l->count = 0;
	assert_int_equal(query_runs(q, &f, list_cb, l, NULL), 0);
	assert_int_equal(l->count, 1);
	list_free(l);
}

static void
missing_or_newer_store_is_told(void **state)
{
	struct store_writer *w;
	struct cause c;

	(void)state;
	cause_init(&c);
	assert_int_equal(query_open(dir, &q, &c), ERR_NOT_FOUND);
	assert_non_null(strstr(c.entries[0].sentence, "no store"));
	cause_fini(&c);
	w = fixture_open(dir);
	store_writer_close(&w);
	assert_int_equal(fixture_int(dir, "main.db",
	    "SELECT count(*) FROM checks"), 0);
}

static bool
gate_cb(const struct query_gate *g, void *arg)
{
	(void)arg;
	assert_string_equal(g->verdict, "block");
	assert_int_equal(g->rounds, 2);
	return (true);
}

static bool
note_cb(const struct query_note *note, void *arg)
{
	(void)note;
	(void)arg;
	fail_msg("there is no note");
	return (false);
}

static void
ask_for_gates(void)
{
	uint8_t id[MESSAGE_ID_SIZE];
	struct buf out;

	buf_init(&out, 10000);
	assert_int_equal(query_gates(q, 0, 5, gate_cb, NULL), 0);
	assert_int_equal(query_gate_document(q, "0700", &out), 0);
	assert_string_equal(buf_str(&out), "{\"verdict\":\"block\","
	    "\"rounds\":[\n1,\n2]}\n");
	assert_int_equal(query_gate_document(q, "08", &out), ERR_SYNTAX);
	assert_int_equal(query_gate_document(q, "zzzz", &out), ERR_SYNTAX);
	assert_int_equal(query_gate_document(q, "0800", &out),
	    ERR_NOT_FOUND);
	assert_int_equal(query_gate_of_identity(q, "i", id), ERR_NOT_FOUND);
	assert_int_equal(query_notes(q, "mark", 0, note_cb, NULL), 0);
	buf_fini(&out);
}

/* Ask everything once, so that every statement is traced. */
static void
ask_everything(void)
{
	static const struct query_which whiches[] = {{.has_unplanned = true},
	    {.check = "payments/card", .has_unplanned = true},
	    {.service = "payments", .has_unplanned = true}};
	static const unsigned int outcomes[] = {0, 1u << OUTCOME_FAILED};
	struct list *l = list_new();
	struct query_check *list;
	struct query_totals totals;
	struct query_health health;
	struct counted counted;
	size_t i, j, n;

	for (i = 0; i < NELEMS(whiches); i++) {
		assert_int_equal(query_checks(q, &whiches[i], NOON_US -
		    SPAN_H, NOON_US, &list, &n), 0);
		query_checks_free(&list, n);
		assert_int_equal(query_checks(q, &whiches[i], NOON_US -
		    50 * SPAN_H, NOON_US, &list, &n), 0);
		query_checks_free(&list, n);
		for (j = 0; j < NELEMS(outcomes); j++) {
			struct query_runs f = {.which = whiches[i],
			    .outcomes = outcomes[j], .limit = 20};

			l->count = 0;
			assert_int_equal(query_runs(q, &f, list_cb, l,
			    NULL), 0);
		}
	}
	l->count = 0;
	assert_int_equal(query_run_find(q, "0000000000000000", list_cb, l),
	    ERR_NOT_FOUND);
	assert_int_equal(query_run_last_passed(q, 1, NOON_US, list_cb, l),
	    0);
	assert_int_equal(query_run_first_from(q, 1, NOON_US - SPAN_DAY,
	    list_cb, l), 0);
	assert_int_equal(query_totals(q, NOON_US - 50 * SPAN_H, NOON_US,
	    &totals), 0);
	assert_int_equal(query_counters(q, counter_cb, &counted), 0);
	ask_for_gates();
	assert_int_equal(query_health(q, &health), 0);
	list_free(l);
}

/*
 * A scan is allowed where a table is meant to be read whole: it has one row
 * per check, or is the heads of run ids.
 */
static bool
may_scan(const char *detail)
{
	static const char *const small[] = {"SCAN checks",
	    "SCAN check_state", "SCAN batch", "SCAN rollup_mark",
	    "SCAN definition", "SCAN CONSTANT ROW", "SCAN check_ref",
	    "SCAN rejected"};
	size_t i;

	if (strncmp(detail, "SCAN", 4) != 0)
		return (strstr(detail, "TEMP B-TREE") == NULL);
	if (strcmp(detail, "SCAN c") == 0) /* checks c */
		return (true);
	for (i = 0; i < NELEMS(small); i++)
		if (strncmp(detail, small[i], strlen(small[i])) == 0)
			return (true);
	return (false);
}

static void
expect_plan(const struct traced *t)
{
	char *explain = xasprintf("EXPLAIN QUERY PLAN %s", t->sql);
	sqlite3_stmt *stmt = NULL;
	const char *detail;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(t->file, &db), SQLITE_OK);
	if (sqlite3_prepare_v2(db, explain, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", t->sql, sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		detail = (const char *)sqlite3_column_text(stmt, 3);
		if (!may_scan(detail))
			fail_msg("%s\nin: %s", detail, t->sql);
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	free(explain);
}

static bool
is_planned_statement(const char *sql)
{
	return (strncmp(sql, "SELECT", 6) == 0 ||
	    strncmp(sql, "UPDATE", 6) == 0 || strncmp(sql, "DELETE", 6) == 0);
}

static void
no_statement_reads_more_than_it_must(void **state)
{
	static const char gate[] = "{\"verdict\":\"block\",\"rounds\":[1,2]}";
	static const char plan[] = "{\"checks\":[{\"check\":\"a/b\","
	    "\"location\":\"l\",\"every_us\":1000000}]}";
	struct fixture_run r = {.due_us = NOON_US - 10 * SPAN_MIN,
	    .check = "payments/card", .duration_us = 5};
	struct store_writer *w;
	size_t i, planned = 0;

	(void)state;
	fill();
	sqlite3_auto_extension((void (*)(void))each_connection);
	is_tracing = true;
	w = fixture_open(dir);
	assert_int_equal(fixture_append(w, &r, true), 0);
	assert_int_equal(store_writer_append(w, "x", 1, false), 0);
	assert_int_equal(store_writer_plan(w, plan, sizeof(plan) - 1), 0);
	assert_int_equal(store_writer_gate(w, (const uint8_t[16]){7}, gate,
	    sizeof(gate) - 1), 0);
	assert_int_equal(store_writer_commit(w), 0);
	assert_int_equal(store_writer_flush(w), 0);
	assert_int_equal(store_writer_expire(w, NOON_US + 91 * SPAN_DAY),
	    0);
	store_writer_close(&w);
	is_tracing = false;
	fill();
	is_tracing = true;
	open_query();
	ask_everything();
	is_tracing = false;
	sqlite3_reset_auto_extension();
	for (i = 0; i < traced_count; i++) {
		if (is_planned_statement(traced[i].sql) &&
		    access(traced[i].file, F_OK) == 0) {
			expect_plan(&traced[i]);
			planned++;
		}
		free(traced[i].sql);
		free(traced[i].file);
	}
	assert_true(planned > 50);
	free(traced);
	traced = NULL;
	traced_count = 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs_come_newest_first_across_days),
		TEST(pages_by_cursor_equal_one_long_page),
		TEST(runs_due_at_once_are_paged_without_loss),
		TEST(filters_choose_by_outcome_check_and_window),
		TEST(run_is_found_by_any_prefix_of_its_id),
		TEST(prefix_of_several_runs_is_ambiguous),
		TEST(last_good_run_and_first_bad_one_are_found),
		TEST(rates_and_quantiles_agree_between_runs_and_rollups),
		TEST(what_was_counted_outlives_its_runs),
		TEST(windows_of_every_shape_count_the_same_runs),
		TEST(silence_lowers_coverage_and_makes_a_check_stale),
		TEST(refused_manifests_are_told_until_there_is_another_plan),
		TEST(counters_hold_all_days_and_follow_the_writer),
		TEST(days_that_come_and_go_are_followed),
		TEST(missing_or_newer_store_is_told),
		TEST(no_statement_reads_more_than_it_must),
	};

	log_init("test", LOG_ERROR);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
