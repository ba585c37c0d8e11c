/* SPDX-License-Identifier: ISC */
/* Finding a run and the last good one before it, and comparing them. */
#include "store/show.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/query_json.h"
#include "store/show_priv.h"

#define OUTPUT_MOST_BYTES (256u << 20)
/* A step counts as slower when it took so many times as long, and so much
 * longer. */
#define SLOWER_FACTOR 1.5
#define SLOWER_LEAST_US (20 * SPAN_MS)

static const char *
keep_text(struct shown_run *r, const char *s)
{
	if (s == NULL)
		return (NULL);
	r->texts = xreallocarray(r->texts, r->text_count + 1,
	    sizeof(*r->texts));
	return (r->texts[r->text_count++] = xstrdup(s));
}

static struct json_doc *
parse(const char *text)
{
	struct json_doc *doc = NULL;

	if (text != NULL)
		json_parse(text, strlen(text), &json_limits_default, &doc,
		    NULL);
	return (doc);
}

static bool
keep_cb(const struct query_run *run, void *arg)
{
	struct shown_run *r = arg;

	r->run = *run;
	r->run.check = keep_text(r, run->check);
	r->run.service = keep_text(r, run->service);
	r->run.location = keep_text(r, run->location);
	r->run.environment = keep_text(r, run->environment);
	r->run.definition = keep_text(r, run->definition);
	r->run.probe = keep_text(r, run->probe);
	r->run.reason = keep_text(r, run->reason);
	r->run.place_file = keep_text(r, run->place_file);
	r->run.steps = keep_text(r, run->steps);
	r->run.evidence = keep_text(r, run->evidence);
	r->steps = parse(run->steps);
	r->evidence = parse(run->evidence);
	r->is_there = true;
	return (false);
}

static void
drop_run(struct shown_run *r)
{
	while (r->text_count > 0)
		free(r->texts[--r->text_count]);
	free(r->texts);
	json_free(&r->steps);
	json_free(&r->evidence);
}

size_t
shown_step_count(const struct shown_run *r)
{
	const struct json *root = r->steps != NULL ? json_root(r->steps) :
	    NULL;

	return (root != NULL && root->kind == JSON_ARRAY ? root->count : 0);
}

const struct json *
shown_step(const struct shown_run *r, size_t i)
{
	return (&json_root(r->steps)->items[i]);
}

/* Differences. */

static void PRINTF_LIKE(2, 3)
differ(struct shown *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	s->differences = xreallocarray(s->differences,
	    s->difference_count + 1, sizeof(*s->differences));
	s->differences[s->difference_count++] = xvasprintf(fmt, ap);
	va_end(ap);
}

enum shown_definitions
shown_definitions(const struct shown *s)
{
	const char *bad = s->bad.run.definition, *good = s->good.run.definition;

	/* main.db was lost, and its definitions with it. */
	if (bad[0] == '\0' || good[0] == '\0')
		return (SHOWN_UNKNOWN);
	return (strcmp(bad, good) == 0 ? SHOWN_SAME : SHOWN_CHANGED);
}

static void
compare_definitions(struct shown *s)
{
	const struct query_run *bad = &s->bad.run, *good = &s->good.run;
	char seen[CLOCK_TEXT_SIZE];

	if (shown_definitions(s) != SHOWN_CHANGED)
		return;
	clock_format_wall(bad->definition_seen_us != QUERY_NONE ?
	    bad->definition_seen_us : bad->due_us, seen);
	differ(s, "the check itself changed: definition %.12s, first seen "
	    "%.19sZ, was %.12s", bad->definition, seen, good->definition);
}

/* The last attempt of an entry, which decided it; NULL when not reached. */
static const struct json *
entry_of(const struct shown_run *r, int64_t entry)
{
	const struct json *found = NULL;
	size_t i, n = shown_step_count(r);

	for (i = 0; i < n; i++)
		if (json_get_int(shown_step(r, i), "entry", -1) == entry)
			found = shown_step(r, i);
	return (found);
}

static void
compare_times(struct shown *s, int64_t entry, const char *what, int64_t now,
    int64_t before)
{
	char a[CLOCK_SPAN_SIZE], b[CLOCK_SPAN_SIZE];

	if (now < 0 || before < 0 || now - before < SLOWER_LEAST_US ||
	    (double)now < SLOWER_FACTOR * (double)before)
		return;
	clock_format_span(now, a);
	clock_format_span(before, b);
	differ(s, "request %lld: %s took %s, was %s", (long long)entry, what,
	    a, b);
}

