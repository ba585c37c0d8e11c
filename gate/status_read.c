/* SPDX-License-Identifier: ISC */
/* What the store has seen since a deploy, and before it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "gate/policy.h"
#include "gate/status.h"

#define HISTORY_DAYS 42
#define RUNS_MOST 40000

/* ---- since when ---- */

struct marker {
	const struct settings *settings;
	wall_us at;
	char *label;
};

static bool
mark_cb(const struct query_note *note, void *arg)
{
	struct marker *m = arg;
	const char *wanted = m->settings->since, *label;
	struct json_doc *doc;
	bool fits;

	if (note->service == NULL ||
	    strcmp(note->service, m->settings->service) != 0 ||
	    json_parse(note->document, note->document_len,
	    &json_limits_default, &doc, NULL) != 0)
		return (true);
	label = json_get_str(json_root(doc), "label", "");
	fits = strcasecmp(wanted, "deploy") == 0 ||
	    strcmp(wanted, label) == 0;
	if (fits) {
		m->at = note->at_us;
		m->label = xstrdup(label);
	}
	json_free(&doc);
	return (!fits);
}

/* A marker's label, "deploy" for the newest, a time, or a span ago. */
static int
find_since(struct status *st, struct query *q, struct cause *cause)
{
	const char *text = st->settings->since;
	struct marker m = {.settings = st->settings};
	span_us ago;

	if (query_notes(q, "mark", 0, mark_cb, &m) != 0) {
		cause_add(cause, "%s", query_reason(q));
		return (EXIT_UNMEASURED);
	}
	st->label = m.label;
	st->since = m.at;
	if (m.label != NULL || clock_parse_wall(text, &st->since) == 0)
		return (0);
	if (clock_parse_span(text, SPAN_S, &ago) == 0 && ago > 0) {
		st->since = st->now - ago;
		return (0);
	}
	cause_add(cause, "--since %s: there is no such deploy of %s, and it "
	    "is neither a time nor a span: note deploys with e2e-gate mark",
	    text, st->settings->service);
	return (EXIT_UNMEASURED);
}

/* ---- the runs of one check ---- */

struct read_run {
	wall_us due;
	double duration;
	bool is_failed, is_passed, is_own;
};

struct reading {
	struct read_run *runs;
	size_t count, cap;
	uint32_t invalid;
};

static bool
run_cb(const struct query_run *run, void *arg)
{
	struct reading *r = arg;

	r->invalid += run->outcome == OUTCOME_INVALID;
	if (outcome_is_ours(run->outcome))
		return (true);
	if (r->count == r->cap) {
		r->cap = r->cap > 0 ? 2 * r->cap : 256;
		r->runs = xreallocarray(r->runs, r->cap, sizeof(*r->runs));
	}
	r->runs[r->count++] = (struct read_run){
	    .due = run->due_us,
	    .duration = (double)run->duration_us,
	    .is_failed = outcome_is_against_service(run->outcome),
	    .is_passed = run->outcome == OUTCOME_PASSED,
	    .is_own = run->trigger == TRIGGER_GATE};
	return (true);
}

static int
by_due(const void *a, const void *b)
{
	wall_us x = ((const struct read_run *)a)->due;
	wall_us y = ((const struct read_run *)b)->due;

	return ((x > y) - (x < y));
}

/* Those at one location, of one trigger. */
static int
read_some(struct query *q, const struct watched *w, const char *location,
    enum trigger trigger, wall_us since, wall_us until, struct reading *out)
{
	struct query_runs filter = {.which = {.check = w->check,
	    .location = location, .environment = w->environment,
	    .has_unplanned = true}, .triggers = 1u << trigger,
	    .since = since, .until = until, .limit = RUNS_MOST};

	return (query_runs(q, &filter, run_cb, out, NULL));
}

void
status_add_run(struct watched *w, bool is_failed, wall_us due)
{
	struct status_runs *r = &w->since;

	if (r->count == r->cap) {
		r->cap = r->cap > 0 ? 2 * r->cap : 256;
		r->failed = xreallocarray(r->failed, r->cap,
		    sizeof(*r->failed));
	}
	r->failed[r->count++] = is_failed;
	if (due > w->newest)
		w->newest = due;
}

/* The passed runs of the schedule, in their order. */
static size_t
take_passed(const struct reading *r, struct watch_run **out)
{
	size_t i, n = 0;

	*out = xcalloc(r->count + 1, sizeof(**out));
	for (i = 0; i < r->count; i++)
		if (r->runs[i].is_passed && !r->runs[i].is_own)
			(*out)[n++] = (struct watch_run){r->runs[i].due,
			    r->runs[i].duration};
	return (n);
}

/* The schedule's, and those that an earlier status has added. */
static int
read_since(struct status *st, struct query *q, const char *location,
    struct watched *w)
{
	struct reading r = {.count = 0};
	size_t i;
	int rc;

	rc = read_some(q, w, location, TRIGGER_SCHEDULE, st->since,
	    st->now + 1, &r);
	if (rc == 0)
		rc = read_some(q, w, STATUS_LOCATION, TRIGGER_GATE, st->since,
		    st->now + 1, &r);
	if (r.count > 0)
		qsort(r.runs, r.count, sizeof(*r.runs), by_due);
	for (i = 0; i < r.count; i++) {
		status_add_run(w, r.runs[i].is_failed, r.runs[i].due);
		w->own += r.runs[i].is_own;
	}
	w->invalid = r.invalid;
	w->since.passed_count = take_passed(&r, &w->since.passed);
	free(r.runs);
	return (rc);
}

/* Latency is the schedule's alone: same probe, same pace, before and since. */
static int
read_latency(struct status *st, struct query *q, const char *location,
    struct watched *w)
{
	struct reading r = {.count = 0};
	struct watch_run *before;
	size_t count;
	int rc;

	rc = read_some(q, w, location, TRIGGER_SCHEDULE, 0, st->since, &r);
	if (r.count > 0)
		qsort(r.runs, r.count, sizeof(*r.runs), by_due);
	count = take_passed(&r, &before);
	w->latency = watch_latency(before, count, w->since.passed,
	    w->since.passed_count, exp(-status_log_bound(w)));
	free(before);
	free(r.runs);
	return (rc);
}

/* The days before the deploy; the deploy's own day ends with it. */
static int
read_history(struct query *q, const struct query_check *c, wall_us since,
    struct history *out)
{
	struct query_which which = {.check = c->check,
	    .location = c->location, .environment = c->environment,
	    .has_unplanned = true};
	struct history_day days[HISTORY_DAYS] = {{0, 0, 0}};
	wall_us midnight = since - since % SPAN_DAY, from;
	struct query_check *rows;
	size_t i, j, count;
	int o, rc = 0;

	for (i = 0; rc == 0 && i < HISTORY_DAYS; i++) {
		from = midnight - (wall_us)i * SPAN_DAY;
		days[i].age_days = (double)(since - from) / (double)SPAN_DAY;
		rc = query_checks(q, &which, from, i == 0 ?
		    since - since % SPAN_MIN : from + SPAN_DAY, &rows, &count);
		if (rc != 0)
			break;
		for (j = 0; j < count; j++) {
			days[i].runs += rows[j].measured;
			for (o = 0; o < OUTCOME_COUNT; o++)
				if (outcome_is_against_service(
				    (enum outcome)o))
					days[i].failures += rows[j].counts[o];
		}
		query_checks_free(&rows, count);
	}
	*out = history_of_days(days, HISTORY_DAYS);
	return (rc);
}

static const struct suite_check *
find_policy(const struct status *st, const struct query_check *c)
{
	const struct suite_check *s;
	size_t i;

	for (i = 0; st->suite != NULL && i < st->suite->count; i++) {
		s = &st->suite->checks[i];
		if (strcmp(s->id, c->check) == 0 &&
		    strcmp(s->arms[ARM_CANDIDATE]->environment,
		    c->environment) == 0)
			return (s);
	}
	return (NULL);
}

static void
name_check(struct status *st, const struct query_check *c, struct watched *w)
{
	w->name = xasprintf("%s (%s, %s)", c->check, c->environment,
	    c->location);
	w->check = xstrdup(c->check);
	w->environment = xstrdup(c->environment);
	w->policy = find_policy(st, c);
	w->is_judged = w->policy == NULL || policy_is_judged(w->policy);
	st->judged += w->is_judged;
}

static int
read_check(struct status *st, struct query *q, const struct query_check *c,
    struct watched *w)
{
	int rc;