static void
compare_text(struct shown *s, int64_t entry, const char *what,
    const char *now, const char *before)
{
	if (now[0] != '\0' && before[0] != '\0' && strcmp(now, before) != 0)
		differ(s, "request %lld: %s %s, was %s", (long long)entry,
		    what, now, before);
}

static void
compare_step(struct shown *s, int64_t entry, const struct json *now,
    const struct json *before)
{
	static const char *const phases[][2] = {{"dns_us", "DNS"},
	    {"connect_us", "the connection"}, {"tls_us", "TLS"},
	    {"wait_us", "the answer"}, {"transfer_us", "the transfer"}};
	int64_t a = json_get_int(now, "status", -1);
	int64_t b = json_get_int(before, "status", -1);
	size_t i;

	if (a < 0 && b >= 0)
		differ(s, "request %lld: no answer, was %lld",
		    (long long)entry, (long long)b);
	else if (a != b && b >= 0)
		differ(s, "request %lld: status %lld, was %lld",
		    (long long)entry, (long long)a, (long long)b);
	for (i = 0; i < NELEMS(phases); i++)
		compare_times(s, entry, phases[i][1],
		    json_get_int(now, phases[i][0], -1),
		    json_get_int(before, phases[i][0], 0));
	compare_text(s, entry, "answered by",
	    json_get_str(now, "ip", ""), json_get_str(before, "ip", ""));
	compare_text(s, entry, "HTTP version",
	    json_get_str(now, "version", ""),
	    json_get_str(before, "version", ""));
}

static void
compare_steps(struct shown *s)
{
	size_t i, n = shown_step_count(&s->good);
	const struct json *before, *now;
	int64_t entry;

	for (i = 0; i < n; i++) {
		before = shown_step(&s->good, i);
		entry = json_get_int(before, "entry", -1);
		if (before != entry_of(&s->good, entry))
			continue;
		now = entry_of(&s->bad, entry);
		if (now == NULL)
			differ(s, "request %lld was not reached",
			    (long long)entry);
		else
			compare_step(s, entry, now, before);
	}
}

static bool
first_cb(const struct query_run *run, void *arg)
{
	struct shown *s = arg;

	s->has_first = true;
	s->first_bad_us = run->due_us;
	return (false);
}

static void
compare(struct shown *s, struct query *q)
{
	const struct query_run *bad = &s->bad.run;

	if (bad->outcome == OUTCOME_PASSED ||
	    query_run_last_passed(q, bad->check_id, bad->due_us, keep_cb,
	    &s->good) != 0)
		return;
	query_run_first_from(q, bad->check_id, s->good.run.due_us + 1,
	    first_cb, s);
	compare_definitions(s);
	compare_steps(s);
}

static void
print_json(const struct shown *s, FILE *fp)
{
	struct json_out o;
	struct buf b;
	size_t i;

	buf_init(&b, OUTPUT_MOST_BYTES);
	json_out_init(&o, &b);
	json_out_object(&o);
	json_out_key(&o, "run");
	query_run_json(&s->bad.run, &o);
	json_out_key(&o, "last_good");
	if (s->good.is_there)
		query_run_json(&s->good.run, &o);
	else
		json_out_null(&o);
	json_out_key(&o, "first_bad_us");
	if (s->has_first)
		json_out_int(&o, s->first_bad_us);
	else
		json_out_null(&o);
	json_out_key(&o, "differences");
	json_out_array(&o);
	for (i = 0; i < s->difference_count; i++)
		json_out_str(&o, s->differences[i]);
	json_out_array_end(&o);
	json_out_object_end(&o);
	fprintf(fp, "%s\n", buf_str(&b));
	buf_fini(&b);
}

int
show_run(struct query *q, const char *prefix, enum format format,
    const struct table_style *style, FILE *fp)
{
	struct shown s = {0};
	int rc = query_run_find(q, prefix, keep_cb, &s.bad);

	if (rc == 0) {
		compare(&s, q);
		if (format == FORMAT_JSON)
			print_json(&s, fp);
		else
			shown_print(&s, style, fp);
	}
	while (s.difference_count > 0)
		free(s.differences[--s.difference_count]);
	free(s.differences);
	drop_run(&s.bad);
	drop_run(&s.good);
	return (rc);
}