	rc = read_history(q, c, st->since, &w->before);
	if (rc == 0)
		rc = read_since(st, q, c->location, w);
	if (rc == 0)
		rc = read_latency(st, q, c->location, w);
	return (rc);
}

/* Of "payments/login" the name is "login", the id all of it. */
static bool
is_called(const struct query_check *c, const char *name)
{
	const char *slash = strchr(c->check, '/');

	return (strcmp(c->check, name) == 0 ||
	    (slash != NULL && strcmp(slash + 1, name) == 0));
}

static bool
is_wanted(const struct status *st, const struct query_check *c)
{
	const struct option_list *names = &st->settings->names;
	size_t i;

	for (i = 0; i < names->count; i++)
		if (is_called(c, names->items[i]))
			return (true);
	return (names->count == 0);
}

/* A name that nothing has is a slip: what was meant would not be judged. */
static bool
knows_names(const struct status *st, const struct query_check *rows,
    size_t count, struct cause *cause)
{
	const struct option_list *names = &st->settings->names;
	bool is_known = true;
	size_t i, j;

	for (i = 0; i < names->count; i++) {
		for (j = 0; j < count && !is_called(&rows[j],
		    names->items[i]); j++)
			;
		if (j == count) {
			cause_add(cause, "the store plans no check '%s' of %s",
			    names->items[i], st->settings->service);
			is_known = false;
		}
	}
	return (is_known);
}

/* Put those that are wanted first; returns how many they are. */
static size_t
choose(const struct status *st, struct query_check *rows, size_t count)
{
	struct query_check other;
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		if (!is_wanted(st, &rows[i]))
			continue;
		other = rows[n];
		rows[n++] = rows[i];
		rows[i] = other;
	}
	return (n);
}

static int
read_checks(struct status *st, struct query *q,
    const struct query_check *rows)
{
	size_t i;
	int rc = 0;

	st->checks = xcalloc(st->count + 1, sizeof(*st->checks));
	for (i = 0; i < st->count; i++)
		name_check(st, &rows[i], &st->checks[i]);
	/* What each may err decides how much of the past is read. */
	status_share_alpha(st);
	for (i = 0; rc == 0 && i < st->count; i++)
		rc = read_check(st, q, &rows[i], &st->checks[i]);
	return (rc);
}

/* What the manifests have and no scheduler runs has shown nothing. */
static void
warn_of_unplanned(const struct status *st)
{
	const struct suite_check *s;
	size_t i, j;

	for (i = 0; st->suite != NULL && i < st->suite->count; i++) {
		s = &st->suite->checks[i];
		for (j = 0; j < st->count && st->checks[j].policy != s; j++)
			;
		if (j == st->count && policy_is_judged(s))
			fprintf(stderr, "e2e-gate: warning: the store plans "
			    "no %s against %s: it is not judged\n", s->id,
			    s->arms[ARM_CANDIDATE]->environment);
	}
}

int
status_read(struct status *st, struct query *q, struct cause *cause)
{
	struct query_which which = {.service = st->settings->service,
	    .environment = st->settings->environments[ARM_CANDIDATE]};
	struct query_check *rows;
	size_t count;
	int rc;

	rc = find_since(st, q, cause);
	if (rc != 0)
		return (rc);
	rc = query_checks(q, &which, st->since, st->now, &rows, &count);
	if (rc != 0) {
		cause_add(cause, "%s", query_reason(q));
		return (EXIT_UNMEASURED);
	}
	if (count == 0)
		cause_add(cause, "the store plans no check of %s: nothing "
		    "was measured, so this is no pass",
		    st->settings->service);
	else if (knows_names(st, rows, count, cause)) {
		st->count = choose(st, rows, count);
		if (read_checks(st, q, rows) != 0)
			cause_add(cause, "%s", query_reason(q));
		else
			warn_of_unplanned(st);
	}
	query_checks_free(&rows, count);
	return (cause->error_count > 0 ? EXIT_UNMEASURED : 0);
}

void
status_fini(struct status *st)
{
	size_t i;

	for (i = 0; i < st->count; i++) {
		free(st->checks[i].name);
		free(st->checks[i].check);
		free(st->checks[i].environment);
		free(st->checks[i].since.failed);
		free(st->checks[i].since.passed);
	}
	free(st->checks);
	free(st->reason);
	free(st->label);
}
